//! An action as a method and its messages, in ProtoJSON.

use super::answer::part_of_totals;
use super::given::Giver;
use super::schema::{Lists, Schema};
use super::select::{self, Inside, Part, Selected, Selector};
use super::value::{self, Beyond};
use crate::case::{Action, List, Of, Verb};
use crate::driver::{Call, Failure, Total};
use crate::graphql::filter::unspeakable;
use crate::operation;
use crate::query::malformed;
use contract::{Arity, Base, Contract, Operation, ResourceId, RpcPackage};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

/// Pages go forward.
const FORWARD_ONLY: &str = "a page before a cursor or from the end";
/// A field is in a message once.
const ONE_OF: &str = "two of the fields of which one is given (`oneof`)";
/// A size that is absent is zero.
const NO_EMPTY_PAGE: &str = "a page of no rows (a size of zero is the server's own)";
/// What a version is.
const NO_VERSION: &str = "a version that is no number";
/// One record has one key.
const ONE_KEY: &str = "another key in a record than that of the record";
/// The messages of services that the contract names are as it says.
const NO_MASK: &str = "a selection of what a method answers whose messages the contract decides";

/// A method, what it is sent, and how to read what is answered.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: MethodDescriptor,
    /// The messages in ProtoJSON; one unless the client streams.
    pub messages: Vec<Value>,
    /// How to read the answer.
    pub reading: Reading,
    /// Why no bytes say it, though ProtoJSON would.
    pub beyond: Option<&'static str>,
}

/// What an answer is.
#[derive(Debug, Clone)]
pub enum Reading {
    /// A field of the response, or of each of its messages.
    Field(Part),
    /// The response itself, or each of its messages.
    Message(Vec<Part>),
    /// A page of rows in a field.
    Page(Part),
    /// Records in a field, empty ones where there is none any more.
    Batch(Part),
    /// Numbers over all rows.
    Totals,
    /// Numbers over groups.
    Groups,
    /// Nothing.
    Deleted,
}

/// Makes the request of a call.
pub fn request(
    schema: &Schema,
    contract: &Contract,
    call: &Call<'_>,
    lists: Lists,
) -> Result<Request, Failure> {
    let lists = if is_streamed(call) { lists } else { Lists::Whole };
    let method = schema.method(contract, call.action, lists, &call.input.by)?;
    let mut beyond = Beyond::default();
    let mut draft = Draft { contract, call, method, beyond: &mut beyond, out: Map::new() };
    let (messages, reading) = draft.action(lists)?;
    let method = draft.method;
    Ok(Request { method, messages, reading, beyond: beyond.why() })
}

/// Whether a list asks for nothing that only a page has.
pub fn is_streamed(call: &Call<'_>) -> bool {
    matches!(call.action, Action::Standard { verb: Verb::List, .. })
        && call.total == Total::Unwanted
        && call.input.list.offset.is_none()
}

struct Draft<'c, 'd> {
    contract: &'c Contract,
    call: &'d Call<'d>,
    method: MethodDescriptor,
    beyond: &'d mut Beyond,
    out: Map<String, Value>,
}

type Drafted = Result<(Vec<Value>, Reading), Failure>;

impl<'c, 'd> Draft<'c, 'd> {
    fn action(&mut self, lists: Lists) -> Drafted {
        let input = self.call.input;
        if let Action::Own { .. } = self.call.action {
            return self.own();
        }
        let reading = match self.call.action {
            Action::Standard { verb, resource } => {
                let id = operation::resource(self.contract, resource)?;
                self.standard(*verb, id, lists)?
            }
            Action::Page { resource } => {
                let id = operation::resource(self.contract, resource)?;
                self.window()?;
                Reading::Page(self.rows(id, &input.list)?)
            }
            Action::Related { parent, field } => {
                let (id, field) = operation::field(self.contract, parent, field)?;
                let resource = self.contract.resource(id);
                let target = resource.field(field).target();
                let target = target.ok_or_else(|| Failure::Broken(format!("`{parent}` has no relation")))?;
                let key = format!("{}Id", contract::names::camel(&resource.name));
                self.out.extend(input.key.as_ref().map(|given| (key, given.as_str().into())));
                self.size(&input.list)?;
                Reading::Field(self.rows(target, &input.list)?)
            }
            Action::Aggregate { resource } => self.aggregate(resource)?,
            Action::Batch { resource } => self.batch(resource)?,
            Action::Own { .. } => unreachable!("drafted above"),
        };
        Ok((vec![std::mem::take(&mut self.out).into()], reading))
    }

