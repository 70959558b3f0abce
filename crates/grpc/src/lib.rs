//! gRPC, gRPC-Web and Connect: methods to calls, answers and faults to messages.
//!
//! Methods, messages and numbers come from the very model that the files are printed from ([`describe::proto`]), so what
//! clients are generated from and what is served cannot differ. The three protocols differ in how messages are framed and
//! in how a call ends; everything between is one path: an envelope is cut out ([`frame`]), decompressed and read
//! ([`message`]), made a call ([`request`]), and its answer, which the engine has written in the caller's format, is put
//! into envelopes again ([`outcome`], [`source`], [`exchange`]).

#![allow(clippy::result_large_err, reason = "a refusal is made once in a request, and is its response")]

mod builtin;
mod code;
mod coding;
mod connect;
mod exchange;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod google;
mod health;
mod lists;
mod message;
mod messages;
mod outcome;
mod protocol;
mod reflection;
mod reply;
mod request;
mod routes;
mod selection;
mod service;
mod settings;
mod source;
mod status;

pub use code::Code;
pub use http_semantics::discretion::Names;
pub use service::{Face, Service};
pub use settings::{Reflection, Settings};

/// Why gRPC cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError(pub String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}
