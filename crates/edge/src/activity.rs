//! What a connection is doing, noted by its socket and its requests, judged by its watch.
//!
//! Noting is a relaxed store or two. No timer is touched per request: the watch has one, which it moves only
//! when a deadline comes nearer than the one it waits for.

use crate::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// What an HTTP/2 connection starts with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// In `preface_bytes`: it is not HTTP/2.
const NOT_HTTP2: u32 = u32::MAX;

/// What a connection is doing. Moments are milliseconds since it began, plus one; 0 is "not".
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    /// How old it gets before it is to be closed.
    age_max: Option<Duration>,
    /// Since when it has been that old.
    old_since: AtomicU64,
    /// Requests whose response is not yet handed over.
    open: AtomicU32,
    /// Bytes of the preface seen so far.
    preface_bytes: AtomicU32,
    /// Since when a head has been coming in.
    heading_since: AtomicU64,
    /// Since when there has been no request.
    idle_since: AtomicU64,
    /// Since when the peer has taken nothing of what is being written.
    stalled_since: AtomicU64,
    /// Since when the connection has been closing.
    closing_since: AtomicU64,
    /// A request's body was not read to its end.
    unread: AtomicBool,
    /// A request's body broke off: where the next request would begin, nobody knows.
    broken: AtomicBool,
    /// The head did not come in time: the socket says so and fails.
    overdue: AtomicBool,
}

/// What is to be done about a connection once a deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// The peer takes nothing.
    WriteStall,
    /// The head of a request does not come.
    SlowHead,
    /// There has been no request for long.
    Idle,
    /// It has been closing for long.
    Closing,
    /// It has been open for long.
    Aged,
    /// It has still been open for long after that.
    Outlived,
}

/// A request that is open until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<Activity>);

impl Activity {
    /// A connection that begins now, its first head awaited.
    pub(crate) fn begin(age_max: Option<Duration>) -> Arc<Self> {
        Arc::new(Activity {
            began: Instant::now(),
            age_max,
            old_since: AtomicU64::new(0),
            open: AtomicU32::new(0),
            preface_bytes: AtomicU32::new(0),
            heading_since: AtomicU64::new(1),
            idle_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(0),
            closing_since: AtomicU64::new(0),
            unread: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            overdue: AtomicBool::new(false),
        })
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64 + 1
    }

    /// Bytes came from the peer.
    pub(crate) fn received(&self, bytes: &[u8]) {
        let seen = self.preface_bytes.load(Relaxed);
        if seen != NOT_HTTP2 && (seen as usize) < PREFACE.len() {
            return self.received_first(seen as usize, bytes);
        }
        if seen == NOT_HTTP2 && self.open.load(Relaxed) == 0 && self.heading_since.load(Relaxed) == 0 {
            self.heading_since.store(self.now(), Relaxed);
        }
    }

    fn received_first(&self, seen: usize, bytes: &[u8]) {
        let rest = &PREFACE[seen..];
        let compared = rest.len().min(bytes.len());
        if rest[..compared] != bytes[..compared] {
            return self.preface_bytes.store(NOT_HTTP2, Relaxed);
        }
        self.preface_bytes.store((seen + compared) as u32, Relaxed);
        if seen + compared == PREFACE.len() {
            // From here on frames come and go; that is no head. Idle until the first stream.
            self.idle_since.store(self.now(), Relaxed);
            self.heading_since.store(0, Relaxed);
        }
    }

