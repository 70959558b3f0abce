//! Entity tags of coded replies.
//!
//! Two codings of a reply are two representations, so a strong tag may not be the same for both (RFC 9110 section
//! 8.8.3.3). It gets the coding's name at its end, `"v3"` becomes `"v3-gzip"`, rather than be made weak: a weak tag
//! is no good for `If-Match`. The name is taken off again before a handler sees it.

use super::Coding;
use http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

/// What a tag of a reply in this coding ends in.
const fn mark(coding: Coding) -> &'static str {
    match coding {
        Coding::Zstd => "-zstd\"",
        Coding::Brotli => "-br\"",
        Coding::Gzip => "-gzip\"",
    }
}

/// Marks the tag of a reply that was coded. A weak tag may stay the same.
pub(crate) fn mark_tag(headers: &mut HeaderMap, coding: Coding) {
    if let Some(tag) = headers.get(ETAG).and_then(|tag| marked(tag, coding)) {
        headers.insert(ETAG, tag);
    }
}

fn marked(tag: &HeaderValue, coding: Coding) -> Option<HeaderValue> {
    let opaque = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{opaque}{}", mark(coding))).ok()
}

/// Takes the marks off the tags that a change is conditional on: whichever coding the caller has read, it was of that
/// state.
pub(crate) fn unmark_if_match(headers: &mut HeaderMap) {
    if headers.contains_key(IF_MATCH) {
        unmark(headers, IF_MATCH, &Coding::BY_PREFERENCE);
    }
}

/// Takes the marks of the coding that this peer now gets off the tags of replies it has. Tags of other codings are of
/// representations that it would not get. What they were is returned, for [`restore_tag`], where any had one.
pub(crate) fn unmark_known(headers: &mut HeaderMap, coding: Coding) -> Option<Box<[HeaderValue]>> {
    if headers.contains_key(IF_NONE_MATCH) { unmark(headers, IF_NONE_MATCH, &[coding]) } else { None }
}

/// Replaces the lines of a field, where a mark is in any of them, and returns what they were.
fn unmark(headers: &mut HeaderMap, name: HeaderName, codings: &[Coding]) -> Option<Box<[HeaderValue]>> {
    let before: Box<[HeaderValue]> = headers.get_all(&name).iter().cloned().collect();
    if !before.iter().any(|line| codings.iter().any(|coding| is_in(line, mark(*coding)))) {
        return None;
    }
    headers.remove(&name);
    for line in &before {
        headers.append(&name, unmarked(line, codings));
    }
    Some(before)
}

/// A quotation mark is in no tag, so what ends in one is the end of a tag.
fn unmarked(line: &HeaderValue, codings: &[Coding]) -> HeaderValue {
    let Ok(text) = line.to_str() else { return line.clone() };
    let plain = codings.iter().fold(text.to_owned(), |text, coding| text.replace(mark(*coding), "\""));
    HeaderValue::from_str(&plain).expect("less of a field's value is one")
}

fn is_in(line: &HeaderValue, part: &str) -> bool {
    line.to_str().is_ok_and(|text| text.contains(part))
}

/// Gives the tag of a 304 the mark with which the peer knows it (RFC 9110 section 15.4.5).
pub(crate) fn restore_tag(headers: &mut HeaderMap, known: &[HeaderValue], coding: Coding) {
    let marked = headers.get(ETAG).and_then(|tag| marked(tag, coding));
    let is_known = |tag: &HeaderValue| {
        let text = tag.to_str().expect("it was made of text");
        known.iter().any(|line| is_in(line, text))
    };
    if let Some(tag) = marked.filter(is_known) {
        headers.insert(ETAG, tag);
    }
}

/// Fields of any bytes: marks come off, nothing else does.
pub(crate) fn fuzz_tags(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    for coding in Coding::BY_PREFERENCE {
        let mut headers = HeaderMap::from_iter([(IF_NONE_MATCH, value.clone()), (IF_MATCH, value.clone())]);
        let known = unmark_known(&mut headers, coding);
        assert_eq!(known.is_some(), headers[IF_NONE_MATCH] != value);
        unmark_if_match(&mut headers);
        assert!(headers[IF_MATCH].len() <= headers[IF_NONE_MATCH].len());
        headers.insert(ETAG, value.clone());
        mark_tag(&mut headers, coding);
        assert!(headers[ETAG].len() >= value.len());
        restore_tag(&mut headers, std::slice::from_ref(&value), coding);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn map(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap()));
        lines.fold(HeaderMap::new(), |mut map, (name, line)| {
            map.append(name, line);
            map
        })
    }

    fn lines(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
        headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect()
    }

    #[test]
    fn strong_tags_are_marked() {
        for (tag, expected) in [
            ("\"v3\"", "\"v3-gzip\""),
            ("\"\"", "\"-gzip\""),
            ("W/\"v3\"", "W/\"v3\""),
            ("v3", "v3"),
            ("\"", "\""),
        ] {
            let mut headers = map(ETAG, &[tag]);
            mark_tag(&mut headers, Coding::Gzip);
            assert_eq!(headers[ETAG], expected);
        }
    }

    #[test]
    fn marks_come_off_and_back() {
        let sent = ["\"v2-gzip\", W/\"v3-gzip\"", "\"v4-br\",\"v5\""];
        let mut headers = map(IF_NONE_MATCH, &sent);
        let known = unmark_known(&mut headers, Coding::Gzip).unwrap();
        assert_eq!(lines(&headers, IF_NONE_MATCH), ["\"v2\", W/\"v3\"", "\"v4-br\",\"v5\""]);
        for (tag, restored) in
            [("\"v2\"", "\"v2-gzip\""), ("\"v3\"", "\"v3-gzip\""), ("\"v5\"", "\"v5\""), ("\"2\"", "\"2\"")]
        {
            let mut headers = map(ETAG, &[tag]);
            restore_tag(&mut headers, &known, Coding::Gzip);
            assert_eq!(headers[ETAG], restored);
        }
        assert!(unmark_known(&mut map(IF_NONE_MATCH, &["\"v3\", *"]), Coding::Gzip).is_none());
    }

    #[test]
    fn a_change_may_be_conditional_on_any_coding() {
        let mut headers = map(IF_MATCH, &["\"v3-zstd\", \"v3-br\"", "\"v3-gzip\", \"v3-x\""]);
        unmark_if_match(&mut headers);
        assert_eq!(lines(&headers, IF_MATCH), ["\"v3\", \"v3\"", "\"v3\", \"v3-x\""]);
    }
}
