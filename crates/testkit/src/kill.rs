//! Kills the server amid concurrent writes, again and again on the same data: what it acknowledged is there with its
//! event, and nothing is there by half.

use crate::case::Caller;
use crate::chance::Chance;
use crate::raw::{Connection, Reply, Response};
use crate::server::{self, Server};
use crate::stage;
use rusqlite::{Connection as Database, OpenFlags};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// Rounds when none are asked for.
pub const ROUNDS: u32 = 50;
/// Writers at the same time, each a caller of its own.
const WRITERS: [(&str, &str); 4] = [("u1", "a1"), ("u2", "a2"), ("u3", "a3"), ("u4", "a4")];
/// Acknowledgements before the kill: at least, and how many more at the most.
const ACKNOWLEDGED: (usize, usize) = (10, 400);
/// How long the writers may take to the next acknowledgement.
const PATIENCE: Duration = Duration::from_secs(30);
/// One write in so many moves money, the others make posts.
const TRANSFER_ONE_IN: usize = 4;
/// What each account holds before anything moves, in cents.
const BALANCE: i64 = 100_000;

/// Something the server said it had done.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Acknowledged {
    resource: &'static str,
    id: String,
}

/// Runs the rounds and tells whether everything held.
pub fn run(project: &Path, rounds: u32) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder for the data: {e}"))?;
    let (contract, data) = (folder.path().join("tour"), folder.path().join("data"));
    prepare(&project.join("examples/tour"), &contract).map_err(|e| format!("the contract: {e}"))?;
    let mut server = Server::start(&contract, &data)?;
    let mut tokens = Vec::new();
    for (sub, _) in WRITERS {
        let caller = Caller { sub: Some(sub.to_owned()), ..Caller::default() };
        tokens.push(server::token(&contract, &data, &[], &caller)?.ok_or("a caller has a token")?);
    }
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let done = write_until_killed(server, &tokens, u64::from(round))?;
        server = Server::start(&contract, &data)?;
        faults.extend(check(&server, &data, &tokens[0], &done).map_err(|e| format!("round {round}: {e}"))?);
        all.extend(done);
    }
    // What earlier rounds acknowledged must have survived the later kills as well.
    faults.extend(check(&server, &data, &tokens[0], &all)?);
    faults.sort();
    faults.dedup();
    for fault in &faults {
        println!("FAILED {fault}");
    }
    println!("kill: {rounds} rounds, {} writes acknowledged, {} faults", all.len(), faults.len());
    Ok(faults.is_empty() && all.len() >= ACKNOWLEDGED.0 * rounds as usize)
}

/// The tour with an account of the same balance for every writer, and no transfers.
fn prepare(tour: &Path, to: &Path) -> std::io::Result<()> {
    stage::copy(tour, to)?;
    let data = to.join("data");
    let rows: String = WRITERS
        .iter()
        .map(|(sub, account)| format!("{}\n", json!({"id": account, "owner": sub, "balance": "1000.00"})))
        .collect();
    fs::write(data.join("Account.ndjson"), rows)?;
    fs::remove_file(data.join("Transfer.ndjson"))
}

/// Writes from several threads, kills the server at a moment that the seed decides, and returns what it acknowledged.
fn write_until_killed(server: Server, tokens: &[String], seed: u64) -> Result<Vec<Acknowledged>, String> {
    let wanted = ACKNOWLEDGED.0 + Chance::new(seed).below(ACKNOWLEDGED.1);
    let address = server.address;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for (at, token) in tokens.iter().enumerate() {
            let sender = sender.clone();
            let chance = Chance::new(seed << 8 | at as u64);
            scope.spawn(move || write(address, token, at, chance, &sender));
        }
        drop(sender);
        let mut done = Vec::new();
        while done.len() < wanted {
            match receiver.recv_timeout(PATIENCE) {
                Ok(one) => done.push(one),
                Err(_) => return Err(format!("no write in {PATIENCE:?}\n{}", server.log())),
            }
        }
        server.kill();
        // What was acknowledged just before the kill counts too.
        done.extend(receiver.iter());
        Ok(done)
    })
}

