//! A reply that is taken piece by piece.

use crate::face::{Error, Reply};
use crate::read::{Inlet, Piece, Share};
use std::pin::Pin;
use std::task::{Context, Poll};

/// How a read ended, and what of its reply has gathered.
type Ended = Result<(Reply, Share), Error>;
type Outcome = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// A reply on its way. When it is dropped, the read ends.
pub struct Flow {
    state: State,
    /// Of the piece that was given last: it is there until the next one is asked for.
    given: Option<Share>,
}

enum State {
    /// It is there.
    Whole(Reply),
    /// Pieces come from a thread that reads, and then what is left with the outcome.
    Pieces {
        inlet: Inlet,
        outcome: Outcome,
    },
    /// The outcome is there before all pieces have been taken.
    Ending {
        inlet: Inlet,
        outcome: Ended,
    },
    Over,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").finish_non_exhaustive()
    }
}

impl Flow {
    pub(super) fn whole(reply: Reply) -> Self {
        Self { state: State::Whole(reply), given: None }
    }

    pub(super) fn pieces(inlet: Inlet, outcome: Outcome) -> Self {
        Self { state: State::Pieces { inlet, outcome }, given: None }
    }

    /// The next piece of the reply, and last what is known of the whole with the rest of it; then none.
    pub async fn next(&mut self) -> Option<Result<Reply, Error>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Reply, Error>>> {
        self.given = None;
        if let State::Pieces { inlet, .. } | State::Ending { inlet, .. } = &self.state
            && let Poll::Ready(Piece { bytes: body, share }) = inlet.poll_next(cx)
        {
            self.given = Some(share);
            return Poll::Ready(Some(Ok(Reply { body, ..Reply::default() })));
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Whole(reply) => Poll::Ready(Some(Ok(reply))),
            State::Pieces { inlet, mut outcome } => match outcome.as_mut().poll(cx) {
                Poll::Pending => {
                    self.state = State::Pieces { inlet, outcome };
                    Poll::Pending
                }
                // Pieces may have been put since it was asked for one.
                Poll::Ready(outcome) => {
                    self.state = State::Ending { inlet, outcome };
                    self.poll_next(cx)
                }
            },
            State::Ending { outcome, .. } => {
                let outcome = outcome.map(|(reply, share)| {
                    self.given = Some(share);
                    reply
                });
                Poll::Ready(Some(outcome))
            }
            State::Over => Poll::Ready(None),
        }
    }
}
