//! An action as a document and its variables.

use super::draft::{Draft, Given, Place};
use super::filter;
use super::select::{Selected, Selector, Shape, parentheses};
use super::types::{self, upper_first};
use super::variables::{Variables, literal};
use crate::case::{Action, Input, List, Of, Verb};
use crate::driver::{Call, Failure, Total};
use crate::operation;
use crate::query::malformed;
use contract::{Arity, Base, Contract, ResourceId, Root, TypeRef};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A document, its variables, and how to read what is answered to it.
#[derive(Debug)]
pub struct Request {
    /// The document.
    pub document: String,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// What the answer's fields are to be taken for.
    pub reading: Reading,
    /// How to read a record of it.
    pub shape: Shape,
    /// Fields that are named only because everything was asked for.
    pub everything: BTreeSet<String>,
    /// What stands on which line of the document: the name of an argument or a variable.
    pub places: Vec<Place>,
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A record that may not be there; then this is the code of the fault.
    Row(String),
    /// A value, a record or records.
    Value,
    /// The record that is deleted, which has this key.
    Deleted(String, Option<String>),
    /// Records of a record that may not be there.
    Related(String),
    /// A connection.
    Page,
    /// Groups: their fields, and their measures.
    Groups,
}

/// The alias of what is asked for.
pub const RESULT: &str = "result";
/// The alias of the number of all rows.
pub const TOTAL: &str = "total";
/// The alias of the record that a nested collection is of.
pub const PARENT: &str = "parent";
/// The field with a record's version.
pub const VERSION: &str = "_version";

/// Makes the document of a call; `left_out` is not part of everything.
pub fn request(
    contract: &Contract,
    call: &Call<'_>,
    left_out: &BTreeSet<String>,
) -> Result<Request, Failure> {
    let mut variables = Variables::default();
    let mut selector =
        Selector { contract, variables: &mut variables, left_out, everything: BTreeSet::new() };
    let draft = match call.action {
        Action::Standard { verb: Verb::List, resource } => list(&mut selector, call, resource)?,
        Action::Standard { verb, resource } => row(&mut selector, call, *verb, resource)?,
        Action::Related { parent, field } => related(&mut selector, call, parent, field)?,
        Action::Page { resource } => page(&mut selector, call, resource)?,
        Action::Aggregate { resource } => aggregate(&mut selector, call, resource)?,
        Action::Batch { resource } => batch(&mut selector, call, resource)?,
        Action::Own { .. } => own(&mut selector, call)?,
    };
    let everything = std::mem::take(&mut selector.everything);
    let (document, places) = draft.print(&variables);
    let (reading, shape) = (draft.reading, draft.shape);
    Ok(Request { document, variables: variables.values, reading, shape, everything, places })
}

fn list(selector: &mut Selector<'_, '_>, call: &Call<'_>, resource: &str) -> Result<Draft, Failure> {
    let operation = operation::find(selector.contract, call.action)?;
    let id = operation::resource(selector.contract, resource)?;
    let (list, selected) = rows(selector, call.input, id)?;
    let given = selector.list("", Some(id), resource, &list)?;
    let mut draft =
        Draft::new(operation.root, &operation.name, selected, Reading::Value).given(given.clone());
    if call.total == Total::Wanted {
        let count = operation::count(selector.contract, id).ok_or_else(|| {
            Failure::Unspeakable(format!("the number of all `{resource}`s, which are not counted"))
        })?;
        draft.beside = format!("{TOTAL}: {}{} ", count.name, condition(&given));
    }
    Ok(draft)
}

/// The rows' list with its condition in the schema's form, inner relations among it, and what of each row.
fn rows(selector: &mut Selector<'_, '_>, input: &Input, id: ResourceId) -> Result<(List, Selected), Failure> {
    let own = input.list.filter.as_ref();
    let own = own.map(|neutral| filter::filter(selector.contract, Some(id), neutral)).transpose()?;
    let selected = selector.result(record(id), input.select.as_ref(), &[])?;
    let terms: Vec<Value> = own.into_iter().chain(selected.conditions.iter().cloned()).collect();
    let filter = (!terms.is_empty()).then(|| filter::all(terms));
    Ok((List { filter, ..input.list.clone() }, selected))
}

