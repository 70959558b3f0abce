//! What a stranger is told of the schema: nothing that the stranger did not say.
//!
//! In production a caller without credentials is refused in words that hold no name of the schema but those of the request
//! itself. It is one rule for all protocols and all messages, whoever wrote them: it looks at the words, when they leave.

use crate::form;
use bytes::Bytes;
use engine::{Fault, FieldFault, Kind};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use std::borrow::Cow;
use std::collections::HashSet;

/// In every schema, and in the words of everybody.
const COMMON: [&str; 10] =
    ["Query", "Mutation", "Subscription", "ID", "String", "Int", "Float", "Boolean", "id", "body"];

/// What stands in the place of a name that is not told.
const UNTOLD: &str = "…";

/// Who is told names of the contract that are not in their request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// Everybody.
    #[default]
    Told,
    /// Callers with credentials.
    KeptFromStrangers,
}

/// To whom names are told.
#[derive(Debug, Clone, Default)]
pub enum Discretion {
    /// To everybody.
    #[default]
    Open,
    /// To callers with credentials; to others only what they said themselves.
    Strangers(Box<Untold>),
}

/// What strangers are not told.
#[derive(Debug, Clone, Default)]
pub struct Untold {
    names: HashSet<Box<str>>,
    /// Codes of the contract's own errors, whose messages are its author's words to callers.
    codes: HashSet<Box<str>>,
}

/// What a stranger said.
#[derive(Debug, Clone, Default)]
pub struct Said(Vec<Bytes>);

impl Said {
    /// A request's target as it is meant.
    pub fn of(uri: &Uri) -> Self {
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let meant = form::decode(target).unwrap_or(Cow::Borrowed(target));
        Self(vec![meant.into_owned().into()])
    }

    /// What else it says.
    pub fn push(&mut self, text: Bytes) {
        self.0.push(text);
    }

    /// A name, or the same as JSON has it where it is one of protocol buffers.
    fn has(&self, name: &str) -> bool {
        self.has_text(name) || (name.contains('_') && self.has_text(&camel(name)))
    }

    fn has_text(&self, name: &str) -> bool {
        let is_in = |text: &Bytes| text.windows(name.len().max(1)).any(|part| part == name.as_bytes());
        self.0.iter().any(is_in)
    }
}

impl Discretion {
    /// Keeps these names from strangers where they are to be kept, but for what errors with these codes say.
    pub fn new<'a>(
        to: Names,
        names: impl IntoIterator<Item = &'a str>,
        codes: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        if to == Names::Told {
            return Self::Open;
        }
        let names = names.into_iter().filter(|name| !COMMON.contains(name)).map(Box::from).collect();
        Self::Strangers(Box::new(Untold { names, codes: codes.into_iter().map(Box::from).collect() }))
    }

    /// What is kept from the one who sent these header fields; nothing for callers with credentials.
    pub fn of(&self, headers: &HeaderMap) -> Option<&Untold> {
        match self {
            Self::Open => None,
            Self::Strangers(untold) => Some(&**untold).filter(|_| !headers.contains_key(AUTHORIZATION)),
        }
    }
}

impl Untold {
    /// The fault in words that a stranger may read.
    pub fn fault(&self, mut fault: Fault, said: &Said) -> Fault {
        self.hold_back(fault.kind, &fault.code, &mut fault.message, said);
        self.hold_back_of(&mut fault.fields, said);
        fault
    }

    /// Puts other words in the place of a message that has a name that was not said.
    pub fn hold_back(&self, kind: Kind, code: &str, message: &mut String, said: &Said) {
        if !self.codes.contains(code) && !self.may_tell_message(message, said) {
            of_kind(kind).clone_into(message);
        }
    }

    /// The same for the parts of the input that are wrong.
    pub fn hold_back_of(&self, fields: &mut [FieldFault], said: &Said) {
        for field in fields {
            field.field = self.path(&field.field, said);
            if !self.may_tell_message(&field.message, said) {
                of_field(field.code).clone_into(&mut field.message);
            }
        }
    }

    /// A path without the names that were not said.
    pub fn path(&self, path: &str, said: &Said) -> String {
        let step = |step| if self.may_tell_all(step, said) { step } else { UNTOLD };
        path.split('.').map(step).collect::<Vec<_>>().join(".")
    }

