//! The worst that peers can do to the server's memory, with its default settings: answers that nobody reads, requests
//! that never end, plans and messages without number, from one address and from a hundred. Meanwhile somebody else is
//! answered, the server stays small, and afterwards it is small again.

use crate::case::Caller;
use crate::raw::{Connection, Reply};
use crate::server::{self, Server};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Memory that is not a file's which the server may hold at any time.
const ANONYMOUS_KIB_MAX: u64 = 512 << 10;
/// The same once everybody is gone: caches, and what the allocator keeps.
const AFTER_KIB_MAX: u64 = 256 << 10;
/// How long memory may take to come back.
const BACK_MAX: Duration = Duration::from_secs(30);
/// How long each kind of attack goes on by itself, and all of them together.
const ALONE: Duration = Duration::from_secs(4);
const TOGETHER: Duration = Duration::from_secs(25);
/// Addresses of those who attack together.
const ADDRESSES: u8 = 100;
/// Connections of each kind of attack, in all.
const CONNECTIONS: usize = 600;
/// Rows to read, and how long their texts are.
const ROWS: usize = 1000;
const TEXT_BYTES: usize = 8000;
/// Rows that are made at once.
const BATCH_ROWS: usize = 100;
/// The one who is answered throughout, from an address of its own.
const VICTIM: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 9);
/// How long it waits for an answer at the most, and between two.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// How long an attacker tries to send before it goes on to the next connection.
const SENDING_MAX: Duration = Duration::from_millis(300);

/// A way to make the server hold something. It says what is to be sent on the connection of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// Long answers that nobody reads.
    Unread,
    /// The same on streams of HTTP/2 without a window.
    UnreadStreams,
    /// Bodies that never end.
    Bodies,
    /// Heads that never end.
    Heads,
    /// Streams of items that never end.
    Items,
    /// Streams of HTTP/2 that have not said anything yet.
    Silent,
    /// Lists of filters, each of another length.
    Plans,
    /// Messages that are remembered.
    Histories,
    /// One document of many long lists.
    Document,
}

const ATTACKS: [Attack; 9] = [
    Attack::Unread,
    Attack::UnreadStreams,
    Attack::Bodies,
    Attack::Heads,
    Attack::Items,
    Attack::Silent,
    Attack::Plans,
    Attack::Histories,
    Attack::Document,
];

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    anonymous_max_kib: AtomicU64,
    answered: AtomicU64,
    slowest_ms: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Seen {
    fn failed(&self, what: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < 20 {
            failures.push(what);
        }
    }
}

/// Besieges a server and tells whether it held.
pub fn run(project: &Path) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder for the data: {e}"))?;
    let (contract, data) = (project.join("cases/contracts/siege"), folder.path().join("data"));
    let mut server = Server::start(&contract, &data)?;
    let caller = Caller { sub: Some("victim".to_owned()), ..Caller::default() };
    let token = server::token(&contract, &data, &[], &caller)?.ok_or("a caller has a token")?;
    fill(server.address)?;
    let (seen, over) = (Seen::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| watch(&server, &seen, &over));
        scope.spawn(|| ask(server.address, &token, &seen, &over));
        besiege(&server, &seen);
        over.store(true, Ordering::Relaxed);
    });
    let after_kib = settled(&server);
    if after_kib > AFTER_KIB_MAX {
        seen.failed(format!("{after_kib} KiB are held when everybody is gone, {AFTER_KIB_MAX} allowed"));
    }
    if !server.is_alive() {
        seen.failed(format!("the server is gone\n{}", server.log()));
    }
    Ok(judge(&seen, after_kib))
}

/// Each attack by itself from one address, then all of them from a hundred.
fn besiege(server: &Server, seen: &Seen) {
    for attack in ATTACKS {
        let before = seen.anonymous_max_kib.load(Ordering::Relaxed);
        wave(server.address, &[attack], 1, ALONE);
        let most = seen.anonymous_max_kib.load(Ordering::Relaxed);
        println!("siege: {attack:?} from one address: at most {} MiB (before {})", most >> 10, before >> 10);
    }
    wave(server.address, &ATTACKS, ADDRESSES, TOGETHER);
}

