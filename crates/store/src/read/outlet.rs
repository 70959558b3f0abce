//! A long reply on its way in pieces, from the thread that reads to whoever takes it.
//!
//! The reader waits while the taker has pieces enough, so that what is held of a reply of any length is a few pieces. A
//! reader is a thread, and it holds a snapshot: it does not wait for ever, nor while others wait for it. It then reads on,
//! and the reply gathers up to its bound, and up to the bound of all that gather.

use crate::face::Error;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// How long a reader that others wait for waits for its taker, where too much gathers already: longer than a taker that
/// is at work.
const HURRIED_MAX: Duration = Duration::from_millis(250);

/// What gathers of all replies.
#[derive(Debug)]
pub(crate) struct Gathering {
    bytes: AtomicUsize,
    bytes_max: usize,
    /// How long a reader that others wait for waits for its taker, where it may not gather.
    hurried_max: Duration,
}

/// What gathers of one of them; it does not any more when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    all: Arc<Gathering>,
    bytes: usize,
}

impl Gathering {
    /// At most so many bytes.
    pub fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), bytes_max, hurried_max: HURRIED_MAX })
    }

    fn share(self: &Arc<Self>) -> Share {
        Share { all: Arc::clone(self), bytes: 0 }
    }
}

impl Share {
    /// Makes it so many bytes, in steps of pieces, if that is not too much.
    fn grow_to(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            return true;
        }
        let more = bytes.next_multiple_of(PIECE_BYTES) - self.bytes;
        let grown = |all: usize| all.checked_add(more).filter(|all| *all <= self.all.bytes_max);
        let is_grown = self.all.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok();
        self.bytes += if is_grown { more } else { 0 };
        is_grown
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Some of a reply.
#[derive(Debug)]
pub(crate) struct Piece {
    pub bytes: Vec<u8>,
    /// To be dropped with the bytes.
    pub share: Share,
}

/// Pieces between two threads.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Piece>,
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

/// Where they are taken. When it is dropped, a reader that waits ends.
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
    /// What has been written beyond a piece, without room for it.
    share: RefCell<Share>,
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
        gathering: &Arc<Gathering>,
        is_wanted_elsewhere: &'a dyn Fn() -> bool,
    ) -> Pouring<'a> {
        let (patience, share) = (Cell::new(patience), RefCell::new(gathering.share()));
        Pouring { outlet: self, patience, share, is_wanted_elsewhere }
    }
}

