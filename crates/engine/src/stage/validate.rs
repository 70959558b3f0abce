//! Names, types, ranges, lengths, formats, depth: after this everything that was said makes sense.

use super::Slot;
use super::identify::Identified;
use crate::call::{Budget, Context, Input, Item, Selected, Selection, Total};
use crate::engine::Engine;
use crate::fault::Kind;
use crate::fault::{Fault, codes};
use crate::identity::Caller;
use crate::input::{self, Arguments, Given, Purpose};
use crate::select::{Check, Condition, Page, Resolver, Target, Wanted};
use contract::{Base, Binding, Compare, FieldId, ObjectId, Operation, OperationId, ResourceId};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;
use wire::{Format, Value};

/// A call that makes sense.
pub(crate) struct Checked {
    pub(super) operation: OperationId,
    pub(super) wish: Wish,
    pub(super) format: Format,
    pub(super) context: Context,
    pub(super) caller: Arc<Caller>,
    pub(super) now: String,
    pub(super) deadline: Instant,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
    /// What an idempotency key stands for.
    pub(super) fingerprint: [u8; 32],
}

/// Fields whose values name a row.
pub(crate) type KeyFilter = Vec<(FieldId, Value)>;

/// What is wanted, in ids and stored values.
pub(crate) enum Wish {
    Get { resource: ResourceId, key: KeyFilter, wanted: Arc<Wanted> },
    List { resource: ResourceId, parent: Option<Parent>, wanted: Arc<Wanted>, page: Page, total: Total },
    Count { resource: ResourceId, page: Page },
    Create { resource: ResourceId, given: Given, wanted: Arc<Wanted>, arguments: Arguments },
    Update { resource: ResourceId, key: KeyFilter, given: Given, wanted: Arc<Wanted>, arguments: Arguments },
    Upsert { resource: ResourceId, key: Value, given: Given, wanted: Arc<Wanted> },
    Delete { resource: ResourceId, key: KeyFilter, arguments: Arguments },
    Sql { wanted: SqlWanted, arguments: Arguments },
}

/// The row whose to-many relation is listed.
pub(crate) struct Parent {
    pub resource: ResourceId,
    pub field: FieldId,
    pub key: Value,
}

/// What is wanted of an `@sql` operation's result.
pub(crate) enum SqlWanted {
    Nothing,
    Scalar,
    Records(Arc<Wanted>),
    Object { object: ObjectId, items: Vec<ResultWanted> },
}

/// One field of an output object.
pub(crate) struct ResultWanted {
    pub field: FieldId,
    pub alias: Option<Box<str>>,
    /// What is wanted of the record it names; `None`: its value or key.
    pub record: Option<Wanted>,
}

impl Engine {
    pub(crate) fn validate(&self, identified: Identified) -> Result<Checked, Fault> {
        let Identified { call, caller, now, deadline, budget, slot } = identified;
        let operation = self.contract.operation(call.operation);
        let selection = match &call.selection {
            Selected::Default | Selected::Prepared(_) => None,
            Selected::These(selection) => Some(selection),
        };
        let fingerprint = match call.context.idempotency_key {
            None => [0; 32],
            Some(_) => self.fingerprint(operation, &call.input, selection),
        };
        let wish = self.wish(operation, call.input, selection)?;
        Ok(Checked {
            operation: call.operation,
            wish,
            format: call.format,
            context: call.context,
            caller,
            now,
            deadline,
            budget,
            slot,
            fingerprint,
        })
    }

