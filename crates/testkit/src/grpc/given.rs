//! What is given: records, arguments and inputs as messages.

use super::value::{self, Beyond, NO_FIELD};
use crate::driver::Failure;
use crate::graphql::filter::unspeakable;
use contract::{Arity, Base, Contract, Scalar, TypeRef};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

/// A field that is absent has the contract's default.
const NO_NULL: &str = "null for a field that has a default where nothing is given";
/// A list that is empty and one that is absent are the same.
const NO_EMPTY_LIST: &str = "an empty list where null may be (a list that is absent is empty)";

/// A reference is a message with the key in it.
const NO_OBJECT: &str = "an object that is no reference (a reference is a message)";
/// What is absent is zero.
const NO_PRESENCE: &str =
    "nothing for an argument whose message the contract decides (what is absent is zero)";

/// The same of an argument that may be null.
const NO_ZERO: &str = "zero for an argument that may be absent and whose message the contract decides";

/// A member that can be given.
struct Member<'c> {
    name: &'c str,
    ty: TypeRef,
    has_default: bool,
}

/// Makes messages of what is given.
pub struct Giver<'c, 'b> {
    /// Whose names they are.
    pub contract: &'c Contract,
    /// What no message says.
    pub beyond: &'b mut Beyond,
}

impl<'c> Giver<'c, '_> {
    /// A record, stored object or input as its message. What the message has no field for stays as it is.
    pub fn message(&mut self, base: Base, ty: &MessageDescriptor, value: &Value) -> Result<Value, Failure> {
        let members = self.members(base);
        self.given(&members, ty, value)
    }

    /// The arguments of an own operation.
    pub fn arguments(
        &mut self,
        arguments: &'c [contract::Argument],
        ty: &MessageDescriptor,
        value: &Value,
    ) -> Result<Value, Failure> {
        let members: Vec<Member<'c>> = arguments.iter().map(argument).collect();
        self.given(&members, ty, value)
    }

    fn members(&self, base: Base) -> Vec<Member<'c>> {
        let field = |field: &'c contract::Field| {
            let has_default = field.column().is_some_and(|column| column.default.is_some());
            Member { name: &field.name, ty: field.ty, has_default }
        };
        match base {
            Base::Resource(id) => self.contract.resource(id).fields.iter().map(field).collect(),
            Base::Object(id) => self.contract.objects[id.index()].fields.iter().map(field).collect(),
            Base::Input(id) => self.contract.inputs[id.index()].fields.iter().map(argument).collect(),
            Base::Abstract(_) | Base::Scalar(_) | Base::Enum(_) => Vec::new(),
        }
    }

    fn given(
        &mut self,
        members: &[Member<'c>],
        ty: &MessageDescriptor,
        value: &Value,
    ) -> Result<Value, Failure> {
        let Value::Object(given) = value else { return Ok(value.clone()) };
        let is_missing = |member: &&Member<'_>| {
            let field = value::field(ty, member.name).filter(|field| !field.is_list());
            let is_zero = field.is_some_and(|field| !field.supports_presence());
            is_zero && member.ty.required && !member.has_default && !given.contains_key(member.name)
        };
        if members.iter().any(|member| is_missing(&member)) {
            return Err(unspeakable(NO_PRESENCE));
        }
        let mut out = Map::new();
        for (name, value) in given {
            let member = members.iter().find(|member| member.name == name);
            let (Some(field), Some(member)) = (value::field(ty, name), member) else {
                self.beyond.say(NO_FIELD);
                out.insert(name.clone(), value.clone());
                continue;
            };
            if value.is_null() {
                if member.has_default {
                    return Err(unspeakable(NO_NULL));
                }
                continue;
            }
            if !field.supports_presence() && !field.is_list() && !member.ty.required && is_zero(value) {
                return Err(unspeakable(NO_ZERO));
            }
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if is_empty && field.is_list() && !member.ty.required {
                return Err(unspeakable(NO_EMPTY_LIST));
            }
            out.insert(name.clone(), self.member(member.ty, &field, value)?);
        }
        Ok(out.into())
    }

    fn member(&mut self, ty: TypeRef, field: &FieldDescriptor, value: &Value) -> Result<Value, Failure> {
        match (ty.arity, value) {
            (Arity::List { .. }, Value::Array(items)) => {
                items.iter().map(|item| self.one(ty.base, field, item)).collect()
            }
            (_, value) => self.one(ty.base, field, value),
        }
    }

    fn one(&mut self, base: Base, field: &FieldDescriptor, value: &Value) -> Result<Value, Failure> {
        match (base, field.kind()) {
            (Base::Scalar(Scalar::Json), _) => Ok(value.to_string().into()),
            // It would be a proper message, whose key is read.
            (Base::Resource(_), Kind::Message(_)) if value.is_object() => Err(unspeakable(NO_OBJECT)),
            (Base::Resource(id), Kind::Message(_)) => {
                let key = &self.contract.resource(id).key_field().name;
                Ok(json!({ key: value }))
            }
            (Base::Object(_) | Base::Input(_), Kind::Message(ty)) => self.message(base, &ty, value),
            (Base::Object(_) | Base::Input(_), _) => Ok(value.to_string().into()),
            (_, kind) => Ok(value::leaf(value, &kind)),
        }
    }
}

fn is_zero(value: &Value) -> bool {
    matches!(value.as_f64(), Some(0.0)) || *value == false || value.as_str() == Some("")
}

fn argument(argument: &contract::Argument) -> Member<'_> {
    Member { name: &argument.name, ty: argument.ty, has_default: argument.default.is_some() }
}
