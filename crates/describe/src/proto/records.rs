//! Records, stored objects and inputs: what is answered and what is given.

use super::builder::{Builder, message, without_gone};
use super::fields::{fixed, named};
use super::model::{Field, Label, Meaning, Message, Type};
use super::part::{Part, Piece};
use crate::fields::is_many;
use contract::{
    Argument, Arity, Base, FieldId, InputId, Numbered, Object, ObjectId, Resource, ResourceId, RpcPackage,
    Scalar, Source, names,
};

impl Builder<'_> {
    /// A record, as it is answered and as it is given.
    pub(super) fn record(&mut self, id: ResourceId) -> Message {
        let resource = self.contract.resource(id);
        let mut fields = Vec::with_capacity(resource.fields.len() + 1);
        for (field_id, field) in resource.fields() {
            fields.push(self.record_field(field));
            if self.package == RpcPackage::Own && is_many(field) && !field.is_secret() {
                fields.extend(count(resource, field_id, field));
            }
        }
        if self.package == RpcPackage::Own && !has(resource, "row_version") {
            let version =
                fixed("row_version", contract::VERSION_NUMBER, Type::Scalar(Scalar::Long)).optional();
            let described = "Output only. Another one after each change. Filled only when asked for.";
            fields.push(version.described(described).meaning(Meaning::Version));
        }
        let made = Message { description: resource.description.clone(), ..message("", fields) };
        without_gone(made, self.contract, Numbered::Type, &resource.name)
    }

    fn record_field(&mut self, field: &contract::Field) -> Field {
        let made = self.own_field(field, &[]);
        let is_assigned = field.column().is_some_and(|column| column.assign.is_some());
        match &field.source {
            Source::Column(column) if column.secret => made.noted("Input only."),
            Source::Column(_) if is_assigned => made.noted("Output only."),
            Source::Computed(_) => made.noted("Output only."),
            Source::Relation(_) => made.noted("Output only. Filled only when asked for."),
            Source::Column(_) | Source::Result => made,
        }
    }

    /// A field of a record or of an object that is within these.
    fn own_field(&mut self, field: &contract::Field, around: &[ObjectId]) -> Field {
        let ty = self.held(field, around);
        let made = named(&field.name, field.number, ty)
            .documented(field.description.as_deref(), field.deprecated.as_deref());
        match field.ty.arity {
            Arity::List { .. } => made.repeated(),
            Arity::One => made.present(self.presence(self.contract.may_be_null(field))),
        }
    }

    /// The type of a field's value. An object that is around itself would have no end: there it is a text of JSON.
    fn held(&mut self, field: &contract::Field, around: &[ObjectId]) -> Type {
        match field.ty.base {
            Base::Scalar(scalar) => Type::Scalar(scalar),
            Base::Enum(id) => Type::Enum(self.own_enum(id)),
            Base::Resource(id) if is_many(field) => self.of(id, Piece::Record),
            Base::Resource(id) => {
                let message = self.message(Part::Of(id, Piece::Record));
                Type::Record { message, key: self.contract.resource(id).key_field().number }
            }
            Base::Object(id) if around.contains(&id) => Type::Scalar(Scalar::Json),
            Base::Object(id) => {
                let around = around.iter().copied();
                let around = around.filter(|outer| self.source.cycles.hold_each_other(*outer, id));
                Type::Message(self.message(Part::Object(id, around.collect())))
            }
            // No value of one is kept.
            Base::Input(_) | Base::Abstract(_) => Type::Scalar(Scalar::Json),
        }
    }

    /// An object of the contract. What cannot be answered is left out.
    pub(super) fn object(&mut self, id: ObjectId, around: &[ObjectId]) -> Message {
        let object = &self.contract.objects[id.index()];
        let mut within: Vec<ObjectId> = around.to_vec();
        within.push(id);
        within.sort();
        let answered = object.fields.iter().filter(|field| self.source.offered.answers(field.ty.base));
        let answered: Vec<_> = answered.collect();
        let fields = answered.into_iter().map(|field| self.own_field(field, &within)).collect();
        let made = Message { description: object.description.clone(), ..message("", fields) };
        without_gone(made, self.contract, Numbered::Type, &object.name)
    }

    /// An input of the contract.
    pub(super) fn input(&mut self, id: InputId) -> Message {
        let input = &self.contract.inputs[id.index()];
        let fields: Vec<Field> = input.fields.iter().map(|field| self.given(field)).collect();
        // A `oneof` holds no lists: where there is one, that exactly one is given is only said.
        let can_be_one = input.one_of && fields.iter().all(|field| field.label != Label::Repeated);
        let one_of = can_be_one.then(|| free(&["value", "choice", "given"], &fields));
        let made = Message { description: input.description.clone(), one_of, ..message("", fields) };
        let made = without_gone(made, self.contract, Numbered::Type, &input.name);
        match input.one_of && !can_be_one {
            true => noted(made, "Exactly one field is given."),
            false => made,
        }
    }

    /// An argument or a member of an input.
    pub(super) fn given(&mut self, argument: &Argument) -> Field {
        let ty = self.given_type(argument.ty.base);
        let made = named(&argument.name, argument.number, ty)
            .documented(argument.description.as_deref(), argument.deprecated.as_deref());
        match argument.ty.arity {
            Arity::List { .. } => made.repeated(),
            Arity::One => made.present(self.presence(!argument.ty.required || argument.default.is_some())),
        }
    }

    /// The type of what is given: of a record its key.
    pub(super) fn given_type(&mut self, base: Base) -> Type {
        match base {
            Base::Scalar(scalar) => Type::Scalar(scalar),
            Base::Enum(id) => Type::Enum(self.own_enum(id)),
            Base::Input(id) => Type::Message(self.message(Part::Input(id))),
            Base::Object(id) => Type::Message(self.message(Part::Object(id, Vec::new()))),
            Base::Resource(_) => Type::Scalar(Scalar::Id),
            // Nothing of one can be given.
            Base::Abstract(_) => Type::Scalar(Scalar::Json),
        }
    }

    /// Whether an object holds records, by itself or in objects inside.
    pub(super) fn holds_records(&self, id: ObjectId) -> bool {
        self.reaches(id, |field| field.target().is_some())
    }

    /// Whether there is something in an object that can be included.
    pub(super) fn has_include(&self, id: ObjectId) -> bool {
        self.reaches(id, |field| {
            field.target().is_some_and(|target| has_relation(self.contract.resource(target)))
        })
    }

    /// Whether an object, or one inside of it, has such a field.
    fn reaches(&self, id: ObjectId, is_such: impl Fn(&contract::Field) -> bool) -> bool {
        let mut seen = vec![false; self.contract.objects.len()];
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let Object { fields, .. } = &self.contract.objects[id.index()];
            if fields.iter().any(&is_such) {
                return true;
            }
            pending.extend(fields.iter().filter_map(|field| match field.ty.base {
                Base::Object(inner) => Some(inner),
                Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) => None,
                Base::Input(_) | Base::Abstract(_) => None,
            }));
        }
        false
    }
}

