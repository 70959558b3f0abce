//! The fields of the roots: one per operation that is served, and those that the schema adds where no operation has the
//! name.

use super::answered::Answered;
use super::names::{self, connection_of, groups_of};
use contract::{Binding, Contract, Operation, OperationId, ResourceId, Root};
use std::collections::HashSet;

/// A field of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootField {
    /// Any record by its key.
    Node,
    /// What every resource has.
    Standard {
        /// What is done.
        does: Standard,
        /// To which records.
        resource: ResourceId,
        /// By which operation.
        operation: OperationId,
    },
    /// An operation of the contract's own, with its own arguments.
    Own(OperationId),
    /// Nothing: a query root has a field, and the contract has no query.
    Nothing,
}

/// What is done to records by a field that every resource has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standard {
    /// One, by its key.
    Get,
    /// Some.
    List,
    /// The same, paged by cursors; the operation is that of the list.
    Connection,
    /// How many.
    Count,
    /// Values over all.
    Aggregate,
    /// Values over each group; the operation is that of the aggregate.
    Groups,
    /// A new one.
    Create,
    /// A change of one.
    Update,
    /// One with this key, there or not.
    Upsert,
    /// The end of one.
    Delete,
    /// Many of the last four.
    Batch,
}

/// The fields of a root, in the order in which they are printed. Subscriptions are not served.
pub fn root_fields(contract: &Contract, root: Root) -> Vec<(String, RootField)> {
    let answered = Answered::new(contract);
    let mut taken: HashSet<String> =
        operations(contract, root).map(|(_, operation)| operation.name.clone()).collect();
    let mut fields = Vec::new();
    if root == Root::Query && has_nodes(contract) {
        fields.push((names::NODE.to_owned(), RootField::Node));
    }
    for (id, operation) in operations(contract, root) {
        match standard(contract, operation) {
            Some((does, resource)) => {
                let field = |does| RootField::Standard { does, resource, operation: id };
                fields.push((operation.name.clone(), field(does)));
                let added = added(does, &contract.resource(resource).plural);
                let free = added.filter(|(_, name)| taken.insert(name.clone()));
                fields.extend(free.map(|(does, name)| (name, field(does))));
            }
            None if is_served(operation, &answered) => {
                fields.push((operation.name.clone(), RootField::Own(id)));
            }
            None => {}
        }
    }
    if root == Root::Query && fields.is_empty() {
        fields.push((names::NOTHING.to_owned(), RootField::Nothing));
    }
    fields
}

/// Whether `node` finds the resource's records: they can be got by their key alone, which always shows.
pub fn is_node(contract: &Contract, resource: ResourceId) -> bool {
    nodes(contract).any(|node| node == resource)
}

/// Whether there is a field `node`.
fn has_nodes(contract: &Contract) -> bool {
    nodes(contract).next().is_some()
}

/// The resources whose records `node` finds.
fn nodes(contract: &Contract) -> impl Iterator<Item = ResourceId> {
    let is_free = operations(contract, Root::Query).all(|(_, operation)| operation.name != names::NODE);
    let got = operations(contract, Root::Query).filter_map(|(_, operation)| {
        let (does, resource) = standard(contract, operation)?;
        (does == Standard::Get).then_some(resource)
    });
    got.filter(move |id| is_free && !contract.may_be_null(contract.resource(*id).key_field()))
}

/// The operations that have a field of the root, were they served: nested collections are fields of their records.
fn operations(contract: &Contract, root: Root) -> impl Iterator<Item = (OperationId, &Operation)> {
    let is_here = move |operation: &Operation| {
        operation.root == root && !matches!(operation.binding, Binding::Related { .. })
    };
    contract.operations().filter(move |(_, operation)| is_here(operation))
}

/// What an operation does that the resource has by itself: it stands where its resource does.
fn standard(contract: &Contract, operation: &Operation) -> Option<(Standard, ResourceId)> {
    let (does, resource) = match operation.binding {
        Binding::Get(id) => (Standard::Get, id),
        Binding::List(id) => (Standard::List, id),
        Binding::Count(id) => (Standard::Count, id),
        Binding::Create(id) => (Standard::Create, id),
        Binding::Update(id) => (Standard::Update, id),
        Binding::Upsert(id) => (Standard::Upsert, id),
        Binding::Delete(id) => (Standard::Delete, id),
        Binding::Batch(id) => (Standard::Batch, id),
        Binding::Aggregate(id) => (Standard::Aggregate, id),
        Binding::Related { .. } | Binding::Sql(_) | Binding::Http(_) | Binding::Grpc(_) => return None,
        Binding::Channel(_) | Binding::Event(_) => return None,
    };
    (contract.resource(resource).span == operation.span).then_some((does, resource))
}

/// What the schema adds to a standard operation.
fn added(does: Standard, plural: &str) -> Option<(Standard, String)> {
    match does {
        Standard::List => Some((Standard::Connection, connection_of(plural))),
        Standard::Aggregate => Some((Standard::Groups, groups_of(plural))),
        Standard::Get | Standard::Connection | Standard::Count | Standard::Groups => None,
        Standard::Create | Standard::Update | Standard::Upsert | Standard::Delete | Standard::Batch => None,
    }
}

/// Whether an own operation is served.
fn is_served(operation: &Operation, answered: &Answered) -> bool {
    match operation.binding {
        Binding::Get(_) | Binding::List(_) | Binding::Count(_) | Binding::Aggregate(_) => true,
        Binding::Create(_) | Binding::Update(_) | Binding::Upsert(_) | Binding::Delete(_) => true,
        Binding::Batch(_) => true,
        Binding::Sql(_) => answered.holds(operation.result.base),
        Binding::Related { .. } | Binding::Http(_) | Binding::Grpc(_) => false,
        Binding::Channel(_) | Binding::Event(_) => false,
    }
}
