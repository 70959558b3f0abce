//! Inputs: untrusted values become values in stored form, every problem named with its place.

mod arguments;
mod message;
mod patch;
mod record;
mod seal;
pub(crate) mod stored;

pub(crate) use arguments::{Arguments, Streamed, arguments, item, rule_scalar, rule_typed, rule_value};
pub(crate) use message::{Assigned, message};
pub(crate) use record::{Given, Purpose, assigned, literal_value, record};
pub(crate) use seal::Secrets;
