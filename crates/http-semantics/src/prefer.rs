//! `Prefer` (RFC 7240). What is not known is left out of account, as it has to be.

use crate::list::{members, pair, split};
use engine::Total;
use http::HeaderMap;
use std::time::Duration;

/// Seconds of `wait` at the most; a longer wish is cut to this.
const WAIT_S_MAX: u64 = 3600;

/// What a caller would like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// What a write answers with.
    pub returns: Option<Return>,
    /// How all rows are to be counted.
    pub count: Option<Count>,
    /// How long the caller waits.
    pub wait: Option<Duration>,
}

/// What a write answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// The record.
    Representation,
    /// Headers alone.
    Minimal,
}

/// How all rows are to be counted. They are always counted exactly: an estimate would have to be of the rows
/// that the caller may see, which no statistics know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Each one.
    Exact,
    /// As the database guesses.
    Planned,
    /// The one or the other.
    Estimated,
}

impl Preferences {
    /// Reads all lines; of a preference given twice the first counts.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        for member in members(headers, "prefer") {
            let (name, value) = pair(split(member, ';').next().unwrap_or_default());
            match name.to_ascii_lowercase().as_str() {
                "return" => read.returns = read.returns.or(returns(value)),
                "count" => read.count = read.count.or(count(value)),
                "wait" => read.wait = read.wait.or(wait(value)),
                _ => {}
            }
        }
        read
    }

    /// Whether the number of all rows is wanted.
    pub fn total(&self) -> Total {
        match self.count {
            Some(Count::Exact | Count::Planned | Count::Estimated) => Total::Exact,
            None => Total::Unwanted,
        }
    }
}

fn returns(value: &str) -> Option<Return> {
    match value {
        "minimal" | "headers-only" => Some(Return::Minimal),
        "representation" => Some(Return::Representation),
        _ => None,
    }
}

fn count(value: &str) -> Option<Count> {
    match value {
        "exact" => Some(Count::Exact),
        "planned" => Some(Count::Planned),
        "estimated" => Some(Count::Estimated),
        _ => None,
    }
}

fn wait(value: &str) -> Option<Duration> {
    let seconds = value.parse::<u64>().ok().filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds.min(WAIT_S_MAX)))
}
