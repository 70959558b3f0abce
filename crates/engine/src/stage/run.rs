//! The store does it; what it says becomes an answer or a fault.

use super::Slot;
use super::batch::at_item;
use super::plan::{Plan, Planned, Read, Secret, Writing};
use crate::account::Account;
use crate::call::{Answer, Budget, Grouping};
use crate::channel::Publishing;
use crate::engine::Engine;
use crate::fault::{Fault, FieldFault, Kind, codes};
use crate::identity::Caller;
use crate::policy::denied;
use crate::room::{hold, no_room};
use crate::secret;
use contract::names::upper_snake;
use contract::{Arity, ErrorKind, Operation, OperationId, ResourceId};
use quota::Holder;
use std::sync::Arc;
use store::{Bounds, Error, Failed, Flow, KEY_MAX, Mutation, Reply, Step, Unfit, Written};
use wire::{Format, Value};

impl Engine {
    /// Runs a plan.
    ///
    /// The plainest read is awaited in place, everything else in a box: futures are moved, and every call's would
    /// have room for the largest of them.
    pub(crate) async fn run(&self, planned: Box<Planned>) -> Result<Answer, Fault> {
        let Planned { operation, plan, format, bounds, caller, budget, cost, slot, peer, room } = *planned;
        let about = About { engine: self, operation: self.contract.operation(operation), caller: &caller };
        let result = match plan {
            Plan::Get { resource, read } => about.get(resource, read, format, bounds).await,
            Plan::List { parent, read, count, offset } => {
                Box::pin(about.list(parent, read, count, offset, format, bounds)).await
            }
            Plan::Count { count } => Box::pin(about.count(count, bounds)).await,
            Plan::Aggregate { read, grouping, offset } => {
                Box::pin(about.aggregate(read, grouping, offset, format, bounds)).await
            }
            Plan::Write { write, mutation, secrets } => {
                Box::pin(about.write(&write, *mutation, &secrets)).await
            }
            Plan::Publish { channel, drafts, told } => self.publish(
                Publishing { channel, caller: &caller, peer },
                drafts,
                &told,
                format,
                bounds.reply_bytes_max,
            ),
            Plan::Items { items, answer, argument } => {
                Box::pin(about.items_and_answer(*items, *answer, argument)).await
            }
            Plan::ReadSql { plan, run, answer_params } => {
                let reply = Box::pin(self.store.read_sql(&plan, run, answer_params, format, bounds)).await;
                reply.map_err(|e| about.fault(None, e)).and_then(|reply| about.found(None, reply))
            }
        };
        drop(slot);
        let (budget, cost) = settled(budget, cost);
        let mut answer = result?;
        hold(&room, &mut answer.body)?;
        let cache = about.operation.cache;
        Ok(Answer { budget, cache, cost, held: Some(room), ..answer })
    }
}

/// How a plan's answer comes.
pub(crate) enum Flowing {
    /// At once.
    Whole(Box<Answer>),
    /// Piece by piece.
    Pieces(Box<Pieces>),
}

/// An answer that the store gives in pieces.
#[derive(Debug)]
pub(crate) struct Pieces {
    operation: OperationId,
    caller: Arc<Caller>,
    flow: Flow,
    holder: Holder,
    _slot: Slot,
}

impl Pieces {
    /// The next piece of the answer, then the rest with what is known of the whole; then none.
    pub async fn next(&mut self, engine: &Engine) -> Option<Result<Answer, Fault>> {
        let reply = self.flow.next().await?;
        // What was read in time is not given any more once the token has expired.
        if let Err(fault) = engine.still(&self.caller, engine.now()) {
            return Some(Err(fault));
        }
        let operation = engine.contract.operation(self.operation);
        let about = About { engine, operation, caller: &self.caller };
        Some(reply.map_err(|error| about.fault(None, error)).and_then(|reply| self.held(answered(reply))))
    }

    /// A piece is held from when it is given until it is sent.
    fn held(&self, mut answer: Answer) -> Result<Answer, Fault> {
        let room = self.holder.take(0).map(Arc::new).map_err(no_room)?;
        hold(&room, &mut answer.body)?;
        Ok(Answer { held: Some(room), ..answer })
    }
}

