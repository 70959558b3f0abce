//! Response bodies: whole, whole with trailers, or coming piece by piece.

use bytes::Bytes;
use http::HeaderMap;
use quota::Reservation;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A response's body.
#[derive(Default)]
pub struct ResponseBody {
    pub(crate) content: Content,
    /// What its bytes are held by, as far as whoever made them has taken that.
    pub(crate) held: Option<Arc<Reservation>>,
}

pub(crate) enum Content {
    Full(Bytes),
    /// The trailers are in a box so that bodies without any stay small.
    Trailed(Bytes, Box<HeaderMap>),
    Stream(Pin<Box<dyn Source>>),
}

/// Where a body comes from that is made while it is sent.
///
/// It is asked for a piece only when the one before is out of its hands. So little is made ahead of the peer:
/// two pieces beyond the window that an HTTP/2 peer grants, and what buffers of a fixed size hold for a
/// socket that is slow. It is dropped as soon as it is over, the peer goes away, or the connection is cut.
pub trait Source: Send + 'static {
    /// The next piece; `None` ends the body, and so do trailers. A panic is an [`Abort`](Piece::Abort).
    fn poll_piece(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>>;
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What comes next, of any length.
    Data(Bytes),
    /// What follows the body (RFC 9110 section 6.5). HTTP/1.1 peers get it only when they ask for it.
    Trailers(HeaderMap),
    /// It cannot be finished. HTTP/2: the stream is reset with INTERNAL_ERROR; HTTP/1.1: the connection is
    /// closed, so that nobody takes what has come for all of it.
    Abort,
}

/// Runs what is done for a response when its handler has given it: to be put into the response's extensions.
///
/// It is called on whichever thread does the work, with all of the work.
#[derive(Clone)]
pub struct Around(Arc<Runs>);

/// Calls what it is given.
type Runs = dyn Fn(&mut dyn FnMut()) + Send + Sync;

impl Around {
    /// `run` calls what it is given, once.
    pub fn new(run: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        Self(Arc::new(run))
    }

    /// Does the work.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let (mut work, mut done) = (Some(work), None);
        (self.0)(&mut || done = work.take().map(|work| work()));
        done
    }
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }
}

impl Default for Content {
    fn default() -> Self {
        Content::Full(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for ResponseBody {
    fn from(bytes: T) -> Self {
        ResponseBody { content: Content::Full(bytes.into()), held: None }
    }
}

impl ResponseBody {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The same body, its bytes held by a reservation until the peer has taken them.
    #[must_use]
    pub fn held(self, held: Option<Arc<Reservation>>) -> Self {
        Self { held, ..self }
    }

    /// The same body in a coding. It holds no more than it did.
    pub(crate) fn coded(self, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let held = self.held;
        if let Some(held) = &held {
            held.shrink_to(bytes.len());
        }
        Self { content: Content::Full(bytes), held }
    }

    /// A whole body and what follows it. It is sent as it is, in no content coding.
    pub fn with_trailers(bytes: impl Into<Bytes>, trailers: HeaderMap) -> Self {
        ResponseBody { content: Content::Trailed(bytes.into(), Box::new(trailers)), held: None }
    }

    /// A body that is made while it is sent. It is sent as it is, in no content coding.
    pub fn stream(source: impl Source) -> Self {
        ResponseBody { content: Content::Stream(Box::pin(source)), held: None }
    }

    /// All of a body that is whole; nothing of one that is yet to be made.
    pub fn into_bytes(self) -> Bytes {
        match self.content {
            Content::Full(bytes) | Content::Trailed(bytes, _) => bytes,
            Content::Stream(_) => Bytes::new(),
        }
    }

    /// Whether it is made while it is sent.
    pub fn is_stream(&self) -> bool {
        matches!(self.content, Content::Stream(_))
    }

    /// A body that is whole and has nothing after it.
    pub(crate) fn as_full(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Full(bytes) => Some(bytes),
            Content::Trailed(..) | Content::Stream(_) => None,
        }
    }
}

/// Any body piece by piece, for those that put others around it.
impl Source for ResponseBody {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let piece = match &mut self.content {
            Content::Stream(source) => return source.as_mut().poll_piece(cx),
            Content::Full(bytes) | Content::Trailed(bytes, _) if !bytes.is_empty() => {
                Some(Piece::Data(std::mem::take(bytes)))
            }
            Content::Full(_) => None,
            Content::Trailed(_, trailers) => {
                let trailers = std::mem::take(&mut **trailers);
                self.content = Content::default();
                Some(Piece::Trailers(trailers))
            }
        };
        Poll::Ready(piece)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Full(bytes) => f.debug_tuple("Full").field(bytes).finish(),
            Content::Trailed(bytes, trailers) => {
                f.debug_tuple("Trailed").field(bytes).field(trailers).finish()
            }
            Content::Stream(_) => f.write_str("Stream"),
        }
    }
}
