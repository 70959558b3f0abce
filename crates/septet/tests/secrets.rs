//! A secret goes through every door, and is looked for in all that a server writes: its files, its log with everything
//! that it can say, its metrics, and its answers.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/contracts/writes");
/// What no text of the server's own holds.
const MARKER: &str = "mArKeR-9f3c";

/// A server on a folder that stays when it ends.
struct Server {
    child: Child,
    api: String,
    metrics: String,
}

fn septet(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_septet"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEPTET_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).arg("--data").arg(data.join("data"));
    command
}

impl Server {
    fn start(folder: &Path) -> Server {
        let log = std::fs::File::options().append(true).create(true).open(folder.join("log")).unwrap();
        let mut command = septet(&["serve", CONTRACT, "--listen", "127.0.0.1:0"], folder);
        command.env("SEPTET_LOG_LEVEL", "trace").env("SEPTET_METRICS_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told: Vec<String> =
            lines.map(Result::unwrap).take_while(|line| !line.starts_with("token")).collect();
        let after = |start: &str| told.iter().find_map(|line| line.strip_prefix(start)).map(str::to_owned);
        let api = after("listening on http://").expect("an address");
        let metrics =
            after("metrics  http://").expect("metrics").strip_suffix("/metrics").unwrap().to_owned();
        Server { child, api, metrics }
    }

    /// Ends at once, as a crash would: what the log of the database holds stays there.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn send(&self, request: &Request<'_>) -> String {
        let Request { method, target, kind, body, headers } = request;
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
        head += &format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        exchange(&self.api, &[format!("{head}\r\n").as_bytes(), body].concat())
    }
}

fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

struct Request<'a> {
    method: &'a str,
    target: &'a str,
    kind: &'a str,
    body: Vec<u8>,
    headers: Vec<(&'a str, String)>,
}

/// JSON to a place of REST or Connect.
fn json<'a>(method: &'a str, target: &'a str, body: &str) -> Request<'a> {
    let kind = "application/json";
    Request { method, target, kind, body: body.replace('@', MARKER).into_bytes(), headers: Vec::new() }
}

fn graphql<'a>(query: &str, variables: &str) -> Request<'a> {
    json(
        "POST",
        "/graphql",
        &format!("{{\"query\":\"{}\",\"variables\":{variables}}}", query.replace('"', "\\\"")),
    )
}

/// A field of protocol buffers that is delimited.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn account(id: &str, email: &str, password: &[u8]) -> Vec<u8> {
    [field(1, id.as_bytes()), field(2, b"n"), field(3, email.as_bytes()), field(4, password)].concat()
}