    fn standard(&mut self, verb: Verb, id: ResourceId, lists: Lists) -> Result<Reading, Failure> {
        let input = self.call.input;
        let key = self.contract.resource(id).key_field().name.clone();
        let given_key = || input.key.clone().map(Value::from);
        match verb {
            Verb::List if lists == Lists::Streamed => {
                self.out.extend(input.list.limit.map(|limit| ("limit".to_owned(), limit.to_string().into())));
                let list = List { limit: None, ..input.list.clone() };
                return Ok(Reading::Field(self.rows(id, &list)?));
            }
            Verb::List => {
                self.size(&input.list)?;
                return Ok(Reading::Field(self.rows(id, &input.list)?));
            }
            Verb::Get => self.out.extend(given_key().map(|value| (key, value))),
            Verb::Delete => {
                self.out.extend(given_key().map(|value| (key, value)));
                self.version()?;
                return Ok(Reading::Deleted);
            }
            Verb::Create => {
                let record = self.record(id, input.data.as_ref())?;
                self.put_record(id, record)?;
            }
            Verb::Update | Verb::Upsert => {
                let data = with_key(input.data.as_ref(), &key, given_key())?;
                let record = self.record(id, Some(&data))?;
                self.put_record(id, record)?;
                if verb == Verb::Update {
                    let request = self.method.input();
                    let mask = update_mask(&self.record_field(&request, id)?, &data, &key);
                    self.out.extend(mask.map(|mask| ("updateMask".to_owned(), mask)));
                }
                self.version()?;
            }
        }
        let part = self.selected(id)?;
        Ok(Reading::Field(part))
    }

    /// A record as its message.
    fn record(&mut self, id: ResourceId, data: Option<&Value>) -> Result<Value, Failure> {
        let nothing = json!({});
        let request = self.method.input();
        let ty = message_of(&self.record_field(&request, id)?)?;
        let mut giver = Giver { contract: self.contract, beyond: self.beyond };
        giver.message(Base::Resource(id), &ty, data.unwrap_or(&nothing))
    }

    fn put_record(&mut self, id: ResourceId, record: Value) -> Result<(), Failure> {
        let request = self.method.input();
        let name = self.record_field(&request, id)?.json_name().to_owned();
        self.out.insert(name, record);
        Ok(())
    }

    /// The field of a message that holds records of a resource.
    fn record_field(&self, message: &MessageDescriptor, id: ResourceId) -> Result<FieldDescriptor, Failure> {
        let name = &self.contract.resource(id).name;
        let is_record = |field: &FieldDescriptor| match field.kind() {
            Kind::Message(ty) => ty.name() == name,
            _ => false,
        };
        let found = message.fields().find(is_record);
        found.ok_or_else(|| Failure::Broken(format!("`{}` has no `{name}`", message.full_name())))
    }

    fn version(&mut self) -> Result<(), Failure> {
        let Some(version) = &self.call.input.version else { return Ok(()) };
        if version.parse::<i64>().is_err() {
            return Err(unspeakable(NO_VERSION));
        }
        self.out.insert("ifVersion".to_owned(), version.as_str().into());
        Ok(())
    }

