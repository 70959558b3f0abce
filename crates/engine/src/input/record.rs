//! The fields of a row that a call creates or changes.

use super::patch::{self, Patch};
use super::stored::{self, Problem};
use crate::fault::{Fault, FieldFault};
use crate::policy::Settable;
use contract::{Assign, Column, Contract, Field, FieldId, KeyKind, Literal, Resource, ResourceId, Source};
use wire::{Patterns, Value};

/// What the fields are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new row.
    Create,
    /// Some fields of a row.
    Update,
    /// As [`Purpose::Update`], JSON values and stored objects member by member.
    Patch,
    /// A row with a key of the caller's, there or not.
    Upsert,
    /// A row that the operator brings in whole: its key and what the server would assign may be given.
    Import,
}

/// Checked fields of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Given {
    /// Values by field, in stored form, as the caller gave them.
    values: Vec<(FieldId, Value)>,
    /// The fields among them whose value is a patch of what is there, and what has to be there afterwards
    /// ([`store::Merge`]).
    patches: Vec<(FieldId, Value)>,
    /// Defaults of the fields that a new row leaves out.
    pub defaults: Vec<(FieldId, Value)>,
}

/// What a member of the input stands for.
enum Member {
    Value(FieldId, Value),
    Patch(FieldId, Patch),
    Nothing,
}

impl Purpose {
    /// Whether fields of a row that is there are set.
    fn is_change(self) -> bool {
        match self {
            Purpose::Update | Purpose::Patch => true,
            Purpose::Create | Purpose::Upsert | Purpose::Import => false,
        }
    }
}

impl Given {
    /// The fields that the caller gave, also those that it patches.
    pub fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.values.iter().map(|(field, _)| *field)
    }

    /// What the caller gave for fields whose rules were asked.
    pub fn allowed(&self, settable: &Settable) -> impl Iterator<Item = &(FieldId, Value)> {
        self.values.iter().filter(|(field, _)| settable.has(*field))
    }

    /// What has to be there of a field after it is patched; none where its value takes the place of what is there.
    pub fn patched(&self, field: FieldId) -> Option<&Value> {
        self.patches.iter().find(|(patched, _)| *patched == field).map(|(_, required)| required)
    }

    /// The fields whose values are to be hashed.
    pub fn secrets(&self) -> impl Iterator<Item = FieldId> {
        let secrets = self.values.iter().filter(|(_, value)| matches!(value, Value::Secret(_)));
        secrets.map(|(field, _)| *field)
    }

    /// Everything, for the operator, of whom no rule asks anything.
    pub fn of_operator(self) -> impl Iterator<Item = (FieldId, Value)> {
        self.values.into_iter().chain(self.defaults)
    }
}

/// Checks every member of `data` for a row of the resource.
pub(crate) fn record(
    contract: &Contract,
    patterns: &Patterns,
    id: ResourceId,
    data: &Value,
    purpose: Purpose,
) -> Result<Given, Fault> {
    let resource = contract.resource(id);
    let Value::Object(members) = data else {
        return Err(Fault::invalid_field("body", "TYPE", format!("must be an object, not {}", data.kind())));
    };
    let (mut given, mut wrong) = (Given::default(), Vec::new());
    for (name, value) in members {
        match member(contract, patterns, resource, name, value, purpose) {
            Ok(Member::Value(id, value)) => given.values.push((id, value)),
            Ok(Member::Patch(id, Patch { patch, required })) => {
                given.values.push((id, patch));
                given.patches.push((id, required));
            }
            Ok(Member::Nothing) => {}
            Err(problem) => {
                wrong.push(FieldFault::new(format!("{name}{}", problem.at), problem.code, problem.message));
            }
        }
    }
    if !purpose.is_change() {
        complete(contract, resource, data, purpose, &mut given, &mut wrong);
    }
    if wrong.is_empty() { Ok(given) } else { Err(Fault::invalid(wrong)) }
}

fn member(
    contract: &Contract,
    patterns: &Patterns,
    resource: &Resource,
    name: &str,
    value: &Value,
    purpose: Purpose,
) -> Result<Member, Problem> {
    let Some(id) = resource.field_named(name) else {
        let known = resource.fields.iter().map(|f| f.name.as_str());
        let hint = contract::diagnostic::closest(name, known).map(|near| format!("; did you mean `{near}`?"));
        return Err(Problem::new(
            "UNKNOWN",
            format!("is not a field of `{}`{}", resource.name, hint.unwrap_or_default()),
        ));
    };
    let field = resource.field(id);
    let column = writable(resource, id, field, purpose)?;
    if id == resource.key && purpose == Purpose::Upsert {
        // The row's key is in the call itself; that the two agree is the adapter's to check.
        return Ok(Member::Nothing);
    }
    if purpose == Purpose::Patch
        && let Some(patch) = patch::of_column(contract, field.ty, value)?
    {
        return Ok(Member::Patch(id, patch));
    }
    let stored = value_of(contract, resource, id, field, column, value)?;
    if stored != Value::Null {
        patterns.check(&field.checks, field.ty, value, &stored)?;
    }
    Ok(Member::Value(id, stored))
}

