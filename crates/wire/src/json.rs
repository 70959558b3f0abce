//! The grammar of JSON (RFC 8259), once for everything that reads or writes it.

pub(crate) mod escape;
pub(crate) mod lexer;
pub(crate) mod parts;

/// How deep arrays and objects may nest anywhere: what is decoded, what is stored and what is copied into
/// replies.
pub const DEPTH_MAX: usize = 128;
