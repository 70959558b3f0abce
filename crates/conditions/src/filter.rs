//! Conditions.

use crate::{DEPTH_MAX, items, members};
use contract::{Contract, Field, ResourceId, Scalar};
use describe::fields::is_many;
use describe::filter::{self as face, Compared, Quantifiable, Quantity, Test as Asked};
use describe::graphql::{FilterField, filter_field, names};
use engine::{
    Fault, Filter, Is, JsonPath, JsonStep, JsonTest, Path, Related, Scalarwise, SearchMode, Test,
    TestOperator, TextTest,
};
use wire::Value;

/// A filter of a resource's records.
///
/// # Errors
/// Invalid, with the place of what makes no sense.
pub fn filter(contract: &Contract, id: ResourceId, value: &Value) -> Result<Filter, Fault> {
    filter_at(contract, id, value, 0)
}

fn filter_at(contract: &Contract, id: ResourceId, value: &Value, depth: usize) -> Result<Filter, Fault> {
    if depth > DEPTH_MAX {
        return Err(Fault::invalid_field(
            names::WHERE,
            "DEPTH",
            format!("is nested more than {DEPTH_MAX} levels deep"),
        ));
    }
    let resource = contract.resource(id);
    let deeper = |value: &Value| filter_at(contract, id, value, depth + 1);
    let mut all = Vec::new();
    for (name, value) in members(value) {
        let Some(field) = filter_field(resource, name) else { continue };
        match field {
            FilterField::And | FilterField::Or | FilterField::Not if *value == Value::Null => {}
            FilterField::And => all.push(Filter::And(items(value).map(deeper).collect::<Result<_, _>>()?)),
            FilterField::Or => all.push(Filter::Or(items(value).map(deeper).collect::<Result<_, _>>()?)),
            FilterField::Not => all.push(Filter::Not(Box::new(deeper(value)?))),
            FilterField::Own(_) if *value == Value::Null => {
                return Err(Fault::invalid_field(
                    name,
                    "NULL",
                    "is null: say what of it, as in {isNull: true}",
                ));
            }
            FilterField::Own(field) => {
                let field = resource.field(field);
                all.push(match field.target() {
                    Some(target) => related(contract, field, target, value, depth)?,
                    None => tests(field, value)?,
                });
            }
        }
    }
    Ok(one(all))
}

fn one(mut all: Vec<Filter>) -> Filter {
    match all.len() {
        1 => all.remove(0),
        _ => Filter::And(all),
    }
}

/// A condition on the record, or the records, of a relation.
fn related(
    contract: &Contract,
    field: &Field,
    target: ResourceId,
    value: &Value,
    depth: usize,
) -> Result<Filter, Fault> {
    let condition = |quantifier, value: &Value| {
        let inner = filter_at(contract, target, value, depth + 1)?;
        Ok(Filter::Related { name: field.name.clone(), quantifier, filter: Some(Box::new(inner)) })
    };
    if !is_many(field) {
        return match key_tests(contract, target, value) {
            Some(tests) => key_filter(field, tests),
            None => condition(Related::Some, value),
        };
    }
    let mut all = Vec::new();
    for (name, value) in members(value) {
        if *value == Value::Null {
            let place = format!("{}.{name}", field.name);
            return Err(Fault::invalid_field(&place, "NULL", "is null: say what of it, or leave it out"));
        }
        let quantifier = match name.as_str() {
            names::SOME => Related::Some,
            names::EVERY => Related::Every,
            names::NONE => Related::None,
            _ => continue,
        };
        all.push(condition(quantifier, value)?);
    }
    Ok(one(all))
}

/// What is asked of a record's key, when nothing else is asked of the record.
fn key_tests<'v>(contract: &Contract, id: ResourceId, value: &'v Value) -> Option<&'v Value> {
    match members(value) {
        [(name, tests)] if *name == contract.resource(id).key_field().name => Some(tests),
        _ => None,
    }
}

/// The key stands in the record that points to it, and is a value there like others.
fn key_filter(field: &Field, tests: &Value) -> Result<Filter, Fault> {
    if *tests == Value::Null {
        return Err(Fault::invalid_field(
            &field.name,
            "NULL",
            "is null: say what of it, as in {isNull: true}",
        ));
    }
    tests_of(field, &Path { names: vec![field.name.clone()], json: JsonPath::default() }, tests, false)
}

/// What is asked of one field.
fn tests(field: &Field, value: &Value) -> Result<Filter, Fault> {
    let compared = face::compared(field);
    let path = Path { names: vec![field.name.clone()], json: JsonPath::default() };
    let is_json = compared == Some(Compared::Scalar(Scalar::Json));
    tests_of(field, &path, value, is_json)
}

