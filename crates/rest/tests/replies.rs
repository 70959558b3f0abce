//! Responses as a file: `tests/replies.txt` has each case's status, headers and body.
//!
//! `BLESS=1` writes what is written now; the difference is then to be looked at.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Cache, CacheScope};
use engine::{Answer, Budget, Fault, FieldFault, Kind, PageEdges};
use http::{Method, Request, Response};
use rest::{About, Arrival, Head, Rest, Route};
use std::fmt::Write as _;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replies.txt");

#[test]
fn every_response_is_as_the_file_says() {
    let rest = support::rest();
    let mut now = String::from("# Responses by case. `replies.rs` has what they answer.\n");
    answers(&rest, &mut now);
    faults(&rest, &mut now);
    routes(&rest, &mut now);
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(TABLE, &now).unwrap();
    }
    let table = std::fs::read_to_string(TABLE).unwrap();
    for (at, (was, is)) in table.lines().zip(now.lines()).enumerate() {
        assert_eq!(was, is, "line {}", at + 1);
    }
    assert_eq!(table, now);
}

/// A record of version 3.
fn record() -> Answer {
    let body = br#"{"id":"42"}"#.to_vec();
    Answer { body, rows: 1, key: Some("42".to_owned()), version: Some(3), ..Answer::default() }
}

fn rows(rows: u64, offset: u64, total: Option<u64>) -> Answer {
    Answer { body: b"[]".to_vec(), rows, offset, total, ..Answer::default() }
}

/// A page between cursors, from the row with the first to the row with the last.
fn page(cursors: Option<(&str, &str)>, has_more: bool) -> Answer {
    let (first, last) = cursors.map(|(first, last)| (first.to_owned(), last.to_owned())).unzip();
    Answer { edges: Some(PageEdges { has_more, first, last }), ..rows(2, 0, None) }
}

fn cached(scope: CacheScope) -> Answer {
    Answer { cache: Some(Cache { max_age_s: 60, scope }), ..record() }
}

fn answers(rest: &Rest, out: &mut String) {
    let key = || Some("a b/é".to_owned());
    let created = || Answer { created: true, key: key(), ..record() };
    let budget = Some(Budget { limit: 100, remaining: 7, reset_s: 30 });
    let cases: Vec<(&str, Answer)> = vec![
        ("GET /api/users/42", record()),
        ("HEAD /api/users/42", record()),
        ("GET /api/users/42 | if-none-match: \"v3\"", record()),
        ("GET /api/users/42 | if-none-match: \"v2\", W/\"v3\"", record()),
        ("GET /api/users/42 | if-none-match: *", record()),
        ("GET /api/users/42 | if-none-match: \"v2\"", record()),
        ("GET /api/users/42?select=id,posts(id)", record()),
        ("GET /api/posts/42", record()),
        ("GET /api/posts/42 | if-none-match: \"v3\"", record()),
        ("GET /api/users/42", Answer { budget, ..record() }),
        ("GET /api/users/42", cached(CacheScope::Public)),
        ("GET /api/users/42", cached(CacheScope::Private)),
        ("GET /api/users", rows(20, 0, None)),
        ("GET /api/users | prefer: count=planned", rows(20, 40, Some(1000))),
        ("GET /api/users", rows(0, 0, Some(0))),
        ("GET /api/users | range: 0-19", rows(20, 0, Some(1000))),
        ("GET /api/users | range: 0-19", rows(3, 0, Some(3))),
        ("GET /api/users | range: 50-", rows(0, 50, None)),
        ("POST /api/users", created()),
        ("POST /api/users | prefer: return=minimal", created()),
        ("POST /api/users", Answer { replayed: true, ..created() }),
        ("PATCH /api/users/42", record()),
        ("PATCH /api/posts/42", record()),
        ("PATCH /api/users/42 | prefer: return=minimal", record()),
        ("PUT /api/users/42 | prefer: return=representation", record()),
        ("DELETE /api/users/42", Answer::default()),
        ("DELETE /api/users/42 | prefer: return=representation", record()),
        ("DELETE /api/users/42 | prefer: return=minimal", Answer::default()),
        ("POST /api/users:batch", Answer { created: true, ..rows(2, 0, None) }),
        ("POST /api/users:batch | prefer: return=minimal", rows(2, 0, None)),
        ("POST /api/users:batch | idempotency-key: a", Answer { replayed: true, ..rows(2, 0, None) }),
        ("GET /api/users?select=name,count()", rows(2, 0, None)),
        ("GET /api/users?select=name,count() | prefer: count=exact", rows(2, 0, None)),
        ("GET /api/users?select=name,count() | range: 4-5", rows(2, 4, None)),
        ("GET /api/users?after=&limit=2", page(Some(("A", "B")), true)),
        ("GET /api/users?after=&limit=2", page(Some(("A", "B")), false)),
        ("GET /api/users?after=B&limit=2", page(Some(("C", "D")), true)),
        ("GET /api/users?after=B&limit=2", page(Some(("C", "D")), false)),
        ("GET /api/users?after=D&limit=2", page(None, false)),
        ("GET /api/users?before=C&limit=2", page(Some(("A", "B")), true)),
        ("GET /api/users?before=C&limit=2", page(Some(("A", "B")), false)),
        ("GET /api/users?before=A&limit=2", page(None, false)),
        ("GET /api/users?limit=2&before=&select=id", page(Some(("C", "D")), true)),
        ("GET /api/users?before=", page(Some(("C", "D")), true)),
        (
            "GET /api/users?%61fter=&&name=eq.{a|b%22,}&limit=2&x=in.(a+%26)",
            page(Some(("A", "a/+&é\r\n")), true),
        ),
        (
            "GET /api/users?after=&limit=2 | prefer: count=exact",
            Answer { total: Some(5), ..page(Some(("A", "B")), true) },
        ),
        ("GET /api/users/a%2Fb/posts?after=", page(Some(("A", "B")), true)),
        ("GET /api/totals/2026", Answer { body: b"5".to_vec(), rows: 1, ..Answer::default() }),
        ("GET /api/totals/2026", Answer::default()),
    ];
    for (request, answer) in cases {
        let (parts, manner) = manner(rest, request);
        let about = About { method: &parts.method, path: parts.uri.path(), request_id: "r1" };
        print(out, request, &rest.reply(answer, &manner, &about));
    }
}

