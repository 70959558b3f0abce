//! What a request has used, what it has paid, and who pays the rest.
//!
//! A call takes the units that it is expected to cost before it runs. What it really used is known only afterwards: where
//! that is more, the difference is taken then, from the same budget, which may go below nothing. A request has one account
//! for all its calls and for what its adapter does around them. It is ambient, as a span of a trace is: whatever runs
//! inside [`Account::scope`] is added to it, so that no stage and no protocol can forget to.

use crate::call::{self, Budget};
use crate::clock::Clock;
use crate::identity::Caller;
use crate::lane;
use crate::limit::{Buckets, Empty, Rate};
use crate::settings::Settings;
use std::cell::RefCell;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use store::{Meter, Stretch};

/// CPU time that a unit pays for.
pub const UNIT_CPU: Duration = Duration::from_millis(20);
/// CPU time that a request may take beyond what it has paid for before it pays more: what refuses a request is paid for by
/// nobody, or a client that tries again too soon would never get out of its debt.
const UNPAID_CPU_MAX: Duration = Duration::from_millis(2);

/// Whose units are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purse<'a> {
    /// Those of an address.
    Address(IpAddr),
    /// Those of a caller who is known, by id.
    Caller(&'a str),
}

impl<'a> Purse<'a> {
    /// The caller's, or for one who is not known the address's.
    pub fn of(caller: &'a Caller, context: &call::Context) -> Self {
        caller.id().map_or(Self::Address(context.peer), Self::Caller)
    }
}

/// The buckets of all callers and addresses.
#[derive(Debug)]
pub(crate) struct Budgets {
    addresses: Buckets<IpAddr>,
    callers: Buckets<String>,
    address_rate: Rate,
    caller_rate: Rate,
    clock: Arc<dyn Clock>,
}

impl Budgets {
    pub fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let start = clock.now().instant;
        let rate = |per_min| Rate { burst: settings.burst_units, per_min };
        Self {
            addresses: Buckets::new(settings.buckets_max, start),
            callers: Buckets::new(settings.buckets_max, start),
            address_rate: rate(settings.address_units_per_min),
            caller_rate: rate(settings.caller_units_per_min),
            clock: Arc::clone(clock),
        }
    }

    /// Takes units that are there.
    pub fn take(&self, purse: Purse<'_>, units: u32, now: Instant) -> Result<Option<Budget>, Empty> {
        match purse {
            Purse::Address(peer) => self.addresses.take(&lane::block(peer), self.address_rate, units, now),
            Purse::Caller(id) => self.callers.take(id, self.caller_rate, units, now),
        }
    }

    /// Whether there is a unit.
    pub fn ask(&self, purse: Purse<'_>, now: Instant) -> Result<(), Empty> {
        match purse {
            Purse::Address(peer) => self.addresses.ask(&peer, self.address_rate, now),
            Purse::Caller(id) => self.callers.ask(id, self.caller_rate, now),
        }
    }

    /// Takes units that were used, there or not.
    fn charge(&self, purse: Purse<'_>, units: u32, now: Instant) -> Option<Budget> {
        match purse {
            Purse::Address(peer) => self.addresses.charge(&lane::block(peer), self.address_rate, units, now),
            Purse::Caller(id) => self.callers.charge(id, self.caller_rate, units, now),
        }
    }
}

/// The account of one request. Cheap to clone; what is not paid when the last one is dropped is paid then.
#[derive(Debug, Clone)]
pub struct Account(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    budgets: Arc<Budgets>,
    peer: IpAddr,
    caller: OnceLock<Arc<Caller>>,
    used_ns: AtomicU64,
    /// Units taken so far.
    units: AtomicU32,
}

thread_local! {
    /// The account that what runs on this thread is added to, and since when.
    static CURRENT: RefCell<Option<(Account, Stretch)>> = const { RefCell::new(None) };
}

impl Account {
    pub(crate) fn new(budgets: &Arc<Budgets>, peer: IpAddr) -> Self {
        Self(Arc::new(Ledger {
            budgets: Arc::clone(budgets),
            peer,
            caller: OnceLock::new(),
            used_ns: AtomicU64::new(0),
            units: AtomicU32::new(0),
        }))
    }

    /// The account of the request that this thread works for.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.with_borrow(|current| current.as_ref().map(|(account, _)| account.clone()))
    }

    /// Runs something here and adds what it takes. Not inside itself, which would be counted twice.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _running = Running::new(self.clone());
        work()
    }

    /// A future all of whose work is added.
    pub fn scope<F: Future>(self, future: F) -> Scope<F> {
        Scope { account: self, future }
    }

    /// Who pays, once it is known; the address until then.
    pub(crate) fn is_of(&self, caller: &Arc<Caller>) {
        if caller.id().is_some() {
            // A request has one caller: whoever says it again says the same.
            let _ = self.0.caller.set(Arc::clone(caller));
        }
    }

    /// What work for it is added to.
    pub fn meter(&self) -> Arc<dyn Meter> {
        Arc::clone(&self.0) as _
    }

    /// Units were taken for it.
    pub(crate) fn paid(&self, units: u32) {
        self.0.units.fetch_add(units, Ordering::Relaxed);
    }

    /// CPU time used so far, and units taken for it so far.
    pub(crate) fn so_far(&self) -> (Duration, u32) {
        let here = CURRENT.with_borrow(|current| match current {
            Some((account, stretch)) if Arc::ptr_eq(&account.0, &self.0) => stretch.so_far(),
            Some(_) | None => Duration::ZERO,
        });
        let used = Duration::from_nanos(self.0.used_ns.load(Ordering::Relaxed));
        (used + here, self.0.units.load(Ordering::Relaxed))
    }

    /// What was used and paid before a call. All that was done for its first call, its reading included, is its own.
    pub(crate) fn before_call(&self) -> (Duration, u32) {
        match self.0.units.load(Ordering::Relaxed) {
            0 => (Duration::ZERO, 0),
            _ => self.so_far(),
        }
    }

    /// Takes the units that were used and not paid. Says how many, and what is left.
    pub(crate) fn settle(&self) -> Option<(u32, Option<Budget>)> {
        let (used, _) = self.so_far();
        self.0.settle(used)
    }
}

