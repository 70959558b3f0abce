//! Requests as they go over HTTP/2 and HTTP/1.1, byte for byte.

use crate::raw::{Connection, Reply as Wanted};
use bytes::Bytes;
use http::{HeaderMap, Request};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a server may think.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer to a case.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What goes over the wire.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The method's name.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Received {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The fields behind the body.
    pub trailers: Vec<(String, String)>,
}

impl Received {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// The first value of this name.
pub fn find<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Over HTTP/1.1, on a connection of its own.
pub fn http1(address: SocketAddr, sent: &Sent) -> Result<Received, String> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", sent.method, sent.target);
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if sent.method != "GET" {
        head.push_str(&format!("content-length: {}\r\n", sent.body.len()));
    }
    head.push_str("\r\n");
    let broken = |e: std::io::Error| format!("{}: {e}", sent.target);
    let mut connection = Connection::open(address).map_err(broken)?;
    connection.send(&[head.as_bytes(), &sent.body].concat()).map_err(broken)?;
    let response = connection.receive(Wanted::Whole).map_err(broken)?;
    let response = response.ok_or_else(|| format!("{}: closed without an answer", sent.target))?;
    let (status, headers, body) = (response.status, response.headers, response.body);
    Ok(Received { status, headers, body, trailers: Vec::new() })
}

/// Over HTTP/2 without TLS, by prior knowledge (RFC 9113, 3.3), on a connection of its own.
pub fn http2(address: SocketAddr, sent: &Sent) -> Result<Received, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| format!("a runtime: {e}"))?;
    runtime.block_on(async {
        match tokio::time::timeout(PATIENCE, exchange(address, sent)).await {
            Ok(received) => received.map_err(|e| format!("{}: {e}", sent.target)),
            Err(_) => Err(format!("{}: no answer in {PATIENCE:?}", sent.target)),
        }
    })
}

async fn exchange(address: SocketAddr, sent: &Sent) -> Result<Received, String> {
    let broken = |e: h2::Error| format!("HTTP/2: {e}");
    let socket = tokio::net::TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    let (mut client, connection) = h2::client::handshake(socket).await.map_err(broken)?;
    // Its errors are seen by the request as well.
    tokio::spawn(async move { drop(connection.await) });
    poll_fn(|context| client.poll_ready(context)).await.map_err(broken)?;
    let mut builder =
        Request::builder().method(sent.method.as_str()).uri(format!("http://{address}{}", sent.target));
    for (name, value) in &sent.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(()).map_err(|e| e.to_string())?;
    let (response, mut body) = client.send_request(request, false).map_err(broken)?;
    // A server may answer and leave the rest unread, so a failure to write is not yet one to read.
    drop(body.send_data(Bytes::from(sent.body.clone()), true));
    let response = response.await.map_err(broken)?;
    let (head, mut body) = response.into_parts();
    let mut received = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.map_err(broken)?;
        body.flow_control().release_capacity(data.len()).map_err(broken)?;
        received.extend_from_slice(&data);
        if received.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too large".to_owned());
        }
    }
    let trailers = body.trailers().await.map_err(broken)?.unwrap_or_default();
    let (headers, trailers) = (fields(&head.headers), fields(&trailers));
    Ok(Received { status: head.status.as_u16(), headers, body: received, trailers })
}

fn fields(map: &HeaderMap) -> Vec<(String, String)> {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    map.iter().map(field).collect()
}
