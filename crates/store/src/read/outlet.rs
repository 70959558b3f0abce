//! A long reply on its way in pieces, from the thread that reads to whoever takes it.
//!
//! The reader waits while the taker has pieces enough, so that what is held of a reply of any length is a few pieces. A
//! reader is a thread, and it holds a snapshot: it does not wait for ever, nor while others wait for it. It then reads on,
//! and the reply gathers up to its bound.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use wire::Encoder;

/// Bytes that make a piece.
pub(crate) const PIECE_BYTES: usize = 56 * 1024;
/// Pieces that wait to be taken.
const PIECES_MAX: usize = 2;
/// How often a reader that waits looks whether others wait for it.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Pieces between two threads.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Vec<u8>>,
    /// Who waits for a piece.
    waker: Option<Waker>,
    /// Nobody takes pieces any more.
    is_closed: bool,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where pieces are put.
#[derive(Debug)]
pub(crate) struct Outlet {
    pipe: Arc<Pipe>,
}

/// Where they are taken. When it is dropped, a reader that waits goes on.
#[derive(Debug)]
pub(crate) struct Inlet {
    pipe: Arc<Pipe>,
}

/// An outlet and its inlet.
pub(crate) fn pipe() -> (Outlet, Inlet) {
    let pipe = Arc::<Pipe>::default();
    (Outlet { pipe: Arc::clone(&pipe) }, Inlet { pipe })
}

/// How one read puts pieces.
pub(crate) struct Pouring<'a> {
    outlet: &'a Outlet,
    /// How long it may still wait.
    patience: Cell<Duration>,
    /// There is more than a piece, and no room for it.
    is_gathering: Cell<bool>,
    is_wanted_elsewhere: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Pouring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pouring").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Outlet {
    /// For a read that may wait so long in all, and not while it is wanted elsewhere.
    pub fn pouring<'a>(
        &'a self,
        patience: Duration,
        is_wanted_elsewhere: &'a dyn Fn() -> bool,
    ) -> Pouring<'a> {
        let (patience, is_gathering) = (Cell::new(patience), Cell::new(false));
        Pouring { outlet: self, patience, is_gathering, is_wanted_elsewhere }
    }
}

impl Pouring<'_> {
    /// Puts what has been written into the pipe if it makes a piece and there is room. To be called between the items of
    /// a reply.
    #[inline]
    pub fn pour(&self, encoder: &mut impl Encoder) {
        if encoder.position() >= PIECE_BYTES {
            self.pour_piece(encoder);
        }
    }

    /// Whether it gathers what is not taken.
    pub fn is_gathering(&self) -> bool {
        self.is_gathering.get()
    }

    #[cold]
    fn pour_piece(&self, encoder: &mut impl Encoder) {
        let has_room = self.has_room();
        self.is_gathering.set(!has_room);
        if has_room {
            self.put(encoder.take_written());
        }
    }

    fn put(&self, piece: Option<Vec<u8>>) {
        let Some(piece) = piece else { return };
        let waker = {
            let mut state = self.outlet.pipe.lock();
            state.pieces.push_back(piece);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Whether there is room, after waiting for it where that may be.
    fn has_room(&self) -> bool {
        let mut state = self.outlet.pipe.lock();
        loop {
            if state.is_closed || state.pieces.len() < PIECES_MAX {
                return !state.is_closed;
            }
            let patience = self.patience.get();
            if patience.is_zero() || (self.is_wanted_elsewhere)() {
                return false;
            }
            let began = Instant::now();
            let waited = self.outlet.pipe.room.wait_timeout(state, patience.min(LOOK_EVERY));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            self.patience.set(patience.saturating_sub(began.elapsed()));
        }
    }
}

impl Inlet {
    /// The next piece. Pending also where there will be none.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut state = self.pipe.lock();
        let Some(piece) = state.pieces.pop_front() else {
            if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                state.waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        };
        drop(state);
        self.pipe.room.notify_one();
        Poll::Ready(piece)
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        let mut state = self.pipe.lock();
        state.is_closed = true;
        state.pieces.clear();
        drop(state);
        self.pipe.room.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use wire::{Format, NullAt, WriteReply};

    /// A reply of so many pieces.
    struct Pieces<'a>(usize, Pouring<'a>);

    impl WriteReply for Pieces<'_> {
        type Output = Vec<u8>;

        fn write<E: Encoder>(self, mut encoder: E) -> Vec<u8> {
            let shape = wire::Shape { type_name: "T".into(), fields: Vec::new() };
            encoder.begin_list(&shape).unwrap();
            // An item without fields is an envelope of five bytes.
            for _ in 0..self.0 * PIECE_BYTES / 5 {
                encoder.begin_record(&shape).unwrap();
                encoder.end_record(&shape).unwrap();
                self.1.pour(&mut encoder);
            }
            encoder.end_list(&shape).unwrap();
            let (rest, _): (_, Vec<NullAt>) = encoder.into_reply();
            rest
        }
    }

    const ITEMS: Format = Format::ProtobufItems(wire::Wrapped::Bare);

    fn taken(inlet: &Inlet) -> Vec<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let next = || match inlet.poll_next(&mut context) {
            Poll::Ready(piece) => Some(piece.len()),
            Poll::Pending => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_reader_without_patience_gathers_what_is_not_taken() {
        let (outlet, inlet) = pipe();
        let rest =
            ITEMS.write(Vec::new(), usize::MAX, "List", Pieces(5, outlet.pouring(Duration::ZERO, &|| false)));
        let pieces = taken(&inlet);
        assert_eq!(pieces.len(), PIECES_MAX);
        assert_eq!(pieces.iter().sum::<usize>() + rest.len(), 5 * PIECE_BYTES / 5 * 5);
        assert!(rest.len() > 2 * PIECE_BYTES);
    }

    #[test]
    fn a_reader_waits_for_room_unless_it_is_wanted() {
        let (outlet, inlet) = pipe();
        let patient = Duration::from_secs(60);
        let rest = ITEMS.write(Vec::new(), usize::MAX, "List", Pieces(5, outlet.pouring(patient, &|| true)));
        assert!(rest.len() > 2 * PIECE_BYTES);
        assert_eq!(taken(&inlet).len(), PIECES_MAX);
        let reader = std::thread::spawn(move || {
            let never = || false;
            ITEMS.write(Vec::new(), usize::MAX, "List", Pieces(9, outlet.pouring(patient, &never))).len()
        });
        let mut pieces = Vec::new();
        while !reader.is_finished() {
            pieces.extend(taken(&inlet));
            std::thread::yield_now();
        }
        pieces.extend(taken(&inlet));
        let rest = reader.join().unwrap();
        assert!(rest <= PIECE_BYTES + 5, "{rest}");
        assert!(pieces.iter().all(|piece| *piece < PIECE_BYTES + 5));
        assert_eq!(pieces.iter().sum::<usize>() + rest, 9 * PIECE_BYTES / 5 * 5);
    }

    #[test]
    fn nobody_who_takes_is_nobody_to_wait_for() {
        let (outlet, inlet) = pipe();
        drop(inlet);
        let patient = Duration::from_secs(600);
        let rest = ITEMS.write(Vec::new(), usize::MAX, "List", Pieces(4, outlet.pouring(patient, &|| false)));
        assert_eq!(rest.len(), 4 * PIECE_BYTES / 5 * 5);
    }
}