    fn window(&mut self) -> Result<(), Failure> {
        let window = &self.call.input.window;
        if window.last.is_some() || window.before.is_some() {
            return Err(unspeakable(FORWARD_ONLY));
        }
        self.out.extend(window.first.map(|first| ("pageSize".to_owned(), first.into())));
        self.out.extend(window.after.clone().map(|after| ("pageToken".to_owned(), after.into())));
        Ok(())
    }

    fn size(&mut self, list: &List) -> Result<(), Failure> {
        if list.limit == Some(0) {
            return Err(unspeakable(NO_EMPTY_PAGE));
        }
        for (name, count) in [("pageSize", list.limit), ("skip", list.offset)] {
            self.out.extend(count.map(|count| (name.to_owned(), count.into())));
        }
        Ok(())
    }

    /// Which rows, and what of each.
    fn rows(&mut self, id: ResourceId, list: &List) -> Result<Part, Failure> {
        if self.call.total == Total::Wanted {
            self.out.insert("includeTotal".to_owned(), true.into());
        }
        for (name, value) in select::rows(self.contract, id, list)? {
            self.put_rows(name, &value)?;
        }
        self.selected(id)
    }

    /// A condition or an order, where the request takes one.
    fn put_rows(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        let request = self.method.input();
        let Some(field) = value::field(&request, name) else {
            return Err(unspeakable("an order of groups (they are in the order of their keys)"));
        };
        let typed = self.typed(&field, value);
        self.out.insert(name.to_owned(), typed);
        Ok(())
    }

    fn typed(&mut self, field: &FieldDescriptor, value: &Value) -> Value {
        match (field.kind(), value) {
            (Kind::Message(ty), Value::Array(items)) => {
                items.iter().map(|item| value::condition(item, &ty, self.beyond)).collect()
            }
            (Kind::Message(ty), value) => value::condition(value, &ty, self.beyond),
            (_, value) => value.clone(),
        }
    }

    /// Puts the mask and what is included, and returns how to read the field that holds the records.
    fn selected(&mut self, id: ResourceId) -> Result<Part, Failure> {
        let response = self.method.output();
        let field = self.record_field(&response, id)?;
        let ty = message_of(&field)?;
        let selected = self.select(Base::Resource(id), &ty)?;
        let parts = self.put_selected(selected)?;
        Ok(Part { field, shown: None, nullable: false, inside: Inside::Record(parts), closed: None })
    }

    fn select(&mut self, base: Base, ty: &MessageDescriptor) -> Result<Selected, Failure> {
        let mut selector = Selector { contract: self.contract };
        selector.record(base, ty, self.call.input.select.as_ref())
    }

    fn put_selected(&mut self, selected: Selected) -> Result<Vec<Part>, Failure> {
        if let Some(paths) = &selected.paths {
            self.out.insert("readMask".to_owned(), value::mask(paths));
        }
        if !selected.include.is_empty() {
            let request = self.method.input();
            let field = value::field(&request, "include")
                .ok_or_else(|| Failure::Broken(format!("`{}` includes nothing", request.full_name())))?;
            let include = self.typed(&field, &selected.include.into());
            self.out.insert("include".to_owned(), include);
        }
        Ok(selected.parts)
    }

    fn aggregate(&mut self, resource: &str) -> Result<Reading, Failure> {
        let id = operation::resource(self.contract, resource)?;
        let input = self.call.input;
        for (name, value) in select::rows(self.contract, id, &input.list)? {
            self.put_rows(name, &value)?;
        }
        let measure = |of: &Of| match of {
            Of::Rows => "count".to_owned(),
            Of::Field(function, field) => {
                format!("{}.{}", part_of_totals(*function), contract::names::snake(field))
            }
        };
        let paths: Vec<String> = input.measures.iter().map(|m| measure(&m.of)).collect();
        self.out.insert("readMask".to_owned(), value::mask(&paths));
        if input.by.is_empty() {
            return Ok(Reading::Totals);
        }
        let by: Vec<String> = input.by.iter().map(|name| contract::names::snake(name)).collect();
        self.out.insert("by".to_owned(), value::mask(&by));
        for (name, count) in [("limit", input.list.limit), ("offset", input.list.offset)] {
            self.out.extend(count.map(|count| (name.to_owned(), count.into())));
        }
        Ok(Reading::Groups)
    }

