//! `Accept` and `Content-Type` (RFC 9110, sections 8.3 and 12.5.1).

use crate::codes::NOT_ACCEPTABLE;
use crate::list::{members, pair, single, split};
use engine::{Fault, Kind};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// How much a media type is wanted: by which kind of range, and with which weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// How exactly it is named.
    pub range: Range,
    /// From 0, "not at all", to 1.
    pub weight: f32,
}

/// How exactly a media range names a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Range {
    /// `*/*`.
    Any,
    /// `application/*`.
    Type,
    /// The type itself.
    Exact,
}

/// What `Accept` says of a media type (without parameters): the most exact range that names it counts, and of these
/// the heaviest. `None` when no range does.
pub fn wish(headers: &HeaderMap, essence: &str) -> Option<Wish> {
    let wishes = members(headers, ACCEPT).filter_map(|range| wish_of(range, essence));
    wishes.max_by(|a, b| a.range.cmp(&b.range).then(a.weight.total_cmp(&b.weight)))
}

fn wish_of(range: &str, essence: &str) -> Option<Wish> {
    let mut parts = split(range, ';');
    let name = parts.next()?;
    let kind = essence.split('/').next().unwrap_or_default();
    let range = match name.split_once('/')? {
        ("*", "*") => Range::Any,
        (any_of, "*") if any_of.eq_ignore_ascii_case(kind) => Range::Type,
        _ if name.eq_ignore_ascii_case(essence) => Range::Exact,
        _ => return None,
    };
    let weight = parts.map(pair).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let weight = weight.map_or(Some(1.0), |(_, q)| q.parse().ok().filter(|q| (0.0..=1.0).contains(q)));
    Some(Wish { range, weight: weight.unwrap_or(0.0) })
}

/// Refuses a caller that does not take a media type. Without `Accept` it takes all.
///
/// # Errors
/// `NOT_ACCEPTABLE`.
pub fn check_accept(headers: &HeaderMap, essence: &str) -> Result<(), Fault> {
    let is_taken = !headers.contains_key(ACCEPT) || wish(headers, essence).is_some_and(|w| w.weight > 0.0);
    let refusal = || Fault::new(Kind::Unsupported, NOT_ACCEPTABLE, format!("answers are {essence}"));
    if is_taken { Ok(()) } else { Err(refusal()) }
}

/// What a request's body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentType {
    /// Nothing is said.
    Absent,
    /// This type, in lower case and without its parameters, in UTF-8 (or in nothing else that was said).
    Utf8(String),
    /// In another character set, said twice, or not visible ASCII.
    Other,
}

/// Reads `Content-Type`.
pub fn content_type(headers: &HeaderMap) -> ContentType {
    let media = match single(headers, CONTENT_TYPE) {
        Ok(None) => return ContentType::Absent,
        Ok(Some(media)) => media,
        Err(_) => return ContentType::Other,
    };
    let mut parts = split(media, ';');
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut charsets = parts.map(pair).filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_utf8 = charsets.all(|(_, charset)| charset.eq_ignore_ascii_case("utf-8"));
    if is_utf8 { ContentType::Utf8(essence) } else { ContentType::Other }
}

/// Whether a media type is `application/json` or `application/<name>+json` (RFC 6839, section 3.1).
pub fn is_json(essence: &str) -> bool {
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