    /// A request began.
    pub(crate) fn open(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Relaxed);
        self.heading_since.store(0, Relaxed);
        Open(self.clone())
    }

    /// The peer took bytes.
    pub(crate) fn wrote(&self) {
        if self.stalled_since.load(Relaxed) != 0 {
            self.stalled_since.store(0, Relaxed);
        }
    }

    /// The peer took nothing.
    pub(crate) fn stalled(&self) {
        if self.stalled_since.load(Relaxed) == 0 {
            self.stalled_since.store(self.now(), Relaxed);
        }
    }

    /// The connection began to close.
    pub(crate) fn closing(&self) {
        if self.closing_since.load(Relaxed) == 0 {
            self.closing_since.store(self.now(), Relaxed);
        }
    }

    /// A body was given up before its end.
    pub(crate) fn left_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    /// A request's body ended before its end, or in what is no part of one.
    pub(crate) fn broke_off(&self) {
        self.broken.store(true, Relaxed);
    }

    /// Whether the next answer of an HTTP/1 connection is its last, and says so.
    pub(crate) fn is_last(&self) -> bool {
        self.is_old() || self.broken.load(Relaxed)
    }

    /// Whether the peer may still be sending what nobody will read.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread.load(Relaxed) || self.is_heading()
    }

    /// Whether part of a head, and not of an HTTP/2 preface, has come.
    pub(crate) fn is_heading(&self) -> bool {
        self.is_http1() && self.heading_since.load(Relaxed) != 0
    }

    pub(crate) fn set_overdue(&self) {
        self.overdue.store(true, Relaxed);
    }

    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.load(Relaxed)
    }

    /// Whether it is known to be HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.preface_bytes.load(Relaxed) as usize == PREFACE.len()
    }

    /// Whether there are requests whose response is not yet handed over.
    pub(crate) fn has_open(&self) -> bool {
        self.open.load(Relaxed) > 0
    }

    /// Whether it is known not to be HTTP/2.
    pub(crate) fn is_http1(&self) -> bool {
        self.preface_bytes.load(Relaxed) == NOT_HTTP2
    }

    /// The connection is as old as it may get.
    pub(crate) fn grow_old(&self) {
        self.old_since.store(self.now(), Relaxed);
    }

    /// Whether it is.
    pub(crate) fn is_old(&self) -> bool {
        self.old_since.load(Relaxed) != 0
    }

    fn after(&self, since: u64, ms_max: u64) -> Instant {
        self.began + Duration::from_millis(since - 1 + ms_max)
    }

    /// The nearest deadline, and what is to be done when it has passed.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<(Instant, Lapse)> {
        let deadlines = [self.deadline_of_doing(limits), self.deadline_of_age(limits)];
        deadlines.into_iter().flatten().min_by_key(|(deadline, _)| *deadline)
    }

    fn deadline_of_age(&self, limits: &Limits) -> Option<(Instant, Lapse)> {
        match self.old_since.load(Relaxed) {
            0 => Some((self.began + self.age_max?, Lapse::Aged)),
            since => Some((self.after(since, limits.connection_age_grace_ms_max), Lapse::Outlived)),
        }
    }

    fn deadline_of_doing(&self, limits: &Limits) -> Option<(Instant, Lapse)> {
        let rules = [
            (&self.stalled_since, limits.write_stall_ms_max, Lapse::WriteStall),
            (&self.closing_since, limits.linger_ms_max, Lapse::Closing),
            (&self.heading_since, limits.header_read_ms_max, Lapse::SlowHead),
            (&self.idle_since, limits.idle_ms_max, Lapse::Idle),
        ];
        let is_open = self.open.load(Relaxed) > 0;
        let (since, ms_max, lapse) = rules
            .into_iter()
            .map(|(since, max, lapse)| (since.load(Relaxed), max, lapse))
            .find(|(since, _, lapse)| *since != 0 && (*lapse == Lapse::WriteStall || !is_open))?;
        Some((self.after(since, ms_max), lapse))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let activity = &self.0;
        activity.idle_since.store(activity.now(), Relaxed);
        if activity.closing_since.load(Relaxed) != 0 {
            // What it wrote last is to arrive.
            activity.closing_since.store(activity.now(), Relaxed);
        }
        activity.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request that came while the connection began to close: its answer has time to arrive.
    #[tokio::test(start_paused = true)]
    async fn closing_begins_anew_when_a_request_ends() {
        let limits = Limits::default();
        let activity = Activity::begin(None);
        drop(activity.open());
        activity.closing();
        let open = activity.open();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(activity.deadline(&limits), None);
        drop(open);
        let linger = Duration::from_millis(limits.linger_ms_max);
        assert_eq!(activity.deadline(&limits), Some((Instant::now() + linger, Lapse::Closing)));
    }
}
