//! The bounds of everything a peer can make the edge hold or wait for.

use std::time::Duration;

/// The bounds of the edge. Every field is enforced; none can be switched off.
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

    pub(crate) fn body_read(&self) -> Duration {
        Duration::from_millis(self.body_read_ms_max)
    }

    pub(crate) fn write_stall(&self) -> Duration {
        Duration::from_millis(self.write_stall_ms_max)
    }
}
