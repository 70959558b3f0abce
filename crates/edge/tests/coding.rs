//! Replies in content codings over a real socket, decoded by the libraries that clients have.
#![allow(clippy::unwrap_used)]

use edge::{Compression, Handler, Limits, Piece, Request, Response, ResponseBody, Source, serve};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::io::Read;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A reply of this path's number of bytes of JSON, as a handler gives it that knows nothing of codings.
struct Numbers;

impl Handler for Numbers {
    async fn handle(&self, request: Request) -> Response {
        let headers = &request.headers;
        let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known == "\"v3\"");
        let mut response = Response::new(ResponseBody::empty());
        let told = response.headers_mut();
        told.insert(VARY, HeaderValue::from_static("authorization"));
        told.insert(ETAG, HeaderValue::from_static("\"v3\""));
        // What a condition on a change looks like to a handler.
        if let Some(wanted) = headers.get(IF_MATCH) {
            told.insert("wanted", wanted.clone());
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let path = request.uri.path();
        let body = body(path[1..].parse().unwrap());
        let media = request.uri.query().unwrap_or("application/json").to_owned();
        told.insert(CONTENT_TYPE, HeaderValue::from_str(&media).unwrap());
        if request.method == Method::HEAD {
            told.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        } else {
            *response.body_mut() = body.into();
        }
        response
    }
}

/// JSON of so many bytes.
fn body(length: usize) -> Vec<u8> {
    let items =
        (0..).flat_map(|n| format!("{{\"id\":{n},\"name\":\"name {}\"}},", n * 7919 % 1000).into_bytes());
    items.take(length).collect()
}

async fn start(compression: Compression) -> SocketAddr {
    start_with(Numbers, compression).await
}

async fn start_with(handler: impl Handler, compression: Compression) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(
        vec![listener],
        Arc::new(handler),
        Limits::default(),
        compression,
        Arc::new(quota::Pool::new(1 << 28)),
        std::future::pending(),
    ));
    address
}

/// A response as it came.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends a request's line and header lines, and reads until the server closes.
async fn exchange(address: SocketAddr, line: &str, fields: &[&str]) -> Got {
    exchange_with_body(address, line, fields, b"").await
}

