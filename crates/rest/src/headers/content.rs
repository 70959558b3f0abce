//! `Content-Type` of what an operation reads.

use contract::Method;
use engine::{Change, Fault, Kind};
use http::HeaderMap;
use http_semantics::codes::UNSUPPORTED_MEDIA_TYPE;
use http_semantics::cross_site::may_be_cross_site;
use http_semantics::media::{ContentType, content_type, is_json};

/// The media type of a merge patch.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a write does with JSON values and stored objects, by the type of its body.
///
/// Refuses a body that does not say that it is JSON, and a write without a body that a form could have sent: pages of other
/// origins send those without asking, and JSON they do not ([`http_semantics::cross_site`]).
pub(crate) fn change(headers: &HeaderMap, method: Method, body: &[u8]) -> Result<Change, Fault> {
    match content_type(headers) {
        ContentType::Utf8(essence) if is_readable(&essence, method) => {
            return Ok(if essence == MERGE_PATCH { Change::Merge } else { Change::Replace });
        }
        // Without a body there is nothing to say of it.
        ContentType::Absent if body.is_empty() && !(method == Method::Post && may_be_cross_site(headers)) => {
            return Ok(Change::Replace);
        }
        ContentType::Absent | ContentType::Utf8(_) | ContentType::Other => {}
    }
    let wanted = match method {
        Method::Patch => "application/merge-patch+json or application/json",
        Method::Get | Method::Post | Method::Put | Method::Delete => "application/json",
    };
    let message = format!("the body has to be {wanted}, and `Content-Type` to say so");
    Err(Fault::new(Kind::Unsupported, UNSUPPORTED_MEDIA_TYPE, message))
}

/// A merge patch only patches, and a JSON patch (RFC 6902) is another language.
fn is_readable(essence: &str, method: Method) -> bool {
    match essence {
        MERGE_PATCH => method == Method::Patch,
        "application/json-patch+json" => false,
        other => is_json(other),
    }
}
