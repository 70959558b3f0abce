//! The beginning of a stream: it is admitted and identified as a call is, and has a place of its own while it lasts.

use super::identify::Identified;
use super::share::Share;
use super::{Planned, Slot};
use crate::account::Purse;
use crate::call::Call;
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input::Streamed;
use std::sync::Arc;

/// A stream whose caller is known, or known to be anonymous.
#[derive(Debug)]
pub(crate) struct Entered {
    /// What was said at its beginning.
    pub call: Call,
    /// Who it is of.
    pub caller: Arc<Caller>,
    _slot: Slot,
    _share: Share,
}

impl Engine {
    /// Lets a stream begin: it pays for one call.
    pub(crate) fn enter_stream(&self, call: Call, moment: Moment) -> Result<Entered, Fault> {
        let slot = Slot::take(&self.streams, self.settings.streams_concurrent_max, "streams")?;
        let Identified { call, caller, .. } = self.identify(self.admit(call, moment)?)?;
        let purse = Purse::of(&caller, &call.context);
        let share = self.shares.take(purse, self.settings.caller_streams_max)?;
        Ok(Entered { call, caller, _slot: slot, _share: share })
    }

    /// Plans the call that a stream has become, now that all of it is there. It has paid before.
    pub(crate) fn prepare_entered(
        &self,
        call: Call,
        caller: Arc<Caller>,
        streamed: Streamed,
        moment: Moment,
    ) -> Result<Box<Planned>, Fault> {
        let slot = Slot::take(&self.under_way, self.settings.calls_concurrent_max, "calls")?;
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
