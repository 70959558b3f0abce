//! Pools, the holders of their owners, and reservations.

use foldhash::fast::RandomState;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks that holders are spread over, so that threads seldom meet.
const SHARDS: usize = 16;
/// Holders of a shard that are kept before those which nobody uses are looked for.
const SWEEP_HOLDERS_MIN: usize = 64;
/// An holder that would hold more than this part of its pool is refused for its own use, any other for that of all.
const OWN_SHARE: usize = 64;

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A peer that is known by where it is: what is one [`block`] of addresses is one owner.
    Address(IpAddr),
    /// A caller that is known, by id.
    Caller(&'a str),
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has.
pub fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// A bound in bytes for all owners together.
#[derive(Debug)]
pub struct Pool {
    total: Arc<Total>,
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

/// What is taken of a pool.
#[derive(Debug)]
struct Total {
    bytes_max: usize,
    used: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    addresses: Holders<IpAddr>,
    callers: Holders<Box<str>>,
}

#[derive(Debug)]
struct Holders<K> {
    of: HashMap<K, Arc<AtomicUsize>, RandomState>,
    /// Holders at which those that nobody uses are next looked for.
    sweep_at: usize,
}

impl<K> Default for Holders<K> {
    fn default() -> Self {
        Self { of: HashMap::default(), sweep_at: SWEEP_HOLDERS_MIN }
    }
}

/// What one owner holds of a pool. Clones are the same holder.
#[derive(Clone)]
pub struct Holder {
    total: Arc<Total>,
    own: Arc<AtomicUsize>,
}

/// Bytes of an holder's, given back when dropped. It may be shared by those who use the bytes.
pub struct Reservation {
    holder: Holder,
    bytes: AtomicUsize,
}

/// There are not so many bytes for the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// It holds a large part of the pool itself.
    Share,
    /// All owners together hold too much.
    Pool,
}

impl Pool {
    /// A pool of so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        let total = Arc::new(Total { bytes_max, used: AtomicUsize::new(0) });
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { total, shards, hasher: RandomState::default() }
    }

    /// The holder of an owner. Holders that nobody has a clone or a reservation of are forgotten in time.
    pub fn holder(&self, owner: Owner<'_>) -> Holder {
        let own = match owner {
            Owner::Address(address) => {
                let address = block(address);
                self.shard(&address).addresses.get(&address)
            }
            Owner::Caller(id) => self.shard(id).callers.get(id),
        };
        Holder { total: Arc::clone(&self.total), own }
    }

    fn shard<K: Hash + ?Sized>(&self, key: &K) -> MutexGuard<'_, Shard> {
        let shard = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are taken by all owners.
    pub fn used(&self) -> usize {
        self.total.used.load(Relaxed)
    }

    /// Bytes that all owners may take.
    pub fn bytes_max(&self) -> usize {
        self.total.bytes_max
    }
}

impl<K: Hash + Eq> Holders<K> {
    fn get<Q>(&mut self, key: &Q) -> Arc<AtomicUsize>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        K: From<Q::Owned>,
    {
        if let Some(own) = self.of.get(key) {
            return Arc::clone(own);
        }
        if self.of.len() >= self.sweep_at {
            self.of.retain(|_, own| Arc::strong_count(own) > 1);
            self.sweep_at = (self.of.len() * 2).max(SWEEP_HOLDERS_MIN);
        }
        let own = Arc::<AtomicUsize>::default();
        self.of.insert(K::from(key.to_owned()), Arc::clone(&own));
        own
    }
}

impl Holder {
    /// Takes bytes.
    ///
    /// # Errors
    /// There are not so many for this owner.
    pub fn take(&self, bytes: usize) -> Result<Reservation, Exceeded> {
        self.add(bytes)?;
        Ok(Reservation { holder: self.clone(), bytes: AtomicUsize::new(bytes) })
    }

    /// Whether so many bytes could be taken now.
    ///
    /// # Errors
    /// They could not.
    pub fn check(&self, bytes: usize) -> Result<(), Exceeded> {
        self.fits(bytes, self.total.used.load(Relaxed))
    }

