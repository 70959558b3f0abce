//! The arguments of an own operation.

use super::record::literal_value;
use super::stored;
use crate::fault::{Fault, FieldFault};
use contract::rule::Value as RuleValue;
use contract::{Argument, Arity, Base, Contract, Operation, Scalar, TypeRef};
use wire::{Patterns, Value};

/// Checked arguments, by their position in the operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Arguments {
    /// In stored form; lists and input objects as JSON text. `None`: absent and without default.
    pub stored: Vec<Option<Value>>,
    /// As they came (lists and objects keep their structure).
    pub sent: Vec<Option<Value>>,
}

/// The items of a list argument that arrived one by one, each checked by [`item`].
#[derive(Debug)]
pub(crate) struct Streamed {
    /// The argument's position.
    pub argument: usize,
    /// As they came.
    pub items: Vec<Value>,
}

/// Checks one item of a list argument.
pub(crate) fn item(
    contract: &Contract,
    patterns: &Patterns,
    argument: &Argument,
    at: usize,
    value: &Value,
) -> Result<(), Fault> {
    let item_required = matches!(argument.ty.arity, Arity::List { item_required: true });
    let ty = TypeRef { base: argument.ty.base, arity: Arity::One, required: item_required };
    let wrong = |p: stored::Problem| {
        let field = FieldFault::new(format!("{}.{at}{}", argument.name, p.at), p.code, p.message);
        Fault::invalid(vec![field])
    };
    stored::check(contract, ty, value).map_err(wrong)?;
    let place = || format!("{}.{at}", argument.name);
    item_checks(contract, patterns, argument, value, &place).map_err(|field| Fault::invalid(vec![field]))
}

/// The checks of a list itself, whose items were checked before.
fn check_list(patterns: &Patterns, argument: &Argument, items: Vec<Value>) -> Result<Value, FieldFault> {
    let length = contract::Checks { length: argument.checks.length.clone(), ..contract::Checks::default() };
    let items = Value::List(items);
    patterns
        .check(&length, argument.ty, &items, &Value::Null)
        .map_err(|p| FieldFault::new(argument.name.clone(), p.code, p.message))?;
    Ok(items)
}

/// Checks every member of `data` as an argument of the operation.
pub(crate) fn arguments(
    contract: &Contract,
    patterns: &Patterns,
    operation: &Operation,
    data: Option<&Value>,
    list_items_max: usize,
    mut streamed: Option<Streamed>,
) -> Result<Arguments, Fault> {
    let nothing = Value::Object(Vec::new());
    let data = data.unwrap_or(&nothing);
    let Value::Object(members) = data else {
        return Err(Fault::invalid_field("body", "TYPE", format!("must be an object, not {}", data.kind())));
    };
    let mut wrong: Vec<FieldFault> = members
        .iter()
        .filter(|(name, _)| !operation.arguments.iter().any(|a| a.name == *name))
        .map(|(name, _)| unknown(operation, name))
        .collect();
    let mut checked = Arguments::default();
    for (at, argument) in operation.arguments.iter().enumerate() {
        if let Some(Streamed { items, .. }) = streamed.take_if(|streamed| streamed.argument == at) {
            match check_list(patterns, argument, items) {
                Ok(items) => {
                    checked.stored.push(None);
                    checked.sent.push(Some(items));
                }
                Err(fault) => wrong.push(fault),
            }
            continue;
        }
        let sent = data.get(&argument.name).cloned().or_else(|| argument.default.as_ref().map(literal_value));
        match sent.as_ref().map(|value| one(contract, patterns, argument, value, list_items_max)) {
            None if argument.ty.required => {
                wrong.push(FieldFault::new(argument.name.clone(), "REQUIRED", "is required"));
            }
            Some(Err(fault)) => wrong.push(fault),
            Some(Ok(stored)) => {
                checked.stored.push(Some(stored));
                checked.sent.push(sent);
            }
            None => {
                checked.stored.push(None);
                checked.sent.push(None);
            }
        }
    }
    if wrong.is_empty() { Ok(checked) } else { Err(Fault::invalid(wrong)) }
}

fn unknown(operation: &Operation, name: &str) -> FieldFault {
    let known = operation.arguments.iter().map(|a| a.name.as_str());
    let hint = contract::diagnostic::closest(name, known).map(|near| format!("; did you mean `{near}`?"));
    let shown: String = name.chars().take(64).collect();
    let message = format!("is not an argument of `{}`{}", operation.name, hint.unwrap_or_default());
    FieldFault::new(shown, "UNKNOWN", message)
}

fn one(
    contract: &Contract,
    patterns: &Patterns,
    argument: &Argument,
    value: &Value,
    list_items_max: usize,
) -> Result<Value, FieldFault> {
    let problem =
        |p: stored::Problem| FieldFault::new(format!("{}{}", argument.name, p.at), p.code, p.message);
    if let Value::List(items) = value
        && items.len() > list_items_max
    {
        let message = format!("has more than {list_items_max} items");
        return Err(FieldFault::new(argument.name.clone(), "SIZE", message));
    }
    let stored = stored::for_column(contract, argument.ty, value).map_err(problem)?;
    if stored != Value::Null {
        patterns
            .check(&argument.checks, argument.ty, value, &stored)
            .map_err(|error| problem(error.into()))?;
        input_checks(contract, patterns, argument, value)?;
    }
    Ok(stored)
}

