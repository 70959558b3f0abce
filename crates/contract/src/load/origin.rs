//! From the GraphQL library's nodes to places in our sources, and typed access to what directives say.

use crate::diagnostic::{FileId, Sources, Span};
use crate::load::text::{Text, offset};
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::parser::{FileId as NodeFile, SourceSpan};
use apollo_compiler::{Name, Node};
use std::collections::HashMap;

/// Knows where everything was written.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) files: &'a HashMap<NodeFile, FileId>,
}

impl<'a> Origin<'a> {
    /// The place of a node; the start of the contract for what was not written in it.
    pub(crate) fn span(&self, location: Option<SourceSpan>) -> Span {
        let known = location.and_then(|l| self.files.get(&l.file_id()).map(|file| (*file, l)));
        match known {
            Some((file, l)) => Span { file, start: offset(l.offset()), end: offset(l.end_offset()) },
            None => Span { file: FileId(0), start: 0, end: 0 },
        }
    }

    /// Whether a node was written in the contract, not in Septet's definitions.
    pub(crate) fn is_own(&self, location: Option<SourceSpan>) -> bool {
        location.is_some_and(|l| self.files.contains_key(&l.file_id()))
    }

    /// The place of a name.
    pub(crate) fn name(&self, name: &Name) -> Span {
        self.span(name.location())
    }

    /// The source text of a place.
    pub(crate) fn source(&self, span: Span) -> &'a str {
        self.sources.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of a string constant, `None` for other constants.
    pub(crate) fn text(&self, value: &Node<Value>) -> Option<Text> {
        value.as_str()?;
        let span = self.span(value.location());
        Some(Text::unescape(self.source(span), span.file, span.start))
    }
}

/// The directives of one place.
#[derive(Debug, Clone)]
pub(crate) struct Directives<'a> {
    origin: &'a Origin<'a>,
    nodes: Vec<&'a Node<Directive>>,
}

impl<'a> Directives<'a> {
    pub(crate) fn new(origin: &'a Origin<'a>, nodes: impl IntoIterator<Item = &'a Node<Directive>>) -> Self {
        Self { origin, nodes: nodes.into_iter().collect() }
    }

    /// The first directive of this name; further ones are refused elsewhere unless it is repeatable.
    pub(crate) fn get(&self, name: &str) -> Option<Applied<'a>> {
        self.all(name).next()
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of this name, in order.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = Applied<'a>> + use<'a, '_> {
        let name = name.to_owned();
        self.iter().filter(move |d| d.name() == name)
    }

    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Applied<'a>> + use<'a, '_> {
        self.nodes.iter().map(|node| Applied { origin: self.origin, node })
    }
}

/// One directive where it stands.
///
/// An argument that is there but not of its type reads as `None`: GraphQL validation has said so already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applied<'a> {
    origin: &'a Origin<'a>,
    node: &'a Node<Directive>,
}

impl<'a> Applied<'a> {
    /// Its name without the `@`.
    pub(crate) fn name(&self) -> &'a str {
        &self.node.name
    }

    /// The place of `@name`.
    pub(crate) fn span(&self) -> Span {
        let end = self.origin.name(&self.node.name).end;
        Span { end, ..self.origin.span(self.node.location()) }
    }

    /// Whether the argument was written at all.
    pub(crate) fn has(&self, argument: &str) -> bool {
        self.value(argument).is_some()
    }

    /// The names of all arguments written.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &'a Name> + use<'a> {
        self.node.arguments.iter().map(|a| &a.name)
    }

    /// The argument's value.
    pub(crate) fn value(&self, argument: &str) -> Option<&'a Node<Value>> {
        self.node.specified_argument_by_name(argument).filter(|v| !v.is_null())
    }

    /// The place of the argument's value, or of the directive where it is absent.
    pub(crate) fn place(&self, argument: &str) -> Span {
        self.value(argument).map_or_else(|| self.span(), |v| self.origin.span(v.location()))
    }

    /// A string argument.
    pub(crate) fn text(&self, argument: &str) -> Option<Text> {
        self.origin.text(self.value(argument)?)
    }

    /// An integer argument.
    pub(crate) fn int(&self, argument: &str) -> Option<i32> {
        self.value(argument)?.to_i32()
    }

    /// A boolean argument, false where it is absent.
    pub(crate) fn flag(&self, argument: &str) -> bool {
        self.value(argument).and_then(|v| v.to_bool()).unwrap_or(false)
    }

    /// A boolean argument, where it is given.
    pub(crate) fn given_flag(&self, argument: &str) -> Option<bool> {
        self.value(argument)?.to_bool()
    }

    /// An enum argument.
    pub(crate) fn variant(&self, argument: &str) -> Option<&'a str> {
        self.value(argument)?.as_enum().map(Name::as_str)
    }

    /// A list argument; a single value is a list of one (GraphQL, section 3.11).
    pub(crate) fn items(&self, argument: &str) -> Vec<&'a Node<Value>> {
        match self.value(argument) {
            None => Vec::new(),
            Some(value) => value.as_list().map_or_else(|| vec![value], |items| items.iter().collect()),
        }
    }

    /// A list of strings.
    pub(crate) fn texts(&self, argument: &str) -> Vec<Text> {
        self.items(argument).into_iter().filter_map(|item| self.origin.text(item)).collect()
    }
}
