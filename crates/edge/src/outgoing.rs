//! A response's body on its way out, and the bound on how long a peer may leave it lying.

use crate::activity::Open;
use crate::connection::caught;
use crate::reply::{Content, Piece, ResponseBody, Source};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use quota::{Exceeded, Reservation};
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::coop;
use tokio::time::{Instant, Sleep};

/// Bytes of a reply given to an HTTP/2 stream at a time. What is given is out of our hands and may lie in the
/// connection's buffers for as long as the peer grants no window, so it is little.
const STREAM_PIECE_BYTES: usize = 16 * 1024;
/// Bytes of a whole HTTP/1.1 reply that may lie in the connection's own buffer, which each connection has paid for.
const BUFFERED_BYTES_MAX: usize = 8 * 1024;

/// A response's body on its way out. The request counts as open until this is dropped.
pub(crate) struct Outgoing {
    rest: Rest,
    piece_bytes: usize,
    /// What the request and its reply hold, where it is not tied to the reply's bytes.
    _room: Option<Room>,
    _open: Open,
}

/// What a request holds until its reply is sent: its head, what it may gather, and as much of its reply as whoever made
/// it has not taken.
pub(crate) struct Room {
    pub(crate) own: Reservation,
    /// It is the request's until its reply is sent: values that were read out of the body are in use until then.
    pub(crate) body: Option<Arc<Reservation>>,
}

/// Whole bytes with all that they hold.
struct Sent {
    bytes: Bytes,
    _room: Option<Room>,
    _held: Option<Arc<Reservation>>,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What is yet to be sent.
enum Rest {
    Full(Bytes),
    Trailed(Bytes, Box<HeaderMap>),
    Stream(Box<Flow>),
}

/// A body that is being made.
struct Flow {
    /// `None` once it is over.
    source: Option<Pin<Box<dyn Source>>>,
    /// What it gave and was too much for one piece.
    rest: Bytes,
    panics: Arc<dyn Panics>,
}

/// Who is told of a source's panic.
pub(crate) trait Panics: Send + Sync {
    fn panicked(&self);
}

/// The body cannot be finished. hyper makes of it what [`Piece::Abort`] says.
#[derive(Debug)]
pub(crate) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body cannot be finished")
    }
}

impl std::error::Error for Aborted {}

type Polled = Poll<Option<Result<Frame<Bytes>, Aborted>>>;

impl Outgoing {
    pub(crate) fn new(
        body: ResponseBody,
        version: http::Version,
        open: Open,
        mut room: Option<Room>,
        panics: Arc<impl Panics + 'static>,
    ) -> Self {
        sending_goes_on();
        let piece_bytes = if version == http::Version::HTTP_2 { STREAM_PIECE_BYTES } else { usize::MAX };
        let ResponseBody { content, held } = body;
        let buffered_max = if piece_bytes == usize::MAX { BUFFERED_BYTES_MAX } else { 0 };
        let rest = match content {
            Content::Full(bytes) => Rest::Full(sent(bytes, buffered_max, &mut room, held)),
            Content::Trailed(bytes, trailers) => {
                Rest::Trailed(sent(bytes, buffered_max, &mut room, held), trailers)
            }
            Content::Stream(source) => {
                Rest::Stream(Box::new(Flow { source: Some(source), rest: Bytes::new(), panics }))
            }
        };
        Outgoing { rest, piece_bytes, _room: room, _open: open }
    }
}

/// Ties what is held to the bytes: what is given may lie in buffers for as long as the peer likes. Where the connection
/// has a buffer for all of them it is given back with the reply.
fn sent(bytes: Bytes, buffered_max: usize, room: &mut Option<Room>, held: Option<Arc<Reservation>>) -> Bytes {
    match bytes.len() {
        length if length <= buffered_max || length == 0 => bytes,
        _ => Bytes::from_owner(Sent { bytes, _room: room.take(), _held: held }),
    }
}

