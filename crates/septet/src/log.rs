//! What is written to standard error: one line for what somebody should look at, and one for every call on request.

use crate::config::{Level, Log, LogFormat};
use edge::Notice;
use engine::{Finished, Kind, Observer};
use tracing::level_filters::LevelFilter;

/// Starts logging.
///
/// # Errors
/// When logging was started before.
pub fn start(log: Log) -> Result<(), String> {
    let level = match log.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let lines =
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| error.to_string())
}

/// One line about a call, at a level that is checked before anything is formatted.
macro_rules! line_of {
    ($level:ident, $call:expr) => {
        tracing::$level!(
            operation = $call.operation,
            protocol = $call.protocol,
            request_id = $call.request_id,
            traceparent = $call.traceparent,
            caller = $call.caller,
            code = $call.fault.map(|fault| fault.code.as_ref()),
            detail = $call.fault.and_then(|fault| fault.detail.as_deref()),
            rows = $call.rows,
            bytes = $call.bytes,
            statements = $call.statements,
            round_trips = $call.round_trips,
            prepared_us = $call.prepared_in.as_micros() as u64,
            took_us = $call.took.as_micros() as u64,
            cpu_us = $call.cpu.as_micros() as u64,
            units = $call.units,
            "call"
        )
    };
}

/// Writes calls: defects as errors, refusals for want of room or time as warnings, everything else at `debug`.
#[derive(Debug)]
pub struct Calls;

impl Observer for Calls {
    fn finished(&self, call: &Finished<'_>) {
        match call.kind() {
            Some(Kind::Internal) => line_of!(error, call),
            Some(Kind::Unavailable | Kind::Timeout) => line_of!(warn, call),
            None
            | Some(
                Kind::Unauthenticated
                | Kind::Denied
                | Kind::Invalid
                | Kind::NotFound
                | Kind::Conflict
                | Kind::Precondition
                | Kind::Mismatch
                | Kind::TooLarge
                | Kind::Throttled
                | Kind::Cancelled
                | Kind::Unsupported,
            ) => line_of!(debug, call),
        }
    }
}

/// Writes what the edge has to tell.
pub fn notice(notice: &Notice) {
    match notice {
        Notice::AcceptFailed(error) => tracing::error!(%error, "a connection could not be accepted"),
        Notice::TooManyConnections(peer) => tracing::warn!(%peer, "too many connections from one address"),
        Notice::Panicked(peer) => tracing::error!(%peer, "a request ended in a panic"),
        Notice::SlowHead(peer) => tracing::debug!(%peer, "the head of a request came too slowly"),
        Notice::WriteStall(peer) => tracing::debug!(%peer, "the peer does not read its answer"),
    }
}
