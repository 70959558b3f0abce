//! One value by its type: from what came over the wire to the form it is kept in.

use contract::{Arity, Base, Contract, Field, InputId, KeyKind, ObjectId, ResourceId, Scalar, TypeRef};
use wire::Value;

/// Levels of nesting of one value at the most.
const VALUE_DEPTH_MAX: usize = 32;
/// Bytes of the key of a new row at the most: three times as many, when all are escaped, fit into a path.
pub(crate) const NEW_KEY_BYTES_MAX: usize = 1024;

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where inside the value: empty, or `.member` and `.0` steps.
    pub at: String,
    pub code: &'static str,
    pub message: String,
}

impl Problem {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { at: String::new(), code, message: message.into() }
    }

    pub fn inside(mut self, step: &str) -> Self {
        self.at = format!(".{step}{}", self.at);
        self
    }
}

impl From<wire::ScalarError> for Problem {
    fn from(error: wire::ScalarError) -> Self {
        Self::new(error.code, error.message)
    }
}

/// Where a scalar stands: a cell of its own, or inside a list or object that is kept as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Cell,
    InsideJson,
}

/// A value for a column: a scalar in stored form, or JSON text for lists and objects.
pub(crate) fn for_column(contract: &Contract, ty: TypeRef, value: &Value) -> Result<Value, Problem> {
    let is_structured =
        matches!(ty.arity, Arity::List { .. }) || matches!(ty.base, Base::Object(_) | Base::Input(_));
    if !is_structured {
        return typed(contract, ty, value, Place::Cell, VALUE_DEPTH_MAX);
    }
    match typed(contract, ty, value, Place::InsideJson, VALUE_DEPTH_MAX)? {
        Value::Null => Ok(Value::Null),
        structured => Ok(Value::Text(structured.json_text())),
    }
}

/// A member of a stored object in the form that it is kept in.
pub(crate) fn member(contract: &Contract, ty: TypeRef, value: &Value) -> Result<Value, Problem> {
    typed(contract, ty, value, Place::InsideJson, VALUE_DEPTH_MAX)
}

/// Whether a value makes sense, where what is kept of it is worked out later.
pub(crate) fn check(contract: &Contract, ty: TypeRef, value: &Value) -> Result<(), Problem> {
    typed(contract, ty, value, Place::InsideJson, VALUE_DEPTH_MAX).map(drop)
}

/// A value that a field is compared with. Texts are read by the field's type, whatever wire they came over.
pub(crate) fn for_filter(contract: &Contract, field: &Field, value: &Value) -> Result<Value, Problem> {
    if *value == Value::Null {
        return Ok(Value::Null);
    }
    let one = TypeRef { base: field.ty.base, arity: Arity::One, required: true };
    match (field.ty.base, value) {
        (Base::Scalar(scalar), Value::Text(text)) if scalar != Scalar::Id => {
            wire::text_to_stored(scalar, text).map_err(|e| Problem::new(e.code, e.message))
        }
        (Base::Scalar(Scalar::Id), _) => typed(contract, one, value, Place::Cell, 1),
        _ => typed(contract, one, value, Place::Cell, VALUE_DEPTH_MAX),
    }
}

