//! Path templates: `/users/{id}` in REST, `chat/{room}` of channels, `{argument}` in upstream URLs.

use crate::code;
use crate::load::names;
use crate::load::report::Report;
use crate::load::text::Text;

/// Where a path is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Begins with `/`.
    Rest,
    /// Does not.
    Channel,
}

/// The places `{name}` of a template with the bytes of each name.
pub(crate) fn places(template: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = template[at..].find('{') {
        let start = at + open + 1;
        let Some(length) = template[start..].find('}') else { break };
        found.push((start, &template[start..start + length]));
        at = start + length + 1;
    }
    found
}

/// The template with the names of its places left out: two paths of one shape are the same to a router.
pub(crate) fn shape(template: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Checks a path: its segments are plain text or one place each, and no place stands twice.
pub(crate) fn check(path: &Text, kind: Kind, report: &mut Report) {
    let (body, skipped) = match (kind, path.value.strip_prefix('/')) {
        (Kind::Rest, Some(body)) => (body, 1),
        (Kind::Rest, None) => {
            report.error(code::PATH, path.span(), "a path begins with `/`");
            return;
        }
        (Kind::Channel, Some(_)) => {
            report.error(code::PATH, path.span(), "a channel's path does not begin with `/`");
            return;
        }
        (Kind::Channel, None) => (path.value.as_str(), 0),
    };
    let mut at = skipped;
    let mut seen: Vec<&str> = Vec::new();
    for segment in body.split('/') {
        let span = path.places.span(at, at + segment.len());
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        match name {
            Some(name) if seen.contains(&name) => {
                report.error(code::PATH, span, format!("`{{{name}}}` stands twice"));
            }
            Some(name) if names::is_identifier(name) => seen.push(name),
            None if is_plain(segment) => {}
            Some(_) | None => {
                let message = "a path's segment is a `{name}`, or letters, digits, `-`, `_`, `.` and `~`";
                report.error(code::PATH, span, message);
            }
        }
        at += segment.len() + 1;
    }
}

/// RFC 3986 section 2.3, unreserved characters; never `.` or `..` alone.
fn is_plain(segment: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    !segment.is_empty() && segment.bytes().all(unreserved) && !segment.bytes().all(|b| b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_places_and_a_shape() {
        assert_eq!(places("/users/{id}/posts/{post}"), [(8, "id"), (19, "post")]);
        assert_eq!(places("/a/{open"), []);
        assert_eq!(shape("/users/{id}"), shape("/users/{name}"));
        assert_ne!(shape("/users/{id}"), shape("/users/me"));
    }
}
