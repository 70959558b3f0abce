//! Credentials become a caller, and the caller's own tokens are taken.

use super::Slot;
use super::admit::Admitted;
use crate::account::{Account, Purse};
use crate::call::{Budget, Call, Credentials};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::{Caller, in_time};
use crate::input::Streamed;
use crate::lane;
use crate::policy::{Asking, denied};
use contract::OperationId;
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
    /// Of the argument that arrived item by item.
    pub(super) streamed: Option<Streamed>,
}

impl Identified {
    /// Whether nobody in particular calls.
    pub(crate) fn is_stranger(&self) -> bool {
        self.caller.is_anonymous()
    }

    /// What is called.
    pub(crate) fn operation(&self) -> OperationId {
        self.call.operation
    }

    /// Who calls.
    pub(crate) fn caller(&self) -> Arc<Caller> {
        Arc::clone(&self.caller)
    }
}

impl Engine {
    pub(crate) fn identify(&self, admitted: Admitted) -> Result<Identified, Fault> {
        let Admitted { call, moment, deadline, budget, mut slot } = admitted;
        let caller = self.verified(&call.context.credentials, moment)?;
        if let Some(account) = Account::current() {
            account.is_of(&caller);
        }
        slot.is_of(lane::of_caller(&caller, &call.context))?;
        self.take_from_operation(&call, &caller, moment.instant)?;
        let cost = self.contract.operation(call.operation).cost;
        let budget = match caller.id() {
            None => budget,
            Some(id) => self.take_from(Purse::Caller(id), cost, moment.instant)?.or(budget),
        };
        let now = moment.rfc3339();
        Ok(Identified { call, caller, now, moment, deadline, budget, slot, streamed: None })
    }

    pub(crate) fn verified(&self, credentials: &Credentials, moment: Moment) -> Result<Arc<Caller>, Fault> {
        match credentials {
            Credentials::None => Ok(Arc::clone(&self.anonymous)),
            Credentials::Bearer(token) => {
                self.verifier.verify(token, moment.since_epoch).map_err(|rejected| bad_token(rejected.0))
            }
            Credentials::Malformed => Err(bad_token("is not a bearer token")),
        }
    }

    /// What a caller is told instead of what is wrong with its input: who calls comes first, on every protocol and wherever
    /// the input is found to be wrong. A token has to be valid, and to callers who are not known an operation has to be
    /// open; otherwise they learn nothing of what it takes.
    pub fn identity_first(
        &self,
        operations: impl IntoIterator<Item = OperationId>,
        credentials: &Credentials,
    ) -> Option<Fault> {
        let moment = self.now();
        let caller = match self.verified(credentials, moment) {
            Ok(caller) => caller,
            Err(unknown) => return Some(unknown),
        };
        if !caller.is_anonymous() {
            return None;
        }
        let now = moment.rfc3339();
        let asking = Asking { contract: &self.contract, caller: &caller, facts: &caller.facts(&now, &[]) };
        let is_closed = |id: OperationId| asking.is_closed(self.contract.operation(id));
        operations.into_iter().any(is_closed).then(|| denied(&caller))
    }

    /// Whether a caller who was verified before still is one: asked again wherever something of a stream takes effect,
    /// because a stream may last longer than its token.
    pub(crate) fn still(&self, caller: &Caller, moment: Moment) -> Result<(), Fault> {
        in_time(caller, moment.since_epoch).map_err(|rejected| bad_token(rejected.0))
    }
}

fn bad_token(why: &'static str) -> Fault {
    let fault = Fault::new(Kind::Unauthenticated, codes::INVALID_TOKEN, format!("the token {why}"));
    Fault { bad_token: true, detail: Some(why.into()), ..fault }
}
