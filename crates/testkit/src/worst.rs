//! The most expensive requests for what they are charged: CPU time and memory of the server for each unit, while a
//! neighbour asks for a record and for the server's health.

mod requests;

use crate::case::Caller;
use crate::raw::{Connection, Reply, Response};
use crate::server::{self, Server};
use requests::{DOCS, Nasty};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
}

/// CPU time that a unit pays for.
const UNIT_CPU: Duration = Duration::from_millis(20);
/// CPU time of a request that may be paid for by nobody: what it takes to refuse one, and what the server does beside.
const UNPAID_CPU_MAX: Duration = Duration::from_millis(10);
/// How much longer a neighbour may wait than on an idle server, at the 99th percentile.
const NEIGHBOUR_MAX: Duration = Duration::from_millis(50);
/// The most that the server may hold in memory.
const RESIDENT_KIB_MAX: u64 = 512 << 10;
/// Times that each request is sent.
const ROUNDS: usize = 2;
/// No request is begun after so long.
const TIME_MAX: Duration = Duration::from_secs(60);
/// Between two questions of the neighbour.
const PAUSE: Duration = Duration::from_millis(2);
/// How long the neighbour is watched on the idle server.
const IDLE: Duration = Duration::from_secs(2);
/// Rows of the table.
const SHOWN: usize = 10;
/// A bucket that is large enough and does not fill while it is looked at.
const SETTINGS: [(&str, &str); 3] = [
    ("SEPTET_LIMITS_CALLS_PER_MIN", "1"),
    ("SEPTET_LIMITS_BURST_CALLS", "100000"),
    ("SEPTET_LIMITS_ADDRESS_CALLS_PER_MIN", "0"),
];

/// What a request came to, its worst round.
#[derive(Debug)]
struct Found {
    kind: &'static str,
    status: u16,
    units: u64,
    cpu: Duration,
    kib: u64,
    took: Duration,
    /// The neighbour's 99th percentile meanwhile.
    neighbour: Duration,
}

impl Found {
    fn per_unit(&self) -> Duration {
        self.cpu / u32::try_from(self.units.max(1)).unwrap_or(u32::MAX)
    }

    /// Whether it used more than it was charged for.
    fn is_too_cheap(&self) -> bool {
        self.cpu > UNIT_CPU * u32::try_from(self.units).unwrap_or(u32::MAX) + UNPAID_CPU_MAX
    }
}

/// Sends them all and tells whether each paid for what it used and left its neighbours alone.
pub fn run(form: Form) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder: {e}"))?;
    let (contract, data) = (folder.path().join("contract"), folder.path().join("data"));
    write(&contract).map_err(|e| format!("the contract: {e}"))?;
    let server = Server::start_with(&contract, &data, &SETTINGS)?;
    let token = |sub: String| {
        let caller = Caller { sub: Some(sub), ..Caller::default() };
        server::token(&contract, &data, &[], &caller)?.ok_or("a caller has a token".to_owned())
    };
    let neighbour = token("neighbour".to_owned())?;
    let before = server.cpu();
    let idle = watched(server.address, &neighbour, || std::thread::sleep(IDLE)).1;
    // What the neighbour takes is no part of what a request takes.
    let idle_cpu =
        before.zip(server.cpu()).map_or(0.0, |(before, after)| (after - before).div_duration_f64(IDLE));
    let end = Instant::now() + TIME_MAX;
    let mut found: Vec<Found> = Vec::new();
    for round in 0..ROUNDS {
        for (at, nasty) in requests::all(round).iter().enumerate() {
            if Instant::now() > end {
                break;
            }
            let asker = Asker { server: &server, token: token(format!("u{round}-{at}"))?, idle_cpu };
            let (one, neighbour) = watched(server.address, &neighbour, || asker.ask(nasty));
            let one = Found { neighbour, ..one? };
            match found.iter_mut().find(|known| known.kind == one.kind) {
                Some(known) if known.per_unit() < one.per_unit() => *known = one,
                Some(known) => known.neighbour = known.neighbour.min(one.neighbour),
                None => found.push(one),
            }
        }
    }
    let kib = server.resident_max_kib().unwrap_or(u64::MAX);
    found.sort_by_key(|one| std::cmp::Reverse(one.per_unit()));
    print(&found, form);
    Ok(judge(&found, idle, kib))
}

/// A folder with the contract and its rows.
fn write(contract: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(contract.join("data"))?;
    std::fs::write(contract.join("worst.graphql"), include_str!("worst/contract.graphql"))?;
    for (name, rows) in requests::rows() {
        std::fs::write(contract.join("data").join(format!("{name}.ndjson")), rows)?;
    }
    Ok(())
}

fn judge(found: &[Found], idle: Duration, kib: u64) -> bool {
    let mut failures = Vec::new();
    for one in found {
        if one.is_too_cheap() {
            let (cpu, units) = (one.cpu, one.units);
            failures.push(format!("{}: {cpu:?} of CPU time for {units} units", one.kind));
        }
        if one.neighbour > idle + NEIGHBOUR_MAX {
            failures.push(format!("{}: a neighbour waited {:?}, {idle:?} alone", one.kind, one.neighbour));
        }
        if one.status >= 500 && one.status != 504 {
            failures.push(format!("{}: status {}", one.kind, one.status));
        }
    }
    if kib > RESIDENT_KIB_MAX {
        failures.push(format!("the server held {kib} KiB, {RESIDENT_KIB_MAX} allowed"));
    }
    failures.iter().for_each(|failure| println!("FAILED {failure}"));
    println!(
        "worst: {} kinds, {} MiB resident at most, a neighbour alone waits {idle:?}, {} failures",
        found.len(),
        kib >> 10,
        failures.len()
    );
    failures.is_empty()
}