    /// Whether this is the same holder.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.own, &other.own)
    }

    /// Bytes that this owner holds.
    pub fn used(&self) -> usize {
        self.own.load(Relaxed)
    }

    fn fits(&self, bytes: usize, used: usize) -> Result<(), Exceeded> {
        let own = self.own.load(Relaxed).saturating_add(bytes);
        let free = self.total.bytes_max.checked_sub(used).and_then(|free| free.checked_sub(bytes));
        match free {
            Some(free) if own <= free => Ok(()),
            Some(_) | None if own > self.total.bytes_max / OWN_SHARE => Err(Exceeded::Share),
            Some(_) | None => Err(Exceeded::Pool),
        }
    }

    /// The bound for all is exact; that of one's own may be passed by what threads take at the same moment.
    fn add(&self, bytes: usize) -> Result<(), Exceeded> {
        let mut used = self.total.used.load(Relaxed);
        loop {
            self.fits(bytes, used)?;
            match self.total.used.compare_exchange_weak(used, used + bytes, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => used = now,
            }
        }
        self.own.fetch_add(bytes, Relaxed);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.own.fetch_sub(bytes, Relaxed);
        self.total.used.fetch_sub(bytes, Relaxed);
    }
}

impl Reservation {
    /// Bytes that are held.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Whose they are.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Takes more.
    ///
    /// # Errors
    /// There are not so many for this owner; what is held stays.
    pub fn grow(&self, bytes: usize) -> Result<(), Exceeded> {
        self.holder.add(bytes)?;
        self.bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// Holds at least so many.
    ///
    /// # Errors
    /// As [`Reservation::grow`].
    pub fn grow_to(&self, bytes: usize) -> Result<(), Exceeded> {
        match bytes.checked_sub(self.bytes()) {
            None | Some(0) => Ok(()),
            Some(more) => self.grow(more),
        }
    }

    /// Gives back what is beyond so many.
    pub fn shrink_to(&self, bytes: usize) {
        let before = self.bytes.fetch_min(bytes, Relaxed);
        self.holder.give_back(before.saturating_sub(bytes));
    }

    /// Takes over what another reservation of the same holder holds; another's stays as it is.
    pub fn absorb(&self, other: &Self) {
        if self.holder.is(&other.holder) {
            self.bytes.fetch_add(other.bytes.swap(0, Relaxed), Relaxed);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.holder.give_back(self.bytes());
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holder({} bytes)", self.used())
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({} bytes)", self.bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holder(pool: &Pool, number: usize) -> Holder {
        pool.holder(Owner::Caller(&number.to_string()))
    }

    /// Takes pieces until there is no more, and says how many bytes it got.
    fn greedy(holder: &Holder, piece: usize, kept: &mut Vec<Reservation>) -> usize {
        while let Ok(reservation) = holder.take(piece) {
            kept.push(reservation);
        }
        holder.used()
    }

    #[test]
    fn one_owner_gets_half_and_many_leave_room_for_one_more() {
        for owners in [1, 2, 5, 100, 1000] {
            let pool = Pool::new(1_000_000);
            let mut kept = Vec::new();
            // Turn by turn, as those who compete come.
            let holders: Vec<Holder> = (0..owners).map(|number| holder(&pool, number)).collect();
            let mut took = true;
            while took {
                took = false;
                for holder in &holders {
                    if let Ok(reservation) = holder.take(10) {
                        kept.push(reservation);
                        took = true;
                    }
                }
            }
            let fair = 1_000_000 / (owners + 1);
            assert!(holders.iter().all(|a| a.used().abs_diff(fair) <= 20), "{owners}");
            let late = holder(&pool, owners);
            assert!(
                late.take(fair / 2 - 20).is_ok(),
                "{owners}: whoever comes next has half of that at once"
            );
            drop(kept);
            assert_eq!(pool.used(), 0);
        }
    }

    #[test]
    fn who_is_refused_for_its_own_use_is_told_so() {
        let pool = Pool::new(1000);
        let (one, other) = (holder(&pool, 1), holder(&pool, 2));
        let mut kept = Vec::new();
        assert_eq!(greedy(&one, 10, &mut kept), 500);
        assert_eq!(one.take(10).unwrap_err(), Exceeded::Share);
        assert_eq!(greedy(&other, 10, &mut kept), 250);
        let small: Vec<Holder> = (3..200).map(|number| holder(&pool, number)).collect();
        let mut last = Ok(());
        for holder in &small {
            match holder.take(5) {
                Ok(reservation) => kept.push(reservation),
                Err(exceeded) => last = Err(exceeded),
            }
        }
        assert_eq!(last, Err(Exceeded::Pool));
    }

    #[test]
    fn a_reservation_grows_and_shrinks() {
        let pool = Pool::new(100);
        let reservation = holder(&pool, 1).take(10).unwrap();
        reservation.grow(20).unwrap();
        assert_eq!((reservation.bytes(), pool.used()), (30, 30));
        assert!(reservation.grow(30).is_err());
        assert_eq!((reservation.bytes(), pool.used()), (30, 30), "what is refused changes nothing");
        reservation.grow_to(50).unwrap();
        reservation.grow_to(5).unwrap();
        assert_eq!(pool.used(), 50);
        reservation.shrink_to(7);
        reservation.shrink_to(9);
        assert_eq!((reservation.bytes(), pool.used()), (7, 7));
        let held = crate::hold(vec![1, 2, 3], Arc::new(reservation));
        let slice = held.slice(1..2);
        drop(held);
        assert_eq!(pool.used(), 7);
        drop(slice);
        assert_eq!(pool.used(), 0);
    }

    /// Random takings and givings by several threads: never above the bound, and all is given back.
    #[test]
    fn the_sum_is_never_above_the_bound() {
        let pool = Arc::new(Pool::new(10_000));
        let threads = (0..4_u64).map(|thread| {
            let pool = Arc::clone(&pool);
            std::thread::spawn(move || {
                let mut chance = 0x9e37_79b9_u64 + thread;
                let mut kept: Vec<Reservation> = Vec::new();
                for _ in 0..50_000 {
                    chance ^= chance << 13;
                    chance ^= chance >> 7;
                    chance ^= chance << 17;
                    let bytes = (chance >> 8) as usize % 700;
                    match chance % 4 {
                        0 | 1 => {
                            let own = holder(&pool, (chance >> 32) as usize % 5);
                            kept.extend(own.take(bytes));
                        }
                        2 if !kept.is_empty() => {
                            let at = (chance >> 40) as usize % kept.len();
                            drop(kept.swap_remove(at));
                        }
                        _ => {
                            if let Some(last) = kept.last() {
                                let _ = last.grow_to(bytes);
                                last.shrink_to(bytes / 2);
                            }
                        }
                    }
                    assert!(pool.used() <= pool.bytes_max());
                }
            })
        });
        threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(pool.used(), 0);
        assert!((0..5).all(|number| holder(&pool, number).used() == 0));
    }

    #[test]
    fn accounts_that_nobody_uses_are_forgotten() {
        let pool = Pool::new(1_000_000);
        let kept: Vec<Reservation> = (0..100).map(|number| holder(&pool, number).take(1).unwrap()).collect();
        for number in 100..100_000 {
            holder(&pool, number);
        }
        let holders: usize = pool.shards.iter().map(|shard| shard.lock().unwrap().callers.of.len()).sum();
        assert!(holders <= 100 + SHARDS * SWEEP_HOLDERS_MIN * 2, "{holders}");
        assert!((0..100).all(|number| holder(&pool, number).used() == 1));
        drop(kept);
    }

    #[test]
    fn one_ipv6_subscriber_is_one_address() {
        let same = |a: &str, b: &str| block(a.parse().unwrap()) == block(b.parse().unwrap());
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::9"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
