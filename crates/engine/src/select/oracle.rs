//! What filters offer works: each operator over each field, with values of the field's own type, against an evaluator in
//! memory. What is not offered is refused with its place.

use super::condition;
use super::intention::Builder;
use super::resolve::Resolver;
use crate::call::{Filter, Is, JsonPath, Path, Scalarwise, Test, TestOperator};
use crate::input::stored;
use crate::policy::Decisions;
use crate::policy::oracle::{NOW, ROWS, World, parsed, resource};
use crate::settings::Settings;
use contract::rule::{Facts, Value as RuleValue};
use contract::{Compare, Field, ResourceId};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use store::{JsonTest, SearchMode, TextTest};
use wire::Value;

const COMPARISONS: [Compare; 6] = [
    Compare::Equal,
    Compare::NotEqual,
    Compare::Less,
    Compare::LessOrEqual,
    Compare::Greater,
    Compare::GreaterOrEqual,
];
const TEXT_TESTS: [TextTest; 4] =
    [TextTest::Like, TextTest::LikeIgnoringCase, TextTest::Matches, TextTest::MatchesIgnoringCase];
const PATTERNS: [&str; 6] = ["a%", "%7", "_", "é%", "A", "-_"];
const REGEXES: [&str; 4] = ["^a", "7$", "^.$", "(?i)RED"];

/// A row's value of a field as filters mean it.
fn meaning(world: &World, field: &Field, row: &Value) -> Value {
    match row.get(&field.name) {
        None | Some(Value::Null) => Value::Null,
        Some(value) => kept(world, field, value),
    }
}

/// A value as it is kept, JSON as the value that it is.
fn kept(world: &World, field: &Field, value: &Value) -> Value {
    let stored = stored::for_column(&world.contract, field.ty, value).unwrap();
    match (super::wanted::is_json(field), &stored) {
        (true, Value::Text(json)) => parsed(json),
        _ => stored,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether two JSON values mean the same.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let has = |(name, value): &(String, Value)| b.iter().any(|(n, v)| n == name && same(v, value));
            a.len() == b.len() && a.iter().all(has)
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::List(_), Value::Object(_)) => Some(Ordering::Less),
        (Value::Object(_), Value::List(_)) => Some(Ordering::Greater),
        (a, b) if same(a, b) => Some(Ordering::Equal),
        _ => None,
    }
}

/// `None` is not known; a comparison that has no meaning here panics, so it must not be offered.
fn compared(operator: Compare, a: &Value, b: &Value) -> Option<bool> {
    if *a == Value::Null || *b == Value::Null {
        return None;
    }
    let ordering = || order(a, b).unwrap_or_else(|| panic!("an order of {a:?} and {b:?} is offered"));
    Some(match operator {
        Compare::Equal => same(a, b),
        Compare::NotEqual => !same(a, b),
        Compare::Less => ordering().is_lt(),
        Compare::LessOrEqual => ordering().is_le(),
        Compare::Greater => ordering().is_gt(),
        Compare::GreaterOrEqual => ordering().is_ge(),
    })
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(key) => Some(key.to_string()),
        _ => None,
    }
}

fn matched(test: TextTest, value: &Value, pattern: &str) -> Option<bool> {
    let text = text_of(value)?;
    let like = || format!("(?s)^{}$", regex::escape(pattern).replace('%', ".*").replace('_', "."));
    let regex = match test {
        TextTest::Like => like(),
        TextTest::LikeIgnoringCase => format!("(?i){}", like()),
        TextTest::Matches => pattern.to_owned(),
        TextTest::MatchesIgnoringCase => format!("(?i){pattern}"),
        TextTest::StartsWith | TextTest::EndsWith | TextTest::Contains => panic!("no operator of filters"),
    };
    Some(regex::Regex::new(&regex).unwrap().is_match(&text))
}

fn contains(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => b.iter().all(|b| a.iter().any(|a| contains(a, b))),
        (Value::Object(a), Value::Object(b)) => {
            b.iter().all(|(name, b)| a.iter().any(|(n, a)| n == name && contains(a, b)))
        }
        (a, b) => same(a, b),
    }
}

