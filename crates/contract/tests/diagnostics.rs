//! Contracts with mistakes, each with exactly what is said about it: `diagnostics/NAME.graphql` and
//! `NAME.txt`.
//!
//! `UPDATE_EXPECTED=1` writes the expected texts anew; read the difference before keeping it.
#![allow(clippy::unwrap_used)]

use contract::{Severity, Sources, compile};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "graphql")).collect();
    cases.sort();
    cases
}

/// Everything that is said about a contract of one file.
fn said(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut sources = Sources::default();
    sources.add(name, std::fs::read_to_string(path).unwrap());
    let read =
        |file: &str| std::fs::read_to_string(folder().join(file)).map_err(|_| "no such file".to_owned());
    match compile(sources, &read) {
        Ok(loaded) => loaded
            .warnings
            .iter()
            .map(|warning| format!("{}\n", loaded.contract.sources.render(warning)))
            .collect(),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

#[test]
fn every_mistake_is_found_in_its_place() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (said, expected_path) = (said(&case), case.with_extension("txt"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&expected_path, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}\n--- expected\n{expected}\n--- said\n{said}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A mistake is marked in its file by `# !CODE` on its line, or by `!CODE@LINE` where no comment can stand: a
/// human's reading, against which the texts above cannot drift by being written anew.
#[test]
fn every_marked_line_has_its_finding_and_no_other_line_has_one() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = std::fs::read_to_string(&case).unwrap();
        let (mut marked, found) = (marks(&text), findings(&case, &text));
        for finding in found {
            match marked.iter().position(|mark| *mark == finding) {
                Some(at) => drop(marked.swap_remove(at)),
                None => wrong.push(format!("{}: not marked: {finding:?}", case.display())),
            }
        }
        wrong.extend(marked.iter().map(|mark| format!("{}: not found: {mark:?}", case.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Line and code of every mark.
fn marks(text: &str) -> Vec<(usize, String)> {
    let mut marked = Vec::new();
    for (i, line) in text.lines().enumerate() {
        marked.extend(line.split(" !").skip(1).filter_map(|rest| {
            let code: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            let line = rest[code.len()..].strip_prefix('@').and_then(|n| n.split(' ').next()?.parse().ok());
            (!code.is_empty()).then_some((line.unwrap_or(i + 1), code))
        }));
    }
    marked
}

/// Line and code of every finding in the contract's own file; warnings are not marked.
fn findings(case: &Path, text: &str) -> Vec<(usize, String)> {
    let mut sources = Sources::default();
    let file = sources.add("case", text);
    let read = |name: &str| std::fs::read_to_string(case.with_file_name(name)).map_err(|e| e.to_string());
    let diagnostics = compile(sources, &read).expect_err("the contract has mistakes");
    let errors = diagnostics.found.iter().filter(|d| d.severity == Severity::Error && d.span.file == file);
    errors.map(|d| (diagnostics.sources.position(file, d.span.start).0, d.code.as_str().to_owned())).collect()
}

#[test]
fn there_are_many_mistakes() {
    let all: usize =
        cases().iter().map(|case| std::fs::read_to_string(case).unwrap().matches(" !").count()).sum();
    assert!(all >= 100, "{all}");
}