impl Engine {
    /// Runs a plan whose answer may be long: the rows of a list are given while they are read, where that can be.
    pub(crate) async fn run_flowing(&self, planned: Box<Planned>) -> Result<Flowing, Fault> {
        let is_list = matches!(self.contract.operation(planned.operation).result.arity, Arity::List { .. });
        match planned.plan {
            Plan::ReadSql { plan, run, answer_params } if is_list => {
                let Planned { operation, format, bounds, caller, slot, room, .. } = *planned;
                let flow = self.store.flow_sql(&plan, run, answer_params, format, bounds);
                let about =
                    About { engine: self, operation: self.contract.operation(operation), caller: &caller };
                let flow = flow.map_err(|error| about.fault(None, error))?;
                let holder = room.holder().clone();
                Ok(Flowing::Pieces(Box::new(Pieces { operation, caller, flow, holder, _slot: slot })))
            }
            plan => {
                let answer = self.run(Box::new(Planned { plan, ..*planned })).await?;
                Ok(Flowing::Whole(Box::new(answer)))
            }
        }
    }

    /// Applies the items of a plan that are applied each by itself, and nothing more of it. `before` items were before
    /// them.
    pub(crate) async fn run_items(&self, planned: Box<Planned>, before: usize) -> Result<i64, Fault> {
        let Planned { operation, plan, caller, slot: _slot, .. } = *planned;
        let about = About { engine: self, operation: self.contract.operation(operation), caller: &caller };
        match plan {
            Plan::Items { items, argument, .. } => about.items(*items, argument, before).await,
            _ => Err(Fault::internal("items of an operation that does not apply them one by one")),
        }
    }

    /// Answers for items that were applied before, and changed so many rows.
    pub(crate) async fn run_answer(&self, planned: Box<Planned>, changes: i64) -> Result<Answer, Fault> {
        let Planned { operation, plan, caller, budget, cost, slot: _slot, room, .. } = *planned;
        let about = About { engine: self, operation: self.contract.operation(operation), caller: &caller };
        let mut answer = match plan {
            Plan::Items { answer, .. } => about.answer_of_items(*answer, changes).await?,
            _ => return Err(Fault::internal("items of an operation that does not apply them one by one")),
        };
        hold(&room, &mut answer.body)?;
        let (budget, cost) = settled(budget, cost);
        Ok(Answer { budget, cost, held: Some(room), ..answer })
    }

    /// What the operator is told when the store refuses rows that are brought in.
    pub(crate) fn import_fault(&self, id: ResourceId, error: Error) -> Fault {
        let operation = self.contract.operations.first().expect("a contract with a resource has operations");
        About { engine: self, operation, caller: &self.anonymous }.fault(Some(id), error)
    }
}

/// What a run is about, for its faults.
struct About<'a> {
    engine: &'a Engine,
    operation: &'a Operation,
    caller: &'a Caller,
}

