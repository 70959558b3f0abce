//! What an engine is doing, for those who watch it.

use crate::engine::Engine;

/// What is under way in an engine, and what went through its channels. The numbers are read one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Calls under way.
    pub calls: u64,
    /// Streams under way: those that arrive item by item, and those of members of channels.
    pub streams: u64,
    /// Members of channels.
    pub channel_members: u64,
    /// Paths of channels with somebody under them, or with a history.
    pub channel_paths: u64,
    /// Messages that were published to channels.
    pub messages_published: u64,
    /// Bytes that are held for callers.
    pub held_bytes: u64,
    /// Bytes of messages that channels hold.
    pub channel_held_bytes: u64,
    /// Messages that members were given: one for each member that a message reached.
    pub messages_delivered: u64,
}

impl Engine {
    /// What is under way now, and what was done so far.
    pub fn activity(&self) -> Activity {
        let channels = self.hub.counts();
        Activity {
            calls: (self.reads.taken() + self.writes.taken()) as u64,
            streams: self.streams.taken() as u64,
            channel_members: channels.members,
            channel_paths: channels.paths,
            messages_published: channels.published,
            messages_delivered: channels.delivered,
            held_bytes: self.held.used() as u64,
            channel_held_bytes: channels.held_bytes,
        }
    }
}
