//! Answers of many messages, made while they are sent: nothing is asked for before the peer has taken what was there.

use crate::outcome::Writer;
use crate::status::Status;
use bytes::Bytes;
use edge::{Piece, Source};
use engine::{Answer, Fault, Parts};
use quota::Reservation;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How a stream ends.
#[derive(Debug)]
pub(crate) enum End {
    /// Not yet.
    Open,
    /// With this.
    Next(Result<(), Box<Status>>),
    /// It has.
    Over,
}

impl End {
    /// The last piece, once.
    pub fn take(&mut self, writer: &Writer) -> Option<Piece> {
        match std::mem::replace(self, Self::Over) {
            Self::Open => {
                *self = Self::Open;
                None
            }
            Self::Next(result) => Some(writer.end(result.as_ref().copied().map_err(|status| &**status))),
            Self::Over => None,
        }
    }
}

/// A part of an answer with what it is held by.
pub(crate) struct Part {
    bytes: Bytes,
    held: Option<Arc<Reservation>>,
}

impl From<Answer> for Part {
    fn from(answer: Answer) -> Self {
        Self { bytes: answer.body.into(), held: answer.held }
    }
}

impl Part {
    /// The part as it is sent: held until the peer has taken it.
    fn sent(self, writer: &Writer) -> Bytes {
        let bytes = writer.envelopes(self.bytes);
        match self.held {
            Some(held) => quota::hold(bytes, held),
            None => bytes,
        }
    }
}

type Next = Pin<Box<dyn Future<Output = (Parts, Option<Result<Answer, Fault>>)> + Send>>;

/// An answer that comes in parts.
pub(crate) struct InParts<F> {
    pub writer: Writer,
    /// The part that is there.
    pub part: Option<Part>,
    /// The part that comes next.
    pub next: Option<Next>,
    pub end: End,
    /// What a fault is to the peer.
    pub status: F,
}

/// Asks for the next part.
pub(crate) fn next_part(mut parts: Parts) -> Next {
    Box::pin(async move {
        let part = parts.next().await;
        (parts, part)
    })
}

impl<F> Source for InParts<F>
where
    F: Fn(Fault) -> Status + Send + Unpin + 'static,
{
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let this = &mut *self;
        loop {
            if let Some(part) = this.part.take().filter(|part| !part.bytes.is_empty()) {
                return Poll::Ready(Some(Piece::Data(part.sent(&this.writer))));
            }
            let Some(next) = &mut this.next else { return Poll::Ready(this.end.take(&this.writer)) };
            let (parts, part) = ready!(next.as_mut().poll(cx));
            this.next = match part {
                Some(Ok(answer)) => {
                    this.part = Some(answer.into());
                    Some(next_part(parts))
                }
                Some(Err(fault)) => {
                    this.end = End::Next(Err(Box::new((this.status)(fault))));
                    None
                }
                None => {
                    this.end = End::Next(Ok(()));
                    None
                }
            };
        }
    }
}
