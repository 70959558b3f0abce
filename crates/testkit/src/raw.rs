//! HTTP/1.1 by the byte: sends exactly what it is given, and reads one response.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A response larger than this is a failure of the server.
const RESPONSE_BYTES_MAX: usize = 64 << 20;
/// Headers in one response.
const HEADERS_MAX: usize = 64;
/// How long a server may think.
const PATIENCE: Duration = Duration::from_secs(60);

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Vec<u8>,
    /// The server keeps the connection open.
    pub keeps_open: bool,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a request has a body that the response to it has not (`HEAD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Headers and a body.
    Whole,
    /// Headers alone.
    HeadersOnly,
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Sends bytes. A server may answer and close before it has read them all, so a failure to write is not yet one
    /// to read.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Tells the server that nothing more comes.
    pub fn finish(&mut self) {
        // Fails only when the server has closed already, which the next read tells better.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads a response; `None` when the connection is closed before its first byte.
    pub fn receive(&mut self, reply: Reply) -> io::Result<Option<Response>> {
        loop {
            let Some((head_bytes, mut response)) = self.head()? else {
                if self.fill()? {
                    continue;
                }
                return if self.unread.is_empty() {
                    Ok(None)
                } else {
                    Err(broken("closed inside the headers"))
                };
            };
            self.unread.drain(..head_bytes);
            // An interim response (RFC 9110, 15.2) is followed by the one that counts.
            if (100..200).contains(&response.status) {
                continue;
            }
            response.body = self.body(&response, reply)?;
            return Ok(Some(response));
        }
    }

    fn head(&self) -> io::Result<Option<(usize, Response)>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(bytes) =
            parsed.parse(&self.unread).map_err(|e| broken(&format!("not HTTP: {e}")))?
        else {
            return Ok(None);
        };
        let headers: Vec<(String, String)> = parsed
            .headers
            .iter()
            .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).into_owned()))
            .collect();
        let closes = headers.iter().any(|(n, v)| n == "connection" && v.eq_ignore_ascii_case("close"));
        let keeps_open = parsed.version == Some(1) && !closes;
        Ok(Some((
            bytes,
            Response { status: parsed.code.unwrap_or(0), headers, body: Vec::new(), keeps_open },
        )))
    }

    fn body(&mut self, response: &Response, reply: Reply) -> io::Result<Vec<u8>> {
        if reply == Reply::HeadersOnly || matches!(response.status, 204 | 304) {
            return Ok(Vec::new());
        }
        if response.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        match response.header("content-length") {
            Some(length) => self.take(length.parse().map_err(|_| broken("content-length is not a number"))?),
            None => self.rest(),
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let digits = line.split(';').next().unwrap_or("").trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| broken("a chunk has no size"))?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            self.take(2)?;
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|w| w == b"\r\n") {
                let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
                self.unread.drain(..end + 2);
                return Ok(line);
            }
            if !self.fill()? {
                return Err(broken("closed inside a line"));
            }
        }
    }

    fn take(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        if bytes > RESPONSE_BYTES_MAX {
            return Err(broken("the response is too large"));
        }
        while self.unread.len() < bytes {
            if !self.fill()? {
                return Err(broken("closed inside the body"));
            }
        }
        Ok(self.unread.drain(..bytes).collect())
    }

    fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? {}
        Ok(std::mem::take(&mut self.unread))
    }

    /// Reads some more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.unread.len() > RESPONSE_BYTES_MAX {
            return Err(broken("the response is too large"));
        }
        let mut buffer = [0; 16 << 10];
        let read = self.stream.read(&mut buffer)?;
        self.unread.extend_from_slice(&buffer[..read]);
        Ok(read > 0)
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