fn print(found: &[Found], form: Form) {
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    match form {
        Form::Markdown => {
            println!(
                "| request | status | units | CPU time | for each unit | memory for each unit | p99 of its neighbours |"
            );
            println!("|---|---|---|---|---|---|---|");
        }
        Form::Text => {}
    }
    let shown = if form == Form::Markdown { SHOWN } else { found.len() };
    for one in found.iter().take(shown) {
        let kib = one.kib / one.units.max(1);
        let cells = [
            one.kind.to_owned(),
            one.status.to_string(),
            one.units.to_string(),
            ms(one.cpu),
            ms(one.per_unit()),
            format!("{:.1} MiB", kib as f64 / 1024.0),
            ms(one.neighbour),
        ];
        match form {
            Form::Markdown => println!("| {} |", cells.join(" | ")),
            Form::Text => println!("{} took {}", cells.join("  "), ms(one.took)),
        }
    }
}

/// A caller of its own, whose budget nobody else uses.
struct Asker<'s> {
    server: &'s Server,
    token: String,
    /// CPU time of the idle server in each second.
    idle_cpu: f64,
}

impl Asker<'_> {
    fn ask(&self, nasty: &Nasty) -> Result<Found, String> {
        let before = self.remaining()?;
        self.server.forget_peak();
        let (cpu_before, kib_before) = (self.cpu()?, self.server.resident_max_kib().unwrap_or(0));
        let begun = Instant::now();
        let response = self.send(&nasty.line, nasty.headers, &nasty.body)?;
        let took = begun.elapsed();
        let (cpu, after) = self.settled(cpu_before)?;
        let cpu = cpu.saturating_sub(begun.elapsed().mul_f64(self.idle_cpu));
        let kib = self.server.resident_max_kib().unwrap_or(0).saturating_sub(kib_before);
        // The question about the budget takes a unit.
        let units = before.saturating_sub(after).saturating_sub(1);
        let neighbour = Duration::ZERO;
        Ok(Found { kind: nasty.kind, status: response.status, units, cpu, kib, took, neighbour })
    }

    /// CPU time since, when the server has nothing more to do, and the budget then.
    fn settled(&self, since: Duration) -> Result<(Duration, u64), String> {
        let mut last = self.cpu()?;
        loop {
            std::thread::sleep(Duration::from_millis(30));
            let now = self.cpu()?;
            // What the neighbour takes meanwhile is little.
            if now.saturating_sub(last) < Duration::from_millis(8) {
                let budget = self.remaining()?;
                return Ok((last.saturating_sub(since), budget));
            }
            last = now;
        }
    }

    fn cpu(&self) -> Result<Duration, String> {
        self.server.cpu().ok_or_else(|| "the server's CPU time cannot be read".to_owned())
    }

    /// What is left of the caller's budget.
    fn remaining(&self) -> Result<u64, String> {
        let response = self.send("GET /api/docs/d4000?select=id", "", "")?;
        let budget = response.header("ratelimit").and_then(|limit| limit.split("r=").nth(1));
        let digits = budget.map(|rest| rest.split(';').next().unwrap_or_default());
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or(format!("no budget in an answer {}", response.status))
    }

    fn send(&self, line: &str, headers: &str, body: &str) -> Result<Response, String> {
        let mut connection = Connection::open(self.server.address).map_err(|e| format!("connecting: {e}"))?;
        let bytes = request(line, &self.token, headers, body);
        let _ = connection.send(&bytes);
        let response = connection.receive(Reply::Whole).map_err(|e| format!("{line:.60}: {e}"))?;
        response.ok_or(format!("{line:.60}: closed without an answer"))
    }
}

fn request(line: &str, token: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n{headers}{length}\r\n{body}"
    )
    .into_bytes()
}

/// Does something while a neighbour asks, and says how long that waited, at the 99th percentile.
fn watched<T>(address: SocketAddr, token: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let neighbours =
            ["GET /healthz", "GET /api/docs/d3000?select=id,title"].map(|line| (line, &is_over)).map(
                |(line, is_over)| scope.spawn(move || waits(address, &request(line, token, "", ""), is_over)),
            );
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        let p99 = neighbours.into_iter().map(|thread| percentile(thread.join().unwrap_or_default()));
        (done, p99.max().unwrap_or_default())
    })
}

/// How long each of many questions waited.
fn waits(address: SocketAddr, request: &[u8], is_over: &AtomicBool) -> Vec<Duration> {
    let mut waited = Vec::new();
    let mut open = None;
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let connection = open.take().map_or_else(|| Connection::open(address).ok(), Some);
        open = connection.and_then(|mut connection| {
            connection.send(request).ok()?;
            connection.receive(Reply::Whole).ok()??.keeps_open.then_some(connection)
        });
        waited.push(begun.elapsed());
        std::thread::sleep(PAUSE);
    }
    waited
}

fn percentile(mut waited: Vec<Duration>) -> Duration {
    waited.sort_unstable();
    let at = (waited.len() * 99).div_ceil(100).saturating_sub(1);
    waited.get(at).copied().unwrap_or_default()
}

const _: () = assert!(DOCS > 4000, "the record that is asked for is there");
