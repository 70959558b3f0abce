//! Fitting a value to a type of the schema.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use wire::Value;

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The place inside the value, `.items.0`; empty for the value itself.
    pub place: String,
    /// A code as those of fields are.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Mistake {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { place: String::new(), code, message: message.into() }
    }

    fn inside(self, place: impl std::fmt::Display) -> Self {
        Self { place: format!(".{place}{}", self.place), ..self }
    }
}

/// Fits a value to a type. Recursive, as deep as the value is, which its reader bounds.
pub(crate) fn coerce(schema: &Schema, ty: &Type, value: Value) -> Result<Value, Mistake> {
    match (ty, value) {
        (Type::Named(_) | Type::List(_), Value::Null) => Ok(Value::Null),
        (Type::NonNullNamed(_) | Type::NonNullList(_), Value::Null) => {
            Err(Mistake::new("REQUIRED", "must not be null"))
        }
        (Type::Named(name) | Type::NonNullNamed(name), value) => named(schema, name, value),
        (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
            let fitted = items
                .into_iter()
                .enumerate()
                .map(|(at, value)| coerce(schema, item, value).map_err(|mistake| mistake.inside(at)));
            fitted.collect::<Result<_, _>>().map(Value::List)
        }
        // A single value is a list of it (GraphQL, section 3.11).
        (Type::List(item) | Type::NonNullList(item), value) => {
            coerce(schema, item, value).map(|value| Value::List(vec![value]))
        }
    }
}

fn named(schema: &Schema, name: &str, value: Value) -> Result<Value, Mistake> {
    match schema.types.get(name) {
        Some(ExtendedType::Scalar(_)) => scalar(name, value),
        Some(ExtendedType::Enum(definition)) => match value {
            Value::Text(text) if definition.values.contains_key(text.as_str()) => Ok(Value::Text(text)),
            Value::Text(text) => {
                let shown: String = text.chars().take(64).collect();
                Err(Mistake::new("TYPE", format!("must be a value of `{name}`, not `{shown}`")))
            }
            other => Err(wrong(name, &other)),
        },
        Some(ExtendedType::InputObject(definition)) => match value {
            Value::Object(members) => object(schema, definition, members),
            other => Err(wrong(name, &other)),
        },
        Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)) | None => {
            Err(Mistake::new("TYPE", format!("`{name}` cannot be given")))
        }
    }
}

/// The built-in scalars (GraphQL, section 3.5). What custom ones hold is checked by the field that they are for.
fn scalar(name: &str, value: Value) -> Result<Value, Mistake> {
    match (name, value) {
        ("Int", Value::Int(number)) if i32::try_from(number).is_ok() => Ok(Value::Int(number)),
        ("Int", Value::Int(_)) => Err(Mistake::new("RANGE", "is an integer of 32 bits")),
        ("Int", Value::Number(text)) => whole(&text),
        ("Int", Value::Float(number)) => whole(&number.to_string()),
        ("Float", value @ (Value::Int(_) | Value::Float(_) | Value::Number(_))) => Ok(value),
        ("String", value @ Value::Text(_)) | ("Boolean", value @ Value::Bool(_)) => Ok(value),
        ("ID", Value::Int(number)) => Ok(Value::Text(number.to_string())),
        ("ID", value @ Value::Text(_)) => Ok(value),
        ("Int" | "Float" | "String" | "Boolean" | "ID", other) => Err(wrong(name, &other)),
        ("JSON", value) => Ok(value),
        (_, other @ (Value::List(_) | Value::Object(_))) => Err(wrong(name, &other)),
        (_, value) => Ok(value),
    }
}

/// `1.0` and `1e3` are integers, too.
fn whole(text: &str) -> Result<Value, Mistake> {
    let number: Option<f64> = text.parse().ok();
    match number.filter(|n| n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX)) {
        Some(number) => Ok(Value::Int(number as i64)),
        None => Err(Mistake::new("TYPE", "must be an integer of 32 bits")),
    }
}

fn object(
    schema: &Schema,
    definition: &InputObjectType,
    members: Vec<(String, Value)>,
) -> Result<Value, Mistake> {
    let mut fitted = Vec::with_capacity(members.len());
    for (name, value) in members {
        let Some(field) = definition.fields.get(name.as_str()) else {
            let shown: String = name.chars().take(64).collect();
            let message = format!("is not a field of `{}`", definition.name);
            return Err(Mistake::new("UNKNOWN", message).inside(shown));
        };
        if fitted.iter().any(|(known, _)| *known == name) {
            return Err(Mistake::new("DUPLICATE", "is given twice").inside(name));
        }
        let value = coerce(schema, &field.ty, value).map_err(|mistake| mistake.inside(&name))?;
        fitted.push((name, value));
    }
    for (name, field) in &definition.fields {
        if fitted.iter().any(|(known, _)| known == name.as_str()) {
            continue;
        }
        match &field.default_value {
            Some(default) => {
                let default = super::raw(default, &super::Variables::default()).unwrap_or(Value::Null);
                fitted.push((name.as_str().to_owned(), coerce(schema, &field.ty, default)?));
            }
            None if field.ty.is_non_null() => {
                return Err(Mistake::new("REQUIRED", "is required").inside(name));
            }
            None => {}
        }
    }
    // `@oneOf` (GraphQL, section 3.10.1).
    let is_one_of = definition.directives.get("oneOf").is_some();
    match (is_one_of, fitted.as_slice()) {
        (true, [(_, value)]) if *value != Value::Null => Ok(Value::Object(fitted)),
        (true, _) => {
            let message = format!("must hold exactly one field of `{}`, and not null", definition.name);
            Err(Mistake::new("ONE_OF", message))
        }
        (false, _) => Ok(Value::Object(fitted)),
    }
}

fn wrong(name: &str, value: &Value) -> Mistake {
    Mistake::new("TYPE", format!("must be of type `{name}`, not {}", value.kind()))
}
