//! The bounds of everything a peer can make the edge hold or wait for.

use std::time::Duration;

/// How much sooner or later than `connection_age_ms_max` a connection is old, in thousandths: connections
/// that began together, after a restart, say, are not all to come back together.
const AGE_SPREAD: u64 = 100;
/// The golden ratio in units of 2^-64. Its multiples, without what is before the point, are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The bounds of the edge. Every field is enforced; none but a connection's age can be switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections. Above it nothing is accepted: the kernel's backlog waits.
    pub connections_max: usize,
    /// Open connections of one IPv4 address or one IPv6 /64. Above it a new one is closed at once.
    pub connections_per_address_max: usize,
    /// Header fields of a request; more are answered 431.
    pub headers_max: usize,
    /// Bytes of a request's head; more are answered 431 (HTTP/2: as RFC 9113 section 6.5.2 counts them). At
    /// least 8192.
    pub header_bytes_max: usize,
    /// Bytes of a request's target; more are answered 414.
    pub uri_bytes_max: usize,
    /// Milliseconds from a request's first byte to the end of its head; then 408.
    pub header_read_ms_max: u64,
    /// Milliseconds to read a request's body once the handler asks for it.
    pub body_read_ms_max: u64,
    /// Milliseconds in which a peer must take at least something of what is written to it.
    pub write_stall_ms_max: u64,
    /// Milliseconds a connection may stay open between requests.
    pub idle_ms_max: u64,
    /// Milliseconds to throw away what a peer still sends after its answer, so that it can read that answer.
    pub linger_ms_max: u64,
    /// Milliseconds that requests under way get after the signal to stop.
    pub drain_ms_max: u64,
    /// Milliseconds, give or take a tenth, after which a connection is to take no further request: HTTP/2 is
    /// sent a GOAWAY, HTTP/1.1 told with its next answer. 0 for any age.
    pub connection_age_ms_max: u64,
    /// Milliseconds that a connection of that age gets to finish; then it is cut.
    pub connection_age_grace_ms_max: u64,
    /// Concurrent streams of an HTTP/2 connection.
    pub streams_max: u32,
    /// Streams that a peer opened and reset before they were looked at (rapid reset, CVE-2023-44487).
    pub stream_resets_max: usize,
    /// Streams that were reset because the peer broke the protocol (CVE-2024-24549 and its kin).
    pub stream_errors_max: usize,
    /// Milliseconds between pings on an HTTP/2 connection.
    pub ping_interval_ms: u64,
    /// Milliseconds in which a ping must be answered.
    pub ping_answer_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            connections_per_address_max: 8_192,
            headers_max: 100,
            header_bytes_max: 32 * 1024,
            uri_bytes_max: 16 * 1024,
            header_read_ms_max: 10_000,
            body_read_ms_max: 30_000,
            write_stall_ms_max: 20_000,
            idle_ms_max: 75_000,
            linger_ms_max: 1_000,
            drain_ms_max: 20_000,
            connection_age_ms_max: 0,
            connection_age_grace_ms_max: 60_000,
            streams_max: 128,
            stream_resets_max: 20,
            stream_errors_max: 128,
            ping_interval_ms: 30_000,
            ping_answer_ms_max: 10_000,
        }
    }
}

impl Limits {
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms_max)
    }

    /// How old the connection of this number may get.
    pub(crate) fn connection_age(&self, number: u64) -> Option<Duration> {
        let chance = number.wrapping_mul(GOLDEN) >> 32;
        let thousandths = 1000 - AGE_SPREAD + ((chance * (2 * AGE_SPREAD + 1)) >> 32);
        let age_max = Duration::from_micros(self.connection_age_ms_max.saturating_mul(thousandths));
        (!age_max.is_zero()).then_some(age_max)
    }

    pub(crate) fn body_read(&self) -> Duration {
        Duration::from_millis(self.body_read_ms_max)
    }

    pub(crate) fn write_stall(&self) -> Duration {
        Duration::from_millis(self.write_stall_ms_max)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ages_are_spread() {
        let limits = Limits { connection_age_ms_max: 1000, ..Limits::default() };
        let ages: Vec<u64> =
            (0..1000).map(|number| limits.connection_age(number).unwrap().as_millis() as u64).collect();
        assert!(ages.iter().all(|age| (900..=1100).contains(age)));
        for tenth in 0..10 {
            let ages = ages.iter().filter(|age| (**age - 900) / 20 == tenth).count();
            assert!((80..=120).contains(&ages), "{ages} of 1000 in part {tenth}");
        }
        assert_eq!(Limits::default().connection_age(7), None);
    }
}
