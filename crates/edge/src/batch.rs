//! What is to be written on an HTTP/2 connection is held until the requests that are ready have had their turn.
//!
//! Each request is a task of its own, and what it answers wakes the connection, which writes it: a system call for every
//! answer, and that is a third of all the work for a short one. Held to the end of the turn, answers that become ready
//! together go out together. Nothing is held for the sake of requests that wait for something else: the turn ends when the
//! runtime has nothing that is ready, or looks for events of the system, as it does every few tasks.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use tokio::io::AsyncWrite;

/// Bytes that are held at the most; what is larger is written at once, and what was held before it.
const HELD_BYTES_MAX: usize = 16 * 1024;

/// Bytes that wait for the end of a turn.
pub(crate) struct Batch {
    held: Vec<u8>,
    /// How many of them are written.
    written: usize,
    turn: Arc<Turn>,
    /// Wakes `turn`.
    waker: Waker,
    /// The end of the turn is waited for.
    is_waiting: bool,
}

/// A turn of the runtime.
#[derive(Default)]
struct Turn {
    is_over: AtomicBool,
    /// The connection's task.
    connection: Mutex<Option<Waker>>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        connection.into_iter().for_each(Waker::wake);
    }
}

impl Default for Batch {
    fn default() -> Self {
        let turn = Arc::<Turn>::default();
        let waker = Waker::from(Arc::clone(&turn));
        Self { held: Vec::new(), written: 0, turn, waker, is_waiting: false }
    }
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes what is to be written, if it is little enough.
    pub fn hold(&mut self, slices: &[io::IoSlice<'_>]) -> Option<usize> {
        let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
        if self.held.len() + bytes > HELD_BYTES_MAX {
            return None;
        }
        slices.iter().for_each(|slice| self.held.extend_from_slice(slice));
        Some(bytes)
    }

    /// Ready when it is time to write what is held: now if nothing else is about to be written, and otherwise when the
    /// turn is over.
    pub fn poll_turn(&mut self, is_last: bool, cx: &mut Context<'_>) -> Poll<()> {
        // What is partly written is no longer a matter of turns.
        if is_last || self.is_empty() || self.written > 0 {
            return Poll::Ready(());
        }
        // Before it is looked at, so that a turn which ends meanwhile wakes the connection.
        let mut connection = self.turn.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if !connection.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *connection = Some(cx.waker().clone());
        }
        drop(connection);
        if !self.is_waiting {
            self.is_waiting = true;
            self.turn.is_over.store(false, Ordering::Relaxed);
            // Its waker is called at the end of the turn, whether it itself is still there or not.
            let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&self.waker));
        }
        if self.turn.is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Writes all that is held.
    pub fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.written < self.held.len() {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, &self.held[self.written..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        // A connection that is idle holds no memory for what it may write.
        (self.held, self.written, self.is_waiting) = (Vec::new(), 0, false);
        Poll::Ready(Ok(()))
    }
}
