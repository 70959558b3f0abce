//! The envelope of a message among many: one byte 0, its length as four bytes, big-endian, and the message (gRPC over
//! HTTP/2, `Length-Prefixed-Message`; Connect, "Streaming RPCs").

use super::EncodeError;
use super::buffer::Buffer;

/// Bytes before the message.
const HEAD_BYTES: usize = 5;

/// Begins an envelope: leaves room for the length and says where the message begins.
#[inline]
pub(super) fn begin(out: &mut Buffer) -> usize {
    out.extend(&[0; HEAD_BYTES]);
    out.bytes.len()
}

/// Ends it: puts the length in its place.
#[inline]
pub(super) fn end(out: &mut Buffer, message: usize) -> Result<(), EncodeError> {
    let length = u32::try_from(out.bytes.len() - message);
    let length = length.map_err(|_| EncodeError::TooLarge(u32::MAX as usize))?;
    out.bytes[message - size_of::<u32>()..message].copy_from_slice(&length.to_be_bytes());
    out.room(0)
}