    /// A digest of what a call says, for telling a repeated call from another one under the same key. It is kept with
    /// the key, so it says nothing of secrets: a digest of a password is found by guessing, which its hash prevents.
    fn fingerprint(&self, operation: &Operation, input: &Input, selection: Option<&Selection>) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        let data = input.data.as_ref().map(|data| self.without_secrets(operation, data).json_text());
        let mut digest = Sha256::new();
        let selection = format!("{selection:?}");
        for part in [input.key.as_deref().unwrap_or(""), data.as_deref().unwrap_or(""), &selection] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().into()
    }

    fn without_secrets<'v>(&self, operation: &Operation, data: &'v Value) -> Cow<'v, Value> {
        let (Some(resource), Value::Object(members)) = (written(&operation.binding), data) else {
            return Cow::Borrowed(data);
        };
        let resource = self.contract.resource(resource);
        let field_of = |name: &str| match operation.arguments.iter().find(|argument| argument.name == name) {
            Some(argument) => argument.field,
            None => resource.field_named(name),
        };
        let is_secret = |name: &str| field_of(name).is_some_and(|field| resource.field(field).is_secret());
        if !members.iter().any(|(name, _)| is_secret(name)) {
            return Cow::Borrowed(data);
        }
        Cow::Owned(Value::Object(members.iter().filter(|(name, _)| !is_secret(name)).cloned().collect()))
    }

    fn wish(
        &self,
        operation: &Operation,
        input: Input,
        selection: Option<&Selection>,
    ) -> Result<Wish, Fault> {
        match &operation.binding {
            Binding::Get(resource) => Ok(Wish::Get {
                resource: *resource,
                key: self.key_filter(operation, *resource, &input)?,
                wanted: self.wanted(*resource, selection)?,
            }),
            Binding::List(resource) => self.list(operation, *resource, &input, selection),
            Binding::Related { parent, field } => self.related(*parent, *field, &input, selection),
            Binding::Count(resource) => Ok(Wish::Count {
                resource: *resource,
                page: Resolver::new(&self.contract, &self.settings).page(*resource, &input.list, "")?,
            }),
            Binding::Create(resource) => {
                let (data, arguments) = self.fields_of(operation, *resource, &input)?;
                let given = input::record(&self.contract, &self.patterns, *resource, &data, Purpose::Create)?;
                Ok(Wish::Create {
                    resource: *resource,
                    given,
                    wanted: self.wanted(*resource, selection)?,
                    arguments,
                })
            }
            Binding::Update(resource) => {
                let key = self.key_filter(operation, *resource, &input)?;
                let (data, arguments) = self.fields_of(operation, *resource, &input)?;
                let data = without_key(data, &self.contract.resource(*resource).key_field().name, operation);
                let given = input::record(&self.contract, &self.patterns, *resource, &data, Purpose::Update)?;
                let wanted = self.wanted(*resource, selection)?;
                Ok(Wish::Update { resource: *resource, key, given, wanted, arguments })
            }
            Binding::Upsert(resource) => {
                let key = self.key(*resource, &input)?;
                let data = body(&input)?;
                let given = input::record(&self.contract, &self.patterns, *resource, data, Purpose::Upsert)?;
                Ok(Wish::Upsert {
                    resource: *resource,
                    key,
                    given,
                    wanted: self.wanted(*resource, selection)?,
                })
            }
            Binding::Delete(resource) => {
                let key = self.key_filter(operation, *resource, &input)?;
                let (_, arguments) = self.fields_of(operation, *resource, &input)?;
                Ok(Wish::Delete { resource: *resource, key, arguments })
            }
            Binding::Sql(_) => {
                let arguments = self.arguments(operation, &input)?;
                Ok(Wish::Sql { wanted: self.sql_wanted(operation, selection)?, arguments })
            }
            Binding::Batch(_)
            | Binding::Aggregate(_)
            | Binding::Http(_)
            | Binding::Grpc(_)
            | Binding::Channel(_)
            | Binding::Event(_) => {
                let message = format!("`{}` is not served by this version", operation.name);
                Err(Fault::new(Kind::Unsupported, codes::UNSUPPORTED, message))
            }
        }
    }

    fn list(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
        selection: Option<&Selection>,
    ) -> Result<Wish, Fault> {
        let mut resolver = Resolver::new(&self.contract, &self.settings);
        let mut list = Cow::Borrowed(&input.list);
        let arguments = self.arguments(operation, input)?;
        let mut tests = Vec::new();
        for (argument, stored) in operation.arguments.iter().zip(&arguments.stored) {
            match (argument.field, argument.name.as_str(), stored) {
                (Some(field), _, Some(value)) => tests.push(equals(resource, field, value.clone())),
                (None, "limit", Some(Value::Int(n))) => list.to_mut().limit = u64::try_from(*n).ok(),
                (None, "offset", Some(Value::Int(n))) => list.to_mut().offset = u64::try_from(*n).ok(),
                _ => {}
            }
        }
        let mut page = resolver.page(resource, &list, "")?;
        if !tests.is_empty() {
            tests.extend(page.condition.take());
            page.condition = Some(Condition::And(tests));
        }
        let wanted = self.wanted(resource, selection)?;
        Ok(Wish::List { resource, parent: None, wanted, page, total: input.total })
    }

    fn related(
        &self,
        parent: ResourceId,
        field: FieldId,
        input: &Input,
        selection: Option<&Selection>,
    ) -> Result<Wish, Fault> {
        let target = self.contract.resource(parent).field(field).target();
        let resource =
            target.ok_or_else(|| Fault::internal("a nested collection of a field that is no relation"))?;
        let key = self.key(parent, input)?;
        let page = Resolver::new(&self.contract, &self.settings).page(resource, &input.list, "")?;
        let wanted = self.wanted(resource, selection)?;
        Ok(Wish::List {
            resource,
            parent: Some(Parent { resource: parent, field, key }),
            wanted,
            page,
            total: input.total,
        })
    }

    fn wanted(&self, resource: ResourceId, selection: Option<&Selection>) -> Result<Arc<Wanted>, Fault> {
        match selection {
            None => Ok(Arc::clone(&self.stars[resource.index()])),
            Some(selection) => {
                Resolver::new(&self.contract, &self.settings).selection(resource, selection).map(Arc::new)
            }
        }
    }

    fn key(&self, resource: ResourceId, input: &Input) -> Result<Value, Fault> {
        let name = &self.contract.resource(resource).key_field().name;
        let Some(key) = &input.key else {
            return Err(Fault::invalid_field(name, "REQUIRED", "is required"));
        };
        input::stored::key(&self.contract, resource, &Value::Text(key.clone()))
            .map_err(|problem| Fault::invalid_field(name, problem.code, problem.message))
    }

    /// The row a call is about: by the key beside the input, or by the arguments that stand for fields.
    fn key_filter(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
    ) -> Result<KeyFilter, Fault> {
        let key_field = self.contract.resource(resource).key;
        if operation.arguments.is_empty() {
            return Ok(vec![(key_field, self.key(resource, input)?)]);
        }
        let arguments = self.arguments(operation, input)?;
        let by_key_only = !matches!(operation.binding, Binding::Get(_));
        let named = operation.arguments.iter().zip(arguments.stored).filter_map(|(argument, stored)| {
            let field = argument.field.filter(|field| !by_key_only || *field == key_field)?;
            Some((field, stored?))
        });
        let filter: KeyFilter = named.collect();
        if filter.is_empty() {
            return Err(Fault::invalid_field("arguments", "REQUIRED", "name no record"));
        }
        Ok(filter)
    }

    /// The fields that a call sets, and its arguments where it has some.
    fn fields_of(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
    ) -> Result<(Value, Arguments), Fault> {
        if operation.arguments.is_empty() {
            let nothing = Value::Object(Vec::new());
            let data = match operation.binding {
                Binding::Delete(_) => nothing,
                _ => body(input)?.clone(),
            };
            return Ok((data, Arguments::default()));
        }
        let arguments = self.arguments(operation, input)?;
        let resource = self.contract.resource(resource);
        let fields = operation.arguments.iter().zip(&arguments.sent).filter_map(|(argument, sent)| {
            let field = resource.field(argument.field?);
            Some((field.name.clone(), sent.clone()?))
        });
        Ok((Value::Object(fields.collect()), arguments))
    }

    fn arguments(&self, operation: &Operation, input: &Input) -> Result<Arguments, Fault> {
        let data = input.data.as_ref();
        input::arguments(&self.contract, &self.patterns, operation, data, self.settings.list_items_max)
    }

    fn sql_wanted(&self, operation: &Operation, selection: Option<&Selection>) -> Result<SqlWanted, Fault> {
        match operation.result.base {
            Base::Resource(id) => Ok(SqlWanted::Records(self.wanted(id, selection)?)),
            Base::Object(id) => {
                Ok(SqlWanted::Object { object: id, items: self.result_items(id, selection)? })
            }
            Base::Scalar(_) | Base::Enum(_) => Ok(SqlWanted::Scalar),
            Base::Input(_) | Base::Abstract(_) => Ok(SqlWanted::Nothing),
        }
    }

    fn result_items(&self, id: ObjectId, selection: Option<&Selection>) -> Result<Vec<ResultWanted>, Fault> {
        let object = &self.contract.objects[id.index()];
        let all = || (0..object.fields.len()).map(|i| plain(FieldId(i as u16)));
        let Some(selection) = selection else {
            return Ok(all().collect());
        };
        let named = |name: &str| {
            let at = object.fields.iter().position(|f| f.name == name);
            at.map(|i| FieldId(i as u16)).ok_or_else(|| {
                let message = format!("`{}` has no field `{name}`", object.name);
                Fault::invalid_field("select", "UNKNOWN", message)
            })
        };
        let mut resolver = Resolver::new(&self.contract, &self.settings);
        let mut items = Vec::new();
        for item in &selection.items {
            match item {
                Item::All => items.extend(all()),
                Item::Field { name, alias, .. } => {
                    items.push(ResultWanted {
                        alias: alias.as_deref().map(Into::into),
                        ..plain(named(name)?)
                    });
                }
                Item::Relation { name, alias, selection, .. } => {
                    let field = named(name)?;
                    let target = object.fields[field.index()].target().ok_or_else(|| {
                        Fault::invalid_field(
                            "select",
                            "RELATION",
                            format!("`{name}` is a value, not a relation"),
                        )
                    })?;
                    let record = Some(resolver.selection(target, selection)?);
                    items.push(ResultWanted { field, alias: alias.as_deref().map(Into::into), record });
                }
                Item::TypeName { .. }
                | Item::Version { .. }
                | Item::Cursor { .. }
                | Item::Measure { .. }
                | Item::Group { .. } => return Err(Fault::internal("not done yet")),
                Item::Count { name, .. } => {
                    return Err(Fault::invalid_field(
                        "select",
                        "RELATION",
                        format!("`{name}` cannot be counted"),
                    ));
                }
            }
        }
        Ok(items)
    }
}

