//! Whole requests as a table: `tests/requests.txt` has requests and the calls they become, or the fault.
//!
//! A request is `METHOD target`, then ` | name: value` per header and ` | =body`. `BLESS=1` writes what is
//! read now; the difference is then to be looked at.

#![allow(clippy::unwrap_used)]

mod support;

use engine::{Call, Credentials, Grouping, Paging, Total};
use http::Request;
use rest::{Arrival, Decoded, Head, Rest, Route};
use std::fmt::Write as _;
use support::print;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requests.txt");
const ROWS_MIN: usize = 90;

#[test]
fn every_request_becomes_what_the_table_says() {
    let rest = support::rest();
    let table = std::fs::read_to_string(TABLE).unwrap();
    let (mut now, mut rows) = (String::new(), 0);
    for line in table.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(now, "{line}").unwrap();
        if !line.is_empty() && !line.starts_with('#') {
            rows += 1;
            writeln!(now, "    {}", outcome(&rest, line)).unwrap();
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

fn outcome(rest: &Rest, line: &str) -> String {
    let mut parts = line.split(" | ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    let mut body = "";
    for part in parts {
        match part.strip_prefix('=') {
            Some(text) => body = text,
            None => {
                let (name, value) = part.split_once(": ").unwrap();
                request = request.header(name, value);
            }
        }
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let matched = match rest.route(&head.method, head.uri.path()) {
        Route::Operation(matched) => matched,
        Route::Options(allow) => return format!("options {allow}"),
        Route::MethodNotAllowed(allow) => return format!("not allowed, but {allow}"),
        Route::NotFound => return "not found".to_owned(),
        Route::NotMine => return "not mine".to_owned(),
    };
    let arrival = Arrival { peer: [127, 0, 0, 1].into(), request_id: "r1".to_owned() };
    match rest.decode(matched, Head { uri: &head.uri, headers: &head.headers }, body.as_bytes(), arrival) {
        Ok(Decoded { call, .. }) => printed(&call),
        Err(fault) if fault.fields.is_empty() => format!("! {}: {}", fault.code, fault.message),
        Err(fault) => print::error(&fault),
    }
}

fn printed(call: &Call) -> String {
    let mut out = support::contract().operation(call.operation).name.clone();
    let context = &call.context;
    let mut say = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            write!(out, " {what}={value}").unwrap();
        }
    };
    say("key", call.input.key.as_ref().map(|key| format!("{key:?}")));
    say("data", call.input.data.as_ref().map(print::value));
    let selection = match &call.selection {
        engine::Selected::These(selection) => Some(print::selection(selection)),
        engine::Selected::Default | engine::Selected::Prepared(_) => None,
    };
    say("select", selection);
    say("list", print::list(&call.input.list));
    say("paging", (call.input.paging == Paging::Cursors).then(|| "cursors".to_owned()));
    say("grouping", (call.input.grouping == Grouping::ByFields).then(|| "by fields".to_owned()));
    say("total", (call.input.total == Total::Exact).then(|| "exact".to_owned()));
    say(
        "credentials",
        match &context.credentials {
            Credentials::None => None,
            Credentials::Bearer(token) => Some(format!("bearer:{token}")),
            Credentials::Malformed => Some("malformed".to_owned()),
        },
    );
    say("version", context.version.map(|v| v.to_string()));
    say("idempotency", context.idempotency_key.clone());
    say("timeout", context.timeout.map(|t| format!("{t:?}")));
    say("traceparent", context.traceparent.clone());
    out
}
