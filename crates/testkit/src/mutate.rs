//! Requests that no proper client sends, made from ones that it does.

mod graphql;
mod grpc;

use crate::chance::Chance;
use crate::corpus::grpc::CALLS;
use crate::corpus::{self, GRAMMAR, HEADERS, HOSTILE, PROPER_COUNT, Proper, REGISTER, REGISTER_ONE_IN};
use crate::query::encode;

/// Whether the bytes are a well-formed HTTP/1.1 message, so that an answer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Yes.
    Sound,
    /// No: the server may answer or close.
    Broken,
}

/// The family of protocols that a request was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// REST and GraphQL.
    Web,
    /// gRPC, gRPC-Web and Connect.
    Rpc,
}

/// Whether a target is a method of gRPC.
fn is_call(target: &str) -> bool {
    CALLS.iter().any(|(method, _)| *method == target)
}

/// Bytes to send.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Whether an answer is due.
    pub framing: Framing,
    /// Which statuses may be answered.
    pub family: Family,
    /// Which of [`corpus::proper`] it is, when nothing about it was changed.
    pub proper: Option<usize>,
}

fn hostile(chance: &mut Chance) -> &'static str {
    HOSTILE[chance.below(HOSTILE.len())]
}

/// Makes one request.
pub fn attempt(chance: &mut Chance, tokens: &[String]) -> Attempt {
    if chance.one_in(20) {
        return noise(chance, tokens);
    }
    let at = (!chance.one_in(REGISTER_ONE_IN)).then(|| chance.below(PROPER_COUNT));
    let register = || Proper { method: REGISTER.0, target: REGISTER.1, body: REGISTER.2.to_owned() };
    let Proper { method, target, body } = at.map_or_else(register, corpus::proper);
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: authorization(chance, tokens),
        body: body.into_bytes(),
    };
    let changes = chance.below(4);
    for _ in 0..changes {
        request.mutate(chance);
    }
    let proper = at.filter(|_| changes == 0);
    let family = if is_call(target) { Family::Rpc } else { Family::Web };
    Attempt { bytes: request.bytes(), framing: Framing::Sound, proper, family }
}

#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn mutate(&mut self, chance: &mut Chance) {
        if self.target == "/graphql" && !chance.one_in(4) {
            self.body = graphql::request(chance, &self.body);
            if chance.one_in(8)
                && let Some(target) = graphql::target(&self.body)
            {
                (self.method, self.target, self.body) = ("GET".to_owned(), target, Vec::new());
            }
            return;
        }
        if is_call(&self.target) && !chance.one_in(4) {
            return grpc::request(chance, self);
        }
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
    if tokens.is_empty() {
        return Vec::new();
    }
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
    let field = *chance.pick(&[
        "id", "title", "select", "order", "limit", "offset", "after", "before", "or", "and", "not.or",
        "price",
    ]);
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
    let token = if tokens.is_empty() { "" } else { chance.pick(tokens).as_str() };
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
    Attempt { bytes, framing: Framing::Broken, proper: None, family: Family::Web }
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
