//! The neutral form of a selection as a selection set, and back: the neutral form of what is answered to it.

use super::filter::{self, unspeakable};
use super::types::{is_to_many, upper_first};
use super::variables::Variables;
use crate::case::List;
use crate::driver::Failure;
use crate::query::{embedded_list, is_true, items, malformed};
use contract::{Base, Contract, Field, ResourceId, TypeRef};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Nothing in GraphQL puts the fields of one record into another.
const NO_SPREAD: &str = "a related record's fields inside its own record (`spread`)";
/// A list has a condition; one record has none.
const NO_CONDITION: &str = "a condition on one record, on which nothing but its own list could have one";

/// How to read a value that was answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// As it is.
    Plain,
    /// A part of a JSON value as text.
    Text,
    /// A record of which the neutral form has the key alone.
    Key(String),
    /// A record, or a list of them.
    Record(Vec<Part>),
}

/// A member of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name in the response.
    response: String,
    /// Its name in the neutral form; none when it is not shown.
    shown: Option<String>,
    shape: Shape,
}

impl Part {
    /// A member that the driver asks for and a case does not see.
    pub fn unseen(response: &str) -> Self {
        Self { response: response.to_owned(), shown: None, shape: Shape::Plain }
    }

    fn shown(name: &str, shape: Shape) -> Self {
        Self { response: name.to_owned(), shown: Some(name.to_owned()), shape }
    }
}

/// What is being selected of.
#[derive(Debug, Clone, Copy)]
enum Of<'c> {
    Fields(&'c [Field]),
    /// A value without members, or a name that the contract does not have.
    Unknown,
}

/// A selection set.
#[derive(Debug, Default)]
struct Set {
    text: Vec<String>,
    parts: Vec<Part>,
    /// What inner relations ask of the record around them.
    conditions: Vec<Value>,
}

/// Makes selection sets.
pub struct Selector<'c, 'v> {
    /// Whose names they are.
    pub contract: &'c Contract,
    /// The document's variables.
    pub variables: &'v mut Variables,
    /// Fields that everything does not comprise, because the server refused them.
    pub left_out: &'v BTreeSet<String>,
    /// Fields that were named only because everything was asked for.
    pub everything: BTreeSet<String>,
}

/// A selection set, how to read what comes of it, and what inner relations ask of the record.
pub struct Selected {
    /// With its braces, or empty for a value that has no members.
    pub text: String,
    /// How to read the record.
    pub shape: Shape,
    /// Conditions for the list around it.
    pub conditions: Vec<Value>,
}

