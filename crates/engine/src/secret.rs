//! Hashing of `@secret` fields: argon2id (RFC 9106) with the crate's defaults (19 MiB, two passes, one lane), kept as
//! a PHC string.

use crate::fault::{Fault, Kind, codes};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::{Bill, Bounds, FairQueue, Lane, Metering, Put, QueueLimits, Taken};
use tokio::sync::oneshot;
use tokio::time::timeout_at;
use wire::Secret;

/// Bytes of a secret at the most: a longer one only costs time.
const SECRET_BYTES_MAX: usize = 1024;
/// What a hash takes, until it is known.
const HASH_TIME: Duration = Duration::from_millis(25);

/// Who may hash now: so many at once, and callers in turn.
#[derive(Debug, Clone)]
pub(crate) struct Hashing(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Those who wait; one whose receiver is gone waits no more.
    waiting: FairQueue<oneshot::Sender<Turn>>,
    /// Turns that are not taken.
    free: usize,
}

/// One may hash, until this is dropped.
#[derive(Debug)]
struct Turn {
    hashing: Hashing,
    bill: Option<Bill>,
    began: Instant,
}

impl Hashing {
    /// So many at once, and so many that wait for it.
    pub fn new(concurrent_max: usize, waiting_max: usize) -> Self {
        let concurrent_max = concurrent_max.max(1);
        let limits = QueueLimits { waiting_max, served_max: concurrent_max };
        let state = State { waiting: FairQueue::new(limits), free: concurrent_max };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    async fn turn(&self, lane: Lane, deadline: Instant) -> Result<Turn, Fault> {
        let (given, turn) = oneshot::channel();
        let put = {
            let mut state = self.lock();
            // Who has given up makes way.
            state.waiting.prune(oneshot::Sender::is_closed);
            state.waiting.put(lane, given, Instant::now())
        };
        match put {
            Put::Waits => {}
            // The other learns that it has lost its place when its end is dropped.
            Put::InsteadOf(other) => drop(other),
            Put::Refused(_) => return Err(overloaded()),
        }
        self.give_turns();
        match timeout_at(deadline.into(), turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(overloaded()),
            Err(_) => Err(too_late()),
        }
    }

    /// Gives the turns that are free to those who wait.
    fn give_turns(&self) {
        loop {
            let (given, turn) = {
                let (mut state, now) = (self.lock(), Instant::now());
                if state.free == 0 {
                    return;
                }
                let Some(Taken { item, bill }) = state.waiting.take(HASH_TIME, now) else { return };
                if item.is_closed() {
                    state.waiting.settle(bill, Duration::ZERO, now);
                    continue;
                }
                state.free -= 1;
                (item, Turn { hashing: self.clone(), bill: Some(bill), began: now })
            };
            // Whom nobody waits for any more gives its turn back by dropping it.
            drop(given.send(turn));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(bill) = self.bill.take() {
            let mut state = self.hashing.lock();
            state.free += 1;
            let now = Instant::now();
            state.waiting.settle(bill, now.saturating_duration_since(self.began), now);
            drop(state);
            self.hashing.give_turns();
        }
    }
}

/// The hash of a secret, made on the blocking pool when it is the caller's turn.
///
/// # Errors
/// Timeout at the deadline, whether it waits or not; Unavailable when too many wait and most of them are the caller's.
pub(crate) async fn hash(hashing: &Hashing, clear: Secret, bounds: &Bounds) -> Result<String, Fault> {
    let turn = hashing.turn(bounds.lane, bounds.deadline).await?;
    if Instant::now() >= bounds.deadline {
        return Err(too_late());
    }
    let meter = Arc::clone(&bounds.meter);
    let hashed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let _metering = Metering::begin(&*meter);
        hash_now(clear.expose().unwrap_or_default())
    });
    hashed.await.map_err(|e| Fault::internal(format!("hashing: {e}")))?
}

fn overloaded() -> Fault {
    let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "too many passwords are being hashed");
    Fault { retry_after_s: Some(1), ..fault }
}

fn too_late() -> Fault {
    Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, "it took longer than allowed")
}

/// The hash of a secret, made here.
pub(crate) fn hash_now(clear: &str) -> Result<String, Fault> {
    if clear.len() > SECRET_BYTES_MAX {
        let message = format!("a secret has at most {SECRET_BYTES_MAX} bytes");
        return Err(Fault::new(Kind::Invalid, codes::INVALID_INPUT, message));
    }
    let hash = Argon2::default().hash_password(clear.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| Fault::internal(format!("hashing: {e}")))
}

/// Whether a text is already an argon2id hash (a data set may bring its hashes along).
pub(crate) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn lane(name: &str) -> Lane {
        Lane::of(name)
    }

    /// Waits for a turn in a task of its own, and tells who had it.
    fn wait(
        hashing: &Hashing,
        name: &'static str,
        told: &tokio::sync::mpsc::UnboundedSender<&'static str>,
    ) -> tokio::task::JoinHandle<Result<(), Kind>> {
        let (hashing, told) = (hashing.clone(), told.clone());
        tokio::spawn(async move {
            let turn = hashing.turn(lane(name), Instant::now() + LONG).await;
            let turn = turn.map_err(|fault| fault.kind)?;
            told.send(name).unwrap();
            drop(turn);
            Ok(())
        })
    }

    #[tokio::test]
    async fn one_that_floods_is_hit_and_no_other() {
        let hashing = Hashing::new(1, 8);
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        let held = hashing.turn(lane("flood"), Instant::now() + LONG).await.unwrap();
        let flood: Vec<_> = (0..20).map(|_| wait(&hashing, "flood", &told)).collect();
        tokio::task::yield_now().await;
        let others = ["ann", "ben"].map(|name| wait(&hashing, name, &told));
        tokio::task::yield_now().await;
        drop(held);
        for other in others {
            assert_eq!(other.await.unwrap(), Ok(()));
        }
        assert_eq!([order.recv().await, order.recv().await], [Some("ann"), Some("ben")]);
        let mut refused = 0;
        for one in flood {
            refused += usize::from(one.await.unwrap() == Err(Kind::Unavailable));
        }
        assert_eq!(refused, 20 - 8 + 2);
        assert_eq!(hashing.lock().free, 1);
    }

    #[tokio::test]
    async fn who_waits_is_answered_at_its_deadline() {
        let hashing = Hashing::new(1, 8);
        let held = hashing.turn(lane("ann"), Instant::now() + LONG).await.unwrap();
        let of = |time| Bounds {
            deadline: Instant::now() + time,
            reply_bytes_max: 0,
            meter: Arc::new(store::Unmetered),
            lane: lane("ben"),
        };
        let late = hash(&hashing, "x".to_owned().into(), &of(Duration::from_millis(5))).await;
        assert_eq!(late.unwrap_err().kind, Kind::Timeout);
        drop(held);
        assert!(is_hash(&hash(&hashing, "x".to_owned().into(), &of(LONG)).await.unwrap()));
        let late = hash(&hashing, "x".to_owned().into(), &of(Duration::ZERO)).await;
        assert_eq!(late.unwrap_err().kind, Kind::Timeout);
    }
}
