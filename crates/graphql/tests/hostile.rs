//! Documents made to be expensive: each is refused, soon, and on a small stack.

#![allow(clippy::unwrap_used)]

mod support;

use graphql::fuzz::{fuzz_document, fuzz_manifest, fuzz_request};
use graphql::{DocumentBounds, Settings};
use http_semantics::fuzz::mutate;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use support::{face, json, post, service};

/// A quarter of what a worker has.
const STACK_BYTES: usize = 512 << 10;
/// For one document, on a machine that does other things too.
const TIME_MAX: Duration = Duration::from_secs(2);
/// Runs on a stack of a size that is known.
fn on_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    let work = move || send.send(run()).unwrap();
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
    receive.recv().unwrap()
}

/// The codes that documents are refused with, each in time.
fn refusals(bounds: DocumentBounds, documents: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    on_small_stack(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let settings = Settings { documents: bounds, ..Settings::default() };
        let service = service(settings);
        let mut refusals = Vec::new();
        for (name, document) in documents {
            let begun = Instant::now();
            let request = format!("{{\"query\":{}}}", json(&document));
            let (status, answer) = runtime.block_on(post(&service, &request));
            assert!(begun.elapsed() < TIME_MAX, "{name} took {:?}", begun.elapsed());
            assert!(answer.len() < 64 << 10, "{name}: the answer is short");
            let mut codes: Vec<&str> =
                answer.split("\"code\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            codes.dedup();
            refusals.push((name, format!("{status} {}", codes.join(" "))));
        }
        refusals
    })
}

/// Fragments that each spread the next one twice.
fn bomb(levels: usize, each: impl Fn(usize) -> String) -> String {
    let fragments: Vec<String> =
        (0..levels).map(|at| format!("fragment f{at} on Post {{ {} }}", each(at + 1))).collect();
    format!("{{ posts {{ ...f0 }} }} {} fragment f{levels} on Post {{ id }}", fragments.join(" "))
}