impl<'c> Selector<'c, '_> {
    /// The selection set of a result; without a selection it is everything.
    pub fn result(
        &mut self,
        ty: TypeRef,
        select: Option<&Value>,
        extra: &[&str],
    ) -> Result<Selected, Failure> {
        let of = self.fields_of(ty.base);
        if matches!(of, Of::Unknown) && select.is_none() {
            return Ok(Selected { text: String::new(), shape: Shape::Plain, conditions: Vec::new() });
        }
        let mut set = self.set(of, "", select)?;
        for name in extra {
            set.text.push((*name).to_owned());
            set.parts.push(Part::unseen(name));
        }
        Ok(Selected { text: braces(&set), shape: Shape::Record(set.parts), conditions: set.conditions })
    }

    fn fields_of(&self, base: Base) -> Of<'c> {
        match base {
            Base::Resource(id) => Of::Fields(&self.contract.resource(id).fields),
            Base::Object(id) => Of::Fields(&self.contract.objects[id.index()].fields),
            Base::Abstract(id) => Of::Fields(&self.contract.abstracts[id.index()].fields),
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) => Of::Unknown,
        }
    }

    /// `path` is the names of the relations around it, for the names of variables.
    fn set(&mut self, of: Of<'c>, path: &str, select: Option<&Value>) -> Result<Set, Failure> {
        let mut set = Set::default();
        match select {
            None => self.star(of, &mut set),
            Some(select) => {
                // What is named wins over the same from everything.
                let (stars, named): (Vec<&Value>, Vec<&Value>) =
                    items(select)?.iter().partition(|item| item.as_str() == Some("*"));
                for item in named {
                    self.item(of, path, item, &mut set)?;
                }
                if !stars.is_empty() {
                    self.star(of, &mut set);
                }
            }
        }
        // A set has at least one field; `author()` shows nothing of the author.
        if set.text.is_empty() {
            set.text.push("__typename".to_owned());
            set.parts.push(Part::unseen("__typename"));
        }
        Ok(set)
    }

    /// Everything that is not a relation to many, and of a row that is pointed to the key.
    fn star(&mut self, of: Of<'c>, set: &mut Set) {
        let Of::Fields(fields) = of else { return };
        for field in fields.iter().filter(|f| !f.is_secret() && !is_to_many(f)) {
            if matches!(field.ty.arity, contract::Arity::List { .. }) && field.target().is_some() {
                continue;
            }
            self.everything.insert(field.name.clone());
            let is_named = set.parts.iter().any(|part| part.response == field.name);
            if !is_named && !self.left_out.contains(&field.name) {
                self.field(Some(field), &field.name, None, set);
            }
        }
    }

    fn item(&mut self, of: Of<'c>, path: &str, item: &Value, set: &mut Set) -> Result<(), Failure> {
        match item {
            Value::String(name) => self.named(of, name, None, set),
            Value::Object(members) => {
                let shown = members.get("as").and_then(Value::as_str);
                if let Some(name) = members.get("field").and_then(Value::as_str) {
                    self.named(of, name, shown, set);
                } else if let Some(name) = members.get("count").and_then(Value::as_str) {
                    self.field(None, &format!("{name}Count"), shown, set);
                } else {
                    self.relation(of, path, members, set)?;
                }
            }
            _ => return Err(malformed("a selection item is a name or an object")),
        }
        Ok(())
    }

    fn named(&mut self, of: Of<'c>, name: &str, shown: Option<&str>, set: &mut Set) {
        let Some((field, steps)) = name.split_once("->") else {
            return self.field(find(of, name), name, shown, set);
        };
        let path: Vec<&str> = steps.split("->").map(|step| step.trim_start_matches('>')).collect();
        let shape = if steps.contains("->>") || steps.starts_with('>') { Shape::Text } else { Shape::Plain };
        let shown = shown.unwrap_or_else(|| path.last().copied().unwrap_or(field));
        set.text.push(format!("{shown}: {field}(path: {})", Value::from(path.clone())));
        set.parts.push(Part::shown(shown, shape));
    }

    /// A field without a selection of its own. One that the contract does not have stands as it is, for the server
    /// to refuse.
    fn field(&mut self, field: Option<&'c Field>, name: &str, shown: Option<&str>, set: &mut Set) {
        let (inside, shape) = match field.map(|field| field.ty.base) {
            Some(Base::Resource(id)) => {
                let key = &self.contract.resource(id).key_field().name;
                (format!(" {{ {key} }}"), Shape::Key(key.clone()))
            }
            Some(base @ (Base::Object(_) | Base::Abstract(_))) => {
                let mut inside = Set::default();
                self.star(self.fields_of(base), &mut inside);
                (format!(" {}", braces(&inside)), Shape::Record(inside.parts))
            }
            Some(Base::Scalar(_) | Base::Enum(_) | Base::Input(_)) | None => (String::new(), Shape::Plain),
        };
        set.text.push(format!("{}{name}{inside}", alias(shown)));
        set.parts.push(Part::shown(shown.unwrap_or(name), shape));
    }

    /// `{"author": ["name"]}`, or the long form with `relation` and `select`.
    fn relation(
        &mut self,
        of: Of<'c>,
        path: &str,
        members: &Map<String, Value>,
        set: &mut Set,
    ) -> Result<(), Failure> {
        let (name, select) = match (members.get("relation").and_then(Value::as_str), members.iter().next()) {
            (Some(name), _) => (name, members.get("select")),
            (None, Some((name, select))) => (name.as_str(), Some(select)),
            (None, None) => return Err(malformed("a selection item is empty")),
        };
        if is_true(members, "spread") {
            return Err(unspeakable(NO_SPREAD));
        }
        let shown = members.get("as").and_then(Value::as_str);
        let field = find(of, name);
        let path = format!("{path}{}_", shown.unwrap_or(name));
        let inside = self.set(field.map_or(Of::Unknown, |f| self.fields_of(f.ty.base)), &path, select)?;
        let target = field.and_then(Field::target);
        let mut list = embedded_list(members)?;
        let own = match &list.filter {
            Some(condition) => Some(filter::filter(self.contract, target, condition)?),
            None => None,
        };
        let where_ = filter::all(own.into_iter().chain(inside.conditions.iter().cloned()).collect());
        let to_many = field.is_none_or(is_to_many);
        if is_true(members, "inner") {
            let condition = if to_many { serde_json::json!({ "some": where_ }) } else { where_.clone() };
            set.conditions.push(serde_json::json!({ name: condition }));
        }
        let has_condition = where_ != serde_json::json!({});
        if has_condition && !to_many && !is_true(members, "inner") {
            return Err(unspeakable(NO_CONDITION));
        }
        // Nothing of it is shown.
        if select.is_some_and(|select| items(select).is_ok_and(<[Value]>::is_empty)) {
            return Ok(());
        }
        list.filter = (has_condition && to_many).then_some(where_);
        let arguments = self.list(&path, target, name, &list)?;
        set.text.push(format!("{}{name}{} {}", alias(shown), parentheses(&arguments), braces(&inside)));
        set.parts.push(Part::shown(shown.unwrap_or(name), Shape::Record(inside.parts)));
        Ok(())
    }

    /// The arguments of a list, whose condition is in the schema's form already.
    pub fn list(
        &mut self,
        path: &str,
        target: Option<ResourceId>,
        name: &str,
        list: &List,
    ) -> Result<Vec<(String, String)>, Failure> {
        let ty = match target {
            Some(id) => self.contract.resource(id).name.clone(),
            None => upper_first(name),
        };
        let mut given = Vec::new();
        if let Some(condition) = &list.filter {
            given.push(("where", format!("{ty}Filter"), condition.clone()));
        }
        if !list.order.is_empty() {
            let order = filter::order(self.contract, target, &list.order)?;
            given.push(("orderBy", format!("[{ty}Order!]"), order));
        }
        for (name, count) in [("limit", list.limit), ("offset", list.offset)] {
            if let Some(count) = count {
                given.push((name, "Int".to_owned(), count.into()));
            }
        }
        let give = |(name, ty, value): (&str, String, Value)| {
            (name.to_owned(), self.variables.give(&format!("{path}{name}"), &ty, value))
        };
        Ok(given.into_iter().map(give).collect())
    }
}

