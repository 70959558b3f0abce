//! Compares what came with what must come.

use crate::case::Match;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Values captured by earlier steps, by name.
pub type Captures = BTreeMap<String, Value>;

/// Compares an answer with the expected one; `Err` says where they differ.
pub fn matches(how: Match, expected: &Value, found: &Value, captures: &mut Captures) -> Result<(), String> {
    match (how, expected, found) {
        (Match::AnyOrder, Value::Array(expected), Value::Array(found)) => {
            any_order(expected, found, captures)
        }
        _ => value(how, "", expected, found, captures),
    }
}

fn value(
    how: Match,
    path: &str,
    expected: &Value,
    found: &Value,
    captures: &mut Captures,
) -> Result<(), String> {
    match (expected, found) {
        (Value::String(pattern), _) if is_placeholder(pattern) => placeholder(path, pattern, found, captures),
        (Value::String(text), _) if text.starts_with('$') => {
            let wanted =
                captures.get(&text[1..]).ok_or_else(|| format!("nothing was captured as `{text}`"))?;
            same(path, wanted, found)
        }
        (Value::Object(expected), Value::Object(found)) => object(how, path, expected, found, captures),
        (Value::Array(expected), Value::Array(found)) => list(how, path, expected, found, captures),
        _ => same(path, expected, found),
    }
}

fn object(
    how: Match,
    path: &str,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
    captures: &mut Captures,
) -> Result<(), String> {
    for (name, wanted) in expected {
        let path = format!("{path}.{name}");
        match (found.get(name), wanted.as_str()) {
            (None, Some("<absent>")) => {}
            (Some(_), Some("<absent>")) => return Err(format!("{path}: must not be there")),
            (None, _) => return Err(format!("{path}: is missing")),
            (Some(found), _) => value(how, &path, wanted, found, captures)?,
        }
    }
    match (how, found.keys().find(|name| !expected.contains_key(*name))) {
        (Match::Exact | Match::AnyOrder, Some(name)) => Err(format!("{path}.{name}: is not expected")),
        (Match::Includes, _) | (_, None) => Ok(()),
    }
}

fn list(
    how: Match,
    path: &str,
    expected: &[Value],
    found: &[Value],
    captures: &mut Captures,
) -> Result<(), String> {
    if expected.len() != found.len() {
        return Err(format!("{path}: {} items expected, {} found", expected.len(), found.len()));
    }
    for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
        value(how, &format!("{path}[{at}]"), expected, found, captures)?;
    }
    Ok(())
}

/// Each expected item takes the first of those left that it matches.
fn any_order(expected: &[Value], found: &[Value], captures: &mut Captures) -> Result<(), String> {
    let mut left: Vec<&Value> = found.iter().collect();
    for (at, wanted) in expected.iter().enumerate() {
        let taken = left.iter().position(|item| {
            let mut tried = captures.clone();
            value(Match::Exact, "", wanted, item, &mut tried).is_ok_and(|()| {
                *captures = tried;
                true
            })
        });
        match taken {
            Some(taken) => drop(left.remove(taken)),
            None => return Err(format!("[{at}]: no item is {wanted}")),
        }
    }
    if left.is_empty() { Ok(()) } else { Err(format!("{} items are not expected", left.len())) }
}

