//! JSON (RFC 8259).

use crate::json::escape::escape;

/// Appends `text` as a JSON string.
#[inline]
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(text, |piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}
