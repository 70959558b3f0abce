//! The operations of a contract that actions are about.

use crate::case::{Action, Verb};
use crate::driver::Failure;
use contract::{Binding, Contract, FieldId, Operation, ResourceId};

/// A resource by its name.
pub fn resource(contract: &Contract, name: &str) -> Result<ResourceId, Failure> {
    contract.resource_named(name).ok_or_else(|| Failure::Broken(format!("no resource is named `{name}`")))
}

/// A resource and its field by their names.
pub fn field(contract: &Contract, parent: &str, field: &str) -> Result<(ResourceId, FieldId), Failure> {
    let id = resource(contract, parent)?;
    let found = contract.resource(id).field_named(field);
    found
        .map(|field| (id, field))
        .ok_or_else(|| Failure::Broken(format!("`{parent}` has no field `{field}`")))
}

/// The operation that an action is about. A page is a list, and so is an aggregate.
pub fn find<'c>(contract: &'c Contract, action: &Action) -> Result<&'c Operation, Failure> {
    let found = match action {
        Action::Own { operation } => contract.operation_named(operation).map(|id| contract.operation(id)),
        Action::Standard { verb, resource: name } => standard(contract, *verb, resource(contract, name)?),
        Action::Page { resource: name } | Action::Aggregate { resource: name } => {
            standard(contract, Verb::List, resource(contract, name)?)
        }
        Action::Batch { resource: name } => {
            let id = resource(contract, name)?;
            bound(contract, |binding| matches!(binding, Binding::Batch(of) if *of == id))
        }
        Action::Related { parent, field: name } => {
            let place = field(contract, parent, name)?;
            bound(
                contract,
                |binding| matches!(binding, Binding::Related { parent, field } if (*parent, *field) == place),
            )
        }
    };
    found.ok_or_else(|| Failure::Broken(format!("there is no operation for {action:?}")))
}

/// A standard operation of a resource, if it has it.
pub fn standard(contract: &Contract, verb: Verb, resource: ResourceId) -> Option<&Operation> {
    bound(contract, |binding| match (binding, verb) {
        (Binding::Get(id), Verb::Get)
        | (Binding::List(id), Verb::List)
        | (Binding::Create(id), Verb::Create)
        | (Binding::Update(id), Verb::Update)
        | (Binding::Upsert(id), Verb::Upsert)
        | (Binding::Delete(id), Verb::Delete) => *id == resource,
        _ => false,
    })
}

/// The operation that counts a resource's rows, if it has it.
pub fn count(contract: &Contract, resource: ResourceId) -> Option<&Operation> {
    bound(contract, |binding| matches!(binding, Binding::Count(id) if *id == resource))
}

fn bound(contract: &Contract, is: impl Fn(&Binding) -> bool) -> Option<&Operation> {
    contract.operations.iter().find(|o| o.arguments.is_empty() && is(&o.binding))
}
