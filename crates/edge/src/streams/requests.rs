//! Requests.

use super::*;
use crate::body::BodyError;
use crate::connection::{CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES};
use h2::Reason;

type Sending = h2::SendStream<Bytes>;

async fn post(client: &mut Client, path: &str) -> (h2::client::ResponseFuture, Sending) {
    let mut ready = client.clone().ready().await.unwrap();
    ready.send_request(request("POST", path), false).unwrap()
}

/// How much the server lets a stream send that wants to send this much.
async fn granted(stream: &mut Sending, wanted_bytes: usize) -> usize {
    stream.reserve_capacity(wanted_bytes);
    let mut capacity = std::future::poll_fn(|cx| stream.poll_capacity(cx));
    while let Ok(Some(Ok(_))) = tokio::time::timeout(Duration::from_millis(1), pin!(&mut capacity)).await {}
    stream.capacity()
}

#[tokio::test(start_paused = true)]
async fn each_piece_is_answered_before_the_next_comes() {
    let (mut client, ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let (response, mut stream) = post(&mut client, "/echo").await;
    let mut body = response.await.unwrap().into_body();
    for text in ["one", "two", "three"] {
        stream.send_data(text.into(), false).unwrap();
        assert_eq!(piece(&mut body).await, text);
        assert!(is_silent(body.data()).await);
    }
    // Half-closed, with trailers of its own.
    stream.send_trailers(trailers()).unwrap();
    assert!(body.data().await.is_none());
    assert_eq!(body.trailers().await.unwrap().unwrap(), trailers());
    settle().await;
    assert_eq!(ends.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_piece_by_piece_without_a_bound_on_all_of_it() {
    let (mut client, _ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let (response, mut stream) = post(&mut client, "/count").await;
    for _ in 0..100 {
        stream.send_data(vec![b'x'; 100_000].into(), false).unwrap();
        sleep(Duration::from_secs(10)).await;
    }
    stream.send_data(Bytes::new(), true).unwrap();
    assert_eq!(piece(&mut response.await.unwrap().into_body()).await, "10000000");
}

/// Pressure goes back: through the response's window to the request's.
#[tokio::test(start_paused = true)]
async fn an_echo_that_is_not_read_takes_no_more() {
    let (mut client, ends, _connection) = connect_http2(1000, Limits::default()).await;
    let (_response, mut stream) = post(&mut client, "/echo").await;
    stream.send_data(vec![b'x'; 10_000_000].into(), false).unwrap();
    settle().await;
    let taken = ends.log.given.load(Relaxed);
    assert!((1000..=1000 + 2 * 16_384).contains(&taken), "{taken}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_read_stays_within_the_windows() {
    let (mut client, _ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let mut streams = Vec::new();
    let mut all_bytes = 0;
    for number in 0..100 {
        let (_, mut stream) = post(&mut client, "/hold").await;
        let bytes = granted(&mut stream, 1 << 24).await;
        assert!(bytes == STREAM_WINDOW_BYTES as usize || number >= 32, "{bytes} for {number}");
        all_bytes += bytes;
        streams.push(stream);
    }
    assert_eq!(all_bytes, CONNECTION_WINDOW_BYTES as usize);
}

/// Messages of some bytes, each in a frame, none of them read: an honest client that is faster than the
/// handler.
#[tokio::test(start_paused = true)]
async fn a_window_full_of_small_frames_is_no_attack() {
    const MESSAGE_BYTES: usize = 16;
    let (mut client, ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let (_response, mut stream) = post(&mut client, "/hold").await;
    for _ in 0..STREAM_WINDOW_BYTES as usize / MESSAGE_BYTES {
        stream.send_data(vec![b'x'; MESSAGE_BYTES].into(), false).unwrap();
    }
    settle().await;
    assert_eq!(read(&mut get(&mut client, "/10").await.into_body()).await.unwrap(), 10);
    assert_eq!(ends.dropped(), 0);
    let (mut client, _ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let (response, mut stream) = post(&mut client, "/count").await;
    for _ in 0..100_000 {
        stream.send_data(vec![b'x'; MESSAGE_BYTES].into(), false).unwrap();
    }
    stream.send_data(Bytes::new(), true).unwrap();
    assert_eq!(piece(&mut response.await.unwrap().into_body()).await, "1600000");
}

/// RFC 9113 section 8.1: an answer that needs no more of its request is whole, and what is still sent is
/// refused.
#[tokio::test(start_paused = true)]
async fn an_early_answer_is_no_error() {
    for (window_bytes, length) in [(65_535, 10), (65_535, 0), (100, 50_000)] {
        let (mut client, _ends, _connection) = connect_http2(window_bytes, Limits::default()).await;
        let (response, mut stream) = post(&mut client, &format!("/{length}")).await;
        stream.send_data(vec![b'x'; 1000].into(), false).unwrap();
        let mut body = response.await.unwrap().into_body();
        assert_eq!(read(&mut body).await.unwrap(), length);
        assert_eq!(body.trailers().await.unwrap().unwrap(), trailers());
        let reset = std::future::poll_fn(|cx| stream.poll_reset(cx)).await;
        assert_eq!(reset.unwrap(), Reason::NO_ERROR);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_there_comes_in_one_piece() {
    let mut body = Body::from("all of it");
    assert_eq!(body.next(None).await, Ok(Some("all of it".into())));
    assert_eq!(body.next(Some(Duration::ZERO)).await, Ok(None));
    assert!(body.is_empty());
    assert_eq!(Body::from("").next(None).await, Ok(None));
}

/// Reads a piece at a time, five seconds each, and says what it got.
struct Patient;

impl Handler for Patient {
    async fn handle(&self, mut request: Request) -> Response {
        let mut said = String::new();
        for _ in 0..4 {
            match request.body.next(Some(Duration::from_secs(5))).await {
                Ok(Some(piece)) => said += &format!("{} ", piece.len()),
                Ok(None) => said += "end ",
                Err(BodyError::Timeout) => said += "timeout ",
                Err(error) => said += &format!("{error} "),
            }
        }
        Response::new(said.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_piece_is_bounded_and_may_be_repeated() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    let cases = [
        ("content-length: 3\r\n\r\nabc".into(), "", "3 end end end "),
        ("content-length: 5\r\n\r\nabc".into(), "de", "3 timeout 2 end "),
        (format!("{chunked}3\r\nabc\r\n"), "0\r\n\r\n", "3 timeout end end "),
        (
            format!("{chunked}3\r\nabc\r\n"),
            "x",
            "3 timeout the body is incomplete, or its framing is broken the body is incomplete, or its framing is broken ",
        ),
    ];
    for (sent, later, expected) in cases {
        let (mut stream, _phase) = connect_to(Arc::new(Patient), Limits::default(), PIPE_BYTES);
        let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
        stream.write_all(format!("{head}{sent}").as_bytes()).await.unwrap();
        sleep(Duration::from_secs(7)).await;
        let _ = stream.write_all(later.as_bytes()).await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, expected);
    }
}
