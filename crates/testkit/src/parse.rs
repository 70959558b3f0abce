//! Reads `*.case` files; docs/testing.md describes them.

use crate::case::{
    Action, Caller, Case, CaseFile, Expect, Input, Kind, Match, NOBODY, Refusal, Seed, Step, Verb,
};
use crate::server::SETTINGS;
use serde_json::{Map, Value};
use std::path::Path;

/// What is wrong, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// Lower case, no full stop.
    pub message: String,
}

type Parsed<T> = Result<T, ParseError>;

/// Reads a file. The contract's folder is resolved from `base`, the folder the file is in.
pub fn case_file(path: &Path, base: &Path, text: &str) -> Parsed<CaseFile> {
    let mut lines = Lines::new(text);
    let mut file = CaseFile { path: path.to_owned(), ..CaseFile::default() };
    while let Some(line) = lines.next() {
        let (word, rest) = split_word(line.text);
        match word {
            "contract" => file.contract = base.join(rest),
            "setting" => file.settings.push(setting(line.number, rest)?),
            "caller" => file.callers.push(caller(line.number, rest)?),
            "seed" => file.seeds.push(seed(&mut lines, rest)?),
            "case" => file.cases.push(case(&mut lines, line.number, rest)?),
            _ => {
                return fail(
                    line.number,
                    format!("expected contract, setting, caller, seed or case, found `{word}`"),
                );
            }
        }
    }
    check(&file)?;
    Ok(file)
}

/// What can only be said of a whole file.
fn check(file: &CaseFile) -> Parsed<()> {
    if file.contract.as_os_str().is_empty() {
        return fail(1, "there is no `contract` line");
    }
    let known = |name: &str| name == NOBODY || file.callers.iter().any(|c| c.name == name);
    for (at, case) in file.cases.iter().enumerate() {
        if file.cases[..at].iter().any(|other| other.name == case.name) {
            return fail(case.line, format!("there is a case named `{}` already", case.name));
        }
        if case.steps.is_empty() {
            return fail(case.line, "a case needs a step");
        }
        if let Some(step) = case.steps.iter().find(|step| !known(&step.caller)) {
            return fail(step.line, format!("nobody introduced the caller `{}`", step.caller));
        }
    }
    Ok(())
}

/// `SEPTET_LIMITS_BURST_CALLS=3`.
fn setting(line: usize, text: &str) -> Parsed<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if name.starts_with(SETTINGS) => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => fail(line, format!("expected `{SETTINGS}…=value`, found `{text}`")),
    }
}

/// `ada sub=u1 roles=admin,staff scopes=read claims={"tenant": "x"}`.
pub fn caller(line: usize, text: &str) -> Parsed<Caller> {
    let (name, mut rest) = split_word(text);
    let mut caller = Caller { name: name.to_owned(), ..Caller::default() };
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once('=') else {
            return fail(line, format!("expected `name=value`, found `{rest}`"));
        };
        let value = match key {
            "claims" => after,
            _ => after.split_whitespace().next().unwrap_or(""),
        };
        rest = after[value.len()..].trim_start();
        match key {
            "sub" => caller.sub = Some(value.to_owned()),
            "roles" => caller.roles = value.split(',').map(str::to_owned).collect(),
            "scopes" => caller.scopes = value.split(',').map(str::to_owned).collect(),
            "claims" => caller.claims = object(line, value)?,
            _ => return fail(line, format!("expected sub, roles, scopes or claims, found `{key}`")),
        }
    }
    match (caller.name.as_str(), &caller.sub) {
        (NOBODY, _) => fail(line, format!("`{NOBODY}` is the caller without an identity")),
        (_, None) => fail(line, "a caller needs a `sub`"),
        (_, Some(_)) => Ok(caller),
    }
}

fn seed(lines: &mut Lines<'_>, resource: &str) -> Parsed<Seed> {
    let mut rows = Vec::new();
    while let Some(line) = lines.next_if(|text| text.starts_with('{')) {
        rows.push(json(lines, line.number, line.text)?);
    }
    Ok(Seed { resource: resource.to_owned(), rows })
}

fn case(lines: &mut Lines<'_>, line: usize, name: &str) -> Parsed<Case> {
    let mut steps = Vec::new();
    while let Some(head) = lines.next_if(is_step) {
        steps.push(step(lines, &head)?);
    }
    if name.is_empty() {
        return fail(line, "a case needs a name");
    }
    Ok(Case { line, name: name.to_owned(), steps })
}

