//! Envelopes: a byte of flags, four bytes of length (big-endian), a message.
//!
//! gRPC's `Length-Prefixed-Message` (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>), gRPC-Web's frames
//! and Connect's envelopes are the same but for what the flags mean. Nothing here waits: bytes go in as they come, and
//! envelopes come out when they are whole.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Bytes before a message.
pub(crate) const PREFIX_BYTES: usize = 5;

/// In the flags: the message is compressed.
pub(crate) const COMPRESSED: u8 = 0b0000_0001;
/// In Connect's flags: the message is the end of the stream.
pub(crate) const END_STREAM: u8 = 0b0000_0010;
/// In gRPC-Web's flags: the message is the trailers.
pub(crate) const TRAILERS: u8 = 0b1000_0000;

/// What came in an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub flags: u8,
    pub message: Bytes,
}

/// Why there is no next envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The message is announced as larger than allowed.
    TooLarge,
    /// What came ends within an envelope.
    Truncated,
}

/// Cuts what comes into envelopes.
#[derive(Debug)]
pub(crate) struct Deframer {
    rest: BytesMut,
    message_bytes_max: usize,
}

impl Deframer {
    /// Refuses messages that are announced as larger than this: they are not waited for.
    pub fn new(message_bytes_max: usize) -> Self {
        Self { rest: BytesMut::new(), message_bytes_max }
    }

    /// Bytes that have come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// Bytes that wait for the rest of their envelope.
    pub fn waiting(&self) -> usize {
        self.rest.len()
    }

    /// The next envelope; none while it is not whole.
    pub fn next(&mut self) -> Result<Option<Envelope>, FrameError> {
        let Some((flags, length)) = prefix(&self.rest) else { return Ok(None) };
        if length > self.message_bytes_max {
            return Err(FrameError::TooLarge);
        }
        if self.rest.len() < PREFIX_BYTES + length {
            return Ok(None);
        }
        self.rest.advance(PREFIX_BYTES);
        Ok(Some(Envelope { flags, message: self.rest.split_to(length).freeze() }))
    }

    /// Nothing more comes.
    pub fn end(&self) -> Result<(), FrameError> {
        if self.rest.is_empty() { Ok(()) } else { Err(FrameError::Truncated) }
    }
}

/// The envelopes of a body that is there whole: its messages are slices of it.
pub(crate) fn envelopes(mut body: Bytes, message_bytes_max: usize) -> Result<Vec<Envelope>, FrameError> {
    let mut found = Vec::with_capacity(1);
    while !body.is_empty() {
        let (flags, length) = prefix(&body).ok_or(FrameError::Truncated)?;
        if length > message_bytes_max {
            return Err(FrameError::TooLarge);
        }
        if body.len() < PREFIX_BYTES + length {
            return Err(FrameError::Truncated);
        }
        body.advance(PREFIX_BYTES);
        found.push(Envelope { flags, message: body.split_to(length) });
    }
    Ok(found)
}

/// The flags and the length of the message that follows, once they are there.
pub(crate) fn prefix(bytes: &[u8]) -> Option<(u8, usize)> {
    let (prefix, _) = bytes.split_first_chunk::<PREFIX_BYTES>()?;
    let [flags, length @ ..] = *prefix;
    Some((flags, u32::from_be_bytes(length) as usize))
}

/// A message in an envelope.
pub(crate) fn envelope(flags: u8, message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    put_prefix(&mut bytes, flags, message.len());
    bytes.put_slice(message);
    bytes.freeze()
}

/// What stands before a message. No message is larger than its bound, which is far below what four bytes can say.
pub(crate) fn put_prefix(out: &mut impl BufMut, flags: u8, length: usize) {
    out.put_u8(flags);
    out.put_u32(u32::try_from(length).expect("a message has a bound below 4 GiB"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sent() -> Vec<u8> {
        [envelope(0, b"one"), envelope(COMPRESSED, b""), envelope(END_STREAM, b"{}")].concat()
    }

    fn expected() -> Vec<Envelope> {
        let envelope = |flags, message| Envelope { flags, message: Bytes::from_static(message) };
        vec![envelope(0, b"one"), envelope(COMPRESSED, b""), envelope(END_STREAM, b"{}")]
    }

    #[test]
    fn envelopes_come_out_however_they_go_in() {
        assert_eq!(envelopes(sent().into(), 3), Ok(expected()));
        for size in 1..sent().len() {
            let mut deframer = Deframer::new(3);
            let mut found = Vec::new();
            for piece in sent().chunks(size) {
                deframer.push(piece);
                while let Some(envelope) = deframer.next().unwrap() {
                    found.push(envelope);
                }
            }
            assert_eq!((found, deframer.end()), (expected(), Ok(())), "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_too_large_or_cut_is_refused() {
        assert_eq!(envelopes(sent().into(), 2), Err(FrameError::TooLarge));
        for cut in [1, 4, 7, 9] {
            let whole = envelope(0, b"12345");
            assert_eq!(envelopes(whole.slice(..cut), 9), Err(FrameError::Truncated));
            let mut deframer = Deframer::new(9);
            deframer.push(&whole[..cut]);
            assert_eq!((deframer.next(), deframer.end()), (Ok(None), Err(FrameError::Truncated)));
        }
        // It is known by its announcement, before any of it came.
        let mut deframer = Deframer::new(9);
        deframer.push(&[0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(deframer.next(), Err(FrameError::TooLarge));
    }
}