impl Pouring<'_> {
    /// Puts what has been written into the pipe if it makes a piece and there is room. To be called between the items of
    /// a reply.
    ///
    /// # Errors
    /// [`Error::TooSlow`] when too much is not taken.
    #[inline]
    pub fn pour(&self, encoder: &mut impl Encoder) -> Result<(), Error> {
        if encoder.position() >= PIECE_BYTES { self.pour_piece(encoder) } else { Ok(()) }
    }

    /// Whether it gathers what is not taken.
    pub fn is_gathering(&self) -> bool {
        self.share.borrow().bytes > 0
    }

    /// What has gathered and is not put into the pipe.
    pub fn into_share(self) -> Share {
        self.share.into_inner()
    }

    #[cold]
    fn pour_piece(&self, encoder: &mut impl Encoder) -> Result<(), Error> {
        if self.has_room(encoder.position())? {
            self.put(encoder.take_written());
        }
        Ok(())
    }

    fn put(&self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else { return };
        let none = self.share.borrow().all.share();
        let piece = Piece { bytes, share: self.share.replace(none) };
        let waker = {
            let mut state = self.outlet.pipe.lock();
            state.pieces.push_back(piece);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Whether there is room for another piece, after waiting for it where that may be. Where there is none, what has been
    /// written gathers.
    fn has_room(&self, written: usize) -> Result<bool, Error> {
        let mut hurried = self.share.borrow().all.hurried_max;
        let mut state = self.outlet.pipe.lock();
        loop {
            if state.is_closed {
                return Err(Error::TooSlow);
            }
            if state.pieces.len() < PIECES_MAX {
                return Ok(true);
            }
            let patience = self.patience.get();
            let is_wanted = (self.is_wanted_elsewhere)();
            if (patience.is_zero() || is_wanted) && self.share.borrow_mut().grow_to(written) {
                return Ok(false);
            }
            if patience.is_zero() || hurried.is_zero() {
                return Err(Error::TooSlow);
            }
            let began = Instant::now();
            let waited = self.outlet.pipe.room.wait_timeout(state, patience.min(LOOK_EVERY));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            self.patience.set(patience.saturating_sub(began.elapsed()));
            if is_wanted {
                hurried = hurried.saturating_sub(began.elapsed());
            }
        }
    }
}

impl Inlet {
    /// The next piece. Pending also where there will be none.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Piece> {
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
        /// What is left.
        type Output = Result<(usize, Share), Error>;

        fn write<E: Encoder>(self, mut encoder: E) -> Self::Output {
            let shape = wire::Shape { type_name: "T".into(), fields: Vec::new() };
            encoder.begin_list(&shape).unwrap();
            // An item without fields is an envelope of five bytes.
            for _ in 0..self.0 * PIECE_BYTES / 5 {
                encoder.begin_record(&shape).unwrap();
                encoder.end_record(&shape).unwrap();
                self.1.pour(&mut encoder)?;
            }
            encoder.end_list(&shape).unwrap();
            let (rest, _): (_, Vec<NullAt>) = encoder.into_reply();
            Ok((rest.len(), self.1.into_share()))
        }
    }

    fn written(pieces: usize, pouring: Pouring<'_>) -> Result<(usize, Share), Error> {
        const ITEMS: Format = Format::ProtobufItems(wire::Wrapped::Bare);
        ITEMS.write(Vec::new(), usize::MAX, "List", Pieces(pieces, pouring))
    }

    fn taken(inlet: &Inlet) -> Vec<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let next = || match inlet.poll_next(&mut context) {
            Poll::Ready(piece) => Some(piece.bytes.len()),
            Poll::Pending => None,
        };
        std::iter::from_fn(next).collect()
    }

    fn much() -> Arc<Gathering> {
        Gathering::new(usize::MAX)
    }

    fn gathered(gathering: &Gathering) -> usize {
        gathering.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of so many pieces, in whole items.
    const fn bytes(pieces: usize) -> usize {
        pieces * PIECE_BYTES / 5 * 5
    }

    const PATIENT: Duration = Duration::from_secs(600);

    #[test]
    fn a_reader_without_patience_gathers_what_is_not_taken() {
        let (outlet, inlet) = pipe();
        let gathering = much();
        let (rest, share) = written(5, outlet.pouring(Duration::ZERO, &gathering, &|| false)).unwrap();
        let pieces = taken(&inlet);
        assert_eq!(pieces.len(), PIECES_MAX);
        assert_eq!(pieces.iter().sum::<usize>() + rest, bytes(5));
        assert!(rest > 2 * PIECE_BYTES);
        assert!((rest - PIECE_BYTES..rest + PIECE_BYTES).contains(&gathered(&gathering)));
        drop(share);
        assert_eq!(gathered(&gathering), 0);
    }

    #[test]
    fn a_reader_waits_for_room_unless_it_is_wanted() {
        let (outlet, inlet) = pipe();
        let (rest, _) = written(5, outlet.pouring(PATIENT, &much(), &|| true)).unwrap();
        assert!(rest > 2 * PIECE_BYTES);
        assert_eq!(taken(&inlet).len(), PIECES_MAX);
        let gathering = much();
        let all = Arc::clone(&gathering);
        let reader = std::thread::spawn(move || {
            let never = || false;
            written(9, outlet.pouring(PATIENT, &all, &never)).map(|(rest, _)| rest)
        });
        let mut pieces = Vec::new();
        while !reader.is_finished() {
            pieces.extend(taken(&inlet));
            std::thread::yield_now();
        }
        pieces.extend(taken(&inlet));
        let rest = reader.join().unwrap().unwrap();
        assert!(rest <= PIECE_BYTES + 5, "{rest}");
        assert!(pieces.iter().all(|piece| *piece < PIECE_BYTES + 5));
        assert_eq!(pieces.iter().sum::<usize>() + rest, bytes(9));
        assert_eq!(gathered(&gathering), 0);
    }

    /// Where as much gathers as may, a reader waits for its taker, and in the end gives up; what it had counts no more.
    #[test]
    fn what_gathers_is_bounded_for_all_together() {
        let gathering = Gathering::new(6 * PIECE_BYTES);
        let other = pipe();
        let (_, share) = written(5, other.0.pouring(Duration::ZERO, &gathering, &|| false)).unwrap();
        for (patience, is_wanted) in [(Duration::ZERO, false), (PATIENT, true)] {
            let (outlet, inlet) = pipe();
            let ended = written(9, outlet.pouring(patience, &gathering, &|| is_wanted));
            assert_eq!(ended.map(|_| ()), Err(Error::TooSlow));
            assert_eq!(taken(&inlet).len(), PIECES_MAX);
            assert_eq!(gathered(&gathering), share.bytes);
        }
        let (outlet, inlet) = pipe();
        let all = Gathering { bytes: AtomicUsize::new(0), bytes_max: PIECE_BYTES, hurried_max: PATIENT };
        let reader = std::thread::spawn(move || {
            let all = Arc::new(all);
            written(99, outlet.pouring(PATIENT, &all, &|| true)).map(|(rest, _)| rest)
        });
        let mut sum = 0;
        while !reader.is_finished() {
            sum += taken(&inlet).iter().sum::<usize>();
            std::thread::yield_now();
        }
        sum += taken(&inlet).iter().sum::<usize>();
        assert_eq!(sum + reader.join().unwrap().unwrap(), bytes(99));
    }

    #[test]
    fn nobody_who_takes_is_nobody_to_read_for() {
        let (outlet, inlet) = pipe();
        drop(inlet);
        let ended = written(4, outlet.pouring(PATIENT, &much(), &|| false));
        assert_eq!(ended.map(|_| ()), Err(Error::TooSlow));
    }
}
