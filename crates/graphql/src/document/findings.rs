//! What the library finds wrong with a document, as problems.

use crate::error::{Location, Problem};
use apollo_compiler::Schema;
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use contract::diagnostic::closest;
use engine::Kind;

/// Characters of a message at the most: some quote what was written.
const MESSAGE_CHARS_MAX: usize = 400;

/// Whether messages say which name may have been meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggestions {
    /// They do, which tells a stranger of names in the schema.
    #[default]
    Given,
    /// They do not.
    Withheld,
}

/// The findings, `max` at the most, each at its place.
pub(super) fn problems(
    found: &DiagnosticList,
    code: &'static str,
    max: usize,
    meant: impl Fn(&DiagnosticData) -> Option<String>,
) -> Vec<Problem> {
    let findings = found.iter().take(max);
    let problems = findings.map(|finding| {
        let mut message = cut(finding.error.to_string());
        if let Some(name) = meant(finding.error) {
            message += &format!("; did you mean `{name}`?");
        }
        let location = Location::of(finding.error.location(), finding.sources);
        Problem::new(Kind::Invalid, code, message).at(location.into_iter().collect())
    });
    problems.collect()
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
pub(super) fn meant(schema: &Schema, finding: &DiagnosticData) -> Option<String> {
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
