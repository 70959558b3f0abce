//! What REST has to know of an operation, found out once.

use crate::query::Scope;
use crate::route::{Params, Place};
use contract::{Arity, Base, Binding, Contract, Method, Operation, OperationId, ResourceId, Root, Source};

/// An operation as REST sees it.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What its query string may say.
    pub(crate) scope: Scope,
    /// Whether it answers one record or a list.
    pub(crate) answers: Answers,
    /// Where a row it makes can be read: what stands before and after the key in the path.
    pub(crate) location: Option<(String, String)>,
    /// What its entity tag has to be made of.
    pub(crate) tag: Tag,
    /// The operation that a selection with functions is of, or why there is none.
    pub(crate) aggregate: Result<OperationId, &'static str>,
}

/// Whether an operation answers one record or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// One record, a scalar, or nothing.
    One,
    /// A list.
    List,
}

/// What an entity tag has to be made of so that the same tag is the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The row's version.
    Version,
    /// The version and the bytes: other rows, or who reads, are in the answer too.
    Content,
}

/// The facts of every operation, in their order.
pub(crate) fn facts(contract: &Contract, base: &str) -> Vec<Facts> {
    contract.operations.iter().map(|operation| facts_of(contract, operation, base)).collect()
}

fn facts_of(contract: &Contract, operation: &Operation, base: &str) -> Facts {
    let resource = match operation.result.base {
        Base::Resource(id) => Some(id),
        Base::Scalar(_) | Base::Enum(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => None,
    };
    Facts {
        scope: scope(operation),
        answers: match operation.result.arity {
            Arity::One => Answers::One,
            Arity::List { .. } => Answers::List,
        },
        location: resource.and_then(|id| location(contract, id, base)),
        tag: resource.map_or(Tag::Content, |id| tag(contract, id)),
        aggregate: aggregate(contract, operation),
    }
}

/// Functions are of the standard list of a resource that offers them: the rows of a nested collection or an own
/// operation are chosen by more than the aggregate takes.
fn aggregate(contract: &Contract, operation: &Operation) -> Result<OperationId, &'static str> {
    let resource = match operation.binding {
        Binding::List(id) if operation.arguments.is_empty() => id,
        _ => return Err("functions are for the list of a resource, not for this"),
    };
    let is_aggregate = |other: &Operation| matches!(other.binding, Binding::Aggregate(id) if id == resource);
    let found = contract.operations().find(|(_, other)| is_aggregate(other));
    found.map(|(id, _)| id).ok_or("the resource offers no AGGREGATE, so it has no functions")
}

fn scope(operation: &Operation) -> Scope {
    match operation.binding {
        Binding::List(_) | Binding::Related { .. } => Scope::Rows,
        Binding::Count(_) => Scope::Count,
        Binding::Get(_)
        | Binding::Create(_)
        | Binding::Update(_)
        | Binding::Upsert(_)
        | Binding::Delete(_)
        | Binding::Batch(_)
        | Binding::Aggregate(_) => Scope::Record,
        Binding::Sql(_) | Binding::Http(_) | Binding::Grpc(_) | Binding::Channel(_) | Binding::Event(_) => {
            match operation.result.base {
                Base::Resource(_) | Base::Object(_) | Base::Abstract(_) => Scope::Record,
                Base::Scalar(_) | Base::Enum(_) | Base::Input(_) => Scope::Arguments,
            }
        }
    }
}

/// The path of the resource's standard read, around the key.
fn location(contract: &Contract, resource: ResourceId, base: &str) -> Option<(String, String)> {
    let get = contract.operations.iter().find(|operation| {
        operation.arguments.is_empty() && matches!(operation.binding, Binding::Get(id) if id == resource)
    })?;
    let path = &get.rest.as_ref()?.path;
    let (before, rest) = path.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    Some((format!("{base}{before}"), after.to_owned()))
}

/// Fields that some readers do not see, or that are computed, are not told apart by the row's version.
fn tag(contract: &Contract, resource: ResourceId) -> Tag {
    let fields = &contract.resource(resource).fields;
    let content = fields.iter().any(|f| f.read.is_some() || matches!(f.source, Source::Computed(_)));
    if content { Tag::Content } else { Tag::Version }
}

/// The places of all operations that have one.
pub(crate) fn places(contract: &Contract) -> impl Iterator<Item = Place<'_>> {
    contract.operations().filter(|(_, operation)| operation.root != Root::Subscription).filter_map(
        |(id, operation)| {
            let route = operation.rest.as_ref()?;
            Some(Place { id, method: route.method, path: &route.path, params: params(operation) })
        },
    )
}

/// A standard operation has no arguments of its own: what its path names is a key.
fn params(operation: &Operation) -> Params {
    if operation.arguments.is_empty() { Params::Key } else { Params::Arguments }
}

/// The method an operation is at; only routed operations are asked.
pub(crate) fn method(contract: &Contract, id: OperationId) -> Method {
    contract.operation(id).rest.as_ref().map_or(Method::Post, |route| route.method)
}
