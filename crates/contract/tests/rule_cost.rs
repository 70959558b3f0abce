//! What a rule costs on every call.
#![allow(clippy::unwrap_used, unsafe_code)]

use contract::Reduced;
use contract::rule::sample::sample;
use contract::rule::{Facts, Value, compile};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every method hands its arguments to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps `GlobalAlloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `GlobalAlloc`'s contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The rule, what is left of it for an admin `u1` with some claims, and the allocations that takes at the
/// most.
const RULES: [(&str, &str, usize); 19] = [
    ("true", "always", 0),
    ("caller.id != null && 'admin' in caller.roles", "always", 0),
    ("'auditor' in caller.roles || caller.scopes.exists(s, s == 'x')", "never", 0),
    ("published || 'admin' in caller.roles", "always", 0),
    ("comments.exists(c, c.hidden) && 'auditor' in caller.roles", "never", 0),
    ("published && caller.claims.missing == 'x'", "never", 0),
    ("published || caller.claims.missing == 'x'", "published", 2),
    ("caller.id == author", "\"u1\" == author", 3),
    ("published || caller.id == author", "published || \"u1\" == author", 5),
    ("rank > caller.claims.level", "rank > 3", 2),
    ("rank > caller.claims.name", "never", 0),
    ("price > caller.claims.level", "price > 3.00", 6),
    ("price > caller.claims.fine", "never", 2),
    ("author.name in caller.claims.names", "author.name == null || author.name in [\"a\", \"b\"]", 11),
    ("!(author in caller.claims.names)", "author != null && !(author in [\"a\", \"b\"])", 11),
    ("caller.claims.names.exists(n, n == title)", "null == title || \"a\" == title || \"b\" == title", 10),
    ("createdAt > now - duration('1h')", "createdAt > \"2026-11-22T17:32:34.000000Z\"", 4),
    ("createdAt < timestamp(caller.claims.until)", "createdAt < \"2026-12-31T23:00:00.000000Z\"", 4),
    ("caller.claims.name.matches('^al') && title.matches('x+')", "title.matches(\"x+\")", 3),
];

#[test]
fn what_is_left_and_what_it_takes() {
    let sample = sample();
    let [a, b] = ["a", "b"].map(|name| Value::Text(name.to_owned()));
    let members = [
        ("level", Value::Int(3)),
        ("name", Value::Text("alice".to_owned())),
        ("names", Value::List(vec![Value::Null, a, b])),
        ("fine", Value::Float(0.125)),
        ("until", Value::Text("2027-01-01T00:00:00+01:00".to_owned())),
    ];
    let claims = Value::Map(members.map(|(name, value)| (name.to_owned(), value)).into());
    let roles = ["admin".to_owned()];
    let facts = Facts {
        caller_id: Some("u1"),
        roles: &roles,
        scopes: &[],
        claims: &claims,
        now: "2026-11-22T18:32:34.000000Z",
        arguments: &[],
        message: None,
    };
    for (source, wanted, allocations_max) in RULES {
        let expr = compile(source, &sample.scope()).unwrap();
        // The first run of a regular expression makes its cache.
        drop(expr.reduce(&facts));
        let before = ALLOCATIONS.get();
        let reduced = expr.reduce(&facts);
        let allocations = ALLOCATIONS.get() - before;
        let found = match &reduced {
            Reduced::Always => "always".to_owned(),
            Reduced::Never => "never".to_owned(),
            Reduced::Depends(expr) => expr.named(&sample.resources).to_string(),
        };
        assert_eq!(found, wanted, "{source}");
        assert!(allocations <= allocations_max, "{source}: {allocations} allocations");
    }
}
