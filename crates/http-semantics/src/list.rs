//! Headers as single values and as lists (RFC 9110, section 5.6.1).

use http::HeaderMap;
use http::header::AsHeaderName;

/// Members of one list header at the most; those beyond are not read.
pub const MEMBERS_MAX: usize = 64;

/// A header that is there once, as text; `Err` when it is there more than once or is not visible ASCII.
pub fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&str>, NotSingle> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| NotSingle),
        (Some(_), Some(_)) => Err(NotSingle),
    }
}

/// A header is there twice or is not visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSingle;

/// The members of a list header over all its lines; lines that are not visible ASCII are left out.
pub fn members(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, ',')).filter(|member| !member.is_empty()).take(MEMBERS_MAX)
}

/// Splits at a separator that is not inside a quoted text, and trims the parts.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    })
    .map(str::trim)
}

/// `name=value` or `name="value"`; a name alone has an empty value.
pub fn pair(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    (name.trim(), bare)
}
