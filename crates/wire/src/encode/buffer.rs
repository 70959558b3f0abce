//! The one buffer of a reply, with its bound.

use super::EncodeError;

/// Bytes with a bound.
///
/// The bound is checked once per cell, before it is written, against the fewest bytes it can take, and
/// exactly at the end of every record and list. So a reply that is handed on is never larger than the bound,
/// and one that is refused was never larger than it by more than names and what escaping adds to one cell.
#[derive(Debug)]
pub(super) struct Buffer {
    pub bytes: Vec<u8>,
    bytes_max: usize,
}

impl Buffer {
    pub fn new(bytes: Vec<u8>, bytes_max: usize) -> Self {
        Self { bytes, bytes_max }
    }

    /// Fails when `more` bytes do not fit.
    #[inline]
    pub fn room(&self, more: usize) -> Result<(), EncodeError> {
        if self.bytes.len().saturating_add(more) > self.bytes_max { Err(self.too_large()) } else { Ok(()) }
    }

    #[cold]
    fn too_large(&self) -> EncodeError {
        EncodeError::TooLarge(self.bytes_max)
    }

    /// Puts what has been written from the first of these bytes on, items that begin at each of them, into the opposite
    /// order of items.
    pub fn turn(&mut self, starts: &[usize]) {
        let Some(first) = starts.first() else { return };
        let ends = starts[1..].iter().copied().chain([self.bytes.len()]);
        // Each item is turned around by itself, and back with all of them.
        for (start, end) in starts.iter().zip(ends) {
            self.bytes[*start..end].reverse();
        }
        self.bytes[*first..].reverse();
    }

    /// What has been written, to be sent ahead; the buffer begins anew.
    pub fn take(&mut self) -> Vec<u8> {
        // What follows is as much again, most likely, give or take an item.
        let next = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 16);
        std::mem::replace(&mut self.bytes, next)
    }

    #[inline]
    pub fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}