    fn batch(&mut self, resource: &str) -> Result<Reading, Failure> {
        let id = operation::resource(self.contract, resource)?;
        let data = self.call.input.data.clone().unwrap_or_else(|| json!([]));
        let request = self.method.input();
        let field = request.get_field_by_name("operations");
        let ty = message_of(&field.ok_or_else(|| Failure::Broken("a batch has no operations".to_owned()))?)?;
        let operations = match &data {
            Value::Array(items) => {
                items.iter().map(|item| self.operation(id, &ty, item)).collect::<Result<Value, _>>()?
            }
            other => other.clone(),
        };
        self.out.insert("operations".to_owned(), operations);
        Ok(Reading::Batch(self.selected(id)?))
    }

    /// `{"update": {"id": …}}` as the message of an operation.
    fn operation(&mut self, id: ResourceId, ty: &MessageDescriptor, item: &Value) -> Result<Value, Failure> {
        let Value::Object(members) = item else { return Ok(item.clone()) };
        if members.len() > 1 {
            self.beyond.say(ONE_OF);
        }
        let mut out = Map::new();
        for (verb, given) in members {
            let Some(field) = value::field(ty, verb) else {
                self.beyond.say(value::NO_FIELD);
                out.insert(verb.clone(), given.clone());
                continue;
            };
            if !given.is_null() {
                out.insert(verb.clone(), self.write(id, verb, &message_of(&field)?, given)?);
            }
        }
        Ok(out.into())
    }

    fn write(
        &mut self,
        id: ResourceId,
        verb: &str,
        ty: &MessageDescriptor,
        given: &Value,
    ) -> Result<Value, Failure> {
        let mut giver = Giver { contract: self.contract, beyond: self.beyond };
        match verb {
            "create" => giver.message(Base::Resource(id), ty, given),
            "delete" => Ok(given.clone()),
            _ => {
                let key = &self.contract.resource(id).key_field().name;
                let field = self.record_field(ty, id)?;
                let mut giver = Giver { contract: self.contract, beyond: self.beyond };
                let record = giver.message(Base::Resource(id), &message_of(&field)?, given)?;
                let mut out = Map::from_iter([(field.json_name().to_owned(), record)]);
                let mask = if verb == "update" { update_mask(&field, given, key) } else { None };
                out.extend(mask.map(|mask| ("updateMask".to_owned(), mask)));
                Ok(out.into())
            }
        }
    }

    fn own(&mut self) -> Drafted {
        let operation = operation::find(self.contract, self.call.action)?;
        let input = self.call.input;
        let list = &input.list;
        if let contract::Binding::List(id) = operation.binding {
            for (name, value) in select::rows(self.contract, id, list)? {
                self.put_rows(name, &value)?;
            }
            for (name, count) in [("limit", list.limit), ("offset", list.offset)] {
                self.out.extend(count.map(|count| (name.to_owned(), count.into())));
            }
        }
        let reading = self.own_reading(operation)?;
        let request = self.method.input();
        let nothing = json!({});
        let data = input.data.as_ref().unwrap_or(&nothing);
        let mut giver = Giver { contract: self.contract, beyond: self.beyond };
        let streamed = operation.arguments.iter().find(|argument| argument.stream);
        let Some(streamed) = streamed else {
            let given = giver.arguments(&operation.arguments, &request, data)?;
            return Ok((vec![self.with(given)?], reading));
        };
        let items = data.get(&streamed.name).and_then(Value::as_array);
        let items = items.ok_or_else(|| unspeakable("a stream that is no list of messages"))?;
        if operation.arguments.len() > 1 {
            return Err(Failure::Broken("a stream beside other arguments is in no case yet".to_owned()));
        }
        let each = items.iter().map(|item| giver.message(streamed.ty.base, &request, item));
        Ok((each.collect::<Result<_, _>>()?, reading))
    }

