//! Conditions: tests fit the field's type, and their values are read by it.

use super::resolve::{Resolver, is_many, named};
use super::wanted::{Check, Condition, Target, is_json};
use crate::call::{Filter, Is, Test, TestOperator};
use crate::fault::Fault;
use crate::input::stored;
use contract::{Arity, Base, Compare, Contract, Field, ResourceId, Scalar};
use store::TextTest;
use wire::Value;

/// Levels of `and`, `or`, `not` and relations in one filter at the most.
const FILTER_DEPTH_MAX: usize = 16;
/// Bytes of a pattern, regular expression or search at the most.
const PATTERN_BYTES_MAX: usize = 1024;

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    resource: ResourceId,
    filter: &Filter,
    depth: usize,
) -> Result<Condition, Fault> {
    if depth > FILTER_DEPTH_MAX {
        let message = format!("is nested more than {FILTER_DEPTH_MAX} levels deep");
        return Err(Fault::invalid_field("filter", "DEPTH", message));
    }
    resolver.tests_left = resolver.tests_left.checked_sub(1).ok_or_else(|| {
        let message = format!("holds more than {} tests", resolver.settings().filter_nodes_max);
        Fault::invalid_field("filter", "SIZE", message)
    })?;
    let mut all = |filters: &[Filter]| -> Result<Vec<Condition>, Fault> {
        filters.iter().map(|f| resolve(resolver, resource, f, depth + 1)).collect()
    };
    match filter {
        Filter::And(filters) => Ok(Condition::And(all(filters)?)),
        Filter::Or(filters) => Ok(Condition::Or(all(filters)?)),
        Filter::Not(inner) => Ok(Condition::Not(Box::new(resolve(resolver, resource, inner, depth + 1)?))),
        Filter::Test { path, test } => {
            let place = path.names.join(".");
            let target = resolver.target(resource, path, &place)?;
            let check = check(resolver, &target, test, &place)?;
            Ok(Condition::Test { target, check })
        }
        Filter::Related { name, quantifier, filter } => {
            let contract = resolver.contract;
            let field_id = named(contract.resource(resource), name, name)?;
            let field = contract.resource(resource).field(field_id);
            let Some(target) = field.target() else {
                return Err(Fault::invalid_field(name, "RELATION", "is a value, not a relation"));
            };
            let condition = match filter {
                None => None,
                Some(inner) => Some(Box::new(resolve(resolver, target, inner, depth + 1)?)),
            };
            let (to_many, quantifier) = (is_many(field), *quantifier);
            Ok(Condition::Related { field: field_id, to_many, resource: target, quantifier, condition })
        }
    }
}

