//! Names, types, ranges, lengths, formats, depth: after this everything that was said makes sense.

use super::identify::Identified;
use super::publish::Speaking;
use super::{Slot, canonical, cost, precondition, secrets};
use crate::call::{Budget, Change, Context, Grouping, Input, Selected, Total};
use crate::channel::Draft;
use crate::engine::{Engine, Prepared};
use crate::fault::Kind;
use crate::fault::{Fault, codes};
use crate::identity::Caller;
use crate::input::{self, Arguments, Given, Purpose, Streamed};
use crate::select::{Check, Condition, Page, Resolver, Target, Totals, Wanted, WantedMember};
use contract::{Binding, ChannelId, Compare, FieldId, ObjectId, Operation, OperationId, ResourceId};
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
    /// The selection, where it was checked before.
    pub(super) prepared: Option<Arc<Prepared>>,
    /// Units of the caller's budget that it takes.
    pub(super) cost: u32,
}

/// Fields whose values name a row.
pub(crate) type KeyFilter = Vec<(FieldId, Value)>;

/// What is wanted, in ids and stored values.
pub(crate) enum Wish {
    Get { resource: ResourceId, key: KeyFilter, condition: Option<Condition>, wanted: Arc<Wanted> },
    List { resource: ResourceId, parent: Option<Parent>, wanted: Arc<Wanted>, page: Page, total: Total },
    Count { resource: ResourceId, page: Page },
    Create { resource: ResourceId, given: Given, wanted: Arc<Wanted>, arguments: Arguments },
    Update { resource: ResourceId, key: KeyFilter, given: Given, wanted: Arc<Wanted>, arguments: Arguments },
    Upsert { resource: ResourceId, key: Value, given: Given, wanted: Arc<Wanted> },
    Delete { resource: ResourceId, key: KeyFilter, wanted: Option<Arc<Wanted>>, arguments: Arguments },
    Batch { resource: ResourceId, items: Vec<BatchItem>, wanted: Option<Arc<Wanted>> },
    Aggregate { resource: ResourceId, totals: Arc<Totals>, page: Page, grouping: Grouping },
    Sql { wanted: SqlWanted, arguments: Arguments },
    Publish { channel: ChannelId, drafts: Vec<Draft>, wanted: SqlWanted, arguments: Arguments },
}

/// One write of a batch.
pub(crate) enum BatchItem {
    Create { given: Given },
    Update { key: KeyFilter, given: Given, version: Option<i64> },
    Upsert { key: Value, given: Given, version: Option<i64> },
    Delete { key: KeyFilter, version: Option<i64> },
}

impl BatchItem {
    /// What it gives.
    pub fn given(&self) -> Option<&Given> {
        match self {
            BatchItem::Create { given }
            | BatchItem::Update { given, .. }
            | BatchItem::Upsert { given, .. } => Some(given),
            BatchItem::Delete { .. } => None,
        }
    }

    /// Its name in the input.
    pub fn verb(&self) -> &'static str {
        match self {
            BatchItem::Create { .. } => "create",
            BatchItem::Update { .. } => "update",
            BatchItem::Upsert { .. } => "upsert",
            BatchItem::Delete { .. } => "delete",
        }
    }
}

/// A call's selection after it was checked, by what its operation answers.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    Records(Arc<Wanted>),
    Result(ObjectId, Arc<Vec<ResultWanted>>),
    Totals(Arc<Totals>),
    /// There is nothing to choose from.
    Nothing,
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
    Object { object: ObjectId, items: Arc<Vec<ResultWanted>> },
}

/// One thing wanted of an output object.
#[derive(Debug, Clone)]
pub(crate) enum ResultWanted {
    Field(ResultField),
    /// The name of its type, under this name.
    TypeName(Box<str>),
}

/// One field of an output object.
#[derive(Debug, Clone)]
pub(crate) struct ResultField {
    pub field: FieldId,
    pub alias: Option<Box<str>>,
    pub part: ResultPart,
}

/// What is wanted of a field of an output object.
#[derive(Debug, Clone)]
pub(crate) enum ResultPart {
    /// Its value or key.
    Whole,
    /// Members of the object that its value is, or of each one of a list.
    Members(Vec<WantedMember>),
    /// The record that its value names.
    Record(Wanted),
}