fn same(path: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let equal = match (expected.as_f64(), found.as_f64()) {
        // 1 and 1.0 are the same number in JSON.
        (Some(a), Some(b)) => a == b,
        _ => expected == found,
    };
    if equal { Ok(()) } else { Err(format!("{path}: {expected} expected, {found} found")) }
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

/// `<uuid>`, or `<uuid name>` to keep what was found.
fn placeholder(path: &str, pattern: &str, found: &Value, captures: &mut Captures) -> Result<(), String> {
    let inner = &pattern[1..pattern.len() - 1];
    let (kind, name) = inner.split_once(' ').unwrap_or((inner, ""));
    let fits = match kind {
        "any" => true,
        "text" => found.is_string(),
        "int" => found.is_i64() || found.is_u64(),
        "number" => found.is_number(),
        "uuid" => found.as_str().is_some_and(|text| shaped(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")),
        "datetime" => found.as_str().is_some_and(|text| shaped(text, "dddd-dd-ddTdd:dd:dd.ddddddZ")),
        _ => return Err(format!("{path}: `{pattern}` is no placeholder")),
    };
    if !fits {
        return Err(format!("{path}: {pattern} expected, {found} found"));
    }
    if !name.is_empty() {
        captures.insert(name.to_owned(), found.clone());
    }
    Ok(())
}

/// Whether a text has a shape: `d` is a digit, `x` a lower-case hexadecimal one, anything else itself.
fn shaped(text: &str, shape: &str) -> bool {
    let fits = |(c, s): (u8, u8)| match s {
        b'd' => c.is_ascii_digit(),
        b'x' => c.is_ascii_digit() || (b'a'..=b'f').contains(&c),
        _ => c == s,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// Puts captured values where `$name` stands, in keys and in inputs.
pub fn fill(value: &Value, captures: &Captures) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$').and_then(|name| captures.get(name)) {
            Some(captured) => captured.clone(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, captures)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), fill(member, captures))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The same for a text of its own, such as a key.
pub fn fill_text(text: &str, captures: &Captures) -> String {
    match fill(&Value::from(text), captures) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A text without the id that the server gave the request: it is made of chance, and some day any short text is in it.
/// An id that the caller chose is none of these.
pub fn without(text: &str, id: Option<&str>) -> String {
    let by_chance = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    match id.filter(by_chance) {
        Some(id) => text.replace(id, "…"),
        None => text.to_owned(),
    }
}

/// A shorter text may stand by chance in what a longer one decodes to.
const PACKED_BYTES_MIN: usize = 4;

/// Whether a response tells a text: as it is, or in a piece of base64 such as a cursor.
pub fn tells(response: &str, text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let mut pieces = response.split(|c| !is_sign(c));
    response.contains(text)
        || text.len() >= PACKED_BYTES_MIN
            && pieces.any(|piece| String::from_utf8_lossy(&unpacked(piece)).contains(text))
}

/// Decodes base64 of either alphabet (RFC 4648, 4 and 5), without its padding.
fn unpacked(piece: &str) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for sign in piece.bytes() {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    fn test(how: Match, expected: Value, found: Value) -> Result<Captures, String> {
        let mut captures = Captures::from([("k".to_owned(), json!("u1"))]);
        matches(how, &expected, &found, &mut captures).map(|()| captures)
    }

    #[test]
    fn only_ids_of_the_server_are_left_out() {
        assert_eq!(without("id 6752a1d2-0000, a1", Some("6752a1d2-0000")), "id …, a1");
        assert_eq!(without("id line one", Some("line one")), "id line one");
        assert_eq!(without("a1", Some("")), "a1");
    }

    #[test]
    fn a_packed_text_is_told_too() {
        assert!(tells("a secret", "secret"));
        assert!(tells(r#"{"cursor": "WyJhbm5AZXhhbXBsZS5jb20iLDFd"}"#, "ann@example.com"));
        assert!(tells("x=eyJhIjoi_7-9c2VjcmV0In0", "secret"));
        assert!(!tells("WyJhbm5AZXhhbXBsZS5jb20iLDFd", "bob@example.com"));
        assert!(!tells("YWI", "ab") && tells("YWJjZA", "abcd"));
    }

    #[test]
    fn what_fits_fits() {
        let uuid = "0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b";
        let found = json!({"id": uuid, "n": 1.0, "at": "2026-11-22T18:32:34.000000Z", "by": "u1"});
        let expected = json!({"id": "<uuid id>", "n": 1, "at": "<datetime>", "by": "$k", "x": "<absent>"});
        assert_eq!(test(Match::Exact, expected, found).unwrap()["id"], json!(uuid));
        test(Match::Includes, json!([{"a": 1}]), json!([{"a": 1, "b": 2}])).unwrap();
        test(Match::AnyOrder, json!([{"a": 1}, {"a": 2}]), json!([{"a": 2}, {"a": 1}])).unwrap();
    }

    #[test]
    fn what_does_not_fit_says_where() {
        let cases = [
            (Match::Exact, json!({"a": 1}), json!({"a": 1, "b": 2}), ".b"),
            (Match::Exact, json!({"a": {"b": 1}}), json!({"a": {"b": 2}}), ".a.b"),
            (Match::Exact, json!({"a": null}), json!({}), ".a"),
            (Match::Includes, json!([{"a": 1}]), json!([{"a": 1}, {"a": 1}]), "1 items expected"),
            (Match::Includes, json!({"a": "<absent>"}), json!({"a": null}), "must not be there"),
            (Match::Exact, json!("<uuid>"), json!("u1"), "<uuid> expected"),
            (Match::AnyOrder, json!([1, 1]), json!([1, 2]), "[1]"),
            (Match::Exact, json!("$none"), json!(1), "captured"),
        ];
        for (how, expected, found, part) in cases {
            let message = test(how, expected.clone(), found).unwrap_err();
            assert!(message.contains(part), "{expected}: {message}");
        }
    }

    #[test]
    fn captures_are_filled_in() {
        let captures = Captures::from([("id".to_owned(), json!("x")), ("n".to_owned(), json!(7))]);
        assert_eq!(fill(&json!({"a": ["$id", "$other"]}), &captures), json!({"a": ["x", "$other"]}));
        assert_eq!(fill_text("$n", &captures), "7");
    }
}
