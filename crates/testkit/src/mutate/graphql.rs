//! Documents and variables that no proper client sends, made from ones that it does.

use super::hostile;
use crate::chance::Chance;
use crate::corpus::graphql::TOKENS;
use crate::query::encode;
use serde_json::{Value, json};

/// Repetitions of what is done too often.
const TIMES_MAX: usize = 3000;
/// Levels of what is nested too deep.
const LEVELS_MAX: usize = 2000;
/// Bytes of a document that still goes into a target.
const TARGET_BYTES_MAX: usize = 4000;

/// Another request: another document, other variables, or something else altogether. What is no request of GraphQL
/// any more stays as it is.
pub fn request(chance: &mut Chance, body: &[u8]) -> Vec<u8> {
    let Ok(mut whole) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    let Some(document) = whole.get("query").and_then(Value::as_str).map(str::to_owned) else {
        return body.to_vec();
    };
    match chance.below(10) {
        0..5 => whole["query"] = document_of(chance, &document).into(),
        5..8 => whole["variables"] = variables(chance, &whole["variables"]),
        8 => whole["extensions"] = extensions(chance),
        _ => whole["operationName"] = hostile(chance).into(),
    }
    whole.to_string().into_bytes()
}

/// The same as a target of `GET`; none for what is too long for one.
pub fn target(body: &[u8]) -> Option<String> {
    let whole: Value = serde_json::from_slice(body).ok()?;
    let document = whole.get("query")?.as_str()?;
    let target = format!(
        "/graphql?query={}&variables={}",
        encode(document),
        encode(&whole.get("variables").unwrap_or(&Value::Null).to_string())
    );
    (target.len() <= TARGET_BYTES_MAX).then_some(target)
}

fn document_of(chance: &mut Chance, document: &str) -> String {
    let times = 1 + chance.below(TIMES_MAX);
    let levels = 1 + chance.below(LEVELS_MAX);
    match chance.below(12) {
        0..3 => spliced(chance, document),
        3 => repeated(chance, document),
        4 => text(chance, document),
        5 => format!(
            "{{ user(id: \"u1\") {} {{ id }} {} }}",
            "{ posts { author ".repeat(levels),
            "} }".repeat(levels)
        ),
        6 => format!(
            "{{ {} }}",
            (0..times).map(|at| format!("a{at}: product(id: \"p1\") {{ id }} ")).collect::<String>()
        ),
        7 => format!("{{ product(id: \"p1\") {{ {} }} }}", "name ".repeat(times)),
        8 => format!("{{ product(id: \"p1\") {{ name {} }} }}", "@include(if: true) ".repeat(times)),
        9 => fragments(chance, levels),
        10 => format!("{{ users(where: {}{{}}{}) {{ id }} }}", "{not: ".repeat(levels), "}".repeat(levels)),
        _ => {
            let words = 1 + chance.below(40);
            (0..words).map(|_| format!("{} ", chance.pick(TOKENS))).collect()
        }
    }
}

/// A token put in, or some characters left out.
fn spliced(chance: &mut Chance, document: &str) -> String {
    let (from, to) = range(chance, document);
    match chance.below(3) {
        0 => format!("{}{}", &document[..from], &document[to..]),
        1 => format!("{} {} {}", &document[..from], chance.pick(TOKENS), &document[to..]),
        _ => format!("{} {} {}", &document[..from], chance.pick(TOKENS), &document[from..]),
    }
}

/// A part of it several times.
fn repeated(chance: &mut Chance, document: &str) -> String {
    let (from, to) = range(chance, document);
    let times = 2 + chance.below(60);
    format!("{}{}{}", &document[..from], document[from..to].repeat(times), &document[to..])
}

/// A text of it replaced by a hostile one.
fn text(chance: &mut Chance, document: &str) -> String {
    let hostile = Value::from(hostile(chance)).to_string();
    match document.match_indices('"').map(|(at, _)| at).take(2).collect::<Vec<_>>()[..] {
        [from, to] => format!("{}{hostile}{}", &document[..from], &document[to + 1..]),
        _ => document.replacen("id", &hostile, 1),
    }
}

/// Two places between characters, not far from each other.
fn range(chance: &mut Chance, document: &str) -> (usize, usize) {
    let boundary = |mut at: usize| {
        while !document.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = boundary(chance.below(document.len().max(1)));
    let to = boundary((from + chance.below(40)).min(document.len()));
    (from, to.max(from))
}

/// Fragments in a circle, or each twice in the one before it.
fn fragments(chance: &mut Chance, count: usize) -> String {
    let count = count.min(60);
    let circle = chance.one_in(2);
    let mut out = "{ users { ...F0 } }".to_owned();
    for at in 0..count {
        let next = match (at + 1 == count, circle) {
            (true, true) => "...F0".to_owned(),
            (true, false) => "id".to_owned(),
            (false, true) => format!("...F{}", at + 1),
            (false, false) => format!("a{at}: posts {{ author {{ ...F{0} }} }} ...F{0}", at + 1),
        };
        out.push_str(&format!(" fragment F{at} on User {{ id {next} }}"));
    }
    out
}

fn variables(chance: &mut Chance, variables: &Value) -> Value {
    let mut value = match chance.below(9) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!({"id": {"id": "u1"}}),
        4 => json!([1e300, -1, 9_007_199_254_740_993_u64, 0.1]),
        5 => json!({"eq": null, "in": [null, hostile(chance)], "not": {"and": [{}, {}]}}),
        6 => (0..chance.below(TIMES_MAX)).map(Value::from).collect(),
        _ => hostile(chance).into(),
    };
    for _ in 0..chance.below(100) {
        let name = *chance.pick(&["not", "and", "some", "author", "posts", "id"]);
        value = if chance.one_in(2) { json!([value]) } else { json!({ name: value }) };
    }
    let mut changed = variables.clone();
    let names: Vec<String> =
        variables.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    match names.len() {
        0 => value,
        count => {
            changed[&names[chance.below(count)]] = value;
            changed
        }
    }
}

fn extensions(chance: &mut Chance) -> Value {
    match chance.below(4) {
        0 => json!({"cost": true}),
        1 => json!({"persistedQuery": {"version": 1, "sha256Hash": hostile(chance)}}),
        2 => json!({"persistedQuery": {"version": 1, "sha256Hash": "ab".repeat(32)}}),
        _ => hostile(chance).into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::corpus::graphql::DOCUMENTS;

    /// Any number of changes leaves a request, and all of them change something.
    #[test]
    fn requests_stay_requests() {
        let mut chance = Chance::new(3);
        for (document, variables) in DOCUMENTS {
            let variables: Value = serde_json::from_str(variables).unwrap();
            let proper = json!({"query": document, "variables": variables}).to_string().into_bytes();
            let mut changed = 0;
            for _ in 0..50 {
                let mut body = proper.clone();
                for _ in 0..3 {
                    body = request(&mut chance, &body);
                }
                assert!(serde_json::from_slice::<Value>(&body).unwrap()["query"].is_string());
                changed += u32::from(body != proper);
            }
            assert!(changed > 45, "{document}: {changed}");
            assert!(target(&proper).unwrap().starts_with("/graphql?query="));
        }
        assert_eq!(request(&mut chance, b"[1]"), b"[1]");
    }
}
