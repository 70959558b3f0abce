//! Entity tags (RFC 9110, sections 8.8.3 and 13.1.2).

use crate::list::split;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};

/// The lines of `If-None-Match`.
pub fn known_tags(headers: &HeaderMap) -> Vec<HeaderValue> {
    headers.get_all(IF_NONE_MATCH).iter().cloned().collect()
}

/// Whether one of the tags a reader has is this one, compared weakly; `*` is any.
pub fn is_known(tags: &[HeaderValue], tag: &str) -> bool {
    let lines = tags.iter().filter_map(|line| line.to_str().ok());
    let mut members = lines.flat_map(|line| split(line, ','));
    members.any(|member| member == "*" || member.strip_prefix("W/").unwrap_or(member) == tag)
}
