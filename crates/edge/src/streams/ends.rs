//! How streams end that do not end by themselves: each time the source is dropped at once.

use super::*;
use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(start_paused = true)]
async fn a_peer_that_resets_its_stream() {
    for path in ["/script", "/endless"] {
        let (mut client, ends, _connection) = connect_http2(10_000, Limits::default()).await;
        let (response, mut stream) = client.send_request(request("POST", path), false).unwrap();
        let body = response.await.unwrap().into_body();
        settle().await;
        assert_eq!(ends.dropped(), 0);
        stream.send_reset(Reason::CANCEL);
        drop(body);
        settle().await;
        assert_eq!(ends.dropped(), 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_resets_its_request_while_it_is_read() {
    let (mut client, ends, _connection) = connect_http2(10_000, Limits::default()).await;
    let (_response, mut stream) = client.send_request(request("POST", "/echo"), false).unwrap();
    stream.send_data("one".into(), false).unwrap();
    settle().await;
    stream.send_reset(Reason::CANCEL);
    settle().await;
    assert_eq!(ends.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone() {
    for path in ["/script", "/endless"] {
        let (mut client, ends, connection) = connect_http2(10_000, Limits::default()).await;
        let _body = get(&mut client, path).await.into_body();
        settle().await;
        connection.abort();
        settle().await;
        assert_eq!(ends.dropped(), 1, "{path}");
        let (mut stream, ends) = connect(Limits::default());
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        settle().await;
        assert_eq!(ends.dropped(), 0);
        drop(stream);
        settle().await;
        assert_eq!(ends.dropped(), 1, "{path}");
    }
}

/// It takes what is sent to it, and answers no ping.
#[tokio::test(start_paused = true)]
async fn a_peer_that_is_dead() {
    let (mut stream, ends) = connect(Limits::default());
    let since = Instant::now();
    // SETTINGS, and a GET of /script.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let headers = b"\0\0\x0c\x01\x05\0\0\0\x01\x82\x86\x41\x01a\x04\x07/script";
    let mut bytes = preface.to_vec();
    bytes.extend_from_slice(headers);
    bytes[preface.len() + 2] = (headers.len() - 9) as u8;
    stream.write_all(&bytes).await.unwrap();
    settle().await;
    assert_eq!(ends.dropped(), 0);
    let _ = stream.read_to_end(&mut Vec::new()).await;
    settle().await;
    assert_eq!((ends.dropped(), since.elapsed().as_secs()), (1, 40));
}

#[tokio::test(start_paused = true)]
async fn a_head_needs_no_source() {
    let (mut client, ends, _connection) = connect_http2(10_000, Limits::default()).await;
    let (response, _) = client.send_request(request("HEAD", "/endless"), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(read(&mut body).await.unwrap(), 0);
    assert_eq!((ends.dropped(), ends.log.given.load(Relaxed)), (1, 0));
    let (response, _) = client.send_request(request("HEAD", "/100"), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!((read(&mut body).await.unwrap(), body.trailers().await.unwrap()), (0, None));
}

/// A stream under way goes on while the server drains, until it is cut.
#[tokio::test(start_paused = true)]
async fn a_server_that_stops() {
    let (mut client, ends, connection) = connect_http2(65_535, Limits::default()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    ends.phase.send(Phase::Draining).unwrap();
    sleep(Duration::from_secs(10)).await;
    ends.say("still here");
    assert_eq!(piece(&mut body).await, "still here");
    assert!(!connection.is_finished());
    assert_eq!(ends.dropped(), 0);
    ends.phase.send(Phase::Cut).unwrap();
    assert!(read(&mut body).await.is_err());
    settle().await;
    assert_eq!(ends.dropped(), 1);
    ends.phase.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_when_its_streams_are_over() {
    let (mut client, mut ends, connection) = connect_http2(65_535, Limits::default()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    ends.phase.send(Phase::Draining).unwrap();
    settle().await;
    ends.say("the last");
    ends.end();
    assert_eq!(read(&mut body).await.unwrap(), 8);
    ends.phase.closed().await;
    assert!(connection.await.unwrap().is_none());
}

const AGE: Duration = Duration::from_secs(1000);
const GRACE: Duration = Duration::from_secs(100);

fn aging() -> Limits {
    let ms = |time: Duration| time.as_millis() as u64;
    Limits { connection_age_ms_max: ms(AGE), connection_age_grace_ms_max: ms(GRACE), ..Limits::default() }
}

/// The first connection is old a tenth early; this is right before, and right after.
const ALMOST: Duration = Duration::from_secs(899);
const MOMENT: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_old_takes_no_more_and_finishes() {
    let (mut client, mut ends, connection) = connect_http2(65_535, aging()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    sleep(ALMOST).await;
    assert_eq!(read(&mut get(&mut client, "/10").await.into_body()).await.unwrap(), 10);
    sleep(MOMENT).await;
    let refused =
        client.clone().ready().await.and_then(|mut client| client.send_request(request("GET", "/10"), true));
    assert!(refused.is_err(), "a GOAWAY came");
    sleep(GRACE - 2 * MOMENT).await;
    ends.say("the last");
    ends.end();
    assert_eq!(read(&mut body).await.unwrap(), 8);
    assert!(connection.await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_old_is_cut_after_its_grace() {
    let (mut client, ends, connection) = connect_http2(65_535, aging()).await;
    let since = Instant::now();
    let mut body = get(&mut client, "/script").await.into_body();
    assert!(read(&mut body).await.is_err());
    assert_eq!(since.elapsed(), AGE * 9 / 10 + GRACE);
    settle().await;
    assert_eq!(ends.dropped(), 1);
    drop(connection);
}

#[tokio::test(start_paused = true)]
async fn an_old_http1_connection_says_so_in_its_next_answer() {
    let (mut stream, _ends) = connect(Limits { idle_ms_max: 3_600_000, ..aging() });
    let mut answers = String::new();
    for pause in [Duration::ZERO, ALMOST, MOMENT] {
        sleep(pause).await;
        stream.write_all(b"GET /3 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        settle().await;
    }
    stream.read_to_string(&mut answers).await.unwrap();
    let closes: Vec<bool> =
        answers.split("HTTP/1.1 200").skip(1).map(|a| a.contains("connection: close")).collect();
    assert_eq!(closes, [false, false, true], "{answers}");
    // Without another request it is closed when its grace is over.
    let (mut stream, _ends) = connect(Limits { idle_ms_max: 3_600_000, ..aging() });
    let since = Instant::now();
    stream.write_all(b"GET /3 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(since.elapsed(), AGE * 9 / 10 + GRACE);
}
