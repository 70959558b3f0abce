//! What the shape of a reply is made of, small enough to be part of the key of a compiled plan.

use super::intention::{Builder, is_left_out};
use super::wanted::{Wanted, WantedItem, WantedMember, What};
use contract::{FieldId, ResourceId};

/// A record of a reply. Its [`wire::Shape`] is made of this and the contract alone, so two replies of one outline have
/// the same names, numbers and layouts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Outline {
    pub resource: ResourceId,
    /// The name of the type, where it is not the resource's.
    pub type_name: Option<Box<str>>,
    pub fields: Vec<OutlineField>,
}

/// One field of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OutlineField {
    /// Its name in the answer, when it is not the field's own.
    pub alias: Option<Box<str>>,
    pub holds: Holds,
}

/// What stands in a field of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holds {
    /// A value of the record's own.
    Value(FieldId),
    /// A part of a JSON value, as JSON.
    JsonPart(FieldId),
    /// A part of a JSON value, as text.
    TextPart(FieldId),
    /// Members of the object that is kept in a field, or of each one of a list.
    Members(FieldId, Vec<WantedMember>),
    /// The record a to-one field points to.
    One(FieldId, Outline),
    /// The same, where a condition of the call may leave it out.
    OneIf(FieldId, Outline),
    /// Fields of such a record, in the place of one.
    Spread(FieldId, Outline),
    /// The same, where a condition of the call may leave them out.
    SpreadIf(FieldId, Outline),
    /// The records of a to-many field.
    Many(FieldId, Outline),
    /// How many there are.
    Count(FieldId),
    TypeName,
    Version,
    Cursor,
    /// More of the same record, as a record of its own.
    Group(Outline),
    /// Null, whatever is stored in the field, if it is one.
    Withheld(Option<FieldId>),
}

impl Builder<'_> {
    /// The outline of the reply that [`Builder::records`] of the same selection fills.
    pub fn outline(&self, wanted: &Wanted) -> Outline {
        let items = wanted
            .items
            .iter()
            .filter(|item| !is_left_out(self.contract, self.decisions, wanted.resource, item));
        Outline {
            resource: wanted.resource,
            type_name: wanted.type_name.clone(),
            fields: items.map(|item| self.outline_field(item)).collect(),
        }
    }

    /// The outline of one item.
    pub fn outline_field(&self, item: &WantedItem) -> OutlineField {
        let holds = match &item.what {
            What::Field { field, json, .. } if json.is_empty() => Holds::Value(*field),
            What::Field { field, as_text: false, .. } => Holds::JsonPart(*field),
            What::Field { field, as_text: true, .. } => Holds::TextPart(*field),
            What::Object { field, members } => Holds::Members(*field, members.clone()),
            What::One { field, wanted, condition, spread, .. } => {
                let of = match (spread, condition) {
                    (false, None) => Holds::One,
                    (false, Some(_)) => Holds::OneIf,
                    (true, None) => Holds::Spread,
                    (true, Some(_)) => Holds::SpreadIf,
                };
                of(*field, self.outline(wanted))
            }
            What::Many { field, wanted, .. } => Holds::Many(*field, self.outline(wanted)),
            What::Count { field, .. } => Holds::Count(*field),
            What::TypeName => Holds::TypeName,
            What::Version => Holds::Version,
            What::Cursor => Holds::Cursor,
            What::Group { wanted } => Holds::Group(self.outline(wanted)),
        };
        OutlineField { alias: item.alias.clone(), holds }
    }
}

impl OutlineField {
    /// A field in which nothing is told.
    pub fn withheld(item: &WantedItem) -> Self {
        let field = match item.what {
            What::Field { field, .. }
            | What::Object { field, .. }
            | What::One { field, .. }
            | What::Many { field, .. }
            | What::Count { field, .. } => Some(field),
            What::TypeName | What::Version | What::Cursor | What::Group { .. } => None,
        };
        Self { alias: item.alias.clone(), holds: Holds::Withheld(field) }
    }
}
