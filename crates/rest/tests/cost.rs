//! What reading a request costs: allocations counted, and the time of the commonest query.

#![allow(clippy::unwrap_used)]
#![allow(unsafe_code, reason = "a global allocator that counts")]

mod support;

use http::{Method, Request};
use rest::query::{Scope, read};
use rest::{Arrival, Head, Route};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is passed on to the system allocator; the counter is a constant-initialised cell without a
// destructor, so that touching it allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    let made = work();
    let after = ALLOCATIONS.with(Cell::get);
    drop(black_box(made));
    after - before
}

#[test]
fn a_plain_read_allocates_its_key_and_nothing_else() {
    let rest = support::rest();
    for (target, expected) in [("/api/users/42", 1), ("/api/users", 0), ("/api/users?limit=20", 0)] {
        let request = Request::get(target).header("accept", "*/*").body(()).unwrap();
        let (head, ()) = request.into_parts();
        let arrival = Arrival { peer: [127, 0, 0, 1].into(), request_id: String::new() };
        let made = allocations(|| {
            let Route::Operation(matched) = rest.route(&Method::GET, head.uri.path()) else {
                panic!("{target} names no operation");
            };
            rest.decode(matched, Head { uri: &head.uri, headers: &head.headers }, b"", arrival).unwrap()
        });
        assert_eq!(made, expected, "{target}");
    }
}

/// The best of many batches, so that a busy machine does not count.
#[test]
fn a_limit_is_read_in_less_than_300_ns() {
    const BATCH: u32 = 1000;
    if cfg!(debug_assertions) {
        return;
    }
    let batch = || {
        let start = Instant::now();
        for _ in 0..BATCH {
            drop(black_box(read(black_box("limit=20"), Scope::Rows, &[])));
        }
        start.elapsed() / BATCH
    };
    let best = (0..50).map(|_| batch()).min().unwrap();
    assert!(best < Duration::from_nanos(300), "{best:?}");
}
