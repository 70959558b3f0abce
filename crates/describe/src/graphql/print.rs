//! The schema as a text: what can be reached from its roots, in a fixed order.

mod inputs;
mod own;
mod records;
mod roots;

use super::offered::Offered;
use super::roots::root_fields;
use super::types::{Part, Type, TypeNames};
use super::writer::{Definition, Member, definition};
use contract::{Arity, Contract, Field, ResourceId, Root, Scalar, TypeRef};
use std::collections::{BTreeMap, BTreeSet};

/// The schema of a contract in GraphQL's Schema Definition Language. The same contract always gives the same text.
pub fn sdl(contract: &Contract) -> String {
    let mut printer = Printer::new(contract);
    let roots = printer.roots();
    let types = printer.reached();
    let mut parts = vec![roots];
    parts.extend(printer.one_of.then(|| ONE_OF.to_owned()));
    parts.extend(types.into_values());
    parts.join("\n")
}

/// The definition of the directive, which older libraries do not know by themselves.
const ONE_OF: &str = "\
\"Exactly one field is given, and it is not null.\"
directive @oneOf on INPUT_OBJECT
";

/// Defines types, and keeps in mind those that are named by them.
struct Printer<'a> {
    contract: &'a Contract,
    names: TypeNames,
    offered: Offered,
    /// Of each interface the fields that all its types can answer.
    interfaces: Vec<Vec<(&'a Field, TypeRef)>>,
    /// Whether an input with `@oneOf` was defined.
    one_of: bool,
    /// The types that were named so far.
    named: BTreeSet<Type>,
    /// Those of them that are not defined yet.
    pending: Vec<Type>,
}

impl<'a> Printer<'a> {
    fn new(contract: &'a Contract) -> Self {
        let offered = Offered::new(contract);
        Self {
            contract,
            names: TypeNames::new(contract),
            interfaces: own::interfaces(contract, &offered),
            offered,
            one_of: false,
            named: BTreeSet::new(),
            pending: Vec::new(),
        }
    }

    fn roots(&mut self) -> String {
        let query = Member::new("query", self.name(Type::Query));
        let has_mutations = !root_fields(self.contract, Root::Mutation).is_empty();
        let mutation = has_mutations.then(|| Member::new("mutation", self.name(Type::Mutation)));
        definition(&Definition {
            description: self.contract.description.clone(),
            head: "schema".to_owned(),
            members: [query].into_iter().chain(mutation).collect(),
        })
    }

    /// Defines what was named until nothing new is.
    fn reached(&mut self) -> BTreeMap<Type, String> {
        let mut texts = BTreeMap::new();
        while let Some(ty) = self.pending.pop() {
            if let Some(defined) = self.define(ty) {
                texts.insert(ty, definition(&defined));
            }
        }
        texts
    }

    /// The definition of a type; none for what GraphQL itself defines.
    fn define(&mut self, ty: Type) -> Option<Definition> {
        Some(match ty {
            Type::Query => self.root(ty, Root::Query),
            Type::Mutation => self.root(ty, Root::Mutation),
            Type::Node => self.node(),
            Type::Of(id, part) => self.part(id, part),
            Type::Enum(id) => self.enum_values(id),
            Type::Input(id) => self.input(id),
            Type::Object(id) => self.object(id),
            Type::ObjectInput(id) => self.object_input(id),
            Type::Abstract(id) => self.interface(id),
            Type::PageInfo => self.page_info(),
            Type::Direction => self.directions(),
            Type::Filter(of) => self.value_filter(of),
            Type::Scalar(scalar) => return own::scalar(scalar),
        })
    }

    fn part(&mut self, id: ResourceId, part: Part) -> Definition {
        match part {
            Part::Record => self.record(id),
            Part::Filter => self.filter(id),
            Part::ListFilter => self.list_filter(id),
            Part::Order => self.order(id),
            Part::Connection => self.connection(id),
            Part::Edge => self.edge(id),
            Part::Aggregate => self.aggregate(id),
            Part::Group => self.group(id),
            Part::GroupKey => self.group_key(id),
            Part::Measure(measure) => self.measure(id, measure),
            Part::BatchOperation => self.batch_operation(id),
            Part::Input(write) => self.batch_input(id, write),
        }
    }

    /// The name of a type, which is then part of the schema.
    fn name(&mut self, ty: Type) -> String {
        if self.named.insert(ty) {
            self.pending.push(ty);
        }
        self.names.get(ty).to_owned()
    }

    /// `[T!]`.
    fn list(&mut self, ty: Type) -> String {
        format!("[{}!]", self.name(ty))
    }

    fn scalar(&mut self, scalar: Scalar) -> String {
        self.name(Type::scalar(scalar))
    }

    /// A type as it is answered.
    fn output(&mut self, ty: TypeRef) -> String {
        let name = self.name(Type::output(ty.base));
        wrapped(&name, ty)
    }

    /// A type as it is given.
    fn given(&mut self, ty: TypeRef) -> String {
        let name = self.name(Type::input(ty.base));
        wrapped(&name, ty)
    }
}

fn wrapped(name: &str, ty: TypeRef) -> String {
    let bang = |required: bool| if required { "!" } else { "" };
    match ty.arity {
        Arity::One => format!("{name}{}", bang(ty.required)),
        Arity::List { item_required } => format!("[{name}{}]{}", bang(item_required), bang(ty.required)),
    }
}