/// `ada: …`: a name and a colon.
fn is_step(text: &str) -> bool {
    let name_bytes = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    name_bytes > 0 && text[name_bytes..].starts_with(": ")
}

fn step(lines: &mut Lines<'_>, head: &Line<'_>) -> Parsed<Step> {
    let (caller, call) = head.text.split_once(": ").expect("is_step saw it");
    let (verb, rest) = split_word(call);
    let (target, rest) = split_word(rest);
    let action = action(head.number, verb, target)?;
    let mut input = Input::default();
    let rest = match (&action, rest.chars().next()) {
        (_, None | Some('{' | '[')) => rest,
        (_, Some(_)) => {
            let (key, rest) = key(head.number, rest)?;
            input.key = Some(key);
            rest
        }
    };
    if !rest.is_empty() {
        input.data = Some(json(lines, head.number, rest)?);
    }
    let mut step = Step {
        line: head.number,
        caller: caller.to_owned(),
        action,
        input,
        expect: Expect::Done,
        total: None,
        hides: Vec::new(),
    };
    let mut expected = false;
    while let Some(line) = lines.next_if(|text| is_option(split_word(text).0)) {
        expected |= option(lines, &line, &mut step)?;
    }
    if expected { Ok(step) } else { fail(head.number, "the step does not say what must come of it") }
}

fn action(line: usize, verb: &str, target: &str) -> Parsed<Action> {
    if target.is_empty() {
        return fail(line, format!("what is to `{verb}`?"));
    }
    let standard = |verb| Ok(Action::Standard { verb, resource: target.to_owned() });
    match verb {
        "get" => standard(Verb::Get),
        "list" => standard(Verb::List),
        "create" => standard(Verb::Create),
        "update" => standard(Verb::Update),
        "upsert" => standard(Verb::Upsert),
        "delete" => standard(Verb::Delete),
        "related" => match target.split_once('.') {
            Some((parent, field)) => {
                Ok(Action::Related { parent: parent.to_owned(), field: field.to_owned() })
            }
            None => fail(line, format!("expected `Resource.field`, found `{target}`")),
        },
        "call" => Ok(Action::Own { operation: target.to_owned() }),
        _ => fail(
            line,
            format!("expected get, list, create, update, upsert, delete, related or call, found `{verb}`"),
        ),
    }
}

