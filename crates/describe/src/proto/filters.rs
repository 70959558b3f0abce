//! Filters, orders, and what is included of relations.

use super::builder::{Builder, message};
use super::fields::{fixed, named};
use super::model::{Field, Message, Type};
use super::part::{Part, Piece, Values};
use super::records::{free, has_relation};
use crate::fields::{comparable_fields, is_many};
use crate::filter::{Compared, Operator, Takes, compared, operators};
use crate::graphql::names as words;
use contract::{Arity, Base, ObjectId, ResourceId, Scalar};

/// What is added to the numbers of a resource's fields where others stand beside them.
const FIELDS: u32 = 15;
/// The number of `path` in filters of parts of JSON values.
const PATH: u32 = 100;

impl Builder<'_> {
    /// Which records of a resource. A field that is named as a joint is leaves no place for it.
    pub(super) fn filter(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let own = self.of(id, Piece::Filter);
        let joints = [
            fixed(words::AND, 1, own).repeated().described("All of them hold."),
            fixed(words::OR, 2, own).repeated().described("One of them holds."),
            fixed(words::NOT, 3, own).described("It does not hold."),
        ];
        let fields = resource.fields.iter().filter(|field| !field.is_secret());
        let fields: Vec<Field> = fields.filter_map(|field| self.filter_field(field)).collect();
        let is_free = |joint: &Field| fields.iter().all(|field| field.name != joint.name);
        let joints: Vec<Field> = joints.into_iter().filter(is_free).collect();
        let described = format!("Which `{}` records: those for which everything here holds.", resource.name);
        message(described, [joints, fields].concat())
    }

    fn filter_field(&mut self, field: &contract::Field) -> Option<Field> {
        let ty = match (compared(field), field.target()) {
            (Some(of), _) => Type::Message(self.message(Part::Filter(of))),
            (None, Some(target)) if is_many(field) => self.of(target, Piece::ListFilter),
            (None, Some(target)) => self.of(target, Piece::Filter),
            (None, None) => return None,
        };
        let made = named(&field.name, FIELDS + field.number, ty);
        Some(made.documented(None, field.deprecated.as_deref()))
    }

    /// Which records, by those of a list.
    pub(super) fn list_filter(&mut self, id: ResourceId) -> Message {
        let one = self.of(id, Piece::Filter);
        let fields = vec![
            fixed(words::SOME, 1, one).described("One at least is such a record."),
            fixed(words::EVERY, 2, one).described("All are such records; of none, all are."),
            fixed(words::NONE, 3, one).described("None is such a record."),
        ];
        message(format!("What holds for lists of `{}` records.", self.contract.resource(id).name), fields)
    }

    /// The tests of values: each operator has its place in the table as its number.
    pub(super) fn value_filter(&mut self, of: Compared) -> Message {
        let mut fields: Vec<Field> = operators(of).map(|operator| self.test(of, operator)).collect();
        if of == Compared::JsonPart {
            let path = fixed(words::PATH, PATH, Type::Scalar(Scalar::String)).repeated();
            let described = "The steps to the part: names of members, and numbers of items from 0.";
            fields.push(path.described(described));
        }
        let what = match of {
            Compared::JsonPart => "a part of a JSON value, as text".to_owned(),
            Compared::Scalar(scalar) => format!("a field of type `{}`", scalar.name()),
            Compared::ScalarList(scalar) => format!("a field that is a list of `{}`", scalar.name()),
            Compared::Enum(id) => format!("a field of type `{}`", self.contract.enums[id.index()].name),
            Compared::EnumList(id) => {
                format!("a field that is a list of `{}`", self.contract.enums[id.index()].name)
            }
        };
        message(format!("Tests of {what}: all that are given hold."), fields)
    }

    fn test(&mut self, of: Compared, operator: &Operator) -> Field {
        let ty = match operator.takes {
            Takes::Value => self.value(of),
            Takes::Values => Type::Message(self.message(Part::Values(several(of)))),
            Takes::Boolean => Type::Scalar(Scalar::Boolean),
            Takes::Text => Type::Scalar(Scalar::String),
            Takes::Texts => Type::Message(self.message(Part::Values(Values::Scalars(Scalar::String)))),
            Takes::Part => Type::Message(self.message(Part::Filter(Compared::JsonPart))),
        };
        fixed(operator.proto_name(), operator.number(), ty).optional().described(operator.description)
    }

    /// The type of what a field is compared with.
    fn value(&mut self, of: Compared) -> Type {
        match of {
            Compared::Scalar(scalar) => Type::Scalar(scalar),
            Compared::JsonPart => Type::Scalar(Scalar::String),
            Compared::Enum(id) => Type::Enum(self.own_enum(id)),
            Compared::ScalarList(scalar) => {
                Type::Message(self.message(Part::Values(Values::Scalars(scalar))))
            }
            Compared::EnumList(id) => Type::Message(self.message(Part::Values(Values::Enums(id)))),
        }
    }

    /// Several values.
    pub(super) fn values(&mut self, of: Values) -> Message {
        let (ty, what) = match of {
            Values::Scalars(scalar) => (Type::Scalar(scalar), "Several values."),
            Values::Enums(id) => (Type::Enum(self.own_enum(id)), "Several values."),
            Values::ScalarLists(scalar) => {
                (Type::Message(self.message(Part::Values(Values::Scalars(scalar)))), "Several lists.")
            }
            Values::EnumLists(id) => {
                (Type::Message(self.message(Part::Values(Values::Enums(id)))), "Several lists.")
            }
        };
        message(what, vec![fixed("values", 1, ty).repeated()])
    }

    /// In which order, by one field; several make a list.
    pub(super) fn order(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let mut fields = Vec::new();
        for (_, field) in comparable_fields(resource) {
            let ty = match field.target() {
                Some(target) => self.of(target, Piece::Order),
                None => Type::Enum(self.direction()),
            };
            let made = named(&field.name, FIELDS + field.number, ty).optional();
            fields.push(made.documented(None, field.deprecated.as_deref()));
        }
        let one_of = Some(free(&["by", "order_by", "term"], &fields));
        Message { one_of, ..message(format!("One term of an order of `{}` records.", resource.name), fields) }
    }

    /// Which related records are answered with a record.
    pub(super) fn include(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let mut fields = Vec::new();
        for field in resource.fields.iter().filter(|field| !field.is_secret()) {
            let Some(target) = field.target() else { continue };
            let ty = self.of(target, Piece::Subset);
            let made = named(&field.name, FIELDS + field.number, ty);
            fields.push(made.documented(None, field.deprecated.as_deref()));
        }
        let described = format!(
            "Which related records are answered with `{}` records. What of them, `read_mask` says; without it, all \
             of their plain fields.",
            resource.name
        );
        message(described, fields)
    }

    /// Which records of a relation.
    pub(super) fn subset(&mut self, id: ResourceId) -> Message {
        let int = Type::Scalar(Scalar::Int);
        let (filter, order) = (self.of(id, Piece::Filter), self.of(id, Piece::Order));
        let mut fields = vec![
            fixed("filter", 1, filter),
            fixed("order_by", 2, order).repeated(),
            fixed("limit", 3, int).optional().described("At most so many."),
            fixed("offset", 4, int).optional().described("After leaving out so many."),
        ];
        fields.extend(self.include_field(id, 5));
        let required = fixed("required", 6, Type::Scalar(Scalar::Boolean));
        fields.push(required.described("Records without any of these are left out themselves."));
        let name = &self.contract.resource(id).name;
        message(format!("Which `{name}` records are answered with the record that they belong to."), fields)
    }

    /// `<R>Include include`, where the resource has relations.
    pub(super) fn include_field(&mut self, id: ResourceId, number: u32) -> Option<Field> {
        let has = has_relation(self.contract.resource(id));
        has.then(|| fixed("include", number, self.of(id, Piece::Include)))
    }

    /// Which related records are answered with the records in an object.
    pub(super) fn object_include(&mut self, id: ObjectId) -> Message {
        let object = &self.contract.objects[id.index()];
        let mut fields = Vec::new();
        for field in &object.fields {
            let ty = match field.ty.base {
                Base::Resource(target) if has_relation(self.contract.resource(target)) => {
                    self.of(target, Piece::Include)
                }
                Base::Object(inner) if self.has_include(inner) => {
                    Type::Message(self.message(Part::ObjectInclude(inner)))
                }
                Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) => continue,
                Base::Input(_) | Base::Abstract(_) => continue,
            };
            fields.push(named(&field.name, FIELDS + field.number, ty));
        }
        message(format!("Which related records are answered with those in a `{}`.", object.name), fields)
    }
}

/// Several of what a filter compares with.
fn several(of: Compared) -> Values {
    match of {
        Compared::Scalar(scalar) => Values::Scalars(scalar),
        Compared::JsonPart => Values::Scalars(Scalar::String),
        Compared::ScalarList(scalar) => Values::ScalarLists(scalar),
        Compared::Enum(id) => Values::Enums(id),
        Compared::EnumList(id) => Values::EnumLists(id),
    }
}

/// Whether a field is one value of the record's own.
pub(super) fn is_single(field: &contract::Field) -> bool {
    field.ty.arity == Arity::One && !field.is_secret() && !is_many(field)
}
