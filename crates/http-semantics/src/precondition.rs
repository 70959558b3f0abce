//! Preconditions (RFC 9110, section 13.1) where nothing can be compared with them. Somebody who states one relies on it:
//! to go on as if it were not there could overwrite what it guards, so it is refused.

use crate::invalid;
use engine::Fault;
use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderName};

/// Header fields that guard a change, for a protocol that says versions in its own words.
pub const GUARDS: [HeaderName; 4] = [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, IF_RANGE];

/// Refuses these header fields.
///
/// # Errors
/// `INVALID_INPUT`, which names the first that was sent.
pub fn refuse(headers: &HeaderMap, fields: &[HeaderName], why: &str) -> Result<(), Fault> {
    match fields.iter().find(|field| headers.contains_key(*field)) {
        None => Ok(()),
        Some(field) => Err(invalid(&written(field), "UNSUPPORTED", why)),
    }
}

/// The name as the standard writes it: `If-Match`.
fn written(field: &HeaderName) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    let parts: Vec<String> = field.as_str().split('-').map(part).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_standard_writes_them() {
        let written: Vec<String> = GUARDS.iter().map(written).collect();
        assert_eq!(written, ["If-Match", "If-None-Match", "If-Unmodified-Since", "If-Range"]);
    }
}