/// Reads a request the way a server does.
fn manner(rest: &Rest, request: &str) -> (http::request::Parts, rest::Manner) {
    let (line, header) = request.split_once(" | ").unwrap_or((request, ""));
    let (method, target) = line.split_once(' ').unwrap();
    let mut builder = Request::builder().method(method).uri(target);
    if let Some((name, value)) = header.split_once(": ") {
        builder = builder.header(name, value);
    }
    if !header.starts_with("content-type") {
        builder = builder.header("content-type", "application/json");
    }
    let (head, ()) = builder.body(()).unwrap().into_parts();
    let Route::Operation(matched) = rest.route(&head.method, head.uri.path()) else {
        panic!("{request} names no operation");
    };
    let arrival = Arrival { peer: [127, 0, 0, 1].into(), request_id: "r1".to_owned() };
    let body: &[u8] = if head.uri.path().ends_with(":batch") { b"[]" } else { b"{}" };
    let decoded =
        rest.decode(matched, Head { uri: &head.uri, headers: &head.headers }, body, arrival).unwrap();
    (head, decoded.manner)
}

fn fault(kind: Kind, code: &'static str) -> Fault {
    Fault { detail: Some("private".into()), ..Fault::new(kind, code, "a \"quoted\"\nmessage") }
}

fn faults(rest: &Rest, out: &mut String) {
    let field = |field: &str| FieldFault::new(field, "REQUIRED", "is required");
    let budget = Some(Budget { limit: 100, remaining: 0, reset_s: 9 });
    let cases = vec![
        fault(Kind::Unauthenticated, "UNAUTHENTICATED"),
        Fault { bad_token: true, ..fault(Kind::Unauthenticated, "INVALID_TOKEN") },
        fault(Kind::Denied, "ACCESS_DENIED"),
        Fault { fields: vec![field("email"), field("items.0.n")], ..fault(Kind::Invalid, "INVALID_INPUT") },
        fault(Kind::NotFound, "USER_NOT_FOUND"),
        fault(Kind::Conflict, "INSUFFICIENT_FUNDS"),
        fault(Kind::Precondition, "VERSION_MISMATCH"),
        fault(Kind::Mismatch, "IDEMPOTENCY_MISMATCH"),
        fault(Kind::TooLarge, "BODY_TOO_LARGE"),
        fault(Kind::TooLarge, "QUERY_TOO_LONG"),
        Fault { retry_after_s: Some(3), budget, ..fault(Kind::Throttled, "THROTTLED") },
        Fault { budget, ..fault(Kind::Throttled, "THROTTLED") },
        fault(Kind::Timeout, "DEADLINE_EXCEEDED"),
        fault(Kind::Cancelled, "CANCELLED"),
        fault(Kind::Unsupported, "UNSUPPORTED"),
        fault(Kind::Unsupported, "UNSUPPORTED_MEDIA_TYPE"),
        fault(Kind::Unsupported, "NOT_ACCEPTABLE"),
        fault(Kind::Unavailable, "OVERLOADED"),
        fault(Kind::Internal, "INTERNAL"),
    ];
    let about = About { method: &Method::GET, path: "/api/users/a%20b", request_id: "r1" };
    for kind in Kind::ALL {
        assert!(cases.iter().any(|fault| fault.kind == kind), "{kind:?} has no case");
    }
    for fault in cases {
        print(out, &format!("{:?} {}", fault.kind, fault.code), &rest.fault(&fault, &about));
    }
    let head = About { method: &Method::HEAD, ..about };
    print(out, "HEAD", &rest.fault(&fault(Kind::NotFound, "USER_NOT_FOUND"), &head));
}

fn routes(rest: &Rest, out: &mut String) {
    let about = About { method: &Method::TRACE, path: "/api/users", request_id: "r1" };
    match rest.route(&Method::TRACE, "/api/users") {
        Route::MethodNotAllowed(allow) => print(out, "TRACE", &rest.method_not_allowed(allow, &about)),
        other => panic!("{other:?}"),
    }
    match rest.route(&Method::OPTIONS, "/api/users") {
        Route::Options(allow) => print(out, "OPTIONS", &rest.options(allow, &about)),
        other => panic!("{other:?}"),
    }
    print(out, "no path", &rest.not_found(&about));
}

fn print(out: &mut String, case: &str, response: &Response<Vec<u8>>) {
    writeln!(out, "\n## {case}\n{}", response.status().as_u16()).unwrap();
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    for header in headers.iter().filter(|h| !COMMON.contains(&h.as_str())) {
        writeln!(out, "{header}").unwrap();
    }
    for common in COMMON {
        assert!(headers.iter().any(|header| header == common), "{case}: {common}");
    }
    let body = std::str::from_utf8(response.body()).unwrap();
    if !body.is_empty() {
        writeln!(out, "{body}").unwrap();
    }
    assert!(!body.contains("private"), "{case} tells the fault's detail");
}

/// Headers that every response has.
const COMMON: [&str; 3] =
    ["vary: Authorization, Accept, Prefer, Range", "x-content-type-options: nosniff", "x-request-id: r1"];
