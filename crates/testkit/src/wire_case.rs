//! Cases of one wire: the very request, and what must come back. docs/testing.md describes the files.

use crate::case::{CaseFile, Match};
use crate::expect::{self, Captures};
use crate::parse::{self, ParseError};
use crate::raw::{Connection, Reply, Response};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;

/// Repetitions that `{{repeat N text}}` may ask for.
const REPEAT_BYTES_MAX: usize = 64 << 20;

/// A file: the contract, rows and callers as in a file of neutral cases, and the cases.
#[derive(Debug, Clone, Default)]
pub struct WireFile {
    /// Contract, rows and callers.
    pub setting: CaseFile,
    /// The cases.
    pub cases: Vec<WireCase>,
}

/// Exchanges one after the other on a database of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct WireCase {
    /// The line it begins on.
    pub line: usize,
    /// What it shows.
    pub name: String,
    /// Request and response, each.
    pub exchanges: Vec<Exchange>,
}

/// A request and what must come back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exchange {
    /// The line it begins on.
    pub line: usize,
    /// `GET /api/users`, the protocol's version is added.
    pub start: String,
    /// Header lines as they are sent.
    pub headers: Vec<String>,
    /// The body; none when there is no empty line after the headers.
    pub body: Option<String>,
    /// Statuses that will do: `200`, `4xx`.
    pub statuses: Vec<String>,
    /// What must be said of the headers.
    pub fields: Vec<Field>,
    /// What the body must be.
    pub answer: Option<(Match, Value)>,
    /// The very text that the body must be; empty for no body.
    pub text: Option<String>,
    /// Texts that may be nowhere in the response.
    pub hides: Vec<String>,
}

/// What must be said of a header.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// It has this value; a `*` stands for any text.
    Is(String, String),
    /// It is not there.
    Absent(String),
}

/// Reads a file of wire cases.
pub fn wire_file(path: &Path, base: &Path, text: &str) -> Result<WireFile, ParseError> {
    let head_lines = text.lines().take_while(|line| !line.starts_with("###")).count();
    let head: String = text.lines().take(head_lines).map(|line| format!("{line}\n")).collect();
    let setting = parse::case_file(path, base, &head)?;
    let mut cases: Vec<WireCase> = Vec::new();
    let mut reader = Reader::default();
    for (at, line) in text.lines().enumerate().skip(head_lines) {
        let number = at + 1;
        if let Some(name) = line.strip_prefix("###") {
            reader.finish(&mut cases)?;
            cases.push(WireCase { line: number, name: name.trim().to_owned(), exchanges: Vec::new() });
        } else {
            reader.line(number, line, &mut cases)?;
        }
    }
    reader.finish(&mut cases)?;
    match cases.iter().find(|case| case.exchanges.is_empty()) {
        Some(case) => Err(error(case.line, "a case needs a request")),
        None => Ok(WireFile { setting, cases }),
    }
}

/// Where the reader is in an exchange.
#[derive(Debug, Default)]
enum At {
    #[default]
    Nowhere,
    Headers,
    Body,
    Expectations,
    /// Inside JSON that has not ended: its first line, how it compares, and what there is of it.
    Json(usize, Match, String),
}