fn plain(field: FieldId) -> ResultWanted {
    ResultWanted { field, alias: None, record: None }
}

fn equals(resource: ResourceId, field: FieldId, value: Value) -> Condition {
    let target = Target { hops: Vec::new(), resource, field, json: Vec::new(), as_text: false };
    Condition::Test { target, check: Check::Compare(Compare::Equal, value) }
}

fn body(input: &Input) -> Result<&Value, Fault> {
    input.data.as_ref().ok_or_else(|| Fault::invalid_field("body", "REQUIRED", "is required"))
}

/// The argument that names the row is not one of the fields to change.
fn without_key(data: Value, key: &str, operation: &Operation) -> Value {
    match data {
        Value::Object(members) if !operation.arguments.is_empty() => {
            Value::Object(members.into_iter().filter(|(name, _)| name != key).collect())
        }
        other => other,
    }
}

/// The resource whose fields a call may set.
fn written(binding: &Binding) -> Option<ResourceId> {
    match binding {
        Binding::Create(resource) | Binding::Update(resource) | Binding::Upsert(resource) => Some(*resource),
        Binding::Get(_)
        | Binding::List(_)
        | Binding::Related { .. }
        | Binding::Count(_)
        | Binding::Aggregate(_)
        | Binding::Delete(_) => None,
        Binding::Sql(_) | Binding::Batch(_) | Binding::Http(_) | Binding::Grpc(_) => None,
        Binding::Channel(_) | Binding::Event(_) => None,
    }
}