/// A value that a list, an object or JSON is compared with, or a part of one: scalars in it are brought to the form that
/// they have inside of it. It need not be whole, so members may be missing.
pub(crate) fn like_kept(contract: &Contract, ty: TypeRef, value: &Value) -> Result<Value, Problem> {
    let item = |at: usize, item: &Value| {
        let one = TypeRef { arity: Arity::One, ..ty };
        like_kept(contract, one, item).map_err(|problem| problem.inside(&at.to_string()))
    };
    match (ty.base, ty.arity, value) {
        (_, _, Value::Null) => Ok(Value::Null),
        (_, Arity::List { .. }, Value::List(items)) => items
            .iter()
            .enumerate()
            .map(|(at, value)| item(at, value))
            .collect::<Result<_, _>>()
            .map(Value::List),
        (Base::Object(id), _, Value::Object(given)) => {
            let fields = &contract.objects[id.index()].fields;
            let member = |(name, value): &(String, Value)| match fields.iter().find(|f| f.name == *name) {
                None => Ok((name.clone(), value.clone())),
                Some(field) => like_kept(contract, field.ty, value)
                    .map(|value| (name.clone(), value))
                    .map_err(|problem| problem.inside(name)),
            };
            given.iter().map(member).collect::<Result<_, _>>().map(Value::Object)
        }
        (Base::Scalar(Scalar::Json) | Base::Object(_), _, other) => Ok(other.clone()),
        (Base::Scalar(scalar), _, Value::Text(text)) if scalar != Scalar::Id => {
            let stored = wire::text_to_stored(scalar, text);
            stored.map(|value| wire::kept_item(scalar, value)).map_err(|e| Problem::new(e.code, e.message))
        }
        (base, _, value) => one(contract, base, value, Place::InsideJson, 1),
    }
}

/// A key in the form the resource keeps it: text, or an integer.
pub(crate) fn key(contract: &Contract, resource: ResourceId, value: &Value) -> Result<Value, Problem> {
    let text = match wire::to_stored(Scalar::Id, value).map_err(|e| Problem::new(e.code, e.message))? {
        Value::Text(text) => text,
        other => return Ok(other),
    };
    match contract.resource(resource).key_kind {
        KeyKind::Uuid | KeyKind::Client => Ok(Value::Text(text)),
        KeyKind::Integer => {
            // One key has one way of being written, as wherever keys are compared.
            let key = text.parse::<i64>().ok().filter(|key| key.to_string() == text);
            key.map(Value::Int).ok_or_else(|| Problem::new("TYPE", "must be an integer key"))
        }
    }
}

/// The key of a row that a call may make: one that a path can hold. Clients resolve `.` and `..` before they ask, escaped
/// or not (<https://url.spec.whatwg.org/#double-dot-path-segment>).
pub(crate) fn new_key(contract: &Contract, resource: ResourceId, value: &Value) -> Result<Value, Problem> {
    fit_for_new(key(contract, resource, value)?)
}

/// The same of a key in stored form.
pub(crate) fn fit_for_new(key: Value) -> Result<Value, Problem> {
    match &key {
        Value::Text(text) if text == "." || text == ".." => {
            Err(Problem::new("FORMAT", "must not be `.` or `..`, which no path can end with"))
        }
        Value::Text(text) if text.len() > NEW_KEY_BYTES_MAX => {
            Err(Problem::new("LENGTH", format!("must have at most {NEW_KEY_BYTES_MAX} bytes")))
        }
        Value::Text(text) if text.contains('\0') => {
            Err(Problem::new("FORMAT", "must not hold the character U+0000, which no path can hold"))
        }
        _ => Ok(key),
    }
}

/// The value by its type; lists and objects stay structured, with their scalars in stored form.
fn typed(
    contract: &Contract,
    ty: TypeRef,
    value: &Value,
    place: Place,
    depth_left: usize,
) -> Result<Value, Problem> {
    let Some(deeper) = depth_left.checked_sub(1) else {
        return Err(Problem::new("DEPTH", format!("is nested more than {VALUE_DEPTH_MAX} levels deep")));
    };
    if *value == Value::Null {
        return if ty.required { Err(Problem::new("REQUIRED", "must not be null")) } else { Ok(Value::Null) };
    }
    if let Value::Secret(secret) = value {
        return sealed(secret);
    }
    match ty.arity {
        Arity::One => one(contract, ty.base, value, place, deeper),
        Arity::List { item_required } => {
            let Value::List(items) = value else {
                return Err(Problem::new("TYPE", format!("must be a list, not {}", value.kind())));
            };
            let item_type = TypeRef { base: ty.base, arity: Arity::One, required: item_required };
            let each = items.iter().enumerate().map(|(i, item)| {
                typed(contract, item_type, item, place, deeper)
                    .map_err(|problem| problem.inside(&i.to_string()))
            });
            each.collect::<Result<_, _>>().map(Value::List)
        }
    }
}

