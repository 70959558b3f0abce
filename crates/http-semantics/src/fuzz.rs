//! Bodies for fuzzing: nothing that a peer sends may panic, hang, or grow without bound.

use crate::{form, identity, media, prefer::Preferences, tags, trace};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Reads every header this crate looks at; lines of the data are their values in turn.
pub fn fuzz_headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for (at, line) in data.split(|b| *b == b'\n').take(64).enumerate() {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name(at), value);
        }
    }
    let _ = media::check_accept(&headers, "application/json");
    let wish = media::wish(&headers, "application/graphql-response+json");
    assert!(wish.is_none_or(|wish| (0.0..=1.0).contains(&wish.weight)));
    let _ = media::content_type(&headers);
    let _ = tags::is_known(&tags::known_tags(&headers), "\"v3\"");
    let _ = identity::credentials(&headers);
    let key = identity::idempotency_key(&headers).ok().flatten();
    assert!(key.is_none_or(|key| (1..=255).contains(&key.len())));
    let _ = Preferences::of(&headers);
    let _ = trace::request_id(&headers);
    assert!(trace::traceparent(&headers).is_none_or(|t| t.len() >= 55));
}

/// Reads a form. What is read is not longer than what was written.
pub fn fuzz_form(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (name, value) in form::split(&text) {
        assert!(form::decode(name).is_ok_and(|read| read.len() <= name.len()) || name.contains('%'));
        let _ = form::decode_segment(value);
    }
}

fn name(at: usize) -> HeaderName {
    const OWN: [&str; 5] = ["prefer", "x-request-id", "traceparent", "idempotency-key", "prefer"];
    const KNOWN: [HeaderName; 4] = [ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH];
    if at.is_multiple_of(2) { KNOWN[at / 2 % 4].clone() } else { HeaderName::from_static(OWN[at / 2 % 5]) }
}
