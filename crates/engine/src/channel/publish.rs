//! Publishing by a call, by somebody who is no member.

use super::hub::{Full, Path};
use super::{Draft, Message, Told};
use crate::call::Answer;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::room;
use contract::ChannelId;
use quota::Owner;
use std::net::IpAddr;
use std::sync::Arc;
use wire::Format;

/// Who publishes where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Publishing<'a> {
    pub channel: ChannelId,
    pub caller: &'a Caller,
    pub peer: IpAddr,
}

/// There is no room for another path or member.
pub(super) fn no_room(Full: Full) -> Fault {
    let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "too many are in channels");
    Fault { retry_after_s: Some(1), ..fault }
}

impl Engine {
    /// Publishes messages that may be published, and answers with them.
    pub(crate) fn publish(
        &self,
        publishing: Publishing<'_>,
        drafts: Vec<Draft>,
        told: &Told,
        format: Format,
        bytes_max: usize,
    ) -> Result<Answer, Fault> {
        let Publishing { channel: id, caller, peer } = publishing;
        let owner = caller.id().map_or(Owner::Address(peer), Owner::Caller);
        let mut messages = Vec::with_capacity(drafts.len());
        let mut paths = Vec::with_capacity(drafts.len());
        for Draft { path, values, .. } in drafts {
            let room = self.hub.room(owner, Message::bytes_of(&values)).map_err(room::no_room)?;
            messages.push(Arc::new(Message::new(None, id, values, &self.told[id.index()], room)));
            paths.push(Path { channel: id, path });
        }
        // What cannot be answered is not published.
        let body = told.encoded(&messages, format, bytes_max).map_err(|error| match error {
            wire::EncodeError::TooLarge(_) => {
                let message = "the answer is larger than allowed: ask for less";
                Fault::new(Kind::TooLarge, codes::REPLY_TOO_LARGE, message)
            }
            wire::EncodeError::Mismatch { .. } => Fault::internal(error.to_string()),
        })?;
        let history = self.contract.channels[id.index()].history as usize;
        for (path, message) in paths.into_iter().zip(&messages) {
            self.hub.publish(path, history, owner, message).map_err(no_room)?;
            self.hub.was_published();
        }
        Ok(Answer { body, rows: messages.len() as u64, ..Answer::default() })
    }
}
