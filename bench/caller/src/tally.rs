//! What a run counts, and its figures.

use crate::traffic::Traffic;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Counts of one run. What is counted is calls, or the messages that calls bring.
pub struct Tally {
    began: Instant,
    time: Duration,
    took: Cell<Duration>,
    counted: Cell<u64>,
    calls: Cell<u64>,
    times_us: RefCell<Vec<u32>>,
    errors: Cell<u64>,
    first_error: RefCell<Option<String>>,
}

impl Tally {
    /// Begins now and lets new calls begin for so long.
    pub fn begin(time: Duration) -> Rc<Self> {
        Rc::new(Self {
            began: Instant::now(),
            time,
            took: Cell::default(),
            counted: Cell::new(0),
            calls: Cell::new(0),
            times_us: RefCell::default(),
            errors: Cell::new(0),
            first_error: RefCell::default(),
        })
    }

    /// Whether new calls may begin.
    pub fn is_running(&self) -> bool {
        self.began.elapsed() < self.time
    }

    /// Nanoseconds since the run began.
    pub fn clock_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A call that began at `since` has ended well and brought so much.
    pub fn called(&self, since: Instant, counted: usize) {
        self.counted.set(self.counted.get() + counted as u64);
        self.calls.set(self.calls.get() + 1);
        self.took(since.elapsed());
    }

    /// A message has come that was sent at `clock_ns`.
    pub fn delivered(&self, sent_ns: u64) {
        self.counted.set(self.counted.get() + 1);
        self.took(Duration::from_nanos(self.clock_ns().saturating_sub(sent_ns)));
    }

    /// Something was wrong. The first of it is shown.
    pub fn error(&self, error: &impl ToString) {
        self.errors.set(self.errors.get() + 1);
        self.first_error.borrow_mut().get_or_insert_with(|| error.to_string());
    }

    /// Nothing that counts comes after this.
    pub fn end(&self) {
        self.took.set(self.began.elapsed());
    }

    /// The figures, once the run has ended.
    pub fn figures(&self, traffic: &Traffic) -> Value {
        let mut times = self.times_us.borrow_mut();
        times.sort_unstable();
        json!({
            "requests": self.counted.get(),
            "seconds": self.took.get().as_secs_f64(),
            "p50_ms": percentile_ms(&times, 50),
            "p99_ms": percentile_ms(&times, 99),
            "errors": self.errors.get(),
            "first_error": *self.first_error.borrow(),
            "calls": self.calls.get(),
            "sent_bytes": traffic.sent.get(),
            "received_bytes": traffic.received.get(),
        })
    }

    fn took(&self, time: Duration) {
        self.times_us.borrow_mut().push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }
}

/// The time within which so many of a hundred came; 0 when none did.
fn percentile_ms(sorted_us: &[u32], percent: usize) -> f64 {
    let place = (sorted_us.len() * percent / 100).min(sorted_us.len().saturating_sub(1));
    sorted_us.get(place).map_or(0.0, |&us| f64::from(us) / 1000.0)
}