/// The condition alone of a list's arguments.
fn condition(arguments: &[(String, String)]) -> String {
    let only: Vec<(String, String)> = arguments.iter().filter(|(name, _)| name == "where").cloned().collect();
    parentheses(&only)
}

fn record(id: ResourceId) -> TypeRef {
    TypeRef { base: Base::Resource(id), arity: Arity::One, required: false }
}

fn row(
    selector: &mut Selector<'_, '_>,
    call: &Call<'_>,
    verb: Verb,
    resource: &str,
) -> Result<Draft, Failure> {
    let operation = operation::find(selector.contract, call.action)?;
    let id = operation::resource(selector.contract, resource)?;
    let key = &selector.contract.resource(id).key_field().name;
    let select = Value::from(vec![key.as_str()]);
    let (select, extra, reading) = match verb {
        Verb::Get => (call.input.select.as_ref(), &[VERSION][..], Reading::Row(not_found(resource))),
        // Other protocols answer nothing to it.
        Verb::Delete => (Some(&select), &[][..], Reading::Deleted(key.clone(), call.input.key.clone())),
        Verb::List | Verb::Create | Verb::Update | Verb::Upsert => {
            (call.input.select.as_ref(), &[VERSION][..], Reading::Value)
        }
    };
    let selected = selector.result(record(id), select, extra)?;
    refuse_conditions(&selected)?;
    let mut draft = Draft::new(operation.root, &operation.name, selected, reading);
    draft.arguments = arguments(selector, call, Some((id, verb)))?;
    Ok(draft)
}

/// `POST_NOT_FOUND`.
fn not_found(resource: &str) -> String {
    let mut code = String::new();
    for (at, c) in resource.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            code.push('_');
        }
        code.push(c.to_ascii_uppercase());
    }
    format!("{code}_NOT_FOUND")
}

fn refuse_conditions(selected: &Selected) -> Result<(), Failure> {
    match selected.conditions.is_empty() {
        true => Ok(()),
        false => Err(filter::unspeakable("an inner relation of one record, which no list leaves out")),
    }
}

fn related(
    selector: &mut Selector<'_, '_>,
    call: &Call<'_>,
    parent: &str,
    name: &str,
) -> Result<Draft, Failure> {
    let (id, field) = operation::field(selector.contract, parent, name)?;
    let get = operation::standard(selector.contract, Verb::Get, id).ok_or_else(|| {
        Failure::Unspeakable(format!("a collection of one `{parent}`, which cannot be got"))
    })?;
    let target = selector.contract.resource(id).field(field).target();
    let target = target.ok_or_else(|| Failure::Broken(format!("`{parent}.{name}` is no relation")))?;
    let (list, selected) = rows(selector, call.input, target)?;
    let given = selector.list("", Some(target), name, &list)?;
    let mut draft = Draft::new(get.root, "", selected, Reading::Related(not_found(parent)));
    let count = match call.total {
        Total::Wanted => format!("{TOTAL}: {name}Count{} ", condition(&given)),
        Total::Unwanted => String::new(),
    };
    draft.head = format!("{PARENT}: {}", get.name);
    draft.selection = format!("{{ {RESULT}: {name}{} {} {count}", parentheses(&given), draft.selection);
    draft.open = 1;
    draft.arguments = arguments(selector, call, None)?;
    Ok(draft)
}

fn page(selector: &mut Selector<'_, '_>, call: &Call<'_>, resource: &str) -> Result<Draft, Failure> {
    let id = operation::resource(selector.contract, resource)?;
    let plural = &selector.contract.resource(id).plural;
    let (list, selected) = rows(selector, call.input, id)?;
    let mut given = selector.list("", Some(id), resource, &list)?;
    let window = &call.input.window;
    let counts =
        [("first", window.first), ("last", window.last)].map(|(n, v)| (n, "Int", v.map(Value::from)));
    let cursors = [("after", &window.after), ("before", &window.before)];
    let cursors = cursors.map(|(n, v)| (n, "String", v.clone().map(Value::from)));
    for (name, ty, value) in counts.into_iter().chain(cursors) {
        if let Some(value) = value {
            given.push((name.to_owned(), selector.variables.give(name, ty, value)));
        }
    }
    let total = if call.total == Total::Wanted { " totalCount" } else { "" };
    let mut draft =
        Draft::new(Root::Query, &format!("{plural}Connection"), selected, Reading::Page).given(given);
    draft.selection = format!(
        "{{ edges {{ cursor node {} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}{total} }}",
        draft.selection
    );
    Ok(draft)
}

