//! What is held for a peer: counted while it lies anywhere, refused above its bound, and given back.

use super::*;
use crate::body::BodyError;
use crate::coding::Compression;
use crate::connection::{self, Shared};
use http::StatusCode;
use quota::{Exceeded, Owner, Pool};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HELD_BYTES_MAX: usize = 1 << 20;
const REPLY_BYTES: usize = 100_000;

/// Reads the body, and answers with a long text.
struct Long;

impl Handler for Long {
    async fn handle(&self, request: Request) -> Response {
        if request.overload.is_some() {
            return refused(StatusCode::SERVICE_UNAVAILABLE);
        }
        match request.body.read(REPLY_BYTES).await {
            Ok(_) => Response::new(vec![b'x'; REPLY_BYTES].into()),
            Err(error) => refused(error.status()),
        }
    }
}

fn refused(status: StatusCode) -> Response {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = status;
    response
}

fn start(held: &Arc<Pool>) -> DuplexStream {
    let shared = Shared::new(Arc::new(Long), Limits::default(), Compression::Off, held.clone());
    let (phase, receiver) = watch::channel(Phase::Open);
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 1));
    tokio::spawn(async move {
        let _phase = phase;
        connection::run(shared, theirs, peer, receiver).await;
    });
    ours
}

#[tokio::test(start_paused = true)]
async fn replies_that_nobody_takes_are_held_and_given_back() {
    let held = Arc::new(Pool::new(HELD_BYTES_MAX));
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) = builder.handshake(start(&held)).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut bodies = Vec::new();
    for _ in 0..20 {
        let response = get(&mut client, "/").await;
        if response.status() == 200 {
            bodies.push(response.into_body());
        }
    }
    // One address has half of all.
    assert_eq!(bodies.len(), HELD_BYTES_MAX / 2 / REPLY_BYTES);
    assert!(held.used() >= bodies.len() * REPLY_BYTES && held.used() <= HELD_BYTES_MAX / 2 + REPLY_BYTES);
    drop(bodies);
    settle().await;
    assert_eq!(held.used(), 0);
    assert_eq!(get(&mut client, "/").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_held_as_it_comes() {
    let held = Arc::new(Pool::new(HELD_BYTES_MAX));
    let mut streams = Vec::new();
    let mut refusals = 0;
    for _ in 0..40 {
        let mut stream = start(&held);
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {REPLY_BYTES}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; REPLY_BYTES / 2]).await.unwrap();
        settle().await;
        let mut answer = [0; 12];
        match tokio::time::timeout(Duration::from_millis(10), stream.read_exact(&mut answer)).await {
            Ok(_) => {
                assert!(answer == *b"HTTP/1.1 429" || answer == *b"HTTP/1.1 503");
                refusals += 1;
            }
            Err(_) => streams.push(stream),
        }
        assert!(held.used() <= HELD_BYTES_MAX);
    }
    assert!(refusals > 30, "{refusals}");
    let other = held.holder(Owner::Address([192, 0, 2, 2].into()));
    assert!(other.take(HELD_BYTES_MAX / 8).is_ok(), "somebody else has room");
    drop(streams);
    settle().await;
    assert_eq!(held.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn heads_that_are_long_before_they_are_whole_are_held() {
    let held = Arc::new(Pool::new(HELD_BYTES_MAX));
    let mut streams = Vec::new();
    let mut closed = 0;
    for _ in 0..40 {
        let mut stream = start(&held);
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-a: ").await.unwrap();
        stream.write_all(&vec![b'x'; 30_000]).await.unwrap();
        settle().await;
        let mut answer = [0; 1];
        match tokio::time::timeout(Duration::from_millis(10), stream.read(&mut answer)).await {
            Ok(_) => closed += 1,
            Err(_) => streams.push(stream),
        }
    }
    assert_eq!(
        streams.len(),
        HELD_BYTES_MAX / 2 / Limits::default().header_bytes_max,
        "{closed} were closed"
    );
    drop(streams);
    settle().await;
    assert_eq!(held.used(), 0);
}

#[test]
fn what_is_told_of_no_room() {
    assert_eq!(BodyError::NoRoom(Exceeded::Share).status(), 429);
    assert_eq!(BodyError::NoRoom(Exceeded::Pool).status(), 503);
}
