//! What request headers say.

pub(crate) mod accept;
pub(crate) mod condition;
pub(crate) mod identity;
pub(crate) mod list;
pub(crate) mod prefer;
pub(crate) mod range;
pub(crate) mod trace;
