//! The neutral form of a selection as `read_mask` and `include`, and how to read what comes of it.

use super::value;
use crate::case::List;
use crate::driver::Failure;
use crate::graphql::filter;
use crate::query::{embedded_list, is_true, items, malformed};
use contract::{Arity, Base, Contract, Field, FieldId, ResourceId, Scalar, Source, TypeRef, names};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// Fields of messages have one name.
const NO_SPREAD: &str = "a related record's fields inside its own record (`spread`)";
/// A relation is one field of its record's message.
const ONE_FIELD: &str = "one relation twice in a record, each with a list of its own";
/// A selection that a client makes of names.
const TWO_OF_ONE_NAME: &str = "two things of one name (a message's fields have their own)";
/// A JSON value is one text.
const NO_PARTS: &str = "a part of a JSON value (it is one text)";

/// How to read a value.
#[derive(Debug, Clone)]
pub enum Inside {
    /// By its type.
    Plain,
    /// A text of JSON.
    Json,
    /// A record of which the neutral form has the key alone.
    Key(FieldDescriptor),
    /// A record, a stored object, or a list of them.
    Record(Vec<Part>),
}

/// A member of a record.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its field in the message.
    pub field: FieldDescriptor,
    /// Its name in the neutral form; none when it is not shown.
    pub shown: Option<String>,
    /// Whether nothing is null, not an empty list.
    pub nullable: bool,
    /// What of it.
    pub inside: Inside,
    /// The field that the caller may not be allowed to read at all, where it was not asked for by its name.
    pub closed: Option<(ResourceId, FieldId)>,
}

/// What of a record.
#[derive(Debug, Default)]
pub struct Selected {
    /// Paths of `read_mask`; none for what the server answers by itself.
    pub paths: Option<Vec<String>>,
    /// `include`.
    pub include: Map<String, Value>,
    /// How to read the record.
    pub parts: Vec<Part>,
}

/// Makes selections of one contract's records.
pub struct Selector<'c> {
    /// Whose names they are.
    pub contract: &'c Contract,
}

/// What is being selected of.
#[derive(Clone, Copy)]
struct Of<'c> {
    fields: &'c [Field],
    resource: Option<ResourceId>,
}

impl<'c> Selector<'c> {
    /// What of a record or object, whose message it is; without a selection it is everything.
    pub fn record(
        &mut self,
        base: Base,
        message: &MessageDescriptor,
        select: Option<&Value>,
    ) -> Result<Selected, Failure> {
        let of = self.of(base);
        match select {
            None => Ok(Selected { parts: self.everything(of, message), ..Selected::default() }),
            Some(select) => {
                let mut selected = Selected { paths: Some(Vec::new()), ..Selected::default() };
                self.items(of, message, select, "", &mut selected)?;
                Ok(selected)
            }
        }
    }

    /// The same of a message that is answered whole: what is not selected is not shown.
    pub fn whole(&mut self, base: Base, message: &MessageDescriptor, selected: Selected) -> Vec<Part> {
        let mut parts = selected.parts;
        for part in self.everything(self.of(base), message) {
            if !parts.iter().any(|known| known.field == part.field) {
                parts.push(Part { shown: None, ..part });
            }
        }
        parts
    }

