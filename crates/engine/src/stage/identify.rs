//! Credentials become a caller, and the caller's own tokens are taken.

use super::Slot;
use super::admit::{Admitted, throttled};
use crate::call::{Budget, Call, Credentials};
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::limit::Rate;
use std::sync::Arc;
use std::time::Instant;

/// A call whose caller is known, or known to be anonymous.
pub(crate) struct Identified {
    pub(super) call: Call,
    pub(super) caller: Arc<Caller>,
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
        let caller = match &call.context.credentials {
            Credentials::None => Arc::clone(&self.anonymous),
            Credentials::Bearer(token) => {
                self.verifier.verify(token, moment.since_epoch).map_err(|rejected| bad_token(rejected.0))?
            }
            Credentials::Malformed => return Err(bad_token("not a bearer token")),
        };
        self.take_from_operation(&call, &caller, moment.instant)?;
        let budget = match caller.id() {
            None => budget,
            Some(id) => self.take_from_caller(&call, id, moment.instant)?.or(budget),
        };
        Ok(Identified { call, caller, now: moment.rfc3339(), deadline, budget, slot })
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
