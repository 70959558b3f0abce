//! Who calls: a verified token becomes a [`Caller`], and nothing else does.

mod caller;
mod claims;
mod key;
mod token;

pub use caller::Caller;
pub use key::{Key, KeyError};
pub(crate) use token::in_time;
pub use token::{Rejected, Rules, Verifier, fuzz};