fn value_of(
    contract: &Contract,
    resource: &Resource,
    id: FieldId,
    field: &Field,
    column: &Column,
    value: &Value,
) -> Result<Value, Problem> {
    if column.secret {
        // What came over a wire is sealed already; what the operator brings is not.
        return stored::for_column(contract, field.ty, &value.clone().sealed());
    }
    if id == resource.key {
        let own = contract.resource_named(&resource.name).expect("the resource is the contract's");
        return stored::new_key(contract, own, value);
    }
    stored::for_column(contract, field.ty, value)
}

/// The field's column, if a caller may ever give it for this purpose.
fn writable<'a>(
    resource: &Resource,
    id: FieldId,
    field: &'a Field,
    purpose: Purpose,
) -> Result<&'a Column, Problem> {
    let Source::Column(column) = &field.source else {
        return Err(Problem::new("READ_ONLY", "is not kept in the record itself and cannot be set"));
    };
    if purpose == Purpose::Import {
        return Ok(column);
    }
    if column.assign.is_some() {
        return Err(Problem::new("READ_ONLY", "is set by the server"));
    }
    if id == resource.key {
        return match (purpose, resource.key_kind) {
            (Purpose::Upsert | Purpose::Import, _) | (Purpose::Create, KeyKind::Client) => Ok(column),
            (Purpose::Create, KeyKind::Uuid | KeyKind::Integer) => {
                Err(Problem::new("READ_ONLY", "is made by the server"))
            }
            (Purpose::Update | Purpose::Patch, _) => {
                Err(Problem::new("IMMUTABLE", "is the record's key and cannot be changed"))
            }
        };
    }
    if column.immutable && purpose.is_change() {
        return Err(Problem::new("IMMUTABLE", "can only be set when the record is created"));
    }
    Ok(column)
}

/// A new row has every required field, or a default for it.
fn complete(
    contract: &Contract,
    resource: &Resource,
    data: &Value,
    purpose: Purpose,
    given: &mut Given,
    wrong: &mut Vec<FieldFault>,
) {
    for (id, field) in resource.fields() {
        let Source::Column(column) = &field.source else { continue };
        let is_key = id == resource.key;
        if data.get(&field.name).is_some()
            || is_assigned(column, purpose)
            || (is_key && !key_is_needed(resource, purpose))
        {
            continue;
        }
        match &column.default {
            Some(default) => match default_value(contract, field, default) {
                Ok(value) => given.defaults.push((id, value)),
                Err(problem) => {
                    wrong.push(FieldFault::new(field.name.clone(), problem.code, problem.message))
                }
            },
            None if field.ty.required => {
                wrong.push(FieldFault::new(field.name.clone(), "REQUIRED", "is required"));
            }
            None => {}
        }
    }
}

/// Whether the server sets the field itself: who the caller is it does not know of rows brought in.
fn is_assigned(column: &Column, purpose: Purpose) -> bool {
    match (column.assign, purpose) {
        (None, _) | (Some(Assign::CallerId), Purpose::Import) => false,
        (Some(Assign::CallerId | Assign::Now | Assign::NowOnChange), _) => true,
    }
}

/// Only a create of a resource whose keys are the client's has the key among its fields.
fn key_is_needed(resource: &Resource, purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Create | Purpose::Import) && resource.key_kind == KeyKind::Client
}

pub(crate) fn default_value(contract: &Contract, field: &Field, default: &Literal) -> Result<Value, Problem> {
    stored::for_column(contract, field.ty, &literal_value(default))
}

pub(crate) fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::Number(text) => Value::Number(text.as_str().into()),
        Literal::Text(text) | Literal::Enum(text) => Value::Text(text.clone()),
        Literal::List(items) => Value::List(items.iter().map(literal_value).collect()),
        Literal::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), literal_value(value))).collect())
        }
    }
}

/// The fields that the server sets itself.
pub(crate) fn assigned(resource: &Resource, purpose: Purpose) -> impl Iterator<Item = (FieldId, Assign)> {
    resource.fields().filter_map(move |(id, field)| {
        let assign = field.column()?.assign?;
        let applies = match (assign, purpose) {
            (Assign::CallerId, Purpose::Import) => false,
            (Assign::CallerId | Assign::Now, Purpose::Update | Purpose::Patch) => false,
            (Assign::CallerId | Assign::Now | Assign::NowOnChange, _) => true,
        };
        applies.then_some((id, assign))
    })
}