    fn of(&self, base: Base) -> Of<'c> {
        let (fields, resource): (&[Field], _) = match base {
            Base::Resource(id) => (&self.contract.resource(id).fields, Some(id)),
            Base::Object(id) => (&self.contract.objects[id.index()].fields, None),
            Base::Abstract(_) | Base::Scalar(_) | Base::Enum(_) | Base::Input(_) => (&[], None),
        };
        Of { fields, resource }
    }

    /// Everything that is not a relation to many, and of a row that is pointed to the key.
    fn everything(&self, of: Of<'c>, message: &MessageDescriptor) -> Vec<Part> {
        let mut parts = Vec::new();
        for (at, field) in of.fields.iter().enumerate() {
            let is_many = matches!(field.ty.arity, Arity::List { .. }) && field.target().is_some();
            if field.is_secret() || is_many {
                continue;
            }
            if let Some(found) = value::field(message, &field.name) {
                let id = FieldId(at as u16);
                let closed = of.resource.map(|resource| (resource, id)).filter(|_| field.read.is_some());
                parts.push(Part { closed, ..self.plain(field, found, &field.name) });
            }
        }
        parts
    }

    /// A field without a selection of its own.
    fn plain(&self, field: &'c Field, found: FieldDescriptor, shown: &str) -> Part {
        let inside = match (field.ty.base, found.kind()) {
            (Base::Scalar(Scalar::Json), _) => Inside::Json,
            (Base::Resource(id), Kind::Message(message)) => {
                let key = value::field(&message, &self.contract.resource(id).key_field().name);
                key.map_or(Inside::Plain, Inside::Key)
            }
            (base @ (Base::Object(_) | Base::Abstract(_)), Kind::Message(message)) => {
                Inside::Record(self.everything(self.of(base), &message))
            }
            // An object that is around itself.
            (Base::Object(_) | Base::Abstract(_), _) => Inside::Json,
            (Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Resource(_), _) => Inside::Plain,
        };
        let nullable = !field.ty.required;
        Part { field: found, shown: Some(shown.to_owned()), nullable, inside, closed: None }
    }

    fn items(
        &mut self,
        of: Of<'c>,
        message: &MessageDescriptor,
        select: &Value,
        prefix: &str,
        selected: &mut Selected,
    ) -> Result<(), Failure> {
        // What is named wins over the same from everything.
        let (stars, named): (Vec<&Value>, Vec<&Value>) =
            items(select)?.iter().partition(|item| item.as_str() == Some("*"));
        for item in named {
            self.item(of, message, item, prefix, selected)?;
        }
        if !stars.is_empty() {
            push(selected, format!("{prefix}*"));
            for part in self.everything(of, message) {
                if !selected.parts.iter().any(|known| known.field == part.field) {
                    selected.parts.push(part);
                }
            }
        }
        let names: Vec<&str> = selected.parts.iter().filter_map(|part| part.shown.as_deref()).collect();
        match names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            true => Err(filter::unspeakable(TWO_OF_ONE_NAME)),
            false => Ok(()),
        }
    }

    fn item(
        &mut self,
        of: Of<'c>,
        message: &MessageDescriptor,
        item: &Value,
        prefix: &str,
        selected: &mut Selected,
    ) -> Result<(), Failure> {
        let Value::Object(members) = item else {
            let name = item.as_str().ok_or_else(|| malformed("a selection item is a name or an object"))?;
            return self.named(of, message, name, name, prefix, selected);
        };
        let shown = members.get("as").and_then(Value::as_str);
        if let Some(name) = members.get("field").and_then(Value::as_str) {
            return self.named(of, message, name, shown.unwrap_or(name), prefix, selected);
        }
        if let Some(name) = members.get("count").and_then(Value::as_str) {
            let count = format!("{name}Count");
            push(selected, format!("{prefix}{}", names::snake(&count)));
            let shown = Some(shown.unwrap_or(&count).to_owned());
            if let Some(field) = value::field(message, &count) {
                selected.parts.push(Part {
                    field,
                    shown,
                    nullable: false,
                    inside: Inside::Plain,
                    closed: None,
                });
            }
            return Ok(());
        }
        self.relation(of, message, members, prefix, selected)
    }

    /// A field by its name. One that the message does not have is in the mask as it is, for the server to refuse.
    fn named(
        &mut self,
        of: Of<'c>,
        message: &MessageDescriptor,
        name: &str,
        shown: &str,
        prefix: &str,
        selected: &mut Selected,
    ) -> Result<(), Failure> {
        if name.contains("->") {
            return Err(filter::unspeakable(NO_PARTS));
        }
        let field = of.fields.iter().find(|field| field.name == name);
        match (field, value::field(message, name)) {
            (Some(field), Some(found)) => {
                // The key of a record that is pointed to is all that is asked for.
                let key = match self.plain(field, found.clone(), shown).inside {
                    Inside::Key(key) => format!(".{}", key.name()),
                    Inside::Plain | Inside::Json | Inside::Record(_) => String::new(),
                };
                push(selected, format!("{prefix}{}{key}", found.name()));
                selected.parts.push(self.plain(field, found, shown));
            }
            _ => push(selected, format!("{prefix}{}", names::snake(name))),
        }
        Ok(())
    }

    /// `{"author": ["name"]}`, or the long form with `relation` and `select`.
    fn relation(
        &mut self,
        of: Of<'c>,
        message: &MessageDescriptor,
        members: &Map<String, Value>,
        prefix: &str,
        selected: &mut Selected,
    ) -> Result<(), Failure> {
        let (name, select) = match (members.get("relation").and_then(Value::as_str), members.iter().next()) {
            (Some(name), _) => (name, members.get("select")),
            (None, Some((name, select))) => (name.as_str(), Some(select)),
            (None, None) => return Err(malformed("a selection item is empty")),
        };
        if is_true(members, "spread") {
            return Err(filter::unspeakable(NO_SPREAD));
        }
        let shown = members.get("as").and_then(Value::as_str).unwrap_or(name);
        let definition = of.fields.iter().find(|field| field.name == name);
        let found = value::field(message, name);
        let (Some(definition), Some(found)) = (definition, found) else {
            push(selected, format!("{prefix}{}.id", names::snake(name)));
            return Ok(());
        };
        let Kind::Message(inner) = found.kind() else {
            push(selected, format!("{prefix}{}.id", found.name()));
            return Ok(());
        };
        if selected.parts.iter().any(|part| part.field == found) || selected.include.contains_key(name) {
            return Err(filter::unspeakable(ONE_FIELD));
        }
        let path = format!("{prefix}{}", found.name());
        let mut inside = Selected { paths: Some(Vec::new()), ..Selected::default() };
        match select {
            None => {
                push(&mut inside, path.clone());
                inside.parts = self.everything(self.of(definition.ty.base), &inner);
            }
            Some(select) => {
                let of = self.of(definition.ty.base);
                self.items(of, &inner, select, &format!("{path}."), &mut inside)?;
            }
        }
        let subset = self.subset(definition, members, inside.include)?;
        let is_shown = select.is_none_or(|select| items(select).is_ok_and(|items| !items.is_empty()));
        if !subset.is_empty() || !is_shown {
            selected.include.insert(name.to_owned(), subset.into());
        }
        selected.paths.get_or_insert_default().extend(inside.paths.unwrap_or_default());
        if is_shown {
            selected.parts.push(Part {
                field: found,
                shown: Some(shown.to_owned()),
                nullable: !is_to_many(definition),
                inside: Inside::Record(inside.parts),
                closed: None,
            });
        }
        Ok(())
    }

    /// Which rows of a relation.
    fn subset(
        &mut self,
        field: &Field,
        members: &Map<String, Value>,
        include: Map<String, Value>,
    ) -> Result<Map<String, Value>, Failure> {
        let list = embedded_list(members)?;
        let mut subset = Map::new();
        if let Some(target) = field.target() {
            for (name, value) in rows(self.contract, target, &list)? {
                subset.insert(name.to_owned(), value);
            }
        }
        for (name, count) in [("limit", list.limit), ("offset", list.offset)] {
            subset.extend(count.map(|count| (name.to_owned(), count.into())));
        }
        if is_true(members, "inner") {
            subset.insert("required".to_owned(), true.into());
        }
        if !include.is_empty() {
            subset.insert("include".to_owned(), include.into());
        }
        Ok(subset)
    }
}

/// `filter` and `orderBy`, in names of the contract: conditions are those of GraphQL's schema, whose table of
/// operators the messages have too.
pub fn rows(
    contract: &Contract,
    target: ResourceId,
    list: &List,
) -> Result<Vec<(&'static str, Value)>, Failure> {
    let mut given = Vec::new();
    if let Some(condition) = &list.filter {
        given.push(("filter", filter::filter(contract, Some(target), condition)?));
    }
    if !list.order.is_empty() {
        given.push(("orderBy", filter::order(contract, Some(target), &list.order)?));
    }
    Ok(given)
}

/// How to read a value of a result that is no record.
pub fn value_of(ty: TypeRef) -> Inside {
    match ty.base {
        Base::Scalar(Scalar::Json) => Inside::Json,
        _ => Inside::Plain,
    }
}

fn is_to_many(field: &Field) -> bool {
    matches!(field.source, Source::Relation(_)) || matches!(field.ty.arity, Arity::List { .. })
}

fn push(selected: &mut Selected, path: String) {
    selected.paths.get_or_insert_default().push(path);
}
