//! Records, and what is answered of many.

use super::Printer;
use crate::fields::{comparable_fields, is_many};
use crate::graphql::fields::{RecordField, record_fields};
use crate::graphql::names;
use crate::graphql::types::{Part, Type};
use crate::graphql::writer::{Definition, Member};
use crate::measure::{Measure, measured};
use contract::{Arity, Base, Field, ResourceId, Scalar, TypeRef};

impl Printer<'_> {
    /// A record.
    pub(super) fn record(&mut self, id: ResourceId) -> Definition {
        let resource = self.contract.resource(id);
        let node = self.offered.is_node(self.contract, id).then_some(Type::Node);
        let fields = record_fields(resource).into_iter();
        let members = fields.map(|(name, field)| self.record_field(id, name, field)).collect();
        Definition {
            description: resource.description.clone(),
            head: self.object_head(Type::Of(id, Part::Record), node, &resource.implements),
            members,
        }
    }

    fn record_field(&mut self, id: ResourceId, name: String, field: RecordField) -> Member {
        let resource = self.contract.resource(id);
        match field {
            RecordField::Own(field) => {
                let field = resource.field(field);
                Member {
                    description: field.description.clone(),
                    arguments: self.field_arguments(field),
                    deprecated: self.deprecated(field, &resource.implements),
                    ..Member::new(name, self.field_type(field))
                }
            }
            RecordField::Count(field) => {
                let field = resource.field(field);
                let counted = field.target().map(|target| self.where_argument(target));
                let required = if field.read.is_some() { "" } else { "!" };
                let member = Member::new(name, self.scalar(Scalar::Int) + required);
                member
                    .with(counted.into_iter().collect())
                    .described(format!("How many `{}` there are.", field.name))
            }
            RecordField::Version => Member::new(name, self.scalar(Scalar::Long) + "!")
                .described("Another one after each change; `ifVersion` compares it."),
        }
    }

    fn field_arguments(&mut self, field: &Field) -> Vec<Member> {
        match (field.ty.base, field.ty.arity) {
            (Base::Resource(target), _) if is_many(field) => {
                self.list_arguments(target, names::LIST_ARGUMENTS)
            }
            (Base::Scalar(Scalar::Json), Arity::One) => {
                vec![Member::new(names::PATH, format!("[{}!]", self.scalar(Scalar::String)))]
            }
            (Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_), _) => Vec::new(),
            (Base::Input(_) | Base::Abstract(_), _) => Vec::new(),
        }
    }

    /// The type of a field as it is answered. Records of a list are never null: one that is hidden is not in it.
    pub(super) fn field_type(&mut self, field: &Field) -> String {
        let required = !self.contract.may_be_null(field);
        let arity = if is_many(field) { Arity::List { item_required: true } } else { field.ty.arity };
        self.output(TypeRef { base: field.ty.base, arity, required })
    }

    /// Records, paged by cursors.
    pub(super) fn connection(&mut self, id: ResourceId) -> Definition {
        let edges = self.list(Type::Of(id, Part::Edge)) + "!";
        let page = self.name(Type::PageInfo) + "!";
        let total = Member::new(names::TOTAL_COUNT, self.scalar(Scalar::Int) + "!");
        let members = vec![
            Member::new(names::EDGES, edges),
            Member::new(names::PAGE_INFO, page),
            total.described("How many records fit, on all pages."),
        ];
        self.object_of(id, Part::Connection, "A page of `{}` records.", members)
    }

    /// A record with its place.
    pub(super) fn edge(&mut self, id: ResourceId) -> Definition {
        let cursor = Member::new(names::CURSOR, self.scalar(Scalar::String) + "!");
        let node = Member::new(names::NODE, self.name(Type::Of(id, Part::Record)) + "!");
        let members =
            vec![cursor.described("Where it stands in this order: for `after` and `before`."), node];
        self.object_of(id, Part::Edge, "One `{}` on a page.", members)
    }

    /// Values over records.
    pub(super) fn aggregate(&mut self, id: ResourceId) -> Definition {
        let members = self.measures(id);
        self.object_of(id, Part::Aggregate, "Values over `{}` records.", members)
    }

    /// Values over the records of a group.
    pub(super) fn group(&mut self, id: ResourceId) -> Definition {
        let key = Member::new(names::KEY, self.name(Type::Of(id, Part::GroupKey)) + "!");
        let key =
            key.described("What the records of the group share: what is selected here makes the groups.");
        let members = [key].into_iter().chain(self.measures(id)).collect();
        self.object_of(id, Part::Group, "Values over a group of `{}` records.", members)
    }

    fn measures(&mut self, id: ResourceId) -> Vec<Member> {
        let resource = self.contract.resource(id);
        let count = Member::new(names::COUNT, self.scalar(Scalar::Int) + "!");
        let some = Measure::ALL.into_iter().filter(|measure| measured(resource, *measure).next().is_some());
        let some = some.map(|measure| {
            let ty = self.name(Type::Of(id, Part::Measure(measure))) + "!";
            Member::new(measure.name(), ty)
        });
        let some: Vec<Member> = some.collect();
        [count.described("How many records there are.")].into_iter().chain(some).collect()
    }

    /// What the records of a group share: of a to-one field the key.
    pub(super) fn group_key(&mut self, id: ResourceId) -> Definition {
        let resource = self.contract.resource(id);
        let members = comparable_fields(resource).map(|(_, field)| {
            let ty = self.given(TypeRef { required: false, ..field.ty });
            self.measured_member(field, ty)
        });
        let members = members.collect();
        self.object_of(id, Part::GroupKey, "What `{}` records of a group share.", members)
    }

    /// The values of one measure.
    pub(super) fn measure(&mut self, id: ResourceId, measure: Measure) -> Definition {
        let resource = self.contract.resource(id);
        let members = measured(resource, measure).map(|(_, field, scalar)| {
            let ty = self.scalar(scalar);
            self.measured_member(field, ty)
        });
        let members = members.collect();
        let described =
            format!("{} of fields of `{{}}` records; null without any value.", measure.description());
        self.object_of(id, Part::Measure(measure), &described, members)
    }

    fn measured_member(&self, field: &Field, ty: String) -> Member {
        Member { deprecated: field.deprecated.clone(), ..Member::new(&field.name, ty) }
    }

    /// An object of a resource, whose name stands for `{}` in the description.
    fn object_of(&self, id: ResourceId, part: Part, described: &str, members: Vec<Member>) -> Definition {
        let resource = &self.contract.resource(id).name;
        Definition {
            description: Some(described.replace("{}", resource)),
            head: format!("type {}", self.names.get(Type::Of(id, part))),
            members,
        }
    }
}
