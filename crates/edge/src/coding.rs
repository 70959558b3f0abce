//! Content codings (RFC 9110 section 8.4): which of them a peer takes, and replies in them.
//!
//! It is done here, behind every adapter, so that none has to know of it: a handler gives its reply as it is, and is
//! asked with the entity tags that it gave itself.

mod codec;
mod negotiate;
mod reply;
mod tag;

use negotiate::Takes;
pub(crate) use negotiate::fuzz_negotiation;
pub(crate) use reply::{Compressor, TakesNothing, Terms, chosen};
pub(crate) use tag::fuzz_tags;

/// Whether replies are compressed for peers that take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Where it is worth it.
    #[default]
    On,
    /// Never: `Accept-Encoding` is not looked at.
    Off,
}

/// A content coding that replies are sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// The one we would rather send first: zstd is the fastest by far, Brotli the smallest.
    pub(crate) const BY_PREFERENCE: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

    /// Its name on the wire (RFC 9110 section 8.4.1, RFC 7932 section 12, RFC 8878 section 7.2).
    pub(crate) const fn token(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }
}
