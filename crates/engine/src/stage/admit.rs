//! Tokens of the address, calls under way, the deadline.

use super::Slot;
use crate::account::Purse;
use crate::call::{Budget, Call, Context};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::lane;
use crate::stage::share::Places;
use contract::{OperationId, Root};
use std::sync::Arc;
use std::time::Instant;

/// A call that may be looked at.
pub(crate) struct Admitted {
    pub(super) call: Call,
    pub(super) moment: Moment,
    pub(super) deadline: Instant,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
}

impl Engine {
    /// Every call begins here, so from here on its secrets are sealed.
    pub(crate) fn admit(&self, mut call: Call, moment: Moment) -> Result<Admitted, Fault> {
        self.secrets[call.operation.index()].seal(&mut call.input.data);
        let slot = self.places_of(call.operation).take(lane::of_address(call.context.peer))?;
        let cost = self.contract.operation(call.operation).cost;
        let budget = self.take_from(Purse::Address(call.context.peer), cost, moment.instant)?;
        self.noted(cost);
        let deadline = self.deadline(&call.context, moment);
        Ok(Admitted { call, moment, deadline, budget, slot })
    }

    /// Where calls of an operation have their places: reads never go without one for what writes hold, which wait for
    /// the one writer.
    pub(super) fn places_of(&self, operation: OperationId) -> &Arc<Places> {
        match self.contract.operation(operation).root {
            Root::Query | Root::Subscription => &self.reads,
            Root::Mutation => &self.writes,
        }
    }

    /// When a call is given up.
    pub(super) fn deadline(&self, context: &Context, moment: Moment) -> Instant {
        let wanted = context.timeout.unwrap_or(self.settings.deadline_default);
        moment.instant + wanted.min(self.settings.deadline_max)
    }
}
