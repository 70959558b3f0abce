//! The blocking HTTP client of the drivers.

use crate::driver::Failure;
use crate::expect;
use serde_json::Value;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

/// How long a server may think.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer to a case.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Asks one server.
#[derive(Debug)]
pub struct Client {
    url: String,
    agent: ureq::Agent,
}

/// What goes over the wire.
#[derive(Debug, PartialEq)]
pub struct Message {
    /// The method's name.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// A body of JSON.
    pub body: Option<Value>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    headers: HeaderMap,
    /// The body; none when it is empty.
    pub body: Option<Value>,
    /// All of it as text, without the id that the server gave the request.
    pub text: String,
}

impl Reply {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers of this name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }
}

#[cfg(test)]
impl Reply {
    /// A reply without headers, for tests.
    pub fn told(status: u16, body: Value) -> Self {
        Self { status, headers: HeaderMap::new(), text: body.to_string(), body: Some(body) }
    }
}

impl Client {
    /// A client of the server at a URL without a path.
    pub fn new(url: String) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { url, agent: config.into() }
    }

    /// Sends a message and reads what comes back. `Err` is for what is no HTTP or no JSON.
    pub fn send(&self, message: &Message) -> Result<Reply, Failure> {
        let broken = |e: &dyn std::fmt::Display| Failure::Broken(format!("{}: {e}", message.target));
        let mut builder =
            Request::builder().method(message.method).uri(format!("{}{}", self.url, message.target));
        for (name, value) in &message.headers {
            builder = builder.header(*name, value.as_str());
        }
        let sent = match &message.body {
            Some(body) => builder.body(body.to_string()).map(|whole| self.agent.run(whole)),
            None => builder.body(()).map(|whole| self.agent.run(whole)),
        };
        read(sent.map_err(|e| broken(&e))?.map_err(|e| broken(&e))?)
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, Failure> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()
        .map_err(|e| Failure::Broken(format!("reading the body: {e}")))?;
    let body = match bytes.is_empty() {
        true => None,
        false => Some(serde_json::from_slice(&bytes).map_err(|e| Failure::Broken(format!("not JSON: {e}")))?),
    };
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let text = expect::without(&format!("{headers:?}\n{}", String::from_utf8_lossy(&bytes)), id);
    Ok(Reply { status, headers, body, text })
}
