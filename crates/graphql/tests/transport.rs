//! Requests as they come over HTTP, and what is answered: `transport.txt`.

#![allow(clippy::unwrap_used)]

mod support;

use graphql::{Service, Settings};
use std::fmt::Write as _;
use support::{send, service, text};

const TABLE: &str = include_str!("transport.txt");

/// The blocks of the table: a request and its answer, as lines.
fn blocks() -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    let is_title = |line: &str| line.starts_with('[') && !line.contains('{');
    let is_said = move |line: &&str| !line.starts_with('#') && !is_title(line);
    TABLE.split("\n\n").scan(1, move |at, block| {
        let line = *at;
        *at += block.lines().count() + 1;
        let lines: Vec<&str> = block.lines().filter(is_said).collect();
        Some((line, lines))
    })
}

/// A line's first part and its headers.
fn parts(line: &'static str) -> (&'static str, Vec<(&'static str, &'static str)>) {
    let mut parts = line.split(" | ");
    let first = parts.next().unwrap();
    (first, parts.map(|part| part.split_once(": ").unwrap_or((part, ""))).collect())
}

/// What of a block does not hold.
async fn differences(service: &Service, lines: &[&'static str]) -> String {
    let (request, headers) = parts(lines[0]);
    let (method, target) = request.split_once(' ').unwrap();
    let answer_at = lines.iter().position(|line| line.starts_with("=> ")).unwrap();
    let body = lines[1..answer_at].join("\n");
    let (status, expected_headers) = parts(&lines[answer_at][3..]);
    let response = send(service, method, target, &headers, body.as_bytes()).await;
    let mut found = String::new();
    if response.status().as_str() != status {
        let _ = write!(found, "\n  status {} instead of {status}", response.status().as_u16());
    }
    for (name, value) in expected_headers {
        let (name, value) = name.strip_prefix("- ").map_or((name, Some(value)), |name| (name, None));
        let is = response.headers().get(name).map(|value| value.to_str().unwrap());
        if is != value {
            let _ = write!(found, "\n  {name}: {is:?} instead of {value:?}");
        }
    }
    let (is, expected) = (text(response), lines[answer_at + 1..].join("\n"));
    if expected != "…" && is != expected {
        let _ = write!(found, "\n  {is}");
    }
    found
}

#[tokio::test]
async fn requests_are_answered_as_the_table_says() {
    let service = service(Settings::default());
    let mut found = String::new();
    for (at, lines) in blocks().filter(|(_, lines)| !lines.is_empty()) {
        let differences = differences(&service, &lines).await;
        if !differences.is_empty() {
            let _ = write!(found, "\nline {at}: {}{differences}", lines[0]);
        }
    }
    assert!(found.is_empty(), "{found}");
}
