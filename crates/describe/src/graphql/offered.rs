//! What of a contract is served: which standard operations there are, and what can be answered.

use super::arguments::Write;
use super::names;
use super::roots::Standard;
use contract::{Base, Binding, Contract, Operation, OperationId, ResourceId, Root};
use std::collections::HashSet;

/// What of a contract is served.
pub(crate) struct Offered {
    standard: HashSet<(ResourceId, Standard)>,
    /// Which output objects have a field that can be answered.
    objects: Vec<bool>,
    /// Whether no operation is called `node`.
    is_node_free: bool,
}

impl Offered {
    pub(crate) fn new(contract: &Contract) -> Self {
        let standard = contract.operations().filter_map(|(_, operation)| standard(contract, operation));
        Self {
            standard: standard.collect(),
            objects: answered_objects(contract),
            is_node_free: rooted(contract, Root::Query).all(|(_, operation)| operation.name != names::NODE),
        }
    }

    /// Whether a value of the type can be answered: not an interface or union, nor an object of nothing else.
    pub(crate) fn answers(&self, base: Base) -> bool {
        is_answered(&self.objects, base)
    }

    /// Whether `node` finds the resource's records: they can be got by their key alone, which always shows.
    pub(crate) fn is_node(&self, contract: &Contract, id: ResourceId) -> bool {
        let has_key = || !contract.may_be_null(contract.resource(id).key_field());
        self.is_node_free && self.standard.contains(&(id, Standard::Get)) && has_key()
    }

    /// The writes that batches of the resource's records can hold: those that it has by themselves too. An input has a
    /// field, so where a create takes none, batches have no creates.
    pub(crate) fn batch(&self, contract: &Contract, id: ResourceId) -> Vec<Write> {
        let resource = contract.resource(id);
        let mut writes = Write::ALL.to_vec();
        writes.retain(|write| {
            let alone = match write {
                Write::Create => Standard::Create,
                Write::Update => Standard::Update,
                Write::Upsert => Standard::Upsert,
                Write::Delete => Standard::Delete,
            };
            self.standard.contains(&(id, alone)) && !write.arguments(resource).is_empty()
        });
        writes
    }

    /// Whether an own operation is served.
    pub(crate) fn serves(&self, operation: &Operation) -> bool {
        match operation.binding {
            Binding::Get(_) | Binding::List(_) | Binding::Count(_) | Binding::Aggregate(_) => true,
            Binding::Create(_) | Binding::Update(_) | Binding::Upsert(_) | Binding::Delete(_) => true,
            Binding::Batch(_) => true,
            Binding::Sql(_) => self.answers(operation.result.base),
            Binding::Related { .. } | Binding::Http(_) | Binding::Grpc(_) => false,
            Binding::Channel(_) => operation.root == Root::Mutation && self.answers(operation.result.base),
            Binding::Event(_) => false,
        }
    }
}

/// The operations that have a field of the root, were they served: nested collections are fields of their records.
pub(crate) fn rooted(contract: &Contract, root: Root) -> impl Iterator<Item = (OperationId, &Operation)> {
    let is_here = move |operation: &Operation| {
        operation.root == root && !matches!(operation.binding, Binding::Related { .. })
    };
    contract.operations().filter(move |(_, operation)| is_here(operation))
}

/// What an operation does that the resource has by itself: it stands where its resource does.
pub(crate) fn standard(contract: &Contract, operation: &Operation) -> Option<(ResourceId, Standard)> {
    let (id, does) = match operation.binding {
        Binding::Get(id) => (id, Standard::Get),
        Binding::List(id) => (id, Standard::List),
        Binding::Count(id) => (id, Standard::Count),
        Binding::Create(id) => (id, Standard::Create),
        Binding::Update(id) => (id, Standard::Update),
        Binding::Upsert(id) => (id, Standard::Upsert),
        Binding::Delete(id) => (id, Standard::Delete),
        Binding::Batch(id) => (id, Standard::Batch),
        Binding::Aggregate(id) => (id, Standard::Aggregate),
        Binding::Related { .. } | Binding::Sql(_) | Binding::Http(_) | Binding::Grpc(_) => return None,
        Binding::Channel(_) | Binding::Event(_) => return None,
    };
    (contract.resource(id).span == operation.span).then_some((id, does))
}

/// Looks at all objects until no more are found that hold something that can be answered.
fn answered_objects(contract: &Contract) -> Vec<bool> {
    let mut answered = vec![false; contract.objects.len()];
    loop {
        let is_some = |object: &contract::Object| {
            object.fields.iter().any(|field| is_answered(&answered, field.ty.base))
        };
        let found: Vec<bool> = contract.objects.iter().map(is_some).collect();
        if found == answered {
            return answered;
        }
        answered = found;
    }
}

fn is_answered(objects: &[bool], base: Base) -> bool {
    match base {
        Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) => true,
        Base::Object(id) => objects[id.index()],
        Base::Input(_) | Base::Abstract(_) => false,
    }
}
