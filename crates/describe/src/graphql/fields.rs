//! The fields of records, filters and orders: the resource's own, and those that the schema adds where no own one has
//! the name.

use super::names::{self, count_of};
use super::types::Type;
use crate::fields::is_many;
use contract::{Field, FieldId, Resource};

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordField {
    /// One of the resource.
    Own(FieldId),
    /// The number of records of a to-many field.
    Count(FieldId),
    /// The version of the record.
    Version,
}

/// The fields of a resource's records, in the order in which they are printed.
pub fn record_fields(resource: &Resource) -> Vec<(String, RecordField)> {
    let mut fields = Vec::with_capacity(resource.fields.len() + 1);
    for (id, field) in resource.fields().filter(|(_, field)| !field.is_secret()) {
        fields.push((field.name.clone(), RecordField::Own(id)));
        let count = count_of(&field.name);
        if is_many(field) && shown(resource, &count).is_none() {
            fields.push((count, RecordField::Count(id)));
        }
    }
    fields.push((names::VERSION.to_owned(), RecordField::Version));
    fields
}

/// The field of a resource's records of this name.
pub fn record_field(resource: &Resource, name: &str) -> Option<RecordField> {
    if let Some(id) = shown(resource, name) {
        return Some(RecordField::Own(id));
    }
    if name == names::VERSION {
        return Some(RecordField::Version);
    }
    let mut counted = resource.fields().filter(|(_, field)| is_many(field) && count_of(&field.name) == name);
    counted.next().map(|(id, _)| RecordField::Count(id))
}

/// A field of a resource's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterField {
    /// All of several filters hold.
    And,
    /// One of several filters holds.
    Or,
    /// A filter does not hold.
    Not,
    /// A field of the resource: filtered by its operators, or by those of its records when it is a relation.
    Own(FieldId),
}

/// The fields of a resource's filter, in the order in which they are printed.
pub fn filter_fields(resource: &Resource) -> Vec<(&str, FilterField)> {
    let joints =
        [(names::AND, FilterField::And), (names::OR, FilterField::Or), (names::NOT, FilterField::Not)];
    let own = resource.fields().filter(|(_, field)| is_filtered(field));
    let own: Vec<(&str, FilterField)> =
        own.map(|(id, field)| (field.name.as_str(), FilterField::Own(id))).collect();
    let free = |name: &str| own.iter().all(|(taken, _)| *taken != name);
    let joints: Vec<_> = joints.into_iter().filter(|(name, _)| free(name)).collect();
    [joints, own].concat()
}

/// The field of a resource's filter of this name.
pub fn filter_field(resource: &Resource, name: &str) -> Option<FilterField> {
    let own = shown(resource, name).filter(|id| is_filtered(resource.field(*id)));
    match (own, name) {
        (Some(id), _) => Some(FilterField::Own(id)),
        (None, names::AND) => Some(FilterField::And),
        (None, names::OR) => Some(FilterField::Or),
        (None, names::NOT) => Some(FilterField::Not),
        (None, _) => None,
    }
}

fn is_filtered(field: &Field) -> bool {
    !field.is_secret() && Type::filter(field).is_some()
}

/// The own field of this name that replies can hold.
fn shown(resource: &Resource, name: &str) -> Option<FieldId> {
    resource.field_named(name).filter(|id| !resource.field(*id).is_secret())
}
