//! What goes over a real socket, byte by byte.
#![allow(clippy::unwrap_used)]

use edge::{Compression, Connection, Handler, Limits, Notice, Request, Response, serve};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

const BODY_BYTES_MAX: usize = 1000;

/// Answers `METHOD PATH BODY`; `/panic` panics, `/wait` waits to be released.
#[derive(Default)]
struct Echo {
    entered: Notify,
    release: Notify,
    panics: AtomicUsize,
    refused: AtomicUsize,
    began: AtomicUsize,
    ended: AtomicUsize,
}

impl Handler for Echo {
    async fn handle(&self, request: Request) -> Response {
        let (method, path) = (request.method.clone(), request.uri.path().to_owned());
        match path.as_str() {
            "/panic" => panic!("on request"),
            "/wait" => {
                self.entered.notify_one();
                self.release.notified().await;
            }
            _ => {}
        }
        match request.body.read(BODY_BYTES_MAX).await {
            Ok(body) => Response::new(format!("{method} {path} {}\n", String::from_utf8_lossy(&body)).into()),
            Err(error) => {
                let mut response = Response::new("".into());
                *response.status_mut() = error.status();
                response
            }
        }
    }

    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Panicked(_) => self.panics.fetch_add(1, Relaxed),
            Notice::TooManyConnections(_) => self.refused.fetch_add(1, Relaxed),
            other => panic!("{other:?}"),
        };
    }

    fn connection(&self, change: Connection) {
        match change {
            Connection::Began => self.began.fetch_add(1, Relaxed),
            Connection::Ended => self.ended.fetch_add(1, Relaxed),
        };
    }
}

struct Server {
    address: SocketAddr,
    handler: Arc<Echo>,
    stop: oneshot::Sender<()>,
    drained: tokio::task::JoinHandle<edge::Drained>,
}

async fn start(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(Echo::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let served = handler.clone();
    let drained = tokio::spawn(async move {
        let held = Arc::new(quota::Pool::new(1 << 28));
        serve(vec![listener], served, limits, Compression::On, held, async {
            let _ = stopped.await;
        })
        .await
    });
    Server { address, handler, stop, drained }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes).await;
        read_all(&mut stream).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8(answer).unwrap();
    read.unwrap_or_else(|_| panic!("not closed after {answer:?}")).unwrap();
    answer
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        let byte = tokio::time::timeout(Duration::from_secs(20), stream.read_u8())
            .await
            .expect("an answer")
            .unwrap();
        answer.push(byte);
    }
    String::from_utf8(answer).unwrap()
}

/// The statuses and the bodies' lines of an answer.
fn summary(answer: &str) -> Vec<&str> {
    let told = |line: &&str| line.starts_with("HTTP/1.") || line.contains(" /");
    answer.lines().filter(told).map(|line| line.strip_prefix("HTTP/1.1 ").unwrap_or(line)).collect()
}

const BAD: &[&str] = &["400 Bad Request"];
const UNKNOWN: &[&str] = &["501 Not Implemented"];
const OK: &[&str] = &["200 OK", "GET /a "];
const TOO_LARGE: &[&str] = &["413 Payload Too Large"];
const FIELDS_TOO_LARGE: &[&str] = &["431 Request Header Fields Too Large"];
/// What must not be taken for a request when it comes after framing that could be read in two ways.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// `GET /a` with these header fields, one a line.
fn get(fields: &str) -> String {
    format!("GET /a HTTP/1.1\r\n{}\r\n\r\n", fields.replace('\n', "\r\n"))
}

/// `POST /a` with these header fields, one a line, and what follows them.
fn post(fields: &str, rest: &str) -> String {
    format!("POST /a HTTP/1.1\r\nhost: a\r\n{}\r\n\r\n{rest}", fields.replace('\n', "\r\n"))
}