/// Every door that takes a secret, with inputs that are taken and with some that are refused at each stage.
fn doors<'a>(token: &str) -> Vec<Request<'a>> {
    let marker = MARKER.as_bytes();
    let mut doors = vec![
        json("POST", "/api/accounts", r#"{"id":"r1","name":"n","email":"r1","password":"@"}"#),
        json("POST", "/api/accounts", r#"{"id":"r1","name":"n","email":"r1","password":"@"}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":5,"email":"r2","password":"@"}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","password":["@"]}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","password":{"@":"@"}}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","password":"@","password":"@"}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","password":"@"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","password":"\ud800@"}"#),
        json("POST", "/api/accounts", r#"{"id":"r2","name":"n","email":"r2","banned":true,"password":"@"}"#),
        json("PUT", "/api/accounts/r3", r#"{"name":"n","email":"r3","password":"@"}"#),
        json("PUT", "/api/accounts/r3", r#"{"name":"n","email":"r3","password":"@"}"#),
        json("PATCH", "/api/accounts/ann", r#"{"password":"@"}"#),
        json("PATCH", "/api/accounts/ann", r#"{"password":"@","email":"r1"}"#),
        json("PATCH", "/api/accounts/none", r#"{"password":"@"}"#),
        json(
            "POST",
            "/api/accounts:batch",
            r#"[{"create":{"id":"r4","name":"n","email":"r4","password":"@"}},{"upsert":{"id":"ann","name":"n","email":"ann","password":"@"}},{"update":{"id":"ann","password":"@"}}]"#,
        ),
        json(
            "POST",
            "/api/accounts:batch",
            r#"[{"create":{"id":"r5","name":"n","email":"r5","password":"@"}},{"create":{"id":"r5","name":"n","email":"r5","password":"@"}}]"#,
        ),
        json("POST", "/api/register", r#"{"id":"r6","name":"n","email":"r6","password":"@"}"#),
        json("POST", "/api/register", r#"{"id":"r6","name":"n","email":"r6","password":"@"}"#),
        json("POST", "/api/register", r#"{"id":"r7","name":"n","password":"@"}"#),
        json("POST", "/api/register", r#"{"id":"r7","name":"n","email":"r7","password":7,"pasword":"x"}"#),
        json("POST", "/api/change-password", r#"{"id":"ann","password":"@"}"#),
        graphql(r#"mutation { register(id: "g1", name: "n", email: "g1", password: "@") { id } }"#, "{}"),
        graphql(r#"mutation { register(id: "g1", name: "n", email: "g1", password: ["@"]) { id } }"#, "{}"),
        graphql(r#"mutation { register(id: "g1", name: 5, email: "g1", password: "@") { id } }"#, "{}"),
        graphql(r#"mutation { register(id: "g1", name: "n", email: "g1", password: "@" { id } }"#, "{}"),
        graphql(
            r#"mutation($p: String!) { createAccount(id: "g2", name: "n", email: "g2", password: $p) { id } }"#,
            r#"{"p":"@"}"#,
        ),
        graphql(
            r#"mutation($p: String!) { createAccount(id: "g2", name: "n", email: "g2", password: $p) { id } }"#,
            r#"{"p":["@"]}"#,
        ),
        graphql(
            r#"mutation($p: Int!) { createAccount(id: "g2", name: "n", email: "g2", password: $p) { id } }"#,
            r#"{"p":"@"}"#,
        ),
        graphql(
            r#"mutation($p: String!) { upsertAccount(id: "ann", name: "n", email: "ann", password: $p) { id } }"#,
            r#"{"p":"@"}"#,
        ),
        graphql(r#"mutation($p: String!) { updateAccount(id: "ann", password: $p) { id } }"#, r#"{"p":"@"}"#),
        graphql(
            r#"mutation($o: [AccountOperation!]!) { batchAccounts(operations: $o) { id } }"#,
            r#"{"o":[{"create":{"id":"g3","name":"n","email":"g3","password":"@"}}]}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Create",
            r#"{"account":{"id":"c1","name":"n","email":"c1","password":"@"}}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Create",
            r#"{"account":{"id":"c1","name":"n","email":"c1","password":["@"]}}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Create",
            r#"{"account":{"id":"c1","name":{"@":1},"email":"c1","password":"@"}}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Upsert",
            r#"{"account":{"id":"ann","name":"n","email":"ann","password":"@"}}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Update",
            r#"{"account":{"id":"ann","password":"@"},"updateMask":"password"}"#,
        ),
        json(
            "POST",
            "/writes.v1.AccountService/Batch",
            r#"{"operations":[{"create":{"id":"c2","name":"n","email":"c2","password":"@"}}]}"#,
        ),
        json(
            "POST",
            "/writes.v1.WritesService/Register",
            r#"{"id":"c3","name":"n","email":"c3","password":"@"}"#,
        ),
        json("POST", "/writes.v1.WritesService/ChangePassword", r#"{"id":"ann","password":"@"}"#),
    ];
    let broken = [marker, &[0xff]].concat();
    for (kind, framed) in [("application/proto", false), ("application/grpc-web+proto", true)] {
        for (at, password) in [marker, &broken].into_iter().enumerate() {
            let id = format!("b{at}{}", kind.len());
            let message = field(1, &account(&id, &id, password));
            let own = account(&format!("{id}o"), &format!("{id}o"), password);
            for (target, message) in
                [("/writes.v1.AccountService/Create", message), ("/writes.v1.WritesService/Register", own)]
            {
                let length = u32::try_from(message.len()).unwrap().to_be_bytes();
                let body = if framed { [&[0], &length[..], &message].concat() } else { message };
                doors.push(Request { method: "POST", target, kind, body, headers: Vec::new() });
            }
        }
    }
    for (at, door) in doors.iter_mut().enumerate() {
        door.headers.push(("authorization", format!("Bearer {token}")));
        door.headers.push(("idempotency-key", format!("key-{at}")));
        door.headers.push(("connect-protocol-version", "1".to_owned()));
    }
    doors
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

/// The files under a folder that hold the secret.
fn found_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_in(&path));
        } else if holds(&std::fs::read(&path).unwrap()) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn token(folder: &Path) -> String {
    let token = septet(&["token", "--sub", "ann"], folder).output().unwrap();
    assert!(token.status.success(), "{token:?}");
    String::from_utf8(token.stdout).unwrap().trim().to_owned()
}

fn load(folder: &Path, rows: &str) -> std::process::Output {
    let rows_folder = tempfile::tempdir().unwrap();
    std::fs::write(rows_folder.path().join("Account.ndjson"), rows.replace('@', MARKER)).unwrap();
    let place = rows_folder.path().to_str().unwrap();
    septet(&["load", place, "--contract", CONTRACT], folder).output().unwrap()
}

#[test]
fn a_secret_is_nowhere_but_in_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for rows in [
        r#"{"id":"ann","name":"n","email":"ann","password":"@"}"#,
        r#"{"id":"l2","name":"n","email":"ann","password":"@"}"#,
        r#"{"id":"l3","name":"n","email":"l3","password":["@"]}"#,
        r#"{"id":"l3","name":7,"email":"l3","password":"@"}"#,
    ] {
        let loaded = load(folder, rows);
        assert!(!holds(&loaded.stdout) && !holds(&loaded.stderr), "{loaded:?}");
    }
    let server = Server::start(folder);
    let token = token(folder);
    let mut done = 0;
    for door in doors(&token) {
        let answer = server.send(&door);
        let place = format!("{} {} {}", door.method, door.target, String::from_utf8_lossy(&door.body));
        assert!(!holds(answer.as_bytes()), "{place}\n{answer}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{place}\n{answer}");
        done += usize::from(answer.starts_with("HTTP/1.1 2") && !answer.contains("\"errors\""));
    }
    assert!(done > 20, "only {done} doors let anything through");
    let metrics = exchange(&server.metrics, b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(metrics.contains("septet_") && !holds(metrics.as_bytes()));
    assert_eq!(found_in(folder), Vec::<String>::new(), "while it runs");
    server.kill();
    assert_eq!(found_in(folder), Vec::<String>::new(), "after it ended");
}

/// What earlier servers wrote: events with all arguments, some of them removed since, so that they stand in parts of the
/// file that nobody reads.
#[test]
fn secrets_of_earlier_servers_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Server::start(folder).kill();
    let path = folder.join("data").join("septet.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let event = |kind: &str, nth: usize| {
        let after = format!(
            r#"{{"arguments":{{"id":"{nth}","name":"n","password":"{MARKER} {nth}"}},"error":null}}"#
        );
        let sql =
            "INSERT INTO _septet_outbox (at, type, after) VALUES ('2026-01-01T00:00:00.000000Z', ?1, ?2)";
        database.execute(sql, (kind, after)).unwrap();
    };
    (0..400).for_each(|nth| event("account.registered", nth));
    (0..400).for_each(|nth| event("account.password_changed", nth));
    database.execute("DELETE FROM _septet_outbox WHERE seq % 3 = 0", []).unwrap();
    drop(database);
    assert_ne!(found_in(&folder.join("data")), Vec::<String>::new());
    let server = Server::start(folder);
    assert_eq!(found_in(folder), Vec::<String>::new());
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("secrets were removed from 534 events"), "{log}");
    server.kill();
    let database = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT count(*) FROM _septet_outbox WHERE after ->> '$.arguments.name' = 'n'";
    assert_eq!(database.query_row(sql, [], |row| row.get::<_, i64>(0)), Ok(534), "the rest of them stays");
    std::fs::write(folder.join("log"), "").unwrap();
    Server::start(folder).kill();
    assert!(!std::fs::read_to_string(folder.join("log")).unwrap().contains("secrets were removed"));
}
