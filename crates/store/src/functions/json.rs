//! Tests of JSON values with PostgreSQL's meaning of `@>`, `<@` and `&&`.

use super::work::spend;
use super::{JSON_CONTAINED_IN, JSON_CONTAINS, JSON_OVERLAPS, bad_value, pure, texts};
use rusqlite::Connection;
use rusqlite::functions::Context;
use serde_json::{Number, Value};

/// What a byte of JSON is counted as: a value is made of it.
const UNITS_A_BYTE: usize = 8;
/// Comparisons of one value with another in a test at the most: nothing can interrupt it. (The depth of a
/// value is bounded by the parser, at 128 levels.)
const COMPARISONS_MAX: u32 = 1_000_000;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, JSON_CONTAINS, 2, |context| test(context, 0, Test::contains))?;
    pure(conn, JSON_CONTAINED_IN, 2, |context| test(context, 1, Test::contains))?;
    pure(conn, JSON_OVERLAPS, 2, |context| test(context, 0, Test::overlaps))
}

/// Runs a test with the argument at `left` on its left; what is not JSON makes it unknown.
fn test(
    context: &Context<'_>,
    left: usize,
    test: fn(&mut Test, &Value, &Value) -> Option<bool>,
) -> rusqlite::Result<Option<bool>> {
    let Some((first, second)) = texts(context)? else { return Ok(None) };
    let (left, right) = if left == 0 { (first, second) } else { (second, first) };
    spend((left.len() + right.len()).saturating_mul(UNITS_A_BYTE))?;
    let parsed = |json| serde_json::from_str::<Value>(json).ok();
    let (Some(left), Some(right)) = (parsed(left), parsed(right)) else { return Ok(None) };
    let mut run = Test { comparisons: 0 };
    let holds = test(&mut run, &left, &right);
    spend(run.comparisons as usize)?;
    match run.comparisons > COMPARISONS_MAX {
        true => Err(bad_value("a JSON test is too large")),
        false => Ok(holds),
    }
}

/// A test and what it has taken so far.
struct Test {
    comparisons: u32,
}

impl Test {
    /// A list also contains a scalar that is one of its items, but only at the top.
    fn contains(&mut self, left: &Value, right: &Value) -> Option<bool> {
        Some(match (left, right) {
            (Value::Array(items), Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                items.iter().any(|item| self.equal(item, right))
            }
            _ => self.contains_deep(left, right),
        })
    }

    fn contains_deep(&mut self, left: &Value, right: &Value) -> bool {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return false;
        }
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => right
                .iter()
                .all(|(name, wanted)| left.get(name).is_some_and(|found| self.contains_deep(found, wanted))),
            (Value::Array(left), Value::Array(right)) => {
                right.iter().all(|wanted| left.iter().any(|found| self.contains_deep(found, wanted)))
            }
            (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => false,
            _ => self.equal(left, right),
        }
    }

    fn overlaps(&mut self, left: &Value, right: &Value) -> Option<bool> {
        let (Value::Array(left), Value::Array(right)) = (left, right) else { return None };
        Some(left.iter().any(|one| right.iter().any(|other| self.equal(one, other))))
    }

    /// Numbers are equal by value, however they are written.
    fn equal(&mut self, left: &Value, right: &Value) -> bool {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return false;
        }
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => same_number(left, right),
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(l, r)| self.equal(l, r))
            }
            (Value::Object(left), Value::Object(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(name, l)| right.get(name).is_some_and(|r| self.equal(l, r)))
            }
            _ => left == right,
        }
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left == right,
        _ => left.as_f64() == right.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn containment_is_that_of_postgresql() {
        let cases = [
            (r#"[1,2,3]"#, r#"[1,3]"#, true),
            (r#"[1,2,3]"#, r#"[3,1,1]"#, true),
            (r#"[1,2]"#, r#"[1,3]"#, false),
            (r#"["a","b"]"#, r#""a""#, true),
            (r#""a""#, r#"["a"]"#, false),
            (r#"[1,2,[1,3]]"#, r#"[1,3]"#, false),
            (r#"[1,2,[1,3]]"#, r#"[[1]]"#, true),
            (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, true),
            (r#"{"a":{"b":1}}"#, r#"{"b":1}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[2]}"#, true),
            (r#"{"a":[1,2]}"#, r#"{"a":2}"#, false),
            (r#"{}"#, r#"{}"#, true),
            (r#"[]"#, r#"{}"#, false),
            (r#"[1]"#, r#"[1.0]"#, true),
            (r#"[null]"#, r#"[null]"#, true),
            (r#"9007199254740993"#, r#"9007199254740992"#, false),
        ];
        for (left, right, wanted) in cases {
            let holds = Test { comparisons: 0 }.contains(&value(left), &value(right));
            assert_eq!(holds, Some(wanted), "{left} @> {right}");
        }
    }

    #[test]
    fn lists_overlap_by_a_shared_item() {
        let overlaps = |left, right| Test { comparisons: 0 }.overlaps(&value(left), &value(right));
        assert_eq!(overlaps("[1,2]", "[2.0,5]"), Some(true));
        assert_eq!(overlaps("[1,2]", "[3]"), Some(false));
        assert_eq!(overlaps("[]", "[]"), Some(false));
        assert_eq!(overlaps(r#"[{"a":1}]"#, r#"[{"a":1}]"#), Some(true));
        assert_eq!(overlaps("{}", "[]"), None);
    }

    #[test]
    fn a_large_test_is_refused_and_a_deep_value_is_unknown() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let list = |from: u32| {
            let items: Vec<String> = (from..from + 2_000).map(|n| n.to_string()).collect();
            format!("[{}]", items.join(","))
        };
        let run = |left: String, right: String| {
            let sql = format!("SELECT {JSON_CONTAINS}(?1, ?2)");
            conn.query_row(&sql, [left, right], |row| row.get::<_, Option<bool>>(0))
        };
        assert!(run(list(0), list(1_000_000)).is_ok_and(|holds| holds == Some(false)));
        assert!(run(list(0), list(0)).unwrap_err().to_string().contains("too large"));
        assert_eq!(run("[".repeat(1_000), "[]".into()), Ok(None));
    }
}