/// Whether a resource has a field that can be included.
pub(super) fn has_relation(resource: &Resource) -> bool {
    resource.fields.iter().any(|field| field.target().is_some() && !field.is_secret())
}

/// Whether a resource has a field of this protobuf name.
fn has(resource: &Resource, name: &str) -> bool {
    resource.fields.iter().any(|field| names::snake(&field.name) == name)
}

/// The number of records of a relation, unless a field has its name.
fn count(resource: &Resource, id: FieldId, field: &contract::Field) -> Option<Field> {
    let name = format!("{}_count", names::snake(&field.name));
    if has(resource, &name) {
        return None;
    }
    let number = contract::count_number(field.number);
    let described = format!("Output only. How many `{}` there are. Filled only when asked for.", field.name);
    let count = fixed(name, number, Type::Scalar(Scalar::Int)).optional().described(described);
    Some(count.meaning(Meaning::CountOf(id)))
}

/// The first of these names that no field has, for a `oneof`: it stands beside its fields.
pub(super) fn free(names: &[&'static str], fields: &[Field]) -> &'static str {
    let is_free = |name: &&&'static str| fields.iter().all(|field| field.name != **name);
    names.iter().find(is_free).copied().unwrap_or(names[0])
}

/// The same with a sentence after its description.
fn noted(message: Message, note: &str) -> Message {
    let description = message.description.map_or_else(|| note.to_owned(), |own| format!("{own}\n\n{note}"));
    Message { description: Some(description), ..message }
}
