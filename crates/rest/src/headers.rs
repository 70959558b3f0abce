//! What request headers say that REST alone reads.

pub(crate) mod accept;
pub(crate) mod condition;
pub(crate) mod content;
pub(crate) mod link;
pub(crate) mod range;
