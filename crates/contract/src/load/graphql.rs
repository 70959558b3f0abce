//! Findings of the GraphQL library in our words.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::origin::Origin;
use crate::load::text::offset;
use apollo_compiler::Schema;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::validation::DiagnosticData;

/// A finding of the parser.
pub(crate) fn syntax(span: Span, message: &str) -> Diagnostic {
    let message = message.strip_prefix("syntax error: ").unwrap_or(message);
    if message.contains("recursion limit") {
        return Diagnostic::error(code::TOO_DEEP, span, "types or constants nest too deep");
    }
    if message.contains("token limit") {
        return Diagnostic::error(code::TOO_MANY, span, "the file has too many tokens");
    }
    Diagnostic::error(code::SYNTAX, span, lower_first(message))
}

/// A finding of schema validation.
pub(crate) fn translate(error: &DiagnosticData, schema: &Schema, origin: &Origin<'_>) -> Diagnostic {
    let message = error.to_string();
    let span = narrow(origin, origin.span(error.location()), &message);
    let given = origin.source(span).trim_start_matches('@');
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let second = quoted.get(1).copied().unwrap_or("").trim_start_matches('@');
    let first = quoted.first().copied().unwrap_or(given).trim_start_matches('@');
    let found = |code, text: String| Diagnostic::error(code, span, text);
    match error.unstable_error_name().unwrap_or("") {
        "UndefinedDefinition" => found(code::UNKNOWN_TYPE, format!("there is no type `{first}`"))
            .suggest(first, type_names(schema)),
        "UndefinedDirective" => found(code::UNKNOWN_DIRECTIVE, format!("there is no directive `@{first}`"))
            .suggest(first, schema.directive_definitions.keys().map(|name| name.as_str())),
        "UndefinedArgument" => {
            found(code::UNKNOWN_ARGUMENT, format!("`@{second}` has no argument `{first}`"))
                .suggest(first, arguments(schema, second))
        }
        "UndefinedEnumValue" => found(code::UNKNOWN_VALUE, format!("`{second}` has no value `{first}`"))
            .suggest(first, enum_values(schema, second)),
        "UndefinedInputValue" => found(code::UNKNOWN_FIELD, format!("`{second}` has no field `{first}`")),
        "RequiredArgument" => {
            let argument = first.split(['(', ')', ':']).nth(1).unwrap_or("");
            found(code::MISSING_ARGUMENT, format!("`@{given}` needs the argument `{argument}`"))
        }
        "RequiredField" => found(code::MISSING_ARGUMENT, message.clone()),
        "UnsupportedLocation" => misplaced(span, given, schema),
        "UniqueDirective" => found(code::CONFLICT, format!("`@{given}` may stand here only once")),
        "UniqueArgument" | "UniqueInputValue" => found(code::DUPLICATE, message.clone()),
        "ReservedName" => found(code::RESERVED, "names beginning with `__` are kept for GraphQL".to_owned()),
        "UnsupportedValueType" | "IntCoercionError" | "FloatCoercionError" => {
            found(code::BAD_VALUE, message.clone())
        }
        "OutputType" | "InputType" => found(code::BAD_TYPE, message.clone()),
        "DeeplyNestedType" | "RecursionError" => found(code::TOO_DEEP, message.clone()),
        _ if message.contains("multiple times") || message.contains("duplicate definitions") => {
            found(code::DUPLICATE, message.clone())
        }
        _ => found(code::SCHEMA, lower_first(&message)),
    }
}

fn misplaced(span: Span, directive: &str, schema: &Schema) -> Diagnostic {
    let places: Vec<String> = schema
        .directive_definitions
        .get(directive)
        .map(|d| d.locations.iter().map(|l| l.name().to_ascii_lowercase().replace('_', " ")).collect())
        .unwrap_or_default();
    Diagnostic::error(code::MISPLACED, span, format!("`@{directive}` does not belong here"))
        .with_help(format!("it belongs on: {}", places.join(", ")))
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().to_string() + chars.as_str())
}

/// The names a field may have as its type.
fn type_names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.types.keys().map(|name| name.as_str()).filter(|name| !name.starts_with("__"))
}

fn arguments<'s>(schema: &'s Schema, directive: &str) -> impl Iterator<Item = &'s str> {
    let definition = schema.directive_definitions.get(directive);
    definition.into_iter().flat_map(|d| d.arguments.iter().map(|a| a.name.as_str()))
}

fn enum_values<'s>(schema: &'s Schema, name: &str) -> impl Iterator<Item = &'s str> {
    schema.get_enum(name).into_iter().flat_map(|def| def.values.keys().map(|value| value.as_str()))
}

/// The library marks whole definitions with their descriptions, whole directives and arguments; the place that a
/// reader looks for is the name that the message is about.
fn narrow(origin: &Origin<'_>, span: Span, message: &str) -> Span {
    let source = origin.source(span);
    let part = |from: usize, bytes: usize| {
        let start = span.start + offset(from);
        Span { start, end: start + offset(bytes), ..span }
    };
    if source.starts_with('@') {
        let name = source[1..].find(|c: char| !is_word(c)).unwrap_or(source.len() - 1);
        return part(0, name + 1);
    }
    let body = source.len() - without_description(source).len();
    let quoted = message.split('`').nth(1).unwrap_or("");
    match find_word(&source[body..], quoted) {
        Some(at) => part(body + at, quoted.len()),
        None => {
            let line = source[body..].lines().next().unwrap_or("").trim_end();
            part(body, line.len())
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn find_word(source: &str, word: &str) -> Option<usize> {
    let bounded = |at: &usize| {
        let before = source[..*at].chars().next_back();
        let after = source[*at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    (!word.is_empty()).then(|| source.match_indices(word).map(|(at, _)| at).find(bounded)).flatten()
}

/// What follows the description at the start of a definition, if there is one.
fn without_description(source: &str) -> &str {
    let (body, quote) = match source.strip_prefix("\"\"\"") {
        Some(body) => (body, "\"\"\""),
        None => match source.strip_prefix('"') {
            Some(body) => (body, "\""),
            None => return source,
        },
    };
    let ends = |at: &usize| !body[..*at].ends_with('\\');
    let end = body.match_indices(quote).map(|(at, _)| at).find(ends);
    // A string constant is no description: nothing follows it.
    end.map(|at| body[at + quote.len()..].trim_start()).filter(|rest| !rest.is_empty()).unwrap_or(source)
}
