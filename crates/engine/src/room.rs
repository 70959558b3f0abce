//! Room for what is held for a caller: answers that are not sent yet, input that is being gathered.

use crate::account::Purse;
use crate::call::Context;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use quota::{Exceeded, Holder, Owner, Pool, Reservation};
use std::sync::Arc;

/// Bytes that there must be room for before a call is run.
const CALL_BYTES: usize = 1024;
/// Bytes of an answer from which on what was reserved for it and not used is given back to the allocator.
const TRIMMED_BYTES_MIN: usize = 16 * 1024;

/// There is no room: for one who holds a large part of it Throttled, for any other Unavailable.
pub fn no_room(exceeded: Exceeded) -> Fault {
    let (kind, code, message) = match exceeded {
        Exceeded::Share => {
            (Kind::Throttled, codes::THROTTLED, "too much is held for this caller: take what was answered")
        }
        Exceeded::Pool => {
            (Kind::Unavailable, codes::OVERLOADED, "too much is held for callers to take on more")
        }
    };
    Fault { retry_after_s: Some(1), ..Fault::new(kind, code, message) }
}

impl Purse<'_> {
    /// Whose room is taken.
    pub(crate) fn owner(&self) -> Owner<'_> {
        match self {
            Purse::Address(address) => Owner::Address(*address),
            Purse::Caller(id) => Owner::Caller(id),
        }
    }
}

impl Engine {
    /// Bytes of an answer at the most.
    pub fn reply_bytes_max(&self) -> usize {
        self.settings.reply_bytes_max
    }

    /// What everything that is held for callers is taken from. The edge takes from it as well, for addresses.
    pub fn held(&self) -> &Arc<Pool> {
        &self.held
    }

    pub(crate) fn holder(&self, caller: &Caller, context: &Context) -> Holder {
        self.held.holder(Purse::of(caller, context).owner())
    }

    /// Room for the answer of a call: what it must have before it is run.
    pub(crate) fn room(&self, caller: &Caller, context: &Context) -> Result<Arc<Reservation>, Fault> {
        self.holder(caller, context).take(CALL_BYTES).map(Arc::new).map_err(no_room)
    }
}

/// Holds an answer that was made, and no more than it.
pub(crate) fn hold(room: &Reservation, body: &mut Vec<u8>) -> Result<(), Fault> {
    if body.capacity() > TRIMMED_BYTES_MIN {
        body.shrink_to_fit();
    }
    room.grow_to(body.capacity()).map_err(no_room)?;
    room.shrink_to(body.capacity());
    Ok(())
}