fn json_test(test: JsonTest, a: &Value, b: &Value) -> Option<bool> {
    Some(match (test, a, b) {
        (_, Value::Null, _) => return None,
        (JsonTest::Contains, a, b) => contains(a, b),
        (JsonTest::ContainedIn, a, b) => contains(b, a),
        (JsonTest::Overlaps, Value::List(a), Value::List(b)) => {
            a.iter().any(|a| b.iter().any(|b| same(a, b)))
        }
        (JsonTest::Overlaps, ..) => return None,
    })
}

fn any(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let each: Vec<_> = each.collect();
    if each.contains(&Some(true)) { Some(true) } else { (!each.contains(&None)).then_some(false) }
}

fn all(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(each.map(|truth| truth.map(|truth| !truth))).map(|truth| !truth)
}

/// Whether a test holds for a value, by what the operators mean.
fn holds(world: &World, field: &Field, test: &Test, value: &Value) -> Option<bool> {
    let read = |given: &Value| match (super::wanted::is_json(field), given) {
        (_, Value::Null) => Value::Null,
        (true, Value::Text(json)) => kept(world, field, &parsed(json)),
        (_, given) => kept(world, field, given),
    };
    match test {
        Test::Compare(operator, given) => compared(*operator, value, &read(given)),
        Test::Distinct(given) => Some(!match (value, read(given)) {
            (Value::Null, given) => given == Value::Null,
            (value, given) => same(value, &given),
        }),
        Test::Text(test, Value::Text(pattern)) => matched(*test, value, pattern),
        Test::In(given) if given.is_empty() => Some(false),
        Test::In(given) => any(given.iter().map(|given| compared(Compare::Equal, value, &read(given)))),
        Test::Quantified(how, operator, given) => {
            let each = given.iter().map(|given| match (operator.as_ref(), given) {
                (TestOperator::Compare(operator), given) => compared(*operator, value, &read(given)),
                (TestOperator::Text(test), Value::Text(pattern)) => matched(*test, value, pattern),
                (TestOperator::Text(_), _) => None,
            });
            match how {
                Scalarwise::Any => any(each),
                Scalarwise::All => all(each),
            }
        }
        Test::Is(Is::Null | Is::Unknown) => Some(*value == Value::Null),
        Test::Is(Is::NotNull) => Some(*value != Value::Null),
        Test::Is(Is::True) => Some(*value == Value::Bool(true)),
        Test::Is(Is::False) => Some(*value == Value::Bool(false)),
        Test::Search(_, word) => {
            let text = text_of(value)?.to_lowercase();
            Some(text.split(|c: char| !c.is_alphanumeric()).any(|found| found == word))
        }
        Test::Json(test, given) => json_test(*test, value, &read(given)),
        Test::Text(..) => None,
    }
}

/// All tests of a field with these values of its type.
fn tests(values: &[Value]) -> Vec<Test> {
    let mut tests = vec![Test::In(Vec::new()), Test::In(values.to_vec())];
    tests.extend([Is::Null, Is::NotNull, Is::True, Is::False, Is::Unknown].map(Test::Is));
    tests.extend(values.iter().map(|value| Test::Distinct(value.clone())));
    for how in [Scalarwise::Any, Scalarwise::All] {
        for operator in COMPARISONS {
            for values in [&[], values] {
                let operator = Box::new(TestOperator::Compare(operator));
                tests.push(Test::Quantified(how, operator, values.to_vec()));
            }
        }
        for test in TEXT_TESTS {
            let values = ["a", "7"].map(|text| Value::Text(text.to_owned()));
            tests.push(Test::Quantified(how, Box::new(TestOperator::Text(test)), values.to_vec()));
        }
    }
    for value in values {
        tests.extend(COMPARISONS.map(|operator| Test::Compare(operator, value.clone())));
        let all = [JsonTest::Contains, JsonTest::ContainedIn, JsonTest::Overlaps];
        tests.extend(all.map(|test| Test::Json(test, value.clone())));
    }
    for test in TEXT_TESTS {
        let patterns: &[&str] = match test {
            TextTest::Like | TextTest::LikeIgnoringCase => &PATTERNS,
            _ => &REGEXES,
        };
        tests.extend(patterns.iter().map(|pattern| Test::Text(test, Value::Text((*pattern).to_owned()))));
    }
    tests.extend([SearchMode::Query, SearchMode::Plain].map(|mode| Test::Search(mode, "a".to_owned())));
    tests.push(Test::Search(SearchMode::Web, "7".to_owned()));
    tests
}

