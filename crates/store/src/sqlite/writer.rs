//! The writing connection.

/// The one thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {}
