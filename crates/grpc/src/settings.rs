//! What the adapter is told by the configuration.

use http_semantics::discretion::Names;
use std::time::Duration;
use wire::DecodeBounds;

/// Settings of the adapter.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes of one message of a request at the most, after decompression.
    pub message_bytes_max: usize,
    /// Bounds on what a message holds.
    pub decode: DecodeBounds,
    /// Time between two messages of a client that streams, at the most.
    pub stream_idle_max: Duration,
    /// Who is told of services and messages by reflection.
    pub reflection: Reflection,
    /// Who is told names that are not in the request.
    pub names: Names,
}

/// Who may use reflection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reflection {
    /// Everybody.
    Everyone,
    /// Callers with one of these roles; with none, nobody.
    Roles(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            message_bytes_max: 4 << 20,
            decode: DecodeBounds::default(),
            stream_idle_max: Duration::from_secs(60),
            reflection: Reflection::Everyone,
            names: Names::Told,
        }
    }
}
