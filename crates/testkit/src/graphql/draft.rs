//! A document that is being put together, and its text.

use super::document::{RESULT, Reading};
use super::select::{Selected, Shape};
use super::variables::Variables;
use contract::Root;

/// An argument as it stands in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Why the schema has no such argument; none for one that it has.
    pub why_not: Option<&'static str>,
}

/// A line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// The argument's name.
    pub name: String,
    /// Why the schema has no such argument; none for one that it has.
    pub why_not: Option<&'static str>,
}

/// A document in parts.
pub struct Draft {
    /// Whether it reads or writes.
    pub root: Root,
    /// What stands before the first argument's line, up to the bracket.
    pub head: String,
    /// The arguments of the one field.
    pub arguments: Vec<Given>,
    /// What stands behind the arguments.
    pub selection: String,
    /// More fields beside it.
    pub beside: String,
    /// How many braces are still open.
    pub open: usize,
    /// What the answer's fields are to be taken for.
    pub reading: Reading,
    /// How to read a record of it.
    pub shape: Shape,
}

impl Draft {
    /// A document that asks for one field.
    pub fn new(root: Root, field: &str, selected: Selected, reading: Reading) -> Self {
        Self {
            root,
            head: format!("{RESULT}: {field}"),
            arguments: Vec::new(),
            selection: selected.text,
            beside: String::new(),
            open: 0,
            reading,
            shape: selected.shape,
        }
    }

    /// The same with these arguments.
    pub fn given(mut self, arguments: Vec<(String, String)>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|(name, value)| Given {
            name,
            value,
            why_not: None,
        }));
        self
    }

    /// The text with each variable and each argument on a line of its own, so that the place of an error says what it
    /// is about.
    pub fn print(&self, variables: &Variables) -> (String, Vec<Place>) {
        let keyword = match self.root {
            Root::Query => "query",
            Root::Mutation => "mutation",
            Root::Subscription => "subscription",
        };
        let mut lines = vec![keyword.to_owned()];
        let mut places = Vec::new();
        let mut place = |lines: &Vec<String>, name: &str, why_not| {
            places.push(Place { line: lines.len(), name: name.to_owned(), why_not });
        };
        for (at, (name, definition)) in variables.definitions().enumerate() {
            lines.push(format!("{}{definition}", if at == 0 { "(" } else { "  " }));
            place(&lines, name, None);
        }
        if lines.len() > 1 {
            lines.push(")".to_owned());
        }
        lines.push(format!("{{ {}", self.head));
        for (at, Given { name, value, why_not }) in self.arguments.iter().enumerate() {
            lines.push(format!("{}{name}: {value}", if at == 0 { "(" } else { "  " }));
            place(&lines, name, *why_not);
        }
        if !self.arguments.is_empty() {
            lines.push(")".to_owned());
        }
        lines.push(format!("{} {}{}}}", self.selection, self.beside, "}".repeat(self.open)));
        (lines.join("\n"), places)
    }
}
