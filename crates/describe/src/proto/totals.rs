//! Values over many records.

use super::builder::{Builder, message};
use super::fields::{fixed, named};
use super::filters::is_single;
use super::model::{Field, Message, Type};
use super::part::Piece;
use crate::fields::comparable_fields;
use crate::graphql::names as words;
use crate::measure::{Measure, measured};
use contract::{Base, ResourceId, Scalar};

impl Builder<'_> {
    /// Values over records.
    pub(super) fn totals(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let has = |measure| measured(resource, measure).next().is_some();
        let pieces = [
            ("counts", Piece::Counts, true, "How many of them have a value."),
            ("sums", Piece::Sums, has(Measure::Sum), "Sums of their values."),
            ("averages", Piece::Averages, has(Measure::Average), "Averages of their values."),
            ("least", Piece::Extremes, has(Measure::Least), "Their least values."),
            ("greatest", Piece::Extremes, has(Measure::Greatest), "Their greatest values."),
        ];
        let count =
            fixed(words::COUNT, 1, Type::Scalar(Scalar::Long)).described("How many records there are.");
        let mut fields = vec![count];
        for (number, (name, piece, has, described)) in (2..).zip(pieces) {
            if has {
                fields.push(fixed(name, number, self.of(id, piece)).described(described));
            }
        }
        let described = format!("Values over `{}` records: those that are asked for.", resource.name);
        message(described, fields)
    }

    /// How many records have a value.
    pub(super) fn counts(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let fields = resource.fields.iter().filter(|field| is_single(field));
        let fields = fields.map(|field| value(field, Type::Scalar(Scalar::Long))).collect();
        message(format!("How many `{}` records have a value.", resource.name), fields)
    }

    /// Sums.
    pub(super) fn sums(&mut self, id: ResourceId) -> Message {
        self.measured(id, Measure::Sum, "Sums of fields of")
    }

    /// Averages.
    pub(super) fn averages(&mut self, id: ResourceId) -> Message {
        self.measured(id, Measure::Average, "Averages of fields of")
    }

    /// Least values, which are of the same fields as the greatest.
    pub(super) fn extremes(&mut self, id: ResourceId) -> Message {
        self.measured(id, Measure::Least, "Least or greatest values of fields of")
    }

    fn measured(&self, id: ResourceId, measure: Measure, described: &str) -> Message {
        let resource = self.contract.resource(id);
        let fields = measured(resource, measure).map(|(_, field, scalar)| value(field, Type::Scalar(scalar)));
        message(format!("{described} `{}` records; absent without any.", resource.name), fields.collect())
    }

    /// Values over the records of a group.
    pub(super) fn group(&mut self, id: ResourceId) -> Message {
        let (key, totals) = (self.of(id, Piece::GroupKey), self.of(id, Piece::Totals));
        let fields = vec![fixed(words::KEY, 1, key), fixed("totals", 2, totals)];
        message(format!("Values over a group of `{}` records.", self.contract.resource(id).name), fields)
    }

    /// What the records of a group share: of a to-one field the key.
    pub(super) fn group_key(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let mut fields = Vec::new();
        for (_, field) in comparable_fields(resource) {
            let ty = match field.ty.base {
                // The database does not group by them.
                Base::Scalar(Scalar::Bytes) => continue,
                Base::Scalar(scalar) => Type::Scalar(scalar),
                Base::Enum(id) => Type::Enum(self.own_enum(id)),
                Base::Resource(_) => Type::Scalar(Scalar::Id),
                Base::Object(_) | Base::Input(_) | Base::Abstract(_) => continue,
            };
            fields.push(value(field, ty));
        }
        message(format!("What `{}` records of a group share.", resource.name), fields)
    }
}

fn value(field: &contract::Field, ty: Type) -> Field {
    named(&field.name, field.number, ty).optional().documented(None, field.deprecated.as_deref())
}
