//! Connections, and calls on them.

use crate::Failure;
use crate::call::Call;
use crate::traffic::{Counted, Traffic};
use bytes::Bytes;
use h2::client::SendRequest;
use http::header::{AUTHORIZATION, CONTENT_TYPE, TE};
use http::{HeaderValue, Method, Request, Uri};
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::task::spawn_local;

/// Bytes that a server may send ahead of being read, on a stream and on a connection.
const STREAM_BYTES_MAX: u32 = 1 << 20;
const CONNECTION_BYTES_MAX: u32 = 8 << 20;

/// A connection, which any number of calls share.
#[derive(Clone)]
pub struct Connection {
    sender: SendRequest<Bytes>,
    address: SocketAddr,
}

/// A method's address on the server, made once for many calls.
#[derive(Clone)]
pub struct Target(Uri);

impl Connection {
    /// Connects by HTTP/2 with prior knowledge (RFC 9113 section 3.3).
    pub async fn open(address: SocketAddr, traffic: &Rc<Traffic>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_BYTES_MAX)
            .initial_connection_window_size(CONNECTION_BYTES_MAX)
            .enable_push(false)
            .handshake(Counted::new(stream, Rc::clone(traffic)))
            .await?;
        // Its end is noticed by the calls on it.
        spawn_local(connection);
        Ok(Self { sender, address })
    }

    /// Where a method is called.
    pub fn target(&self, method: &str) -> Result<Target, Failure> {
        let address = self.address;
        Ok(Target(Uri::try_from(format!("http://{address}/ProductService/{method}"))?))
    }

    /// Begins a call with the value of the header `authorization`.
    pub async fn call(&self, target: &Target, token: &HeaderValue) -> Result<Call, Failure> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.0.clone();
        let headers = request.headers_mut();
        headers.reserve(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(AUTHORIZATION, token.clone());
        let (response, sender) = self.sender.clone().ready().await?.send_request(request, false)?;
        Ok(Call::new(sender, response))
    }
}
