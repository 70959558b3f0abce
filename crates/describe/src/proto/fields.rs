//! Fields as they are made: their names, and whether an absent one is told from a zero.

use super::model::{Field, Label, Meaning, Presence, Type};
use contract::{Scalar, names};

/// The name in ProtoJSON that follows from a field's name (protobuf's `ToJsonName`).
pub(super) fn json_name(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut starts = false;
    for c in name.chars() {
        match c {
            '_' => starts = true,
            c if starts => {
                json.push(c.to_ascii_uppercase());
                starts = false;
            }
            c => json.push(c),
        }
    }
    json
}

/// A field that methods have alike; an absent value is a zero.
pub(super) fn fixed(name: impl Into<String>, number: u32, ty: Type) -> Field {
    let name = name.into();
    Field {
        json_name: json_name(&name),
        name,
        number,
        description: None,
        deprecated: None,
        label: label(ty, Presence::Implicit),
        ty,
        meaning: Meaning::Fixed,
    }
}

/// A field that stands for one of the contract's, whose name there it has in ProtoJSON.
pub(super) fn named(own: &str, number: u32, ty: Type) -> Field {
    let name = names::snake(own);
    Field { json_name: own.to_owned(), meaning: Meaning::Named(own.to_owned()), ..fixed(name, number, ty) }
}

/// Messages, which times are too, are always told from their absence.
fn label(ty: Type, wanted: Presence) -> Label {
    Label::One(match ty {
        Type::Message(_) | Type::Record { .. } | Type::FieldMask => Presence::Explicit,
        Type::Scalar(Scalar::DateTime | Scalar::Duration) => Presence::Explicit,
        Type::Scalar(_) | Type::Enum(_) => wanted,
    })
}

impl Field {
    /// The same, told from its absence.
    pub(super) fn optional(self) -> Self {
        self.present(Presence::Explicit)
    }

    /// The same with this presence, if it has a choice.
    pub(super) fn present(self, presence: Presence) -> Self {
        Self { label: label(self.ty, presence), ..self }
    }

    /// The same many times.
    pub(super) fn repeated(self) -> Self {
        Self { label: Label::Repeated, ..self }
    }

    /// The same with a description.
    pub(super) fn described(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// The same with what the contract says of it.
    pub(super) fn documented(self, description: Option<&str>, deprecated: Option<&str>) -> Self {
        Self {
            description: description.map(str::to_owned),
            deprecated: deprecated.map(str::to_owned),
            ..self
        }
    }

    /// The same with another meaning.
    pub(super) fn meaning(self, meaning: Meaning) -> Self {
        Self { meaning, ..self }
    }

    /// The same with a word before its description.
    pub(super) fn noted(self, note: &str) -> Self {
        let description = match &self.description {
            Some(description) => format!("{note} {description}"),
            None => note.to_owned(),
        };
        Self { description: Some(description), ..self }
    }
}
