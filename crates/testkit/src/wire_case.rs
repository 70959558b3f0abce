//! Cases of one wire: the very request, and what must come back. docs/testing.md describes the files.

mod read;

use crate::case::{CaseFile, Match};
use crate::expect::{self, Captures};
use crate::grpc::transport::{self, Sent};
use crate::raw::{Connection, Reply, Response};
use crate::server::Server;
use serde_json::Value;
use std::time::{Duration, Instant};

pub use read::wire_file;

/// How long a server may take to log what it has answered.
const LOGGED_BY: Duration = Duration::from_secs(10);
/// How long to wait before the log is read again.
const LOG_AGAIN: Duration = Duration::from_millis(5);
/// What a request begins with that goes over HTTP/2.
pub const HTTP2: &str = "HTTP/2 ";
/// Repetitions that `{{repeat N text}}` may ask for.
const REPEAT_BYTES_MAX: usize = 64 << 20;

/// A file: the contract, rows and callers as in a file of neutral cases, and the cases.
#[derive(Debug, Clone, Default)]
pub struct WireFile {
    /// Contract, rows and callers.
    pub setting: CaseFile,
    /// The cases.
    pub cases: Vec<WireCase>,
}

/// Exchanges one after the other on a database of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct WireCase {
    /// The line it begins on.
    pub line: usize,
    /// What it shows.
    pub name: String,
    /// Request and response, each.
    pub exchanges: Vec<Exchange>,
}

/// A request and what must come back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exchange {
    /// The line it begins on.
    pub line: usize,
    /// `GET /api/users`, the protocol's version is added.
    pub start: String,
    /// Header lines as they are sent.
    pub headers: Vec<String>,
    /// The body; none when there is no empty line after the headers.
    pub body: Option<String>,
    /// Statuses that will do: `200`, `4xx`.
    pub statuses: Vec<String>,
    /// What must be said of the headers.
    pub fields: Vec<Field>,
    /// What the body must be.
    pub answer: Option<(Match, Value)>,
    /// The very text that the body must be; empty for no body.
    pub text: Option<String>,
    /// Texts that stand in the body.
    pub has: Vec<String>,
    /// Texts that may be nowhere in the response.
    pub hides: Vec<String>,
    /// Texts that one line of the server's log about the request has, each list a line.
    pub logs: Vec<Vec<String>>,
}

/// What must be said of a header.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// It has this value; a `*` stands for any text.
    Is(String, String),
    /// It is not there.
    Absent(String),
}

/// Runs the exchanges of a case, each on a connection of its own; `tokens` are the callers' by name.
pub fn run(case: &WireCase, server: &Server, tokens: &[(String, String)]) -> Result<(), String> {
    let mut captures: Captures =
        tokens.iter().map(|(name, token)| (name.clone(), Value::from(token.as_str()))).collect();
    captures.insert("address".to_owned(), Value::from(server.address.to_string()));
    for exchange in &case.exchanges {
        exchange_once(exchange, server, &mut captures)
            .map_err(|message| format!("line {}: {message}", exchange.line))?;
    }
    Ok(())
}

fn exchange_once(exchange: &Exchange, server: &Server, captures: &mut Captures) -> Result<(), String> {
    let response = match exchange.start.strip_prefix(HTTP2) {
        Some(start) => over_http2(exchange, start, server, captures)?,
        None => over_http1(exchange, server, captures)?,
    };
    let compared = compare(exchange, &response, captures).and_then(|()| logged(exchange, &response, server));
    compared.map_err(|message| {
        let body = String::from_utf8_lossy(&response.body);
        format!("{message}\n      {} {:?}\n      {body}", response.status, response.headers)
    })
}

