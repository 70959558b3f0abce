//! Requests that cost as much as they can for what they are charged.

use std::fmt::Write;

/// Documents, and how many bytes the text of each has.
pub const DOCS: usize = 5_000;
const BODY_BYTES: usize = 800;
/// Documents with large JSON.
const LARGE_DOCS: usize = 60;
const LARGE_ITEMS: usize = 97_000;
/// Parts of the first document.
const PARTS: usize = 3_000;

/// A request that is dear for a reason.
#[derive(Debug)]
pub struct Nasty {
    /// What is dear about it.
    pub kind: &'static str,
    /// Method and target.
    pub line: String,
    /// Header fields beside those of every request.
    pub headers: &'static str,
    pub body: String,
}

/// The rows of the tables, as files of lines.
pub fn rows() -> [(&'static str, String); 2] {
    let mut docs = String::new();
    let zeros = vec!["0"; LARGE_ITEMS].join(",");
    let large = format!("{}[{zeros}]{}", "{\"a\":".repeat(12), "}".repeat(12));
    for n in 0..DOCS {
        let body: String = (0..BODY_BYTES / 8).map(|at| ["aaaa bbb", "abab zz "][(at + n) % 2]).collect();
        let data = if n < LARGE_DOCS { large.as_str() } else { r#"{"a":1}"# };
        let _ = writeln!(
            docs,
            r#"{{"id":"d{n}","title":"t{}","body":"{body}","data":{data},"n":{}}}"#,
            n % 97,
            n % 10
        );
    }
    let mut parts = String::new();
    for n in 0..PARTS {
        let _ = writeln!(parts, r#"{{"id":"p{n}","doc":"d0","text":"aaaaaaaabababa{n}","n":{n}}}"#);
    }
    [("Doc", docs), ("Part", parts)]
}

fn get(kind: &'static str, target: String) -> Nasty {
    Nasty { kind, line: format!("GET {target}"), headers: "", body: String::new() }
}

fn post(kind: &'static str, target: &str, body: String) -> Nasty {
    Nasty { kind, line: format!("POST {target}"), headers: "content-type: application/json\r\n", body }
}

fn graphql(kind: &'static str, query: &str) -> Nasty {
    post(kind, "/graphql", format!(r#"{{"query":{}}}"#, serde_json::Value::from(query)))
}

/// All of them. `round` makes those anew that a cache would know.
pub fn all(round: usize) -> Vec<Nasty> {
    let regexes: Vec<String> = (0..40).map(|n| format!("%22%5C%5Cw%7B2%7D{round}{n}%22")).collect();
    let likes = vec!["body.ilike.*a%25b*a%25b*a%25zN*"; 55].join(",");
    let paths: String = (0..16).map(|n| format!("&data-%3E{}0=neq.{n}", "a-%3E".repeat(12))).collect();
    let values: Vec<String> = (0..1000).map(|n| format!("{round}x{n}")).collect();
    let orders: Vec<String> = (0..12).map(|n| format!("data-%3E{}{n}.desc", "a-%3E".repeat(12))).collect();
    let fields: String = (0..1700).map(|n| format!(" a{n}:id")).collect();
    let wrong: String = (0..60_000).map(|n| format!(",\"a{n}\":1")).collect();
    let secrets: Vec<String> = (0..20)
        .map(|n| format!(r#"{{"create":{{"id":"a{round}-{n}","password":"a long password"}}}}"#))
        .collect();
    let counts: String =
        (0..20).map(|n| format!(" c{n}:partsCount(where:{{text:{{ilike:\"%aNz%b%c%{n}%\"}}}})")).collect();
    let deep = format!("{}id{}", "doc{parts(limit:2){".repeat(3), "}}".repeat(3));
    vec![
        get(
            "regular expressions that are compiled",
            format!("/api/docs?select=id&limit=1&title=match(any).%7B{}%7D", regexes.join(",")),
        ),
        get(
            "a regular expression over long texts",
            "/api/docs?select=id&limit=1&body=match.(a%7Cb%7C%20)*zN%5Cw%5Cw".to_owned(),
        ),
        get("LIKE over long texts", format!("/api/docs?select=id&limit=1&or=({likes})")),
        get("steps into large JSON", format!("/api/docs?select=id&limit=1{paths}")),
        get("an order by parts of JSON", format!("/api/docs?select=id&limit=1&order={}", orders.join(","))),
        get(
            "a search of phrases",
            "/api/docs?select=id&limit=1&body=fts.aaaa%3C-%3Ebbb%3C-%3Eaaaa%3C-%3Ebbb%3C-%3Ezn".to_owned(),
        ),
        get(
            "containment in large JSON",
            "/api/docs?select=id&limit=1&data=cs.%7B%22a%22:%7B%22a%22:%7B%22b%22:1%7D%7D%7D".to_owned(),
        ),
        get("groups by long texts", "/api/docs?select=body,count()&limit=1".to_owned()),
        get("an order by long texts", "/api/docs?select=id&limit=1&order=body.desc,title".to_owned()),
        get(
            "a list of a thousand values",
            format!("/api/docs?select=id&limit=1&title=gt(all).%7B{}%7D", values.join(",")),
        ),
        get(
            "large parts of an answer",
            format!("/api/docs?select=id,data-%3E{}a&limit=60", "a-%3E".repeat(11)),
        ),
        get("recursion in an own statement", "/api/count-to?n=30000000".to_owned()),
        Nasty {
            headers: "accept-encoding: gzip\r\n",
            ..get("an answer that is compressed", "/api/docs?select=id,body,data&limit=25".to_owned())
        },
        Nasty {
            headers: "accept-encoding: br\r\n",
            ..get("a long list that is compressed", "/api/docs?select=id,title,body&limit=1000".to_owned())
        },
        graphql("counts in each record", &format!("{{docs(limit:50){{id{counts}}}}}")),
        graphql("a broad document", &format!("{{docs(limit:1){{id{fields} r{round}:id}}}}")),
        graphql(
            "a document that is refused",
            &format!("{{docs(limit:1){{{}nothing{round}}}}}", "id ".repeat(4000)),
        ),
        graphql("a deep document", &format!("{{parts(limit:3){{{deep} r{round}:id}}}}")),
        post("a large body that is refused", "/api/docs", format!(r#"{{"id":"x"{wrong}}}"#)),
        post("a large body that is read", "/api/docs", large_doc(round)),
        post("a batch of secrets", "/api/accounts:batch", format!("[{}]", secrets.join(","))),
        post("a place in a long text", "/worst.v1.WorstService/PlaceOf", long_texts()),
        Nasty {
            headers: "content-type: application/json\r\nprefer: wait=1\r\n",
            ..post(
                "a write whose answer is a long read",
                "/api/docs:batch?select=id,parts(text)&parts.limit=100",
                r#"[{"update":{"id":"d0","n":1}}]"#.to_owned(),
            )
        },
    ]
}

fn large_doc(round: usize) -> String {
    format!(
        r#"{{"id":"x{round}","title":"t","body":"{}","data":[{}0]}}"#,
        "ä\\n".repeat(100_000),
        "0,".repeat(5_000)
    )
}

/// A text, and one that is nearly part of it at many places.
fn long_texts() -> String {
    format!(r#"{{"whole":"{}","part":"{}b"}}"#, "a".repeat(600_000), "a".repeat(300_000))
}
