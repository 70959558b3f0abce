//! Places for what is under way: so many in all, and of those a share for each caller and each address, so that none
//! has them all.

use crate::fault::{Fault, Kind, codes};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Lane;

/// Locks that shares are spread over, so that threads seldom meet.
const SHARDS: usize = 16;

/// How many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceLimits {
    /// In all.
    pub all_max: usize,
    /// Of one caller, or of the unknown callers of one address.
    pub caller_max: usize,
    /// Of one address, whoever calls from it.
    pub address_max: usize,
}

/// Places of one kind. Who has none is not in it, so it is no larger than the number of places.
#[derive(Debug)]
pub(crate) struct Places {
    /// What the places are for, in a message.
    of: &'static str,
    limits: PlaceLimits,
    taken: AtomicUsize,
    shares: [Mutex<HashMap<Lane, usize, RandomState>>; SHARDS],
}

/// A place among what is under way, given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    all: Arc<Places>,
    address: Option<Lane>,
    caller: Option<Lane>,
}

impl Places {
    /// Places for this, all of them free.
    pub fn new(of: &'static str, limits: PlaceLimits) -> Arc<Self> {
        let shares = std::array::from_fn(|_| Mutex::default());
        Arc::new(Self { of, limits, taken: AtomicUsize::new(0), shares })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// A place for somebody at this address; who it is is said later ([`Slot::is_of`]).
    ///
    /// # Errors
    /// Unavailable when all are taken, Throttled when the address has its share.
    pub fn take(self: &Arc<Self>, address: Lane) -> Result<Slot, Fault> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let mut slot = Slot { all: Arc::clone(self), address: None, caller: None };
        if before >= self.limits.all_max {
            return Err(refused(Kind::Unavailable, format!("too many {} are under way", self.of)));
        }
        if !self.hold(address, self.limits.address_max) {
            return Err(refused(
                Kind::Throttled,
                format!("too many {} of one address are under way", self.of),
            ));
        }
        slot.address = Some(address);
        Ok(slot)
    }

    fn shard(&self, lane: Lane) -> MutexGuard<'_, HashMap<Lane, usize, RandomState>> {
        self.shares[lane.shard(SHARDS)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One place more for a lane, if it has fewer than so many.
    fn hold(&self, lane: Lane, max: usize) -> bool {
        let mut shares = self.shard(lane);
        let held = shares.entry(lane).or_default();
        let has_room = *held < max.max(1);
        *held += usize::from(has_room);
        has_room
    }

    fn give_back(&self, lane: Lane) {
        let mut shares = self.shard(lane);
        if let Some(held) = shares.get_mut(&lane) {
            *held -= 1;
            if *held == 0 {
                shares.remove(&lane);
            }
        }
    }
}

impl Slot {
    /// It is known who has the place.
    ///
    /// # Errors
    /// Throttled when the caller has its share.
    pub fn is_of(&mut self, caller: Lane) -> Result<(), Fault> {
        if !self.all.hold(caller, self.all.limits.caller_max) {
            let of = self.all.of;
            return Err(refused(Kind::Throttled, format!("too many {of} of one caller are under way")));
        }
        self.caller = Some(caller);
        Ok(())
    }

    /// Whose turn it is where its call has to wait.
    pub fn lane(&self) -> Lane {
        self.caller.or(self.address).unwrap_or(Lane::OPERATOR)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.all.taken.fetch_sub(1, Ordering::Relaxed);
        [self.address, self.caller].into_iter().flatten().for_each(|lane| self.all.give_back(lane));
    }
}

fn refused(kind: Kind, message: String) -> Fault {
    let code = if kind == Kind::Throttled { codes::THROTTLED } else { codes::OVERLOADED };
    Fault { retry_after_s: Some(1), ..Fault::new(kind, code, message) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn take(places: &Arc<Places>, address: &str, caller: &str) -> Result<Slot, Kind> {
        let slot = places.take(Lane::of(("address", address))).map_err(|fault| fault.kind)?;
        let mut slot = slot;
        slot.is_of(Lane::of(("caller", caller))).map_err(|fault| fault.kind)?;
        Ok(slot)
    }

    #[test]
    fn nobody_has_all_places() {
        let places = Places::new("calls", PlaceLimits { all_max: 5, caller_max: 2, address_max: 3 });
        let mut held = vec![take(&places, "here", "ann").unwrap(), take(&places, "here", "ann").unwrap()];
        assert_eq!(take(&places, "here", "ann").unwrap_err(), Kind::Throttled);
        assert_eq!(take(&places, "there", "ann").unwrap_err(), Kind::Throttled);
        held.push(take(&places, "here", "ben").unwrap());
        assert_eq!(take(&places, "here", "cal").unwrap_err(), Kind::Throttled);
        held.push(take(&places, "there", "ben").unwrap());
        held.push(take(&places, "there", "cal").unwrap());
        assert_eq!(take(&places, "elsewhere", "dan").unwrap_err(), Kind::Unavailable);
        assert_eq!(places.taken(), 5);
        drop(held);
        assert_eq!(places.taken(), 0);
        assert!(places.shares.iter().all(|shard| shard.lock().unwrap().is_empty()));
        assert!(take(&places, "here", "ann").is_ok());
    }
}