/// Goes on for a while, and holds what it has until its end.
fn wave(address: SocketAddr, attacks: &[Attack], addresses: u8, time: Duration) {
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        for attack in attacks {
            scope.spawn(move || {
                let mut held = Vec::new();
                let mut number = 0;
                while Instant::now() < end {
                    let from = Ipv4Addr::new(127, 0, 1, 1 + (number % usize::from(addresses)) as u8);
                    if let Some(connection) = attack.open(address, from, number) {
                        held.push(connection);
                    }
                    if held.len() >= CONNECTIONS {
                        held.drain(..CONNECTIONS / 10);
                    }
                    number += 1;
                }
            });
        }
    });
}

impl Attack {
    /// One connection of it; none where nothing is held by it.
    fn open(self, address: SocketAddr, from: Ipv4Addr, number: usize) -> Option<TcpStream> {
        let Ok(mut stream) = connect(address, from) else {
            std::thread::sleep(PAUSE);
            return None;
        };
        let sent = stream.write_all(&self.bytes(number));
        let is_held = match self {
            Attack::Plans | Attack::Histories => {
                let mut some = [0; 4096];
                let _ = stream.read(&mut some);
                false
            }
            _ => {
                sent.is_ok()
                    || sent.is_err_and(|e| matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
            }
        };
        is_held.then_some(stream)
    }

    fn bytes(self, number: usize) -> Vec<u8> {
        match self {
            Attack::Unread => b"GET /api/docs?select=id,body&limit=1000 HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            Attack::UnreadStreams => streams(100, "GET", "/api/docs?select=id,body&limit=1000"),
            Attack::Bodies => {
                let head = "POST /api/docs HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
                [head.as_bytes(), &vec![b' '; 999_990][..]].concat()
            }
            Attack::Heads => {
                ["GET /api/docs HTTP/1.1\r\nhost: a\r\nx-a: ".as_bytes(), &vec![b'a'; 31_000][..]].concat()
            }
            Attack::Items => {
                let head = "POST /siege.v1.SiegeService/AddRows HTTP/1.1\r\nhost: a\r\ncontent-type: application/connect+json\r\ntransfer-encoding: chunked\r\n\r\n";
                let item = format!("{{\"id\":\"d1\",\"body\":\"{}\"}}", "a".repeat(3_900_000));
                let prefix = [&[0_u8][..], &(item.len() as u32).to_be_bytes()[..]].concat();
                let mut bytes = head.as_bytes().to_vec();
                for _ in 0..4 {
                    bytes.extend_from_slice(format!("{:x}\r\n", item.len() + prefix.len()).as_bytes());
                    bytes.extend_from_slice(&prefix);
                    bytes.extend_from_slice(item.as_bytes());
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes
            }
            Attack::Silent => streams(100, "POST", "/siege.v1.SiegeService/AddRows"),
            Attack::Plans => {
                let values: Vec<String> = (0..2 + number % 900).map(|value| value.to_string()).collect();
                let list = values.join(",");
                format!(
                    "GET /api/docs?select=id&limit=1&n=gt(any).{{{list}}}&title=neq(all).{{{list}}} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
                )
                .into_bytes()
            }
            Attack::Histories => {
                let notes: Vec<String> = (0..200)
                    .map(|note| {
                        format!("{{\"room\":\"r{number}-{note}\",\"text\":\"{}\"}}", "a".repeat(4000))
                    })
                    .collect();
                let body = format!("{{\"notes\":[{}]}}", notes.join(","));
                format!(
                    "POST /api/tell-many HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            }
            Attack::Document => {
                let fields: Vec<String> =
                    (0..20).map(|field| format!("r{field}:docs(limit:900){{body}}")).collect();
                let body = format!("{{\"query\":\"{{{}}}\"}}", fields.join(" "));
                format!(
                    "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            }
        }
    }
}

/// The preface of HTTP/2, settings without a window, and so many requests (RFC 9113 sections 3.4, 6.2, 6.5).
fn streams(count: u32, method: &str, path: &str) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    frame(&mut bytes, 4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut head = Vec::new();
    let content_type = ("content-type", "application/grpc");
    for (name, value) in
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a"), content_type]
    {
        // A literal without indexing (RFC 7541 section 6.2.2).
        head.push(0);
        for text in [name, value] {
            head.push(u8::try_from(text.len()).expect("short texts"));
            head.extend_from_slice(text.as_bytes());
        }
    }
    // END_HEADERS, and END_STREAM where there is no body.
    let flags = if method == "GET" { 5 } else { 4 };
    for stream in 0..count {
        frame(&mut bytes, 1, flags, 2 * stream + 1, &head);
    }
    bytes
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// A connection from an address of the loopback network.
fn connect(address: SocketAddr, from: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddrV4::new(from, 0).into())?;
    // Little is read, so that it is the server that holds what nobody reads.
    socket.set_recv_buffer_size(4096)?;
    socket.connect_timeout(&address.into(), PATIENCE)?;
    let stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(SENDING_MAX))?;
    stream.set_read_timeout(Some(SENDING_MAX))?;
    Ok(stream)
}

/// Makes the rows.
fn fill(address: SocketAddr) -> Result<(), String> {
    let text = "text ".repeat(TEXT_BYTES / 5);
    for first in (0..ROWS).step_by(BATCH_ROWS) {
        let rows: Vec<String> = (first..first + BATCH_ROWS)
            .map(|row| format!("{{\"create\":{{\"id\":\"d{row}\",\"n\":{row},\"body\":\"{text}\"}}}}"))
            .collect();
        let body = format!("[{}]", rows.join(","));
        let head = format!(
            "POST /api/docs:batch HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nprefer: return=minimal\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = Connection::open(address).and_then(|mut connection| {
            connection.send(head.as_bytes())?;
            connection.send(body.as_bytes())?;
            connection.receive(Reply::Whole)
        });
        match answer {
            Ok(Some(response)) if response.status < 300 => {}
            other => return Err(format!("making rows: {other:?}")),
        }
    }
    Ok(())
}

/// Looks at the server's memory.
fn watch(server: &Server, seen: &Seen, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let kib = server.anonymous_kib().unwrap_or_default();
        if kib > ANONYMOUS_KIB_MAX {
            seen.failed(format!("the server holds {kib} KiB, {ANONYMOUS_KIB_MAX} allowed"));
        }
        seen.anonymous_max_kib.fetch_max(kib, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
}

/// Asks for one record again and again, each time on a new connection.
fn ask(address: SocketAddr, token: &str, seen: &Seen, over: &AtomicBool) {
    let request = format!(
        "GET /api/docs/d1?select=id HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = connect(address, VICTIM).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        });
        match answer {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => {
                seen.answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => seen.failed(format!("somebody else is answered {}", answer.escape_debug())),
            Err(error) => seen.failed(format!("somebody else is not answered: {error}")),
        }
        seen.slowest_ms.fetch_max(began.elapsed().as_millis() as u64, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
}

/// The memory that is held once everybody is gone.
fn settled(server: &Server) -> u64 {
    let end = Instant::now() + BACK_MAX;
    loop {
        let kib = server.anonymous_kib().unwrap_or(u64::MAX);
        if kib <= AFTER_KIB_MAX || Instant::now() > end {
            return kib;
        }
        std::thread::sleep(PAUSE);
    }
}

fn judge(seen: &Seen, after_kib: u64) -> bool {
    let failures = seen.failures.lock().unwrap_or_else(PoisonError::into_inner);
    failures.iter().for_each(|failure| println!("FAILED {failure}"));
    println!(
        "siege: at most {} MiB, {} MiB afterwards; {} answers to somebody else, the slowest after {} ms; {} failures",
        seen.anonymous_max_kib.load(Ordering::Relaxed) >> 10,
        after_kib >> 10,
        seen.answered.load(Ordering::Relaxed),
        seen.slowest_ms.load(Ordering::Relaxed),
        failures.len(),
    );
    failures.is_empty() && seen.answered.load(Ordering::Relaxed) > 0
}
