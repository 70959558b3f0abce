//! `docs/errors.md` names every kind and every code, with the status that they are answered with.

#![allow(clippy::unwrap_used)]

mod support;

use engine::{Fault, Kind};
use http::Method;
use rest::{About, Rest};

const DOCUMENT: &str = include_str!("../../../docs/errors.md");
/// Where the codes are defined: constants of one form, each with its meaning above it.
const SOURCES: [&str; 2] =
    [include_str!("../../engine/src/fault.rs"), include_str!("../../http-semantics/src/codes.rs")];

/// The status of a fault, as a peer sees it.
fn status(rest: &Rest, kind: Kind, code: &'static str) -> u16 {
    let about = About { method: &Method::GET, path: "/", request_id: "r1" };
    rest.fault(&Fault::new(kind, code, "a message"), &about).status().as_u16()
}

/// The codes of the server with what their constants say of them.
fn codes() -> Vec<(&'static str, &'static str)> {
    let lines = SOURCES.iter().flat_map(|source| source.lines()).map(str::trim);
    let mut meaning = "";
    let mut found = Vec::new();
    for line in lines {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning = text;
        } else if line.contains("const ") && line.contains(": &str = \"") {
            found.push((line.split('"').nth(1).unwrap(), meaning));
        }
    }
    found
}

/// The cells of a table's rows below a heading of the document.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = DOCUMENT.split_once(heading).unwrap();
    let table =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
}

#[test]
fn every_kind_stands_in_the_document_with_its_status() {
    let rest = support::rest();
    let is: Vec<String> =
        Kind::ALL.iter().map(|&kind| format!("`{kind:?}` {}", status(&rest, kind, ""))).collect();
    let documented: Vec<String> = rows("## Kinds").iter().map(|cells| cells[..2].join(" ")).collect();
    assert_eq!(documented, is);
}

#[test]
fn every_code_stands_in_the_document_with_its_kind_status_and_meaning() {
    let rest = support::rest();
    let rows = rows("## Codes");
    let documented: Vec<&str> = rows.iter().map(|cells| cells[0].trim_matches('`')).collect();
    let codes = codes();
    assert_eq!(documented, codes.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    for (cells, (code, meaning)) in rows.iter().zip(codes) {
        let kind = Kind::ALL.into_iter().find(|kind| cells[1] == format!("`{kind:?}`"));
        let kind = kind.unwrap_or_else(|| panic!("{code}: there is no kind {}", cells[1]));
        assert_eq!(cells[2], status(&rest, kind, code).to_string(), "{code}");
        assert_eq!(cells[3], meaning, "{code}");
    }
}
