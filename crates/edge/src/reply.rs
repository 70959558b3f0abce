//! Response bodies, and the bound on how long a peer may leave one lying.

use crate::activity::Open;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of a reply given to an HTTP/2 stream at a time. What is given is out of our hands and may lie in the
/// connection's buffers for as long as the peer grants no window, so it is little.
const STREAM_PIECE_BYTES: usize = 16 * 1024;

/// A response's body: today always whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseBody(Content);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Full(Bytes),
}

impl Default for Content {
    fn default() -> Self {
        Content::Full(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for ResponseBody {
    fn from(bytes: T) -> Self {
        ResponseBody(Content::Full(bytes.into()))
    }
}

impl ResponseBody {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Content::Full(bytes) => bytes,
        }
    }

    /// All of it.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Content::Full(bytes) => bytes,
        }
    }
}

/// A response's body on its way out. The request counts as open until this is dropped.
pub(crate) struct Outgoing {
    rest: Bytes,
    piece_bytes: usize,
    _open: Open,
}

impl Outgoing {
    pub(crate) fn new(body: ResponseBody, version: http::Version, open: Open) -> Self {
        sending_goes_on();
        let piece_bytes = if version == http::Version::HTTP_2 { STREAM_PIECE_BYTES } else { usize::MAX };
        Outgoing { rest: body.into_bytes(), piece_bytes, _open: open }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        sending_goes_on();
        // Taken whole where it can be: splitting makes the bytes shared, which allocates.
        let piece = match self.rest.len() <= self.piece_bytes {
            true => std::mem::take(&mut self.rest),
            false => {
                let piece_bytes = self.piece_bytes;
                self.rest.split_to(piece_bytes)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

tokio::task_local! {
    /// Within the task of an HTTP/2 stream: when a piece of its reply was last ready to go.
    static SENDING_SINCE: Cell<Option<Instant>>;
}

/// Outside an HTTP/2 stream's task there is nothing to note: HTTP/1 stalls show at the socket.
fn sending_goes_on() {
    let _ = SENDING_SINCE.try_with(|since| since.set(Some(Instant::now())));
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
    let mut timer = pin!(tokio::time::sleep(stall_max));
    std::future::poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(since) = SENDING_SINCE.with(Cell::get) else { return Poll::Pending };
        if timer.deadline() != since + stall_max {
            timer.as_mut().reset(since + stall_max);
        }
        timer.as_mut().poll(cx)
    })
    .await;
}
