//! Inputs: untrusted values become values in stored form, every problem named with its place.

mod arguments;
mod checks;
mod record;
pub(crate) mod stored;

pub(crate) use arguments::{Arguments, arguments};
pub(crate) use checks::Patterns;
pub(crate) use record::{Given, Purpose, assigned, record};