fn find<'c>(of: Of<'c>, name: &str) -> Option<&'c Field> {
    match of {
        Of::Fields(fields) => fields.iter().find(|field| field.name == name),
        Of::Unknown => None,
    }
}

fn alias(shown: Option<&str>) -> String {
    shown.map(|name| format!("{name}: ")).unwrap_or_default()
}

fn braces(set: &Set) -> String {
    format!("{{ {} }}", set.text.join(" "))
}

/// Arguments on one line.
pub fn parentheses(arguments: &[(String, String)]) -> String {
    let pairs: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if pairs.is_empty() { String::new() } else { format!("({})", pairs.join(", ")) }
}

/// What was answered in the neutral form. `Err` says where it is not what was selected.
pub fn neutral(shape: &Shape, value: &Value) -> Result<Value, String> {
    match (shape, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Shape::Plain, value) => Ok(value.clone()),
        (Shape::Text, Value::String(_)) => Ok(value.clone()),
        (Shape::Text, other) => Ok(Value::String(other.to_string())),
        (Shape::Key(_) | Shape::Record(_), Value::Array(items)) => {
            items.iter().map(|item| neutral(shape, item)).collect()
        }
        (Shape::Key(key), Value::Object(members)) => match members.get(key) {
            Some(value) if members.len() == 1 => Ok(value.clone()),
            Some(_) | None => Err(format!("`{{ {key} }}` was selected and {value} answered")),
        },
        (Shape::Record(parts), Value::Object(members)) => record(parts, members),
        (Shape::Key(_) | Shape::Record(_), other) => Err(format!("{other} is no record")),
    }
}

fn record(parts: &[Part], members: &Map<String, Value>) -> Result<Value, String> {
    let asked = |name: &&String| !parts.iter().any(|part| part.response == **name);
    if let Some(name) = members.keys().find(asked) {
        return Err(format!("`{name}` was answered and not selected"));
    }
    let mut out = Map::new();
    for part in parts {
        let value = members
            .get(&part.response)
            .ok_or_else(|| format!("`{}` was selected and not answered", part.response))?;
        if let Some(shown) = &part.shown {
            out.insert(shown.clone(), neutral(&part.shape, value)?);
        }
    }
    Ok(Value::Object(out))
}
