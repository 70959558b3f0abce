//! What every protocol can do with the fields of records.

use contract::{Arity, Base, Field, FieldId, Resource, Scalar, Source};

/// The fields that records can be ordered and grouped by: single scalars but JSON, enums, and to-one fields.
pub fn comparable_fields(resource: &Resource) -> impl Iterator<Item = (FieldId, &Field)> {
    resource.fields().filter(|(_, field)| !field.is_secret() && is_comparable(field))
}

/// Whether the field lists records of a resource.
pub fn is_many(field: &Field) -> bool {
    match field.source {
        Source::Relation(_) => true,
        Source::Column(_) | Source::Computed(_) | Source::Result => false,
    }
}

fn is_comparable(field: &Field) -> bool {
    let is_single = field.ty.arity == Arity::One;
    is_single
        && match field.ty.base {
            Base::Scalar(scalar) => scalar != Scalar::Json,
            Base::Enum(_) | Base::Resource(_) => true,
            Base::Object(_) | Base::Input(_) | Base::Abstract(_) => false,
        }
}
