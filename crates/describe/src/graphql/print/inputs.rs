//! What is given: filters, orders, the arguments and inputs of writes.

use super::Printer;
use crate::fields::comparable_fields;
use crate::filter::{Compared, Takes, operators};
use crate::graphql::arguments::{Argument, Meaning, Write};
use crate::graphql::fields::{FilterField, filter_fields};
use crate::graphql::names;
use crate::graphql::types::{Part, Type};
use crate::graphql::writer::{Definition, Member, literal};
use contract::{FieldId, InputId, ObjectId, Resource, ResourceId, Scalar};

impl Printer<'_> {
    /// Which records of a resource.
    pub(super) fn filter(&mut self, id: ResourceId) -> Definition {
        let resource = self.contract.resource(id);
        let fields = filter_fields(resource).into_iter();
        let members = fields.map(|(name, field)| self.filter_field(id, name, field)).collect();
        let described = format!("Which `{}` records: those for which everything here holds.", resource.name);
        self.input_of(Type::Of(id, Part::Filter), described, members)
    }

    fn filter_field(&mut self, id: ResourceId, name: &str, field: FilterField) -> Member {
        match field {
            FilterField::And | FilterField::Or => Member::new(name, self.list(Type::Of(id, Part::Filter))),
            FilterField::Not => Member::new(name, self.name(Type::Of(id, Part::Filter))),
            FilterField::Own(field) => {
                let field = self.contract.resource(id).field(field);
                let ty = Type::filter(field).expect("filters have only fields that can be filtered by");
                Member { deprecated: field.deprecated.clone(), ..Member::new(name, self.name(ty)) }
            }
        }
    }

    /// Which records, by those of a list.
    pub(super) fn list_filter(&mut self, id: ResourceId) -> Definition {
        let one = self.name(Type::Of(id, Part::Filter));
        let member = |name, described: &str| Member::new(name, one.as_str()).described(described);
        let members = vec![
            member(names::SOME, "One at least is such a record."),
            member(names::EVERY, "All are such records; of none, all are."),
            member(names::NONE, "None is such a record."),
        ];
        let described = format!("What holds for lists of `{}` records.", self.contract.resource(id).name);
        self.input_of(Type::Of(id, Part::ListFilter), described, members)
    }

    /// In which order, by one field; several make a list.
    pub(super) fn order(&mut self, id: ResourceId) -> Definition {
        let resource = self.contract.resource(id);
        let member = |(_, field): (FieldId, &contract::Field)| {
            let ty = match field.target() {
                Some(target) => Type::Of(target, Part::Order),
                None => Type::Direction,
            };
            Member { deprecated: field.deprecated.clone(), ..Member::new(&field.name, self.name(ty)) }
        };
        let members = comparable_fields(resource).map(member).collect();
        let described = format!("One term of an order of `{}` records.", resource.name);
        self.one_of_input(Type::Of(id, Part::Order), described, members)
    }

    /// The tests of values.
    pub(super) fn value_filter(&mut self, of: Compared) -> Definition {
        let value = self.compared(of);
        let what = match of {
            Compared::JsonPart => "a part of a JSON value, as text".to_owned(),
            Compared::Scalar(_) | Compared::ScalarList(_) | Compared::Enum(_) | Compared::EnumList(_) => {
                format!("a field of type `{value}`")
            }
        };
        let path = (of == Compared::JsonPart).then(|| {
            let path = Member::new(names::PATH, "[String!]!");
            path.described("The steps to the part: names of members, and numbers of items from 0.")
        });
        let text = self.scalar(Scalar::String);
        let tests = operators(of).map(|operator| {
            let ty = match operator.takes {
                Takes::Value => value.clone(),
                Takes::Values => format!("[{value}!]"),
                Takes::Boolean => self.scalar(Scalar::Boolean),
                Takes::Text => text.clone(),
                Takes::Texts => format!("[{text}!]"),
                Takes::Part => self.name(Type::Filter(Compared::JsonPart)),
            };
            Member::new(operator.name, ty).described(operator.description)
        });
        let members = path.into_iter().chain(tests).collect();
        self.input_of(Type::Filter(of), format!("Tests of {what}: all that are given hold."), members)
    }

    /// The type of what a field is compared with.
    fn compared(&mut self, of: Compared) -> String {
        match of {
            Compared::Scalar(scalar) => self.scalar(scalar),
            Compared::Enum(id) => self.name(Type::Enum(id)),
            Compared::ScalarList(scalar) => self.list(Type::scalar(scalar)),
            Compared::EnumList(id) => self.list(Type::Enum(id)),
            Compared::JsonPart => self.scalar(Scalar::String),
        }
    }

    /// What a client may give to a write.
    pub(super) fn arguments(&mut self, resource: &Resource, write: Write) -> Vec<Member> {
        let arguments = write.arguments(resource);
        arguments.iter().map(|argument| self.argument(resource, write, argument)).collect()
    }

    fn argument(&mut self, resource: &Resource, write: Write, argument: &Argument<'_>) -> Member {
        let member = Member::new(argument.name, self.given(argument.ty));
        let Meaning::Field(id) = argument.meaning else { return member };
        let field = resource.field(id);
        let default = field.column().and_then(|column| column.default.as_ref());
        let makes_records = matches!(write, Write::Create | Write::Upsert);
        let stands_in =
            default.filter(|_| makes_records).map(|default| format!("`{}` when absent.", literal(default)));
        let said: Vec<String> = field.description.clone().into_iter().chain(stands_in).collect();
        Member {
            description: Some(said.join(" ")).filter(|said| !said.is_empty()),
            // GraphQL lets nobody discourage what must be given.
            deprecated: field.deprecated.clone().filter(|_| !argument.ty.required),
            ..member
        }
    }

    /// One operation of a batch.
    pub(super) fn batch_operation(&mut self, id: ResourceId) -> Definition {
        let resource = self.contract.resource(id);
        let writes = self.offered.batch(self.contract, id).into_iter();
        let member = |write: Write| Member::new(write.name(), self.name(Type::Of(id, Part::Input(write))));
        let members = writes.map(member).collect();
        let described = format!("One operation of a batch of `{}` records.", resource.name);
        self.one_of_input(Type::Of(id, Part::BatchOperation), described, members)
    }

    /// What an operation of a batch is given.
    pub(super) fn batch_input(&mut self, id: ResourceId, write: Write) -> Definition {
        let resource = self.contract.resource(id);
        let one = &resource.name;
        let described = match write {
            Write::Create => format!("The new `{one}`."),
            Write::Update => format!("The `{one}` to change: what is left out stays as it is."),
            Write::Upsert => format!("The `{one}` with this key, there or not."),
            Write::Delete => format!("The `{one}` to delete."),
        };
        let members = self.arguments(resource, write);
        self.input_of(Type::Of(id, Part::Input(write)), described, members)
    }

    /// An object of the contract as it is given.
    pub(super) fn object_input(&mut self, id: ObjectId) -> Definition {
        let object = &self.contract.objects[id.index()];
        let members = object.fields.iter().map(|field| Member {
            description: field.description.clone(),
            deprecated: field.deprecated.clone().filter(|_| !field.ty.required),
            ..Member::new(&field.name, self.given(field.ty))
        });
        let members = members.collect();
        let described =
            object.description.clone().unwrap_or_else(|| format!("A `{}` as it is given.", object.name));
        self.input_of(Type::ObjectInput(id), described, members)
    }

    /// An input of the contract.
    pub(super) fn input(&mut self, id: InputId) -> Definition {
        let input = &self.contract.inputs[id.index()];
        let members = input.fields.iter().map(|field| self.own_argument(field)).collect();
        let described = input.description.clone().unwrap_or_default();
        match input.one_of {
            true => self.one_of_input(Type::Input(id), described, members),
            false => self.input_of(Type::Input(id), described, members),
        }
    }

    /// An argument of an own operation, or a field of an input.
    pub(super) fn own_argument(&mut self, argument: &contract::Argument) -> Member {
        let default = argument.default.as_ref().map(literal);
        let may_be_left_out = !argument.ty.required || default.is_some();
        Member {
            description: argument.description.clone(),
            default,
            deprecated: argument.deprecated.clone().filter(|_| may_be_left_out),
            ..Member::new(&argument.name, self.given(argument.ty))
        }
    }

    fn input_of(&mut self, ty: Type, described: String, members: Vec<Member>) -> Definition {
        Definition { description: Some(described), head: format!("input {}", self.names.get(ty)), members }
    }

    fn one_of_input(&mut self, ty: Type, described: String, members: Vec<Member>) -> Definition {
        self.one_of = true;
        let head = format!("input {} @oneOf", self.names.get(ty));
        Definition { description: Some(described), head, members }
    }
}