    fn may_tell_all(&self, text: &str, said: &Said) -> bool {
        words(text).all(|word| self.may_tell(word, said))
    }

    /// Messages quote names; what they do not quote is a name only where no word of the language looks like it.
    fn may_tell_message(&self, message: &str, said: &Said) -> bool {
        let is_prose = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        message.split('`').enumerate().all(|(at, part)| match at % 2 {
            0 => words(part).all(|word| is_prose(word) || self.may_tell(word, said)),
            _ => self.may_tell_all(part, said),
        })
    }

    fn may_tell(&self, word: &str, said: &Said) -> bool {
        !self.names.contains(word) || said.has(word)
    }
}

/// `created_at` as `createdAt`.
fn camel(snake: &str) -> String {
    let mut steps = snake.split('_');
    let first = steps.next().unwrap_or_default().to_owned();
    steps.fold(first, |mut name, step| {
        let mut characters = step.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
        name
    })
}

/// What may be a name.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// What is wrong with a part of the input, without a name.
fn of_field(code: &str) -> &'static str {
    match code {
        "REQUIRED" => "is required",
        "UNKNOWN" => "is not known here",
        "TYPE" | "ENUM" => "is not of the type that is expected here",
        "LENGTH" | "SIZE" => "is too long, or too short",
        "RANGE" => "is beyond its bounds",
        "IMMUTABLE" | "READ_ONLY" => "cannot be set here",
        _ => "does not fit",
    }
}

fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unauthenticated => "this needs a caller who is known",
        Kind::Denied => "the rules do not allow this",
        Kind::Invalid => "the input does not fit",
        Kind::NotFound => "there is no such thing",
        Kind::Conflict => "it does not go with what is there",
        Kind::Precondition => "it has changed since it was seen",
        Kind::Mismatch => "the same key came with another input",
        Kind::TooLarge => "it is larger than allowed",
        Kind::Throttled => "the budget is used up for now",
        Kind::Timeout => "it took longer than allowed",
        Kind::Cancelled => "it was cancelled",
        Kind::Unsupported => "this is not served",
        Kind::Unavailable => "the server has too much to do",
        Kind::Internal => "something went wrong inside the server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(path: &str, message: &str) -> Fault {
        Fault::invalid_field(path, "REQUIRED", message)
    }

    fn told(said: &str, fault: Fault) -> Fault {
        let discretion =
            Discretion::new(Names::KeptFromStrangers, ["Account", "balance", "owner", "id"], ["EMPTY"]);
        let untold = discretion.of(&HeaderMap::new()).cloned().unwrap_or_default();
        untold.fault(fault, &Said(vec![Bytes::copy_from_slice(said.as_bytes())]))
    }

    #[test]
    fn strangers_are_told_their_own_words() {
        let said = r#"{"create":{"balance":"x"}}"#;
        let known = told(said, fault("0.create.balance", "`balance` must be a number"));
        assert_eq!(known.fields[0].field, "0.create.balance");
        assert_eq!(known.fields[0].message, "`balance` must be a number");
        let unknown = told(said, fault("0.create.owner", "is required by `Account`"));
        assert_eq!(unknown.fields[0].field, "0.create.…");
        assert_eq!(unknown.fields[0].message, "is required");
        assert_eq!(unknown.message, "the input does not fit");
        let hint = told("?nam=1", Fault::new(Kind::Invalid, "INVALID_INPUT", "did you mean `owner`?"));
        assert_eq!(hint.message, "the input does not fit");
    }

    #[test]
    fn an_authors_words_are_meant_for_callers() {
        let empty = Fault::new(Kind::Conflict, "EMPTY", "the balance is empty");
        assert_eq!(told("", empty.clone()).message, empty.message);
    }

    #[test]
    fn callers_with_credentials_are_no_strangers() {
        let mut headers = HeaderMap::new();
        let discretion = Discretion::new(Names::KeptFromStrangers, ["Account"], []);
        assert!(discretion.of(&headers).is_some());
        assert!(Discretion::Open.of(&headers).is_none());
        headers.insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer x"));
        assert!(discretion.of(&headers).is_none());
    }
}
