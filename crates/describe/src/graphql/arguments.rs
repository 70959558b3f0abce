//! What a client may give to the standard mutations, and in the operations of a batch: what the engine accepts.

use super::names;
use contract::{Arity, Base, Column, Field, FieldId, KeyKind, Resource, Scalar, TypeRef};

/// An argument of a standard mutation, or a field of its input in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Argument<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub meaning: Meaning,
    /// Its type: a resource stands for a key, an object for its input. Where it is required it must be given, else it
    /// may be left out.
    pub ty: TypeRef,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Which record.
    Key,
    /// The version that the record must still have.
    IfVersion,
    /// The value of a field.
    Field(FieldId),
}

/// A kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Write {
    /// A new record.
    Create,
    /// A change of a record.
    Update,
    /// A record with this key, there or not.
    Upsert,
    /// The end of a record.
    Delete,
}

impl Write {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Upsert, Self::Delete];

    /// Its name in the operations of a batch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
        }
    }

    /// The write of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|write| write.name() == name)
    }

    /// What a client may give.
    pub fn arguments(self, resource: &Resource) -> Vec<Argument<'_>> {
        match self {
            Self::Create => create_arguments(resource),
            Self::Update => update_arguments(resource),
            Self::Upsert => upsert_arguments(resource),
            Self::Delete => delete_arguments(resource),
        }
    }
}

/// The arguments of a create: the key only where it is the client's to give.
pub fn create_arguments(resource: &Resource) -> Vec<Argument<'_>> {
    match resource.key_kind {
        KeyKind::Client => [key(resource)].into_iter().chain(new_values(resource)).collect(),
        KeyKind::Uuid | KeyKind::Integer => new_values(resource).collect(),
    }
}

/// The arguments of an update: what is left out stays as it is.
pub fn update_arguments(resource: &Resource) -> Vec<Argument<'_>> {
    let changeable = given(resource).filter(|(_, _, column)| !column.immutable);
    let values = changeable.map(|(id, field, _)| value(id, field, TypeRef { required: false, ..field.ty }));
    which(resource, values.collect())
}

/// The arguments of an upsert.
pub fn upsert_arguments(resource: &Resource) -> Vec<Argument<'_>> {
    which(resource, new_values(resource).collect())
}

/// The arguments of a delete.
pub fn delete_arguments(resource: &Resource) -> Vec<Argument<'_>> {
    which(resource, Vec::new())
}

/// The record and its version before the values. A field that is named as the version is leaves no place for it.
fn which<'a>(resource: &'a Resource, values: Vec<Argument<'a>>) -> Vec<Argument<'a>> {
    let ty = TypeRef { base: Base::Scalar(Scalar::Long), arity: Arity::One, required: false };
    let version = Argument { name: names::IF_VERSION, meaning: Meaning::IfVersion, ty };
    let version = resource.field_named(version.name).is_none().then_some(version);
    [key(resource)].into_iter().chain(version).chain(values).collect()
}

fn key(resource: &Resource) -> Argument<'_> {
    let field = resource.key_field();
    Argument { name: &field.name, meaning: Meaning::Key, ty: field.ty }
}

/// The values of a new record but its key: required where the record would not be whole without.
fn new_values(resource: &Resource) -> impl Iterator<Item = Argument<'_>> {
    given(resource).map(|(id, field, column)| {
        let required = field.ty.required && column.default.is_none();
        value(id, field, TypeRef { required, ..field.ty })
    })
}

fn value(id: FieldId, field: &Field, ty: TypeRef) -> Argument<'_> {
    Argument { name: &field.name, meaning: Meaning::Field(id), ty }
}

/// The fields but the key that are kept in the record and not set by the server.
fn given(resource: &Resource) -> impl Iterator<Item = (FieldId, &Field, &Column)> {
    let kept = resource.fields().filter_map(|(id, field)| Some((id, field, field.column()?)));
    kept.filter(|(id, _, column)| *id != resource.key && column.assign.is_none())
}