fn tests_of(field: &Field, path: &Path, value: &Value, is_json: bool) -> Result<Filter, Fault> {
    let mut all = Vec::new();
    for (name, value) in members(value) {
        let Some(operator) = face::operator(name) else { continue };
        if *value == Value::Null && operator.test != Asked::Distinct {
            let place = format!("{}.{name}", field.name);
            return Err(Fault::invalid_field(
                &place,
                "NULL",
                "is null, which is no match for anything: say isNull",
            ));
        }
        all.push(match operator.test {
            Asked::Part => part(field, value)?,
            other => test(other, path, value, is_json),
        });
    }
    Ok(one(all))
}

/// A test of a part of a JSON value, as text.
fn part(field: &Field, value: &Value) -> Result<Filter, Fault> {
    let steps = value.get(names::PATH).map(steps).unwrap_or_default();
    let json = JsonPath { steps, as_text: true };
    let path = Path { names: vec![field.name.clone()], json };
    let rest = members(value).iter().filter(|(name, _)| name != names::PATH).cloned().collect();
    tests_of(field, &path, &Value::Object(rest), false)
}

/// Steps into a JSON value: digits are the place in a list.
pub fn steps(value: &Value) -> Vec<JsonStep> {
    let step = |step: &Value| match step {
        Value::Text(text) => Some(match text.parse() {
            Ok(index) => JsonStep::Index(index),
            Err(_) => JsonStep::Member(text.clone()),
        }),
        _ => None,
    };
    items(value).filter_map(step).collect()
}

fn test(asked: Asked, path: &Path, value: &Value, is_json: bool) -> Filter {
    // A text stands for itself here; the engine reads the text of a JSON field as JSON.
    let read = |value: &Value| match is_json {
        true => Value::Text(value.json_text()),
        false => value.clone(),
    };
    let all = || items(value).map(read).collect::<Vec<_>>();
    let of = |test| Filter::Test { path: path.clone(), test };
    let not = |test| Filter::Not(Box::new(of(test)));
    let is = |is, holds: &Value| match holds {
        Value::Bool(false) => not(Test::Is(is)),
        _ => of(Test::Is(is)),
    };
    match asked {
        Asked::Compare(compare) => of(Test::Compare(compare, read(value))),
        Asked::Text(test) => of(Test::Text(text_test(test), value.clone())),
        Asked::Quantified(quantity, over) => {
            let operator = match over {
                Quantifiable::Compare(compare) => TestOperator::Compare(compare),
                Quantifiable::Text(test) => TestOperator::Text(text_test(test)),
            };
            let quantity = match quantity {
                Quantity::Any => Scalarwise::Any,
                Quantity::All => Scalarwise::All,
            };
            of(Test::Quantified(quantity, Box::new(operator), all()))
        }
        Asked::In => of(Test::In(all())),
        Asked::NotIn => not(Test::In(all())),
        Asked::IsNull => match value {
            Value::Bool(false) => of(Test::Is(Is::NotNull)),
            _ => of(Test::Is(Is::Null)),
        },
        Asked::Distinct if *value == Value::Null => of(Test::Is(Is::NotNull)),
        Asked::Distinct => of(Test::Distinct(read(value))),
        Asked::Search(mode) => {
            let query = match value {
                Value::Text(query) => query.clone(),
                other => other.json_text(),
            };
            of(Test::Search(search_mode(mode), query))
        }
        Asked::Json(test) => {
            let test = match test {
                face::JsonTest::Contains => JsonTest::Contains,
                face::JsonTest::ContainedIn => JsonTest::ContainedIn,
                face::JsonTest::Overlaps => JsonTest::Overlaps,
            };
            of(Test::Json(test, read(value)))
        }
        Asked::IsTrue => is(Is::True, value),
        Asked::IsFalse => is(Is::False, value),
        Asked::Part => Filter::And(Vec::new()),
    }
}

fn text_test(test: face::TextTest) -> TextTest {
    match test {
        face::TextTest::Like => TextTest::Like,
        face::TextTest::LikeIgnoringCase => TextTest::LikeIgnoringCase,
        face::TextTest::Matches => TextTest::Matches,
        face::TextTest::MatchesIgnoringCase => TextTest::MatchesIgnoringCase,
    }
}

fn search_mode(mode: face::SearchMode) -> SearchMode {
    match mode {
        face::SearchMode::Query => SearchMode::Query,
        face::SearchMode::Plain => SearchMode::Plain,
        face::SearchMode::Phrase => SearchMode::Phrase,
        face::SearchMode::Web => SearchMode::Web,
    }
}