impl Ledger {
    fn settle(&self, used: Duration) -> Option<(u32, Option<Budget>)> {
        let due = units_for(used);
        if due <= self.units.load(Ordering::Relaxed) {
            return None;
        }
        let owed = due.saturating_sub(self.units.fetch_max(due, Ordering::Relaxed));
        let caller = self.caller.get().and_then(|caller| caller.id());
        let purse = caller.map_or(Purse::Address(self.peer), Purse::Caller);
        (owed > 0).then(|| (owed, self.budgets.charge(purse, owed, self.budgets.clock.instant())))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.settle(Duration::from_nanos(self.used_ns.load(Ordering::Relaxed)));
    }
}

/// Units that pay for so much CPU time.
fn units_for(used: Duration) -> u32 {
    if used <= UNPAID_CPU_MAX {
        return 0;
    }
    let beyond = (used - UNPAID_CPU_MAX).as_nanos();
    u32::try_from(beyond.div_ceil(UNIT_CPU.as_nanos())).unwrap_or(u32::MAX)
}

impl Meter for Ledger {
    fn add(&self, cpu: Duration) {
        self.used_ns.fetch_add(u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// An account is this thread's until this is dropped; the one before it is then.
struct Running {
    before: Option<(Account, Stretch)>,
}

impl Running {
    fn new(account: Account) -> Self {
        Self { before: CURRENT.replace(Some((account, Stretch::begin()))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((account, stretch)) = CURRENT.replace(self.before.take()) {
            account.0.add(stretch.so_far());
            account.settle();
        }
    }
}

pin_project_lite::pin_project! {
    /// A future whose work is added to an account.
    #[derive(Debug)]
    pub struct Scope<F> {
        account: Account,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _running = Running::new(this.account.clone());
        this.future.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::clock::SystemClock;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn budgets() -> Arc<Budgets> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let settings = Settings {
            burst_units: 100,
            address_units_per_min: 1,
            caller_units_per_min: 1,
            ..Settings::default()
        };
        Arc::new(Budgets::new(&settings, &clock))
    }

    /// What is left in the bucket of the address.
    fn left(budgets: &Budgets) -> u32 {
        let taken = budgets.take(Purse::Address(PEER), 0, budgets.clock.instant());
        taken.map_or_else(|empty| empty.budget, Option::unwrap).remaining
    }

    #[test]
    fn what_is_used_beyond_what_was_paid_is_taken_when_the_last_holder_ends() {
        let budgets = budgets();
        let account = Account::new(&budgets, PEER);
        account.paid(2);
        let elsewhere = account.meter();
        drop(account);
        elsewhere.add(5 * UNIT_CPU);
        assert_eq!(left(&budgets), 100, "it is still under way");
        drop(elsewhere);
        assert_eq!(left(&budgets), 97);
    }

    #[test]
    fn what_is_paid_is_not_taken_again() {
        let budgets = budgets();
        let account = Account::new(&budgets, PEER);
        account.0.add(3 * UNIT_CPU);
        assert_eq!(account.settle().unwrap().0, 3);
        assert!(account.settle().is_none());
        account.paid(1);
        account.0.add(UNIT_CPU);
        drop(account);
        assert_eq!(left(&budgets), 97);
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let budgets = budgets();
        Account::new(&budgets, PEER).0.add(UNPAID_CPU_MAX);
        assert_eq!(left(&budgets), 100);
    }

    /// More than there is: who used it waits until it has flowed in.
    #[test]
    fn a_budget_may_go_below_nothing() {
        let budgets = budgets();
        Account::new(&budgets, PEER).0.add(150 * UNIT_CPU);
        let empty = budgets.take(Purse::Address(PEER), 1, budgets.clock.instant()).unwrap_err();
        assert_eq!(empty.budget.remaining, 0);
        assert!(empty.retry_after_s > 50 * 60, "{}", empty.retry_after_s);
    }

    #[test]
    fn what_runs_in_a_scope_is_added() {
        let budgets = budgets();
        let account = Account::new(&budgets, PEER);
        let inside =
            account.run(|| Account::current().is_some_and(|current| Arc::ptr_eq(&current.0, &account.0)));
        assert!(inside && Account::current().is_none());
        assert!(account.so_far().0 > Duration::ZERO);
    }
}
