//! Tokens of the address, calls under way, the deadline.

use crate::call::{Budget, Call};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::limit::{Empty, Rate};
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

/// A place among the calls under way, given back when dropped.
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine {
    pub(crate) fn admit(&self, call: Call, moment: Moment) -> Result<Admitted, Fault> {
        let slot = self.slot()?;
        let rate = self.rate(self.settings.address_units_per_min);
        let cost = self.contract.operation(call.operation).cost;
        let budget = self
            .addresses
            .take(&call.context.peer, rate, cost, moment.instant)
            .map_err(|empty| throttled(&empty))?;
        let wanted = call.context.timeout.unwrap_or(self.settings.deadline_default);
        let deadline = moment.instant + wanted.min(self.settings.deadline_max);
        Ok(Admitted { call, moment, deadline, budget, slot })
    }

    fn slot(&self) -> Result<Slot, Fault> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.under_way));
        if before >= self.settings.calls_concurrent_max {
            let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "too many calls are under way");
            return Err(Fault { retry_after_s: Some(1), ..fault });
        }
        Ok(slot)
    }

    pub(super) fn rate(&self, per_min: u32) -> Rate {
        Rate { burst: self.settings.burst_units, per_min }
    }
}

pub(super) fn throttled(empty: &Empty) -> Fault {
    let fault = Fault::new(Kind::Throttled, codes::THROTTLED, "the budget is used up for now");
    Fault { retry_after_s: Some(empty.retry_after_s), budget: Some(empty.budget), ..fault }
}
