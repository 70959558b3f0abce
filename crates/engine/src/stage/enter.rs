//! The beginning of a stream: it is admitted and identified as a call is, and has a place of its own while it lasts.

use super::identify::Identified;
use super::{Planned, Slot};
use crate::call::Call;
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input::Streamed;
use crate::lane;
use quota::Owner;
use std::sync::Arc;
use std::time::Duration;

/// A stream whose caller is known, or known to be anonymous.
#[derive(Debug)]
pub(crate) struct Entered {
    /// What was said at its beginning.
    pub call: Call,
    /// Whose it is: to be had only together with the question whether the token is still valid.
    caller: Arc<Caller>,
    _slot: Slot,
}

impl Entered {
    /// Whose stream it is, at a moment at which something of it is to take effect.
    ///
    /// # Errors
    /// Unauthenticated once the token has expired.
    pub fn caller(&self, engine: &Engine, moment: Moment) -> Result<&Arc<Caller>, Fault> {
        engine.still(&self.caller, moment)?;
        Ok(&self.caller)
    }

    /// Whose room it takes for what is held.
    pub fn owner(&self) -> Owner<'_> {
        self.caller.id().map_or(Owner::Address(self.call.context.peer), Owner::Caller)
    }

    /// How long the token is still valid; none for callers who have none.
    pub fn valid_for(&self, moment: Moment) -> Option<Duration> {
        self.caller.valid_for(moment.since_epoch)
    }
}

impl Engine {
    /// Lets a stream begin: it pays for one call.
    pub(crate) fn enter_stream(&self, call: Call, moment: Moment) -> Result<Entered, Fault> {
        let mut slot = self.streams.take(lane::of_address(call.context.peer))?;
        let Identified { call, caller, .. } = self.identify(self.admit(call, moment)?)?;
        slot.is_of(lane::of_caller(&caller, &call.context))?;
        Ok(Entered { call, caller, _slot: slot })
    }

    /// Plans the call that a stream has become, now that all of it is there. It has paid before.
    pub(crate) fn prepare_entered(
        &self,
        entered: &Entered,
        call: Call,
        streamed: Streamed,
        moment: Moment,
    ) -> Result<Box<Planned>, Fault> {
        let caller = Arc::clone(entered.caller(self, moment)?);
        let mut slot = self.places_of(call.operation).take(lane::of_address(call.context.peer))?;
        slot.is_of(lane::of_caller(&caller, &call.context))?;
        let deadline = self.deadline(&call.context, moment);
        let now = moment.rfc3339();
        let streamed = Some(streamed);
        let identified = Identified { call, caller, moment, now, deadline, budget: None, slot, streamed };
        self.accounted(identified.call.context.peer, || {
            let permitted = self.permit(self.validate(identified)?)?;
            Ok(Box::new(self.plan(permitted)?))
        })
    }
}
