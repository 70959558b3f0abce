//! What nobody means: mutated input, and queries made to be expensive.

#![allow(clippy::unwrap_used)]

use http_semantics::fuzz::mutate;
use rest::fuzz::{fuzz_headers, fuzz_links, fuzz_query, fuzz_route};
use rest::query::{Scope, read};

fn queries() -> Vec<&'static str> {
    let table = include_str!("grammar.txt");
    table.lines().filter(|l| !l.starts_with([' ', '#', '[']) && !l.is_empty()).collect()
}

#[test]
fn mutated_queries() {
    let words =
        ["&", "=", ".", ",", "(", ")", "{", "}", "\"", "\\", "->", "->>", "!", "...", ":", "::", "*", "%22"];
    mutate(
        &queries(),
        &[&words[..], &["not.", "and=(", "or(", "in.(", "eq(any).{", "is.null"]].concat(),
        fuzz_query,
    );
}

#[test]
fn mutated_links() {
    let seeds = [
        "after=",
        "limit=20&before=&order=id.desc",
        "after=AQID&select=id&name=eq.a%26b",
        "a=eq.{x}&after=b",
    ];
    mutate(
        &seeds,
        &["&", "=", "%", "%3E", ">", "\"", "{", "|", "after=", "before=c", "after=a&", "é"],
        fuzz_links,
    );
}

#[test]
fn mutated_routes() {
    let seeds = ["G/api/users/42", "H/api/users", "I/api/users/1/posts", "G/api/rooms/a/members/b", "G/x"];
    mutate(&seeds, &["/", "//", "..", "%2F", "%", "%00", "{", "}", "*", "users", "api"], fuzz_route);
}

#[test]
fn mutated_headers() {
    let table = include_str!("requests.txt");
    let seeds: Vec<String> = table
        .lines()
        .filter(|line| line.contains(": "))
        .map(|line| {
            line.split(" | ").filter_map(|p| Some(p.split_once(": ")?.1)).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    mutate(
        &seeds,
        &["\n", "\"", "\\", ",", ";", "q=", "=", "W/", "*", "-", "items=", "Bearer "],
        fuzz_headers,
    );
}

fn refusal(query: &str) -> String {
    read(query, Scope::Rows, &[]).unwrap_err().message
}

#[test]
fn what_a_query_may_ask_for_is_bounded() {
    let many = |part: &str, count: usize, between: &str| vec![part; count].join(between);
    let nodes = "the query has more than 512 items, filters and order terms";
    let cases = [
        (many("a=eq.1", 129, "&"), "there are more than 128 parameters"),
        (format!("select={}", many("a", 513, ",")), nodes),
        (format!("or=({})", many("a.eq.1", 600, ",")), nodes),
        (format!("order={}", many("a", 600, ",")), nodes),
        (format!("a=in.({})", many("1", 2001, ",")), "the lists in the query have more than 2000 values"),
        (
            format!("a=eq(any).{{{}}}", many("1", 2001, ",")),
            "the lists in the query have more than 2000 values",
        ),
        (format!("{}=eq.1", "a".repeat(129)), "a name has more than 128 bytes at column 1"),
        (format!("a{}=eq.1", "->b".repeat(17)), "a JSON path has more than 16 steps at column 50"),
        (format!("order=a{}", "(b".repeat(12)), "an order follows more than 10 relations at column 23"),
    ];
    for (query, expected) in cases {
        assert!(refusal(&query).ends_with(expected), "{}", refusal(&query));
    }
}

/// Each level asks ten times whether the level below has rows, which would be 10^8 copies of the innermost
/// filter.
#[test]
fn tests_of_relations_do_not_multiply() {
    let (mut select, mut query, mut path) = ("id".to_owned(), String::new(), String::new());
    for _ in 0..8 {
        select = format!("b({select})");
        query += &format!("&{path}or=({})", ["b.is.null"; 10].join(","));
        path += "b.";
    }
    query += &format!("&{path}id=eq.1");
    assert!(refusal(&format!("select={select}{query}")).contains("more than 512"));
}

#[test]
fn deep_brackets_do_not_use_the_stack() {
    for part in ["or=(and(", "select=a(", "a=cs.{", "or=(a.cs.{", "order=a(", "select=...a("] {
        let (name, open) = part.split_once('=').unwrap();
        let _ = read(&format!("{name}={}", open.repeat(20_000)), Scope::Rows, &[]);
    }
}
