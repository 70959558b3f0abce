//! One caller takes all it can get, and another wants a little: the other is served all the same, in time.

use crate::case::Caller;
use crate::raw::{Connection, Reply};
use crate::server::{self, Server};
use crate::stage;
use serde_json::json;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Rows that are read through, and rows of one of them that are its parts.
const DOCS: usize = 6_000;
const PARTS: usize = 1_500;
/// How long the other may wait. Alone it takes some ten milliseconds; the machine has other things to do as well.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// How long one caller's work lasts at the least, so that there is something to be kept waiting by.
const WORK_S: u32 = 8;
/// Requests of one caller that are under way at the same time.
const FLOOD: usize = 700;
/// Budgets would end it before it begins to matter; and one mutation may hold the writer for longer than the other may wait.
const SETTINGS: [(&str, &str); 3] = [
    ("SEPTET_LIMITS_CALLS_PER_MIN", "0"),
    ("SEPTET_LIMITS_ADDRESS_CALLS_PER_MIN", "0"),
    ("SEPTET_STORE_WRITER_HOLD_MS_MAX", "8000"),
];

/// A server, and who asks it.
struct World {
    server: Server,
    taker: String,
    other: String,
}

/// A request: what it asks for, who asks, and a body.
struct Request<'a> {
    method: &'a str,
    path: String,
    token: Option<&'a str>,
    wait_s: u32,
    body: String,
}

/// How the other's request went.
struct Outcome {
    status: u16,
    took: Duration,
}

/// Runs all that one caller may do, and tells whether the other was served.
pub fn run(project: &Path) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder for the data: {e}"))?;
    let (contract, data) = (folder.path().join("shares"), folder.path().join("data"));
    prepare(&project.join("cases/contracts/shares"), &contract).map_err(|e| format!("the contract: {e}"))?;
    let server = Server::start_with(&contract, &data, &SETTINGS)?;
    let token = |sub: &str| {
        let caller = Caller { sub: Some(sub.to_owned()), ..Caller::default() };
        server::token(&contract, &data, &[], &caller)?.ok_or_else(|| "a caller has a token".to_owned())
    };
    let (taker, other) = (token("taker")?, token("other")?);
    let world = World { server, taker, other };
    let mut faults = Vec::new();
    for (name, kind) in [
        ("long reads", World::long_reads as fn(&World) -> Result<Vec<String>, String>),
        ("a long answer of a write", World::long_answer),
        ("passwords", World::passwords),
        ("places", World::places),
    ] {
        let found = kind(&world)?;
        println!("shares: {name}: {}", if found.is_empty() { "served" } else { "FAILED" });
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults.iter().for_each(|fault| println!("FAILED {fault}"));
    Ok(faults.is_empty())
}

/// The contract with its rows.
fn prepare(from: &Path, to: &Path) -> std::io::Result<()> {
    stage::copy(from, to)?;
    fs::create_dir_all(to.join("data"))?;
    let body = "ab".repeat(400);
    let doc = |n| json!({"id": format!("d{n}"), "title": format!("title {n:05}"), "body": body});
    let docs: String = (0..DOCS).map(|n| format!("{}\n", doc(n))).collect();
    let part = |n| json!({"id": format!("p{n}"), "doc": "d0", "text": body});
    let parts: String = (0..PARTS).map(|n| format!("{}\n", part(n))).collect();
    fs::write(to.join("data/Doc.ndjson"), docs)?;
    fs::write(to.join("data/Part.ndjson"), parts)
}

impl World {
    fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Sends a request of the one who takes all, and leaves the answer where it is.
    fn begin(&self, request: &Request<'_>) -> Result<Connection, String> {
        let mut connection = Connection::open(self.address()).map_err(|e| format!("connecting: {e}"))?;
        connection.send(&request.bytes()).map_err(|e| format!("sending: {e}"))?;
        Ok(connection)
    }

    fn ask(&self, request: &Request<'_>) -> Result<Outcome, String> {
        let began = Instant::now();
        let mut connection = self.begin(request)?;
        let response = connection.receive(Reply::Whole).map_err(|e| format!("receiving: {e}"))?;
        let status = response.ok_or("closed without an answer")?.status;
        Ok(Outcome { status, took: began.elapsed() })
    }

    /// Of somebody's requests that which was not answered as it should, or not in time.
    fn served(&self, request: &Request<'_>, status: u16) -> Result<Option<String>, String> {
        let outcome = self.ask(request)?;
        let is_served = outcome.status == status && outcome.took < WAIT_MAX;
        let told =
            || format!("{} {}: {} in {:?}", request.method, request.path, outcome.status, outcome.took);
        Ok((!is_served).then(told))
    }