fn over_http1(exchange: &Exchange, server: &Server, captures: &Captures) -> Result<Response, String> {
    let mut connection = Connection::open(server.address).map_err(|e| format!("connecting: {e}"))?;
    // A server may refuse and close before it has read a request that is too large; its answer still counts.
    let sent = connection.send(&bytes(exchange, captures)?);
    let reply = if exchange.start.starts_with("HEAD ") { Reply::HeadersOnly } else { Reply::Whole };
    match (connection.receive(reply), sent) {
        (Ok(Some(response)), _) => Ok(response),
        (Ok(None), Ok(())) => Err("closed without a response".into()),
        (Ok(None), Err(e)) | (Err(e), _) => Err(format!("no response: {e}")),
    }
}

/// The trailers are taken for headers.
fn over_http2(
    exchange: &Exchange,
    start: &str,
    server: &Server,
    captures: &Captures,
) -> Result<Response, String> {
    let (method, target) = start.split_once(' ').ok_or("a request has a method and a target")?;
    let header = |line: &String| {
        let line = substitute(line, captures)?;
        let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` is no header"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    let sent = Sent {
        method: method.to_owned(),
        target: substitute(target, captures)?,
        headers: exchange.headers.iter().map(header).collect::<Result<_, String>>()?,
        body: body(exchange, captures)?.unwrap_or_default(),
    };
    let received = transport::http2(server.address, &sent)?;
    let headers = received.headers.into_iter().chain(received.trailers).collect();
    Ok(Response { status: received.status, headers, body: received.body, keeps_open: false })
}

/// Waits until the log has the lines about the request that it must have.
fn logged(exchange: &Exchange, response: &Response, server: &Server) -> Result<(), String> {
    let end = Instant::now() + LOGGED_BY;
    let id = response.header("x-request-id").unwrap_or("");
    for texts in &exchange.logs {
        let is_line = |line: &str| line.contains(id) && texts.iter().all(|text| line.contains(text.as_str()));
        while !server.log().lines().any(is_line) {
            if Instant::now() > end {
                return Err(format!("no line of the log about `{id}` has {texts:?}"));
            }
            std::thread::sleep(LOG_AGAIN);
        }
    }
    Ok(())
}

/// The request as it is sent.
fn bytes(exchange: &Exchange, captures: &Captures) -> Result<Vec<u8>, String> {
    let has = |name: &str| {
        exchange.headers.iter().any(|h| h.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    };
    let body = body(exchange, captures)?;
    let mut out = format!("{} HTTP/1.1\r\n", substitute(&exchange.start, captures)?);
    if !has("host") {
        out.push_str(&format!("host: {}\r\n", substitute("{{address}}", captures)?));
    }
    for header in &exchange.headers {
        out.push_str(&format!("{}\r\n", substitute(header, captures)?));
    }
    if let Some(body) = &body
        && !has("content-length")
        && !has("transfer-encoding")
    {
        out.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    out.push_str("\r\n");
    Ok([out.into_bytes(), body.unwrap_or_default()].concat())
}

/// The body as it is sent: `{{hex 00 ff}}` stands for bytes that are no text.
fn body(exchange: &Exchange, captures: &Captures) -> Result<Option<Vec<u8>>, String> {
    let Some(mut rest) = exchange.body.as_deref() else { return Ok(None) };
    let mut out = Vec::new();
    while let Some((before, after)) = rest.split_once("{{hex ") {
        let (digits, after) = after.split_once("}}").ok_or("`{{hex` has no end")?;
        out.extend(substitute(before, captures)?.into_bytes());
        for byte in digits.split_whitespace() {
            out.push(u8::from_str_radix(byte, 16).map_err(|_| format!("`{byte}` is no byte"))?);
        }
        rest = after;
    }
    out.extend(substitute(rest, captures)?.into_bytes());
    Ok(Some(out))
}

/// Replaces `{{name}}` by what was captured under it, and `{{repeat N text}}` by N times the text.
fn substitute(text: &str, captures: &Captures) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        // Two closing braces that follow two opening ones in JSON are no name.
        let Some((name, after)) = after.split_once("}}").filter(|(name, _)| is_name(name)) else {
            out.push_str(before);
            out.push_str("{{");
            rest = after;
            continue;
        };
        out.push_str(before);
        out.push_str(&substitution(name, captures)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    text.starts_with("repeat ") || text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn substitution(name: &str, captures: &Captures) -> Result<String, String> {
    if let Some((count, text)) = name.strip_prefix("repeat ").and_then(|rest| rest.split_once(' ')) {
        let count: usize = count.parse().map_err(|_| format!("`{count}` is not a count"))?;
        return match count.saturating_mul(text.len()) <= REPEAT_BYTES_MAX {
            true => Ok(text.repeat(count)),
            false => Err(format!("`{name}` is too long")),
        };
    }
    match captures.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("nothing is known as `{name}`")),
    }
}

fn compare(exchange: &Exchange, response: &Response, captures: &mut Captures) -> Result<(), String> {
    if !exchange.statuses.iter().any(|status| is_status(status, response.status)) {
        return Err(format!("status {} expected", exchange.statuses.join(" or ")));
    }
    if let Some(text) = &exchange.text
        && response.body != text.as_bytes()
    {
        return Err(format!("`{text}` expected"));
    }
    if let Some((how, expected)) = &exchange.answer {
        let found: Value = serde_json::from_slice(&response.body).map_err(|e| format!("not JSON: {e}"))?;
        expect::matches(*how, expected, &found, captures)?;
    }
    let shown = String::from_utf8_lossy(&response.body);
    if let Some(text) = exchange.has.iter().find(|text| !shown.contains(text.as_str())) {
        return Err(format!("`{text}` is missing in the body"));
    }
    for field in &exchange.fields {
        match field {
            Field::Is(name, pattern) => {
                let pattern = substitute(pattern, captures)?;
                let found = response.header(name).ok_or_else(|| format!("header `{name}` is missing"))?;
                if !is_like(&pattern, found) {
                    return Err(format!("header `{name}`: `{pattern}` expected, `{found}` found"));
                }
            }
            Field::Absent(name) if response.header(name).is_some() => {
                return Err(format!("header `{name}` must not be there"));
            }
            Field::Absent(_) => {}
        }
    }
    let whole = format!("{:?}\n{}", response.headers, String::from_utf8_lossy(&response.body));
    let whole = expect::without(&whole, response.header("x-request-id"));
    match exchange.hides.iter().find(|secret| expect::tells(&whole, secret)) {
        Some(secret) => Err(format!("`{secret}` must be nowhere in the response")),
        None => Ok(()),
    }
}

/// Whether a status is `200` or one of `2xx`.
fn is_status(pattern: &str, status: u16) -> bool {
    let digits = status.to_string();
    pattern.len() == digits.len() && pattern.chars().zip(digits.chars()).all(|(p, d)| p == 'x' || p == d)
}

/// Whether a text fits a pattern in which each `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_substituted_and_braces_are_not() {
        let captures = Captures::from([("id".to_owned(), json!("u1"))]);
        assert_eq!(substitute("/{{id}}?{{repeat 3 ab}}", &captures).unwrap(), "/u1?ababab");
        assert_eq!(substitute("{\"a\":{\"b\":{{}}}", &captures).unwrap_err(), "nothing is known as ``");
        assert_eq!(substitute("{{\"a\": {}}}", &captures).unwrap(), "{{\"a\": {}}}");
        assert!(substitute("{{repeat 99999999999 a}}", &captures).is_err());
    }

    #[test]
    fn patterns_fit() {
        assert!(is_like("Bearer*", "Bearer error=\"x\"") && is_like("*json", "application/json"));
        assert!(is_like("a*b*c", "a1b2c") && !is_like("a*b*c", "a1c") && !is_like("a", "ab"));
        assert!(is_status("2xx", 204) && is_status("404", 404) && !is_status("40", 404));
    }
}
