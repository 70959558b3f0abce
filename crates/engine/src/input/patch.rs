//! What a merge patch (RFC 7396) says of one JSON value or stored object: checked as far as the patch itself tells, and what
//! has to be checked of the result.

use super::stored::{self, Problem};
use contract::{Arity, Base, Contract, ObjectId, Scalar, TypeRef};
use wire::Value;

/// Levels of stored objects in each other that a patch may name at the most.
const OBJECTS_DEPTH_MAX: usize = 32;

/// A patch of one field, both as JSON text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patch {
    /// The patch in stored form; null removes a member.
    pub patch: Value,
    /// The members that have to be there afterwards ([`store::Merge`]).
    pub required: Value,
}

/// The patch that a value is for a field; none where it takes the field's place.
pub(crate) fn of_column(contract: &Contract, ty: TypeRef, value: &Value) -> Result<Option<Patch>, Problem> {
    let (Arity::One, Value::Object(_)) = (ty.arity, value) else { return Ok(None) };
    let (patch, required) = match ty.base {
        Base::Scalar(Scalar::Json) => (value.clone(), Value::Null),
        Base::Object(id) => of_object(contract, id, value, OBJECTS_DEPTH_MAX)?,
        Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Abstract(_) | Base::Input(_) => {
            return Ok(None);
        }
    };
    let text = |value: Value| Value::Text(value.json_text());
    Ok(Some(Patch { patch: text(patch), required: text(required) }))
}

/// A patch of a stored object, and what has to be there afterwards. Only what the patch names can be without a member that
/// it needs: what it does not reach was complete before.
fn of_object(
    contract: &Contract,
    id: ObjectId,
    value: &Value,
    depth_left: usize,
) -> Result<(Value, Value), Problem> {
    let Some(deeper) = depth_left.checked_sub(1) else {
        let message = format!("is nested more than {OBJECTS_DEPTH_MAX} levels deep");
        return Err(Problem::new("DEPTH", message));
    };
    let Value::Object(given) = value else { return Err(Problem::new("TYPE", "must be an object")) };
    let fields = &contract.objects[id.index()].fields;
    if let Some((name, _)) = given.iter().find(|(name, _)| !fields.iter().any(|field| field.name == *name)) {
        return Err(Problem::new("UNKNOWN", "is not a member").inside(name));
    }
    let (mut patch, mut required) = (Vec::new(), Vec::new());
    for field in fields {
        let rule = Value::Bool(field.ty.required);
        let name = || field.name.clone();
        let (member, rule) = match (value.get(&field.name), field.ty.arity, field.ty.base) {
            (None, _, _) => (None, rule),
            (Some(Value::Null), _, _) if !field.ty.required => (Some(Value::Null), rule),
            (Some(object @ Value::Object(_)), Arity::One, Base::Object(inner)) => {
                let inside = of_object(contract, inner, object, deeper);
                let (member, inside) = inside.map_err(|problem| problem.inside(&field.name))?;
                (Some(member), Value::List(vec![rule, inside]))
            }
            (Some(whole), _, _) => {
                let member = stored::member(contract, field.ty, whole);
                (Some(member.map_err(|problem| problem.inside(&field.name))?), rule)
            }
        };
        patch.extend(member.map(|member| (name(), member)));
        required.push((name(), rule));
    }
    Ok((Value::Object(patch), Value::Object(required)))
}
