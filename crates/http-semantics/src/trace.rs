//! `x-request-id` and `traceparent`.

use crate::list::single;
use http::HeaderMap;

/// Characters of a request id at the most.
const REQUEST_ID_CHARS_MAX: usize = 128;

/// The request id a peer gave, where it is short and safe to log and echo; otherwise a new one has to be
/// made.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = single(headers, "x-request-id").ok().flatten()?;
    let safe = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&b));
    (safe && (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())).then_some(id)
}

/// A valid `traceparent` (W3C Trace Context, section 3.2); an invalid one counts as absent.
pub fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let value = single(headers, "traceparent").ok().flatten()?;
    let mut parts = value.splitn(5, '-');
    let version = parts.next().filter(|p| is_hex(p, 2) && *p != "ff")?;
    let sound = parts.next().is_some_and(|p| is_id(p, 32))
        && parts.next().is_some_and(|p| is_id(p, 16))
        && parts.next().is_some_and(|p| is_hex(p, 2));
    let ends = version != "00" || parts.next().is_none();
    (sound && ends && value.len() <= REQUEST_ID_CHARS_MAX).then_some(value)
}

fn is_id(part: &str, digits: usize) -> bool {
    is_hex(part, digits) && part.bytes().any(|b| b != b'0')
}

fn is_hex(part: &str, digits: usize) -> bool {
    part.len() == digits && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