#[derive(Debug, Default)]
struct Reader {
    at: At,
    exchange: Exchange,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str, cases: &mut [WireCase]) -> Result<(), ParseError> {
        match std::mem::take(&mut self.at) {
            At::Json(first, how, text) => self.json(first, how, format!("{text}\n{line}")),
            At::Headers | At::Body if is_expectation(line) => self.expectation(number, line),
            At::Headers if line.is_empty() => {
                self.exchange.body = Some(String::new());
                self.at = At::Body;
                Ok(())
            }
            At::Headers => {
                self.exchange.headers.push(line.to_owned());
                self.at = At::Headers;
                Ok(())
            }
            At::Body => {
                let body = self.exchange.body.get_or_insert_default();
                *body = if body.is_empty() { line.to_owned() } else { format!("{body}\n{line}") };
                self.at = At::Body;
                Ok(())
            }
            at @ (At::Nowhere | At::Expectations) if line.is_empty() || line.starts_with('#') => {
                self.at = at;
                Ok(())
            }
            At::Expectations if is_expectation(line) => self.expectation(number, line),
            At::Nowhere | At::Expectations => self.start(number, line, cases),
        }
    }

    fn start(&mut self, number: usize, line: &str, cases: &mut [WireCase]) -> Result<(), ParseError> {
        self.close(cases)?;
        let is_method = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
        if !line.split_once(' ').is_some_and(|(method, target)| is_method(method) && !target.is_empty()) {
            return Err(error(number, "expected a request: a method and a target"));
        }
        self.exchange = Exchange { line: number, start: line.to_owned(), ..Exchange::default() };
        self.at = At::Headers;
        Ok(())
    }

    fn expectation(&mut self, number: usize, line: &str) -> Result<(), ParseError> {
        self.at = At::Expectations;
        let (sign, rest) = parse::split_word(line);
        match (sign, rest) {
            ("=", "nothing") => self.exchange.text = Some(String::new()),
            ("==", rest) => self.exchange.text = Some(rest.to_owned()),
            ("=", rest) => return self.json(number, Match::Exact, rest.to_owned()),
            ("~", rest) => return self.json(number, Match::Includes, rest.to_owned()),
            ("hides", rest) => {
                self.exchange.hides = serde_json::from_str(rest)
                    .map_err(|e| error(number, &format!("expected a list of texts: {e}")))?;
            }
            (_, rest) => match (rest.split_once(": "), rest.strip_prefix('!')) {
                (_, Some(name)) => self.exchange.fields.push(Field::Absent(name.to_ascii_lowercase())),
                (Some((name, value)), None) => {
                    self.exchange.fields.push(Field::Is(name.to_ascii_lowercase(), value.to_owned()));
                }
                (None, None) => self.exchange.statuses = rest.split('|').map(str::to_owned).collect(),
            },
        }
        Ok(())
    }

    fn json(&mut self, first: usize, how: Match, text: String) -> Result<(), ParseError> {
        match serde_json::from_str(&text) {
            Ok(value) => {
                self.exchange.answer = Some((how, value));
                self.at = At::Expectations;
            }
            Err(e) if e.is_eof() => self.at = At::Json(first, how, text),
            Err(e) => return Err(error(first + e.line() - 1, &format!("not JSON: {e}"))),
        }
        Ok(())
    }

    /// Puts the exchange into the last case.
    fn close(&mut self, cases: &mut [WireCase]) -> Result<(), ParseError> {
        let exchange = std::mem::take(&mut self.exchange);
        if exchange.start.is_empty() {
            return Ok(());
        }
        if exchange.statuses.is_empty() {
            return Err(error(exchange.line, "the request does not say which status must come back"));
        }
        cases.last_mut().expect("lines before the first case are not read here").exchanges.push(exchange);
        Ok(())
    }

    fn finish(&mut self, cases: &mut [WireCase]) -> Result<(), ParseError> {
        match std::mem::take(&mut self.at) {
            At::Json(first, _, _) => Err(error(first, "the JSON has no end")),
            At::Nowhere | At::Headers | At::Body | At::Expectations => self.close(cases),
        }
    }
}

fn is_expectation(line: &str) -> bool {
    [">", "=", "==", "~", "hides"].contains(&parse::split_word(line).0)
}

fn error(line: usize, message: &str) -> ParseError {
    ParseError { line, message: message.to_owned() }
}

/// Runs the exchanges of a case on one connection; `tokens` are the callers' by name.
pub fn run(case: &WireCase, address: SocketAddr, tokens: &[(String, String)]) -> Result<(), String> {
    let mut captures: Captures =
        tokens.iter().map(|(name, token)| (name.clone(), Value::from(token.as_str()))).collect();
    captures.insert("address".to_owned(), Value::from(address.to_string()));
    for exchange in &case.exchanges {
        exchange_once(exchange, address, &mut captures)
            .map_err(|message| format!("line {}: {message}", exchange.line))?;
    }
    Ok(())
}

