//! Bodies for fuzzing, compiled in the normal build so that they cannot rot.

use crate::diagnostic::Sources;
use crate::load::compile;

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
