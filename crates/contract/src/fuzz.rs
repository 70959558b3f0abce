//! Bodies for fuzzing, compiled in the normal build so that they cannot rot.

use crate::diagnostic::Sources;
use crate::load::{compile, fuzz_numbers};
use crate::model::Contract;
use std::sync::LazyLock;

/// Compiles bytes as a contract of one file, and as the SQL file that it may name, and renders what is found.
pub fn fuzz_sdl(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut sources = Sources::default();
    sources.add("fuzz.graphql", text.as_ref());
    let read = |_: &str| Ok(text.chars().rev().collect());
    match compile(sources, &read) {
        Ok(loaded) => {
            let contract = loaded.contract;
            loaded.warnings.iter().for_each(|warning| {
                assert!(!contract.sources.render(warning).is_empty());
            });
        }
        Err(diagnostics) => assert!(diagnostics.has_errors() && !diagnostics.to_string().is_empty()),
    }
}

/// Reads bytes as a lock file of numbers beside a contract. What is then written is read back as it is.
pub fn fuzz_lock(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some((written, _)) = fuzz_numbers(&SMALL, &text) {
        let again = fuzz_numbers(&SMALL, &written);
        assert_eq!(again, Some((written, 0)));
    }
}

static SMALL: LazyLock<Contract> = LazyLock::new(|| {
    let mut sources = Sources::default();
    sources.add("small.graphql", SMALL_TEXT);
    compile(sources, &|_| Err(String::new())).expect("the small contract is right").contract
});

const SMALL_TEXT: &str = r#"
extend schema @contract(name: "small", version: "1.0.0")
type User @resource @access(read: "true") { id: ID!  name: String  mood: Mood }
enum Mood { GOOD BAD }
type Query { one(a: Int, b: Int): Int @sql(run: "SELECT 1") @access(call: "true") }
"#;