fn aggregate(selector: &mut Selector<'_, '_>, call: &Call<'_>, resource: &str) -> Result<Draft, Failure> {
    let id = operation::resource(selector.contract, resource)?;
    let plural = &selector.contract.resource(id).plural;
    let input = call.input;
    let filter = input.list.filter.as_ref();
    let filter = filter.map(|neutral| filter::filter(selector.contract, Some(id), neutral)).transpose()?;
    let given = selector.list("", Some(id), resource, &List { filter, ..input.list.clone() })?;
    let mut set = Vec::new();
    if !input.by.is_empty() {
        set.push(format!("key {{ {} }}", input.by.join(" ")));
    }
    for measure in &input.measures {
        set.push(match &measure.of {
            Of::Rows => "count".to_owned(),
            // Fields of the same name are merged.
            Of::Field(function, field) => format!("{} {{ {field} }}", function.name()),
        });
    }
    let field = if input.by.is_empty() { format!("{plural}Aggregate") } else { format!("{plural}Groups") };
    let text = format!("{{ {} }}", set.join(" "));
    let selected = Selected { text, shape: Shape::Plain, conditions: Vec::new() };
    Ok(Draft::new(Root::Query, &field, selected, Reading::Groups).given(given))
}

fn batch(selector: &mut Selector<'_, '_>, call: &Call<'_>, resource: &str) -> Result<Draft, Failure> {
    let id = operation::resource(selector.contract, resource)?;
    let field = format!("batch{}", upper_first(&selector.contract.resource(id).plural));
    let selected = selector.result(record(id), call.input.select.as_ref(), &[])?;
    refuse_conditions(&selected)?;
    let operations = call.input.data.clone().unwrap_or(Value::Null);
    let ty = format!("[{resource}BatchOperation!]!");
    let given = vec![("operations".to_owned(), selector.variables.give("operations", &ty, operations))];
    Ok(Draft::new(Root::Mutation, &field, selected, Reading::Value).given(given))
}

fn own(selector: &mut Selector<'_, '_>, call: &Call<'_>) -> Result<Draft, Failure> {
    let operation = operation::find(selector.contract, call.action)?;
    let selected = selector.result(operation.result, call.input.select.as_ref(), &[])?;
    refuse_conditions(&selected)?;
    let mut draft = Draft::new(operation.root, &operation.name, selected, Reading::Value);
    draft.arguments = arguments(selector, call, None)?;
    Ok(draft)
}

/// Gives an action's data to the arguments that the schema has. What it has no argument for stands in the document as
/// it was given, for the server to refuse; what is required and missing is a variable without a value.
fn arguments(
    selector: &mut Selector<'_, '_>,
    call: &Call<'_>,
    standard: Option<(ResourceId, Verb)>,
) -> Result<Vec<Given>, Failure> {
    let known = types::arguments(selector.contract, call.action)?;
    let mut data = match &call.input.data {
        Some(Value::Object(members)) => members.clone(),
        Some(_) => return Err(malformed("arguments are an object")),
        None => Map::new(),
    };
    let mut key = call.input.key.clone().map(Value::from);
    let mut given = Vec::new();
    for argument in known {
        let (name, ty) = (&argument.name, &argument.ty);
        // The key that a step names comes first, whatever the data say.
        let value = if ty == "ID!" { key.take() } else { None }.or_else(|| data.remove(name));
        let reference = match value {
            Some(value) => selector.variables.give(name, ty, value),
            None if argument.required => selector.variables.forget(name, ty),
            None => continue,
        };
        given.push(Given { name: argument.name, value: reference, why_not: None });
    }
    if let Some(version) = &call.input.version {
        let value = selector.variables.give("ifVersion", "Long", Value::from(version.as_str()));
        given.push(Given { name: "ifVersion".to_owned(), value, why_not: None });
    }
    let resource = standard.map(|(id, _)| selector.contract.resource(id));
    for (name, value) in data {
        let why_not = Some(types::why_not(resource, standard.map(|(_, verb)| verb), &name));
        given.push(Given { name, value: literal(&value), why_not });
    }
    Ok(given)
}
