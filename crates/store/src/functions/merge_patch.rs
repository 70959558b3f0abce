//! JSON Merge Patch (RFC 7396). It is a function of SQL, so that a patch is applied to the value as it is when the row is
//! written: two patches that come at the same time are both kept.

use super::work::spend;
use super::{MERGE_PATCH, bad_value, pure, text};
use rusqlite::Connection;
use rusqlite::functions::Context;
use std::collections::HashMap;
use wire::{DEPTH_MAX, DecodeBounds, Value, decode_json};

/// Bytes of a value that was patched at the most: each patch is bounded, and without this their sum would not be.
const MERGED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What was kept is read as it is.
const BOUNDS: DecodeBounds =
    DecodeBounds { depth_max: DEPTH_MAX, values_max: usize::MAX, number_bytes_max: MERGED_BYTES_MAX };

/// Units of work for a byte: it is read, hashed and written.
const UNITS_PER_BYTE: usize = 4;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, MERGE_PATCH, 3, patched)
}

fn patched(context: &Context<'_>) -> rusqlite::Result<String> {
    let (target, patch, required) = (text(context, 0)?, text(context, 1)?, text(context, 2)?);
    let bytes: usize = [target, patch, required].into_iter().flatten().map(str::len).sum();
    spend(bytes.saturating_mul(UNITS_PER_BYTE))?;
    let read =
        |json: Option<&str>| json.map_or(Ok(Value::Null), |json| decode_json(json.as_bytes(), &BOUNDS));
    let malformed = |_| bad_value("what is to be patched is not JSON");
    let (target, patch) = (read(target).map_err(malformed)?, read(patch).map_err(malformed)?);
    let merged = merge(target, patch);
    if let Some(missing) = missing(&merged, &read(required).map_err(malformed)?) {
        return Err(bad_value(&format!("`{missing}` is required")));
    }
    let merged = merged.json_text();
    match merged.len() > MERGED_BYTES_MAX {
        true => Err(bad_value("a value that is patched would be too large")),
        false => Ok(merged),
    }
}

/// `MergePatch` of RFC 7396 section 2. Members keep their order, new ones follow. It is as deep as JSON is read.
pub(crate) fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let members = match target {
        Value::Object(members) => members,
        _ => Vec::new(),
    };
    let mut places: HashMap<String, usize> =
        members.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let mut members: Vec<Option<(String, Value)>> = members.into_iter().map(Some).collect();
    for (name, value) in patch {
        let place = places.get(&name).copied();
        let before = place.and_then(|at| members[at].take());
        if value == Value::Null {
            continue;
        }
        let merged = merge(before.map_or(Value::Null, |(_, value)| value), value);
        match place {
            Some(at) => members[at] = Some((name, merged)),
            None => {
                places.insert(name.clone(), members.len());
                members.push(Some((name, merged)));
            }
        }
    }
    Value::Object(members.into_iter().flatten().collect())
}

/// The first member that an object has to have and has not. What has to be there is said as an object: `true` for a member
/// that is required, and for one that is an object itself, a list of the same for it (`[true, {…}]`, or `[false, {…}]` when it
/// may be missing).
fn missing(value: &Value, required: &Value) -> Option<String> {
    let (Value::Object(_), Value::Object(required)) = (value, required) else { return None };
    required.iter().find_map(|(name, rule)| {
        let (is_required, inside) = match rule {
            Value::List(parts) => (parts.first() == Some(&Value::Bool(true)), parts.get(1)),
            rule => (*rule == Value::Bool(true), None),
        };
        match value.get(name).filter(|member| **member != Value::Null) {
            None => is_required.then(|| name.clone()),
            Some(member) => {
                inside.and_then(|rule| missing(member, rule)).map(|path| format!("{name}.{path}"))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn value(json: &str) -> Value {
        decode_json(json.as_bytes(), &BOUNDS).unwrap()
    }

    /// The table of RFC 7396 appendix A.
    #[test]
    fn the_examples_of_the_standard() {
        for (target, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
            // Members in arrays are no patch.
            ("{}", r#"{"a":[{"b":null}]}"#, r#"{"a":[{"b":null}]}"#),
            (r#"{"a":1.10}"#, r#"{"b":1e400}"#, r#"{"a":1.10,"b":1e400}"#),
        ] {
            let expected = expected.replace("1e400", "1e300");
            let patch = patch.replace("1e400", "1e300");
            assert_eq!(merge(value(target), value(&patch)).json_text(), expected, "{target} and {patch}");
        }
    }

    /// Random values, against the library that is an implementation of its own.
    #[test]
    fn it_is_what_another_implementation_does() {
        let mut random = Random(7);
        for _ in 0..20_000 {
            let (target, patch) = (random.json(4), random.json(4));
            let mut expected = target.clone();
            json_patch::merge(&mut expected, &patch);
            let merged = merge(value(&target.to_string()), value(&patch.to_string()));
            let merged: serde_json::Value = serde_json::from_str(&merged.json_text()).unwrap();
            assert_eq!(merged, expected, "{target} and {patch}");
        }
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }

        fn json(&mut self, depth: u64) -> serde_json::Value {
            let count = self.below(4);
            match self.below(if depth == 0 { 4 } else { 8 }) {
                0 => serde_json::Value::Null,
                1 => (self.below(3) as i64).into(),
                2 => "x".into(),
                3 => true.into(),
                4 => (0..count).map(|_| self.json(depth - 1)).collect(),
                _ => {
                    let members = (0..count).map(|_| {
                        (["a", "b", "c", "\"ü"][self.below(4) as usize].to_owned(), self.json(depth - 1))
                    });
                    serde_json::Value::Object(members.collect())
                }
            }
        }
    }

    #[test]
    fn what_is_required_stays() {
        let required = value(r#"{"street":true,"city":false,"geo":[false,{"lat":true}]}"#);
        for (merged, expected) in [
            (r#"{"street":"x"}"#, None),
            (r#"{"street":null}"#, Some("street")),
            ("{}", Some("street")),
            (r#"{"street":"x","geo":{}}"#, Some("geo.lat")),
            (r#"{"street":"x","geo":{"lat":1}}"#, None),
            (r#"{"street":"x","geo":null}"#, None),
        ] {
            assert_eq!(missing(&value(merged), &required).as_deref(), expected, "{merged}");
        }
    }

    #[test]
    fn many_members_take_no_square_of_the_time() {
        let many = |from: usize| {
            let members = (from..from + 100_000).map(|n| (n.to_string(), Value::Int(1)));
            Value::Object(members.collect())
        };
        let Value::Object(merged) = merge(many(0), many(50_000)) else { panic!("an object") };
        assert_eq!(merged.len(), 150_000);
    }
}