impl Engine {
    pub(crate) fn validate(&self, identified: Identified) -> Result<Checked, Fault> {
        let Identified { call, caller, moment, now, deadline, budget, slot, streamed } = identified;
        let operation = self.contract.operation(call.operation);
        let fingerprint = match call.context.idempotency_key {
            None => [0; 32],
            Some(_) => fingerprint(&call.input, &call.selection, streamed.as_ref()),
        };
        let wish = match operation.binding {
            Binding::Channel(channel) => {
                let speaking = Speaking { channel, caller: &caller, context: &call.context, moment };
                self.publication(operation, speaking, &call.input, streamed, &call.selection)?
            }
            _ => self.wish(operation, call.input, streamed, &call.selection)?,
        };
        secrets::bound(&self.contract, &wish, self.settings.call_secrets_max)?;
        precondition::check(&wish, call.context.version)?;
        let cost = cost::of(&self.contract, operation, &wish);
        let prepared = match call.selection {
            Selected::Prepared(prepared) => Some(prepared),
            Selected::Default | Selected::These(_) => None,
        };
        let budget = self.charge(&caller, &call.context, operation, cost, moment.instant)?.or(budget);
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
            prepared,
            cost,
        })
    }

    fn wish(
        &self,
        operation: &Operation,
        input: Input,
        streamed: Option<Streamed>,
        selected: &Selected,
    ) -> Result<Wish, Fault> {
        let records = |resource| self.records(operation, resource, selected);
        match &operation.binding {
            Binding::Get(resource) => {
                let (key, condition) = self.named_row(operation, *resource, &input)?;
                Ok(Wish::Get { resource: *resource, key, condition, wanted: records(*resource)? })
            }
            Binding::List(resource) => self.list(operation, *resource, &input, records(*resource)?),
            Binding::Related { parent, field } => self.related(*parent, *field, &input, records),
            Binding::Count(resource) => {
                Ok(Wish::Count { resource: *resource, page: self.page(*resource, &input)? })
            }
            Binding::Create(resource) => {
                let (data, arguments) = self.fields_of(operation, *resource, &input)?;
                let given = self.given(*resource, &data, Purpose::Create)?;
                Ok(Wish::Create { resource: *resource, given, wanted: records(*resource)?, arguments })
            }
            Binding::Update(resource) => {
                let key = self.key_filter(operation, *resource, &input)?;
                let (data, arguments) = self.fields_of(operation, *resource, &input)?;
                let data = without_key(data, &self.contract.resource(*resource).key_field().name, operation);
                let purpose = match input.change {
                    Change::Replace => Purpose::Update,
                    Change::Merge => Purpose::Patch,
                };
                let given = self.given(*resource, &data, purpose)?;
                Ok(Wish::Update { resource: *resource, key, given, wanted: records(*resource)?, arguments })
            }
            Binding::Upsert(resource) => {
                let key = self.new_key(*resource, &input)?;
                let given = self.given(*resource, body(&input)?, Purpose::Upsert)?;
                Ok(Wish::Upsert { resource: *resource, key, given, wanted: records(*resource)? })
            }
            Binding::Delete(resource) => {
                let key = self.key_filter(operation, *resource, &input)?;
                let (_, arguments) = self.fields_of(operation, *resource, &input)?;
                let wanted = self.records_if_asked(operation, *resource, selected)?;
                Ok(Wish::Delete { resource: *resource, key, wanted, arguments })
            }
            Binding::Batch(resource) => Ok(Wish::Batch {
                resource: *resource,
                items: self.batch_items(*resource, body(&input)?)?,
                wanted: Some(records(*resource)?),
            }),
            Binding::Aggregate(resource) => self.aggregate(operation, *resource, &input, selected),
            Binding::Sql(_) => {
                let arguments = match streamed {
                    None => self.arguments(operation, &input)?,
                    Some(streamed) => self.streamed_arguments(operation, &input, streamed)?,
                };
                Ok(Wish::Sql { wanted: self.sql_wanted(operation, selected)?, arguments })
            }
            Binding::Http(_) | Binding::Grpc(_) | Binding::Channel(_) | Binding::Event(_) => {
                let message = format!("`{}` is not served by this version", operation.name);
                Err(Fault::new(Kind::Unsupported, codes::UNSUPPORTED, message))
            }
        }
    }

    pub(super) fn given(&self, resource: ResourceId, data: &Value, purpose: Purpose) -> Result<Given, Fault> {
        input::record(&self.contract, &self.patterns, resource, data, purpose)
    }

    pub(super) fn page(&self, resource: ResourceId, input: &Input) -> Result<Page, Fault> {
        Resolver::new(&self.contract, &self.settings).page(resource, &input.list, "", input.paging)
    }

    fn list(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
        wanted: Arc<Wanted>,
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
        let mut page = resolver.page(resource, &list, "", input.paging)?;
        if !tests.is_empty() {
            tests.extend(page.condition.take());
            page.condition = Some(Condition::And(tests));
        }
        Ok(Wish::List { resource, parent: None, wanted, page, total: input.total })
    }

    fn related(
        &self,
        parent: ResourceId,
        field: FieldId,
        input: &Input,
        records: impl FnOnce(ResourceId) -> Result<Arc<Wanted>, Fault>,
    ) -> Result<Wish, Fault> {
        let target = self.contract.resource(parent).field(field).target();
        let resource =
            target.ok_or_else(|| Fault::internal("a nested collection of a field that is no relation"))?;
        let key = self.key(parent, input)?;
        let page = self.page(resource, input)?;
        let wanted = records(resource)?;
        Ok(Wish::List {
            resource,
            parent: Some(Parent { resource: parent, field, key }),
            wanted,
            page,
            total: input.total,
        })
    }

    fn key(&self, resource: ResourceId, input: &Input) -> Result<Value, Fault> {
        let name = &self.contract.resource(resource).key_field().name;
        let Some(key) = &input.key else {
            return Err(Fault::invalid_field(name, "REQUIRED", "is required"));
        };
        input::stored::key(&self.contract, resource, &Value::Text(key.clone()))
            .map_err(|problem| Fault::invalid_field(name, problem.code, problem.message))
    }

    /// The key of a row that the call makes if it is not there.
    fn new_key(&self, resource: ResourceId, input: &Input) -> Result<Value, Fault> {
        let name = &self.contract.resource(resource).key_field().name;
        let key = input.key.clone().map_or(Value::Null, Value::Text);
        input::stored::new_key(&self.contract, resource, &key)
            .map_err(|problem| Fault::invalid_field(name, problem.code, problem.message))
    }

    /// The row that a call changes: by the key beside the input, or by the argument that stands for it.
    fn key_filter(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
    ) -> Result<KeyFilter, Fault> {
        let (key, _) = self.named_row(operation, resource, input)?;
        if key.is_empty() {
            return Err(Fault::invalid_field("arguments", "REQUIRED", "name no record"));
        }
        Ok(key)
    }

    /// The row that a call reads: by its key, and by the arguments that stand for other fields, which are conditions
    /// like any other.
    fn named_row(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
    ) -> Result<(KeyFilter, Option<Condition>), Fault> {
        let key_field = self.contract.resource(resource).key;
        if operation.arguments.is_empty() {
            return Ok((vec![(key_field, self.key(resource, input)?)], None));
        }
        let arguments = self.arguments(operation, input)?;
        let (mut key, mut tests) = (KeyFilter::new(), Vec::new());
        for (argument, stored) in operation.arguments.iter().zip(arguments.stored) {
            match argument.field.zip(stored) {
                Some((field, value)) if field == key_field => key.push((field, value)),
                Some((field, value)) => tests.push(equals(resource, field, value)),
                None => {}
            }
        }
        if key.is_empty() && tests.is_empty() {
            return Err(Fault::invalid_field("arguments", "REQUIRED", "name no record"));
        }
        Ok((key, (!tests.is_empty()).then_some(Condition::And(tests))))
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

    pub(super) fn arguments(&self, operation: &Operation, input: &Input) -> Result<Arguments, Fault> {
        let data = input.data.as_ref();
        input::arguments(&self.contract, &self.patterns, operation, data, self.settings.list_items_max, None)
    }

    pub(super) fn streamed_arguments(
        &self,
        operation: &Operation,
        input: &Input,
        streamed: Streamed,
    ) -> Result<Arguments, Fault> {
        let (data, items_max) = (input.data.as_ref(), self.settings.list_items_max);
        input::arguments(&self.contract, &self.patterns, operation, data, items_max, Some(streamed))
    }
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

/// A digest of what a call says, for telling a repeated call from another one under the same key. It is kept with the
/// key, so it says nothing of secrets: a digest of a password is found by guessing, which its hash prevents.
fn fingerprint(input: &Input, selection: &Selected, streamed: Option<&Streamed>) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let data = input.data.as_ref().map(canonical::text);
    let mut digest = Sha256::new();
    let selection = match selection {
        Selected::Default => "None".to_owned(),
        Selected::These(selection) => format!("Some({selection:?})"),
        Selected::Prepared(prepared) => format!("{:?}", prepared.chosen),
    };
    let items = streamed.map(|streamed| canonical::text(&Value::List(streamed.items.clone())));
    let items = items.as_deref().unwrap_or("");
    for part in [input.key.as_deref().unwrap_or(""), data.as_deref().unwrap_or(""), &selection, items] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}
