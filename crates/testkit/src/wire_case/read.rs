//! Reads `*.http` files.

use super::{Exchange, Field, HTTP2, WireCase, WireFile};
use crate::case::{Match, NOBODY};
use crate::parse::{self, ParseError};
use serde_json::{Value, json};
use std::path::Path;

/// The method of a document that is sent as a GraphQL client sends it.
const GRAPHQL: &str = "GRAPHQL ";

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
    /// In a document of GraphQL.
    Document,
    Expectations,
    /// Inside JSON that has not ended: its first line, how it compares, and what there is of it.
    Json(usize, Match, String),
}

#[derive(Debug, Default)]
struct Reader {
    at: At,
    exchange: Exchange,
    /// The variables of a document that is being read.
    variables: Option<Value>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str, cases: &mut [WireCase]) -> Result<(), ParseError> {
        match std::mem::take(&mut self.at) {
            At::Json(first, how, text) => self.json(first, how, format!("{text}\n{line}")),
            At::Document if is_expectation(line) => {
                self.finish_document();
                self.expectation(number, line)
            }
            At::Document => self.document(number, line),
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
        if let Some(caller) = line.strip_prefix(GRAPHQL) {
            self.exchange = graphql(number, caller.trim());
            self.at = At::Document;
            return Ok(());
        }
        let is_method = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
        let request = line.strip_prefix(HTTP2).unwrap_or(line);
        if !request.split_once(' ').is_some_and(|(method, target)| is_method(method) && !target.is_empty()) {
            return Err(error(number, "expected a request: a method and a target"));
        }
        self.exchange = Exchange { line: number, start: line.to_owned(), ..Exchange::default() };
        self.at = At::Headers;
        Ok(())
    }

    /// A line of a document, or the values of its variables.
    fn document(&mut self, number: usize, line: &str) -> Result<(), ParseError> {
        match parse::split_word(line) {
            ("variables", values) => {
                let values = serde_json::from_str(values);
                self.variables = Some(values.map_err(|e| error(number, &format!("not JSON: {e}")))?);
            }
            _ => {
                let document = self.exchange.body.get_or_insert_default();
                *document = format!("{document}{line}\n");
            }
        }
        self.at = At::Document;
        Ok(())
    }

    /// Puts the document into the body of a request.
    fn finish_document(&mut self) {
        let mut body = json!({ "query": self.exchange.body.take().unwrap_or_default().trim() });
        if let Some(values) = self.variables.take() {
            body["variables"] = values;
        }
        self.exchange.body = Some(body.to_string());
    }

    fn expectation(&mut self, number: usize, line: &str) -> Result<(), ParseError> {
        self.at = At::Expectations;
        let (sign, rest) = parse::split_word(line);
        match (sign, rest) {
            ("=", "nothing") => self.exchange.text = Some(String::new()),
            ("==", rest) => self.exchange.text = Some(rest.to_owned()),
            ("=", rest) => return self.json(number, Match::Exact, rest.to_owned()),
            ("~", rest) => return self.json(number, Match::Includes, rest.to_owned()),
            ("has", rest) => {
                self.exchange.has = serde_json::from_str(rest)
                    .map_err(|e| error(number, &format!("expected a list of texts: {e}")))?;
            }
            ("hides", rest) => {
                self.exchange.hides = serde_json::from_str(rest)
                    .map_err(|e| error(number, &format!("expected a list of texts: {e}")))?;
            }
            ("log", rest) => {
                let texts = serde_json::from_str(rest);
                self.exchange
                    .logs
                    .push(texts.map_err(|e| error(number, &format!("expected a list of texts: {e}")))?);
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
            At::Nowhere | At::Headers | At::Body | At::Document | At::Expectations => self.close(cases),
        }
    }
}

/// A request with a document: what a client of GraphQL sends in a caller's name.
fn graphql(number: usize, caller: &str) -> Exchange {
    let mut headers = vec![
        "accept: application/graphql-response+json".to_owned(),
        "content-type: application/json".to_owned(),
    ];
    if caller != NOBODY {
        headers.push(format!("authorization: Bearer {{{{{caller}}}}}"));
    }
    Exchange { line: number, start: "POST /graphql".to_owned(), headers, ..Exchange::default() }
}

fn is_expectation(line: &str) -> bool {
    [">", "=", "==", "~", "has", "hides", "log"].contains(&parse::split_word(line).0)
}

fn error(line: usize, message: &str) -> ParseError {
    ParseError { line, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

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
    fn a_document_is_a_request() {
        let text = "contract x\n### a\nGRAPHQL ada\nquery($a: Int) {\n  a(b: $a)\n}\nvariables {\"a\": 1}\n\
            > 200\nlog [\"statements=1\"]\n\nGRAPHQL nobody\n{ a }\n> 200\n";
        let file = read(text).unwrap();
        let [first, second] = &file.cases[0].exchanges[..] else { panic!("two exchanges expected") };
        assert_eq!((first.start.as_str(), first.headers.len()), ("POST /graphql", 3));
        assert_eq!(first.headers[2], "authorization: Bearer {{ada}}");
        let body: Value = serde_json::from_str(first.body.as_deref().unwrap()).unwrap();
        assert_eq!(body, json!({"query": "query($a: Int) {\n  a(b: $a)\n}", "variables": {"a": 1}}));
        assert_eq!(first.logs, [["statements=1"]]);
        assert_eq!((second.headers.len(), second.body.as_deref()), (2, Some(r#"{"query":"{ a }"}"#)));
    }

    #[test]
    fn mistakes_are_found_on_their_line() {
        let wrong = [
            ("contract x\n### a\n", 2, "needs a request"),
            ("contract x\n### a\nGET /x\n", 3, "which status"),
            ("contract x\n### a\nGRAPHQL ada\n{ a }\nvariables {\n> 200", 5, "not JSON"),
            ("contract x\n### a\nwhat\n> 200", 3, "a method and a target"),
            ("contract x\n### a\nGET /x\n> 200\n= {\n", 5, "no end"),
            ("contract x\n### a\nGET /x\n> 200\n= {\na}", 6, "not JSON"),
        ];
        for (text, line, part) in wrong {
            let error = read(text).expect_err(text);
            assert!(error.line == line && error.message.contains(part), "{text}\n{error:?}");
        }
    }
}
