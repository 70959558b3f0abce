//! Documents: bounded, parsed and validated once, cached by their text.

mod bounds;
mod cache;
mod findings;
mod literals;
mod measure;
mod merge;
mod spreads;

pub use bounds::DocumentBounds;
pub use cache::{CacheBounds, CacheStats};
pub use findings::Suggestions;

pub(crate) use cache::{Bounded, Documents};

use crate::Graphql;
use crate::codes::{LIMIT_EXCEEDED, OPERATION_UNKNOWN, PARSE_FAILED, VALIDATION_FAILED};
use crate::error::{Location, Problem};
use crate::execute::Planned;
use apollo_compiler::ast::Document as Syntax;
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node, introspection};
use bounds::SYNTAX_DEPTH_MAX;
use engine::Kind;
use std::sync::{Arc, OnceLock};

/// Problems of a document that are told at the most.
const PROBLEMS_MAX: usize = 20;
/// What the library calls a document in its own reports; nobody sees it.
const DOCUMENT_NAME: &str = "document.graphql";

/// A document that is valid, with what was made of its operations so far.
#[derive(Debug)]
pub(crate) struct Document {
    /// The document.
    pub executable: Valid<ExecutableDocument>,
    operations: Vec<Prepared>,
}

/// An operation of a document.
#[derive(Debug)]
struct Prepared {
    operation: Node<Operation>,
    subject: Subject,
    planned: OnceLock<Result<Arc<Planned>, Problem>>,
}

/// What an operation asks about at its root.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Subject {
    /// Data; perhaps also `__typename`.
    Data,
    /// `__typename` alone.
    TypeName,
    /// The schema; perhaps also data.
    Schema,
    /// Lists inside lists of the schema, which grow with the powers of their depth.
    EndlessSchema(Problem),
}

/// An operation that was chosen to be run.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    /// The operation.
    pub operation: &'a Node<Operation>,
    /// What it asks about.
    pub subject: &'a Subject,
    prepared: &'a Prepared,
    document: &'a Document,
}

impl Document {
    /// Reads a document: its size first, so that nothing that follows can be made expensive.
    ///
    /// # Errors
    /// All problems up to a bound, those of size alone or those of validity.
    pub(crate) fn new(face: &Graphql, text: &str) -> Result<Self, Vec<Problem>> {
        let bounds = &face.settings.documents;
        let syntax = parse(text, bounds)?;
        refuse(measure::check(&syntax, bounds))?;
        refuse(literals::check(&syntax))?;
        let validated = syntax.to_executable_validate(&face.schema);
        let executable = validated.map_err(|invalid| {
            findings::problems(&invalid.errors, VALIDATION_FAILED, PROBLEMS_MAX, |finding| {
                match face.settings.suggestions {
                    Suggestions::Given => findings::with_suggestion(&face.schema, finding),
                    Suggestions::Withheld => findings::without_names(text, finding),
                }
            })
        })?;
        refuse(merge::check(&executable))?;
        let prepared = |operation: &Node<Operation>| Prepared {
            operation: operation.clone(),
            subject: subject(&executable, operation),
            planned: OnceLock::new(),
        };
        let operations = executable.operations.iter().map(prepared).collect();
        Ok(Self { executable, operations })
    }

    /// The operation that a request means (GraphQL, section 6.1, `GetOperation`).
    pub(crate) fn choose(&self, name: Option<&str>) -> Result<Chosen<'_>, Problem> {
        let has_name = |prepared: &&Prepared| prepared.operation.name.as_ref().map(|n| n.as_str()) == name;
        let found = match (name, &self.operations[..]) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), operations) => operations.iter().find(has_name),
        };
        let missing = || {
            let message = match (name, self.operations.is_empty()) {
                (_, true) => "the document has no operation",
                (Some(_), false) => "the document has no operation of this name",
                (None, false) => "the document has several operations: name the one to run",
            };
            Problem::new(Kind::Invalid, OPERATION_UNKNOWN, message)
        };
        let prepared = found.ok_or_else(missing)?;
        let Prepared { operation, subject, .. } = prepared;
        Ok(Chosen { operation, subject, prepared, document: self })
    }
}

impl Chosen<'_> {
    /// The operation's translation, made once.
    pub(crate) fn planned(&self, face: &Graphql) -> Result<Arc<Planned>, Problem> {
        let plan = || Planned::new(face, &self.document.executable, self.operation).map(Arc::new);
        self.prepared.planned.get_or_init(plan).clone()
    }
}

fn refuse(mut problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    problems.truncate(PROBLEMS_MAX);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn parse(text: &str, bounds: &DocumentBounds) -> Result<Syntax, Vec<Problem>> {
    if text.len() > bounds.bytes_max {
        let message = format!("the document has more than {} bytes (document_bytes_max)", bounds.bytes_max);
        return Err(vec![Problem::new(Kind::Invalid, LIMIT_EXCEEDED, message)]);
    }
    let mut parser = Parser::new().token_limit(bounds.tokens_max).recursion_limit(SYNTAX_DEPTH_MAX);
    let parsed = parser.parse_ast(text, DOCUMENT_NAME);
    let message = if parser.recursion_reached() > SYNTAX_DEPTH_MAX {
        format!("the document nests more than {SYNTAX_DEPTH_MAX} levels (syntax_depth_max)")
    } else if parser.tokens_reached() > bounds.tokens_max {
        format!("the document has more than {} tokens (tokens_max)", bounds.tokens_max)
    } else {
        return parsed.map_err(|invalid| {
            findings::problems(&invalid.errors, PARSE_FAILED, PROBLEMS_MAX, ToString::to_string)
        });
    };
    Err(vec![Problem::new(Kind::Invalid, LIMIT_EXCEEDED, message)])
}

fn subject(document: &Valid<ExecutableDocument>, operation: &Operation) -> Subject {
    let mut subject = Subject::TypeName;
    for field in operation.root_fields(document) {
        match field.name.as_str() {
            "__schema" | "__type" => subject = Subject::Schema,
            "__typename" => {}
            _ if subject == Subject::TypeName => subject = Subject::Data,
            _ => {}
        }
    }
    if subject == Subject::Schema
        && let Err(refused) = introspection::check_max_depth(document, operation)
    {
        let message = "questions about the schema nest too many lists of fields and types";
        let locations = Location::of(refused.location(), &document.sources).into_iter().collect();
        return Subject::EndlessSchema(Problem::new(Kind::Invalid, LIMIT_EXCEEDED, message).at(locations));
    }
    subject
}