/// The checks on the members of input objects, one level down (lists of inputs included).
fn input_checks(
    contract: &Contract,
    patterns: &Patterns,
    argument: &Argument,
    value: &Value,
) -> Result<(), FieldFault> {
    match (value, argument.ty.arity) {
        (Value::List(items), Arity::List { .. }) => items.iter().enumerate().try_for_each(|(at, item)| {
            item_checks(contract, patterns, argument, item, &|| format!("{}.{at}", argument.name))
        }),
        (one, _) => item_checks(contract, patterns, argument, one, &|| argument.name.clone()),
    }
}

/// The checks on the members of one input object, which stands in this place.
fn item_checks(
    contract: &Contract,
    patterns: &Patterns,
    argument: &Argument,
    item: &Value,
    place: &dyn Fn() -> String,
) -> Result<(), FieldFault> {
    let Base::Input(id) = argument.ty.base else {
        return Ok(());
    };
    for member in &contract.inputs[id.index()].fields {
        let Some(sent) = item.get(&member.name).filter(|v| **v != Value::Null) else { continue };
        let wrong = |p: stored::Problem| {
            FieldFault::new(format!("{}.{}{}", place(), member.name, p.at), p.code, p.message)
        };
        if member.checks.is_empty() {
            continue;
        }
        let stored = stored::for_column(contract, member.ty, sent).map_err(wrong)?;
        patterns.check(&member.checks, member.ty, sent, &stored).map_err(|error| wrong(error.into()))?;
    }
    Ok(())
}

impl Arguments {
    /// The arguments as rules see them.
    pub fn for_rules(&self, contract: &Contract, operation: &Operation) -> Vec<RuleValue> {
        let each = operation.arguments.iter().zip(&self.stored).zip(&self.sent);
        each.map(|((argument, stored), sent)| match (argument.ty.arity, argument.ty.base, stored, sent) {
            (Arity::One, Base::Scalar(scalar), Some(value), _) => rule_scalar(scalar, value),
            (_, _, _, Some(sent)) => rule_typed(contract, argument.ty, sent),
            (_, _, _, None) => RuleValue::Null,
        })
        .collect()
    }
}

/// A value of a type, as it came or as it is kept inside of JSON, as rules see it: what is in a list or an object is of its
/// declared type there, too.
pub(crate) fn rule_typed(contract: &Contract, ty: TypeRef, value: &Value) -> RuleValue {
    let one = TypeRef { arity: Arity::One, ..ty };
    let member = |types: Option<TypeRef>, (name, value): &(String, Value)| {
        let value = types.map_or_else(|| rule_value(value), |ty| rule_typed(contract, ty, value));
        (name.clone(), value)
    };
    match (ty.base, ty.arity, value) {
        (_, _, Value::Null) => RuleValue::Null,
        (_, Arity::List { .. }, Value::List(items)) => {
            RuleValue::List(items.iter().map(|item| rule_typed(contract, one, item)).collect())
        }
        (Base::Scalar(Scalar::Json | Scalar::Bytes), ..) => rule_value(value),
        (Base::Scalar(scalar), ..) => match wire::to_stored(scalar, value) {
            Ok(stored) => rule_scalar(scalar, &stored),
            Err(_) => rule_value(value),
        },
        (Base::Resource(_), _, Value::Int(key)) => RuleValue::Text(key.to_string()),
        (Base::Input(id), _, Value::Object(members)) => {
            let types = &contract.inputs[id.index()].fields;
            let ty = |name: &str| types.iter().find(|field| field.name == name).map(|field| field.ty);
            RuleValue::Map(members.iter().map(|named| member(ty(&named.0), named)).collect())
        }
        (Base::Object(id), _, Value::Object(members)) => {
            let types = &contract.objects[id.index()].fields;
            let ty = |name: &str| types.iter().find(|field| field.name == name).map(|field| field.ty);
            RuleValue::Map(members.iter().map(|named| member(ty(&named.0), named)).collect())
        }
        (Base::Resource(_) | Base::Enum(_) | Base::Input(_) | Base::Object(_) | Base::Abstract(_), ..) => {
            rule_value(value)
        }
    }
}

/// A value in stored form as rules see it.
pub(crate) fn rule_scalar(scalar: Scalar, value: &Value) -> RuleValue {
    match (scalar, value) {
        (Scalar::Decimal { scale }, Value::Int(units)) => RuleValue::Decimal { units: *units, scale },
        (Scalar::Duration, Value::Int(micros)) => RuleValue::Duration(*micros),
        (_, value) => rule_value(value),
    }
}

/// A value as it came, as rules see it.
pub(crate) fn rule_value(value: &Value) -> RuleValue {
    match value {
        Value::Null => RuleValue::Null,
        Value::Bool(b) => RuleValue::Bool(*b),
        Value::Int(i) => RuleValue::Int(*i),
        Value::Float(f) => RuleValue::Float(*f),
        Value::Number(text) => text.parse().map_or(RuleValue::Null, RuleValue::Float),
        Value::Text(text) => RuleValue::Text(text.clone()),
        // Only compared with null, which they are not: no rule sees what they hold.
        Value::Bytes(_) | Value::Secret(_) => RuleValue::Map(Vec::new()),
        Value::List(items) => RuleValue::List(items.iter().map(rule_value).collect()),
        Value::Object(members) => {
            RuleValue::Map(members.iter().map(|(name, value)| (name.clone(), rule_value(value))).collect())
        }
    }
}
