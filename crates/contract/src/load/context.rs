//! What every step of the walk reads: the schema, where things were written, and which type is what.

use crate::code;
use crate::diagnostic::{FileId, Span};
use crate::load::bounds::ITEMS_MAX;
use crate::load::checks::Patterns;
use crate::load::origin::{Directives, Origin};
use crate::load::report::Report;
use crate::model::{
    AbstractId, Arity, Base, ChannelId, EnumId, FieldId, InputId, ObjectId, ResourceId, Scalar, TypeRef,
};
use apollo_compiler::ast::{self, FieldDefinition, OperationType, Type};
use apollo_compiler::schema::{self, Schema};
use apollo_compiler::schema::{
    EnumType, ExtendedType, InputObjectType, InterfaceType, ObjectType, UnionType,
};
use apollo_compiler::{Name, Node};
use std::collections::{HashMap, HashSet};

/// The contract's types by kind; an id is a position in its list.
#[derive(Debug, Default)]
pub(crate) struct Types<'a> {
    bases: HashMap<&'a str, Base>,
    channel_ids: HashMap<&'a str, ChannelId>,
    /// Objects with a field that is a row or an interface, in them or in objects inside.
    rowful: HashSet<ObjectId>,
    /// Types with `@resource`.
    pub(crate) resources: Vec<&'a Node<ObjectType>>,
    /// Output types that are not stored, messages among them.
    pub(crate) objects: Vec<&'a Node<ObjectType>>,
    /// Types with `@channel`, which are objects too.
    pub(crate) channels: Vec<(&'a Node<ObjectType>, ObjectId)>,
    /// Input types.
    pub(crate) inputs: Vec<&'a Node<InputObjectType>>,
    /// Enums.
    pub(crate) enums: Vec<&'a Node<EnumType>>,
    /// Interfaces and unions.
    pub(crate) abstracts: Vec<AbstractType<'a>>,
}

/// An interface or a union.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AbstractType<'a> {
    Interface(&'a Node<InterfaceType>),
    Union(&'a Node<UnionType>),
}

impl<'a> Types<'a> {
    fn add(&mut self, definition: &'a ExtendedType) {
        let name = definition.name().as_str();
        let base = match definition {
            ExtendedType::Scalar(_) => return,
            ExtendedType::Object(node) if node.directives.has("resource") => {
                Base::Resource(ResourceId(push(&mut self.resources, node)))
            }
            ExtendedType::Object(node) => {
                let id = ObjectId(push(&mut self.objects, node));
                if node.directives.has("channel") {
                    self.channel_ids.insert(name, ChannelId(push(&mut self.channels, (node, id))));
                }
                Base::Object(id)
            }
            ExtendedType::Interface(node) => {
                Base::Abstract(AbstractId(push(&mut self.abstracts, AbstractType::Interface(node))))
            }
            ExtendedType::Union(node) => {
                Base::Abstract(AbstractId(push(&mut self.abstracts, AbstractType::Union(node))))
            }
            ExtendedType::Enum(node) => Base::Enum(EnumId(push(&mut self.enums, node))),
            ExtendedType::InputObject(node) => Base::Input(InputId(push(&mut self.inputs, node))),
        };
        self.bases.insert(name, base);
    }

    /// The type of this name, unless it is only for directives or for the root of operations.
    pub(crate) fn base(&self, name: &str) -> Option<Base> {
        self.bases.get(name).copied().or_else(|| scalar(name).map(Base::Scalar))
    }

    /// A resource by name.
    pub(crate) fn resource(&self, name: &str) -> Option<ResourceId> {
        match self.base(name)? {
            Base::Resource(id) => Some(id),
            Base::Scalar(_) | Base::Enum(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => None,
        }
    }

    /// The names of all resources.
    pub(crate) fn resource_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.resources.iter().map(|node| node.name.as_str())
    }

    /// A channel by its type's name.
    pub(crate) fn channel(&self, name: &str) -> Option<ChannelId> {
        self.channel_ids.get(name).copied()
    }

    /// A resource's field by name.
    pub(crate) fn field(&self, resource: ResourceId, name: &str) -> Option<(FieldId, &'a FieldDefinition)> {
        let (at, _, field) = self.resources[resource.index()].fields.get_full(name)?;
        Some((FieldId(u16::try_from(at).ok()?), field))
    }

    /// The names of a resource's fields.
    pub(crate) fn field_names(&self, resource: ResourceId) -> impl Iterator<Item = &'a str> + use<'a> {
        self.resources[resource.index()].fields.keys().map(|name| name.as_str())
    }

    /// The resource that a field points to, when it is a to-one field.
    pub(crate) fn to_one(&self, field: &FieldDefinition) -> Option<ResourceId> {
        match &field.ty {
            Type::Named(name) | Type::NonNullNamed(name) => self.resource(name),
            Type::List(_) | Type::NonNullList(_) => None,
        }
    }

    /// The type's name.
    pub(crate) fn name(&self, base: Base) -> &'a str {
        match base {
            Base::Scalar(scalar) => scalar.name(),
            Base::Enum(id) => &self.enums[id.index()].name,
            Base::Resource(id) => &self.resources[id.index()].name,
            Base::Object(id) => &self.objects[id.index()].name,
            Base::Input(id) => &self.inputs[id.index()].name,
            Base::Abstract(id) => match self.abstracts[id.index()] {
                AbstractType::Interface(node) => &node.name,
                AbstractType::Union(node) => &node.name,
            },
        }
    }

    /// The type as it is written, `[Post!]!`.
    pub(crate) fn written(&self, ty: TypeRef) -> String {
        let bang = |required: bool| if required { "!" } else { "" };
        let name = self.name(ty.base);
        match ty.arity {
            Arity::One => format!("{name}{}", bang(ty.required)),
            Arity::List { item_required } => format!("[{name}{}]{}", bang(item_required), bang(ty.required)),
        }
    }

    /// Whether a value of the object can be kept inside of a row.
    pub(crate) fn is_value(&self, object: ObjectId) -> bool {
        !self.rowful.contains(&object)
    }

    /// Finds the objects that hold rows, from the inside out.
    fn find_rowful(&mut self) {
        let mut holders: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
        let mut found: Vec<ObjectId> = Vec::new();
        for (holder, node) in (0..).map(ObjectId).zip(&self.objects) {
            for field in node.fields.values() {
                match self.base(field.ty.inner_named_type()) {
                    Some(Base::Resource(_) | Base::Abstract(_)) => found.push(holder),
                    Some(Base::Object(inner)) => holders.entry(inner).or_default().push(holder),
                    Some(Base::Scalar(_) | Base::Enum(_) | Base::Input(_)) | None => {}
                }
            }
        }
        while let Some(object) = found.pop() {
            if self.rowful.insert(object) {
                found.extend(holders.get(&object).into_iter().flatten());
            }
        }
    }

    fn lens(&self) -> [usize; 5] {
        [self.resources.len(), self.objects.len(), self.inputs.len(), self.enums.len(), self.abstracts.len()]
    }
}

