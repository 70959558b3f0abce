//! What the library finds wrong with a document, as problems.

use crate::error::{Location, Problem};
use apollo_compiler::Schema;
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport as _};
use apollo_compiler::parser::FileId;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use contract::diagnostic::closest;
use engine::Kind;

/// Characters of a message at the most: some quote what was written.
const MESSAGE_CHARS_MAX: usize = 400;

/// What of a schema messages tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggestions {
    /// Which names may have been meant.
    #[default]
    Given,
    /// No name that the document does not have itself.
    Withheld,
}

/// The findings, `max` at the most, each at its place and in the words of `told`.
pub(super) fn problems(
    found: &DiagnosticList,
    code: &'static str,
    max: usize,
    told: impl Fn(&DiagnosticData) -> String,
) -> Vec<Problem> {
    let problem = |finding: Diagnostic<'_, DiagnosticData>| {
        let location = Location::of(finding.error.location(), finding.sources);
        let message = cut(told(finding.error));
        Problem::new(Kind::Invalid, code, message).at(location.into_iter().collect())
    };
    // A field whose only members are not known has no selection left for the library, which then misses one.
    let unknown: Vec<_> = found
        .iter()
        .filter(|finding| is_named(finding.error, "UndefinedField"))
        .filter_map(|finding| place(finding.error))
        .collect();
    let is_false = |finding: &Diagnostic<'_, DiagnosticData>| {
        is_named(finding.error, "MissingSubselection")
            && place(finding.error).is_some_and(|(file, from, to)| {
                unknown.iter().any(|(other, at, _)| *other == file && (from..to).contains(at))
            })
    };
    found.iter().filter(|finding| !is_false(finding)).take(max).map(problem).collect()
}

fn is_named(finding: &DiagnosticData, name: &str) -> bool {
    finding.unstable_error_name() == Some(name)
}

/// The file, and from where to where.
fn place(finding: &DiagnosticData) -> Option<(FileId, usize, usize)> {
    finding.location().map(|span| (span.file_id(), span.offset(), span.end_offset()))
}

/// A message with the name that was likely meant.
pub(super) fn with_suggestion(schema: &Schema, finding: &DiagnosticData) -> String {
    let message = cut(finding.to_string());
    match meant(schema, finding) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
}

/// Names that are in every schema.
const COMMON: [&str; 7] = ["Query", "Mutation", "ID", "String", "Int", "Float", "Boolean"];

/// A message that tells a stranger no name of the schema: of those that it quotes, only what stands in the document.
pub(super) fn without_names(document: &str, finding: &DiagnosticData) -> String {
    if finding.unstable_error_name() == Some("UnsupportedValueType") {
        return "the value is not of the type that is expected here".to_owned();
    }
    let message = finding.to_string();
    let mut told = String::with_capacity(message.len());
    for (at, part) in message.split('`').enumerate() {
        if at > 0 {
            told.push('`');
        }
        match at % 2 {
            0 => told.push_str(part),
            _ => push_known(&mut told, document, part),
        }
    }
    told
}

fn push_known(told: &mut String, document: &str, quoted: &str) {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for piece in quoted.split_inclusive(|c| !is_of_name(c)) {
        let name = piece.trim_end_matches(|c| !is_of_name(c));
        let is_known = COMMON.contains(&name) || document.contains(name);
        told.push_str(if is_known { name } else { "…" });
        told.push_str(&piece[name.len()..]);
    }
}

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS_MAX) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// The field or argument that a finding is likely to have meant. The library keeps its names to itself, so they are
/// read from its message, whose form its pinned version decides.
fn meant(schema: &Schema, finding: &DiagnosticData) -> Option<String> {
    let message = finding.to_string();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (first, second) = (quoted.next()?, quoted.next()?);
    match finding.unstable_error_name()? {
        "UndefinedField" => closest(second, fields(schema, first)),
        "UndefinedArgument" => {
            let (parent, field) = second.split_once('.')?;
            let field = schema.type_field(parent, field).ok()?;
            closest(first, field.arguments.iter().map(|argument| argument.name.as_str()))
        }
        _ => None,
    }
    .map(str::to_owned)
}

fn fields<'a>(schema: &'a Schema, name: &str) -> Vec<&'a str> {
    match schema.types.get(name) {
        Some(ExtendedType::Object(object)) => object.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::Interface(interface)) => {
            interface.fields.keys().map(|name| name.as_str()).collect()
        }
        Some(
            ExtendedType::Scalar(_)
            | ExtendedType::Union(_)
            | ExtendedType::Enum(_)
            | ExtendedType::InputObject(_),
        )
        | None => Vec::new(),
    }
}