    /// Arguments and what stands beside them.
    fn with(&mut self, arguments: Value) -> Result<Value, Failure> {
        let Value::Object(mut members) = arguments else { return Err(malformed("arguments are an object")) };
        members.extend(std::mem::take(&mut self.out));
        Ok(members.into())
    }

    /// How the answer of an own operation is read.
    fn own_reading(&mut self, operation: &Operation) -> Result<Reading, Failure> {
        let (result, response) = (operation.result, self.method.output());
        let is_own = operation.rpc.as_ref().is_some_and(|rpc| rpc.package == RpcPackage::Own);
        let is_list = matches!(result.arity, Arity::List { .. }) && !operation.stream;
        let is_record = matches!(result.base, Base::Resource(_) | Base::Object(_));
        if !is_own && is_record && !is_list {
            let parts = self.own_parts(operation, &response)?;
            return Ok(Reading::Message(parts));
        }
        let name = match (is_own, is_list) {
            (true, _) => "result",
            (false, true) => "items",
            (false, false) => "value",
        };
        let field = response.get_field_by_name(name);
        let field = field.ok_or_else(|| Failure::Broken(format!("the response has no `{name}`")))?;
        let inside = match field.kind() {
            Kind::Message(ty) if is_record => Inside::Record(self.own_parts(operation, &ty)?),
            _ => select::value_of(result),
        };
        let nullable = !result.required;
        Ok(Reading::Field(Part { field, shown: None, nullable, inside, closed: None }))
    }

    fn own_parts(&mut self, operation: &Operation, ty: &MessageDescriptor) -> Result<Vec<Part>, Failure> {
        let selected = self.select(operation.result.base, ty)?;
        let has_mask = self.method.input().get_field_by_name("read_mask").is_some();
        let is_plain = |part: &Part| !matches!(part.inside, Inside::Record(_));
        match (has_mask, selected.paths.is_some()) {
            (false, true) if selected.parts.iter().all(is_plain) && selected.include.is_empty() => {
                let mut selector = Selector { contract: self.contract };
                Ok(selector.whole(operation.result.base, ty, selected))
            }
            (false, true) => Err(unspeakable(NO_MASK)),
            (_, _) => self.put_selected(selected),
        }
    }
}

/// The message that a field holds.
fn message_of(field: &FieldDescriptor) -> Result<MessageDescriptor, Failure> {
    match field.kind() {
        Kind::Message(ty) => Ok(ty),
        _ => Err(Failure::Broken(format!("`{}` is no message", field.full_name()))),
    }
}

/// A record with its key among its fields.
fn with_key(data: Option<&Value>, key: &str, value: Option<Value>) -> Result<Value, Failure> {
    let mut members = match data {
        Some(Value::Object(members)) => members.clone(),
        Some(_) => return Err(malformed("a record is an object")),
        None => Map::new(),
    };
    match (members.get(key), value) {
        (Some(given), Some(value)) if *given != value => Err(unspeakable(ONE_KEY)),
        (_, value) => {
            members.extend(value.map(|value| (key.to_owned(), value)));
            Ok(members.into())
        }
    }
}

/// The mask of a change that takes a value away, which without one stays; none for any other.
fn update_mask(record: &FieldDescriptor, data: &Value, key: &str) -> Option<Value> {
    let Kind::Message(ty) = record.kind() else { return None };
    let members = data.as_object()?;
    let is_away = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if !members.values().any(is_away) {
        return None;
    }
    let name = |name: &String| {
        value::field(&ty, name).map_or_else(|| contract::names::snake(name), |field| field.name().to_owned())
    };
    let paths: Vec<String> = members.keys().filter(|name| *name != key).map(name).collect();
    Some(value::mask(&paths))
}