fn push<T>(list: &mut Vec<T>, item: T) -> u16 {
    list.push(item);
    u16::try_from(list.len() - 1).expect("types are counted before they get ids")
}

fn scalar(name: &str) -> Option<Scalar> {
    Scalar::ALL.into_iter().find(|scalar| scalar.name() == name)
}

/// What every step reads.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) origin: &'a Origin<'a>,
    pub(crate) types: Types<'a>,
    /// The patterns of `@pattern`.
    pub(crate) patterns: Patterns,
    /// The files that `@sql(file:)` names.
    pub(crate) sql_files: &'a HashMap<String, FileId>,
}

impl<'a> Context<'a> {
    /// Sorts the contract's types by kind.
    pub(crate) fn new(
        schema: &'a Schema,
        origin: &'a Origin<'a>,
        sql_files: &'a HashMap<String, FileId>,
        report: &mut Report,
    ) -> Self {
        let mut types = Types::default();
        let roots: Vec<&Name> = [OperationType::Query, OperationType::Mutation, OperationType::Subscription]
            .into_iter()
            .filter_map(|kind| schema.root_operation(kind))
            .collect();
        for definition in schema.types.values().filter(|t| origin.is_own(t.name().location())) {
            if types.lens().contains(&ITEMS_MAX) {
                let message = format!("a contract has at most {ITEMS_MAX} types of a kind");
                report.error(code::TOO_MANY, origin.name(definition.name()), message);
                break;
            }
            if !roots.contains(&definition.name()) {
                types.add(definition);
            }
        }
        types.find_rowful();
        Self { schema, origin, types, patterns: Patterns::default(), sql_files }
    }

    /// The place of a name.
    pub(crate) fn span(&self, name: &Name) -> Span {
        self.origin.name(name)
    }

    /// The directives of a type.
    pub(crate) fn of_type<'b>(&'b self, list: &'b schema::DirectiveList) -> Directives<'b> {
        Directives::new(self.origin, list.iter().map(|component| &component.node))
    }

    /// The directives of a field, an argument or an enum's value.
    pub(crate) fn of_member<'b>(&'b self, list: &'b ast::DirectiveList) -> Directives<'b> {
        Directives::new(self.origin, list.iter())
    }

    /// A type as it is used; `None` when it cannot be, which has then been reported.
    pub(crate) fn type_ref(&self, ty: &Type, report: &mut Report) -> Option<TypeRef> {
        let (arity, required, name) = match ty {
            Type::Named(name) => (Arity::One, false, name),
            Type::NonNullNamed(name) => (Arity::One, true, name),
            Type::List(item) | Type::NonNullList(item) => {
                let required = ty.is_non_null();
                match &**item {
                    Type::Named(name) => (Arity::List { item_required: false }, required, name),
                    Type::NonNullNamed(name) => (Arity::List { item_required: true }, required, name),
                    Type::List(inner) | Type::NonNullList(inner) => {
                        let span = self.span(inner.inner_named_type());
                        report.error(code::BAD_TYPE, span, "lists of lists are not supported");
                        return None;
                    }
                }
            }
        };
        let base = self.types.base(name);
        if base.is_none() && self.schema.types.contains_key(name) {
            let message = format!("`{name}` is not a type for data");
            report.error(code::BAD_TYPE, self.span(name), message);
        }
        Some(TypeRef { base: base?, arity, required })
    }
}
