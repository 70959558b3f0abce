//! The bounds of the pipeline, each with a name. The configuration fills them in.

use crate::channel::Bounds;
use crate::stage::PlaceLimits;
use std::time::Duration;

/// Every bound that the engine enforces.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Rows of a list that names no limit.
    pub page_rows_default: u32,
    /// Rows of a list at the most; a higher limit is an error, never cut silently.
    pub page_rows_max: u32,
    /// Bytes of an answer at the most.
    pub reply_bytes_max: usize,
    /// Levels of nested selections at the most.
    pub selection_depth_max: usize,
    /// Fields and relations in one selection at the most, at all levels.
    pub selection_items_max: usize,
    /// Tests in one filter at the most, at all levels.
    pub filter_nodes_max: usize,
    /// Values in one list of a filter (`in`) at the most.
    pub filter_values_max: usize,
    /// Writes of one batch at the most.
    pub batch_items_max: usize,
    /// Units that one call may take of a budget at the most.
    pub call_units_max: u32,
    /// Items in a list argument of an operation at the most.
    pub list_items_max: usize,
    /// Items of a list argument that arrives item by item at the most.
    pub stream_items_max: usize,
    /// Their bytes at the most, as they are kept until all are there.
    pub stream_bytes_max: usize,
    /// Streams under way at once at the most.
    pub streams_concurrent_max: usize,
    /// Those of one caller at the most, or of one address for callers who are not known.
    pub caller_streams_max: usize,
    /// Those of one address at the most, whoever calls from it.
    pub address_streams_max: usize,
    /// Paths of channels with somebody under them, or with a history, at the most.
    pub channel_paths_max: usize,
    /// Messages that wait for one member of a channel at the most: one that does not keep up is let go.
    pub channel_waiting_max: usize,
    /// Bytes of the messages that wait for one member at the most.
    pub channel_waiting_bytes_max: usize,
    /// Bytes of memory of all messages that channels hold, histories and what waits for members, at the most. Who
    /// publishes holds as much as is free for others.
    pub channel_held_bytes_max: usize,
    /// Bytes of memory of everything else that is held for callers, at the most: answers that are not sent, input that is
    /// being gathered, heads, connections. One caller, or one address, holds as much as is free for others.
    pub held_bytes_max: usize,
    /// Time a call may take when the caller names none.
    pub deadline_default: Duration,
    /// Time a call may take at the most.
    pub deadline_max: Duration,
    /// Calls under way at once at the most that only read.
    pub calls_concurrent_max: usize,
    /// Calls under way at once at the most that write.
    pub writes_concurrent_max: usize,
    /// Calls of one caller at the most, of either kind, or of one address for callers who are not known.
    pub caller_calls_max: usize,
    /// Calls of one address at the most, of either kind, whoever calls from it.
    pub address_calls_max: usize,
    /// Units a caller may spend in a minute; 0 for no limit.
    pub caller_units_per_min: u32,
    /// Units an address may spend in a minute; 0 for no limit.
    pub address_units_per_min: u32,
    /// Units that may be spent at once after a pause, as a part of a minute's.
    pub burst_units: u32,
    /// Buckets kept at the most, of callers and of addresses each.
    pub buckets_max: usize,
    /// Compiled plans kept at the most, of reads and of writes each.
    pub plans_max: usize,
    /// Bytes of memory of all of them at the most, estimated.
    pub plans_bytes_max: usize,
    /// Verified tokens kept at the most.
    pub tokens_max: usize,
    /// Passwords hashed at once at the most (each takes 19 MiB for some 20 ms).
    pub hashes_concurrent_max: usize,
    /// Passwords that wait to be hashed at the most.
    pub hashes_waiting_max: usize,
    /// Passwords in one call at the most.
    pub call_secrets_max: usize,
    /// Seconds an idempotency key is kept.
    pub idempotency_keep_s: u32,
}

impl Settings {
    pub(crate) fn read_places(&self) -> PlaceLimits {
        PlaceLimits {
            all_max: self.calls_concurrent_max,
            caller_max: self.caller_calls_max,
            address_max: self.address_calls_max,
        }
    }

    pub(crate) fn write_places(&self) -> PlaceLimits {
        PlaceLimits { all_max: self.writes_concurrent_max, ..self.read_places() }
    }

    pub(crate) fn stream_places(&self) -> PlaceLimits {
        PlaceLimits {
            all_max: self.streams_concurrent_max,
            caller_max: self.caller_streams_max,
            address_max: self.address_streams_max,
        }
    }

    pub(crate) fn hub(&self) -> Bounds {
        Bounds {
            paths_max: self.channel_paths_max,
            members_max: self.streams_concurrent_max,
            waiting_messages_max: self.channel_waiting_max,
            waiting_bytes_max: self.channel_waiting_bytes_max,
            held_bytes_max: self.channel_held_bytes_max,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_rows_default: 100,
            page_rows_max: 1000,
            reply_bytes_max: 8 << 20,
            selection_depth_max: 8,
            selection_items_max: 256,
            filter_nodes_max: 64,
            filter_values_max: 1000,
            batch_items_max: 1000,
            call_units_max: 1000,
            list_items_max: 10_000,
            stream_items_max: 100_000,
            stream_bytes_max: 32 << 20,
            streams_concurrent_max: 4096,
            caller_streams_max: 1024,
            address_streams_max: 2048,
            channel_paths_max: 10_000,
            channel_waiting_max: 1024,
            channel_waiting_bytes_max: 4 << 20,
            channel_held_bytes_max: 32 << 20,
            held_bytes_max: 160 << 20,
            deadline_default: Duration::from_secs(10),
            deadline_max: Duration::from_secs(60),
            calls_concurrent_max: 4096,
            writes_concurrent_max: 4096,
            caller_calls_max: 512,
            address_calls_max: 2048,
            caller_units_per_min: 60_000,
            address_units_per_min: 120_000,
            burst_units: 5_000,
            buckets_max: 100_000,
            plans_max: 4096,
            plans_bytes_max: 32 << 20,
            tokens_max: 10_000,
            hashes_concurrent_max: 2,
            hashes_waiting_max: 128,
            call_secrets_max: 100,
            idempotency_keep_s: 86_400,
        }
    }
}
