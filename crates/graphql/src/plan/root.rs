//! What the fields of a root are, found by their names.

use apollo_compiler::executable::OperationType;
use contract::{Contract, OperationId, ResourceId, Root};
use describe::graphql::{RootField, Standard, nodes, root_fields};
use std::collections::HashMap;

/// What a root field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// What is asked for.
    pub kind: Kind,
}

/// A field of a root: the schema's description of itself, or one that the contract describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `__schema`, `__type`, `__typename`.
    Introspection,
    /// One of the contract's.
    Field(RootField),
}

impl Target {
    /// The operation that is called, where it is one of the contract's.
    pub(crate) fn operation(&self) -> Option<OperationId> {
        match self.kind {
            Kind::Field(RootField::Standard { operation, .. } | RootField::Own(operation)) => Some(operation),
            Kind::Field(RootField::Node | RootField::Nothing) | Kind::Introspection => None,
        }
    }
}

/// The root fields of a contract by their names.
#[derive(Debug)]
pub(crate) struct Targets {
    query: HashMap<String, RootField>,
    mutation: HashMap<String, RootField>,
    nodes: Vec<NodePlace>,
}

/// A resource whose records `node` finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodePlace {
    pub resource: ResourceId,
    /// The operation that gets its records.
    pub get: OperationId,
}

impl Targets {
    /// Those of a contract.
    pub(crate) fn new(contract: &Contract) -> Self {
        let of = |root| root_fields(contract, root).into_iter().collect::<HashMap<_, _>>();
        let query = of(Root::Query);
        let place = |node: ResourceId| {
            query.values().find_map(|field| match *field {
                RootField::Standard { does: Standard::Get, resource, operation } if resource == node => {
                    Some(NodePlace { resource, get: operation })
                }
                _ => None,
            })
        };
        let nodes = nodes(contract).into_iter().filter_map(place).collect();
        Self { query, mutation: of(Root::Mutation), nodes }
    }

    /// The resources whose records `node` finds.
    pub(crate) fn nodes(&self) -> &[NodePlace] {
        &self.nodes
    }

    /// The field of this name.
    pub(crate) fn find(&self, root: OperationType, name: &str) -> Option<Target> {
        if name.starts_with("__") {
            return Some(Target { kind: Kind::Introspection });
        }
        let fields = match root {
            OperationType::Query => &self.query,
            OperationType::Mutation => &self.mutation,
            OperationType::Subscription => return None,
        };
        fields.get(name).map(|field| Target { kind: Kind::Field(*field) })
    }
}
