//! A channel as a stream both ways: what the peer sends is published, what others publish is sent to it.

use crate::code::Code;
use crate::frame::Deframer;
use crate::message::Refused;
use crate::outcome::Writer;
use crate::protocol::{Codec, Terms};
use crate::service::Face;
use crate::source::End;
use crate::status::{Status, deadline_fault};
use bytes::{Bytes, BytesMut};
use edge::{Body, Piece, Source};
use engine::{Fault, Participant};
use http_semantics::discretion::Said;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Sleep;
use wire::Format;

/// Messages that are published in one go; others have their turn then.
const PUBLISHED_MAX: usize = 64;
/// Bytes that are gathered before they are sent.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// One participant's stream.
pub(crate) struct Exchange {
    pub face: Arc<Face>,
    pub terms: Terms,
    pub writer: Writer,
    /// The position of the request message.
    pub request: usize,
    /// The format of what is sent: an envelope with a message.
    pub items: Format,
    pub participant: Option<Participant>,
    pub body: Body,
    pub incoming: Deframer,
    /// A message that was taken and is large, to be sent by itself: so it is not copied.
    pub unsent: Option<Bytes>,
    /// The peer has said that it sends nothing more.
    pub half_closed: bool,
    pub deadline: Option<Pin<Box<Sleep>>>,
    /// Ready when the caller's token may have expired.
    pub expiry: Option<Pin<Box<Sleep>>>,
    /// Ready when the server is about to end.
    pub drained: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// What a stranger's head says, where refusals are to be in a stranger's words.
    pub stranger: Option<Said>,
    pub end: End,
}

/// Whether there may be more at once.
#[derive(PartialEq, Eq)]
enum Turn {
    /// Nothing more has come.
    Waits,
    /// There may be more.
    Goes,
}

impl Exchange {
    /// The format of messages for a codec.
    pub fn items(items: [Format; 2], codec: Codec) -> Format {
        match codec {
            Codec::Proto => items[0],
            Codec::Json => items[1],
        }
    }

    /// Publishes what has come.
    fn take_in(&mut self, cx: &mut Context<'_>) -> Result<Turn, Refused> {
        let Some(participant) = &mut self.participant else { return Ok(Turn::Waits) };
        let reader = self.face.reader(self.terms);
        for _ in 0..PUBLISHED_MAX {
            match self.incoming.next().map_err(|error| reader.frame(error))? {
                Some(envelope) => participant.publish(&reader.envelope(envelope, self.request)?)?,
                None if self.half_closed => return Ok(Turn::Waits),
                None => match self.body.poll_piece(cx) {
                    Poll::Pending => return Ok(Turn::Waits),
                    Poll::Ready(Ok(Some(bytes))) => {
                        self.incoming.push(&bytes);
                        self.body.hold_stream(self.incoming.waiting()).map_err(|error| reader.body(error))?;
                    }
                    Poll::Ready(Ok(None)) => {
                        self.incoming.end().map_err(|error| reader.frame(error))?;
                        self.half_closed = true;
                    }
                    Poll::Ready(Err(error)) => return Err(reader.body(error).into()),
                },
            }
        }
        Ok(Turn::Goes)
    }

    /// What others have published, as much as goes into a piece.
    fn take_out(&mut self, cx: &mut Context<'_>) -> Result<Option<Bytes>, Fault> {
        if let Some(unsent) = self.unsent.take() {
            return Ok(Some(unsent));
        }
        let Some(participant) = &mut self.participant else { return Ok(None) };
        let mut only: Option<Bytes> = None;
        let mut many = BytesMut::new();
        while let Poll::Ready(message) = participant.poll_next(cx) {
            let envelope = message?.encoded(self.items)?;
            if envelope.len() > PIECE_BYTES_MAX && (only.is_some() || !many.is_empty()) {
                self.unsent = Some(envelope);
                break;
            }
            match only.take() {
                None if many.is_empty() => only = Some(envelope),
                None => many.extend_from_slice(&envelope),
                Some(first) => {
                    many.extend_from_slice(&first);
                    many.extend_from_slice(&envelope);
                }
            }
            if many.len().max(only.as_ref().map_or(0, Bytes::len)) >= PIECE_BYTES_MAX {
                break;
            }
        }
        let bytes = only.unwrap_or_else(|| many.freeze());
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }

    /// Ready as long from now as the participant's token is valid.
    pub fn expiry_of(participant: &Participant) -> Option<Pin<Box<Sleep>>> {
        participant.valid_for().map(|valid_for| Box::pin(tokio::time::sleep(valid_for)))
    }

    /// Asks the participant whether it may stay, when its token should have expired.
    fn expired(&mut self, cx: &mut Context<'_>) -> Option<Fault> {
        let participant = self.participant.as_mut()?;
        while self.expiry.as_mut().is_some_and(|expiry| expiry.as_mut().poll(cx).is_ready()) {
            if let Err(fault) = participant.stay() {
                return Some(fault);
            }
            // The clock that tokens are measured by was set back meanwhile.
            self.expiry = Self::expiry_of(participant);
        }
        None
    }

    /// Ends at the deadline, with the token, and with the server, also where there is always something to send.
    fn end_in_time(&mut self, cx: &mut Context<'_>) {
        if self.is_late(cx) {
            self.refused(deadline_fault().into());
        } else if let Some(fault) = self.expired(cx) {
            self.refused(fault.into());
        } else if self.drained.as_mut().poll(cx).is_ready() {
            let status = Status::new(Code::Unavailable, "the server is about to end");
            self.finish(Err(Box::new(status)));
        }
    }

    fn refused(&mut self, refused: Refused) {
        let status = match refused {
            Refused::Status(status) => status,
            Refused::Fault(fault) | Refused::Unread(fault) => {
                Box::new(self.face.status(*fault, self.stranger.as_ref(), &|field| field.to_owned()))
            }
        };
        self.finish(Err(status));
    }

    fn finish(&mut self, result: Result<(), Box<Status>>) {
        if let (Ok(()), Some(participant)) = (&result, self.participant.take()) {
            participant.end();
        }
        self.participant = None;
        self.end = End::Next(result);
    }
}

impl Source for Exchange {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let this = &mut *self;
        if matches!(this.end, End::Open) {
            this.end_in_time(cx);
        }
        if matches!(this.end, End::Open) {
            let turn = this.take_in(cx);
            // Those who spoke to the peer before it broke off are heard.
            match this.take_out(cx) {
                Ok(Some(bytes)) => {
                    if let Err(refused) = turn {
                        this.refused(refused);
                    }
                    return Poll::Ready(Some(Piece::Data(this.writer.envelopes(bytes))));
                }
                // What ends the stream first is what it ends with.
                Err(fault) => this.refused(fault.into()),
                Ok(None) => match turn {
                    Err(refused) => this.refused(refused),
                    Ok(Turn::Goes) => cx.waker().wake_by_ref(),
                    Ok(Turn::Waits) if this.half_closed => this.finish(Ok(())),
                    Ok(Turn::Waits) => {}
                },
            }
        }
        match &this.end {
            End::Open => Poll::Pending,
            End::Next(_) | End::Over => Poll::Ready(this.end.take(&this.writer)),
        }
    }
}
