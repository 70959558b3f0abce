//! Channels: typed messages that reach everybody else who is under the same path, in this process.
//!
//! A message is checked and judged once, when it is published, and encoded once for each format that somebody takes it
//! in. Every member has a queue with a bound. A member that does not keep up is told so and let go: it is never given
//! a part of the messages as if they were all, and it never holds up the others.

mod hub;
mod judge;
mod message;
mod participant;
mod publish;
mod queue;

pub(crate) use hub::{Bounds, Hub};
pub(crate) use message::{Draft, Part, Told, ToldWhole};
pub use message::{Message, histories_too_long};
pub use participant::Participant;
pub(crate) use publish::Publishing;
