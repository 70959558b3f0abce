//! What is counted of calls.

use super::counted_of;
use crate::log;
use contract::Contract;
use engine::{Finished, Kind, Observer};
use foldhash::fast::FixedState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Protocols by which calls come. One that is not among them is counted as the last.
const PROTOCOLS: [&str; 6] = ["rest", "graphql", "grpc", "grpc-web", "connect", "other"];
/// The first bucket of durations ends here, in nanoseconds, and each of the others at the next bound; the last has no
/// end. From what a read by key takes to the deadline that calls have by default.
const BOUNDS_NS: [u64; 18] = [
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];
/// How calls may end: well, or with a fault of some kind.
const OUTCOMES: usize = 1 + Kind::ALL.len();

/// Counts calls, and hands them on to the log.
#[derive(Debug)]
pub struct Calls {
    names: Box<[Box<str>]>,
    /// Where an operation is in `names`.
    places: HashMap<Box<str>, usize, FixedState>,
    /// By operation, then by protocol.
    series: Box<[[Series; PROTOCOLS.len()]]>,
}

/// The calls of an operation by a protocol.
#[derive(Debug, Default)]
struct Series {
    by_outcome: [AtomicU64; OUTCOMES],
    by_duration: [AtomicU64; BOUNDS_NS.len() + 1],
    took_ns: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    statements: AtomicU64,
    cpu_ns: AtomicU64,
    units: AtomicU64,
}

impl Calls {
    /// Nothing counted yet of the operations of this contract.
    pub fn of(contract: &Contract) -> Self {
        let names: Box<[Box<str>]> =
            contract.operations().map(|(_, operation)| operation.name.as_str().into()).collect();
        let places = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let series = names.iter().map(|_| Default::default()).collect();
        Calls { names, places, series }
    }

    fn count(&self, call: &Finished<'_>) {
        // Every call is of an operation of the contract.
        let Some(place) = self.places.get(call.operation) else { return };
        let protocol = PROTOCOLS.iter().position(|name| *name == call.protocol);
        self.series[*place][protocol.unwrap_or(PROTOCOLS.len() - 1)].count(call);
    }

    /// Labels and figures of everything that was ever called. What was not is left out: most pairs of operation and
    /// protocol never are, and each has some forty lines.
    fn used(&self) -> impl Iterator<Item = (&str, &'static str, &Series)> {
        let rows = self.names.iter().zip(&self.series);
        let pairs = rows.flat_map(|(name, row)| PROTOCOLS.iter().zip(row).map(move |pair| (name, pair)));
        pairs
            .filter(|(_, (_, series))| series.is_used())
            .map(|(name, (protocol, series))| (&**name, *protocol, series))
    }
}

impl Observer for Calls {
    fn finished(&self, call: &Finished<'_>) {
        self.count(call);
        log::Calls.finished(call);
    }
}

impl Series {
    fn count(&self, call: &Finished<'_>) {
        self.by_outcome[call.kind().map_or(0, |kind| 1 + kind as usize)].fetch_add(1, Relaxed);
        let took_ns = u64::try_from(call.took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_NS.iter().position(|bound| took_ns <= *bound).unwrap_or(BOUNDS_NS.len());
        self.by_duration[bucket].fetch_add(1, Relaxed);
        self.took_ns.fetch_add(took_ns, Relaxed);
        self.rows.fetch_add(call.rows, Relaxed);
        self.bytes.fetch_add(call.bytes, Relaxed);
        self.statements.fetch_add(call.statements.into(), Relaxed);
        self.cpu_ns.fetch_add(u64::try_from(call.cpu.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.units.fetch_add(call.units.into(), Relaxed);
    }

    fn is_used(&self) -> bool {
        self.by_outcome.iter().any(|count| count.load(Relaxed) > 0)
    }
}

impl Collector for Calls {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_outcomes(&mut encoder)?;
        self.encode_durations(&mut encoder)?;
        self.encode_sums(&mut encoder)
    }
}

impl Calls {
    /// All outcomes of what was called, so that the first fault of a kind is seen as a change from none.
    fn encode_outcomes(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Calls that have ended, by how: ok, or the kind of the fault.";
        let mut calls = encoder.encode_descriptor("septet_calls", help, None, MetricType::Counter)?;
        for (operation, protocol, series) in self.used() {
            let outcomes = std::iter::once("ok").chain(Kind::ALL.map(name));
            for (kind, count) in outcomes.zip(&series.by_outcome) {
                let labels = [("operation", operation), ("protocol", protocol), ("kind", kind)];
                counted_of(&mut calls, &labels, count.load(Relaxed))?;
            }
        }
        Ok(())
    }

    fn encode_durations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "How long calls took, from their admission to their answer.";
        let mut durations = encoder.encode_descriptor(
            "septet_call_duration",
            help,
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (operation, protocol, series) in self.used() {
            let ends = BOUNDS_NS.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
            let counts = series.by_duration.iter().map(|count| count.load(Relaxed));
            let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
            let count = buckets.iter().map(|(_, count)| count).sum();
            let sum = seconds(series.took_ns.load(Relaxed));
            durations
                .encode_family(&[("operation", operation), ("protocol", protocol)])?
                .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn encode_sums(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        type Sum = fn(&Series) -> &AtomicU64;
        let help = "CPU time that calls used on all threads.";
        let mut used =
            encoder.encode_descriptor("septet_call_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        for (operation, protocol, series) in self.used() {
            let labels = [("operation", operation), ("protocol", protocol)];
            used.encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, f64>(&seconds(series.cpu_ns.load(Relaxed)), None)?;
        }
        let sums: [(&str, &str, Option<&Unit>, Sum); 4] = [
            ("septet_call_rows", "Rows in answers.", None, |series| &series.rows),
            ("septet_call_reply", "Bytes of answers, before compression.", Some(&Unit::Bytes), |series| {
                &series.bytes
            }),
            ("septet_call_statements", "Statements that calls ran.", None, |series| &series.statements),
            ("septet_call_units", "Units that calls took of budgets.", None, |series| &series.units),
        ];
        for (name, help, unit, sum) in sums {
            let mut counter = encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
            for (operation, protocol, series) in self.used() {
                let labels = [("operation", operation), ("protocol", protocol)];
                counted_of(&mut counter, &labels, sum(series).load(Relaxed))?;
            }
        }
        Ok(())
    }
}

fn seconds(ns: u64) -> f64 {
    Duration::from_nanos(ns).as_secs_f64()
}

/// As the label `kind` has it.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unauthenticated => "unauthenticated",
        Kind::Denied => "denied",
        Kind::Invalid => "invalid",
        Kind::NotFound => "not_found",
        Kind::Conflict => "conflict",
        Kind::Precondition => "precondition",
        Kind::Mismatch => "mismatch",
        Kind::TooLarge => "too_large",
        Kind::Throttled => "throttled",
        Kind::Timeout => "timeout",
        Kind::Cancelled => "cancelled",
        Kind::Unsupported => "unsupported",
        Kind::Unavailable => "unavailable",
        Kind::Internal => "internal",
    }
}
