//! Token buckets: one per caller, one per address, one per limited operation and caller.
//!
//! A bucket holds at most `burst` units and fills at a steady rate. It is kept as the time at which it would be full
//! (the "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371), one number a key, so an idle
//! bucket needs no timer and a full one need not be kept at all.

use crate::call::Budget;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Locks that buckets are spread over, so that threads seldom meet.
const SHARDS: usize = 16;

/// The size of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units that fit in.
    pub burst: u32,
    /// Units that flow in each minute; 0 for no limit.
    pub per_min: u32,
}

impl Rate {
    /// Nanoseconds that one unit takes to flow in.
    fn unit_ns(self) -> u64 {
        60_000_000_000 / u64::from(self.per_min)
    }
}

/// Buckets by key, bounded in number.
#[derive(Debug)]
pub struct Buckets<K> {
    shards: Vec<Mutex<HashMap<K, u64, RandomState>>>,
    hasher: RandomState,
    shard_keys_max: usize,
    start: Instant,
}

/// The bucket does not hold enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    /// Seconds until it does.
    pub retry_after_s: u32,
    /// What it holds.
    pub budget: Budget,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// No buckets yet, at most `keys_max` later. `start` is the zero of the clock that [`Buckets::take`] is given.
    pub fn new(keys_max: usize, start: Instant) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::default(),
            shard_keys_max: (keys_max / SHARDS).max(1),
            start,
        }
    }

    /// Takes `units` out of the bucket of `key`, or says when they will be there.
    pub fn take<Q>(&self, key: &Q, rate: Rate, units: u32, now: Instant) -> Result<Option<Budget>, Empty>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if rate.per_min == 0 {
            return Ok(None);
        }
        let (now_ns, mut full_at) = self.shard(key, now);
        let before = full_at.get(key).copied().unwrap_or(0).max(now_ns);
        let after = before.saturating_add(rate.unit_ns().saturating_mul(u64::from(units)));
        let capacity_ns = rate.unit_ns().saturating_mul(u64::from(rate.burst.max(units)));
        if after - now_ns > capacity_ns {
            let wait_ns = after - now_ns - capacity_ns;
            return Err(Empty { retry_after_s: seconds_up(wait_ns), budget: budget(rate, before - now_ns) });
        }
        self.put(&mut full_at, key, after, now_ns);
        Ok(Some(budget(rate, after - now_ns)))
    }

    /// Whether the bucket holds a unit; takes nothing.
    pub fn ask<Q>(&self, key: &Q, rate: Rate, now: Instant) -> Result<(), Empty>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if rate.per_min == 0 {
            return Ok(());
        }
        let (now_ns, full_at) = self.shard(key, now);
        let owed_ns = full_at.get(key).copied().unwrap_or(0).max(now_ns) - now_ns;
        let capacity_ns = rate.unit_ns().saturating_mul(u64::from(rate.burst.max(1)));
        match owed_ns.saturating_add(rate.unit_ns()).checked_sub(capacity_ns) {
            None | Some(0) => Ok(()),
            Some(wait_ns) => Err(Empty { retry_after_s: seconds_up(wait_ns), budget: budget(rate, owed_ns) }),
        }
    }

    /// Takes `units` that were used already, whether they are there or not: the bucket may owe them.
    pub fn charge<Q>(&self, key: &Q, rate: Rate, units: u32, now: Instant) -> Option<Budget>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if rate.per_min == 0 {
            return None;
        }
        let (now_ns, mut full_at) = self.shard(key, now);
        let before = full_at.get(key).copied().unwrap_or(0).max(now_ns);
        let after = before.saturating_add(rate.unit_ns().saturating_mul(u64::from(units)));
        self.put(&mut full_at, key, after, now_ns);
        Some(budget(rate, after - now_ns))
    }

    /// The buckets that `key` is among, and the time on their clock.
    fn shard<Q: Hash + ?Sized>(
        &self,
        key: &Q,
        now: Instant,
    ) -> (u64, MutexGuard<'_, HashMap<K, u64, RandomState>>) {
        let now_ns = u64::try_from(now.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX);
        let shard = self.hasher.hash_one(key) as usize % SHARDS;
        (now_ns, self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put<Q>(&self, full_at: &mut HashMap<K, u64, RandomState>, key: &Q, at: u64, now_ns: u64)
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match full_at.get_mut(key) {
            Some(slot) => *slot = at,
            None => {
                self.make_room(full_at, now_ns);
                full_at.insert(key.to_owned(), at);
            }
        }
    }

    /// Forgets the buckets that are full again (they say nothing), and if all are in use the one nearest to full:
    /// a flood of new keys can then win back units of its own old keys, never grow the memory.
    fn make_room(&self, full_at: &mut HashMap<K, u64, RandomState>, now_ns: u64) {
        if full_at.len() < self.shard_keys_max {
            return;
        }
        full_at.retain(|_, at| *at > now_ns);
        if full_at.len() >= self.shard_keys_max
            && let Some(nearest) = full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone())
        {
            full_at.remove(&nearest);
        }
    }
}

