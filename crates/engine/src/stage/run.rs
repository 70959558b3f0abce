//! The store does it; what it says becomes an answer or a fault.

use super::plan::{Plan, Planned, Read};
use crate::call::Answer;
use crate::engine::Engine;
use crate::fault::{Fault, FieldFault, Kind, codes};
use crate::identity::Caller;
use crate::policy::denied;
use crate::secret;
use contract::{ErrorKind, Operation, ResourceId};
use store::{Bounds, Error, Mutation, Param, Step};
use wire::{Format, Value};

impl Engine {
    /// Runs a plan. The second part of the result is the number of statements.
    ///
    /// The plainest read is awaited in place, everything else in a box: futures are moved, and every call's would
    /// have room for the largest of them.
    pub(crate) async fn run(&self, planned: Box<Planned>) -> Result<(Answer, u32), Fault> {
        let Planned { operation, plan, format, bounds, caller, budget, slot } = *planned;
        let about = About { engine: self, operation: self.contract.operation(operation), caller: &caller };
        let result = match plan {
            Plan::Get { resource, read } => about.get(resource, read, format, bounds).await,
            Plan::List { parent, read, count, offset } => {
                Box::pin(about.list(parent, read, count, offset, format, bounds)).await
            }
            Plan::Count { count } => Box::pin(about.count(count, bounds)).await,
            Plan::Write { resource, mutation, secrets } => {
                Box::pin(about.write(resource, mutation, &secrets)).await
            }
            Plan::ReadSql { plan, run, answer_params } => {
                let reply = Box::pin(self.store.read_sql(&plan, run, answer_params, format, bounds)).await;
                reply.map_err(|e| about.fault(None, e)).and_then(|reply| about.found(None, reply))
            }
        };
        drop(slot);
        let (answer, statements) = result?;
        let cache = about.operation.cache;
        Ok((Answer { budget, cache, ..answer }, statements))
    }
}

impl Engine {
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
    async fn get(
        &self,
        id: ResourceId,
        read: Read,
        format: Format,
        bounds: Bounds,
    ) -> Result<(Answer, u32), Fault> {
        let reply = self.engine.store.read(&read.plan, read.params, format, bounds).await;
        self.found(Some(id), reply.map_err(|e| self.fault(Some(id), e))?)
    }

    /// A record that must be there, or a list.
    fn found(&self, id: Option<ResourceId>, reply: store::Reply) -> Result<(Answer, u32), Fault> {
        let must_be_there = id.is_some() || self.operation.result.required;
        let is_one = matches!(self.operation.result.arity, contract::Arity::One);
        if reply.rows == 0 && is_one && must_be_there {
            return Err(self.not_found(id));
        }
        let statements = reply.statements;
        let answer =
            Answer { body: reply.body, rows: reply.rows, version: reply.version, ..Answer::default() };
        Ok((answer, statements))
    }

    async fn list(
        &self,
        parent: Option<(ResourceId, Read)>,
        read: Read,
        count: Option<Read>,
        offset: u64,
        format: Format,
        bounds: Bounds,
    ) -> Result<(Answer, u32), Fault> {
        let store = &self.engine.store;
        let mut statements = 0;
        if let Some((id, parent)) = parent {
            let reply = store.read(&parent.plan, parent.params, format, bounds).await;
            let reply = reply.map_err(|e| self.fault(Some(id), e))?;
            statements += reply.statements;
            if reply.rows == 0 {
                return Err(self.not_found(Some(id)));
            }
        }
        let reply =
            store.read(&read.plan, read.params, format, bounds).await.map_err(|e| self.fault(None, e))?;
        statements += reply.statements;
        let total = match count {
            None => None,
            Some(count) => {
                statements += 1;
                let total = store.count(&count.plan, count.params, bounds).await;
                Some(total.map_err(|e| self.fault(None, e))?)
            }
        };
        Ok((Answer { body: reply.body, rows: reply.rows, total, offset, ..Answer::default() }, statements))
    }

    async fn count(&self, count: Read, bounds: Bounds) -> Result<(Answer, u32), Fault> {
        let total = self.engine.store.count(&count.plan, count.params, bounds).await;
        let total = total.map_err(|e| self.fault(None, e))?;
        Ok((
            Answer { body: total.to_string().into_bytes(), rows: 1, total: Some(total), ..Answer::default() },
            1,
        ))
    }

    async fn write(
        &self,
        id: Option<ResourceId>,
        mut mutation: Mutation,
        secrets: &[Param],
    ) -> Result<(Answer, u32), Fault> {
        self.hash_secrets(&mut mutation, secrets).await?;
        let written = self.engine.store.write(mutation).await.map_err(|e| self.fault(id, e.error))?;
        let reply = written.reply;
        let statements = reply.statements;
        let answer = Answer {
            body: reply.body,
            rows: reply.rows,
            version: reply.version,
            key: written.key,
            created: written.created,
            replayed: written.replayed,
            ..Answer::default()
        };
        Ok((answer, statements))
    }

    /// Passwords are hashed off the threads that serve, as late as possible: a call refused before costs nothing.
    async fn hash_secrets(&self, mutation: &mut Mutation, secrets: &[Param]) -> Result<(), Fault> {
        for step in &mut mutation.steps {
            let Step::Write { params, .. } = step else { continue };
            for secret in secrets {
                let slot = &mut params[usize::from(*secret)];
                if let Value::Text(clear) = slot {
                    *slot = Value::Text(secret::hash(&self.engine.hashing, std::mem::take(clear)).await?);
                }
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
                "the idempotency key was used before with another input",
            ),
            Error::TooLarge => Fault::new(
                Kind::TooLarge,
                codes::REPLY_TOO_LARGE,
                "the answer is larger than allowed: ask for less",
            ),
            Error::Timeout => {
                Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, "it took longer than allowed")
            }
            Error::Unavailable(why) => {
                let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "the server has too much to do");
                Fault { retry_after_s: Some(1), detail: Some(why.into()), ..fault }
            }
            Error::BadValue(what) => Fault::new(Kind::Invalid, codes::INVALID_INPUT, what),
            Error::Internal(detail) => Fault::internal(detail),
        }
    }

    fn taken(&self, id: ResourceId, fields: &[contract::FieldId]) -> Fault {
        let resource = self.engine.contract.resource(id);
        let names: Vec<&str> = fields.iter().map(|f| resource.field(*f).name.as_str()).collect();
        let message = format!("another {} has the same {}", resource.name, names.join(" and "));
        let fault = Fault::new(Kind::Conflict, codes::ALREADY_EXISTS, message);
        let fields = names.iter().map(|name| FieldFault::new(*name, "TAKEN", "is taken")).collect();
        Fault { fields, ..fault }
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

/// `OrderItem` → `ORDER_ITEM`.
fn upper_snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}