/// A secret that is text stays sealed until it is hashed.
fn sealed(secret: &wire::Secret) -> Result<Value, Problem> {
    match secret.expose() {
        Some(_) => Ok(Value::Secret(secret.clone())),
        None => Err(Problem::new("TYPE", format!("must be text, not {}", secret.kind()))),
    }
}

fn one(
    contract: &Contract,
    base: Base,
    value: &Value,
    place: Place,
    depth_left: usize,
) -> Result<Value, Problem> {
    match base {
        Base::Scalar(scalar) => {
            let stored = match place {
                Place::Cell => wire::to_stored(scalar, value),
                Place::InsideJson => wire::to_stored_item(scalar, value),
            };
            stored.map_err(|e| Problem::new(e.code, e.message))
        }
        Base::Resource(id) => key(contract, id, value),
        Base::Enum(id) => {
            let names = || contract.enums[id.index()].values.iter().map(|v| v.name.as_str());
            match value {
                Value::Text(text) if names().any(|name| name == text) => Ok(value.clone()),
                Value::Text(_) => {
                    let known: Vec<&str> = names().collect();
                    Err(Problem::new("ENUM", format!("must be one of {}", known.join(", "))))
                }
                other => Err(Problem::new("TYPE", format!("must be text, not {}", other.kind()))),
            }
        }
        Base::Object(id) => object(contract, Members::Object(id), value, depth_left),
        Base::Input(id) => object(contract, Members::Input(id), value, depth_left),
        Base::Abstract(_) => Err(Problem::new("TYPE", "cannot be given as input")),
    }
}

/// Whose members an object has.
#[derive(Clone, Copy)]
enum Members {
    Object(ObjectId),
    Input(InputId),
}

impl Members {
    fn types(self, contract: &Contract) -> Vec<(&str, TypeRef)> {
        match self {
            Members::Object(id) => {
                contract.objects[id.index()].fields.iter().map(|f| (f.name.as_str(), f.ty)).collect()
            }
            Members::Input(id) => {
                contract.inputs[id.index()].fields.iter().map(|a| (a.name.as_str(), a.ty)).collect()
            }
        }
    }

    fn is_one_of(self, contract: &Contract) -> bool {
        match self {
            Members::Object(_) => false,
            Members::Input(id) => contract.inputs[id.index()].one_of,
        }
    }
}

fn object(contract: &Contract, members: Members, value: &Value, depth_left: usize) -> Result<Value, Problem> {
    let Value::Object(given) = value else {
        return Err(Problem::new("TYPE", format!("must be an object, not {}", value.kind())));
    };
    let types = members.types(contract);
    for (name, _) in given {
        if !types.iter().any(|(known, _)| known == name) {
            return Err(Problem::new("UNKNOWN", "is not a member").inside(name));
        }
    }
    if members.is_one_of(contract) && given.iter().filter(|(_, v)| *v != Value::Null).count() != 1 {
        return Err(Problem::new("ONE_OF", "must have exactly one member that is not null"));
    }
    let mut typed_members = Vec::with_capacity(given.len());
    for (name, ty) in types {
        let given = value.get(name);
        if given.is_none() && !ty.required {
            continue;
        }
        if given.is_none() && members.is_one_of(contract) {
            continue;
        }
        let member = given.ok_or_else(|| Problem::new("REQUIRED", "is required").inside(name))?;
        let member = typed(contract, ty, member, Place::InsideJson, depth_left)
            .map_err(|problem| problem.inside(name))?;
        typed_members.push((name.to_owned(), member));
    }
    Ok(Value::Object(typed_members))
}
