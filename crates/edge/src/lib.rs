//! The only crate with sockets. It listens, bounds what a peer may send and how slowly, hands whole requests
//! to a [`Handler`] and writes its responses; HTTP/1.1 and cleartext HTTP/2 (prior knowledge) on one port.
//!
//! It knows nothing of contracts. What it promises the handler: a request's head is within [`Limits`], its
//! body is read only when asked for, whole within a bound or piece by piece, no peer holds a connection for
//! free, replies go out as fast as their peer takes them, and those that are whole are compressed for peers
//! that take it. What it promises the operator: [`serve`] returns only when every connection is finished or
//! was cut.

mod accept;
mod activity;
mod batch;
mod body;
mod coding;
mod connection;
mod head;
mod host;
mod limits;
mod message;
mod outgoing;
mod reply;
mod serve;
mod socket;

pub use body::{Body, BodyError};
pub use coding::Compression;
pub use limits::Limits;
pub use message::{Connection, Handler, Notice, Request, Response};
pub use reply::{Around, Piece, ResponseBody, Source};
pub use serve::{Drained, serve};

#[doc(hidden)]
pub mod fuzz;

#[cfg(test)]
mod lapses;
#[cfg(test)]
mod streams;
