#![allow(clippy::unwrap_used)]

use super::*;
use edge::{Connection, Notice};
use engine::{Fault, Finished, Kind, Observer};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const CONTRACT: &str = "extend schema @contract(name: \"t\", version: \"1.0.0\")
    type User @resource @access(read: \"true\") { id: ID! name: String! }";

fn metrics() -> (Metrics, Arc<Calls>, Arc<Traffic>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.graphql"), CONTRACT).unwrap();
    let contract = contract::load(folder.path()).unwrap_or_else(|found| panic!("{found}")).contract;
    let (calls, traffic) = (Arc::new(Calls::of(&contract)), Arc::<Traffic>::default());
    let started = UNIX_EPOCH + Duration::from_millis(1_500);
    (Metrics::new(calls.clone(), traffic.clone(), started), calls, traffic)
}

/// A call of `user` that ended so.
fn call(calls: &Calls, protocol: &'static str, fault: Option<Kind>, took: Duration) {
    let fault = fault.map(|kind| Fault::new(kind, "CODE", "message"));
    calls.finished(&Finished {
        operation: "user",
        protocol,
        request_id: "r",
        traceparent: None,
        caller: None,
        fault: fault.as_ref(),
        rows: 2,
        bytes: 100,
        statements: 1,
        round_trips: 1,
        prepared_in: Duration::ZERO,
        took,
        cpu: Duration::from_millis(3),
        units: 2,
    });
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|l| l == line)
}

#[test]
fn a_server_that_has_done_nothing() {
    let text = metrics().0.text();
    for line in [
        "# TYPE process_start_time_seconds gauge",
        "process_start_time_seconds 1.5",
        "septet_connections_open 0",
        "septet_connection_notices_total{notice=\"panicked\"} 0",
        "# TYPE septet_calls counter",
    ] {
        assert!(has(&text, line), "{line} in\n{text}");
    }
    let version = format!("septet_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    assert!(has(&text, &version) && text.ends_with("\n# EOF\n"), "{text}");
    assert!(!text.contains("operation="), "{text}");
}

#[test]
fn calls_are_counted_by_operation_protocol_and_kind() {
    let (metrics, calls, _) = metrics();
    call(&calls, "rest", None, Duration::from_micros(100));
    call(&calls, "rest", None, Duration::from_micros(101));
    call(&calls, "rest", Some(Kind::NotFound), Duration::from_secs(60));
    call(&calls, "graphql", Some(Kind::Internal), Duration::ZERO);
    ["grpc", "grpc-web", "connect"].iter().for_each(|name| call(&calls, name, None, Duration::ZERO));
    call(&calls, "telegraph", None, Duration::ZERO);
    let text = metrics.text();
    let user = "operation=\"user\",protocol";
    for line in [
        format!("septet_calls_total{{{user}=\"rest\",kind=\"ok\"}} 2"),
        format!("septet_calls_total{{{user}=\"rest\",kind=\"not_found\"}} 1"),
        format!("septet_calls_total{{{user}=\"rest\",kind=\"internal\"}} 0"),
        format!("septet_calls_total{{{user}=\"graphql\",kind=\"internal\"}} 1"),
        format!("septet_calls_total{{{user}=\"grpc\",kind=\"ok\"}} 1"),
        format!("septet_calls_total{{{user}=\"grpc-web\",kind=\"ok\"}} 1"),
        format!("septet_calls_total{{{user}=\"connect\",kind=\"ok\"}} 1"),
        format!("septet_calls_total{{{user}=\"other\",kind=\"ok\"}} 1"),
        format!("septet_call_duration_seconds_bucket{{le=\"0.0001\",{user}=\"rest\"}} 1"),
        format!("septet_call_duration_seconds_bucket{{le=\"0.00025\",{user}=\"rest\"}} 2"),
        format!("septet_call_duration_seconds_bucket{{le=\"10.0\",{user}=\"rest\"}} 2"),
        format!("septet_call_duration_seconds_bucket{{le=\"+Inf\",{user}=\"rest\"}} 3"),
        format!("septet_call_duration_seconds_count{{{user}=\"rest\"}} 3"),
        format!("septet_call_duration_seconds_sum{{{user}=\"rest\"}} 60.000201"),
        format!("septet_call_rows_total{{{user}=\"rest\"}} 6"),
        format!("septet_call_reply_bytes_total{{{user}=\"rest\"}} 300"),
        format!("septet_call_statements_total{{{user}=\"rest\"}} 3"),
        format!("septet_call_cpu_seconds_total{{{user}=\"rest\"}} 0.009"),
        format!("septet_call_units_total{{{user}=\"rest\"}} 6"),
    ] {
        assert!(has(&text, &line), "{line} in\n{text}");
    }
    assert!(!text.contains("operation=\"users\""), "what was never called has no lines\n{text}");
}

/// A kind's place is its number.
#[test]
fn every_kind_is_counted_as_itself() {
    let (metrics, calls, _) = metrics();
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        (0..=at).for_each(|_| call(&calls, "rest", Some(kind), Duration::ZERO));
    }
    let text = metrics.text();
    let counts = text.lines().filter(|line| line.starts_with("septet_calls_total"));
    let counts: Vec<usize> = counts.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(counts, (0..=Kind::ALL.len()).collect::<Vec<_>>());
}

#[test]
fn connections_and_notices_are_counted() {
    let (metrics, _, traffic) = metrics();
    (0..3).for_each(|_| traffic.connection(Connection::Began));
    traffic.connection(Connection::Ended);
    traffic.notice(&Notice::SlowHead(([127, 0, 0, 1], 1).into()));
    let text = metrics.text();
    for line in [
        "septet_connections_open 2",
        "septet_connections_total 3",
        "septet_connection_notices_total{notice=\"slow_head\"} 1",
        "septet_connection_notices_total{notice=\"write_stall\"} 0",
    ] {
        assert!(has(&text, line), "{line} in\n{text}");
    }
}

#[test]
fn what_others_count_is_read_when_somebody_scrapes() {
    let (mut metrics, _, _) = metrics();
    let hits = Arc::new(AtomicU64::new(0));
    let read = hits.clone();
    metrics.counter("graphql_documents_hits", "Documents found in the cache.", move || read.load(Relaxed));
    metrics.gauge("graphql_documents", "Documents in the cache.", || 7);
    hits.store(5, Relaxed);
    let text = metrics.text();
    for line in [
        "# HELP septet_graphql_documents_hits Documents found in the cache.",
        "# TYPE septet_graphql_documents_hits counter",
        "septet_graphql_documents_hits_total 5",
        "# TYPE septet_graphql_documents gauge",
        "septet_graphql_documents 7",
    ] {
        assert!(has(&text, line), "{line} in\n{text}");
    }
}