async fn exchange_with_body(address: SocketAddr, line: &str, fields: &[&str], body: &[u8]) -> Got {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let request = format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
    stream.write_all(&[request.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("an answer").unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().skip(1).map(|line| line.split_once(": ").unwrap()) {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    Got { status: head[9..12].parse().unwrap(), headers, body: answer[end + 4..].to_vec() }
}

impl Got {
    fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn varies(&self) -> bool {
        self.headers.get_all(VARY).iter().any(|line| line == "accept-encoding")
    }

    fn decoded(&self) -> Vec<u8> {
        decoded(self.field("content-encoding"), &self.body)
    }
}

fn decoded(coding: &str, coded: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "zstd" => zstd::Decoder::new(coded).unwrap().read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(coded, 4096).read_to_end(&mut plain),
        "gzip" => flate2::read::GzDecoder::new(coded).read_to_end(&mut plain),
        "" => return coded.to_vec(),
        other => panic!("{other} is no coding of ours"),
    }
    .unwrap();
    plain
}

/// Short replies, replies that are compressed where they are made, and replies that go to another thread.
const LENGTHS: [usize; 6] = [1, 1023, 1024, 32_768, 32_769, 3_000_000];

#[tokio::test(flavor = "multi_thread")]
async fn bodies_come_back_as_they_were() {
    let address = start(Compression::On).await;
    for length in LENGTHS {
        let line = format!("GET /{length}");
        for coding in ["zstd", "br", "gzip"] {
            let got = exchange(address, &line, &[&format!("accept-encoding: {coding}")]).await;
            let is_coded = length >= 1024;
            let (told, tag) =
                if is_coded { (coding, format!("\"v3-{coding}\"")) } else { ("", "\"v3\"".into()) };
            assert_eq!((got.status, got.field("content-encoding")), (200, told), "{length}");
            assert_eq!((got.field("etag"), got.varies()), (tag.as_str(), is_coded), "{length}");
            assert_eq!(got.field("content-length"), got.body.len().to_string());
            assert!(!is_coded || got.body.len() * 2 < length, "{length} became {}", got.body.len());
            assert!(got.decoded() == body(length), "{coding} of {length}");
        }
        for fields in [&[][..], &["accept-encoding: deflate"], &["accept-encoding: gzip;q=0"]] {
            let got = exchange(address, &line, fields).await;
            assert_eq!((got.field("content-encoding"), got.field("etag")), ("", "\"v3\""));
            assert_eq!((got.varies(), got.body == body(length)), (length >= 1024, true), "{length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_is_left_alone() {
    let address = start(Compression::On).await;
    let got = exchange(address, "GET /5000?image/png", &["accept-encoding: gzip"]).await;
    assert_eq!((got.field("content-encoding"), got.varies(), got.body == body(5000)), ("", false, true));
}

/// `identity;q=0`: everything is coded, short or not; where that cannot be, nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_may_refuse_replies_as_they_are() {
    let address = start(Compression::On).await;
    for path in ["/1", "/5000", "/5000?image/png"] {
        let got = exchange(address, &format!("GET {path}"), &["accept-encoding: gzip, identity;q=0"]).await;
        assert_eq!((got.status, got.field("content-encoding"), got.varies()), (200, "gzip", true), "{path}");
        assert_eq!(got.decoded().len(), if path == "/1" { 1 } else { 5000 });
    }
    let got = exchange(address, "DELETE /1", &["accept-encoding: *;q=0"]).await;
    assert_eq!((got.status, got.body.len(), got.varies()), (406, 0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_says_no_length_that_it_does_not_know() {
    let address = start(Compression::On).await;
    for (length, fields, told) in [
        (5000, &[][..], "5000"),
        (5000, &["accept-encoding: gzip"], ""),
        (1000, &["accept-encoding: gzip"], "1000"),
    ] {
        let got = exchange(address, &format!("HEAD /{length}"), fields).await;
        let said = (got.field("content-length"), got.field("content-encoding"), got.body.len());
        assert_eq!((got.status, said), (200, (told, "", 0)), "{length} {fields:?}");
        assert_eq!(got.varies(), length >= 1024);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_has_the_coded_reply_is_told_so() {
    let address = start(Compression::On).await;
    let cases: &[(&[&str], u16, &str)] = &[
        (&["if-none-match: \"v3\""], 304, "\"v3\""),
        (&["if-none-match: \"v3\"", "accept-encoding: gzip"], 304, "\"v3\""),
        (&["if-none-match: \"v3-gzip\"", "accept-encoding: gzip"], 304, "\"v3-gzip\""),
        // It is not what this peer would get now.
        (&["if-none-match: \"v3-gzip\"", "accept-encoding: zstd"], 200, "\"v3-zstd\""),
        (&["if-none-match: \"v3-gzip\""], 200, "\"v3\""),
        (&["if-none-match: \"v2-gzip\"", "accept-encoding: gzip"], 200, "\"v3-gzip\""),
    ];
    for (fields, status, tag) in cases {
        for method in ["GET", "HEAD"] {
            let got = exchange(address, &format!("{method} /5000"), fields).await;
            assert_eq!(got.status, *status, "{method} {fields:?}");
            assert!(
                got.varies() && (method == "HEAD" || got.field("etag") == *tag),
                "{method} {fields:?} {got:?}"
            );
        }
    }
    let got = exchange(address, "PUT /1", &["if-match: \"v3-gzip\""]).await;
    assert_eq!(got.field("wanted"), "\"v3\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_nothing_is_looked_at() {
    let address = start(Compression::Off).await;
    for field in ["accept-encoding: gzip", "accept-encoding: identity;q=0", "if-match: \"v3-gzip\""] {
        let got = exchange(address, "PUT /5000", &[field]).await;
        assert_eq!((got.status, got.field("content-encoding"), got.field("etag")), (200, "", "\"v3\""));
        assert!(!got.varies() && got.body == body(5000));
        assert!(["", "\"v3-gzip\""].contains(&got.field("wanted")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coded_body_is_not_read() {
    let address = start(Compression::Off).await;
    for (fields, status) in [
        (&["content-encoding: gzip", "content-length: 2", "", "{}"][..], 415),
        (&["content-encoding: identity", "content-encoding: br", "content-length: 2", "", "{}"], 415),
        (&["content-encoding: Identity", "content-length: 2", "", "{}"], 200),
        (&["content-encoding: gzip", "content-length: 0"], 200),
        (&["content-encoding: gzip"], 200),
    ] {
        let got = exchange(address, "PUT /1", fields).await;
        assert_eq!(got.status, status, "{fields:?}");
        assert_eq!(got.field("accept-encoding"), if status == 415 { "identity" } else { "" });
    }
}

/// What comes under `/coded` as it came.
struct Decoding;

impl Handler for Decoding {
    async fn handle(&self, request: Request) -> Response {
        let coded = request.body.read(1000).await.unwrap();
        let coding = request.headers["content-encoding"].to_str().unwrap();
        Response::new(decoded(coding, &coded).into())
    }

    fn takes_coded(&self, path: &str) -> bool {
        path == "/coded"
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_take_coded_bodies() {
    let address = start_with(Decoding, Compression::Off).await;
    let mut coded = Vec::new();
    flate2::read::GzEncoder::new(&b"{}"[..], flate2::Compression::fast()).read_to_end(&mut coded).unwrap();
    for (path, status) in [("/coded", 200), ("/coded?a=b", 200), ("/coded/not", 415)] {
        let line = format!("POST {path}");
        let fields = ["content-encoding: gzip".to_owned(), format!("content-length: {}", coded.len())];
        let got = exchange_with_body(address, &line, &fields.each_ref().map(String::as_str), &coded).await;
        assert_eq!(got.status, status, "{path}");
        assert!(status == 415 || got.body == b"{}");
    }
}

/// A stream, a body with trailers, and a whole one of this type: all JSON, all long.
struct Ways;

struct Once(Option<Piece>);

impl Source for Once {
    fn poll_piece(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(self.0.take())
    }
}

impl Handler for Ways {
    async fn handle(&self, request: Request) -> Response {
        let bytes = body(5000);
        let mut response = Response::new(match request.uri.path() {
            "/stream" => ResponseBody::stream(Once(Some(Piece::Data(bytes.into())))),
            "/trailed" => ResponseBody::with_trailers(bytes, HeaderMap::new()),
            _ => bytes.into(),
        });
        let media = HeaderValue::from_str(request.uri.query().unwrap_or("application/json")).unwrap();
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_messages_in_envelopes_are_left_alone() {
    let address = start_with(Ways, Compression::On).await;
    let plain = [
        "/stream",
        "/trailed",
        "/whole?application/grpc",
        "/whole?application/grpc+json",
        "/whole?application/grpc-web+json",
        "/whole?application/grpc-web-text",
        "/whole?Application/Connect+JSON;charset=utf-8",
    ];
    for path in plain {
        for wanted in ["accept-encoding: gzip", "accept-encoding: gzip, identity;q=0"] {
            let got = exchange(address, &format!("GET {path}"), &[wanted]).await;
            assert_eq!((got.field("content-encoding"), got.varies()), ("", false), "{path}");
            assert!(got.body.len() >= 5000, "{path}");
        }
    }
    for (media, coding) in [("application/json", "gzip"), ("application/proto", "gzip")] {
        let got = exchange(address, &format!("POST /whole?{media}"), &["accept-encoding: gzip"]).await;
        assert_eq!((got.field("content-encoding"), got.decoded() == body(5000)), (coding, true));
    }
}

/// More long replies at once than there are places for, over one HTTP/2 connection, some given up before
/// their end.
#[tokio::test(flavor = "multi_thread")]
async fn many_long_replies_at_once() {
    let address = start(Compression::On).await;
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(1 << 24)
        .initial_connection_window_size(1 << 26)
        .handshake::<_, bytes::Bytes>(TcpStream::connect(address).await.unwrap())
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut send = |coding: &str| {
        let request = http::Request::get("http://a/300000").header("accept-encoding", coding);
        client.send_request(request.body(()).unwrap(), true).unwrap().0
    };
    let codings = ["zstd", "br", "gzip"].into_iter().cycle().take(24);
    let answers: Vec<_> = codings.map(|coding| (coding, send(coding))).collect();
    (0..8).for_each(|_| drop(send("br")));
    for (coding, answer) in answers {
        let (head, mut stream) = answer.await.unwrap().into_parts();
        assert_eq!(head.headers["content-encoding"], coding);
        let mut coded = Vec::new();
        while let Some(data) = stream.data().await {
            coded.extend_from_slice(&data.unwrap());
        }
        assert!(decoded(coding, &coded) == body(300_000), "{coding}");
    }
}
