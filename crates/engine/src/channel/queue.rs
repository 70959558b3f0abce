//! The messages that wait for one member.

use super::Message;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Messages that a member has still to take, in the order in which they were published.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    messages_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Arc<Message>>,
    bytes: usize,
    /// More came than there is room for: nothing is kept any more.
    overrun: bool,
    waker: Option<Waker>,
}

/// The member has not kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrun;

impl Queue {
    pub fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { inner: Mutex::default(), messages_max, bytes_max }
    }

    /// Adds a message, or gives the member up when there is no room.
    pub fn push(&self, message: &Arc<Message>) {
        let mut inner = self.inner();
        if inner.overrun {
            return;
        }
        let bytes = inner.bytes + message.bytes();
        if inner.waiting.len() >= self.messages_max || bytes > self.bytes_max {
            inner.overrun = true;
            inner.waiting = VecDeque::new();
        } else {
            inner.bytes = bytes;
            inner.waiting.push_back(Arc::clone(message));
        }
        if let Some(waker) = inner.waker.take() {
            drop(inner);
            waker.wake();
        }
    }

    /// The next message; when there is none, the task is woken by the next that comes.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Arc<Message>, Overrun>> {
        let mut inner = self.inner();
        if inner.overrun {
            return Poll::Ready(Err(Overrun));
        }
        match inner.waiting.pop_front() {
            Some(message) => {
                inner.bytes -= message.bytes();
                Poll::Ready(Ok(message))
            }
            None => {
                if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    inner.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
