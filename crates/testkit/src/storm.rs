//! Random and mutated requests: the server answers each without a 5xx, stays alive, and stays small.

use crate::case::Caller;
use crate::chance::Chance;
use crate::corpus;
use crate::mutate::{self, Attempt, Family, Framing};
use crate::raw::{Connection, Reply, Response};
use crate::server::{self, Server};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Requests when no number is asked for.
pub const REQUESTS: u32 = 100_000;
/// Clients at the same time.
const CLIENTS: u32 = 4;
/// The storm is over by then, or it failed.
const TIME_MAX: Duration = Duration::from_secs(300);
/// The most that the server may ever hold in memory.
const RESIDENT_KIB_MAX: u64 = 192 << 10;
/// No caller is refused for its number of calls alone: a refusal at the door tests nothing behind it.
const LIFTED: [(&str, &str); 2] =
    [("SEPTET_LIMITS_CALLS_PER_MIN", "0"), ("SEPTET_LIMITS_ADDRESS_CALLS_PER_MIN", "0")];
/// A proper request that was sent so often has been done at least once, or the storm never gets behind the door.
const PROPER_MIN: u64 = 20;
/// What an answer says of a defect of the server, whatever its status.
const DEFECTS: [&[u8]; 2] = [br#""code":"INTERNAL""#, br#""code":"internal""#];
/// Failures kept and shown.
const FAILURES_MAX: usize = 20;
/// Where chance begins.
const SEED: u64 = 0x5EED;

#[derive(Debug, Default)]
struct Tally {
    /// Answers by status.
    statuses: BTreeMap<u16, u64>,
    /// Connections closed without an answer to something that is not HTTP.
    closed: u64,
    /// Of each proper request that was sent as it stands: how often, and how often it was done.
    proper: BTreeMap<usize, Proper>,
    /// What must not happen.
    failures: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Proper {
    sent: u64,
    done: u64,
}

/// Storms a server of the tour and tells whether it held.
pub fn run(project: &Path, requests: u32) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder for the data: {e}"))?;
    let (contract, data) = (project.join("examples/tour"), folder.path().join("data"));
    let mut server = Server::start_with(&contract, &data, &LIFTED)?;
    let mut tokens = Vec::new();
    for (sub, role) in [("u1", None), ("u2", None), ("u3", Some("admin".to_owned()))] {
        let roles = role.into_iter().collect();
        let caller = Caller { sub: Some(sub.to_owned()), roles, ..Caller::default() };
        tokens.push(server::token(&contract, &data, &[], &caller)?.ok_or("a caller has a token")?);
    }
    let tally = Mutex::new(Tally::default());
    let end = Instant::now() + TIME_MAX;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (tokens, tally, address) = (&tokens, &tally, server.address);
            scope.spawn(move || {
                storm(address, tokens, Chance::new(SEED + u64::from(client)), requests / CLIENTS, end, tally);
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(judge(&mut server, tally, requests / CLIENTS * CLIENTS))
}

/// Sends one client's share.
fn storm(
    address: SocketAddr,
    tokens: &[String],
    mut chance: Chance,
    requests: u32,
    end: Instant,
    tally: &Mutex<Tally>,
) {
    let mut own = Tally::default();
    let mut open = None;
    for _ in 0..requests {
        if Instant::now() > end || own.failures.len() >= FAILURES_MAX {
            break;
        }
        let attempt = mutate::attempt(&mut chance, tokens);
        let (answer, connection) = send(address, open.take(), &attempt);
        open = connection;
        own.count(&attempt, answer);
    }
    let mut all = tally.lock().unwrap_or_else(PoisonError::into_inner);
    for (status, times) in own.statuses {
        *all.statuses.entry(status).or_default() += times;
    }
    for (at, proper) in own.proper {
        let sum = all.proper.entry(at).or_default();
        sum.sent += proper.sent;
        sum.done += proper.done;
    }
    all.closed += own.closed;
    all.failures.extend(own.failures);
}

type Answer = Result<Option<Response>, String>;

/// Sends on the open connection if there is one; a server may close one it has kept for a while, so what fails there
/// is tried once more on a new one.
fn send(address: SocketAddr, open: Option<Connection>, attempt: &Attempt) -> (Answer, Option<Connection>) {
    if let Some(connection) = open {
        let (answer, connection) = send_once(connection, attempt);
        if let Ok(Some(_)) = answer {
            return (answer, connection);
        }
    }
    match Connection::open(address) {
        Ok(connection) => send_once(connection, attempt),
        Err(e) => (Err(format!("connecting: {e}")), None),
    }
}

fn send_once(mut connection: Connection, attempt: &Attempt) -> (Answer, Option<Connection>) {
    // A server may refuse what it has read so far and close; then the answer is there all the same.
    let sent = connection.send(&attempt.bytes);
    if attempt.framing == Framing::Broken {
        connection.finish();
    }
    let reply = if attempt.bytes.starts_with(b"HEAD ") { Reply::HeadersOnly } else { Reply::Whole };
    match connection.receive(reply) {
        Ok(Some(response)) => {
            let open = (response.keeps_open && attempt.framing == Framing::Sound).then_some(connection);
            (Ok(Some(response)), open)
        }
        Ok(None) => (Ok(None), None),
        Err(e) => (Err(format!("{e} (sent: {sent:?})")), None),
    }
}

impl Tally {
    fn count(&mut self, attempt: &Attempt, answer: Answer) {
        if let (Some(at), Ok(Some(response))) = (attempt.proper, &answer) {
            let proper = self.proper.entry(at).or_default();
            proper.sent += 1;
            proper.done += u64::from(is_done(response));
        }
        let wrong = match (&answer, attempt.framing) {
            (Ok(Some(response)), framing) => {
                *self.statuses.entry(response.status).or_default() += 1;
                (is_wrong(response.status, framing, attempt.family) || is_defect(response)).then(|| {
                    format!("status {}: {}", response.status, String::from_utf8_lossy(&response.body))
                })
            }
            (Ok(None), Framing::Sound) => Some("closed without an answer".to_owned()),
            (Err(e), Framing::Sound) => Some(e.clone()),
            (Ok(None) | Err(_), Framing::Broken) => {
                self.closed += 1;
                None
            }
        };
        if let Some(what) = wrong {
            let sent: String = String::from_utf8_lossy(&attempt.bytes).chars().take(600).collect();
            self.failures.push(format!("{what}\n    {}", sent.escape_debug()));
        }
    }
}

/// Whether what was asked for was done: GraphQL says in the body that it was not.
fn is_done(response: &Response) -> bool {
    response.status < 300 && !has(response, br#""errors":["#)
}

fn has(response: &Response, text: &[u8]) -> bool {
    response.body.windows(text.len()).any(|window| window == text)
}

/// Whether a status must not come. What is not proper HTTP may be told so with 501 or 505 (RFC 9110, 15.6).
fn is_wrong(status: u16, framing: Framing, family: Family) -> bool {
    match (framing, family) {
        (Framing::Sound, Family::Web) => status >= 500,
        // Connect has them for methods that are not there and deadlines that are over; gRPC needs HTTP/2.
        (Framing::Sound, Family::Rpc) => status >= 500 && ![501, 504, 505].contains(&status),
        (Framing::Broken, _) => status >= 500 && status != 501 && status != 505,
    }
}

fn is_defect(response: &Response) -> bool {
    DEFECTS.iter().any(|defect| has(response, defect))
}

fn judge(server: &mut Server, mut tally: Tally, requests: u32) -> bool {
    let answered: u64 = tally.statuses.values().sum();
    if !server.is_alive() {
        tally.failures.push(format!("the server is gone\n{}", server.log()));
    }
    if answered + tally.closed < u64::from(requests) {
        tally.failures.push(format!("only {} of {requests} were sent", answered + tally.closed));
    }
    for (at, proper) in &tally.proper {
        if proper.done == 0 && proper.sent >= PROPER_MIN {
            let request = corpus::proper(*at);
            tally.failures.push(format!("{request:?} was sent {} times and never done", proper.sent));
        }
    }
    if server.log().contains("panicked at") {
        tally.failures.push(format!("a panic was caught\n{}", server.log()));
    }
    let resident_kib = server.resident_max_kib().unwrap_or(u64::MAX);
    if resident_kib > RESIDENT_KIB_MAX {
        tally.failures.push(format!("the server holds {resident_kib} KiB, {RESIDENT_KIB_MAX} allowed"));
    }
    for failure in tally.failures.iter().take(FAILURES_MAX) {
        println!("FAILED {failure}");
    }
    let statuses: Vec<String> = tally.statuses.iter().map(|(s, n)| format!("{s}×{n}")).collect();
    println!(
        "storm: {answered} answers ({}), {} closed, {} MiB resident at most, {} failures",
        statuses.join(" "),
        tally.closed,
        resident_kib >> 10,
        tally.failures.len()
    );
    tally.failures.is_empty()
}
