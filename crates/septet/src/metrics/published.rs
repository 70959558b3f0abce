//! Numbers that others keep, read when somebody scrapes.

use super::counted;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use std::fmt;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    /// It grows and shrinks.
    Gauge,
}

/// A number and how to read it.
pub(super) struct Published {
    kind: Kind,
    name: String,
    help: &'static str,
    read: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Published {
    pub fn new(kind: Kind, name: &str, help: &'static str, read: Box<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Published { kind, name: format!("septet_{name}"), help, read }
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Collector for Published {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let value = (self.read)();
        let kind = match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
        };
        let mut metric = encoder.encode_descriptor(&self.name, self.help, None, kind)?;
        match self.kind {
            Kind::Counter => counted(&mut metric, value),
            Kind::Gauge => metric.encode_gauge(&value),
        }
    }
}
