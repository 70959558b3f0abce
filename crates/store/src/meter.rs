//! What work takes: CPU time of the threads that do it, added to the meter of the request that it is done for.

use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How old a sample of a thread's CPU time may be where a stretch of work begins. It is the error of a stretch at the most,
/// and keeps the system call that takes a sample away from short ones.
const SAMPLE_AGE_MAX: Duration = Duration::from_millis(1);

/// Adds up what the work for one request takes, on whichever threads it is done.
pub trait Meter: Send + Sync + std::fmt::Debug {
    /// So much CPU time was used.
    fn add(&self, cpu: Duration);
}

/// Work that nobody pays for: the operator's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unmetered;

impl Meter for Unmetered {
    fn add(&self, _: Duration) {}
}

thread_local! {
    /// A point in this thread's time.
    static SAMPLE: Cell<Option<Sample>> = const { Cell::new(None) };
}

/// CPU time that a thread had used at some time.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    cpu: Duration,
}

impl Sample {
    fn take(at: Instant) -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        Self { at, cpu: Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default()) }
    }
}

/// A stretch of work on this thread that nothing is awaited in.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    began: Instant,
    /// CPU time of the thread at, or shortly before, its beginning.
    cpu: Duration,
}

impl Stretch {
    /// It begins now.
    pub fn begin() -> Self {
        let began = Instant::now();
        let is_fresh = |sample: &Sample| began.saturating_duration_since(sample.at) < SAMPLE_AGE_MAX;
        let sample = SAMPLE.get().filter(is_fresh).unwrap_or_else(|| {
            let sample = Sample::take(began);
            SAMPLE.set(Some(sample));
            sample
        });
        Self { began, cpu: sample.cpu }
    }

    /// CPU time that it has taken up to now. A short one is taken for what the clock says; of a longer one the time in
    /// which the thread had to wait for a processor is no part.
    pub fn so_far(&self) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        match took <= SAMPLE_AGE_MAX {
            true => took,
            false => took.min(Sample::take(now).cpu.saturating_sub(self.cpu)),
        }
    }
}

/// Adds what was done on this thread to a meter when it is dropped, also after a panic.
#[derive(Debug)]
pub struct Metering<'m> {
    meter: &'m dyn Meter,
    stretch: Stretch,
}

impl<'m> Metering<'m> {
    /// From now on.
    pub fn begin(meter: &'m dyn Meter) -> Self {
        Self { meter, stretch: Stretch::begin() }
    }
}

impl Drop for Metering<'_> {
    fn drop(&mut self) {
        self.meter.add(self.stretch.so_far());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waiting is no work: a thread that sleeps uses next to nothing.
    #[test]
    fn what_waits_is_not_counted() {
        let stretch = Stretch::begin();
        std::thread::sleep(Duration::from_millis(50));
        assert!(stretch.so_far() < Duration::from_millis(25), "{:?}", stretch.so_far());
    }

    #[test]
    fn work_is_counted() {
        let stretch = Stretch::begin();
        let begun = Sample::take(Instant::now()).cpu;
        while Sample::take(Instant::now()).cpu - begun < Duration::from_millis(5) {}
        assert!(stretch.so_far() >= Duration::from_millis(5), "{:?}", stretch.so_far());
    }
}
