//! What a protocol has to do to inherit all cases.

use crate::case::{Action, Input, Kind, More};
use serde_json::Value;

/// One protocol's way to ask a server. A new protocol implements this and inherits every case.
pub trait Driver: Send + Sync {
    /// Makes a call and reads what came of it. `Err` is for what is no proper answer at all: a lost connection, a
    /// body that does not decode, an unknown status.
    fn call(&self, call: &Call<'_>) -> Result<Outcome, Failure>;
}

/// One call with all captured values filled in.
#[derive(Debug)]
pub struct Call<'a> {
    /// The caller's token.
    pub token: Option<&'a str>,
    /// What is called.
    pub action: &'a Action,
    /// With what.
    pub input: &'a Input,
    /// Whether the number of all rows is wanted.
    pub total: Total,
}

/// Whether the number of all rows is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Yes.
    Wanted,
    /// No.
    Unwanted,
}

/// Why there is no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The protocol has no way to say it: the case does not count for it.
    Unspeakable(String),
    /// The server did something that is neither an answer nor a fault.
    Broken(String),
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// An answer or a fault.
    pub result: Result<Answer, Fault>,
    /// Everything that was sent back, headers included: what must be hidden may not be in it. Not the request's
    /// id, which is made of chance and has any short text in it some day.
    pub text: String,
    /// Why the server may refuse the call before it has read all of it: then it names the first thing that is wrong.
    pub improper: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The decoded result; none when nothing is answered.
    pub body: Option<Value>,
    /// The number of all rows, when it was wanted.
    pub total: Option<u64>,
    /// The version of the row, as a later call gives it back.
    pub version: Option<String>,
    /// The ends of a page between cursors.
    pub page: Option<Page>,
}

/// The ends of a page between cursors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The cursor of its first row, where the protocol tells it.
    pub start: Option<String>,
    /// The cursor of its last row, where the protocol tells it.
    pub end: Option<String>,
    /// Whether there are more rows in the direction that was asked for.
    pub more: More,
}

/// A fault.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Its kind, as far as the protocol tells it: one of these.
    pub kinds: Vec<Kind>,
    /// Its code.
    pub code: String,
    /// The fields it names, with their codes.
    pub fields: Vec<(String, Option<String>)>,
}