/// Documents with what they are refused for by default.
fn documents() -> Vec<(&'static str, &'static str, String)> {
    let (limit, invalid, parse) =
        ("400 LIMIT_EXCEEDED", "400 GRAPHQL_VALIDATION_FAILED", "400 GRAPHQL_PARSE_FAILED");
    let ring = |length: usize| {
        let fragments =
            (0..length).map(|at| format!("fragment f{at} on Post {{ ...f{} }}", (at + 1) % length));
        format!("{{ posts {{ ...f0 }} }} {}", fragments.collect::<Vec<_>>().join(" "))
    };
    vec![
        ("100,000 open braces", limit, "{".repeat(100_000)),
        ("nested fields", limit, "{ a ".repeat(20_000)),
        ("nested inline fragments", limit, format!("{{ {} }}", "... { ".repeat(10_000))),
        ("closed inline fragments", limit, nested("{ ... ", "{ __typename }", " }", 250)),
        ("nested lists in a value", limit, format!("{{ products(limit: {}) {{ id }} }}", "[".repeat(60_000))),
        (
            "closed lists in a value",
            limit,
            format!("{{ products(limit: {}{}) {{ id }} }}", "[".repeat(9_000), "]".repeat(9_000)),
        ),
        (
            "closed lists within the syntax",
            invalid,
            format!("{{ products(limit: {}{}) {{ id }} }}", "[".repeat(150), "]".repeat(150)),
        ),
        ("nested objects in a value", limit, format!("{{ products(where: {}", "{not: ".repeat(30_000))),
        ("a list type without end", limit, format!("query($a: {}", "[".repeat(60_000))),
        ("depth", limit, nested("{ posts { author ", "{ id }", "} }", 15)),
        (
            "depth through fragments",
            limit,
            format!(
                "{{ posts {{ ...f0 }} }} {} fragment f20 on Post {{ id }}",
                (0..20)
                    .map(|at| format!("fragment f{at} on Post {{ author {{ posts {{ ...f{} }} }} }}", at + 1))
                    .collect::<String>()
            ),
        ),
        ("breadth", limit, format!("{{ products {{ {} }} }}", "id ".repeat(257))),
        ("the same root field", limit, format!("{{ {} }}", "__typename ".repeat(500))),
        (
            "root fields",
            limit,
            format!("{{ {} }}", (0..21).map(|at| format!("a{at}: __typename ")).collect::<String>()),
        ),
        (
            "aliases",
            limit,
            format!("{{ products {{ {} }} }}", (0..65).map(|at| format!("a{at}: id ")).collect::<String>()),
        ),
        ("directives", limit, format!("{{ products {{ {} }} }}", "id @skip(if: false) ".repeat(65))),
        ("directives at one place", limit, format!("{{ __typename {} }}", "@aa".repeat(10))),
        (
            "fragments",
            limit,
            format!(
                "{{ __typename }} {}",
                (0..129).map(|at| format!("fragment f{at} on Post {{ id }} ")).collect::<String>()
            ),
        ),
        ("a bomb of spreads", limit, bomb(60, |next| format!("...f{next} ...f{next}"))),
        (
            "a bomb of fields",
            limit,
            bomb(60, |next| {
                format!("a: author {{ posts {{ ...f{next} }} }} b: author {{ posts {{ ...f{next} }} }}")
            }),
        ),
        (
            "fields in all",
            limit,
            format!(
                "{{ {} }} fragment f on Product {{ {} }}",
                "products { ...f ...f } ".repeat(20),
                "id ".repeat(120)
            ),
        ),
        ("a fragment of itself", invalid, ring(1)),
        ("a ring of fragments", invalid, ring(100)),
        ("a long chain of fragments", invalid, bomb(120, |next| format!("...f{next}"))),
        ("a large text", limit, format!("{{ products(id: \"{}\") {{ id }} }}", "x".repeat(200_000))),
        (
            "a text within bounds",
            invalid,
            format!("{{ products(id: \"{}\") {{ id }} }}", "x".repeat(100_000)),
        ),
        ("a long name", invalid, format!("{{ {} }}", "x".repeat(100_000))),
        ("a long number", invalid, format!("{{ products(limit: {}) {{ id }} }}", "9".repeat(100_000))),
        ("white space", limit, format!("{{ {} __typename }}", ", ".repeat(60_000))),
        ("comments", limit, format!("{} {{ __typename }}", "#\n".repeat(60_000))),
        ("unknown characters", parse, "%".repeat(10_000)),
        ("an unfinished text", parse, format!("{{ a(b: \"{}", "\\\"".repeat(40_000))),
        ("an unfinished block text", parse, format!("{{ a(b: \"\"\"{}", "\"\"".repeat(40_000))),
        (
            "unknown fields",
            invalid,
            format!("{{ products {{ {} }} }}", (0..200).map(|at| format!("x{at} ")).collect::<String>()),
        ),
        (
            "unknown arguments",
            invalid,
            format!(
                "{{ products({}) {{ id }} }}",
                (0..4_000).map(|at| format!("a{at}:1 ")).collect::<String>()
            ),
        ),
        (
            "one argument many times",
            invalid,
            format!("{{ products({}) {{ id }} }}", "limit:1 ".repeat(4_000)),
        ),
        ("one variable many times", invalid, format!("query({}) {{ __typename }}", "$a:Int ".repeat(3_000))),
        (
            "unused variables",
            invalid,
            format!(
                "query({}) {{ __typename }}",
                (0..3_000).map(|at| format!("$a{at}:Int ")).collect::<String>()
            ),
        ),
        (
            "one field of an object many times",
            invalid,
            format!("{{ products(where: {{ {} }}) {{ id }} }}", "and: [] ".repeat(2_000)),
        ),
        ("operations of one name", invalid, "query A { __typename } ".repeat(1_000)),
        (
            "conflicting fields",
            invalid,
            format!(
                "{{ {} }}",
                (0..20).map(|at| format!("products(limit: {at}) {{ id }} ")).collect::<String>()
            ),
        ),
        ("nothing", parse, String::new()),
        ("a null character", parse, "\0".to_owned()),
    ]
}

