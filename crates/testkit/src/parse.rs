//! Reads `*.case` files; docs/testing.md describes them.

mod step;

use crate::case::{Caller, Case, CaseFile, NOBODY, Seed};
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
    while let Some(head) = lines.next_if(step::is_step) {
        steps.push(step::step(lines, &head)?);
    }
    if name.is_empty() {
        return fail(line, "a case needs a name");
    }
    Ok(Case { line, name: name.to_owned(), steps })
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
mod tests;
