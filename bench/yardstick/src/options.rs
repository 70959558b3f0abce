//! The command line.

use crate::token::Memory;
use crate::writer::Commit;
use std::net::SocketAddr;
use std::path::PathBuf;

const USAGE: &str = "usage: yardstick --database FILE --listen ADDRESS [--protocol http|grpc] [--commit group|single] \
                     [--remember-tokens] [--workers N]\n       YARDSTICK_JWT_SECRET: the secret that tokens are signed with (HS256)";

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// REST and GraphQL over HTTP/1.1.
    Http,
    /// gRPC over HTTP/2 in clear text.
    Grpc,
}

/// How the server is to run.
#[derive(Debug)]
pub struct Options {
    /// A database that Septet has made from the tour's contract.
    pub database: PathBuf,
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// What is served.
    pub protocol: Protocol,
    /// What one transaction holds.
    pub commit: Commit,
    /// Whether a token's signature is checked once or on every request.
    pub memory: Memory,
    /// Threads that answer requests; one for each processor it may use unless told otherwise.
    pub workers: usize,
    /// The secret that tokens are signed with.
    pub secret: String,
}

impl Options {
    /// Reads arguments (without the program's name) and the secret's variable.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut database, mut listen) = (None, None);
        let mut protocol = Protocol::Http;
        let mut commit = Commit::Group;
        let mut memory = Memory::Off;
        let mut workers = std::thread::available_parallelism().map_or(1, usize::from);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value\n{USAGE}"));
            match argument.as_str() {
                "--database" => database = Some(PathBuf::from(value()?)),
                "--listen" => listen = Some(parsed(&value()?)?),
                "--protocol" => protocol = protocol_named(&value()?)?,
                "--commit" => commit = commit_named(&value()?)?,
                "--workers" => workers = parsed(&value()?)?,
                "--remember-tokens" => memory = Memory::On,
                _ => return Err(format!("unknown argument `{argument}`\n{USAGE}")),
            }
        }
        let secret = std::env::var("YARDSTICK_JWT_SECRET").map_err(|_| USAGE.to_owned())?;
        let (Some(database), Some(listen)) = (database, listen) else { return Err(USAGE.to_owned()) };
        Ok(Self { database, listen, protocol, commit, memory, workers, secret })
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not what is expected here\n{USAGE}"))
}

fn protocol_named(text: &str) -> Result<Protocol, String> {
    match text {
        "http" => Ok(Protocol::Http),
        "grpc" => Ok(Protocol::Grpc),
        _ => Err(format!("`{text}` is neither `http` nor `grpc`\n{USAGE}")),
    }
}

fn commit_named(text: &str) -> Result<Commit, String> {
    match text {
        "group" => Ok(Commit::Group),
        "single" => Ok(Commit::Single),
        _ => Err(format!("`{text}` is neither `group` nor `single`\n{USAGE}")),
    }
}
