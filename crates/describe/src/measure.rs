//! Values over many records: which functions there are, and what each is of.

use crate::filter::is_ordered;
use contract::{Arity, Base, Field, FieldId, Resource, Scalar};

/// A function over the values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// The sum.
    Sum,
    /// The average.
    Average,
    /// The least.
    Least,
    /// The greatest.
    Greatest,
}

impl Measure {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 4] = [Self::Sum, Self::Average, Self::Least, Self::Greatest];

    /// Its name in aggregates and groups.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Least => "min",
            Self::Greatest => "max",
        }
    }

    /// The measure of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// The type of the answer for values of this type, when it can be asked of them.
    pub fn of(self, scalar: Scalar) -> Option<Scalar> {
        match self {
            Self::Sum => sum(scalar),
            Self::Average => average(scalar),
            Self::Least | Self::Greatest => is_ordered(scalar).then_some(scalar),
        }
    }

    /// What its values are, in words.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Sum => "Sums",
            Self::Average => "Averages",
            Self::Least => "Least values",
            Self::Greatest => "Greatest values",
        }
    }
}

fn sum(scalar: Scalar) -> Option<Scalar> {
    match scalar {
        Scalar::Int | Scalar::Long => Some(Scalar::Long),
        Scalar::Float | Scalar::Decimal { .. } | Scalar::Duration => Some(scalar),
        Scalar::Id | Scalar::String | Scalar::Boolean | Scalar::Json | Scalar::Bytes => None,
        Scalar::DateTime | Scalar::Date | Scalar::Time => None,
        Scalar::Uuid | Scalar::Url | Scalar::Email => None,
    }
}

fn average(scalar: Scalar) -> Option<Scalar> {
    match scalar {
        Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Decimal { .. } => Some(Scalar::Float),
        Scalar::Id | Scalar::String | Scalar::Boolean | Scalar::Json | Scalar::Bytes => None,
        Scalar::DateTime | Scalar::Date | Scalar::Time | Scalar::Duration => None,
        Scalar::Uuid | Scalar::Url | Scalar::Email => None,
    }
}

/// The fields that a measure can be asked of, with the type of its answer.
pub fn measured(resource: &Resource, measure: Measure) -> impl Iterator<Item = (FieldId, &Field, Scalar)> {
    resource.fields().filter(|(_, field)| !field.is_secret()).filter_map(move |(id, field)| {
        match (field.ty.base, field.ty.arity) {
            (Base::Scalar(scalar), Arity::One) => Some((id, field, measure.of(scalar)?)),
            (Base::Scalar(_), Arity::List { .. }) => None,
            (Base::Enum(_) | Base::Resource(_) | Base::Object(_), _) => None,
            (Base::Input(_) | Base::Abstract(_), _) => None,
        }
    })
}
