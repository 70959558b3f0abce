//! Bodies that come and go piece by piece, in virtual time, against a client whose windows the tests steer.
#![allow(clippy::unwrap_used)]

mod ends;
mod requests;
mod responses;
mod rooms;

use crate::body::Body;
use crate::lapses::connect_to;
use crate::limits::Limits;
use crate::message::{Handler, Notice, Request, Response};
use crate::reply::{Piece, ResponseBody, Source};
use crate::serve::Phase;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

/// Bytes of each piece of `/endless`.
const PIECE_BYTES: usize = 5_000;
/// More than any window holds.
const PIPE_BYTES: usize = 64 * 1024 * 1024;

/// What became of the sources.
#[derive(Debug, Default)]
struct Log {
    made: AtomicUsize,
    given: AtomicUsize,
    dropped: AtomicUsize,
    panics: AtomicUsize,
}

/// `/script` streams what the test says, `/endless` without end, `/panic` panics, `/echo` gives back each
/// piece of the request as it comes, `/count` counts the request's bytes piece by piece, `/hold` says nothing
/// and holds the request, and a number is a body of that length with trailers.
struct Streaming {
    log: Arc<Log>,
    script: Mutex<Option<mpsc::UnboundedReceiver<Piece>>>,
}

/// A connection's two ends.
struct Ends {
    log: Arc<Log>,
    script: Option<mpsc::UnboundedSender<Piece>>,
    phase: watch::Sender<Phase>,
}

type Client = h2::client::SendRequest<Bytes>;

impl Handler for Streaming {
    async fn handle(&self, request: Request) -> Response {
        let path = request.uri.path().to_owned();
        Response::new(match path.as_str() {
            "/script" => {
                let script = self.script.lock().unwrap().take().unwrap();
                ResponseBody::stream(self.counted(Scripted(script)))
            }
            "/hold" => ResponseBody::stream(self.counted(Hold(request.body))),
            "/endless" => ResponseBody::stream(self.counted(Endless)),
            "/panic" => ResponseBody::stream(self.counted(Panicking)),
            "/echo" => ResponseBody::stream(self.counted(Echo(request.body))),
            "/count" => count(request.body).await.into(),
            length => {
                let length = length[1..].parse().unwrap();
                ResponseBody::with_trailers(vec![b'x'; length], trailers())
            }
        })
    }

    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Panicked(_) => drop(self.log.panics.fetch_add(1, Relaxed)),
            other => panic!("{other:?}"),
        }
    }
}

impl Streaming {
    fn counted<S: Source + Unpin>(&self, source: S) -> Counted<S> {
        self.log.made.fetch_add(1, Relaxed);
        Counted { source, log: self.log.clone() }
    }
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("x-end"), HeaderValue::from_static("here"))])
}

async fn count(mut body: Body) -> String {
    let mut count = 0;
    while let Some(piece) = body.next(None).await.unwrap() {
        count += piece.len();
    }
    count.to_string()
}

/// Notes what a source gives and when it goes.
struct Counted<S> {
    source: S,
    log: Arc<Log>,
}

impl<S: Source + Unpin> Source for Counted<S> {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let piece = ready!(Pin::new(&mut self.source).poll_piece(cx));
        if let Some(Piece::Data(bytes)) = &piece {
            self.log.given.fetch_add(bytes.len(), Relaxed);
        }
        Poll::Ready(piece)
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.log.dropped.fetch_add(1, Relaxed);
    }
}

struct Scripted(mpsc::UnboundedReceiver<Piece>);

impl Source for Scripted {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(cx)
    }
}

struct Hold(Body);

impl Source for Hold {
    fn poll_piece(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        assert!(!self.0.is_empty());
        Poll::Pending
    }
}

struct Endless;

impl Source for Endless {
    fn poll_piece(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(Some(Piece::Data(vec![b'x'; PIECE_BYTES].into())))
    }
}

struct Panicking;

impl Source for Panicking {
    fn poll_piece(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        panic!("on request")
    }
}

struct Echo(Body);

impl Source for Echo {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(Some(match ready!(self.0.poll_piece(cx)) {
            Ok(Some(bytes)) => Piece::Data(bytes),
            Ok(None) => Piece::Trailers(trailers()),
            Err(_) => Piece::Abort,
        }))
    }
}

impl Ends {
    fn say(&self, text: &'static str) {
        self.piece(Piece::Data(Bytes::from_static(text.as_bytes())));
    }

    fn piece(&self, piece: Piece) {
        self.script.as_ref().unwrap().send(piece).unwrap();
    }

    /// The script is over, and the body with it.
    fn end(&mut self) {
        self.script = None;
    }

    fn dropped(&self) -> usize {
        assert_eq!(self.log.made.load(Relaxed), 1);
        self.log.dropped.load(Relaxed)
    }
}

fn connect(limits: Limits) -> (DuplexStream, Ends) {
    let log = Arc::new(Log::default());
    let (script, scripted) = mpsc::unbounded_channel();
    let handler = Streaming { log: log.clone(), script: Mutex::new(Some(scripted)) };
    let (stream, phase) = connect_to(Arc::new(handler), limits, PIPE_BYTES);
    (stream, Ends { log, script: Some(script), phase })
}

/// A client that grants streams this window. Its connection ends with an error or none.
async fn connect_http2(
    window_bytes: u32,
    limits: Limits,
) -> (Client, Ends, tokio::task::JoinHandle<Option<h2::Error>>) {
    let (stream, ends) = connect(limits);
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window_bytes).initial_connection_window_size(1 << 24);
    let (client, connection) = builder.handshake(stream).await.unwrap();
    let connection = tokio::spawn(async move { connection.await.err() });
    (client.ready().await.unwrap(), ends, connection)
}

fn request(method: &str, path: &str) -> http::Request<()> {
    http::Request::builder().method(method).uri(format!("http://a{path}")).body(()).unwrap()
}

/// The response to a request without a body.
async fn get(client: &mut Client, path: &str) -> http::Response<h2::RecvStream> {
    client.send_request(request("GET", path), true).unwrap().0.await.unwrap()
}

/// The next piece, as text, and room for another.
async fn piece(body: &mut h2::RecvStream) -> String {
    let data = body.data().await.unwrap().unwrap();
    body.flow_control().release_capacity(data.len()).unwrap();
    String::from_utf8(data.to_vec()).unwrap()
}

/// How many bytes come until the end.
async fn read(body: &mut h2::RecvStream) -> Result<usize, h2::Error> {
    let mut count = 0;
    while let Some(data) = body.data().await {
        let length = data?.len();
        count += length;
        body.flow_control().release_capacity(length)?;
    }
    Ok(count)
}

/// Whether nothing comes of it within a minute.
async fn is_silent(what: impl Future) -> bool {
    tokio::time::timeout(Duration::from_secs(60), pin!(what)).await.is_err()
}

/// Lets everything that is ready run.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}