/// `open` so many times, the inside, `close` as often.
fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn hostile_documents_are_refused() {
    let documents = documents();
    let expected: Vec<(&str, String)> =
        documents.iter().map(|(name, code, _)| (*name, (*code).to_owned())).collect();
    let documents = documents.into_iter().map(|(name, _, document)| (name, document)).collect();
    let found = refusals(DocumentBounds::default(), documents);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

/// Whatever the operator allows, what recurses does so within bounds of its own.
#[test]
fn the_widest_bounds_are_still_safe() {
    let wide = 1 << 20;
    let bounds = DocumentBounds {
        bytes_max: 4 << 20,
        tokens_max: wide,
        depth_max: wide,
        breadth_max: wide,
        fields_max: 20_000,
        root_fields_max: wide,
        aliases_max: wide,
        directives_max: wide,
        fragments_max: wide,
    };
    let documents: Vec<(&str, String)> =
        documents().into_iter().map(|(name, _, document)| (name, document)).collect();
    for (name, found) in refusals(bounds, documents) {
        // Who asks is nobody, and some of it is closed to strangers whatever they send.
        let is_answered = ["200", "400", "401"].iter().any(|status| found.starts_with(status));
        assert!(is_answered, "{name}: {found}");
    }
}

#[test]
fn deep_variables_are_refused() {
    let answers = on_small_stack(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let service = service(Settings::default());
        let query = "\"query($w: ProductFilter) { products(where: $w) { id } }\"";
        let deep = |open: &str, close: &str, times: usize| {
            let variables = format!("{{\"w\":{}{{}}{}}}", open.repeat(times), close.repeat(times));
            format!("{{\"query\":{query},\"variables\":{variables}}}")
        };
        let requests =
            [deep("{\"not\":", "}", 30), deep("{\"not\":", "}", 300), deep("{\"not\":", "", 100_000)];
        requests.map(|request| runtime.block_on(post(&service, &request)).0)
    });
    assert_eq!(answers, [200, 400, 400]);
}

const DOCUMENTS: [&str; 6] = [
    "{ products(limit: 3, where: { price: { gt: 1.5 }, name: { in: [\"a\", \"b\"] } }) { id name price } }",
    "query Q($id: ID!, $yes: Boolean = true) { user(id: $id) { ...f @include(if: $yes) } } fragment f on User { id posts(orderBy: [{ createdAt: DESC }]) { title author { name } } }",
    "mutation { createPost(title: \"\"\"x\"\"\", content: \"\\u{1F600}\") { id } }",
    "{ __schema { types { name fields(includeDeprecated: true) { name type { ofType { name } } } } } }",
    "query A { node(id: \"x\") { __typename ... on User { email } } } query B { a: usersCount b: usersCount }",
    "{ usersConnection(first: 2, after: null) { edges { cursor node { id } } pageInfo { endCursor } } }",
];

#[test]
fn mutated_documents() {
    on_small_stack(|| {
        let face = face(Settings::default()).unwrap();
        let words = [
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "...",
            "@skip(if: true)",
            "$",
            "\"",
            "\"\"\"",
            "\\",
            "#",
            ":",
            "!",
            "=",
            " on User",
            "null",
            "-1e9",
            "fragment f on User { ...f }",
            "a: ",
            "__type(name: \"User\") { name }",
        ];
        mutate(&DOCUMENTS, &words, |data| fuzz_document(&face, data));
    });
}

#[test]
fn mutated_lists_of_documents() {
    let seeds = [
        r#"{"0a": "{ a }", "0b": "query B { b }"}"#,
        r#"{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"1","name":"C","type":"query","body":"{ c }"}]}"#,
    ];
    let words = ["\"", "{", "}", "[", "operations", "id", "body", ",", ":", "null", "\\u00e9"];
    mutate(&seeds, &words, fuzz_manifest);
}

#[test]
fn mutated_requests() {
    let seeds = [
        "{\"query\":\"{a}\",\"variables\":{\"b\":[1,null]},\"operationName\":\"c\",\"extensions\":{\"cost\":true}}",
        "{\"documentId\":\"x\",\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38\"}}}",
        "query=%7Ba%7D&variables=%7B%22b%22%3A1%7D&operationName=c&extensions=%7B%7D",
        "application/graphql-response+json;q=0.5, application/json; charset=utf-8",
    ];
    let words =
        ["\"", "{", "}", "[", "null", ",", ":", "&", "=", "%7B", "query", "variables", "1", "*/*", ";q=0"];
    mutate(&seeds, &words, fuzz_request);
}
