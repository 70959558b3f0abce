//! Intentions with the rules' conditions and-ed in, compiled once and cached.

mod publish;
mod read;
mod sql;
mod write;

pub(crate) use sql::applied_apart;

use super::Slot;
use super::permit::Permitted;
use super::validate::{KeyFilter, Wish};
use crate::account::Account;
use crate::call::{Budget, Grouping};
use crate::channel::{Draft, Told};
use crate::engine::Engine;
use crate::fault::Fault;
use crate::identity::Caller;
use crate::plans::ReadKey;
use crate::select::{Builder, Params, Wanted, and};
use contract::rule::{Facts, Reduced};
use contract::{Assign, ChannelId, Compare, FieldId, Operation, OperationId, ResourceId};
use quota::Reservation;
use std::net::IpAddr;
use std::sync::Arc;
use store::{Bounds, Column, Mutation, Operand, Param, Predicate, ReadPlan, Select, SqlPlan, Unmetered};
use wire::Value;

/// A call that only needs to be run.
pub(crate) struct Planned {
    pub(super) operation: OperationId,
    pub(super) plan: Plan,
    pub(super) format: wire::Format,
    pub(super) bounds: Bounds,
    pub(super) caller: Arc<Caller>,
    pub(super) budget: Option<Budget>,
    pub(super) cost: u32,
    pub(super) slot: Slot,
    /// Where the call comes from.
    pub(super) peer: IpAddr,
    /// What its answer will be held by.
    pub(super) room: Arc<Reservation>,
}

/// Compiled intentions with their parameters.
pub(crate) enum Plan {
    Get {
        resource: ResourceId,
        read: Read,
    },
    List {
        parent: Option<(ResourceId, Read)>,
        read: Read,
        count: Option<Read>,
        offset: u64,
    },
    Count {
        count: Read,
    },
    Aggregate {
        read: Read,
        grouping: Grouping,
        offset: u64,
    },
    Write {
        write: Writing,
        mutation: Box<Mutation>,
        secrets: Vec<Secret>,
    },
    /// Messages to publish, and how they are answered.
    Publish {
        channel: ChannelId,
        drafts: Vec<Draft>,
        told: Told,
    },
    /// Items that are applied each by itself, and then what answers.
    Items {
        items: Box<Mutation>,
        answer: Box<Mutation>,
        argument: usize,
    },
    ReadSql {
        plan: Arc<SqlPlan>,
        run: Vec<Value>,
        answer_params: Vec<Value>,
    },
}

/// What a mutation is, for the faults of its steps.
pub(crate) enum Writing {
    /// A write of one record.
    One(ResourceId),
    /// A write of many: what each step does.
    Many(ResourceId, Vec<&'static str>),
    /// The statements of an operation.
    Sql,
}

/// A parameter of a step that is hashed before it is written.
pub(crate) struct Secret {
    pub step: usize,
    pub param: Param,
}

/// A compiled read with its parameters.
pub(crate) struct Read {
    pub plan: Arc<ReadPlan>,
    pub params: Vec<Value>,
}

impl Engine {
    /// What the store may use for the request that is worked for here.
    fn bounds(&self, permitted: &Permitted) -> Bounds {
        let meter = Account::current().map_or_else(|| Arc::new(Unmetered) as _, |account| account.meter());
        let (deadline, lane) = (permitted.deadline, permitted.slot.lane());
        Bounds { deadline, reply_bytes_max: self.settings.reply_bytes_max, meter, lane }
    }

    pub(crate) fn plan(&self, permitted: Permitted) -> Result<Planned, Fault> {
        let room = self.room(&permitted.caller, &permitted.context)?;
        let own_max = permitted.context.reply_bytes_max.unwrap_or(usize::MAX);
        let bounds = self.bounds(&permitted);
        let bounds = Bounds { reply_bytes_max: bounds.reply_bytes_max.min(own_max), ..bounds };
        let plan = Planner { engine: self, permitted: &permitted, bounds: &bounds, room: &room }.plan()?;
        let Permitted { operation, format, caller, budget, cost, slot, context, .. } = permitted;
        Ok(Planned { operation, plan, format, bounds, caller, budget, cost, slot, peer: context.peer, room })
    }
}

/// Makes the plan of one permitted call.
struct Planner<'a> {
    engine: &'a Engine,
    permitted: &'a Permitted,
    bounds: &'a Bounds,
    room: &'a Arc<Reservation>,
}

