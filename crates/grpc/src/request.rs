//! Request messages to what the engine is asked.

use crate::lists;
use crate::messages::key;
use crate::routes::Rpc;
use crate::selection::{Selecting, number};
use contract::{Base, Binding, Contract, ResourceId, names};
use describe::proto::{Does, Field, Label, Meaning, Message, MessageId, Presence, Schema, Type};
use engine::{Call, Context, Fault, Grouping, Input, ListArgs, Paging, Selected, Total};
use wire::{Format, Value};

/// The members of a request, by the names in the table of messages.
struct Members(Vec<(String, Value)>);

impl Members {
    fn of(request: Value) -> Self {
        match request {
            Value::Object(members) => Self(members),
            _ => Self(Vec::new()),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::Text(text) => Some(text),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn int(&mut self, name: &str) -> Option<i64> {
        match self.take(name)? {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        self.take(name) == Some(Value::Bool(true))
    }
}

/// Reads requests of one contract.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub contract: &'a Contract,
    pub schema: &'a Schema,
    pub rpc: &'a Rpc,
}

impl<'a> Reading<'a> {
    /// The call that a request makes.
    ///
    /// # Errors
    /// Invalid, with the place in the request.
    pub fn call(&self, request: Value, format: Format, mut context: Context) -> Result<Call, Fault> {
        let mut members = self.members(request);
        // An operation of the contract's own may have an argument of this name.
        context.version = if matches!(self.rpc.does, Does::Own) { None } else { members.int("ifVersion") };
        let (input, selection) = match self.rpc.does {
            Does::Get(id) => {
                let key = members.text(&self.contract.resource(id).key_field().name);
                (Input { key, ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::List(id) => (self.page(id, &mut members)?, self.records(id, &mut members)?),
            Does::Related { resource, parent } => {
                let name = format!("{}Id", names::camel(&self.contract.resource(parent).name));
                let key = members.text(&name);
                (Input { key, ..self.page(resource, &mut members)? }, self.records(resource, &mut members)?)
            }
            Does::Stream(id) => {
                let limit = members.take("limit").map(|limit| number("limit", &limit)).transpose()?;
                let list = ListArgs { limit, ..self.rows(id, &mut members)? };
                (Input { list, ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Count(id) => {
                (Input { list: self.rows(id, &mut members)?, ..Input::default() }, Selected::Default)
            }
            Does::Aggregate(id) => self.aggregate(id, &mut members)?,
            Does::Group(id) => self.group(id, &mut members)?,
            Does::Create(id) => {
                let data = Some(self.record(id, &mut members));
                (Input { data, ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Update(id) => {
                let (key, data) = self.change(id, &mut members)?;
                (Input { key, data: Some(data), ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Upsert(id) => {
                let (key, data) = self.keyed(id, self.record(id, &mut members));
                (Input { key, data: Some(data), ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Delete(id) => {
                let key = members.text(&self.contract.resource(id).key_field().name);
                (Input { key, ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Batch(id) => {
                let data = Some(self.operations(id, members.take("operations"))?);
                (Input { data, ..Input::default() }, self.records(id, &mut members)?)
            }
            Does::Own => self.own(members)?,
        };
        Ok(Call { operation: self.rpc.operation, input, selection, format, context })
    }

    /// The members of a request, with what says which rows as the engine has it.
    fn members(&self, request: Value) -> Members {
        let mut members = Members::of(request);
        let message = self.schema.message(MessageId(self.rpc.request));
        let is_which = |field: &&Field| {
            field.meaning == Meaning::Fixed && matches!(field.name.as_str(), "filter" | "include")
        };
        for field in message.fields.iter().filter(is_which) {
            if let (Type::Message(id), Some(value)) = (field.ty, members.take(&field.json_name)) {
                members.0.push((field.json_name.clone(), lists::bare(self.schema, id, value)));
            }
        }
        members
    }

    fn selecting(&self) -> Selecting<'a> {
        Selecting { contract: self.contract, schema: self.schema, package: &self.rpc.package }
    }

    fn records(&self, id: ResourceId, members: &mut Members) -> Result<Selected, Fault> {
        let (mask, include) = (members.take("readMask"), members.take("include"));
        self.selecting().records(id, mask.as_ref(), include.as_ref())
    }

    /// Which records, in which order.
    fn rows(&self, id: ResourceId, members: &mut Members) -> Result<ListArgs, Fault> {
        let filter = members.take("filter").map(|filter| conditions::filter(self.contract, id, &filter));
        let order = members.take("orderBy").map(|order| conditions::order(self.contract, id, &order));
        Ok(ListArgs {
            filter: filter.transpose()?,
            order: order.transpose()?.unwrap_or_default(),
            ..ListArgs::default()
        })
    }

    fn page(&self, id: ResourceId, members: &mut Members) -> Result<Input, Fault> {
        let mut count = |name| members.take(name).map(|value| number(name, &value)).transpose();
        // No size is the server's own.
        let limit = count("pageSize")?.filter(|size| *size > 0);
        let offset = count("skip")?.filter(|skip| *skip > 0);
        let after = members.text("pageToken").filter(|token| !token.is_empty());
        let total = if members.flag("includeTotal") { Total::Exact } else { Total::Unwanted };
        let list = ListArgs { limit, offset, after, ..self.rows(id, members)? };
        Ok(Input { list, total, paging: Paging::Cursors, ..Input::default() })
    }

    fn aggregate(&self, id: ResourceId, members: &mut Members) -> Result<(Input, Selected), Fault> {
        let input = Input { list: self.rows(id, members)?, ..Input::default() };
        let mask = members.take("readMask");
        let totals = self.response_field("totals")?;
        let selection = self.selecting().totals(id, totals, mask.as_ref())?;
        Ok((input, Selected::These(selection)))
    }

    fn group(&self, id: ResourceId, members: &mut Members) -> Result<(Input, Selected), Fault> {
        let mut count = |name| members.take(name).map(|value| number(name, &value)).transpose();
        let (limit, offset) = (count("limit")?.filter(|limit| *limit > 0), count("offset")?);
        let list = ListArgs { limit, offset, ..self.rows(id, members)? };
        let (by, mask) = (members.take("by"), members.take("readMask"));
        let group = self.response_field("groups")?;
        let selection = self.selecting().groups(id, group, by.as_ref(), mask.as_ref())?;
        let grouping = Grouping::ByFields;
        Ok((Input { list, grouping, ..Input::default() }, Selected::These(selection)))
    }

    /// The message of a field of this method's response.
    fn response_field(&self, name: &str) -> Result<&Message, Fault> {
        let response = self.schema.message(MessageId(self.rpc.response));
        match response.fields.iter().find(|field| field.name == name).map(|field| field.ty) {
            Some(Type::Message(id)) => Ok(self.schema.message(id)),
            _ => Err(Fault::internal(format!("the response has no message `{name}`"))),
        }
    }

    /// The record that a request holds, under the resource's own name.
    fn record(&self, id: ResourceId, members: &mut Members) -> Value {
        let name = names::camel(&self.contract.resource(id).name);
        members.take(&name).unwrap_or_else(|| Value::Object(Vec::new()))
    }

    /// A record without its key, and that.
    fn keyed(&self, id: ResourceId, record: Value) -> (Option<String>, Value) {
        let mut members = Members::of(record);
        let key = members.text(&self.contract.resource(id).key_field().name);
        (key, Value::Object(members.0))
    }

    /// What an update changes: with a mask the fields that it names, otherwise those that are set.
    fn change(&self, id: ResourceId, members: &mut Members) -> Result<(Option<String>, Value), Fault> {
        let (key, record) = self.keyed(id, self.record(id, members));
        let data = match members.take("updateMask") {
            None => record,
            Some(mask) => self.masked(id, record, &mask)?,
        };
        Ok((key, data))
    }

    fn masked(&self, id: ResourceId, record: Value, mask: &Value) -> Result<Value, Fault> {
        let Value::List(paths) = mask else { return Ok(record) };
        let message = self.selecting().message(id)?;
        let mut given = Members::of(record);
        let mut changed: Vec<(String, Value)> = Vec::new();
        for path in paths {
            let Value::Text(path) = path else { continue };
            if path == "*" {
                changed.extend(self.replaced(id, &mut given));
                continue;
            }
            let field = message.fields.iter().find(|field| field.name == *path || field.json_name == *path);
            let Some(Meaning::Named(name)) = field.map(|field| &field.meaning) else {
                let shown: String = path.chars().take(64).collect();
                let message = format!("`{shown}` is not a field that can be changed as a whole");
                return Err(Fault::invalid_field("updateMask", "UNKNOWN", message));
            };
            if !changed.iter().any(|(known, _)| known == name) {
                let value = given.take(name).unwrap_or_else(|| self.nothing(id, name));
                changed.push((name.clone(), value));
            }
        }
        Ok(Value::Object(changed))
    }

    /// All fields that a caller may change.
    fn replaced(&self, id: ResourceId, given: &mut Members) -> Vec<(String, Value)> {
        let resource = self.contract.resource(id);
        let changeable = resource.fields().filter(|(field, definition)| {
            let column = definition.column();
            *field != resource.key && column.is_some_and(|c| c.assign.is_none() && !c.immutable)
        });
        let value = |(_, field): (_, &contract::Field)| {
            let value = given.take(&field.name);
            // What cannot be null and is not given stays as it is: a secret, which nobody can read to give it back.
            let value = value.or_else(|| (!field.ty.required).then(|| self.nothing(id, &field.name)))?;
            Some((field.name.clone(), value))
        };
        changeable.filter_map(value).collect()
    }

    /// What a masked field becomes when nothing is given for it.
    fn nothing(&self, id: ResourceId, name: &str) -> Value {
        let resource = self.contract.resource(id);
        let field = resource.field_named(name).map(|id| resource.field(id));
        match field.map(|field| field.ty.arity) {
            Some(contract::Arity::List { .. }) => Value::List(Vec::new()),
            Some(contract::Arity::One) | None => Value::Null,
        }
    }

    /// The writes of a batch, as the engine takes them.
    fn operations(&self, id: ResourceId, operations: Option<Value>) -> Result<Value, Fault> {
        let Some(Value::List(operations)) = operations else { return Ok(Value::List(Vec::new())) };
        let each = operations.into_iter().map(|operation| self.operation(id, operation));
        each.collect::<Result<_, _>>().map(Value::List)
    }

    fn operation(&self, id: ResourceId, operation: Value) -> Result<Value, Fault> {
        let mut members = Members::of(operation);
        let Some((verb, given)) = members.0.pop() else { return Ok(Value::Object(Vec::new())) };
        if verb == "create" {
            return Ok(Value::Object(vec![(verb, given)]));
        }
        let mut given = Members::of(given);
        let version = given.take("ifVersion");
        let mut data = match verb.as_str() {
            "update" => {
                let (key, data) = self.change(id, &mut given)?;
                self.with_key(id, key, data)
            }
            "upsert" => Members::of(self.record(id, &mut given)),
            // All that is left is the key.
            _ => given,
        };
        data.0.extend(version.map(|version| ("ifVersion".to_owned(), version)));
        Ok(Value::Object(vec![(verb, Value::Object(data.0))]))
    }

    fn with_key(&self, id: ResourceId, key: Option<String>, data: Value) -> Members {
        let mut members = Members::of(data);
        let name = &self.contract.resource(id).key_field().name;
        members.0.extend(key.map(|key| (name.clone(), Value::Text(key))));
        members
    }

    /// An operation of the contract's own.
    fn own(&self, mut members: Members) -> Result<(Input, Selected), Fault> {
        let operation = self.contract.operation(self.rpc.operation);
        let list = match operation.binding {
            Binding::List(id) => self.own_rows(id, &mut members)?,
            _ => ListArgs::default(),
        };
        let selection = match operation.result.base {
            Base::Resource(id) if self.has_mask() => self.records(id, &mut members)?,
            Base::Object(id) if self.has_mask() => {
                let (mask, include) = (members.take("readMask"), members.take("include"));
                self.selecting().object(id, self.result()?, mask.as_ref(), include.as_ref())?
            }
            Base::Resource(_) | Base::Object(_) | Base::Abstract(_) => Selected::Default,
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) => Selected::Default,
        };
        self.leave_out_zeros(&mut members);
        let data = Some(Value::Object(members.0));
        Ok((Input { data, list, ..Input::default() }, selection))
    }

    /// What may be null and has no presence is absent when it is zero, though JSON or a careless encoder write it.
    fn leave_out_zeros(&self, members: &mut Members) {
        let request = self.schema.message(MessageId(self.rpc.request));
        let operation = self.contract.operation(self.rpc.operation);
        let is_absent = |(name, value): &(String, Value)| {
            let argument = operation.arguments.iter().find(|argument| argument.name == *name);
            let field = request.fields.iter().find(|field| key(field) == *name);
            let has_no_presence = field.is_some_and(|field| field.label == Label::One(Presence::Implicit));
            has_no_presence && argument.is_some_and(|argument| !argument.ty.required) && is_zero(value)
        };
        members.0.retain(|member| !is_absent(member));
    }

    /// The message of an own operation's result: the response, or what it holds.
    fn result(&self) -> Result<&'a Message, Fault> {
        let response = self.schema.message(MessageId(self.rpc.response));
        let held = response.fields.iter().find(|field| field.meaning == Meaning::Fixed);
        match held.map(|field| field.ty) {
            Some(Type::Message(id)) => Ok(self.schema.message(id)),
            Some(_) | None => Ok(response),
        }
    }

    /// Whether the request has places for a mask: arguments of these names are arguments.
    fn has_mask(&self) -> bool {
        let request = self.schema.message(MessageId(self.rpc.request));
        let is_mask = |field: &describe::proto::Field| field.ty == Type::FieldMask;
        request.fields.iter().any(is_mask)
    }

    fn own_rows(&self, id: ResourceId, members: &mut Members) -> Result<ListArgs, Fault> {
        let operation = self.contract.operation(self.rpc.operation);
        let is_free = |name: &str| operation.arguments.iter().all(|argument| argument.name != name);
        let mut structural = Members(Vec::new());
        for name in ["filter", "orderBy", "limit", "offset"].into_iter().filter(|name| is_free(name)) {
            structural.0.extend(members.take(name).map(|value| (name.to_owned(), value)));
        }
        let mut count = |name| structural.take(name).map(|value| number(name, &value)).transpose();
        let (limit, offset) = (count("limit")?, count("offset")?);
        Ok(ListArgs { limit, offset, ..self.rows(id, &mut structural)? })
    }
}

/// Whether a value is what stands in a message where nothing was given.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(held) => !held,
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Null | Value::Number(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => false,
    }
}
