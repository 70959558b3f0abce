//! Secrets are sealed where a call comes in, before anything looks at its input.

use contract::{Binding, Contract, Operation, Resource};
use wire::Value;

/// The members of an operation's input that are secrets.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    names: Box<[String]>,
    /// Objects around them: an item of a batch is one around the fields.
    levels: usize,
}

impl Secrets {
    /// Of each operation of a contract, in its order.
    pub fn of(contract: &Contract) -> Vec<Self> {
        contract.operations.iter().map(|operation| Self::of_operation(contract, operation)).collect()
    }

    fn of_operation(contract: &Contract, operation: &Operation) -> Self {
        let names = match (operation.arguments.as_slice(), operation.binding.resource()) {
            ([], Some(id)) => secret_fields(contract.resource(id)),
            _ => contract.secret_arguments(operation).map(str::to_owned).collect(),
        };
        let levels = if matches!(operation.binding, Binding::Batch(_)) { 1 } else { 0 };
        Self { names, levels }
    }

    /// Seals what is given for them.
    pub fn seal(&self, data: &mut Option<Value>) {
        if let Some(data) = data.as_mut().filter(|_| !self.names.is_empty()) {
            self.seal_inside(data, self.levels);
        }
    }

    fn seal_inside(&self, data: &mut Value, levels: usize) {
        match data {
            Value::List(items) => items.iter_mut().for_each(|item| self.seal_inside(item, levels)),
            Value::Object(members) if levels == 0 => {
                for (_, value) in members.iter_mut().filter(|(name, _)| self.names.contains(name)) {
                    *value = std::mem::replace(value, Value::Null).sealed();
                }
            }
            Value::Object(members) => {
                members.iter_mut().for_each(|(_, inner)| self.seal_inside(inner, levels - 1));
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => {}
            Value::Text(_) | Value::Bytes(_) | Value::Secret(_) => {}
        }
    }
}

fn secret_fields(resource: &Resource) -> Box<[String]> {
    resource.fields.iter().filter(|field| field.is_secret()).map(|field| field.name.clone()).collect()
}
