//! Watching a call to its end, whichever way it ends.

use crate::account::Account;
use crate::call::{Answer, Call};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::observe::Finished;
use contract::OperationId;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Watches one call: exactly one [`Finished`] is observed, also when it is dropped.
pub(crate) struct Watch<E: Deref<Target = Engine>> {
    engine: E,
    operation: OperationId,
    protocol: &'static str,
    request_id: String,
    traceparent: Option<String>,
    caller: Option<Arc<Caller>>,
    start: Instant,
    prepared_in: Duration,
    /// The account of its request, and what had been used and paid before it began.
    account: Option<(Account, Duration, u32)>,
    is_finished: bool,
}

/// What a call came to, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub rows: u64,
    pub bytes: u64,
    pub statements: u32,
    pub round_trips: u32,
}

impl From<&Answer> for Tally {
    fn from(answer: &Answer) -> Self {
        let Answer { rows, statements, round_trips, .. } = *answer;
        Self { rows, bytes: answer.body.len() as u64, statements, round_trips }
    }
}

impl Tally {
    /// Adds what a part of the call came to.
    pub fn add(&mut self, part: Self) {
        self.rows += part.rows;
        self.bytes += part.bytes;
        self.statements = self.statements.saturating_add(part.statements);
        self.round_trips = self.round_trips.saturating_add(part.round_trips);
    }
}

impl<E: Deref<Target = Engine>> std::fmt::Debug for Watch<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl<E: Deref<Target = Engine>> Watch<E> {
    pub fn new(engine: E, call: &Call, moment: Moment) -> Self {
        Self {
            engine,
            operation: call.operation,
            protocol: call.context.protocol,
            request_id: call.context.request_id.clone(),
            traceparent: call.context.traceparent.clone(),
            caller: None,
            start: moment.instant,
            prepared_in: Duration::ZERO,
            account: Account::current().map(|account| {
                let (used, units) = account.before_call();
                (account, used, units)
            }),
            is_finished: false,
        }
    }

    pub fn caller(&mut self, caller: Arc<Caller>) {
        self.caller = Some(caller);
    }

    /// The store is asked for the first time.
    pub fn prepared(&mut self) {
        if self.prepared_in == Duration::ZERO {
            self.prepared_in = self.elapsed();
        }
    }

    fn elapsed(&self) -> Duration {
        self.engine.clock.instant().saturating_duration_since(self.start)
    }

    /// The call is over. Only the first end counts.
    pub fn finish(&mut self, result: Result<Tally, &Fault>) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        match result {
            Ok(tally) => self.tell(None, tally),
            Err(fault) => self.tell(Some(fault), Tally::default()),
        }
    }

    /// CPU time and units since it began.
    fn used(&self) -> (Duration, u32) {
        let Some((account, used_before, units_before)) = &self.account else { return Default::default() };
        let (used, units) = account.so_far();
        (used.saturating_sub(*used_before), units.saturating_sub(*units_before))
    }

    fn tell(&self, fault: Option<&Fault>, tally: Tally) {
        let (cpu, units) = self.used();
        self.engine.observer.finished(&Finished {
            operation: &self.engine.contract.operation(self.operation).name,
            protocol: self.protocol,
            request_id: &self.request_id,
            traceparent: self.traceparent.as_deref(),
            caller: self.caller.as_ref().and_then(|caller| caller.id()),
            fault,
            rows: tally.rows,
            bytes: tally.bytes,
            statements: tally.statements,
            round_trips: tally.round_trips,
            prepared_in: self.prepared_in,
            took: self.elapsed(),
            cpu,
            units,
        });
    }
}

impl<E: Deref<Target = Engine>> Drop for Watch<E> {
    fn drop(&mut self) {
        if !self.is_finished {
            let fault = Fault::new(Kind::Cancelled, codes::CANCELLED, "the caller went away");
            self.tell(Some(&fault), Tally::default());
        }
    }
}
