//! Parts of JSON values with PostgreSQL's meaning of `->` and `->>`. SQLite's own operators read a step that
//! begins with `$` as a path of its own.

use super::work::spend;
use super::{JSON_PART, JSON_PART_TEXT, pure, text};
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What a byte of JSON is counted as at each step: its members, or its items, are found in it.
const UNITS_A_BYTE: usize = 2;
/// As many arguments as are given.
const ANY_NUMBER: i32 = -1;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, JSON_PART, ANY_NUMBER, |context| Ok(part(context)?.map(str::to_owned)))?;
    pure(conn, JSON_PART_TEXT, ANY_NUMBER, |context| Ok(part(context)?.and_then(as_text)))
}

/// The part of the first argument that the others lead to, as it is written there. Each step reads what the one before
/// has found.
fn part<'a>(context: &'a Context<'_>) -> rusqlite::Result<Option<&'a str>> {
    let Some(json) = text(context, 0)? else { return Ok(None) };
    spend(json.len())?;
    let Ok(whole) = serde_json::from_str::<&RawValue>(json) else { return Ok(None) };
    let mut found = whole.get();
    for at in 1..context.len() {
        spend(found.len().saturating_mul(UNITS_A_BYTE))?;
        match step(found, context.get_raw(at)) {
            Some(part) => found = part,
            None => return Ok(None),
        }
    }
    spend(found.len())?;
    Ok(Some(found))
}

fn step<'a>(json: &'a str, step: ValueRef<'_>) -> Option<&'a str> {
    match step {
        ValueRef::Text(name) => member(json, std::str::from_utf8(name).ok()?),
        ValueRef::Integer(index) => item(json, index),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

/// A JSON string as the text it stands for, null as nothing, the rest as it is written.
fn as_text(json: &str) -> Option<String> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).ok(),
        Some(b'n') | None => None,
        Some(_) => Some(json.to_owned()),
    }
}

/// The last member of an object with a name.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    if !json.starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Member(name)).ok()?
}

/// The item of an array at an index, from the end when it is negative.
fn item(json: &str, index: i64) -> Option<&str> {
    if !json.starts_with('[') {
        return None;
    }
    let items = serde_json::Deserializer::from_str(json).deserialize_seq(Items).ok()?;
    let at = match index < 0 {
        true => i64::try_from(items.len()).ok()?.checked_add(index)?,
        false => index,
    };
    items.get(usize::try_from(at).ok()?).copied()
}

struct Member<'n>(&'n str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(wanted) = map.next_key_seed(IsName(self.0))? {
            match wanted {
                true => found = Some(map.next_value::<&RawValue>()?.get()),
                false => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Whether a member's name is this one.
struct IsName<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<&RawValue>()? {
            items.push(item.get());
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn steps_lead_to_parts() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let json = r#"{"a": {"b": [1, 2.50, "x\"y"]}, "$": 5, "n": null, "t": true, "a b": 1, "a b": 2}"#;
        let cases = [
            ("'a', 'b', 0", Some("1"), Some("1")),
            ("'a', 'b', 1", Some("2.50"), Some("2.50")),
            ("'a', 'b', -1", Some(r#""x\"y""#), Some("x\"y")),
            ("'a', 'b', 3", None, None),
            ("'a', 'b', -4", None, None),
            ("'a', 'b', '0'", None, None),
            ("'a', 0", None, None),
            ("'a', 'c'", None, None),
            ("'$'", Some("5"), Some("5")),
            ("'$.a'", None, None),
            ("'n'", Some("null"), None),
            ("'t'", Some("true"), Some("true")),
            ("'a b'", Some("2"), Some("2")),
            ("NULL", None, None),
            ("'a', 'b', -9223372036854775808", None, None),
        ];
        for (steps, json_wanted, text_wanted) in cases {
            for (function, wanted) in [(JSON_PART, json_wanted), (JSON_PART_TEXT, text_wanted)] {
                let sql = format!("SELECT {function}(?1, {steps})");
                let found: Option<String> = conn.query_row(&sql, [json], |row| row.get(0)).unwrap();
                assert_eq!(found.as_deref(), wanted, "{function} {steps}");
            }
        }
    }

    #[test]
    fn a_text_that_is_not_json_has_no_parts() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        for json in ["", "{", "[1,", "nul", "{\"a\":}", &"[".repeat(100_000)] {
            let sql = format!("SELECT {JSON_PART}(?1, 0)");
            let found: Option<String> = conn.query_row(&sql, [json], |row| row.get(0)).unwrap();
            assert_eq!(found, None);
        }
    }
}
