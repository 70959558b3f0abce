//! Tokens of the address, calls under way, the deadline.

use crate::account::Purse;
use crate::call::{Budget, Call, Context};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A call that may be looked at.
pub(crate) struct Admitted {
    pub(super) call: Call,
    pub(super) moment: Moment,
    pub(super) deadline: Instant,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
}

/// A place among what is under way, given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine {
    pub(crate) fn admit(&self, call: Call, moment: Moment) -> Result<Admitted, Fault> {
        let slot = Slot::take(&self.under_way, self.settings.calls_concurrent_max, "calls")?;
        let cost = self.contract.operation(call.operation).cost;
        let budget = self.take_from(Purse::Address(call.context.peer), cost, moment.instant)?;
        self.noted(cost);
        let deadline = self.deadline(&call.context, moment);
        Ok(Admitted { call, moment, deadline, budget, slot })
    }

    /// When a call is given up.
    pub(super) fn deadline(&self, context: &Context, moment: Moment) -> Instant {
        let wanted = context.timeout.unwrap_or(self.settings.deadline_default);
        moment.instant + wanted.min(self.settings.deadline_max)
    }
}

impl Slot {
    /// A place among so many; Unavailable when all are taken.
    pub(super) fn take(taken: &Arc<AtomicUsize>, max: usize, of: &str) -> Result<Self, Fault> {
        let before = taken.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(taken));
        if before >= max {
            let message = format!("too many {of} are under way");
            let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, message);
            return Err(Fault { retry_after_s: Some(1), ..fault });
        }
        Ok(slot)
    }
}