struct Filtering<'w> {
    world: &'w World,
    id: ResourceId,
    settings: Settings,
    wrong: Vec<String>,
    offered: usize,
}

impl Filtering<'_> {
    fn check(&mut self, field: &Field, rows: &[(String, Value)], test: &Test) {
        let path = Path { names: vec![field.name.clone()], json: JsonPath::default() };
        let filter = Filter::Test { path, test: test.clone() };
        for (filter, wanted) in [(filter.clone(), true), (Filter::Not(Box::new(filter)), false)] {
            let mut resolver = Resolver::new(&self.world.contract, &self.settings);
            let condition = match condition::resolve(&mut resolver, self.id, &filter, 0) {
                Ok(condition) => condition,
                Err(fault) => {
                    assert!(fault.fields.iter().any(|f| f.field.starts_with(&field.name)), "{fault:?}");
                    return;
                }
            };
            self.offered += 1;
            let (nothing, decisions) = (RuleValue::Null, Decisions::default());
            let facts = Facts {
                caller_id: None,
                roles: &[],
                scopes: &[],
                claims: &nothing,
                now: NOW,
                arguments: &[],
                message: None,
            };
            let mut builder = Builder::new(&self.world.contract, &facts, &decisions);
            let predicate = builder.condition_of(self.id, Some(&condition));
            let found = self.world.filtered("Row", predicate, builder.params);
            let is_wanted = |value: &Value| holds(self.world, field, test, value) == Some(wanted);
            let rows = rows.iter().filter(|(_, value)| is_wanted(value));
            let expected: BTreeSet<String> = rows.map(|(key, _)| format!("\"{key}\"")).collect();
            let found: BTreeSet<String> = found.into_iter().filter(|key| key.starts_with("\"1-")).collect();
            if found != expected {
                self.wrong.push(format!("{} {filter:?}: found {found:?}, wanted {expected:?}", field.name));
            }
        }
    }
}

/// Tests that are offered, at the least.
const OFFERED_MIN: usize = 2_000;
/// Tests that a failure shows.
const SHOWN_MAX: usize = 40;

#[test]
fn filters_hold_for_what_their_operators_mean() {
    let world = World::new();
    let (id, row) = resource(&world.contract, "Row");
    let rows: Vec<Value> = ROWS.iter().map(|row| parsed(row)).collect();
    let mut filtering =
        Filtering { world: &world, id, settings: Settings::default(), wrong: Vec::new(), offered: 0 };
    for field in row.fields.iter().filter(|field| field.name != "id" && field.name != "parent") {
        let values: Vec<Value> = rows
            .iter()
            .filter_map(|row| row.get(&field.name).filter(|v| **v != Value::Null).cloned())
            .collect();
        let keyed = rows.iter().enumerate().map(|(at, row)| (format!("1-{at}"), meaning(&world, field, row)));
        let keyed: Vec<(String, Value)> = keyed.collect();
        let values: Vec<Value> = match super::wanted::is_json(field) {
            // Over a wire a text stands for JSON's own text.
            true => values.iter().map(|value| Value::Text(value.json_text())).collect(),
            false => values,
        };
        for test in tests(&values) {
            filtering.check(field, &keyed, &test);
        }
    }
    let Filtering { wrong, offered, .. } = filtering;
    let some: Vec<&String> = wrong.iter().take(SHOWN_MAX).collect();
    assert!(wrong.is_empty(), "{} of the tests hold otherwise: {some:#?}", wrong.len());
    assert!(offered >= OFFERED_MIN, "only {offered} tests were offered");
}
