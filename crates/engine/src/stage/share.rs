//! How many of the streams under way each caller has, so that none has them all.

use crate::account::Purse;
use crate::fault::{Fault, Kind, codes};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Those who have streams, and how many. Nobody is in it without a stream, so there are no more than streams.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    of: Mutex<HashMap<Whose, usize>>,
}

/// Who has them: a caller who is known, by id, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Address(IpAddr),
    Caller(Box<str>),
}

/// One stream of somebody's, given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    all: Arc<Shares>,
    whose: Whose,
}

impl Shares {
    fn lock(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One among so many of the same; Throttled when there are as many.
    pub fn take(self: &Arc<Self>, purse: Purse<'_>, max: usize) -> Result<Share, Fault> {
        let whose = match purse {
            Purse::Address(peer) => Whose::Address(peer),
            Purse::Caller(id) => Whose::Caller(id.into()),
        };
        let mut of = self.lock();
        let taken = of.get(&whose).copied().unwrap_or_default();
        if taken >= max {
            let message = "too many streams of one caller are under way";
            let fault = Fault::new(Kind::Throttled, codes::THROTTLED, message);
            return Err(Fault { retry_after_s: Some(1), ..fault });
        }
        of.insert(whose.clone(), taken + 1);
        drop(of);
        Ok(Share { all: Arc::clone(self), whose })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut of = self.all.lock();
        if let Some(taken) = of.get_mut(&self.whose) {
            *taken -= 1;
            if *taken == 0 {
                of.remove(&self.whose);
            }
        }
    }
}
