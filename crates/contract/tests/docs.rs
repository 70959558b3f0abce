//! The reference names everything that there is.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn reference() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract.md")).unwrap()
}

#[test]
fn every_code_stands_in_the_reference_with_its_meaning() {
    let reference = reference();
    for (code, meaning) in contract::code::ALL {
        let row = format!("| `{code}` | {} |", meaning.trim());
        assert!(reference.contains(&row), "{row}");
    }
}

#[test]
fn every_directive_and_scalar_stands_in_the_reference() {
    let reference = reference();
    let names = contract::DEFINITIONS.lines().filter_map(|line| match line.split_once(' ')? {
        ("directive", rest) => Some(rest.split(['(', ' ']).next()?.to_owned()),
        ("scalar", "Any") => None,
        ("scalar", name) => Some(format!("`{name}`")),
        _ => None,
    });
    let missing: Vec<String> = names.filter(|name| !reference.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The contract that the reference begins with loads as it stands.
#[test]
fn the_first_example_loads() {
    let first = reference().split("```graphql").nth(1).unwrap().split("```").next().unwrap().to_owned();
    let mut sources = contract::Sources::default();
    sources.add("reference.graphql", first);
    let loaded = contract::compile(sources, &|_| Err("none".to_owned()));
    let loaded = loaded.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    assert!(loaded.warnings.is_empty());
}