fn budget(rate: Rate, owed_ns: u64) -> Budget {
    let used = owed_ns.div_ceil(rate.unit_ns());
    let remaining = u64::from(rate.burst).saturating_sub(used);
    Budget {
        limit: rate.burst,
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        reset_s: seconds_up(owed_ns),
    }
}

fn seconds_up(ns: u64) -> u32 {
    u32::try_from(ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const RATE: Rate = Rate { burst: 3, per_min: 60 };

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let start = Instant::now();
        let buckets: Buckets<String> = Buckets::new(100, start);
        let take = |at_ms: u64| buckets.take("a", RATE, 1, start + Duration::from_millis(at_ms));
        assert_eq!(take(0).expect("full").expect("limited").remaining, 2);
        assert_eq!(take(0).expect("two left").expect("limited").remaining, 1);
        assert_eq!(take(0).expect("one left").expect("limited").remaining, 0);
        assert_eq!(take(0).expect_err("empty").retry_after_s, 1);
        assert!(take(999).is_err());
        assert!(take(1000).is_ok());
        assert!(take(1000).is_err());
        assert_eq!(take(10_000).expect("full again").expect("limited").remaining, 2);
    }

    #[test]
    fn keys_do_not_share_and_their_number_is_bounded() {
        let start = Instant::now();
        let buckets: Buckets<String> = Buckets::new(SHARDS * 4, start);
        for i in 0..10_000 {
            assert!(buckets.take(format!("k{i}").as_str(), RATE, 3, start).is_ok());
        }
        let kept: usize = buckets.shards.iter().map(|s| s.lock().expect("no panic").len()).sum();
        assert!(kept <= SHARDS * 4, "{kept}");
    }

    #[test]
    fn a_cost_above_the_burst_can_still_be_paid_from_a_full_bucket() {
        let start = Instant::now();
        let buckets: Buckets<String> = Buckets::new(100, start);
        assert!(buckets.take("a", RATE, 5, start).is_ok());
        assert!(buckets.take("a", RATE, 1, start).is_err());
    }

    /// What was used is owed, and the bucket gives nothing until it has flowed in.
    #[test]
    fn a_bucket_may_owe() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let buckets: Buckets<String> = Buckets::new(100, start);
        assert!(buckets.ask("a", RATE, at(0)).is_ok());
        assert_eq!(buckets.charge("a", RATE, 10, at(0)).expect("limited").remaining, 0);
        let empty = buckets.ask("a", RATE, at(0)).expect_err("it owes");
        assert_eq!(buckets.take("a", RATE, 1, at(0)), Err(empty));
        assert_eq!(empty.retry_after_s, 8);
        assert!(buckets.ask("a", RATE, at(7)).is_err() && buckets.ask("a", RATE, at(8)).is_ok());
        assert!(buckets.take("a", RATE, 1, at(8)).is_ok() && buckets.ask("a", RATE, at(8)).is_err());
    }

    #[test]
    fn no_rate_is_no_limit() {
        let start = Instant::now();
        let buckets: Buckets<String> = Buckets::new(100, start);
        let free = Rate { burst: 0, per_min: 0 };
        assert_eq!(buckets.take("a", free, u32::MAX, start), Ok(None));
    }
}