/// A key: a word, or a JSON text where it has spaces in it.
fn key(line: usize, text: &str) -> Parsed<(String, &str)> {
    if !text.starts_with('"') {
        let (word, rest) = split_word(text);
        return Ok((word.to_owned(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match values.next() {
        Some(Ok(key)) => {
            let end = values.byte_offset();
            Ok((key, text[end..].trim_start()))
        }
        _ => fail(line, "the key is not a JSON text"),
    }
}

fn is_option(word: &str) -> bool {
    matches!(
        word,
        "where"
            | "order"
            | "select"
            | "limit"
            | "offset"
            | "idempotency"
            | "version"
            | "="
            | "~"
            | "!"
            | "ok"
            | "total"
            | "hides"
    )
}

/// Reads one line below a step and tells whether it said what must come of it.
fn option(lines: &mut Lines<'_>, line: &Line<'_>, step: &mut Step) -> Parsed<bool> {
    let (word, rest) = split_word(line.text);
    let number = line.number;
    match word {
        "where" => step.input.list.filter = Some(Value::Object(object_lines(lines, number, rest)?)),
        "order" => step.input.list.order = texts(json(lines, number, rest)?, number)?,
        "select" => step.input.select = Some(json(lines, number, rest)?),
        "limit" => step.input.list.limit = Some(count(number, rest)?),
        "offset" => step.input.list.offset = Some(count(number, rest)?),
        "idempotency" => step.input.idempotency = Some(rest.to_owned()),
        "version" => step.input.version = Some(rest.to_owned()),
        "total" => step.total = Some(count(number, rest)?),
        "hides" => step.hides = texts(json(lines, number, rest)?, number)?,
        _ => return expectation(lines, line, step).map(|()| true),
    }
    Ok(false)
}

fn expectation(lines: &mut Lines<'_>, line: &Line<'_>, step: &mut Step) -> Parsed<()> {
    let (sign, rest) = split_word(line.text);
    step.expect = match (sign, rest) {
        ("ok", "") => Expect::Done,
        ("=", "nothing") => Expect::Nothing,
        ("=", rest) => match rest.strip_prefix("any order") {
            Some(list) => Expect::Answer(Match::AnyOrder, json(lines, line.number, list.trim_start())?),
            None => Expect::Answer(Match::Exact, json(lines, line.number, rest)?),
        },
        ("~", rest) => Expect::Answer(Match::Includes, json(lines, line.number, rest)?),
        ("!", rest) => Expect::Fault(refusal(line.number, rest)?),
        _ => return fail(line.number, format!("`{sign}` takes nothing after it")),
    };
    Ok(())
}

/// `Invalid INVALID_INPUT email:REQUIRED password`, or `Invalid|Conflict * owner`.
fn refusal(line: usize, text: &str) -> Parsed<Refusal> {
    let mut words = text.split_whitespace();
    let mut kinds = Vec::new();
    for name in words.next().unwrap_or("").split('|') {
        match Kind::named(name) {
            Some(kind) => kinds.push(kind),
            None => return fail(line, format!("expected one of {}, found `{name}`", Kind::NAMES.join(", "))),
        }
    }
    let code = words.next().filter(|code| *code != "*").map(str::to_owned);
    let fields = words
        .map(|word| match word.split_once(':') {
            Some((field, code)) => (field.to_owned(), Some(code.to_owned())),
            None => (word.to_owned(), None),
        })
        .collect();
    Ok(Refusal { kinds, code, fields })
}

fn count(line: usize, text: &str) -> Parsed<u64> {
    text.parse().or_else(|_| fail(line, format!("`{text}` is not a count")))
}

fn texts(value: Value, line: usize) -> Parsed<Vec<String>> {
    serde_json::from_value(value).or_else(|_| fail(line, "expected a list of texts"))
}

fn object_lines(lines: &mut Lines<'_>, line: usize, text: &str) -> Parsed<Map<String, Value>> {
    match json(lines, line, text)? {
        Value::Object(members) => Ok(members),
        _ => fail(line, "expected an object"),
    }
}

fn object(line: usize, text: &str) -> Parsed<Map<String, Value>> {
    serde_json::from_str(text).or_else(|e| fail(line, format!("not a JSON object: {e}")))
}

/// Reads JSON that begins with `text` and goes on over the next lines until it is whole.
pub fn json(lines: &mut Lines<'_>, line: usize, text: &str) -> Parsed<Value> {
    let mut whole = text.to_owned();
    loop {
        match serde_json::from_str(&whole) {
            Ok(value) => return Ok(value),
            Err(error) if error.is_eof() => match lines.next() {
                Some(more) => {
                    whole.push('\n');
                    whole.push_str(more.text);
                }
                None => return fail(line, "the JSON has no end"),
            },
            Err(error) => return fail(line + error.line() - 1, format!("not JSON: {error}")),
        }
    }
}

fn fail<T>(line: usize, message: impl Into<String>) -> Parsed<T> {
    Err(ParseError { line, message: message.into() })
}

/// The first word, and what comes after the space behind it.
pub fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

/// A line that says something, without the space around it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'t> {
    /// Counted from 1.
    pub number: usize,
    /// Its text.
    pub text: &'t str,
}

/// The lines of a file without empty ones and comments.
#[derive(Debug)]
pub struct Lines<'t> {
    left: std::iter::Peekable<std::vec::IntoIter<Line<'t>>>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let lines: Vec<Line<'t>> = text
            .lines()
            .enumerate()
            .map(|(at, line)| Line { number: at + 1, text: line.trim() })
            .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
            .collect();
        Self { left: lines.into_iter().peekable() }
    }

    fn next(&mut self) -> Option<Line<'t>> {
        self.left.next()
    }

    fn next_if(&mut self, test: impl Fn(&str) -> bool) -> Option<Line<'t>> {
        self.left.next_if(|line| test(line.text))
    }
}

/// Any bytes are read or refused.
#[doc(hidden)]
#[cfg(test)]
pub fn fuzz_case(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = case_file(Path::new("fuzz.case"), Path::new("."), &text);
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
