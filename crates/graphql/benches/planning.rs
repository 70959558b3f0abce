//! What stands between a request's bytes and its first SQL step, for documents that are known: the head and body, the
//! document's place in the cache, variables, identity, budgets, rules, the plan.
//!
//!     cargo bench -p graphql --bench planning
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it prints, and what fails ends it")]

#[path = "../tests/support/mod.rs"]
mod support;

use engine::{Finished, Observer};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Runs before anything is measured.
const WARM: usize = 2_000;
/// Runs that are measured.
const RUNS: usize = 100_000;

const DASHBOARD: &str = r#"{"query":"query($id: ID!) { user(id: $id) { name email posts(limit: 5) { title createdAt comments(limit: 3) { text author { name } } } followers(limit: 10) { name } } }","variables":{"id":"u1"}}"#;
const LIST: &str = r#"{"query":"{ users(limit: 100) { name posts(limit: 5) { title } } }"}"#;
const PAGE: &str = r#"{"query":"query($n: Int!) { users(limit: $n, where: {name: {like: \"A%\"}}) { name posts(limit: $n) { title } } }","variables":{"n":5}}"#;

/// When the last call ended, how long it took, and how much of that was before the store was asked.
#[derive(Debug, Default)]
struct Last(Mutex<Option<(Instant, Duration, Duration)>>);

impl Observer for Last {
    fn finished(&self, finished: &Finished<'_>) {
        *self.0.lock().unwrap() = Some((Instant::now(), finished.took, finished.prepared_in));
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("| document | median, µs | p99, µs |\n|---|--:|--:|");
    for (name, body) in
        [("dashboard", DASHBOARD), ("users with posts", LIST), ("a filter and variables", PAGE)]
    {
        let mut times = runtime.block_on(measured(body));
        times.sort_unstable();
        let micros = |at: usize| times[at].as_nanos() as f64 / 1000.0;
        println!("| {name} | {:.1} | {:.1} |", micros(RUNS / 2), micros(RUNS * 99 / 100));
    }
}

async fn measured(body: &str) -> Vec<Duration> {
    let last = Arc::new(Last::default());
    let service = support::service_seen_by(Arc::clone(&last) as Arc<dyn Observer>);
    let bearer = format!("Bearer {}", support::token("reader"));
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..WARM + RUNS {
        let request = support::request("POST", "/graphql", &headers, body.as_bytes());
        let start = Instant::now();
        service.handle(request, || "r1".to_owned()).await;
        let (end, took, prepared) = last.0.lock().unwrap().take().unwrap();
        // The call began when it ended less what it took, and the store was asked when it was prepared.
        if run >= WARM {
            times.push((end - took + prepared).saturating_duration_since(start));
        }
    }
    times
}
