//! What the schema calls the contract's types and arguments, by its conventions.

use crate::case::{Action, Verb};
use crate::driver::Failure;
use crate::operation;
use contract::{Arity, Base, Contract, Field, KeyKind, Resource, Scalar, Source, TypeRef};

/// An argument that a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its type as a variable declares it.
    pub ty: String,
    /// It has to be given.
    pub required: bool,
}

impl Argument {
    fn new(contract: &Contract, name: &str, ty: TypeRef, required: bool) -> Self {
        let mark = if required { "!" } else { "" };
        Self { name: name.to_owned(), ty: format!("{}{mark}", input(contract, ty)), required }
    }

    fn key(resource: &Resource) -> Self {
        Self { name: resource.key_field().name.clone(), ty: "ID!".to_owned(), required: true }
    }
}

/// The arguments of an action's field, without those that say which rows or which version.
pub fn arguments(contract: &Contract, action: &Action) -> Result<Vec<Argument>, Failure> {
    match action {
        Action::Standard { verb, resource } => {
            let resource = contract.resource(operation::resource(contract, resource)?);
            Ok(standard(contract, *verb, resource))
        }
        Action::Own { .. } => {
            let own = operation::find(contract, action)?;
            let argument = |a: &contract::Argument| {
                Argument::new(contract, &a.name, a.ty, a.ty.required && a.default.is_none())
            };
            Ok(own.arguments.iter().map(argument).collect())
        }
        Action::Related { parent, .. } => {
            Ok(vec![Argument::key(contract.resource(operation::resource(contract, parent)?))])
        }
        Action::Page { .. } | Action::Aggregate { .. } | Action::Batch { .. } => Ok(Vec::new()),
    }
}

fn standard(contract: &Contract, verb: Verb, resource: &Resource) -> Vec<Argument> {
    let key = || Argument::key(resource);
    let new = || {
        let writable = resource.fields().filter(|(id, _)| *id != resource.key).filter(|(_, f)| is_given(f));
        writable.map(|(_, field)| {
            let has_default = field.column().is_some_and(|column| column.default.is_some());
            Argument::new(contract, &field.name, field.ty, field.ty.required && !has_default)
        })
    };
    let changed = || {
        let changeable = resource.fields().filter(|(id, _)| *id != resource.key);
        let changeable = changeable.filter(|(_, f)| is_given(f) && f.column().is_some_and(|c| !c.immutable));
        changeable.map(|(_, field)| Argument::new(contract, &field.name, field.ty, false))
    };
    match verb {
        Verb::List => Vec::new(),
        Verb::Get | Verb::Delete => vec![key()],
        Verb::Create if resource.key_kind == KeyKind::Client => [key()].into_iter().chain(new()).collect(),
        Verb::Create => new().collect(),
        Verb::Upsert => [key()].into_iter().chain(new()).collect(),
        Verb::Update => [key()].into_iter().chain(changed()).collect(),
    }
}

/// Whether clients set the field.
fn is_given(field: &Field) -> bool {
    field.column().is_some_and(|column| column.assign.is_none())
}

/// Why the schema has no such argument, in the words that other protocols have for it.
pub fn why_not(resource: Option<&Resource>, verb: Option<Verb>, name: &str) -> &'static str {
    let field = resource.and_then(|resource| resource.field_named(name).map(|id| resource.field(id)));
    match (field, verb) {
        (None, _) => "UNKNOWN",
        (Some(field), Some(Verb::Update)) if is_given(field) => "IMMUTABLE",
        (Some(_), _) => "READ_ONLY",
    }
}

/// A type as an input has it, without the `!` at its outside.
fn input(contract: &Contract, ty: TypeRef) -> String {
    let name = match ty.base {
        Base::Scalar(kind) => scalar(kind).to_owned(),
        Base::Enum(id) => contract.enums[id.index()].name.clone(),
        // A record is pointed to by its key.
        Base::Resource(_) => "ID".to_owned(),
        Base::Object(id) => format!("{}Input", contract.objects[id.index()].name),
        Base::Input(id) => contract.inputs[id.index()].name.clone(),
        Base::Abstract(id) => contract.abstracts[id.index()].name.clone(),
    };
    match ty.arity {
        Arity::One => name,
        Arity::List { item_required: true } => format!("[{name}!]"),
        Arity::List { item_required: false } => format!("[{name}]"),
    }
}

fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Id => "ID",
        Scalar::String => "String",
        Scalar::Int => "Int",
        Scalar::Long => "Long",
        Scalar::Float => "Float",
        Scalar::Boolean => "Boolean",
        Scalar::Decimal { .. } => "Decimal",
        Scalar::DateTime => "DateTime",
        Scalar::Date => "Date",
        Scalar::Time => "Time",
        Scalar::Duration => "Duration",
        Scalar::Uuid => "UUID",
        Scalar::Json => "JSON",
        Scalar::Bytes => "Bytes",
        Scalar::Url => "URL",
        Scalar::Email => "Email",
    }
}

/// Whether a field lists rows of another resource.
pub fn is_to_many(field: &Field) -> bool {
    matches!(field.source, Source::Relation(_))
}

/// `posts` → `Posts`, for the names of fields that are made of others.
pub fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
