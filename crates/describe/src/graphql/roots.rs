//! The fields of the roots: one per operation that is served, and those that the schema adds where no operation has the
//! name.

use super::names::{self, connection_of, groups_of};
use super::offered::{Offered, rooted, standard};
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
    let offered = Offered::new(contract);
    let is_node = |(id, _)| offered.is_node(contract, id);
    let mut fields = Vec::new();
    if root == Root::Query && contract.resources().any(is_node) {
        fields.push((names::NODE.to_owned(), RootField::Node));
    }
    let mut taken: HashSet<String> =
        rooted(contract, root).map(|(_, operation)| operation.name.clone()).collect();
    for (id, operation) in rooted(contract, root) {
        let name = operation.name.clone();
        match standard(contract, operation) {
            Some((resource, Standard::Batch)) if offered.batch(contract, resource).is_empty() => {}
            Some((resource, does)) => {
                let field = |does| RootField::Standard { does, resource, operation: id };
                fields.push((name, field(does)));
                let added = added(does, &contract.resource(resource).plural);
                let free = added.filter(|(_, name)| taken.insert(name.clone()));
                fields.extend(free.map(|(does, name)| (name, field(does))));
            }
            None if offered.serves(operation) => fields.push((name, RootField::Own(id))),
            None => {}
        }
    }
    if root == Root::Query && fields.is_empty() {
        fields.push((names::NOTHING.to_owned(), RootField::Nothing));
    }
    fields
}

/// The resources whose records `node` finds.
pub fn nodes(contract: &Contract) -> Vec<ResourceId> {
    let offered = Offered::new(contract);
    let all = contract.resources().map(|(id, _)| id);
    all.filter(|id| offered.is_node(contract, *id)).collect()
}

/// Whether `node` finds the resource's records. Looks at the whole contract: who asks often keeps [`nodes`].
pub fn is_node(contract: &Contract, resource: ResourceId) -> bool {
    Offered::new(contract).is_node(contract, resource)
}

/// The arguments that an own operation bound to a list takes beside its own: those of every list that it has not itself.
pub fn list_arguments_beside(operation: &Operation) -> impl Iterator<Item = &'static str> {
    let is_list = matches!(operation.binding, Binding::List(_));
    let all = names::LIST_ARGUMENTS.into_iter().filter(move |_| is_list);
    all.filter(|name| operation.arguments.iter().all(|argument| argument.name != *name))
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
