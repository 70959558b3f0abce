//! Cases over REST.

mod request;

use crate::case::{Action, Kind, More};
use crate::client::{Client, Reply};
use crate::driver::{Answer, Call, Driver, Failure, Fault, Outcome, Page};
use contract::Contract;
use serde_json::Value;
use std::sync::Arc;

pub use request::render;

/// Asks over REST.
#[derive(Debug)]
pub struct Rest {
    contract: Arc<Contract>,
    client: Client,
}

impl Rest {
    /// A driver for the server of a contract at a URL without a path.
    pub fn new(contract: Arc<Contract>, url: String) -> Self {
        Self { contract, client: Client::new(url) }
    }
}

impl Driver for Rest {
    fn call(&self, call: &Call<'_>) -> Result<Outcome, Failure> {
        read(self.client.send(&render(&self.contract, call)?)?, call)
    }
}

fn read(reply: Reply, call: &Call<'_>) -> Result<Outcome, Failure> {
    let result = match reply.status {
        200..=299 => Ok(Answer {
            total: reply.header("content-range").and_then(total),
            version: reply.header("etag").map(version),
            page: matches!(call.action, Action::Page { .. }).then(|| page(&reply, call)),
            body: reply.body,
        }),
        status => Err(fault(status, reply.body.as_ref())?),
    };
    Ok(Outcome { result, text: reply.text, improper: None })
}

/// The ends of a page are in the links to the pages beside it (RFC 8288).
fn page(reply: &Reply, call: &Call<'_>) -> Page {
    let links: Vec<&str> = reply.headers("link").flat_map(|line| line.split(", <")).collect();
    let link = |relation: &str| links.iter().find(|l| l.contains(&format!("rel=\"{relation}\"")));
    let (next, prev) = (link("next"), link("prev"));
    let behind = if call.input.window.last.is_some() { prev } else { next };
    Page {
        start: prev.and_then(|link| parameter(link, "before")),
        end: next.and_then(|link| parameter(link, "after")),
        more: if behind.is_some() { More::Yes } else { More::No },
    }
}

/// A parameter of a link's target.
fn parameter(link: &str, name: &str) -> Option<String> {
    let target = link.trim_start_matches('<').split('>').next()?;
    let pairs = target.split_once('?')?.1.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| decode(value))
}

/// Undoes percent-encoding (RFC 3986, 2.1); what is none stays.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, code) {
            (b'%', Some(code)) => {
                out.push(code);
                rest = &after[2..];
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is inside the quotes of an entity tag.
fn version(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// The number after the slash of `0-9/123` (RFC 9110, 14.4).
fn total(range: &str) -> Option<u64> {
    range.rsplit_once('/')?.1.parse().ok()
}

fn fault(status: u16, body: Option<&Value>) -> Result<Fault, Failure> {
    let kind = kind(status).ok_or_else(|| Failure::Broken(format!("status {status} means nothing")))?;
    let error = body
        .and_then(|body| body.get("error"))
        .ok_or_else(|| Failure::Broken(format!("status {status} without `error` in its body")))?;
    let code = error.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields = error.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).map(str::to_owned);
    let fields = fields.iter().filter_map(|f| Some((text(f, "field")?, text(f, "code")))).collect();
    Ok(Fault { kinds: vec![kind], code, fields })
}

/// Which kind of fault a status stands for.
fn kind(status: u16) -> Option<Kind> {
    Some(match status {
        400 => Kind::Invalid,
        401 => Kind::Unauthenticated,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        405 | 406 | 415 | 501 => Kind::Unsupported,
        408 | 504 => Kind::Timeout,
        409 => Kind::Conflict,
        412 | 428 => Kind::Precondition,
        413 => Kind::TooLarge,
        422 => Kind::Mismatch,
        429 => Kind::Throttled,
        499 => Kind::Cancelled,
        500 => Kind::Internal,
        503 => Kind::Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    #[test]
    fn links_have_cursors() {
        let link = "</api/posts?limit=2&after=a%2B%3D>; rel=\"next\"";
        assert_eq!(parameter(link, "after").as_deref(), Some("a+="));
        assert_eq!(parameter(link, "before"), None);
        assert_eq!((decode("%zz%"), decode("%C3%BC")), ("%zz%".to_owned(), "ü".to_owned()));
    }

    #[test]
    fn faults_are_read() {
        let body = json!({"error": {"code": "INVALID_INPUT", "message": "…",
            "fields": [{"field": "email", "code": "REQUIRED", "message": "…"}]}});
        let fault = fault(400, Some(&body)).unwrap();
        assert_eq!((&fault.kinds[..], fault.code.as_str()), (&[Kind::Invalid][..], "INVALID_INPUT"));
        assert_eq!(fault.fields, [("email".to_owned(), Some("REQUIRED".to_owned()))]);
        assert!(super::fault(400, Some(&json!({}))).is_err());
        assert!(super::fault(302, Some(&body)).is_err());
        assert_eq!(total("0-9/123"), Some(123));
        assert_eq!(total("*/*"), None);
    }
}
