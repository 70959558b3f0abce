//! The fields of the roots.

use super::Printer;
use crate::graphql::arguments::Write;
use crate::graphql::names;
use crate::graphql::roots::{RootField, Standard, list_arguments_beside, root_fields};
use crate::graphql::types::{Part, Type};
use crate::graphql::writer::{Definition, Member};
use contract::{Base, OperationId, Resource, ResourceId, Root, Scalar};

impl Printer<'_> {
    pub(super) fn root(&mut self, ty: Type, root: Root) -> Definition {
        let fields = root_fields(self.contract, root);
        Definition {
            description: None,
            head: format!("type {}", self.names.get(ty)),
            members: fields.into_iter().map(|(name, field)| self.root_field(name, field)).collect(),
        }
    }

    fn root_field(&mut self, name: String, field: RootField) -> Member {
        match field {
            RootField::Node => Member::new(name, self.name(Type::Node))
                .with(vec![Member::new("id", self.scalar(Scalar::Id) + "!")])
                .described(
                    "The record with this key, whatever its type; null when there is none to be seen.",
                ),
            RootField::Standard { does, resource, operation } => {
                let described = described(does, self.contract.resource(resource));
                let ty = self.standard_type(does, resource);
                let arguments = self.standard_arguments(does, resource);
                let deprecated = self.contract.operation(operation).deprecated.clone();
                Member { deprecated, ..Member::new(name, ty).with(arguments).described(described) }
            }
            RootField::Own(id) => self.own_field(name, id),
            RootField::Nothing => Member::new(name, self.scalar(Scalar::Boolean))
                .described("The contract has nothing to query: always null."),
        }
    }

    fn standard_type(&mut self, does: Standard, id: ResourceId) -> String {
        let mut of = |part| self.name(Type::Of(id, part));
        match does {
            Standard::Get => of(Part::Record),
            Standard::List => format!("[{}!]!", of(Part::Record)),
            Standard::Connection => of(Part::Connection) + "!",
            Standard::Count => self.scalar(Scalar::Int) + "!",
            Standard::Aggregate => of(Part::Aggregate) + "!",
            Standard::Groups => format!("[{}!]!", of(Part::Group)),
            Standard::Create | Standard::Update | Standard::Upsert | Standard::Delete => {
                of(Part::Record) + "!"
            }
            Standard::Batch => format!("[{}]!", of(Part::Record)),
        }
    }

    fn standard_arguments(&mut self, does: Standard, id: ResourceId) -> Vec<Member> {
        let resource = self.contract.resource(id);
        match does {
            Standard::Get => vec![Member::new(&resource.key_field().name, self.scalar(Scalar::Id) + "!")],
            Standard::List => self.list_arguments(id, names::LIST_ARGUMENTS),
            Standard::Connection => self.connection_arguments(id),
            Standard::Count | Standard::Aggregate => vec![self.where_argument(id)],
            Standard::Groups => self.list_arguments(id, [names::WHERE, names::LIMIT, names::OFFSET]),
            Standard::Create => self.arguments(resource, Write::Create),
            Standard::Update => self.arguments(resource, Write::Update),
            Standard::Upsert => self.arguments(resource, Write::Upsert),
            Standard::Delete => self.arguments(resource, Write::Delete),
            Standard::Batch => {
                let operations = format!("[{}!]!", self.name(Type::Of(id, Part::BatchOperation)));
                vec![Member::new(names::OPERATIONS, operations)]
            }
        }
    }

    /// These of the arguments of a list of records.
    pub(super) fn list_arguments(
        &mut self,
        id: ResourceId,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Vec<Member> {
        let argument = |name: &'static str| match name {
            names::WHERE => self.where_argument(id),
            names::ORDER_BY => Member::new(name, self.list(Type::Of(id, Part::Order))),
            number => Member::new(number, self.scalar(Scalar::Int)),
        };
        names.into_iter().map(argument).collect()
    }

    fn connection_arguments(&mut self, id: ResourceId) -> Vec<Member> {
        let rows = self.list_arguments(id, [names::WHERE, names::ORDER_BY]);
        let (number, text) = (self.scalar(Scalar::Int), self.scalar(Scalar::String));
        let page =
            [(names::FIRST, &number), (names::AFTER, &text), (names::LAST, &number), (names::BEFORE, &text)];
        rows.into_iter().chain(page.map(|(name, ty)| Member::new(name, ty.as_str()))).collect()
    }

    /// `where: UserFilter`.
    pub(super) fn where_argument(&mut self, id: ResourceId) -> Member {
        Member::new(names::WHERE, self.name(Type::Of(id, Part::Filter)))
    }

    fn own_field(&mut self, name: String, id: OperationId) -> Member {
        let operation = self.contract.operation(id);
        let own: Vec<Member> =
            operation.arguments.iter().map(|argument| self.own_argument(argument)).collect();
        let beside = match operation.result.base {
            Base::Resource(listed) => self.list_arguments(listed, list_arguments_beside(operation)),
            Base::Scalar(_) | Base::Enum(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => {
                Vec::new()
            }
        };
        Member {
            description: operation.description.clone(),
            arguments: [own, beside].concat(),
            deprecated: operation.deprecated.clone(),
            ..Member::new(name, self.output(operation.result))
        }
    }
}

/// What `ifVersion` says.
const IF_VERSION: &str = "With `ifVersion` only if that is its version.";

fn described(does: Standard, resource: &Resource) -> String {
    let one = &resource.name;
    match does {
        Standard::Get => format!("The `{one}` with this key; null when there is none to be seen."),
        Standard::List => format!("The `{one}` records that fit, as many as a page holds."),
        Standard::Connection => format!("The `{one}` records that fit, paged by cursors."),
        Standard::Count => format!("How many `{one}` records fit."),
        Standard::Aggregate => format!("Values over all `{one}` records that fit."),
        Standard::Groups => {
            format!("Values over each group of `{one}` records that agree in the fields selected in `key`.")
        }
        Standard::Create => format!("Creates one `{one}`."),
        Standard::Update => format!("Changes one `{one}`: what is left out stays as it is. {IF_VERSION}"),
        Standard::Upsert => {
            format!("Creates the `{one}` with this key, or sets what is given of it. {IF_VERSION}")
        }
        Standard::Delete => format!("Deletes one `{one}` and answers it as it was. {IF_VERSION}"),
        Standard::Batch => format!(
            "Does all of this to `{one}` records in one transaction, or nothing of it; a delete answers null."
        ),
    }
}
