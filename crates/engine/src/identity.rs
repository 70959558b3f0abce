//! Who calls: a verified token becomes a [`Caller`], and nothing else does.

mod caller;
mod token;

pub use caller::Caller;
pub use token::{Key, KeyError, Rejected, Rules, Verifier, fuzz};
