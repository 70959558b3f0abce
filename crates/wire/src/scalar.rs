//! The text forms of the scalars, once for reading inputs and writing replies.

pub(crate) mod ascii;
pub(crate) mod number;
pub(crate) mod span;
pub(crate) mod text;
pub(crate) mod time;
