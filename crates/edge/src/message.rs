//! What a handler gets and gives.

use crate::activity::Activity;
use crate::reply::ResponseBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Bytes reserved on the word of `Content-Length` alone; the rest is reserved as it comes.
const RESERVE_BYTES_MAX: u64 = 64 * 1024;

/// A request whose head is complete and within bounds.
#[derive(Debug)]
pub struct Request {
    /// The method; never `CONNECT`.
    pub method: Method,
    /// The target.
    pub uri: Uri,
    /// HTTP/1.0, HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// The header fields.
    pub headers: HeaderMap,
    /// Where it came from.
    pub peer: SocketAddr,
    /// What follows the head, still to be read.
    pub body: Body,
}

/// An answer.
pub type Response = http::Response<ResponseBody>;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request. A panic becomes a 500 for this request alone; when the peer goes away the future is
    /// dropped.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Told of what an operator would want to know and no peer is told.
    fn notice(&self, notice: Notice) {
        let _ = notice;
    }

    /// Told of every connection when it begins and when it has ended.
    fn connection(&self, change: Connection) {
        let _ = change;
    }
}

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It was accepted and has its place.
    Began,
    /// It is over, whichever way.
    Ended,
}

/// What an operator would want to know.
#[derive(Debug)]
pub enum Notice {
    /// A connection could not be accepted (no file descriptors left, usually).
    AcceptFailed(std::io::Error),
    /// A connection was closed at once because its address has too many.
    TooManyConnections(SocketAddr),
    /// The handler panicked.
    Panicked(SocketAddr),
    /// The head of a request did not come in time.
    SlowHead(SocketAddr),
    /// A peer did not take what was written to it.
    WriteStall(SocketAddr),
}

/// A request's body, still to be read.
#[derive(Debug)]
pub struct Body {
    content: Content,
}

#[derive(Debug)]
enum Content {
    Full(Bytes),
    Incoming(Unread),
}

/// A body on its way. When it is dropped before its end, the connection lingers so that the answer arrives.
#[derive(Debug)]
struct Unread {
    incoming: Incoming,
    time_max: Duration,
    activity: Arc<Activity>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is, or is announced to be, larger than allowed.
    TooLarge,
    /// It did not come in time.
    Timeout,
    /// The peer went away or broke the framing before its end.
    Incomplete,
}

impl BodyError {
    /// The status that says it (RFC 9110 sections 15.5.14, 15.5.9, 15.5.1).
    pub fn status(self) -> StatusCode {
        match self {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Timeout => StatusCode::REQUEST_TIMEOUT,
            BodyError::Incomplete => StatusCode::BAD_REQUEST,
        }
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BodyError::TooLarge => "the body is too large",
            BodyError::Timeout => "the body did not arrive in time",
            BodyError::Incomplete => "the body is incomplete",
        })
    }
}

impl std::error::Error for BodyError {}

impl<T: Into<Bytes>> From<T> for Body {
    /// A body that is already there.
    fn from(bytes: T) -> Self {
        Body { content: Content::Full(bytes.into()) }
    }
}

impl Body {
    pub(crate) fn incoming(incoming: Incoming, time_max: Duration, activity: &Arc<Activity>) -> Self {
        if incoming.is_end_stream() {
            return Body { content: Content::Full(Bytes::new()) };
        }
        Body { content: Content::Incoming(Unread { incoming, time_max, activity: activity.clone() }) }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Full(bytes) => bytes.is_empty(),
            Content::Incoming(unread) => unread.incoming.is_end_stream(),
        }
    }

    /// Reads all of it, at most `bytes_max` bytes and within `body_read_ms_max`. A body that announces itself
    /// as larger is refused before a byte of it is read (so `Expect: 100-continue` gets no 100).
    pub async fn read(self, bytes_max: usize) -> Result<Bytes, BodyError> {
        match self.content {
            Content::Full(bytes) if bytes.len() > bytes_max => Err(BodyError::TooLarge),
            Content::Full(bytes) => Ok(bytes),
            Content::Incoming(unread) => unread.read(bytes_max).await,
        }
    }
}

impl Unread {
    async fn read(mut self, bytes_max: usize) -> Result<Bytes, BodyError> {
        if self.incoming.size_hint().lower() > bytes_max as u64 {
            return Err(BodyError::TooLarge);
        }
        let time_max = self.time_max;
        tokio::time::timeout(time_max, self.collect(bytes_max)).await.unwrap_or(Err(BodyError::Timeout))
    }

    /// A body in one piece, the usual case, is handed on without a copy.
    async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, BodyError> {
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        if first.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        let announced = self.incoming.size_hint().lower();
        let Some(second) = self.next().await? else { return Ok(first) };
        let mut all = BytesMut::with_capacity(first.len() + announced.min(RESERVE_BYTES_MAX) as usize);
        all.extend_from_slice(&first);
        let mut piece = Some(second);
        while let Some(bytes) = piece {
            if all.len() + bytes.len() > bytes_max {
                return Err(BodyError::TooLarge);
            }
            all.extend_from_slice(&bytes);
            piece = self.next().await?;
        }
        Ok(all.freeze())
    }

    /// The next piece of data; trailers are passed over.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut self.incoming).poll_frame(cx)).await;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(BodyError::Incomplete),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if !self.incoming.is_end_stream() {
            self.activity.left_unread();
        }
    }
}
