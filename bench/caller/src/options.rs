//! The command line.

use http::HeaderValue;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "\
usage: caller unary|list|update|sync|check --address ADDRESS --tokens FILE [--OPTION NUMBER]
  FILE has a token per line; calls take turns with them. For `check` it has three: a caller's, an admin's, a forged one
options, with their defaults:
  --seconds 4       for this long new calls are begun
  --connections 1   connections
  --streams 1       calls under way on each at a time; for `sync`, participants
  --products 10000  products there are, p1 and so on; so many different ones are asked for or changed
  --items 10000     products of a list, or changes of an update
  --publishers 4    participants of the sync who send
  --window 8        messages of each publisher under way at a time";

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `GetProduct`.
    Unary,
    /// `ListProducts`.
    List,
    /// `UpdateInventory`.
    Update,
    /// `BidirectionalSync`.
    Sync,
    /// Each of them once or twice, to see what is answered.
    Check,
}

/// How the generator is to run.
#[derive(Debug)]
pub struct Options {
    /// What is called.
    pub command: Command,
    /// Where the server listens.
    pub address: SocketAddr,
    /// Values of the header `authorization`; at least one.
    pub tokens: Vec<HeaderValue>,
    /// For this long new calls are begun.
    pub time: Duration,
    /// Connections.
    pub connections: usize,
    /// Calls under way on each connection at a time.
    pub streams: usize,
    /// Products there are.
    pub products: usize,
    /// Products of a list, or changes of an update.
    pub items: usize,
    /// Participants of the sync who send.
    pub publishers: usize,
    /// Messages of each publisher under way at a time.
    pub window: usize,
}

impl Options {
    /// Reads arguments (without the program's name) and the file of tokens.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = command_named(&arguments.next().unwrap_or_default())?;
        let (mut address, mut file) = (None, None);
        let (mut seconds, mut connections, mut streams, mut products, mut items) = (4, 1, 1, 10_000, 10_000);
        let (mut publishers, mut window) = (4, 8);
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{argument} takes a value\n{USAGE}"))?;
            match argument.as_str() {
                "--address" => address = Some(parsed(&value)?),
                "--tokens" => file = Some(PathBuf::from(value)),
                "--seconds" => seconds = number(&value)?,
                "--connections" => connections = number(&value)?,
                "--streams" => streams = number(&value)?,
                "--products" => products = number(&value)?,
                "--items" => items = number(&value)?,
                "--publishers" => publishers = number(&value)?,
                "--window" => window = number(&value)?,
                _ => return Err(format!("unknown argument `{argument}`\n{USAGE}")),
            }
        }
        let (Some(address), Some(file)) = (address, file) else { return Err(USAGE.to_owned()) };
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let tokens = tokens(&text).ok_or_else(|| format!("{} is not a file of tokens", file.display()))?;
        let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        Ok(Self { command, address, tokens, time, connections, streams, products, items, publishers, window })
    }
}

fn command_named(text: &str) -> Result<Command, String> {
    match text {
        "unary" => Ok(Command::Unary),
        "list" => Ok(Command::List),
        "update" => Ok(Command::Update),
        "sync" => Ok(Command::Sync),
        "check" => Ok(Command::Check),
        _ => Err(USAGE.to_owned()),
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not what is expected here\n{USAGE}"))
}

/// A number that is at least 1.
fn number(text: &str) -> Result<usize, String> {
    parsed::<std::num::NonZeroUsize>(text).map(std::num::NonZeroUsize::get)
}

fn tokens(text: &str) -> Option<Vec<HeaderValue>> {
    let values: Option<Vec<_>> =
        text.lines().map(|line| HeaderValue::try_from(format!("Bearer {line}")).ok()).collect();
    values.filter(|values| !values.is_empty())
}