impl About<'_> {
    async fn get(&self, id: ResourceId, read: Read, format: Format, bounds: Bounds) -> Result<Answer, Fault> {
        let reply = self.engine.store.read(&read.plan, read.params, format, bounds).await;
        self.found(Some(id), reply.map_err(|e| self.fault(Some(id), e))?)
    }

    /// A record that must be there, or a list.
    fn found(&self, id: Option<ResourceId>, reply: store::Reply) -> Result<Answer, Fault> {
        let must_be_there = id.is_some() || self.operation.result.required;
        let is_one = matches!(self.operation.result.arity, Arity::One);
        if reply.rows == 0 && is_one && must_be_there {
            return Err(self.not_found(id));
        }
        Ok(answered(reply))
    }

    /// Values over rows are there even where no row is.
    async fn aggregate(
        &self,
        read: Read,
        grouping: Grouping,
        offset: u64,
        format: Format,
        bounds: Bounds,
    ) -> Result<Answer, Fault> {
        let reply = self.engine.store.read(&read.plan, read.params, format, bounds).await;
        let answer = answered(reply.map_err(|e| self.fault(None, e))?);
        match grouping {
            Grouping::Whole => Ok(answer),
            Grouping::ByFields => Ok(Answer { offset, ..answer }),
        }
    }

    async fn list(
        &self,
        parent: Option<(ResourceId, Read)>,
        read: Read,
        count: Option<Read>,
        offset: u64,
        format: Format,
        bounds: Bounds,
    ) -> Result<Answer, Fault> {
        let store = &self.engine.store;
        let (mut statements, mut round_trips) = (0, 0);
        if let Some((id, parent)) = parent {
            let reply = store.read(&parent.plan, parent.params, format, bounds.clone()).await;
            let reply = reply.map_err(|e| self.fault(Some(id), e))?;
            (statements, round_trips) = (reply.statements, 1);
            if reply.rows == 0 {
                return Err(self.not_found(Some(id)));
            }
        }
        let reply = store.read(&read.plan, read.params, format, bounds.clone()).await;
        let mut answer = answered(reply.map_err(|e| self.fault(None, e))?);
        if let Some(count) = count {
            let total = store.count(&count.plan, count.params, bounds).await;
            answer.total = Some(total.map_err(|e| self.fault(None, e))?);
            (statements, round_trips) = (statements + 1, round_trips + 1);
        }
        answer.statements += statements;
        answer.round_trips += round_trips;
        Ok(Answer { offset, ..answer })
    }

    async fn count(&self, count: Read, bounds: Bounds) -> Result<Answer, Fault> {
        let total = self.engine.store.count(&count.plan, count.params, bounds).await;
        let total = total.map_err(|e| self.fault(None, e))?;
        Ok(Answer {
            body: total.to_string().into_bytes(),
            rows: 1,
            total: Some(total),
            statements: 1,
            round_trips: 1,
            ..Answer::default()
        })
    }

    /// Applies items each by itself, then answers.
    async fn items_and_answer(
        &self,
        items: Mutation,
        answer: Mutation,
        argument: usize,
    ) -> Result<Answer, Fault> {
        let changes = self.items(items, argument, 0).await?;
        self.answer_of_items(answer, changes).await
    }

    /// Applies items each by itself, up to the first that is refused: the fault says which that is, counted from the
    /// first of them all. Says how many rows were changed.
    async fn items(&self, items: Mutation, argument: usize, before: usize) -> Result<i64, Fault> {
        let written = self.engine.store.write(items).await;
        let written = written.map_err(|failed| self.fault(None, failed.error))?;
        let store::Items { changes, failed } = written.items.map(|items| *items).unwrap_or_default();
        match failed {
            None => Ok(changes),
            Some((at, error)) => {
                let fault = self.fault(None, error);
                let name = &self.operation.arguments[argument].name;
                let place = format!("{name}.{}", before + at);
                let field = FieldFault::new(place, "REFUSED", fault.message.clone());
                Err(Fault { fields: vec![field], ..fault })
            }
        }
    }

    async fn answer_of_items(&self, mut answer: Mutation, applied: i64) -> Result<Answer, Fault> {
        for step in &mut answer.steps {
            if let Step::Sql { changes, .. } = step {
                *changes = applied;
            }
        }
        self.write(&Writing::Sql, answer, &[]).await
    }

    async fn write(
        &self,
        write: &Writing,
        mut mutation: Mutation,
        secrets: &[Secret],
    ) -> Result<Answer, Fault> {
        self.hash_secrets(&mut mutation, secrets).await?;
        let written = self.engine.store.write(mutation).await;
        let written = written.map_err(|failed| self.not_written(write, failed))?;
        let Written { reply, key, created, replayed, items: _ } = written;
        Ok(Answer { key, created, replayed, ..answered(reply) })
    }

    fn not_written(&self, write: &Writing, failed: Failed) -> Fault {
        match write {
            Writing::One(id) => self.fault(Some(*id), failed.error),
            Writing::Sql => self.fault(None, failed.error),
            Writing::Many(id, verbs) => {
                let fault = self.fault(Some(*id), failed.error);
                match failed.step.and_then(|at| Some((at, *verbs.get(at)?))) {
                    Some((at, verb)) => at_step(fault, at, verb),
                    None => fault,
                }
            }
        }
    }

    /// Passwords are hashed off the threads that serve, as late as possible: a call refused before costs nothing. An
    /// upsert has one parameter for a record that is there and for one that is not, so a secret is hashed once.
    async fn hash_secrets(&self, mutation: &mut Mutation, secrets: &[Secret]) -> Result<(), Fault> {
        for secret in secrets {
            let Some(Step::Write { params, .. }) = mutation.steps.get_mut(secret.step) else { continue };
            let slot = &mut params[usize::from(secret.param)];
            if let Value::Secret(clear) = slot {
                let clear = clear.clone();
                *slot = Value::Text(secret::hash(&self.engine.hashing, clear, &mutation.bounds).await?);
            }
        }
        Ok(())
    }

    fn not_found(&self, id: Option<ResourceId>) -> Fault {
        match id {
            Some(id) => {
                let resource = self.engine.contract.resource(id);
                let code = format!("{}_NOT_FOUND", upper_snake(&resource.name));
                Fault::new(Kind::NotFound, code, format!("{} not found", resource.name))
            }
            None => Fault::new(Kind::NotFound, "NOT_FOUND", "nothing was found"),
        }
    }

    fn fault(&self, id: Option<ResourceId>, error: Error) -> Fault {
        match error {
            Error::NotFound => self.not_found(id),
            Error::Denied => denied(self.caller),
            Error::VersionMismatch => Fault::new(
                Kind::Precondition,
                codes::VERSION_MISMATCH,
                "the record has changed since it was read",
            ),
            Error::Unique { resource, fields } => self.taken(resource, &fields),
            Error::Unfit { resource, fields, why } => self.unfit(resource, &fields, why),
            Error::DanglingReference => Fault::new(
                Kind::Conflict,
                codes::REFERENCE_NOT_FOUND,
                "a record that the input points to is not there",
            ),
            Error::StillReferenced => {
                Fault::new(Kind::Conflict, codes::STILL_REFERENCED, "other records still point to it")
            }
            Error::Refused(code) => self.refused(&code),
            Error::IdempotencyMismatch => Fault::new(
                Kind::Mismatch,
                codes::IDEMPOTENCY_MISMATCH,
                "the idempotency key was used before with another input, or with other rights",
            ),
            Error::AnswerNotKept => Fault::new(
                Kind::Conflict,
                codes::ANSWER_NOT_KEPT,
                "it was done with this idempotency key before, and its answer was too large to be kept: read it",
            ),
            Error::TooLarge => Fault::new(
                Kind::TooLarge,
                codes::REPLY_TOO_LARGE,
                "the answer is larger than allowed: ask for less",
            ),
            Error::TooSlow => Fault::new(
                Kind::TooLarge,
                codes::TOO_SLOW,
                "the answer was taken too slowly, and what is left of it is larger than allowed",
            ),
            Error::Timeout => {
                Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, "it took longer than allowed")
            }
            Error::WriteTooLong => Fault::new(
                Kind::TooLarge,
                codes::WRITE_TOO_LONG,
                "the write takes longer than one may, and nothing was done: change less at once",
            ),
            Error::AnswerTooLong => Fault::new(
                Kind::TooLarge,
                codes::ANSWER_TOO_LONG,
                "what the write is to answer takes too long to read, and nothing was done: ask for less",
            ),
            Error::Unanswered(why) => self.unanswered(id, *why),
            Error::Unavailable(why) => {
                let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "the server has too much to do");
                Fault { retry_after_s: Some(1), detail: Some(why.into()), ..fault }
            }
            Error::Storage(fault) => {
                let message = format!("the server cannot keep data now: {fault}");
                let fault_told = Fault::new(Kind::Unavailable, codes::STORAGE_FAILED, message);
                Fault { detail: Some(fault.text().into()), ..fault_told }
            }
            Error::Misfit { resource, field, what } => self.misfit(resource, field, &what),
            Error::BadValue(what) => Fault::new(Kind::Invalid, codes::INVALID_INPUT, what),
            Error::Internal(detail) => Fault::internal(detail),
        }
    }

    /// The write is done; only the answer is not there.
    fn unanswered(&self, id: Option<ResourceId>, why: Error) -> Fault {
        let inner = self.fault(id, why);
        let message = format!("the write is done, and its answer could not be read: {}", inner.message);
        let fault = Fault::new(Kind::Timeout, codes::WRITTEN_UNANSWERED, message);
        Fault { detail: inner.detail, ..fault }
    }

    fn misfit(&self, id: ResourceId, field: contract::FieldId, what: &str) -> Fault {
        let resource = self.engine.contract.resource(id);
        let name = &resource.field(field).name;
        let message = format!("`{name}` of {} {what}", resource.name);
        let fields = vec![FieldFault::new(name.as_str(), "VALUE", what)];
        Fault { fields, ..Fault::new(Kind::Invalid, codes::INVALID_INPUT, message) }
    }

    fn taken(&self, id: ResourceId, fields: &[contract::FieldId]) -> Fault {
        let resource = self.engine.contract.resource(id);
        let names: Vec<&str> = fields.iter().map(|f| resource.field(*f).name.as_str()).collect();
        let message = format!("another {} has the same {}", resource.name, names.join(" and "));
        let fault = Fault::new(Kind::Conflict, codes::ALREADY_EXISTS, message);
        let fields = names.iter().map(|name| FieldFault::new(*name, "TAKEN", "is taken")).collect();
        Fault { fields, ..fault }
    }

    fn unfit(&self, id: ResourceId, fields: &[contract::FieldId], why: Unfit) -> Fault {
        let (code, message) = match why {
            Unfit::Immutable => ("IMMUTABLE", "can only be set when the record is created".to_owned()),
            Unfit::KeyTooLarge => ("RANGE", format!("must be at most {KEY_MAX} in a new record")),
            Unfit::KeyNotUuid => ("FORMAT", "must be a UUID in lower case in a new record".to_owned()),
        };
        let resource = self.engine.contract.resource(id);
        let wrong = |field: &contract::FieldId| {
            FieldFault::new(resource.field(*field).name.clone(), code, message.clone())
        };
        Fault::invalid(fields.iter().map(wrong).collect())
    }

    fn refused(&self, code: &str) -> Fault {
        match self.operation.errors.iter().find(|error| error.code == code) {
            Some(error) => {
                let kind = match error.kind {
                    ErrorKind::Denied => Kind::Denied,
                    ErrorKind::Invalid => Kind::Invalid,
                    ErrorKind::NotFound => Kind::NotFound,
                    ErrorKind::Conflict => Kind::Conflict,
                    ErrorKind::Precondition => Kind::Precondition,
                };
                Fault::new(kind, error.code.clone(), error.message.clone())
            }
            None => Fault::internal(format!(
                "`{}` was refused with the unknown code `{code}`",
                self.operation.name
            )),
        }
    }
}

/// The budget and the cost of a call when what it has used is paid.
fn settled(budget: Option<Budget>, cost: u32) -> (Option<Budget>, u32) {
    match Account::current().and_then(|account| account.settle()) {
        Some((units, left)) => (left.or(budget), cost.saturating_add(units)),
        None => (budget, cost),
    }
}

fn answered(reply: Reply) -> Answer {
    Answer {
        body: reply.body,
        rows: reply.rows,
        version: reply.version,
        edges: reply.edges,
        nulls: reply.nulls,
        statements: reply.statements,
        round_trips: 1,
        ..Answer::default()
    }
}

/// A fault of one write of a batch says which; one that names no field names the write.
fn at_step(fault: Fault, at: usize, verb: &'static str) -> Fault {
    let code = match fault.kind {
        Kind::NotFound => "NOT_FOUND",
        Kind::Denied | Kind::Unauthenticated => "DENIED",
        _ => "REFUSED",
    };
    match fault.fields.is_empty() {
        false => at_item(fault, at, Some(verb)),
        true => {
            let field = FieldFault::new("", code, fault.message.clone());
            at_item(Fault { fields: vec![field], ..fault }, at, Some(verb))
        }
    }
}