fn exchange_once(exchange: &Exchange, address: SocketAddr, captures: &mut Captures) -> Result<(), String> {
    let mut connection = Connection::open(address).map_err(|e| format!("connecting: {e}"))?;
    // A server may refuse and close before it has read a request that is too large; its answer still counts.
    let sent = connection.send(&bytes(exchange, captures)?);
    let reply = if exchange.start.starts_with("HEAD ") { Reply::HeadersOnly } else { Reply::Whole };
    let response = match (connection.receive(reply), sent) {
        (Ok(Some(response)), _) => response,
        (Ok(None), Ok(())) => return Err("closed without a response".into()),
        (Ok(None), Err(e)) | (Err(e), _) => return Err(format!("no response: {e}")),
    };
    compare(exchange, &response, captures).map_err(|message| {
        let body = String::from_utf8_lossy(&response.body);
        format!("{message}\n      {} {:?}\n      {body}", response.status, response.headers)
    })
}

/// The request as it is sent.
fn bytes(exchange: &Exchange, captures: &Captures) -> Result<Vec<u8>, String> {
    let has = |name: &str| {
        exchange.headers.iter().any(|h| h.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    };
    let body = exchange.body.as_deref().map(|body| substitute(body, captures)).transpose()?;
    let mut out = format!("{} HTTP/1.1\r\n", substitute(&exchange.start, captures)?);
    if !has("host") {
        out.push_str(&format!("host: {}\r\n", substitute("{{address}}", captures)?));
    }
    for header in &exchange.headers {
        out.push_str(&format!("{}\r\n", substitute(header, captures)?));
    }
    if let Some(body) = &body
        && !has("content-length")
        && !has("transfer-encoding")
    {
        out.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    out.push_str("\r\n");
    out.push_str(body.as_deref().unwrap_or(""));
    Ok(out.into_bytes())
}

/// Replaces `{{name}}` by what was captured under it, and `{{repeat N text}}` by N times the text.
fn substitute(text: &str, captures: &Captures) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        // Two closing braces that follow two opening ones in JSON are no name.
        let Some((name, after)) = after.split_once("}}").filter(|(name, _)| is_name(name)) else {
            out.push_str(before);
            out.push_str("{{");
            rest = after;
            continue;
        };
        out.push_str(before);
        out.push_str(&substitution(name, captures)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    text.starts_with("repeat ") || text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn substitution(name: &str, captures: &Captures) -> Result<String, String> {
    if let Some((count, text)) = name.strip_prefix("repeat ").and_then(|rest| rest.split_once(' ')) {
        let count: usize = count.parse().map_err(|_| format!("`{count}` is not a count"))?;
        return match count.saturating_mul(text.len()) <= REPEAT_BYTES_MAX {
            true => Ok(text.repeat(count)),
            false => Err(format!("`{name}` is too long")),
        };
    }
    match captures.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("nothing is known as `{name}`")),
    }
}

fn compare(exchange: &Exchange, response: &Response, captures: &mut Captures) -> Result<(), String> {
    if !exchange.statuses.iter().any(|status| is_status(status, response.status)) {
        return Err(format!("status {} expected", exchange.statuses.join(" or ")));
    }
    if let Some(text) = &exchange.text
        && response.body != text.as_bytes()
    {
        return Err(format!("`{text}` expected"));
    }
    if let Some((how, expected)) = &exchange.answer {
        let found: Value = serde_json::from_slice(&response.body).map_err(|e| format!("not JSON: {e}"))?;
        expect::matches(*how, expected, &found, captures)?;
    }
    for field in &exchange.fields {
        match field {
            Field::Is(name, pattern) => {
                let pattern = substitute(pattern, captures)?;
                let found = response.header(name).ok_or_else(|| format!("header `{name}` is missing"))?;
                if !is_like(&pattern, found) {
                    return Err(format!("header `{name}`: `{pattern}` expected, `{found}` found"));
                }
            }
            Field::Absent(name) if response.header(name).is_some() => {
                return Err(format!("header `{name}` must not be there"));
            }
            Field::Absent(_) => {}
        }
    }
    let whole = format!("{:?}\n{}", response.headers, String::from_utf8_lossy(&response.body));
    let whole = expect::without(&whole, response.header("x-request-id"));
    match exchange.hides.iter().find(|secret| whole.contains(secret.as_str())) {
        Some(secret) => Err(format!("`{secret}` must be nowhere in the response")),
        None => Ok(()),
    }
}

/// Whether a status is `200` or one of `2xx`.
fn is_status(pattern: &str, status: u16) -> bool {
    let digits = status.to_string();
    pattern.len() == digits.len() && pattern.chars().zip(digits.chars()).all(|(p, d)| p == 'x' || p == d)
}

/// Whether a text fits a pattern in which each `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    const FILE: &str = "contract ../x\ncaller ada sub=u1\n\n### two requests\nPOST /api/users\n\
        content-type: application/json\n\n{\"a\": 1}\n> 201\n> location: /api/users/{{id}}\n> !server\n\
        ~ {\"id\":\n  \"<text id>\"}\nhides [\"pw\"]\n\n# then\nGET /api/users/{{id}}\n> 200|4xx\n= nothing\n";

    fn read(text: &str) -> Result<WireFile, ParseError> {
        wire_file(Path::new("x.http"), Path::new("/c"), text)
    }

    #[test]
    fn a_file_is_read() {
        let file = read(FILE).unwrap();
        assert_eq!(file.setting.callers[0].name, "ada");
        let [post, get] = &file.cases[0].exchanges[..] else { panic!("two exchanges expected") };
        assert_eq!((post.start.as_str(), post.body.as_deref()), ("POST /api/users", Some("{\"a\": 1}")));
        assert_eq!(post.answer, Some((Match::Includes, json!({"id": "<text id>"}))));
        assert_eq!(post.fields[1], Field::Absent("server".into()));
        assert_eq!(post.hides, ["pw"]);
        assert_eq!((get.statuses.len(), get.text.as_deref(), &get.body), (2, Some(""), &None));
    }

    #[test]
    fn mistakes_are_found_on_their_line() {
        let wrong = [
            ("contract x\n### a\n", 2, "needs a request"),
            ("contract x\n### a\nGET /x\n", 3, "which status"),
            ("contract x\n### a\nwhat\n> 200", 3, "a method and a target"),
            ("contract x\n### a\nGET /x\n> 200\n= {\n", 5, "no end"),
            ("contract x\n### a\nGET /x\n> 200\n= {\na}", 6, "not JSON"),
        ];
        for (text, line, part) in wrong {
            let error = read(text).expect_err(text);
            assert!(error.line == line && error.message.contains(part), "{text}\n{error:?}");
        }
    }

    #[test]
    fn names_are_substituted_and_braces_are_not() {
        let captures = Captures::from([("id".to_owned(), json!("u1"))]);
        assert_eq!(substitute("/{{id}}?{{repeat 3 ab}}", &captures).unwrap(), "/u1?ababab");
        assert_eq!(substitute("{\"a\":{\"b\":{{}}}", &captures).unwrap_err(), "nothing is known as ``");
        assert_eq!(substitute("{{\"a\": {}}}", &captures).unwrap(), "{{\"a\": {}}}");
        assert!(substitute("{{repeat 99999999999 a}}", &captures).is_err());
    }

    #[test]
    fn patterns_fit() {
        assert!(is_like("Bearer*", "Bearer error=\"x\"") && is_like("*json", "application/json"));
        assert!(is_like("a*b*c", "a1b2c") && !is_like("a*b*c", "a1c") && !is_like("a", "ab"));
        assert!(is_status("2xx", 204) && is_status("404", 404) && !is_status("40", 404));
    }
}
