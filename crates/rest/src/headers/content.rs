//! `Content-Type` of what an operation reads.

use contract::Method;
use engine::{Fault, Kind};
use http::HeaderMap;
use http_semantics::codes::UNSUPPORTED_MEDIA_TYPE;
use http_semantics::media::{ContentType, content_type, is_json};

/// Refuses a body that is not JSON. A body without a type is taken for JSON.
pub(crate) fn check_content_type(headers: &HeaderMap, method: Method) -> Result<(), Fault> {
    let readable = match content_type(headers) {
        ContentType::Absent => true,
        ContentType::Utf8(essence) => is_readable(&essence, method),
        ContentType::Other => false,
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

/// A merge patch only patches, and a JSON patch (RFC 6902) is another language.
fn is_readable(essence: &str, method: Method) -> bool {
    match essence {
        "application/merge-patch+json" => method == Method::Patch,
        "application/json-patch+json" => false,
        other => is_json(other),
    }
}