impl Room {
    /// Takes what a reply's bytes take beyond what they are held by.
    pub(crate) fn take_reply(&self, body: &ResponseBody) -> Result<(), Exceeded> {
        let bytes = match &body.content {
            Content::Full(bytes) | Content::Trailed(bytes, _) => bytes.len(),
            Content::Stream(_) => 0,
        };
        let held = body.held.as_ref().map_or(0, |held| held.bytes());
        match bytes.checked_sub(held) {
            None | Some(0) => Ok(()),
            Some(beyond) => self.own.grow(beyond),
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let piece_bytes = self.piece_bytes;
        match &mut self.rest {
            Rest::Full(bytes) | Rest::Trailed(bytes, _) if !bytes.is_empty() => data(bytes, piece_bytes),
            Rest::Full(_) => Poll::Ready(None),
            Rest::Trailed(_, trailers) => {
                let trailers = std::mem::take(&mut **trailers);
                self.rest = Rest::Full(Bytes::new());
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Rest::Stream(flow) => flow.poll_frame(piece_bytes, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.rest {
            Rest::Full(bytes) => bytes.is_empty(),
            Rest::Trailed(..) => false,
            Rest::Stream(flow) => flow.source.is_none() && flow.rest.is_empty(),
        }
    }

    /// What has trailers is not announced by its length: trailers say of themselves that it is whole, and
    /// HTTP/1.1 has a place for them only after chunks.
    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Rest::Trailed(..) | Rest::Stream(_) => SizeHint::default(),
        }
    }
}

/// The next piece of what is there and not empty.
fn data(bytes: &mut Bytes, piece_bytes: usize) -> Polled {
    sending_goes_on();
    // Taken whole where it can be: splitting makes the bytes shared, which allocates.
    let piece = match bytes.len() <= piece_bytes {
        true => std::mem::take(bytes),
        false => bytes.split_to(piece_bytes),
    };
    Poll::Ready(Some(Ok(Frame::data(piece))))
}

impl Flow {
    fn poll_frame(&mut self, piece_bytes: usize, cx: &mut Context<'_>) -> Polled {
        if !self.rest.is_empty() {
            return data(&mut self.rest, piece_bytes);
        }
        match self.poll_piece(cx) {
            Poll::Pending => {
                sending_pauses();
                Poll::Pending
            }
            Poll::Ready(Some(Piece::Data(bytes))) if bytes.is_empty() => {
                sending_pauses();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(Some(Piece::Data(bytes))) => {
                self.rest = bytes;
                data(&mut self.rest, piece_bytes)
            }
            Poll::Ready(Some(Piece::Trailers(trailers))) => {
                self.source = None;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Poll::Ready(Some(Piece::Abort)) => {
                self.source = None;
                Poll::Ready(Some(Err(Aborted)))
            }
            Poll::Ready(None) => {
                self.source = None;
                Poll::Ready(None)
            }
        }
    }

    /// What the source says. One that always has something lets others have their turn now and then.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        let turn = std::task::ready!(coop::poll_proceed(cx));
        let polled = caught(|| source.as_mut().poll_piece(cx));
        let polled = polled.unwrap_or_else(|| {
            self.panics.panicked();
            Poll::Ready(Some(Piece::Abort))
        });
        if polled.is_ready() {
            turn.made_progress();
        }
        polled
    }
}

tokio::task_local! {
    /// Within the task of an HTTP/2 stream: when a piece of its reply was last ready to go. `None` while
    /// there is nothing to send.
    static SENDING_SINCE: Cell<Option<Instant>>;
}

/// Outside an HTTP/2 stream's task there is nothing to note: HTTP/1 stalls show at the socket.
fn sending_goes_on() {
    let _ = SENDING_SINCE.try_with(|since| since.set(Some(Instant::now())));
}

/// A stream that has nothing to say is no stall of its peer.
fn sending_pauses() {
    let _ = SENDING_SINCE.try_with(|since| since.set(None));
}

/// Runs the streams of HTTP/2 connections, and drops one (which resets it) when its peer grants no window for
/// a piece of the reply: at the socket such a stall does not show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streams {
    pub(crate) stall_max: Duration,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(SENDING_SINCE.scope(Cell::new(None), unless_stalled(stream, self.stall_max)));
    }
}

async fn unless_stalled(stream: impl Future<Output = ()>, stall_max: Duration) {
    let mut stream = pin!(stream);
    // Most replies go at once: there is no timer for them.
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    std::future::poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(since) = SENDING_SINCE.with(Cell::get) else { return Poll::Pending };
        let deadline = since + stall_max;
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    })
    .await;
}
