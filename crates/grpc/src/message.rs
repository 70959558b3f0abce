//! One request message: out of its envelope and its coding, and read by the table.

use crate::code::Code;
use crate::coding::Broken;
use crate::frame::{COMPRESSED, Envelope, FrameError};
use crate::protocol::{Codec, Protocol, Terms};
use crate::status::Status;
use bytes::Bytes;
use engine::Fault;
use quota::Exceeded;
use wire::{DecodeBounds, MessageError, Messages, Value, decode_protobuf, decode_protobuf_json};

/// How messages of one call are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub messages: &'a Messages,
    pub bounds: &'a DecodeBounds,
    pub bytes_max: usize,
    pub terms: Terms,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refused {
    /// The protocol was broken, or its limits.
    Status(Box<Status>),
    /// It was read, and does not make sense.
    Fault(Box<Fault>),
    /// It is no message of its type: the fault's places are those of the message already.
    Unread(Box<Fault>),
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl Reader<'_> {
    /// What came in an envelope.
    pub fn envelope(&self, envelope: Envelope, message: usize) -> Result<Value, Refused> {
        if envelope.flags & !COMPRESSED != 0 {
            return Err(self.malformed("an envelope has flags that are not known").into());
        }
        match (envelope.flags & COMPRESSED != 0, self.terms.coding) {
            (false, _) => self.read(&envelope.message, message),
            (true, Some(_)) => self.coded(&envelope.message, message),
            (true, None) => {
                Err(self.malformed("a compressed message without a coding that was named").into())
            }
        }
    }

    /// A message that is compressed as the head said, or not at all where it said nothing.
    pub fn coded(&self, bytes: &[u8], message: usize) -> Result<Value, Refused> {
        match self.terms.coding.map(|coding| coding.decompressed(bytes, self.bytes_max)) {
            None => self.read(bytes, message),
            Some(Ok(plain)) => self.read(&plain, message),
            Some(Err(Broken::TooLarge)) => Err(self.frame(FrameError::TooLarge).into()),
            Some(Err(Broken::Malformed)) => Err(self.malformed("a message cannot be decompressed").into()),
        }
    }

    /// A message as it is.
    pub fn read(&self, bytes: &[u8], message: usize) -> Result<Value, Refused> {
        let read = match self.terms.codec {
            Codec::Proto => decode_protobuf(self.messages, message, bytes, self.bounds),
            Codec::Json => decode_protobuf_json(self.messages, message, bytes, self.bounds),
        };
        read.map_err(|error| self.unread(error))
    }

    fn unread(&self, error: MessageError) -> Refused {
        let MessageError { code, message, place } = error;
        match (code, self.terms.codec) {
            ("MALFORMED", Codec::Proto) => self.malformed(message).into(),
            _ => {
                let place = if place.is_empty() { "message" } else { &place };
                Refused::Unread(Box::new(Fault::invalid_field(place, code, message)))
            }
        }
    }

    pub fn malformed(&self, message: impl Into<String>) -> Status {
        Status::new(self.terms.protocol.malformed(), message)
    }

    pub fn frame(&self, error: FrameError) -> Status {
        match error {
            FrameError::TooLarge => {
                let message = format!("a message is larger than {} bytes", self.bytes_max);
                Status::new(Code::ResourceExhausted, message)
            }
            FrameError::Truncated => self.malformed("the stream ends within a message"),
        }
    }

    /// Why the request's body could not be read.
    pub fn body(&self, error: edge::BodyError) -> Status {
        match error {
            edge::BodyError::TooLarge => self.frame(FrameError::TooLarge),
            edge::BodyError::Timeout => {
                Status::new(Code::DeadlineExceeded, "the request did not arrive in time")
            }
            edge::BodyError::Incomplete => Status::new(Code::Cancelled, "the request is incomplete"),
            edge::BodyError::NoRoom(Exceeded::Share) => {
                Status::new(Code::ResourceExhausted, "too much is held for this caller: send less at a time")
            }
            edge::BodyError::NoRoom(Exceeded::Pool) => {
                Status::new(Code::Unavailable, "too much is held for callers to take on more")
            }
        }
    }

    /// The one message of a body that is there whole.
    pub fn only(&self, body: Bytes, message: usize) -> Result<Value, Refused> {
        if self.terms.protocol == Protocol::ConnectUnary {
            return self.coded(&body, message);
        }
        let mut envelopes =
            crate::frame::envelopes(body, self.bytes_max).map_err(|e| self.frame(e))?.into_iter();
        match (envelopes.next(), envelopes.next()) {
            (Some(envelope), None) => self.envelope(envelope, message),
            (None, _) => {
                Err(Status::new(Code::Unimplemented, "one message was expected, and none came").into())
            }
            (Some(_), Some(_)) => {
                Err(Status::new(Code::Unimplemented, "one message was expected, and more came").into())
            }
        }
    }
}
