//! The encoders.

use super::Coding;
use crate::connection::caught;
use crate::reply::Around;
use flate2::{Compress, Compression as Level, FlushCompress, Status};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Nothing is faster on replies of some kilobytes, and the levels up to 3 save hardly more.
const ZSTD_LEVEL: i32 = 1;
/// Level 1 is twice as fast and leaves a third more; level 4 is three times slower and saves nothing.
const GZIP_LEVEL: u32 = 2;
/// The window that every decoder of gzip has, in bits.
const GZIP_WINDOW_BITS: u8 = 15;
/// Levels 0 and 1 leave more than gzip does and would be no reason to have Brotli; level 5 is three times slower.
const BROTLI_LEVEL: i32 = 2;
/// A window of 256 KiB, in bits: more would take memory and save nothing on replies of this size.
const BROTLI_WINDOW_BITS: i32 = 18;
/// Bytes that Brotli's encoder is given at a time.
const BROTLI_PIECE_BYTES: usize = 4096;
/// Encoders of a kind that are kept; each holds some hundred kilobytes. Whoever comes when all are in use makes one.
const ENCODERS_KEPT_MAX: usize = 16;

/// Encoders that are used again: making one costs as much as a short reply.
#[derive(Default)]
pub(crate) struct Encoders {
    zstd: Kept<zstd::bulk::Compressor<'static>>,
    gzip: Kept<Compress>,
}

/// Encoders that wait for their next use.
struct Kept<E>(Mutex<Vec<E>>);

impl Encoders {
    /// All of it in this coding. `None` when an encoder fails, which none should: the reply is then sent as it is.
    pub(crate) fn encode(&self, coding: Coding, plain: &[u8]) -> Option<Vec<u8>> {
        caught(|| self.try_encode(coding, plain))?.ok()
    }

    /// The same inside of what is to be around it.
    pub(crate) fn encode_around(
        &self,
        around: Option<&Around>,
        coding: Coding,
        plain: &[u8],
    ) -> Option<Vec<u8>> {
        match around {
            Some(around) => around.run(|| self.encode(coding, plain)).flatten(),
            None => self.encode(coding, plain),
        }
    }

    fn try_encode(&self, coding: Coding, plain: &[u8]) -> io::Result<Vec<u8>> {
        match coding {
            Coding::Zstd => {
                let mut encoder =
                    self.zstd.take().map_or_else(|| zstd::bulk::Compressor::new(ZSTD_LEVEL), Ok)?;
                let coded = encoder.compress(plain)?;
                self.zstd.give_back(encoder);
                Ok(coded)
            }
            Coding::Brotli => brotli(plain),
            Coding::Gzip => {
                let new = || Compress::new_gzip(Level::new(GZIP_LEVEL), GZIP_WINDOW_BITS);
                let mut encoder = self.gzip.take().unwrap_or_else(new);
                let coded = gzip(&mut encoder, plain)?;
                encoder.reset();
                self.gzip.give_back(encoder);
                Ok(coded)
            }
        }
    }
}

/// An encoder of this kind keeps nothing that would be worth keeping.
fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let settings = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_LEVEL,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: plain.len(),
        ..Default::default()
    };
    let coded = Vec::with_capacity(plain.len() / 2);
    let mut encoder = brotli::CompressorWriter::with_params(coded, BROTLI_PIECE_BYTES, &settings);
    encoder.write_all(plain)?;
    Ok(encoder.into_inner())
}

fn gzip(encoder: &mut Compress, plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut coded = Vec::with_capacity(plain.len() / 2 + GZIP_ROOM_BYTES);
    loop {
        let read = encoder.total_in() as usize;
        match encoder.compress_vec(&plain[read..], &mut coded, FlushCompress::Finish)? {
            Status::StreamEnd => return Ok(coded),
            Status::Ok | Status::BufError => coded.reserve(coded.capacity() / 2),
        }
    }
}

/// Room for the head and the end of gzip's format, so that the smallest texts fit.
const GZIP_ROOM_BYTES: usize = 64;

impl<E> Default for Kept<E> {
    fn default() -> Self {
        Kept(Mutex::default())
    }
}

impl<E> Kept<E> {
    fn take(&self) -> Option<E> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, encoder: E) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < ENCODERS_KEPT_MAX {
            kept.push(encoder);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Read;

    fn decoded(coding: Coding, coded: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Zstd => zstd::Decoder::new(coded).unwrap().read_to_end(&mut plain),
            Coding::Brotli => brotli::Decompressor::new(coded, 4096).read_to_end(&mut plain),
            Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut plain),
        }
        .unwrap();
        plain
    }

    /// Texts that shrink and bytes that do not, with encoders that were used before.
    #[test]
    fn what_was_coded_comes_back() {
        let encoders = Encoders::default();
        let mut chance = 0x5eed_u64;
        let mut noise = || {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance as u8
        };
        for length in [0, 1, 2, 100, 1023, 5000, 65_536, 300_000] {
            let text: Vec<u8> = (0..length).map(|at| b"{\"name\":\"Ada\"},"[at % 15]).collect();
            let random: Vec<u8> = (0..length).map(|_| noise()).collect();
            for coding in Coding::BY_PREFERENCE {
                for plain in [&text, &random] {
                    let coded = encoders.encode(coding, plain).unwrap();
                    assert!(decoded(coding, &coded) == *plain, "{coding:?}, {length} bytes");
                }
                let coded = encoders.encode(coding, &text).unwrap();
                assert!(length < 1000 || coded.len() * 5 < length, "{coding:?}, {length} bytes");
            }
        }
        assert_eq!(encoders.zstd.0.lock().unwrap().len(), 1);
        assert_eq!(encoders.gzip.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn so_many_encoders_are_kept() {
        let kept = Kept::default();
        (0..ENCODERS_KEPT_MAX + 5).for_each(|encoder| kept.give_back(encoder));
        assert_eq!(kept.0.lock().unwrap().len(), ENCODERS_KEPT_MAX);
        assert_eq!(kept.take(), Some(ENCODERS_KEPT_MAX - 1));
    }
}