/// Writes until the connection breaks.
fn write(
    address: SocketAddr,
    token: &str,
    writer: usize,
    mut chance: Chance,
    done: &mpsc::Sender<Acknowledged>,
) {
    let Ok(mut connection) = Connection::open(address) else { return };
    loop {
        let (path, resource, body) = if chance.one_in(TRANSFER_ONE_IN) {
            let to = WRITERS[(writer + 1) % WRITERS.len()].1;
            let body = json!({"fromAccount": WRITERS[writer].1, "toAccount": to, "amount": "0.01"});
            ("/api/transfers", "Transfer", body)
        } else {
            let title = format!("post {}", chance.next());
            ("/api/posts", "Post", json!({"title": title, "content": "amid a storm"}))
        };
        let Some(response) = ask(&mut connection, "POST", path, token, &body.to_string()) else { return };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        // A refusal (no money left, too many calls) acknowledges nothing.
        if let (200 | 201, Some(id)) = (response.status, body.get("id").and_then(Value::as_str))
            && done.send(Acknowledged { resource, id: id.to_owned() }).is_err()
        {
            return;
        }
    }
}

/// One request on an open connection; `None` when the connection breaks.
fn ask(connection: &mut Connection, method: &str, path: &str, token: &str, body: &str) -> Option<Response> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.send(format!("{head}{body}").as_bytes()).ok()?;
    connection.receive(Reply::Whole).ok().flatten()
}

/// What is not as it must be after a restart.
fn check(server: &Server, data: &Path, token: &str, done: &[Acknowledged]) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    let mut connection = Connection::open(server.address).map_err(|e| format!("connecting: {e}"))?;
    for Acknowledged { resource, id } in done.iter().filter(|one| one.resource == "Post") {
        let mut status = 429;
        while status == 429 {
            let path = format!("/api/posts/{id}");
            status = ask(&mut connection, "GET", &path, token, "").ok_or("the server closed a read")?.status;
        }
        if status != 200 {
            faults.push(format!("{resource} {id} was acknowledged and answers {status}"));
        }
    }
    faults.extend(check_database(&database(data)?, done).map_err(|e| format!("the database: {e}"))?);
    Ok(faults)
}

/// The SQLite file in a data folder.
fn database(data: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(data).map_err(|e| format!("{}: {e}", data.display()))?;
    let is_sqlite = |path: &PathBuf| {
        path.is_file() && fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))
    };
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths.find(is_sqlite).ok_or_else(|| format!("no database in {}", data.display()))
}

fn check_database(path: &Path, done: &[Acknowledged]) -> rusqlite::Result<Vec<String>> {
    let database = Database::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut faults = Vec::new();
    let mut event = database.prepare(
        "SELECT count(*) FROM _septet_outbox WHERE resource = ?1 AND key = ?2 AND \"after\" IS NOT NULL",
    )?;
    let mut transfer = database.prepare("SELECT count(*) FROM transfer WHERE id = ?1")?;
    for Acknowledged { resource, id } in done {
        if event.query_row((resource, id), |row| row.get::<_, i64>(0))? != 1 {
            faults.push(format!("{resource} {id} was acknowledged and has not one event"));
        }
        if *resource == "Transfer" && transfer.query_row((id,), |row| row.get::<_, i64>(0))? != 1 {
            faults.push(format!("Transfer {id} was acknowledged and is not there"));
        }
    }
    for (sql, what) in HALVES {
        let found: i64 = database.query_row(sql, [], |row| row.get(0))?;
        if found != 0 {
            faults.push(format!("{found} {what}"));
        }
    }
    let moved = format!(
        "SELECT count(*) FROM account a WHERE balance <> {BALANCE} \
         + (SELECT coalesce(sum(amount), 0) FROM transfer WHERE to_account = a.id) \
         - (SELECT coalesce(sum(amount), 0) FROM transfer WHERE from_account = a.id)"
    );
    let uneven: i64 = database.query_row(&moved, [], |row| row.get(0))?;
    if uneven != 0 {
        faults.push(format!("{uneven} accounts do not add up to their transfers"));
    }
    let sound: String = database.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    if sound != "ok" {
        faults.push(format!("the file is damaged: {sound}"));
    }
    Ok(faults)
}

/// Statements that count things that are there by half. The sample rows (keys `post…`) may have no events.
const HALVES: [(&str, &str); 4] = [
    (
        "SELECT count(*) FROM post WHERE id NOT LIKE 'post%' \
         AND id NOT IN (SELECT key FROM _septet_outbox WHERE resource = 'Post')",
        "posts without an event",
    ),
    (
        "SELECT count(*) FROM _septet_outbox WHERE resource = 'Post' AND key NOT IN (SELECT id FROM post)",
        "events of posts that are not there",
    ),
    (
        "SELECT count(*) FROM transfer WHERE id NOT IN (SELECT key FROM _septet_outbox WHERE resource = 'Transfer')",
        "transfers without an event",
    ),
    (
        "SELECT abs((SELECT count(*) FROM transfer) \
         - (SELECT count(*) FROM _septet_outbox WHERE type = 'payment.succeeded'))",
        "transfers more or less than payments that succeeded",
    ),
];
