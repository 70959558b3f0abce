//! Responses.

use super::*;
use crate::activity::Activity;
use crate::outgoing::{Outgoing, Panics};
use h2::Reason;
use http_body::Body as _;

#[tokio::test(start_paused = true)]
async fn trailers_follow_a_body_of_any_length() {
    for window_bytes in [1000, 65_535, 1 << 20] {
        let (mut client, _ends, _connection) = connect_http2(window_bytes, Limits::default()).await;
        for length in [0, 1, 999, 1000, 16_384, 16_385, 300_000] {
            let response = get(&mut client, &format!("/{length}")).await;
            assert!(!response.headers().contains_key("content-length"));
            let mut body = response.into_body();
            assert_eq!(read(&mut body).await.unwrap(), length);
            assert_eq!(body.trailers().await.unwrap().unwrap(), trailers());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pieces_arrive_as_they_are_made_and_silence_is_no_stall() {
    let (mut client, mut ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    ends.say("one");
    assert_eq!(piece(&mut body).await, "one");
    ends.piece(Piece::Data(Bytes::new()));
    // Longer than any bound on a stall or on idleness.
    assert!(is_silent(body.data()).await);
    sleep(Duration::from_secs(3600)).await;
    ends.say("two");
    assert_eq!(piece(&mut body).await, "two");
    ends.end();
    assert_eq!(read(&mut body).await.unwrap(), 0);
    assert_eq!(body.trailers().await.unwrap(), None);
    assert_eq!(ends.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_nothing_but_trailers() {
    let (mut client, ends, _connection) = connect_http2(0, Limits::default()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    ends.piece(Piece::Trailers(trailers()));
    assert_eq!(read(&mut body).await.unwrap(), 0);
    assert_eq!(body.trailers().await.unwrap().unwrap(), trailers());
    settle().await;
    assert_eq!(ends.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_big_piece_arrives_whole() {
    let (mut client, mut ends, _connection) = connect_http2(10_000, Limits::default()).await;
    let mut body = get(&mut client, "/script").await.into_body();
    ends.piece(Piece::Data(vec![b'x'; 1_000_000].into()));
    ends.end();
    assert_eq!(read(&mut body).await.unwrap(), 1_000_000);
}

/// Nothing is made that could not go soon; who takes nothing of what is made is let go.
#[tokio::test(start_paused = true)]
async fn a_source_waits_for_its_peer() {
    for window_bytes in [0, 1, 100_000] {
        let (mut client, ends, _connection) = connect_http2(window_bytes, Limits::default()).await;
        let mut body = get(&mut client, "/endless").await.into_body();
        let since = Instant::now();
        settle().await;
        let ahead = ends.log.given.load(Relaxed) - window_bytes as usize;
        assert!(ahead <= 2 * PIECE_BYTES, "{ahead} with {window_bytes}");
        let error = loop {
            match body.data().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!((error.reason(), since.elapsed().as_secs()), (Some(Reason::CANCEL), 20));
        assert_eq!(ends.dropped(), 1);
    }
}

/// Slow is not stalled: something is taken every fifteen seconds.
#[tokio::test(start_paused = true)]
async fn a_source_goes_on_as_slowly_as_its_peer() {
    let (mut client, ends, _connection) = connect_http2(20_000, Limits::default()).await;
    let mut body = get(&mut client, "/endless").await.into_body();
    let mut taken = 0;
    for _ in 0..20 {
        let mut room = 0;
        while room < 10_000 {
            room += body.data().await.unwrap().unwrap().len();
        }
        sleep(Duration::from_secs(15)).await;
        body.flow_control().release_capacity(room).unwrap();
        taken += room;
        assert!(ends.log.given.load(Relaxed) <= taken + 20_000 + 2 * PIECE_BYTES);
    }
}

/// Others have their turn beside a source that never waits, for a peer that always takes.
#[tokio::test(start_paused = true)]
async fn a_source_that_always_has_something_pauses() {
    let (_stream, ends) = connect(Limits::default());
    let handler = Streaming { log: ends.log.clone(), script: Mutex::default() };
    let body = ResponseBody::stream(handler.counted(Endless));
    let open = Activity::begin(None).open();
    let mut outgoing = pin!(Outgoing::new(body, http::Version::HTTP_2, open, None, Arc::new(Nobody)));
    for _ in 0..3 {
        let given = ends.log.given.load(Relaxed);
        let pieces = std::future::poll_fn(|cx| {
            Poll::Ready((0..1000).take_while(|_| outgoing.as_mut().poll_frame(cx).is_ready()).count())
        });
        let pieces = pieces.await;
        assert!((1..1000).contains(&pieces), "{pieces}");
        assert_eq!(ends.log.given.load(Relaxed), given + pieces * PIECE_BYTES);
        tokio::task::yield_now().await;
    }
}

struct Nobody;

impl Panics for Nobody {
    fn panicked(&self) {}
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_finished_is_reset_alone() {
    let (mut client, ends, _connection) = connect_http2(65_535, Limits::default()).await;
    let mut other = get(&mut client, "/script").await.into_body();
    for _ in 0..3 {
        // It comes before the head has gone.
        let (response, _) = client.send_request(request("GET", "/panic"), true).unwrap();
        assert_eq!(response.await.unwrap_err().reason(), Some(Reason::INTERNAL_ERROR));
    }
    assert_eq!((ends.log.panics.load(Relaxed), ends.log.dropped.load(Relaxed)), (3, 3));
    ends.say("still here");
    assert_eq!(piece(&mut other).await, "still here");
    ends.piece(Piece::Abort);
    assert_eq!(read(&mut other).await.unwrap_err().reason(), Some(Reason::INTERNAL_ERROR));
    assert_eq!((ends.log.panics.load(Relaxed), ends.log.dropped.load(Relaxed)), (3, 4));
}

/// What an HTTP/1 peer sees of a stream: the pieces, how it ends, and what that is worth.
#[tokio::test(start_paused = true)]
async fn streams_over_http1() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let chunks = "3\r\none\r\n3\r\ntwo\r\n";
    let whole = format!("{chunks}0\r\n\r\n");
    let cases = [
        ("GET /script HTTP/1.1\r\nhost: a", None, whole.as_str()),
        ("GET /script HTTP/1.1\r\nhost: a", Some(Piece::Trailers(trailers())), &whole),
        // Not to be taken for all of it.
        ("GET /script HTTP/1.1\r\nhost: a", Some(Piece::Abort), chunks),
        // RFC 9112 section 6.3: up to the connection's end.
        ("GET /script HTTP/1.0", None, "onetwo"),
        ("HEAD /script HTTP/1.1\r\nhost: a", None, ""),
    ];
    for (head, last, expected) in cases {
        let (mut stream, mut ends) = connect(Limits::default());
        stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut got = vec![0; 1000];
        for text in ["one", "two"] {
            let _ = ends.script.as_ref().unwrap().send(Piece::Data(text.into()));
            settle().await;
        }
        if let Some(last) = last {
            ends.piece(last);
        }
        ends.end();
        let mut length = 0;
        while let Ok(read @ 1..) = stream.read(&mut got[length..]).await {
            length += read;
        }
        let text = String::from_utf8_lossy(&got[..length]).into_owned();
        let (fields, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, expected, "{fields}");
        assert!(!fields.contains("content-length"), "{fields}");
        assert_eq!(ends.dropped(), 1);
    }
}
