//! The only crate with sockets. It listens, bounds what a peer may send and how slowly, hands whole requests
//! to a [`Handler`] and writes its responses; HTTP/1.1 and cleartext HTTP/2 (prior knowledge) on one port.
//!
//! It knows nothing of contracts. What it promises the handler: a request's head is within [`Limits`], its
//! body is read only when asked for and never beyond a bound, no peer holds a connection for free, and replies
//! are compressed for peers that take it. What it promises the operator: [`serve`] returns only when every connection is finished or was cut.

mod accept;
mod activity;
mod coding;
mod connection;
mod limits;
mod message;
mod reply;
mod serve;
mod socket;

pub use coding::Compression;
pub use limits::Limits;
pub use message::{Body, BodyError, Connection, Handler, Notice, Request, Response};
pub use reply::ResponseBody;
pub use serve::{Drained, serve};

#[doc(hidden)]
pub mod fuzz;

#[cfg(test)]
mod lapses;
