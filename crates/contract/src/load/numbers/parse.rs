//! The lock file's text: line by line.
//!
//! ```text
//! file   = { comment | blank | owner }
//! owner  = [ "reserved" ] ( "type" | "enum" | "operation" ) name line-end { member | comment | blank }
//! member = indent number [ "reserved" ] name line-end
//! ```

use crate::code;
use crate::diagnostic::{Diagnostic, FileId, Span};
use crate::load::bounds::CONTRACT_BYTES_MAX;
use crate::load::names::is_identifier;
use crate::load::report::Report;
use crate::load::text::offset;
use crate::numbers::{NUMBERS_FILE, Numbered, Standing};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A lock file.
#[derive(Debug, Default)]
pub(crate) struct Locked {
    pub(crate) owners: BTreeMap<(Numbered, String), LockedOwner>,
}

/// A type, an enum or an operation.
#[derive(Debug)]
pub(crate) struct LockedOwner {
    pub(crate) standing: Standing,
    pub(crate) members: BTreeMap<u32, LockedMember>,
    /// The place of its name.
    pub(crate) span: Span,
}

/// What has a number.
#[derive(Debug)]
pub(crate) struct LockedMember {
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// The place of its name.
    pub(crate) span: Span,
}

/// Reads a lock file. What is wrong with it refuses the contract: numbers are not to be guessed.
pub(crate) fn parse(file: FileId, text: &str, report: &mut Report) -> Locked {
    let mut locked = Locked::default();
    if text.len() > CONTRACT_BYTES_MAX {
        let message = format!("the file has {} bytes, {CONTRACT_BYTES_MAX} are allowed", text.len());
        report.error(code::TOO_MANY, Span { file, start: 0, end: 0 }, message);
        return locked;
    }
    let mut current: Option<(Numbered, String)> = None;
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = Line { file, start, text: raw.trim_end() };
        start += raw.len();
        if line.text.is_empty() || line.text.trim_start().starts_with('#') {
            continue;
        }
        match line.text.starts_with([' ', '\t']) {
            false => current = line.owner(&mut locked, report),
            true => line.member(current.as_ref(), &mut locked, report),
        }
    }
    locked
}

/// A line and where it begins.
struct Line<'a> {
    file: FileId,
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// Its words.
    fn words(&self) -> Vec<&'a str> {
        self.text.split_whitespace().collect()
    }

    /// The place of a word of this line.
    fn span(&self, word: &str) -> Span {
        let at = self.start + (word.as_ptr() as usize - self.text.as_ptr() as usize);
        Span { file: self.file, start: offset(at), end: offset(at + word.len()) }
    }

    fn whole(&self) -> Span {
        self.span(self.text.trim())
    }

    /// `type User`: what the next members are of.
    fn owner(&self, locked: &mut Locked, report: &mut Report) -> Option<(Numbered, String)> {
        let (standing, what, name) = match self.words()[..] {
            [what, name] => (Standing::Here, what, name),
            ["reserved", what, name] => (Standing::Gone, what, name),
            _ => return self.broken(report),
        };
        let Some(what) = Numbered::ALL.into_iter().find(|known| known.word() == what) else {
            return self.broken(report);
        };
        if !is_identifier(name) {
            return self.broken(report);
        }
        let (key, span) = ((what, name.to_owned()), self.span(name));
        match locked.owners.entry(key.clone()) {
            Entry::Vacant(place) => {
                place.insert(LockedOwner { standing, members: BTreeMap::new(), span });
            }
            Entry::Occupied(_) => {
                report.error(code::NUMBER, span, format!("the {} `{name}` stands here twice", what.word()));
            }
        }
        Some(key)
    }

    fn broken(&self, report: &mut Report) -> Option<(Numbered, String)> {
        let message =
            "expected `type`, `enum` or `operation` and a name, or below of one a number and a name";
        let found = Diagnostic::error(code::NUMBER, self.whole(), message);
        let help =
            format!("where versions of {NUMBERS_FILE} were merged, keep the lines of both, each number once");
        report.push(found.with_help(help));
        None
    }

    /// `  4 email`.
    fn member(&self, owner: Option<&(Numbered, String)>, locked: &mut Locked, report: &mut Report) {
        let (number, standing, name) = match self.words()[..] {
            [number, name] => (number, Standing::Here, name),
            [number, "reserved", name] => (number, Standing::Gone, name),
            _ => return drop(self.broken(report)),
        };
        let Some(owner) = owner.filter(|_| is_identifier(name)) else { return drop(self.broken(report)) };
        let Some(value) = self.number(owner.0, number, report) else { return };
        let Some(LockedOwner { members, .. }) = locked.owners.get_mut(owner) else { return };
        let is_here = |member: &LockedMember| member.standing == Standing::Here && member.name == name;
        if standing == Standing::Here && members.values().any(is_here) {
            report.error(code::NUMBER, self.span(name), format!("`{name}` has a number already"));
            return;
        }
        match members.entry(value) {
            Entry::Vacant(place) => {
                place.insert(LockedMember { name: name.to_owned(), standing, span: self.span(name) });
            }
            Entry::Occupied(other) => {
                let message = format!("{value} is the number of `{}` already", other.get().name);
                let found = Diagnostic::error(code::NUMBER, self.span(number), message);
                let help = "where nobody uses one of them yet, take its line out: `septet lock DIR` gives it another";
                report.push(found.with_help(help));
            }
        }
    }

    fn number(&self, what: Numbered, text: &str, report: &mut Report) -> Option<u32> {
        let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse().ok().filter(|number| is_plain && (1..=what.max()).contains(number));
        if number.is_none() {
            let message = format!("expected a number from 1 to {}", what.max());
            report.error(code::NUMBER, self.span(text), message);
        }
        number
    }
}
