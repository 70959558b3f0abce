//! Random requests of strangers to a server in production: no refusal tells a name of the contract that the request does not
//! have.

use crate::chance::Chance;
use crate::mutate::{self, Attempt, Framing};
use crate::raw::{Connection, Reply, Response};
use crate::server::Server;
use std::collections::HashSet;
use std::path::Path;
use tempfile::TempDir;

/// Requests for each one of the storm.
pub const SHARE: u32 = 5;
/// Where chance begins.
const SEED: u64 = 0x57A6;
/// Failures shown at the most.
const FAILURES_MAX: usize = 20;
/// Characters from which on a name in small letters is no word that a message may have of its own.
const NAME_CHARS_MIN: usize = 7;
/// Words of messages, and members of refusals, that the contract has as names, too.
const COMMON: [&str; 4] = ["content", "follows", "message", "updates"];

/// Asks a server of the tour, and tells whether it kept the names to itself.
pub fn run(project: &Path, requests: u32) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| format!("a folder for the data: {e}"))?;
    let (tour, data) = (project.join("examples/tour"), folder.path().join("data"));
    let contract = contract::load(&tour).map_err(|found| format!("{found}"))?.contract;
    let names = distinctive(&contract);
    let server = Server::start_with(
        &tour,
        &data,
        &[
            ("SEPTET_PRODUCTION", "true"),
            ("SEPTET_IDENTITY_JWT_SECRET", "a secret of the tests, 32 bytes or more"),
            ("SEPTET_LIMITS_ADDRESS_CALLS_PER_MIN", "0"),
        ],
    )?;
    let mut chance = Chance::new(SEED);
    let forged = ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.AAAA".to_owned()];
    let (mut refusals, mut told) = (0u32, Vec::new());
    for _ in 0..requests {
        // Who has a token that is none is a stranger as well.
        let tokens: &[String] = if chance.one_in(3) { &forged } else { &[] };
        let attempt = mutate::attempt(&mut chance, tokens);
        let Some(response) = ask(&server, &attempt) else { continue };
        if !is_refusal(&response) {
            continue;
        }
        refusals += 1;
        if let Some(name) = untold(&names, &attempt, &response) {
            let sent: String = String::from_utf8_lossy(&attempt.bytes).chars().take(600).collect();
            let got = String::from_utf8_lossy(&response.body).into_owned();
            told.push(format!("`{name}` is told: {got}\n    {}", sent.escape_debug()));
        }
    }
    for failure in told.iter().take(FAILURES_MAX) {
        println!("FAILED {failure}");
    }
    println!("strangers: {refusals} refusals of {requests} requests, {} failures", told.len());
    Ok(told.is_empty() && refusals > requests / 4)
}

/// Names that no message has by chance.
fn distinctive(contract: &contract::Contract) -> HashSet<String> {
    let is_word = |name: &str| {
        let is_mixed = name.contains(char::is_uppercase) && name.contains(char::is_lowercase);
        is_mixed || (name.contains(char::is_lowercase) && name.len() >= NAME_CHARS_MIN)
    };
    let names = contract.names().into_iter().filter(|name| is_word(name) && !COMMON.contains(name));
    names.map(str::to_owned).collect()
}

fn ask(server: &Server, attempt: &Attempt) -> Option<Response> {
    let mut connection = Connection::open(server.address).ok()?;
    let _ = connection.send(&attempt.bytes);
    if attempt.framing == Framing::Broken {
        connection.finish();
    }
    let reply = if attempt.bytes.starts_with(b"HEAD ") { Reply::HeadersOnly } else { Reply::Whole };
    connection.receive(reply).ok().flatten()
}

/// Data has the names that it was asked for; a refusal has none.
fn is_refusal(response: &Response) -> bool {
    response.status >= 400 || response.body.starts_with(br#"{"errors":"#)
}

/// The first name in a refusal that is not in its request.
fn untold(names: &HashSet<String>, attempt: &Attempt, response: &Response) -> Option<String> {
    let sent = [String::from_utf8_lossy(&attempt.bytes).into_owned(), decoded(&attempt.bytes)];
    let got = String::from_utf8_lossy(&response.body);
    let mut words = got.split(|c: char| !c.is_alphanumeric() && c != '_');
    // What a path leads to is known by who follows it.
    let is_led_to = |word: &str| got.contains(&format!("{word} not found"));
    let is_untold = |word: &&str| {
        names.contains(*word) && !is_led_to(word) && !sent.iter().any(|sent| sent.contains(*word))
    };
    words.find(is_untold).map(str::to_owned)
}

/// The request with its percent signs decoded.
fn decoded(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            Some(_) | None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