/// Sends each, reads until the server closes, and compares.
async fn check(cases: &[(String, &[&str])]) {
    let server = start(Limits::default()).await;
    for (sent, expected) in cases {
        let answer = server.exchange(sent.as_bytes()).await;
        assert_eq!(summary(&answer), *expected, "{:?} got {answer:?}", &sent[..sent.len().min(200)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() {
    let pipelined = [
        "GET /a HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi",
        "GET /c HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ];
    let in_order: &[&str] = &["200 OK", "GET /a ", "200 OK", "POST /b hi", "200 OK", "GET /c "];
    let chunks = "2;extension=x\r\nhi\r\n0\r\ntrailer: x\r\n\r\n";
    check(&[
        (get("host: a\nconnection: close"), OK),
        ("GET /a HTTP/1.0\r\n\r\n".into(), &["HTTP/1.0 200 OK", "GET /a "]),
        (pipelined.concat(), in_order),
        (post("transfer-encoding: chunked\nconnection: close", chunks), &["200 OK", "POST /a hi"]),
        // An upgrade that nobody offers is none; a tunnel is refused.
        (get("host: a\nupgrade: h2c\nconnection: upgrade, close"), OK),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n".into(), &["501 Not Implemented"]),
        // RFC 9112 section 2.2: a bare LF ends a line for us as for everybody.
        ("GET /a HTTP/1.1\nhost: a\nconnection: close\n\n".into(), OK),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage() {
    check(&[
        ("\x00\x01\x02\x03\r\n\r\n".into(), BAD),
        ("GET\r\n\r\n".into(), BAD),
        ("GET /a b HTTP/1.1\r\nhost: a\r\n\r\n".into(), BAD),
        ("GET /a HTTP/9.9\r\nhost: a\r\n\r\n".into(), BAD),
        (get("host: a\nno colon"), BAD),
        (get("host: a\nx: nul\0"), BAD),
        // RFC 9112 section 3.2: exactly one Host.
        (get("x: y"), BAD),
        (get("host: a\nhost: b"), BAD),
        (get("host: a\nhost: a"), BAD),
        (get("host: a b"), BAD),
        (get("host: u@a"), BAD),
        (get("host: [::1"), BAD),
        (get("host: a,b"), BAD),
        (get("host: a:b"), BAD),
        ("GET http://u@a/a HTTP/1.1\r\nhost: a\r\n\r\n".into(), BAD),
        ("GET /a>b HTTP/1.1\r\nhost: a\r\n\r\n".into(), BAD),
    ])
    .await;
}

/// Who sends a head that is not read is told why, also where hyper answers by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_not_read_is_answered_with_words() {
    let server = start(Limits::default()).await;
    for (sent, words) in [
        ("GET /a>b HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "has to be encoded"),
        (get("host: a\nno colon"), "a header field is malformed"),
        (get(&format!("host: a\nx: {}", "a".repeat(40_000))), "the head is too large"),
        (get(&format!("host: a{}", "\nx: 1".repeat(100))), "the head is too large"),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(17_000)), "the target is too long"),
        (get("host: a b"), "one host"),
        (post("transfer-encoding: gzip, chunked", "x"), "chunked"),
    ] {
        let answer = server.exchange(sent.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(body.contains(words), "{answer}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
        assert!(head.contains("connection: close") && head.contains("content-type: text/plain"), "{answer}");
    }
}

/// Where framing could be read in two ways, nothing after it is taken for a request.
#[tokio::test(flavor = "multi_thread")]
async fn smuggling() {
    let chunked = |rest: &str| post("transfer-encoding: chunked", &format!("{rest}{SMUGGLED}"));
    let fields = |fields: &str| post(fields, SMUGGLED);
    let emptied = |fields: &str| post(fields, &format!("0\r\n\r\n{SMUGGLED}"));
    let only_the_first: &[&str] = &["200 OK", "POST /a "];
    check(&[
        // RFC 9112 section 6.1: Transfer-Encoding counts, Content-Length does not, and the connection ends.
        (emptied("content-length: 4\ntransfer-encoding: chunked"), only_the_first),
        (emptied("transfer-encoding: chunked\ncontent-length: 4"), only_the_first),
        (fields("transfer-encoding: identity"), BAD),
        (fields("transfer-encoding: chunked, gzip"), BAD),
        (fields("transfer-encoding: xchunked"), BAD),
        // A coding that is not known is not passed over, and chunks are not made of chunks.
        (fields("transfer-encoding: gzip, chunked"), UNKNOWN),
        (fields("transfer-encoding: nonsense\ntransfer-encoding: chunked"), UNKNOWN),
        (fields("transfer-encoding: chunked;x=1, chunked"), UNKNOWN),
        (fields("transfer-encoding: chunked, chunked"), BAD),
        (fields("transfer-encoding: chunked\ntransfer-encoding: Chunked"), BAD),
        (fields("transfer-encoding: chunked").replace("HTTP/1.1\r\nhost", "HTTP/1.0\r\nhost"), BAD),
        // Section 6.3.
        (fields("content-length: 4\ncontent-length: 0"), BAD),
        (fields("content-length: 4, 4"), BAD),
        (fields("content-length: +4"), BAD),
        (fields("content-length: -1"), BAD),
        (fields("content-length: 99999999999999999999"), BAD),
        // Section 7.1: sizes that are none.
        (chunked("xyz\r\n"), BAD),
        (chunked("-1\r\n"), BAD),
        (chunked("10000000000000000\r\n"), BAD),
        // Sections 5.1 and 5.2: space before the colon, a folded line; section 2.2: a bare CR.
        (get("host: a\nx : y"), BAD),
        (get("host: a\nx: 1\n folded: 2"), BAD),
        (get("host: a\rx: 1"), BAD),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds() {
    let long = |length: usize| "a".repeat(length);
    let many_chunks = format!("64\r\n{}\r\n", long(100)).repeat(11);
    check(&[
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", long(17_000)), &["414 URI Too Long"]),
        (get(&format!("host: a\nx: {}", long(40_000))), FIELDS_TOO_LARGE),
        (get(&format!("host: a{}", "\nx: 1".repeat(100))), FIELDS_TOO_LARGE),
        (post("content-length: 1001\nconnection: close", &long(1001)), TOO_LARGE),
        (post("content-length: 9999999999\nexpect: 100-continue", ""), TOO_LARGE),
        (post("transfer-encoding: chunked", &many_chunks), TOO_LARGE),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_date_and_names_no_server() {
    let server = start(Limits::default()).await;
    let answer =
        server.exchange(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.to_lowercase();
    assert!(answer.contains("\r\ndate: "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(!answer.contains("server:") && !answer.contains("hyper"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let server = start(Limits::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_until(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hi").await.unwrap();
    assert!(read_until(&mut stream, "POST /a hi\n").await.starts_with("HTTP/1.1 200 OK"));
}

/// A large upload that is refused: the answer arrives although its sender goes on sending for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_a_peer_that_is_still_sending() {
    let server = start(Limits::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n").await.unwrap();
    for _ in 0..50 {
        stream.write_all(&[b'x'; 10_000]).await.unwrap();
    }
    assert_eq!(summary(&read_all(&mut stream).await), ["413 Payload Too Large"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_one_requests_business() {
    let server = start(Limits::default()).await;
    let answer = server.exchange(b"GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(summary(&answer), ["500 Internal Server Error"]);
    let answer = server.exchange(b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert_eq!(summary(&answer), ["200 OK", "GET /a "]);
    assert_eq!(server.handler.panics.load(Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections() {
    let server = start(Limits { connections_per_address_max: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut first, "GET /a \n").await;
    // Closed without a word: with or without a reset, as the bytes happen to cross.
    let mut second = server.connect().await;
    let _ = second.write_all(b"GET /b HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = second.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    assert_eq!(server.handler.refused.load(Relaxed), 1);
    first.write_all(b"GET /c HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut first, "GET /c \n").await;
    assert_eq!(server.handler.began.load(Relaxed), 1, "what was refused never began");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_waits_for_a_place() {
    let server = start(Limits { connections_max: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.handler.entered.notified().await;
    let mut second = server.connect().await;
    second.write_all(b"GET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.handler.release.notify_one();
    read_until(&mut first, "GET /wait \n").await;
    drop(first);
    assert_eq!(summary(&read_all(&mut second).await), ["200 OK", "GET /b "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_requests_finish() {
    let server = start(Limits::default()).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut idle, "GET /a \n").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.handler.entered.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(read_all(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing is accepted any more");
    server.handler.release.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.ends_with("GET /wait \n"), "{answer}");
    assert_eq!(server.drained.await.unwrap(), edge::Drained { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends() {
    let server = start(Limits { drain_ms_max: 50, ..Limits::default() }).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.handler.entered.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(server.drained.await.unwrap(), edge::Drained { cut: 1 });
    assert_eq!(read_all(&mut busy).await, "");
    let told = (server.handler.began.load(Relaxed), server.handler.ended.load(Relaxed));
    assert_eq!(told, (1, 1), "of a connection that was cut as of any");
}

async fn http2(
    server: &Server,
) -> (h2::client::SendRequest<bytes::Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    (client.ready().await.unwrap(), tokio::spawn(connection))
}

fn request(method: &str, path: &str) -> http::Request<()> {
    http::Request::builder().method(method).uri(format!("http://a{path}")).body(()).unwrap()
}

async fn text(mut body: h2::RecvStream) -> String {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        all.extend_from_slice(&data.unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_on_the_same_port() {
    let server = start(Limits::default()).await;
    let (mut client, _connection) = http2(&server).await;
    let (slow, _) = client.send_request(request("GET", "/wait"), true).unwrap();
    let (answer, mut stream) = client.send_request(request("POST", "/b"), false).unwrap();
    stream.send_data("hi".into(), true).unwrap();
    let answer = answer.await.unwrap();
    assert!(answer.headers().contains_key("date"));
    assert_eq!(text(answer.into_body()).await, "POST /b hi\n");
    server.handler.release.notify_one();
    assert_eq!(text(slow.await.unwrap().into_body()).await, "GET /wait \n");
    let (answer, _) = client.send_request(request("GET", "/panic"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 500);
    let (answer, _) = client.send_request(request("GET", &format!("/{}", "a".repeat(17_000))), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 414);
    let (answer, mut stream) = client.send_request(request("POST", "/b"), false).unwrap();
    stream.send_data(vec![b'x'; 1001].into(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 413);
}

/// RFC 9113 sections 8.2.1 and 8.3.1: one host is named, and values have no white space around them. What breaks that ends its
/// own stream alone.
#[tokio::test(flavor = "multi_thread")]
async fn http2_heads_are_held_to_their_grammar() {
    let server = start(Limits::default()).await;
    let (mut client, _connection) = http2(&server).await;
    let with = |fields: &[(&str, &[u8])]| {
        let mut request = request("GET", "/a");
        for (name, value) in fields {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        request
    };
    for (fields, status) in [
        (&[("host", &b"a"[..])][..], 200),
        (&[("host", b"A")], 200),
        (&[("host", b"b")], 400),
        (&[("host", b"a"), ("host", b"a")], 400),
        (&[("host", b"u@a")], 400),
        (&[("x", b"a b")], 200),
        (&[("x", b"")], 200),
    ] {
        let (answer, _) = client.send_request(with(fields), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{fields:?}");
    }
    for value in [&b" a"[..], b"a ", b"\ta", b"a\t", b" "] {
        let (answer, _) = client.send_request(with(&[("x", value)]), true).unwrap();
        let error = answer.await.unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::PROTOCOL_ERROR), "{value:?}");
    }
    let (answer, _) = client.send_request(request("GET", "/a"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200, "the connection goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http2_drain_says_goaway_and_finishes() {
    let server = start(Limits::default()).await;
    let (mut client, connection) = http2(&server).await;
    let (slow, _) = client.send_request(request("GET", "/wait"), true).unwrap();
    server.handler.entered.notified().await;
    server.stop.send(()).unwrap();
    server.handler.release.notify_one();
    assert_eq!(text(slow.await.unwrap().into_body()).await, "GET /wait \n");
    connection.await.unwrap().unwrap();
    assert_eq!(server.drained.await.unwrap(), edge::Drained { cut: 0 });
}

/// Rapid reset (CVE-2023-44487): opening and resetting streams ends the connection, not the server.
#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection() {
    let server = start(Limits::default()).await;
    let mut stream = server.connect().await;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for n in 0..1000u32 {
        let id = (2 * n + 1).to_be_bytes();
        // GET http:// / from the static table (RFC 7541 appendix A), then RST_STREAM CANCEL.
        bytes.extend_from_slice(b"\0\0\x03\x01\x05");
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(b"\x82\x84\x86\0\0\x04\x03\0");
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(b"\0\0\0\x08");
    }
    let _ = stream.write_all(&bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("it ends");
    // The last frame is GOAWAY (7) with ENHANCE_YOUR_CALM (11): RFC 9113 section 6.8.
    let goaway = answer
        .windows(9)
        .position(|frame| frame[3] == 7 && frame[4..9] == [0, 0, 0, 0, 0])
        .expect("a GOAWAY");
    assert_eq!(answer[goaway + 13..goaway + 17], [0, 0, 0, 11]);
    let answer = server.exchange(b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert_eq!(summary(&answer), ["200 OK", "GET /a "]);
}
