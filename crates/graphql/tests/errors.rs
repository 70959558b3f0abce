//! `docs/errors.md` names every code of GraphQL, and `docs/graphql.md` every bound with its default.

#![allow(clippy::unwrap_used)]

use engine::Kind;
use graphql::DocumentBounds;
use http_semantics::status::status;

const ERRORS: &str = include_str!("../../../docs/errors.md");
const GRAPHQL: &str = include_str!("../../../docs/graphql.md");
/// Where the codes are defined: constants of one form, each with its meaning above it.
const SOURCE: &str = include_str!("../src/codes.rs");

/// The codes with what their constants say of them.
fn codes() -> Vec<(&'static str, &'static str)> {
    let mut meaning = "";
    let mut found = Vec::new();
    for line in SOURCE.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning = text;
        } else if line.starts_with("pub const ") {
            found.push((line.split('"').nth(1).unwrap(), meaning));
        }
    }
    found
}

/// The cells of a table's rows below a heading of a document.
fn rows(document: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = document.split_once(heading).unwrap();
    let table =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
}

#[test]
fn every_code_stands_in_the_document_with_its_status_and_meaning() {
    let documented = rows(ERRORS, "## Codes of GraphQL");
    assert_eq!(documented.len(), codes().len());
    for (cells, (code, meaning)) in documented.iter().zip(codes()) {
        let kind = Kind::ALL.into_iter().find(|kind| cells[1] == format!("`{kind:?}`"));
        let kind = kind.unwrap_or_else(|| panic!("{code}: there is no kind {}", cells[1]));
        assert_eq!(cells[0], format!("`{code}`"));
        assert_eq!((cells[2], cells[3]), (&*status(kind, code).as_u16().to_string(), meaning), "{code}");
    }
}

#[test]
fn every_bound_stands_in_the_document_with_its_default() {
    let documented: Vec<(&str, &str)> = rows(GRAPHQL, "### Bounds")
        .into_iter()
        .flat_map(|cells| {
            let names = cells[0].split(", ").map(|name| name.trim_matches('`'));
            names.zip(cells[1].split(", ")).collect::<Vec<_>>()
        })
        .collect();
    let DocumentBounds {
        bytes_max,
        tokens_max,
        depth_max,
        breadth_max,
        fields_max,
        root_fields_max,
        aliases_max,
        directives_max,
        fragments_max,
    } = DocumentBounds::default();
    let bounds = [
        ("document_bytes_max", bytes_max),
        ("tokens_max", tokens_max),
        ("depth_max", depth_max),
        ("breadth_max", breadth_max),
        ("fields_max", fields_max),
        ("root_fields_max", root_fields_max),
        ("aliases_max", aliases_max),
        ("directives_max", directives_max),
        ("fragments_max", fragments_max),
    ];
    let is: Vec<(&str, String)> = bounds.iter().map(|(name, max)| (*name, max.to_string())).collect();
    let documented: Vec<(&str, String)> = documented.into_iter().map(|(n, m)| (n, m.to_owned())).collect();
    assert_eq!(documented, is);
}
