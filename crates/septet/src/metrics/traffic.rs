//! What is counted of connections.

use super::{counted, counted_of};
use edge::{Connection, Notice};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The names of the edge's notices, as the label `notice` has them.
const NOTICES: [&str; 5] = ["accept_failed", "too_many_connections", "panicked", "slow_head", "write_stall"];

/// Connections, and what the edge had to tell of them.
#[derive(Debug, Default)]
pub struct Traffic {
    began: AtomicU64,
    ended: AtomicU64,
    /// By [`NOTICES`].
    notices: [AtomicU64; NOTICES.len()],
}

impl Traffic {
    /// A connection began or ended.
    pub fn connection(&self, change: Connection) {
        let counter = match change {
            Connection::Began => &self.began,
            Connection::Ended => &self.ended,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// The edge had something to tell.
    pub fn notice(&self, notice: &Notice) {
        let at = match notice {
            Notice::AcceptFailed(_) => 0,
            Notice::TooManyConnections(_) => 1,
            Notice::Panicked(_) => 2,
            Notice::SlowHead(_) => 3,
            Notice::WriteStall(_) => 4,
        };
        self.notices[at].fetch_add(1, Relaxed);
    }
}

impl Collector for Traffic {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // In this order: a connection that comes in between is not open rather than less than none are.
        let ended = self.ended.load(Relaxed);
        let began = self.began.load(Relaxed);
        let help = "Connections that are open.";
        encoder
            .encode_descriptor("septet_connections_open", help, None, MetricType::Gauge)?
            .encode_gauge(&began.saturating_sub(ended))?;
        let help = "Connections that were served, open ones included.";
        counted(
            &mut encoder.encode_descriptor("septet_connections", help, None, MetricType::Counter)?,
            began,
        )?;
        let help = "What went wrong with connections, by what it was.";
        let mut notices =
            encoder.encode_descriptor("septet_connection_notices", help, None, MetricType::Counter)?;
        for (name, count) in NOTICES.iter().zip(&self.notices) {
            counted_of(&mut notices, &[("notice", *name)], count.load(Relaxed))?;
        }
        Ok(())
    }
}
