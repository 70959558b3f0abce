//! Compressed messages: each by itself, as the flags of its envelope say.

use std::io::{Read, Write};

/// A shorter message gains nothing.
const CODED_BYTES_MIN: usize = 1024;
/// How hard gzip tries: the level that costs least for most of the gain.
const GZIP_LEVEL: u32 = 1;
/// As the edge does for replies.
const ZSTD_LEVEL: i32 = 1;
/// The largest window of a zstd frame that is read: 8 MiB, what the format asks every reader to be able to
/// (RFC 8878, section 3.1.1.1.2).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How messages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Why a message could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It would be larger than allowed.
    TooLarge,
    /// It is not what its coding makes.
    Malformed,
}

impl Coding {
    /// What is offered, the better first.
    pub const BY_PREFERENCE: [Self; 2] = [Self::Zstd, Self::Gzip];
    /// The names of all that is taken, for peers that ask.
    pub const ACCEPTED: &'static str = "zstd,gzip,identity";

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The coding of a name; `Ok(None)` for none at all.
    pub fn named(name: &str) -> Result<Option<Self>, UnknownCoding> {
        match name {
            "" | "identity" => Ok(None),
            "gzip" => Ok(Some(Self::Gzip)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(UnknownCoding),
        }
    }

    /// The best coding of a list with commas.
    pub fn best(accepted: &str) -> Option<Self> {
        let takes = |coding: &Self| accepted.split(',').any(|name| name.trim() == coding.name());
        Self::BY_PREFERENCE.into_iter().find(takes)
    }

    /// The message, where that is worth it.
    pub fn compressed(self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < CODED_BYTES_MIN {
            return None;
        }
        let coded = match self {
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(message).and_then(|()| encoder.finish()).ok()?
            }
            Self::Zstd => zstd::bulk::compress(message, ZSTD_LEVEL).ok()?,
        };
        (coded.len() < message.len()).then_some(coded)
    }

    /// What was compressed.
    pub fn decompressed(self, coded: &[u8], bytes_max: usize) -> Result<Vec<u8>, Broken> {
        match self {
            Self::Gzip => bounded(flate2::read::MultiGzDecoder::new(coded), bytes_max),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(coded).map_err(|_| Broken::Malformed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|_| Broken::Malformed)?;
                bounded(decoder, bytes_max)
            }
        }
    }
}

/// A coding that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownCoding;

/// Reads to the end, and one byte beyond what is allowed: a few bytes can stand for any number.
fn bounded(reader: impl Read, bytes_max: usize) -> Result<Vec<u8>, Broken> {
    let mut out = Vec::new();
    reader.take(bytes_max as u64 + 1).read_to_end(&mut out).map_err(|_| Broken::Malformed)?;
    if out.len() > bytes_max { Err(Broken::TooLarge) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let message = b"the same again and again, ".repeat(400);
        for coding in Coding::BY_PREFERENCE {
            let coded = coding.compressed(&message).unwrap();
            assert!(coded.len() * 10 < message.len());
            assert_eq!(coding.decompressed(&coded, message.len()), Ok(message.clone()));
            assert_eq!(coding.decompressed(&coded, message.len() - 1), Err(Broken::TooLarge));
            assert_eq!(coding.decompressed(&coded[..coded.len() / 2], message.len()), Err(Broken::Malformed));
            assert_eq!(coding.decompressed(b"neither", 100), Err(Broken::Malformed));
            assert_eq!(coding.compressed(b"short"), None);
            assert_eq!(Coding::named(coding.name()), Ok(Some(coding)));
        }
    }

    #[test]
    fn the_best_that_a_peer_takes() {
        assert_eq!(Coding::best("identity, gzip"), Some(Coding::Gzip));
        assert_eq!(Coding::best("gzip,zstd,br"), Some(Coding::Zstd));
        assert_eq!(Coding::best("identity"), None);
        assert_eq!((Coding::named("identity"), Coding::named("snappy")), (Ok(None), Err(UnknownCoding)));
    }
}
