//! Credentials become a caller, and the caller's own tokens are taken.

use super::Slot;
use super::admit::{Admitted, throttled};
use crate::call::{Budget, Call, Context, Credentials};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::limit::Rate;
use contract::Operation;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// A call whose caller is known, or known to be anonymous.
pub(crate) struct Identified {
    pub(super) call: Call,
    pub(super) caller: Arc<Caller>,
    pub(super) moment: Moment,
    /// The time of the call, RFC 3339 in UTC with microseconds.
    pub(super) now: String,
    pub(super) deadline: Instant,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
}

impl Identified {
    /// Who calls.
    pub(crate) fn caller(&self) -> Arc<Caller> {
        Arc::clone(&self.caller)
    }
}

impl Engine {
    pub(crate) fn identify(&self, admitted: Admitted) -> Result<Identified, Fault> {
        let Admitted { call, moment, deadline, budget, slot } = admitted;
        let caller = self.verified(&call.context.credentials, moment)?;
        self.take_from_operation(&call, &caller, moment.instant)?;
        let budget = match caller.id() {
            None => budget,
            Some(id) => self.take_from_caller(&call, id, moment.instant)?.or(budget),
        };
        Ok(Identified { call, caller, now: moment.rfc3339(), moment, deadline, budget, slot })
    }

    fn verified(&self, credentials: &Credentials, moment: Moment) -> Result<Arc<Caller>, Fault> {
        match credentials {
            Credentials::None => Ok(Arc::clone(&self.anonymous)),
            Credentials::Bearer(token) => {
                self.verifier.verify(token, moment.since_epoch).map_err(|rejected| bad_token(rejected.0))
            }
            Credentials::Malformed => Err(bad_token("not a bearer token")),
        }
    }

    /// Takes units of an address for work that an adapter does before it knows of a call: reading a document.
    ///
    /// # Errors
    /// Throttled.
    pub fn take_from_address(&self, peer: IpAddr, units: u32) -> Result<(), Fault> {
        let rate = self.rate(self.settings.address_units_per_min);
        let taken = self.addresses.take(&peer, rate, units, self.now().instant);
        taken.map(drop).map_err(|empty| throttled(&empty))
    }

    /// Who asks, for what an adapter answers by itself (a description of the API): it takes units of the same budgets
    /// as a call.
    ///
    /// # Errors
    /// Unauthenticated for a token that is not valid, Throttled.
    pub fn enter(&self, context: &Context, units: u32) -> Result<(Arc<Caller>, Option<Budget>), Fault> {
        let moment = self.now();
        let rate = self.rate(self.settings.address_units_per_min);
        let budget = self.addresses.take(&context.peer, rate, units, moment.instant);
        let budget = budget.map_err(|empty| throttled(&empty))?;
        let caller = self.verified(&context.credentials, moment)?;
        let own = match caller.id() {
            None => None,
            Some(id) => {
                let rate = self.rate(self.settings.caller_units_per_min);
                self.callers.take(id, rate, units, moment.instant).map_err(|empty| throttled(&empty))?
            }
        };
        Ok((caller, own.or(budget)))
    }

    /// Takes what a call costs beyond its operation's own units, which it has paid: that is known only when what it
    /// asks for is.
    pub(super) fn charge(
        &self,
        caller: &Caller,
        context: &Context,
        operation: &Operation,
        cost: u32,
        now: Instant,
    ) -> Result<Option<Budget>, Fault> {
        if cost > self.settings.call_units_max {
            let message =
                format!("it would take {cost} units, and {} are the most", self.settings.call_units_max);
            return Err(Fault::new(Kind::TooLarge, codes::COST_EXCEEDED, message));
        }
        let beyond = cost.saturating_sub(operation.cost);
        if beyond == 0 {
            return Ok(None);
        }
        let taken = match caller.id() {
            Some(id) => {
                let rate = self.rate(self.settings.caller_units_per_min);
                self.callers.take(id, rate, beyond, now)
            }
            None => {
                let rate = self.rate(self.settings.address_units_per_min);
                self.addresses.take(&context.peer, rate, beyond, now)
            }
        };
        taken.map_err(|empty| throttled(&empty))
    }

    /// `@limit`: the operation's own bucket of the caller, or of the address for callers who are not known.
    fn take_from_operation(&self, call: &Call, caller: &Caller, now: Instant) -> Result<(), Fault> {
        let operation = self.contract.operation(call.operation);
        let Some(limit) = operation.limit else {
            return Ok(());
        };
        let per_min = (u64::from(limit.calls) * 60).div_ceil(u64::from(limit.per_s.max(1)));
        let rate = Rate { burst: limit.calls, per_min: u32::try_from(per_min).unwrap_or(u32::MAX) };
        let key = match caller.id() {
            Some(id) => format!("{}\u{0}caller {id}", operation.name),
            None => format!("{}\u{0}address {}", operation.name, call.context.peer),
        };
        self.limited.take(key.as_str(), rate, 1, now).map(drop).map_err(|empty| throttled(&empty))
    }

    fn take_from_caller(&self, call: &Call, id: &str, now: Instant) -> Result<Option<Budget>, Fault> {
        let operation = self.contract.operation(call.operation);
        let rate = self.rate(self.settings.caller_units_per_min);
        self.callers.take(id, rate, operation.cost, now).map_err(|empty| throttled(&empty))
    }
}

fn bad_token(why: &'static str) -> Fault {
    let fault = Fault::new(Kind::Unauthenticated, codes::INVALID_TOKEN, "the token is not valid");
    Fault { bad_token: true, detail: Some(why.into()), ..fault }
}
