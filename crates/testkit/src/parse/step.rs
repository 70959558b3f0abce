//! Steps of a case: what is called, and what must come of it.

use super::{Line, Lines, Parsed, fail, json, split_word};
use crate::case::{Action, Expect, Function, Input, Kind, Match, Measure, More, Of, Refusal, Step, Verb};
use serde_json::{Map, Value};

/// `ada: …`: a name and a colon.
pub(super) fn is_step(text: &str) -> bool {
    let name_bytes = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    name_bytes > 0 && text[name_bytes..].starts_with(": ")
}

/// Reads a step whose first line is `head`.
pub(super) fn step(lines: &mut Lines<'_>, head: &Line<'_>) -> Parsed<Step> {
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
        more: None,
        hides: Vec::new(),
    };
    let mut expected = false;
    while let Some(line) = lines.next_if(|text| is_option(split_word(text).0)) {
        expected |= option(lines, &line, &mut step)?;
    }
    if expected { Ok(step) } else { fail(head.number, "the step does not say what must come of it") }
}

const VERBS: &str = "get, list, create, update, upsert, delete, related, page, aggregate, batch and call";

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
        "page" => Ok(Action::Page { resource: target.to_owned() }),
        "aggregate" => Ok(Action::Aggregate { resource: target.to_owned() }),
        "batch" => Ok(Action::Batch { resource: target.to_owned() }),
        "call" => Ok(Action::Own { operation: target.to_owned() }),
        _ => fail(line, format!("expected one of {VERBS}, found `{verb}`")),
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
            | "first"
            | "last"
            | "after"
            | "before"
            | "measures"
            | "by"
            | "more"
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
        "first" => step.input.window.first = Some(count(number, rest)?),
        "last" => step.input.window.last = Some(count(number, rest)?),
        "after" => step.input.window.after = Some(rest.to_owned()),
        "before" => step.input.window.before = Some(rest.to_owned()),
        "measures" => step.input.measures = measures(number, &object_lines(lines, number, rest)?)?,
        "by" => step.input.by = texts(json(lines, number, rest)?, number)?,
        "more" => step.more = Some(more(number, rest)?),
        "idempotency" => step.input.idempotency = Some(rest.to_owned()),
        "version" => step.input.version = Some(rest.to_owned()),
        "total" => step.total = Some(count(number, rest)?),
        "hides" => step.hides = texts(json(lines, number, rest)?, number)?,
        _ => return expectation(lines, line, step).map(|()| true),
    }
    Ok(false)
}

/// `{"n": "count", "dearest": "max price"}`.
fn measures(line: usize, members: &Map<String, Value>) -> Parsed<Vec<Measure>> {
    let measure = |(shown, of): (&String, &Value)| {
        let of = match split_word(of.as_str().unwrap_or("")) {
            ("count", "") => Of::Rows,
            (function, field) => match Function::named(function) {
                Some(function) if !field.is_empty() => Of::Field(function, field.to_owned()),
                Some(_) | None => {
                    return fail(line, format!("expected `count` or a function and a field, found {of}"));
                }
            },
        };
        Ok(Measure { shown: shown.clone(), of })
    };
    members.iter().map(measure).collect()
}

fn more(line: usize, text: &str) -> Parsed<More> {
    match text {
        "yes" => Ok(More::Yes),
        "no" => Ok(More::No),
        _ => fail(line, format!("expected yes or no, found `{text}`")),
    }
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