    fn sorted(&self) -> Request<'_> {
        let path = "/api/docs?select=id&limit=1&order=title".to_owned();
        Request { method: "GET", path, token: Some(&self.other), wait_s: 10, body: String::new() }
    }

    fn creation(&self, id: &str) -> Request<'_> {
        let body = json!({"id": id, "title": "one more"}).to_string();
        Request { method: "POST", path: "/api/docs".to_owned(), token: Some(&self.other), wait_s: 10, body }
    }

    fn registration(&self, id: &str) -> Request<'_> {
        let body = json!({"id": id, "name": "somebody", "password": "a long one"}).to_string();
        Request { method: "POST", path: "/api/users".to_owned(), token: Some(&self.other), wait_s: 10, body }
    }

    /// Reads that take seconds hold no other's, and one that waits is answered at its own deadline.
    fn long_reads(&self) -> Result<Vec<String>, String> {
        let tests: Vec<String> = (0..60).map(|n| format!("body.ilike.*a%25a%25b%25b%25a%25z{n}*")).collect();
        let path = format!("/api/docs?select=id&limit=1&or=({})", tests.join(","));
        let long = |wait_s| Request {
            method: "GET",
            path: path.clone(),
            token: Some(self.taker.as_str()),
            wait_s,
            body: String::new(),
        };
        let held = (0..6).map(|_| self.begin(&long(WORK_S))).collect::<Result<Vec<_>, _>>()?;
        let mut faults = Vec::new();
        for _ in 0..5 {
            faults.extend(self.served(&self.sorted(), 200)?);
        }
        let late = self.ask(&long(1))?;
        if late.status != 504 || late.took > Duration::from_secs(1) + WAIT_MAX {
            faults.push(format!("a deadline of a second: {} in {:?}", late.status, late.took));
        }
        drop(held);
        Ok(faults)
    }

    /// An answer that takes long to read does not hold the writer.
    fn long_answer(&self) -> Result<Vec<String>, String> {
        let counts: Vec<String> = (0..20).map(|n| format!("c{n}:parts(count)")).collect();
        let tests: Vec<String> =
            (0..20).map(|n| format!("&parts.doc.c{n}.text=ilike.*a{n}z*b*c*d*")).collect();
        let path = format!(
            "/api/docs/d0?select=id,parts(doc({}))&parts.limit=100{}",
            counts.join(","),
            tests.concat()
        );
        let body = json!({"title": "changed"}).to_string();
        let change = Request { method: "PATCH", path, token: Some(&self.taker), wait_s: WORK_S, body };
        let held = self.begin(&change)?;
        std::thread::sleep(Duration::from_millis(100));
        let mut faults = Vec::new();
        for n in 0..5 {
            faults.extend(self.served(&self.creation(&format!("answer{n}")), 201)?);
        }
        drop(held);
        Ok(faults)
    }

    /// A batch has so many secrets, and who registers hundreds at once hits nobody else.
    fn passwords(&self) -> Result<Vec<String>, String> {
        let users = |of: &str, count| {
            let user = |n| json!({"create": {"id": format!("{of}{n}"), "name": "x", "password": "secret"}});
            let body = serde_json::Value::from((0..count).map(user).collect::<Vec<_>>()).to_string();
            let path = "/api/users:batch".to_owned();
            Request { method: "POST", path, token: Some(&self.taker), wait_s: WORK_S, body }
        };
        let mut faults: Vec<String> = self.served(&users("many", 1_000), 400)?.into_iter().collect();
        let batches =
            (0..4).map(|n| self.begin(&users(&format!("batch{n}-"), 100))).collect::<Result<Vec<_>, _>>()?;
        let one = |n| Request { token: Some(&self.taker), ..self.registration(&format!("taker{n}")) };
        let flood = (0..150).map(|n| self.begin(&one(n))).collect::<Result<Vec<_>, _>>()?;
        for n in 0..8 {
            faults.extend(self.served(&self.registration(&format!("other{n}")), 201)?);
        }
        drop((batches, flood));
        Ok(faults)
    }

    /// Writes that wait take no place of a read, and all of one caller's take no place of another's write.
    fn places(&self) -> Result<Vec<String>, String> {
        let taker = |method: &'static str, path: &str, body: String| Request {
            method,
            path: path.to_owned(),
            token: Some(self.taker.as_str()),
            wait_s: WORK_S + 4,
            body,
        };
        let held = self.begin(&taker("POST", "/api/hold", "{}".to_owned()))?;
        let change = taker("PATCH", "/api/docs/d1", json!({"n": 1}).to_string());
        let flood = (0..FLOOD).map(|_| self.begin(&change)).collect::<Result<Vec<_>, _>>()?;
        let read = |path: &str| Request { path: path.to_owned(), ..self.sorted() };
        let mut faults = Vec::new();
        for _ in 0..5 {
            faults.extend(self.served(&read("/api/docs/d2"), 200)?);
            faults.extend(self.served(&self.sorted(), 200)?);
        }
        // It waits for the writer, which is held; it is not refused, and is the first when the writer is free.
        let outcome = self.ask(&self.creation("places"))?;
        if outcome.status != 201 {
            faults.push(format!("a write behind the others: {} in {:?}", outcome.status, outcome.took));
        }
        drop((held, flood));
        Ok(faults)
    }
}

impl Request<'_> {
    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, wait_s, body, token } = self;
        let who = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{who}prefer: wait={wait_s}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
