//! Bodies for a fuzzer: whatever a peer sends, a connection ends, and the handler sees only what is within
//! bounds; whatever it says of codings is judged.

use crate::body::Body;
use crate::coding::{self, Compression};
use crate::connection::{self, Shared};
use crate::limits::Limits;
use crate::message::{Handler, Notice, Request, Response};
use crate::reply::{Piece, ResponseBody, Source};
use crate::serve::Phase;
use http::HeaderMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

const BODY_BYTES_MAX: usize = 64;
const HEADERS_MAX: usize = 16;
const PIPE_BYTES: usize = 64 * 1024;

/// Checks what it is given and answers with the body: whole, or under `/e` piece by piece as it comes.
#[derive(Default)]
struct Checking {
    has_panicked: AtomicBool,
}

impl Handler for Checking {
    async fn handle(&self, request: Request) -> Response {
        assert!(request.headers.len() <= HEADERS_MAX && request.method != http::Method::CONNECT);
        if request.uri.path() == "/e" {
            return Response::new(ResponseBody::stream(Echo(request.body)));
        }
        match request.body.read(BODY_BYTES_MAX).await {
            Ok(body) => {
                assert!(body.len() <= BODY_BYTES_MAX);
                Response::new(ResponseBody::from(body))
            }
            Err(error) => {
                let mut response = Response::new(ResponseBody::empty());
                *response.status_mut() = error.status();
                response
            }
        }
    }

    fn notice(&self, notice: Notice) {
        if let Notice::Panicked(_) = notice {
            self.has_panicked.store(true, Relaxed);
        }
    }
}

/// Gives back what comes, and the end as it came.
struct Echo(Body);

impl Source for Echo {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(Some(match ready!(self.0.poll_piece(cx)) {
            Ok(Some(bytes)) => {
                assert!(!bytes.is_empty());
                Piece::Data(bytes)
            }
            Ok(None) => Piece::Trailers(HeaderMap::new()),
            Err(_) => Piece::Abort,
        }))
    }
}

/// A peer sends these bytes and closes its side. Returns what it got.
pub fn fuzz_connection(data: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime without sockets needs nothing").block_on(exchange(data))
}

/// A value of `Accept-Encoding`: what is chosen was not refused.
pub fn fuzz_accept_encoding(data: &[u8]) {
    coding::fuzz_negotiation(data);
}

/// A value of `If-None-Match`, `If-Match` or `ETag`: nothing but the marks of codings is changed.
pub fn fuzz_entity_tags(data: &[u8]) {
    coding::fuzz_tags(data);
}

async fn exchange(data: &[u8]) -> Vec<u8> {
    let limits = Limits { headers_max: HEADERS_MAX, ..Limits::default() };
    let handler = Arc::new(Checking::default());
    let shared = Shared::new(handler.clone(), limits, Compression::On, Arc::new(quota::Pool::new(1 << 28)));
    let (_phase, receiver) = watch::channel(Phase::Open);
    let (mut ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let mut answers = Vec::new();
    tokio::join!(connection::run(shared, theirs, peer, receiver), async {
        // The server may close first: then there is simply no more to say.
        let _ = ours.write_all(data).await;
        let _ = ours.shutdown().await;
        let _ = ours.read_to_end(&mut answers).await;
    });
    // A panic of the handler is caught by the connection: an assertion above would go unseen.
    assert!(!handler.has_panicked.load(Relaxed));
    answers
}
