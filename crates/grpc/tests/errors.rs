//! `docs/errors.md` says with which code of gRPC, and which status of Connect, each kind of fault is answered.
#![allow(clippy::unwrap_used)]

use engine::{Kind, codes};
use grpc::Code;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

/// A code as gRPC writes it: `NotFound` is `NOT_FOUND`.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// The cells of a table's rows, from the line on that begins so.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let lines = DOCUMENT.lines().skip_while(|line| !line.starts_with(head));
    let table = lines.take_while(|line| line.starts_with('|')).skip(2);
    table.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect()
}

#[test]
fn every_kind_stands_in_the_document_with_its_code_and_status() {
    let is = Kind::ALL.map(|kind| {
        let code = Code::of(kind, "");
        (format!("{kind:?}"), name(code), code.connect_status().as_u16().to_string())
    });
    let rows = rows("| kind | REST | gRPC | Connect |");
    let documented: Vec<_> = rows.iter().map(|row| (row[1].into(), row[3].into(), row[4].into())).collect();
    assert_eq!(documented, is);
    let taken = Code::of(Kind::Conflict, codes::ALREADY_EXISTS);
    let told = DOCUMENT.split_once("The code `ALREADY_EXISTS` is").unwrap().1.split_once('.').unwrap().0;
    assert!(told.contains(&name(taken)) && told.contains(taken.connect_status().as_str()), "{told}");
}

#[test]
fn every_kind_that_a_contract_can_say_stands_in_the_document() {
    let rows = rows("| `@error(kind:)` | REST | gRPC |");
    let kinds: Vec<&str> = rows.iter().map(|row| row[1]).collect();
    assert_eq!(kinds, ["INVALID", "DENIED", "NOT_FOUND", "CONFLICT", "PRECONDITION"]);
    for row in rows {
        let kind = Kind::ALL.into_iter().find(|kind| {
            let name = format!("{kind:?}").to_uppercase();
            name == row[1].replace('_', "")
        });
        assert_eq!(row[3], name(Code::of(kind.unwrap(), "")), "{}", row[1]);
    }
}
