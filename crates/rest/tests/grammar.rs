//! The query grammar as a table: `tests/grammar.txt` has query strings and what they mean.
//!
//! `BLESS=1 cargo test -p rest --test grammar` writes what is read now; the difference is then to be looked
//! at.

#![allow(clippy::unwrap_used)]

#[path = "support/print.rs"]
mod print;

use rest::query::{Scope, read};
use std::fmt::Write as _;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grammar.txt");
/// Rows that the table has at the least, so that a table that is not read is noticed.
const ROWS_MIN: usize = 150;

#[test]
fn every_row_is_read_as_the_table_says() {
    let table = std::fs::read_to_string(TABLE).unwrap();
    let (mut now, mut scope, mut rows) = (String::new(), Scope::Rows, 0);
    for line in table.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(now, "{line}").unwrap();
        match line {
            "" => {}
            "[rows]" => scope = Scope::Rows,
            "[count]" => scope = Scope::Count,
            "[record]" => scope = Scope::Record,
            "[arguments]" => scope = Scope::Arguments,
            comment if comment.starts_with('#') => {}
            query => {
                rows += 1;
                writeln!(now, "    {}", print::query(&read(query, scope, &[]))).unwrap();
            }
        }
    }
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(TABLE, &now).unwrap();
    }
    assert!(rows >= ROWS_MIN, "{rows} rows");
    for (at, (was, is)) in table.lines().zip(now.lines()).enumerate() {
        assert_eq!(was, is, "line {}", at + 1);
    }
    assert_eq!(table, now);
}
