//! Deadlines of a connection, in virtual time: every test runs in milliseconds and measures seconds exactly.
#![allow(clippy::unwrap_used)]

use crate::coding::Compression;
use crate::connection::{self, Shared};
use crate::limits::Limits;
use crate::message::{Handler, Request, Response};
use crate::reply::ResponseBody;
use crate::serve::Phase;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

const BIG_BYTES: usize = 1_000_000;

/// `/big` is a megabyte, `/slow` takes a minute, anything else echoes the body.
struct Echo;

impl Handler for Echo {
    async fn handle(&self, request: Request) -> Response {
        match request.uri.path() {
            "/big" => return Response::new(vec![b'x'; BIG_BYTES].into()),
            "/slow" => sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        match request.body.read(1000).await {
            Ok(body) => Response::new(body.into()),
            Err(error) => {
                let mut response = Response::new(ResponseBody::empty());
                *response.status_mut() = error.status();
                response
            }
        }
    }
}

/// A connection with the default limits, over a pipe that holds `pipe_bytes`.
fn connect(pipe_bytes: usize) -> (DuplexStream, watch::Sender<Phase>) {
    connect_to(Arc::new(Echo), Limits::default(), pipe_bytes)
}

/// A connection to a handler, over a pipe that holds `pipe_bytes`.
pub(crate) fn connect_to(
    handler: Arc<impl Handler>,
    limits: Limits,
    pipe_bytes: usize,
) -> (DuplexStream, watch::Sender<Phase>) {
    let shared = Shared::new(handler, limits, Compression::On, Arc::new(quota::Pool::new(1 << 28)));
    let (phase, receiver) = watch::channel(Phase::Open);
    let (ours, theirs) = tokio::io::duplex(pipe_bytes);
    let peer = SocketAddr::from(([192, 0, 2, 1], 1));
    tokio::spawn(connection::run(shared, theirs, peer, receiver));
    (ours, phase)
}

/// Reads to the end; the answer and how many seconds after `since` the end came.
async fn to_the_end(stream: &mut DuplexStream, since: Instant) -> (String, u64) {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    (String::from_utf8_lossy(&bytes).into_owned(), since.elapsed().as_secs())
}

/// What is sent at once, and when the connection ends with which first line.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_let_go() {
    let cases = [
        ("", 10, ""),
        ("GET / HT", 10, "HTTP/1.1 408 Request Timeout"),
        ("GET / HTTP/1.1\r\nhost: a\r\n", 10, "HTTP/1.1 408 Request Timeout"),
        ("PRI * HTTP/2", 10, ""),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 75, "HTTP/1.1 200 OK"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 0, "HTTP/1.1 200 OK"),
        ("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n", 60 + 75, "HTTP/1.1 200 OK"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc", 30, "HTTP/1.1 408 Request Timeout"),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            30,
            "HTTP/1.1 408 Request Timeout",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\nabc",
            0,
            "HTTP/1.1 413 Payload Too Large",
        ),
    ];
    for (sent, seconds, first_line) in cases {
        let (mut stream, _phase) = connect(4096);
        let since = Instant::now();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let (answer, ended) = to_the_end(&mut stream, since).await;
        assert_eq!((answer.lines().next().unwrap_or(""), ended), (first_line, seconds), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_thrown_away_for_a_second() {
    let (mut stream, phase) = connect(4096);
    let since = Instant::now();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\nabc").await.unwrap();
    let (answer, seconds) = to_the_end(&mut stream, since).await;
    assert!(answer.starts_with("HTTP/1.1 413") && seconds == 0, "{answer}");
    stream.write_all(&[b'x'; 4096]).await.unwrap();
    phase.closed().await;
    assert_eq!(since.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dripping_head_has_one_deadline() {
    let (mut stream, _phase) = connect(4096);
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    sleep(Duration::from_secs(70)).await;
    let since = Instant::now();
    for byte in b"GET / HTT" {
        stream.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let (rest, seconds) = to_the_end(&mut stream, since).await;
    assert!(rest.contains("HTTP/1.1 408 Request Timeout"), "{rest}");
    assert_eq!(seconds, 10);
}

#[tokio::test(start_paused = true)]
async fn requests_keep_a_connection_open() {
    let (mut stream, _phase) = connect(4096);
    for _ in 0..20 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        sleep(Duration::from_secs(74)).await;
    }
    let (_, seconds) = to_the_end(&mut stream, Instant::now()).await;
    assert_eq!(seconds, 1);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_cut_off() {
    let (mut stream, phase) = connect(1024);
    let since = Instant::now();
    stream.write_all(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    phase.closed().await;
    assert_eq!(since.elapsed().as_secs(), 20);
    let (got, _) = to_the_end(&mut stream, since).await;
    assert!(got.len() <= 1024);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_not() {
    let (mut stream, _phase) = connect(100_000);
    stream.write_all(b"GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut got = 0;
    loop {
        sleep(Duration::from_secs(15)).await;
        let mut some = vec![0; 50_000];
        let read = stream.read(&mut some).await.unwrap();
        got += read;
        if read == 0 {
            break;
        }
    }
    assert!(got > BIG_BYTES);
}

/// Pings are answered one by one before anything else is read: what is not read keeps what is sent waiting,
/// and nothing piles up.
#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_a_peer_that_does_not_read() {
    let (mut stream, phase) = connect(1024);
    let since = Instant::now();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut pings = 0;
    while stream.write_all(b"\0\0\x08\x06\0\0\0\0\0pingping").await.is_ok() {
        pings += 1;
    }
    assert!(pings < 5000, "{pings}");
    phase.closed().await;
    assert_eq!(since.elapsed().as_secs(), 20);
}

type Client = h2::client::SendRequest<bytes::Bytes>;

async fn connect_http2(window_bytes: u32) -> (Client, watch::Sender<Phase>, tokio::task::JoinHandle<u64>) {
    let (stream, phase) = connect(100_000);
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window_bytes);
    let (client, connection) = builder.handshake(stream).await.unwrap();
    let since = Instant::now();
    let ended = tokio::spawn(async move {
        let _ = connection.await;
        since.elapsed().as_secs()
    });
    (client, phase, ended)
}

fn get(path: &str) -> http::Request<()> {
    http::Request::get(format!("http://a{path}")).body(()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_is_let_go() {
    let (client, _phase, ended) = connect_http2(65_535).await;
    assert_eq!(ended.await.unwrap(), 75);
    drop(client);
    let (client, _phase, ended) = connect_http2(65_535).await;
    let mut client = client.ready().await.unwrap();
    client.send_request(get("/slow"), true).unwrap().0.await.unwrap();
    assert_eq!(ended.await.unwrap(), 60 + 75);
}

#[tokio::test(start_paused = true)]
async fn an_http2_stream_without_a_window_is_reset_and_others_go_on() {
    let (client, _phase, _ended) = connect_http2(100).await;
    let mut client = client.ready().await.unwrap();
    let (stuck, _) = client.send_request(get("/big"), true).unwrap();
    let since = Instant::now();
    let mut stuck = stuck.await.unwrap().into_body();
    for _ in 0..4 {
        let (other, _) = client.send_request(get("/"), true).unwrap();
        assert_eq!(other.await.unwrap().status(), 200);
        sleep(Duration::from_secs(4)).await;
    }
    // What is granted is taken, but the data is not: no more window comes.
    let error = loop {
        match stuck.data().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("the reply ended"),
        }
    };
    assert!(error.is_reset(), "{error}");
    assert_eq!(since.elapsed().as_secs(), 20);
    let (other, _) = client.send_request(get("/"), true).unwrap();
    assert_eq!(other.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_http2_reply_larger_than_a_piece_arrives_whole() {
    let (client, _phase, _ended) = connect_http2(10_000).await;
    let mut client = client.ready().await.unwrap();
    let mut body = client.send_request(get("/big"), true).unwrap().0.await.unwrap().into_body();
    let mut got = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        got += data.len();
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    assert_eq!(got, BIG_BYTES);
}
