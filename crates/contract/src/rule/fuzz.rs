//! Fuzz bodies.

use super::sample::{Sample, sample};
use super::{Facts, Value, compile};
use std::sync::OnceLock;

/// Compiles any bytes as a rule, prints and reduces what comes out: no panic, and errors stay inside the
/// text.
pub fn fuzz_rule(data: &[u8]) {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let sample = SAMPLE.get_or_init(sample);
    let source = String::from_utf8_lossy(data);
    match compile(&source, &sample.scope()) {
        Ok(expr) => {
            let roles = ["admin".to_owned()];
            let claims = Value::Map(vec![("level".to_owned(), Value::Int(3))]);
            let facts = Facts {
                caller_id: Some("u1"),
                roles: &roles,
                scopes: &[],
                claims: &claims,
                now: "2026-11-22T18:32:34.000000Z",
                arguments: &[],
                message: None,
            };
            std::hint::black_box((expr.reduce(&facts), expr.named(&sample.resources).to_string()));
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "a refusal says why");
            for error in errors {
                assert!(source.get(error.start..error.end).is_some(), "an error has a place in the text");
            }
        }
    }
}
