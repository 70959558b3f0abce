//! Cross-site requests that a browser sends without asking first, and how to tell that a request is none of them.
//!
//! A page of another site can make a browser send a "simple" request (WHATWG Fetch, section 2.2): it cannot read the
//! answer, but the request has been made. So a request must show something that no such page can bring about.

use crate::list::single;
use crate::media::{ContentType, content_type, is_json};
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderName};

/// Headers that make a browser ask first, whatever their value.
const ASKING: [HeaderName; 6] = [
    AUTHORIZATION,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-apollo-operation-name"),
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("graphql-require-preflight"),
    HeaderName::from_static("x-requested-with"),
];

/// Whether a page of another site could have had a browser send this without asking.
pub fn may_be_cross_site(headers: &HeaderMap) -> bool {
    let is_asked_for = ASKING.iter().any(|name| headers.contains_key(name));
    !is_asked_for && !has_json(headers) && !is_told_by_browser(headers)
}

fn has_json(headers: &HeaderMap) -> bool {
    match content_type(headers) {
        ContentType::Utf8(essence) => is_json(&essence),
        ContentType::Absent | ContentType::Other => false,
    }
}

/// Fetch metadata (W3C Fetch Metadata, section 2) is set by the browser and by no page: the request comes from this
/// site or from the user; or it is one of `fetch` that has no `Origin`, which those to another site always have.
fn is_told_by_browser(headers: &HeaderMap) -> bool {
    let told = |name| single(headers, name).ok().flatten();
    let is_of_site = matches!(told("sec-fetch-site"), Some("same-origin" | "none"));
    let is_fetch = told("sec-fetch-mode") == Some("cors") && told("sec-fetch-site").is_none();
    is_of_site || is_fetch && !headers.contains_key(ORIGIN)
}
