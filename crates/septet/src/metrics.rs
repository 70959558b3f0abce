//! What the server counts, for Prometheus and whoever else reads its format.
//!
//! Counting is adding to atomics whose places were found when the server started; names and labels are only put
//! together when somebody scrapes.

mod calls;
mod endpoint;
mod published;
mod traffic;

pub use calls::Calls;
pub use endpoint::{Endpoint, PATH};
pub use traffic::Traffic;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use published::{Kind, Published};
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Everything that is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// What is measured of every server; `started` is when the process was.
    pub fn new(calls: Arc<Calls>, traffic: Arc<Traffic>, started: SystemTime) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process { started }));
        registry.register_collector(Box::new(calls));
        registry.register_collector(Box::new(traffic));
        Metrics { registry }
    }

    /// Adds a number that only grows, read whenever somebody scrapes: `graphql_documents_hits` is published as
    /// `septet_graphql_documents_hits_total`. `help` is a sentence.
    pub fn counter(
        &mut self,
        name: &str,
        help: &'static str,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.publish(Kind::Counter, name, help, Box::new(read));
    }

    /// Adds a number that grows and shrinks, as [`Metrics::counter`] but without `_total`.
    pub fn gauge(&mut self, name: &str, help: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.publish(Kind::Gauge, name, help, Box::new(read));
    }

    fn publish(
        &mut self,
        kind: Kind,
        name: &str,
        help: &'static str,
        read: Box<dyn Fn() -> u64 + Send + Sync>,
    ) {
        self.registry.register_collector(Box::new(Published::new(kind, name, help, read)));
    }

    /// All of it in the text format of OpenMetrics 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a text cannot fail");
        text
    }
}

/// The process itself.
#[derive(Debug)]
struct Process {
    started: SystemTime,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let help = "When the process started, in seconds since 1970.";
        encoder
            .encode_descriptor("process_start_time", help, Some(&Unit::Seconds), MetricType::Gauge)?
            .encode_gauge(&started)?;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        encoder
            .encode_descriptor("septet_build", "Which server this is.", None, MetricType::Info)?
            .encode_info(&version)
    }
}

/// Writes a counter's value.
fn counted(encoder: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    encoder.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

/// Writes the value of one of a counter's label sets.
fn counted_of(encoder: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, value: u64) -> fmt::Result {
    counted(&mut encoder.encode_family(labels)?, value)
}

#[cfg(test)]
mod tests;
