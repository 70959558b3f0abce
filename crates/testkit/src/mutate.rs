//! Requests that no proper client sends, made from ones that it does.

use crate::chance::Chance;
use crate::query::encode;

/// Whether the bytes are a well-formed HTTP/1.1 message, so that an answer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Yes.
    Sound,
    /// No: the server may answer or close.
    Broken,
}

/// Bytes to send.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Whether an answer is due.
    pub framing: Framing,
}

/// Proper requests of the tour: method, target, body. Those that hash a password are few, for they are slow on purpose.
const PROPER: &[(&str, &str, &str)] = &[
    ("GET", "/api/users/u1", ""),
    ("GET", "/api/users?select=id,name,posts(id,title,comments(text,author(name)))&limit=3", ""),
    ("GET", "/api/users/u1/posts?order=createdAt.desc&limit=2", ""),
    ("GET", "/api/posts?limit=20&offset=1&order=title.asc.nullslast,id", ""),
    ("GET", "/api/posts?title=like.A%25&or=(id.eq.post1,and(id.gt.post2,not.title.is.null))", ""),
    ("GET", "/api/posts?select=*,author!inner(name)&author.name=in.(Ada%20Abel,%22Ben,%20Brook%22)", ""),
    ("GET", "/api/posts?select=title,...author(writer:name)&content=fts.harbor", ""),
    ("GET", "/api/comments?text=imatch.%5Ea.%2Bz%24&createdAt=gte.2026-01-05T00:00:00Z", ""),
    ("GET", "/api/products?price=lt.100&inventory=not.eq.0", ""),
    ("GET", "/api/products/p1", ""),
    ("GET", "/api/product-pages?pageSize=1&pageToken=p1", ""),
    ("GET", "/api/orders/o1/items?select=quantity,price,product(name)", ""),
    ("GET", "/api/orderItems?price=gte.27.50&quantity=eq(any).{1,2}", ""),
    ("GET", "/api/accounts?balance=gt.10.00", ""),
    ("GET", "/api/transfers", ""),
    ("HEAD", "/api/products", ""),
    ("OPTIONS", "/api/products", ""),
    ("POST", "/api/posts", r#"{"title": "A storm", "content": "It rained."}"#),
    ("POST", "/api/posts/post1/comments", r#"{"text": "Hear, hear."}"#),
    ("POST", "/api/follows", r#"{"follower": "u1", "followee": "u4"}"#),
    ("POST", "/api/orders", r#"{"status": "OPEN"}"#),
    ("POST", "/api/orderItems", r#"{"order": "o1", "product": "p2", "quantity": 3, "price": "29.99"}"#),
    ("POST", "/api/transfers", r#"{"fromAccount": "a1", "toAccount": "a2", "amount": "0.01"}"#),
    ("POST", "/api/inventory", r#"{"updates": [{"productId": "p1", "quantityChange": 1}]}"#),
    ("PATCH", "/api/posts/post1", r#"{"title": "Tide tables, again"}"#),
    ("PATCH", "/api/products/p1", r#"{"price": 999.99, "inventory": 50}"#),
    ("PATCH", "/api/users/u1", r#"{"name": "Ada Abel"}"#),
    ("PUT", "/api/products/p9", r#"{"name": "Lamp", "price": 5, "inventory": 1}"#),
    ("DELETE", "/api/comments/c6", ""),
    ("DELETE", "/api/products/p9", ""),
];

/// A request whose password is hashed, once in a while.
const REGISTER: (&str, &str, &str) =
    ("POST", "/api/users", r#"{"name": "Eva", "email": "eva@example.com", "password": "eva's secret"}"#);
/// One request in so many is [`REGISTER`].
const REGISTER_ONE_IN: usize = 400;

/// Texts that have broken servers before.
const HOSTILE: &[&str] = &[
    "",
    "'",
    "\"",
    "''",
    "\\",
    ";",
    "--",
    "' OR '1'='1",
    "'; DROP TABLE user; --",
    "1 UNION SELECT password FROM user",
    "\" OR \"\"=\"",
    "%",
    "_",
    "*",
    "(",
    ")",
    "((((",
    "))))",
    "{",
    "}",
    "[",
    "]",
    ",",
    ".",
    ":",
    "..",
    "../../etc/passwd",
    "\0",
    "\u{1}",
    "\n",
    "\r\n",
    "\u{7f}",
    "\u{feff}",
    "\u{202e}",
    "\u{1F600}",
    "e\u{301}",
    "\u{10FFFF}",
    "null",
    "true",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "1e-999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999999999999999999",
    "0.1",
    "0.001",
    "0x10",
    "2026-13-45",
    "9999-12-31T23:59:60Z",
    "0000-00-00",
    "P99999999999Y",
    "is.null",
    "not.not.eq.1",
    "eq.",
    "in.()",
    "in.(",
    "and()",
    "or=(",
    "select=*",
    "$1",
    ":a",
    "?1",
    "@x",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "<script>",
    "(?:a+)+$",
    "(a|a)*b",
    "[[:alpha:]]",
    "\\p{L}",
    "{1,2",
    "{\"a\":",
    "->",
    "->>",
    "->0",
    "author->name",
    "id::text",
    "count()",
    "_septet_outbox",
    "sqlite_master",
    "password",
    "author.author.author.name",
    "posts.author.posts",
    "*,*",
    "...",
    "!inner",
    "a!b!c(d)",
    "x:y:z",
];

/// Names and signs of the query grammar, to be strung together.
const GRAMMAR: &[&str] = &[
    "select",
    "order",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "id",
    "name",
    "title",
    "author",
    "comments",
    "posts",
    "followers",
    "password",
    "createdAt",
    "price",
    "=",
    "&",
    "(",
    ")",
    ",",
    ".",
    ":",
    "!",
    "*",
    "...",
    "->",
    "->>",
    "{",
    "}",
    "\"",
    "eq",
    "neq",
    "gt",
    "lte",
    "like",
    "ilike",
    "match",
    "in",
    "is",
    "isdistinct",
    "fts",
    "phfts(english)",
    "cs",
    "ov",
    "any",
    "all",
    "null",
    "true",
    "desc",
    "nullsfirst",
    "inner",
    "-1",
    "0",
    "18446744073709551616",
    "%00",
    "%",
    "%zz",
    "%C0%80",
    "%F0%9F%98%80",
    "+",
    ";",
];

/// Headers that mean something or look as if they did.
const HEADERS: &[&str] = &[
    "accept: text/html",
    "accept: */*;q=0",
    "accept: application/xml",
    "accept: ,,,;;;",
    "accept-encoding: br;q=2",
    "content-type: text/plain",
    "content-type: application/json; charset=utf-16",
    "content-type: ;;",
    "prefer: count=exact",
    "prefer: count=planned, return=minimal, foo",
    "prefer: =",
    "range: 0-1",
    "range: bytes=5-1",
    "range-unit: items",
    "if-match: \"1\"",
    "if-match: *",
    "if-match: W/\"x",
    "if-none-match: *",
    "if-none-match: \"\"",
    "idempotency-key: k",
    "idempotency-key: ",
    "x-request-id: \u{1F600}",
    "x-request-id: a\tb",
    "traceparent: 00-0-0-0",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "expect: 100-continue",
    "te: trailers",
    "upgrade: h2c",
    "connection: close",
    "connection: upgrade, keep-alive",
    "x-http-method-override: DELETE",
    "x-forwarded-for: 1.2.3.4, ::1",
    "forwarded: for=\"_x\"",
    "cookie: a=b; a=c",
    "origin: null",
    "authorization: Basic Og==",
    "authorization: Bearer",
    "authorization: bearer  x",
    "host: other",
    "content-encoding: gzip",
    "content-language: x",
];

fn hostile(chance: &mut Chance) -> &'static str {
    HOSTILE[chance.below(HOSTILE.len())]
}

/// Makes one request.
pub fn attempt(chance: &mut Chance, tokens: &[String]) -> Attempt {
    if chance.one_in(20) {
        return noise(chance, tokens);
    }
    let (method, target, body) = if chance.one_in(REGISTER_ONE_IN) { REGISTER } else { *chance.pick(PROPER) };
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: authorization(chance, tokens),
        body: body.as_bytes().to_vec(),
    };
    for _ in 0..chance.below(4) {
        request.mutate(chance);
    }
    Attempt { bytes: request.bytes(), framing: Framing::Sound }
}

#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn mutate(&mut self, chance: &mut Chance) {
        match chance.below(6) {
            0 => self.target = path(chance, &self.target),
            1 | 2 => self.target = query(chance, &self.target),
            3 => self.body = body(chance, &self.body),
            4 => self.headers.push(header(chance)),
            _ if chance.one_in(8) => {
                self.method =
                    (*chance.pick(&["GET", "PUT", "POST", "PATCH", "DELETE", "BREW", "TRACE"])).to_owned();
            }
            _ => {
                let target = std::mem::take(&mut self.target);
                self.target = text(chance, &target);
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", self.method, self.target);
        for header in &self.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        if !self.body.is_empty() {
            if !self.headers.iter().any(|h| h.starts_with("content-type")) {
                head.push_str("content-type: application/json\r\n");
            }
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

fn authorization(chance: &mut Chance, tokens: &[String]) -> Vec<String> {
    let token = chance.pick(tokens);
    match chance.below(12) {
        0 => Vec::new(),
        1 => vec![format!("authorization: Bearer {}", damaged(chance, token))],
        _ => vec![format!("authorization: Bearer {token}")],
    }
}

/// A token with something about it that is not right.
fn damaged(chance: &mut Chance, token: &str) -> String {
    let at = chance.below(token.len());
    match chance.below(6) {
        0 => token[..at].to_owned(),
        1 => format!("{token}{}", encode(hostile(chance))),
        // {"alg":"none"}
        2 => format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap_or("")),
        3 => token.replace('.', ""),
        4 => format!("{0}.{0}.{0}.{0}", &token[at..]),
        _ => {
            let other = char::from(*chance.pick(b"AQgw_-09.="));
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        }
    }
}

/// Another path: a segment replaced, repeated, added.
fn path(chance: &mut Chance, target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
    let at = chance.below(segments.len().max(1)).min(segments.len().saturating_sub(1));
    let new = encode(hostile(chance));
    match chance.below(5) {
        0 => segments.push(new),
        1 if segments.len() < 40 => segments.extend(segments.clone()),
        2 => segments.insert(at, String::new()),
        3 => segments = vec![new.repeat(1 + chance.below(300))],
        _ => {
            if let Some(segment) = segments.get_mut(at) {
                *segment = new;
            }
        }
    }
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/{}{mark}{query}", segments.join("/"))
}

/// Another query: words of its grammar strung together, a parameter with a hostile value, nesting.
fn query(chance: &mut Chance, target: &str) -> String {
    let mark = if target.contains('?') { '&' } else { '?' };
    let field =
        *chance.pick(&["id", "title", "select", "order", "limit", "offset", "or", "and", "not.or", "price"]);
    match chance.below(5) {
        0 => {
            let words = 1 + chance.below(30);
            let strung: String = (0..words).map(|_| *chance.pick(GRAMMAR)).collect();
            format!("{target}{mark}{}", safe(&strung))
        }
        1 => format!("{target}{mark}{field}={}", encode(hostile(chance))),
        2 => {
            let operator =
                *chance.pick(&["eq", "like", "in", "is", "cs", "match", "wfts", "eq(any)", "not.ilike"]);
            format!("{target}{mark}{field}={operator}.{}", encode(hostile(chance)))
        }
        3 => {
            let deep = chance.below(400);
            format!("{target}{mark}or={}id.eq.1{}", "(and".repeat(deep), ")".repeat(deep))
        }
        _ => {
            let deep = chance.below(100);
            format!("{target}{mark}select={}id{}", "posts(author(".repeat(deep), "))".repeat(deep))
        }
    }
}

/// Another body: a hostile value, a damaged byte, nesting, a doubled member, something else altogether.
fn body(chance: &mut Chance, body: &[u8]) -> Vec<u8> {
    let bad = serde_json::Value::from(hostile(chance)).to_string();
    let old = String::from_utf8_lossy(body).into_owned();
    match chance.below(7) {
        0 => bad.into_bytes(),
        1 => old.replacen(": ", &format!(": {bad}, \"x\": "), 1).into_bytes(),
        2 => old.replacen(": \"", &format!(": {} , \"title\": \"", hostile(chance)), 1).into_bytes(),
        3 => "[".repeat(chance.below(30_000)).into_bytes(),
        4 => {
            format!("{}1{}", "{\"a\":".repeat(chance.below(200)), "}".repeat(chance.below(200))).into_bytes()
        }
        5 => old.replace('}', &format!(", {bad}: {bad}, {bad}: null}}")).into_bytes(),
        _ => {
            let mut bytes = body.to_vec();
            for _ in 0..=chance.below(4) {
                let at = chance.below(bytes.len() + 1);
                bytes.insert(at, chance.next() as u8);
            }
            bytes
        }
    }
}

fn header(chance: &mut Chance) -> String {
    match chance.below(6) {
        0 => format!("x-{}: {}", chance.below(1000), "a".repeat(chance.below(4000))),
        _ => (*chance.pick(HEADERS)).to_owned(),
    }
}

/// One character of a target replaced, doubled or left out; it stays one that a target may have.
fn text(chance: &mut Chance, target: &str) -> String {
    let mut bytes = safe(target).into_bytes();
    let at = 1 + chance.below(bytes.len().max(2) - 1);
    match (at < bytes.len(), chance.below(3)) {
        (true, 0) => bytes[at] = *chance.pick(b"()*,.:=&?%/'!-_0a"),
        (true, 1) => bytes.insert(at, *chance.pick(b"()*,.:=&?%/'!-_0a")),
        (true, _) => drop(bytes.remove(at)),
        (false, _) => bytes.push(b'%'),
    }
    bytes.into_iter().map(char::from).collect()
}

/// Leaves what may stand in a target and encodes the rest.
fn safe(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '!'..='~' if !"\"<>\\^`{|}#".contains(c) => c.to_string(),
            _ => encode(&c.to_string()),
        })
        .collect()
}

/// Bytes that are no HTTP, or HTTP that lies about itself.
fn noise(chance: &mut Chance, tokens: &[String]) -> Attempt {
    let token = chance.pick(tokens);
    let whole = format!(
        "POST /api/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 9\r\n\r\n{{\"a\": 12}}"
    );
    let bytes = match chance.below(6) {
        0 => (0..chance.below(2000)).map(|_| chance.next() as u8).collect(),
        1 => whole.as_bytes()[..chance.below(whole.len())].to_vec(),
        2 => whole.replace("content-length: 9", "content-length: 99").into_bytes(),
        3 => {
            whole.replace("content-length: 9", "content-length: 9\r\ntransfer-encoding: chunked").into_bytes()
        }
        4 => format!("GET / HTTP/{}.{}\r\n\r\n", chance.below(10), chance.below(10)).into_bytes(),
        _ => {
            let mut bytes = whole.into_bytes();
            for _ in 0..=chance.below(20) {
                let at = chance.below(bytes.len());
                bytes[at] = chance.next() as u8;
            }
            bytes
        }
    };
    Attempt { bytes, framing: Framing::Broken }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What is called sound is HTTP to an independent reader, with a body as long as it says.
    #[test]
    fn sound_requests_are_http() {
        let mut chance = Chance::new(1);
        let tokens = ["aaaa.bbbb.cccc".to_owned()];
        let mut sound = 0;
        for _ in 0..20_000 {
            let attempt = attempt(&mut chance, &tokens);
            if attempt.framing == Framing::Broken {
                continue;
            }
            sound += 1;
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut request = httparse::Request::new(&mut headers);
            let shown = String::from_utf8_lossy(&attempt.bytes).into_owned();
            let status = request.parse(&attempt.bytes).unwrap_or_else(|e| panic!("{e}: {shown}"));
            let httparse::Status::Complete(head) = status else { panic!("no end: {shown}") };
            let length = request.headers.iter().find(|h| h.name == "content-length").map(|h| h.value);
            let length: usize = length.map_or(0, |l| std::str::from_utf8(l).unwrap().parse().unwrap());
            assert_eq!(attempt.bytes.len() - head, length, "{shown}");
        }
        assert!(sound > 18_000);
    }
}
