//! Units: whose they are, and when they are taken.

use crate::account::{Account, Purse};
use crate::call::{Budget, Call, Context, Credentials};
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::lane;
use crate::limit::{Empty, Rate};
use contract::Operation;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

impl Engine {
    /// Takes units, and says what is left where there is a limit.
    ///
    /// # Errors
    /// Throttled.
    pub(crate) fn take_from(
        &self,
        purse: Purse<'_>,
        units: u32,
        now: Instant,
    ) -> Result<Option<Budget>, Fault> {
        self.budgets.take(purse, units, now).map_err(|empty| throttled(&empty))
    }

    /// Takes units of an address for work that an adapter does before it knows of a call: reading a document.
    ///
    /// # Errors
    /// Throttled.
    pub fn take_from_address(&self, peer: IpAddr, units: u32) -> Result<(), Fault> {
        self.take_from(Purse::Address(peer), units, self.now().instant)?;
        self.noted(units);
        Ok(())
    }

    /// Whether a request may be read: one whose budget is used up is refused before anything is made of what it holds.
    /// Takes nothing; credentials that are not valid are refused later, by the call.
    ///
    /// # Errors
    /// Throttled.
    pub fn ask(&self, peer: IpAddr, credentials: &Credentials) -> Result<(), Fault> {
        let moment = self.now();
        let ask = |purse| self.budgets.ask(purse, moment.instant).map_err(|empty| throttled(&empty));
        ask(Purse::Address(peer))?;
        match self.verified(credentials, moment) {
            Ok(caller) => caller.id().map_or(Ok(()), |id| ask(Purse::Caller(id))),
            Err(_) => Ok(()),
        }
    }

    /// The account of a request from an address, for all that is done for it.
    pub fn account(&self, peer: IpAddr) -> Account {
        Account::new(&self.budgets, peer)
    }

    /// Does something in the account of the request that is worked for here, or in one of its own.
    pub(crate) fn accounted<T>(&self, peer: IpAddr, work: impl FnOnce() -> T) -> T {
        match Account::current() {
            Some(_) => work(),
            None => self.account(peer).run(work),
        }
    }

    /// Units were taken for the request that is worked for here.
    pub(crate) fn noted(&self, units: u32) {
        if let Some(account) = Account::current() {
            account.paid(units);
        }
    }

    /// Who asks, for what an adapter answers by itself (a description of the API): it takes units of the same budgets
    /// as a call.
    ///
    /// # Errors
    /// Unauthenticated for a token that is not valid, Throttled.
    pub fn enter(&self, context: &Context, units: u32) -> Result<(Arc<Caller>, Option<Budget>), Fault> {
        let moment = self.now();
        let budget = self.take_from(Purse::Address(context.peer), units, moment.instant)?;
        self.noted(units);
        let caller = self.verified(&context.credentials, moment)?;
        if let Some(account) = Account::current() {
            account.is_of(&caller);
        }
        let own = match caller.id() {
            None => None,
            Some(id) => self.take_from(Purse::Caller(id), units, moment.instant)?,
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
        match cost.saturating_sub(operation.cost) {
            0 => Ok(None),
            beyond => {
                let budget = self.take_from(Purse::of(caller, context), beyond, now)?;
                self.noted(beyond);
                Ok(budget)
            }
        }
    }

    /// `@limit`: the operation's own bucket of the caller, or of the address for callers who are not known.
    pub(super) fn take_from_operation(
        &self,
        call: &Call,
        caller: &Caller,
        now: Instant,
    ) -> Result<(), Fault> {
        let operation = self.contract.operation(call.operation);
        let Some(limit) = operation.limit else {
            return Ok(());
        };
        let per_min = (u64::from(limit.calls) * 60).div_ceil(u64::from(limit.per_s.max(1)));
        let rate = Rate { burst: limit.calls, per_min: u32::try_from(per_min).unwrap_or(u32::MAX) };
        self.take_from_own(&operation.name, Purse::of(caller, &call.context), rate, now)
    }

    /// A bucket of something's own for each caller.
    pub(crate) fn take_from_own(
        &self,
        of: &str,
        purse: Purse<'_>,
        rate: Rate,
        now: Instant,
    ) -> Result<(), Fault> {
        let key = match purse {
            Purse::Caller(id) => format!("{of}\u{0}caller {id}"),
            Purse::Address(peer) => format!("{of}\u{0}address {}", lane::block(peer)),
        };
        self.limited.take(key.as_str(), rate, 1, now).map(drop).map_err(|empty| throttled(&empty))
    }
}

fn throttled(empty: &Empty) -> Fault {
    let fault = Fault::new(Kind::Throttled, codes::THROTTLED, "the budget is used up for now");
    Fault { retry_after_s: Some(empty.retry_after_s), budget: Some(empty.budget), ..fault }
}
