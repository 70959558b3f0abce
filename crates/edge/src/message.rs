//! What a handler gets and gives.

use crate::body::Body;
use crate::reply::ResponseBody;
use http::{HeaderMap, Method, Uri, Version};
use quota::Exceeded;
use std::future::Future;
use std::net::SocketAddr;

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
    /// There is no room to do anything for the peer but tell it so: too much is held for it, or for all.
    pub overload: Option<Exceeded>,
}

/// An answer.
pub type Response = http::Response<ResponseBody>;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request. A panic becomes a 500 for this request alone; when the peer goes away the future is
    /// dropped.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Whether requests of this path are handed over with bodies in a content coding, to be decoded within
    /// bounds of the handler's own. Others are answered 415.
    fn takes_coded(&self, path: &str) -> bool {
        let _ = path;
        false
    }

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
    /// The handler panicked, or what it gave as a response's body did.
    Panicked(SocketAddr),
    /// The head of a request did not come in time.
    SlowHead(SocketAddr),
    /// A peer did not take what was written to it.
    WriteStall(SocketAddr),
}
