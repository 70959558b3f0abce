//! `Accept` and `Content-Type`.

use super::list::{members, pair, single, split};
use crate::fault::{NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE};
use contract::Method;
use engine::{Fault, Kind};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// Refuses a caller that does not take JSON (RFC 9110, section 12.5.1).
pub(crate) fn check_accept(headers: &HeaderMap) -> Result<(), Fault> {
    if !headers.contains_key(ACCEPT) {
        return Ok(());
    }
    let ranges = members(headers, ACCEPT).filter_map(specificity_and_weight);
    match ranges.max_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)) {
        Some((_, weight)) if weight > 0.0 => Ok(()),
        Some(_) | None => Err(Fault::new(Kind::Unsupported, NOT_ACCEPTABLE, "answers are application/json")),
    }
}

/// How exactly a media range names JSON, and its weight; `None` when it does not name it.
fn specificity_and_weight(range: &str) -> Option<(u8, f32)> {
    let mut parts = split(range, ';');
    let name = parts.next()?;
    let specificity = match name {
        "*/*" => 1,
        _ if name.eq_ignore_ascii_case("application/*") => 2,
        _ if name.eq_ignore_ascii_case("application/json") => 3,
        _ => return None,
    };
    let weight = parts.map(pair).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let weight = weight.map_or(Some(1.0), |(_, q)| q.parse().ok().filter(|q| (0.0..=1.0).contains(q)));
    Some((specificity, weight.unwrap_or(0.0)))
}

/// Refuses a body that is not JSON. A body without a type is taken for JSON.
pub(crate) fn check_content_type(headers: &HeaderMap, method: Method) -> Result<(), Fault> {
    let readable = match single(headers, CONTENT_TYPE) {
        Ok(None) => true,
        Ok(Some(media)) => is_json(media, method),
        Err(_) => false,
    };
    if readable {
        return Ok(());
    }
    let wanted = match method {
        Method::Patch => "application/merge-patch+json or application/json",
        Method::Get | Method::Post | Method::Put | Method::Delete => "application/json",
    };
    Err(Fault::new(Kind::Unsupported, UNSUPPORTED_MEDIA_TYPE, format!("the body has to be {wanted}")))
}

/// `application/json`, `application/<name>+json`; a merge patch only patches, a JSON patch (RFC 6902) is
/// another language, and the only character set is UTF-8.
fn is_json(media: &str, method: Method) -> bool {
    let mut parts = split(media, ';');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let utf8 = parts.map(pair).filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let utf8 = utf8.into_iter().all(|(_, charset)| charset.eq_ignore_ascii_case("utf-8"));
    utf8 && match name.as_str() {
        "application/json" => true,
        "application/merge-patch+json" => method == Method::Patch,
        "application/json-patch+json" => false,
        other => other.strip_prefix("application/").is_some_and(|subtype| subtype.ends_with("+json")),
    }
}