impl<'a> Planner<'a> {
    fn plan(&self) -> Result<Plan, Fault> {
        let operation = self.operation();
        match &self.permitted.wish {
            Wish::Get { resource, key, condition, wanted } => {
                let read = self.get(*resource, key, condition.as_ref(), wanted)?;
                Ok(Plan::Get { resource: *resource, read })
            }
            Wish::List { parent, wanted, page, total, .. } => {
                self.list(parent.as_ref(), wanted, page, *total)
            }
            Wish::Count { resource, page } => {
                let nothing = Wanted::nothing(*resource);
                Ok(Plan::Count { count: self.count(&nothing, None, page)? })
            }
            Wish::Create { resource, given, wanted, .. } => self.create(*resource, given, wanted),
            Wish::Update { resource, key, given, wanted, .. } => self.update(*resource, key, given, wanted),
            Wish::Upsert { resource, key, given, wanted } => self.upsert(*resource, key, given, wanted),
            Wish::Delete { resource, key, wanted, .. } => self.delete(*resource, key, wanted.as_deref()),
            Wish::Batch { resource, items, wanted } => self.batch(*resource, items, wanted.as_deref()),
            Wish::Aggregate { totals, page, grouping, .. } => self.aggregate(totals, page, *grouping),
            Wish::Sql { wanted, arguments } => self.sql(operation, wanted, arguments),
            Wish::Publish { channel, drafts, wanted, .. } => {
                self.publish(operation, *channel, drafts, wanted)
            }
        }
    }

    fn operation(&self) -> &'a Operation {
        self.engine.contract.operation(self.permitted.operation)
    }

    fn facts(&self) -> Facts<'a> {
        self.permitted.caller.facts(&self.permitted.now, &self.permitted.rule_arguments)
    }

    fn with_builder<T>(&self, build: impl FnOnce(&mut Builder<'_>) -> T) -> (T, Params) {
        let facts = self.facts();
        let mut builder = Builder::new(&self.engine.contract, &facts, &self.permitted.decisions);
        let built = build(&mut builder);
        (built, builder.params)
    }

    fn read(
        &self,
        select: Select,
        wanted: &Wanted,
        root: store::Root,
        params: Params,
    ) -> Result<Read, Fault> {
        let facts = self.facts();
        let outline = Builder::new(&self.engine.contract, &facts, &self.permitted.decisions).outline(wanted);
        let plan = self.engine.read_plan(ReadKey { select, outline, root })?;
        Ok(Read { plan, params: params.into_values() })
    }

    fn assigned_value(&self, assign: Assign) -> Value {
        match assign {
            Assign::CallerId => self.caller_id(),
            Assign::Now | Assign::NowOnChange => Value::Text(self.permitted.now.clone()),
        }
    }

    fn caller_id(&self) -> Value {
        self.permitted.caller.id().map_or(Value::Null, |id| Value::Text(id.to_owned()))
    }
}

fn all(builder: &mut Builder<'_>, rules: &[Reduced]) -> Predicate {
    rules.iter().fold(Predicate::True, |so_far, rule| {
        let next = builder.translate().reduced(rule);
        and(so_far, next)
    })
}

fn own_column(resource: ResourceId, field: FieldId) -> Column {
    Column { scope: 0, resource, hops: Vec::new(), field }
}

fn key_is(resource: ResourceId, field: FieldId, param: Param) -> Predicate {
    Predicate::SqlCompare(Compare::Equal, Operand::Column(own_column(resource, field)), Operand::Param(param))
}

fn key_predicate(resource: ResourceId, key: &KeyFilter, params: &mut Params) -> Predicate {
    key.iter().fold(Predicate::True, |so_far, (field, value)| {
        let param = params.push(value.clone());
        and(so_far, key_is(resource, *field, param))
    })
}
