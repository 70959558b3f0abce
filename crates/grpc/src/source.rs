//! Answers of many messages, made while they are sent: nothing is asked for before the peer has taken what was there.

use crate::outcome::Writer;
use crate::status::Status;
use bytes::Bytes;
use edge::{Piece, Source};
use engine::{Answer, Fault, Parts};
use std::pin::Pin;
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

type Next = Pin<Box<dyn Future<Output = (Parts, Option<Result<Answer, Fault>>)> + Send>>;

/// An answer that comes in parts.
pub(crate) struct InParts<F> {
    pub writer: Writer,
    /// The part that is there.
    pub part: Option<Bytes>,
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
            if let Some(part) = this.part.take().filter(|part| !part.is_empty()) {
                return Poll::Ready(Some(Piece::Data(this.writer.envelopes(part))));
            }
            let Some(next) = &mut this.next else { return Poll::Ready(this.end.take(&this.writer)) };
            let (parts, part) = ready!(next.as_mut().poll(cx));
            this.next = match part {
                Some(Ok(answer)) => {
                    this.part = Some(answer.body.into());
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
