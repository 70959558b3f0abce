//! SHA-256 of documents and bodies.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digit = |b: u8| char::from(b).to_digit(16);
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::try_from(digit(digits[0])? << 4 | digit(digits[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    /// The first `count` bytes as hexadecimal digits.
    fn hex(&self, count: usize) -> String {
        self.0.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A strong entity tag of what was hashed: 128 bits are enough to tell two answers apart.
    pub(crate) fn tag(&self) -> String {
        format!("\"{}\"", self.hex(16))
    }
}