/// What the values of a test are compared with.
enum Against<'a> {
    /// One value of a field.
    Value(&'a Field),
    /// Part of a JSON value: read as text.
    JsonText,
    /// Part of a JSON value, as JSON.
    JsonPart,
    /// A JSON value, or a list or object that is kept as JSON.
    Json(&'a Field),
}

fn check(resolver: &Resolver<'_>, target: &Target, test: &Test, place: &str) -> Result<Check, Fault> {
    let field = resolver.contract.resource(target.resource).field(target.field);
    let against = if !target.json.is_empty() {
        if target.as_text { Against::JsonText } else { Against::JsonPart }
    } else if is_json(field) {
        Against::Json(field)
    } else {
        Against::Value(field)
    };
    let is_key = target.field == resolver.contract.resource(target.resource).key;
    let typed = |value: &Value| match (is_key, value) {
        (true, value) if *value != Value::Null => stored::key(resolver.contract, target.resource, value)
            .map_err(|problem| Fault::invalid_field(place, problem.code, problem.message)),
        _ => read(resolver, &against, value, place),
    };
    let misfit =
        |what: &str| Fault::invalid_field(place, "TYPE", format!("{what} does not fit `{}`", field.name));
    let wrong = |what: &str| Err(misfit(what));
    match test {
        Test::Compare(operator, value) => {
            orderable(&against, *operator, place)?;
            Ok(Check::Compare(*operator, typed(value)?))
        }
        Test::Distinct(Value::Null) => Ok(Check::Is(Is::NotNull)),
        Test::Distinct(value) => Ok(Check::Distinct(typed(value)?)),
        Test::Text(operator, value) => match (&against, value) {
            (Against::Json(_) | Against::JsonPart, _) => wrong("a text test"),
            (Against::Value(f), _) if !is_text(f) => wrong("a text test"),
            (_, Value::Text(pattern)) => {
                Ok(Check::Text(*operator, checked_pattern(resolver, *operator, pattern, place)?))
            }
            _ => wrong("a pattern that is not text"),
        },
        Test::Quantified(how, operator, values) => {
            bounded(values, resolver, place)?;
            let each = values.iter().map(|value| match operator.as_ref() {
                TestOperator::Compare(operator) => {
                    orderable(&against, *operator, place)?;
                    typed(value)
                }
                TestOperator::Text(operator) => match (&against, value) {
                    (Against::Value(f), Value::Text(pattern)) if is_text(f) => {
                        checked_pattern(resolver, *operator, pattern, place)
                    }
                    (Against::JsonText, Value::Text(pattern)) => {
                        checked_pattern(resolver, *operator, pattern, place)
                    }
                    _ => Err(misfit("a text test")),
                },
            });
            Ok(Check::Quantified(*how, **operator, each.collect::<Result<_, _>>()?))
        }
        Test::In(values) => {
            bounded(values, resolver, place)?;
            let values = values.iter().map(typed).collect::<Result<Vec<_>, _>>()?;
            // Bytes are no JSON, and doubles are not to be read from text once more.
            Ok(match values.iter().any(|value| matches!(value, Value::Bytes(_) | Value::Float(_))) {
                true => Check::Among(values),
                false => Check::In(Value::List(values).json_text()),
            })
        }
        Test::Is(is) => {
            let boolean = matches!(field.ty.base, Base::Scalar(Scalar::Boolean)) && target.json.is_empty();
            match is {
                Is::Null | Is::NotNull => Ok(Check::Is(*is)),
                Is::True | Is::False | Is::Unknown if boolean => Ok(Check::Is(*is)),
                Is::True | Is::False | Is::Unknown => wrong("a boolean test"),
            }
        }
        Test::Search(mode, query) => match &against {
            Against::Json(_) | Against::JsonPart => wrong("a text search"),
            Against::Value(f) if !is_text(f) => wrong("a text search"),
            Against::Value(_) | Against::JsonText if query.len() > PATTERN_BYTES_MAX => {
                Err(Fault::invalid_field(place, "SIZE", format!("is at most {PATTERN_BYTES_MAX} bytes long")))
            }
            Against::Value(_) | Against::JsonText => Ok(Check::Search(*mode, query.clone())),
        },
        Test::Json(operator, value) => match &against {
            Against::Json(_) | Against::JsonPart => {
                let value = read(resolver, &against, value, place)?;
                Ok(Check::Json(*operator, value))
            }
            Against::Value(_) | Against::JsonText => wrong("a containment test"),
        },
    }
}

fn is_text(field: &Field) -> bool {
    match field.ty.base {
        Base::Scalar(scalar) => match scalar {
            Scalar::Id | Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => true,
            Scalar::Date | Scalar::DateTime | Scalar::Time => true,
            Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Boolean | Scalar::Decimal { .. } => false,
            Scalar::Duration | Scalar::Json | Scalar::Bytes => false,
        },
        Base::Enum(_) | Base::Resource(_) => true,
        Base::Object(_) | Base::Input(_) | Base::Abstract(_) => false,
    }
}

fn orderable(against: &Against<'_>, operator: Compare, place: &str) -> Result<(), Fault> {
    let unordered = match (operator, against) {
        (Compare::Equal | Compare::NotEqual, _) | (_, Against::JsonText | Against::JsonPart) => None,
        (_, Against::Value(field)) => {
            Some(field).filter(|f| matches!(f.ty.base, Base::Scalar(Scalar::Boolean | Scalar::Bytes)))
        }
        (_, Against::Json(field)) => Some(field).filter(|f| f.ty.base != Base::Scalar(Scalar::Json)),
    };
    match unordered {
        Some(field) => Err(Fault::invalid_field(place, "TYPE", format!("`{}` has no order", field.name))),
        None => Ok(()),
    }
}

fn bounded(values: &[Value], resolver: &Resolver<'_>, place: &str) -> Result<(), Fault> {
    let max = resolver.settings().filter_values_max;
    if values.len() > max {
        return Err(Fault::invalid_field(place, "SIZE", format!("lists more than {max} values")));
    }
    Ok(())
}

/// A value of a test in the stored form of what it is compared with.
fn read(resolver: &Resolver<'_>, against: &Against<'_>, value: &Value, place: &str) -> Result<Value, Fault> {
    match against {
        Against::Value(field) => stored::for_filter(resolver.contract, field, value)
            .map_err(|problem| Fault::invalid_field(place, problem.code, problem.message)),
        Against::JsonText => match value {
            Value::Text(_) => Ok(value.clone()),
            other => Ok(Value::Text(other.json_text())),
        },
        Against::Json(field) => json_operand(resolver.contract, field, value, place),
        Against::JsonPart => Ok(Value::Text(json_value(value, place)?.json_text())),
    }
}

/// JSON text as it is kept in the field: what came as text is JSON, or for lists PostgreSQL's `{a,b}`.
fn json_operand(contract: &Contract, field: &Field, value: &Value, place: &str) -> Result<Value, Fault> {
    let given = match value {
        Value::Text(text) if text.starts_with('{') && matches!(field.ty.arity, Arity::List { .. }) => {
            let wrong = || Fault::invalid_field(place, "FORMAT", "is not a list like {a,b}");
            array_literal(text).ok_or_else(wrong)?
        }
        other => json_value(other, place)?,
    };
    let kept = stored::like_kept(contract, field.ty, &given).map_err(|problem| {
        Fault::invalid_field(format!("{place}{}", problem.at), problem.code, problem.message)
    })?;
    Ok(Value::Text(kept.json_text()))
}

/// A JSON value; what came as text is the text of one.
fn json_value(value: &Value, place: &str) -> Result<Value, Fault> {
    match value {
        Value::Text(text) => wire::decode_json(text.as_bytes(), &wire::DecodeBounds::default())
            .map_err(|e| Fault::invalid_field(place, "FORMAT", format!("is not JSON: {e}"))),
        other => Ok(other.clone()),
    }
}

/// PostgreSQL's array literal of one level, `{a,"b c",3,null}`: its items as texts.
fn array_literal(text: &str) -> Option<Value> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    if inner.is_empty() {
        return Some(Value::List(Vec::new()));
    }
    let mut items = Vec::new();
    let mut rest = inner;
    loop {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_item(quoted).map(|(item, after)| (Value::Text(item), after))?,
            None => {
                let (item, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                let is_null = item.eq_ignore_ascii_case("null");
                (if is_null { Value::Null } else { Value::Text(item.to_owned()) }, after)
            }
        };
        items.push(item);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Some(Value::List(items)),
            None => return None,
        }
    }
}

fn quoted_item(quoted: &str) -> Option<(String, &str)> {
    let mut item = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => item.push(chars.next()?.1),
            '"' => return Some((item, &quoted[at + 1..])),
            other => item.push(other),
        }
    }
    None
}

fn checked_pattern(
    resolver: &Resolver<'_>,
    operator: TextTest,
    pattern: &str,
    place: &str,
) -> Result<Value, Fault> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Fault::invalid_field(
            place,
            "SIZE",
            format!("is at most {PATTERN_BYTES_MAX} bytes long"),
        ));
    }
    match operator {
        TextTest::Matches | TextTest::MatchesIgnoringCase => {
            resolver.regexes.borrow_mut().add(operator, pattern, place)?;
        }
        TextTest::Like | TextTest::LikeIgnoringCase => {}
        TextTest::StartsWith | TextTest::EndsWith | TextTest::Contains => {}
    }
    Ok(Value::Text(pattern.to_owned()))
}
