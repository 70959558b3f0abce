//! What the fields of a root are, found by their names.

use apollo_compiler::executable::OperationType;
use contract::{Contract, Root};
use describe::graphql::{RootField, root_fields};
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

/// The root fields of a contract by their names.
#[derive(Debug)]
pub(crate) struct Targets {
    query: HashMap<String, RootField>,
    mutation: HashMap<String, RootField>,
}

impl Targets {
    /// Those of a contract.
    pub(crate) fn new(contract: &Contract) -> Self {
        let of = |root| root_fields(contract, root).into_iter().collect();
        Self { query: of(Root::Query), mutation: of(Root::Mutation) }
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
