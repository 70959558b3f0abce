//! Findings of the GraphQL library in our words.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::origin::Origin;
use crate::load::places;
use crate::load::report::Report;
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

/// Whether a finding says again what another one says: a required argument that is null is also of a wrong
/// type.
pub(crate) fn is_repeated(error: &DiagnosticData, origin: &Origin<'_>) -> bool {
    let missing = error.unstable_error_name() == Some("RequiredArgument");
    let message = error.to_string();
    let argument = message.split(['(', ')', ':']).nth(1).unwrap_or("");
    let written: String = origin.source(origin.span(error.location())).split_whitespace().collect();
    missing && !argument.is_empty() && written.contains(&format!("{argument}:null"))
}

/// A finding of schema validation.
pub(crate) fn translate(
    error: &DiagnosticData,
    schema: &Schema,
    origin: &Origin<'_>,
    report: &Report,
) -> Diagnostic {
    let message = error.to_string();
    let span = narrow(origin, origin.span(error.location()), &message);
    let given = origin.source(span).trim_start_matches('@');
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let second = quoted.get(1).copied().unwrap_or("").trim_start_matches('@');
    let first = quoted.first().copied().unwrap_or(given).trim_start_matches('@');
    let found = |code, text: String| Diagnostic::error(code, span, text);
    let near = |found: Diagnostic, given: &str, known: &dyn Fn() -> Vec<String>| match report.suggests() {
        true => found.suggest(given, known().iter().map(String::as_str)),
        false => found,
    };
    match error.unstable_error_name().unwrap_or("") {
        "UndefinedDefinition" => {
            near(found(code::UNKNOWN_TYPE, format!("there is no type `{first}`")), first, &|| {
                type_names(schema)
            })
        }
        "UndefinedDirective" => {
            let found = found(code::UNKNOWN_DIRECTIVE, format!("there is no directive `@{first}`"));
            near(found, &format!("@{first}"), &|| directive_names(schema))
        }
        "UndefinedArgument" => {
            let found = found(code::UNKNOWN_ARGUMENT, format!("`@{second}` has no argument `{first}`"));
            near(found, first, &|| arguments(schema, second))
        }
        "UndefinedEnumValue" => {
            let found = found(code::UNKNOWN_VALUE, format!("`{second}` has no value `{first}`"));
            near(found, first, &|| enum_values(schema, second))
        }
        "UndefinedInputValue" => found(code::UNKNOWN_FIELD, format!("`{second}` has no field `{first}`")),
        "RequiredArgument" => {
            let argument = first.split(['(', ')', ':']).nth(1).unwrap_or("");
            found(code::MISSING_ARGUMENT, format!("`@{given}` needs the argument `{argument}`"))
        }
        "RequiredField" => found(code::MISSING_ARGUMENT, message.clone()),
        "UnsupportedLocation" => misplaced(span, given, schema),
        "UniqueDirective" => found(code::CONFLICT, format!("`@{given}` may stand here only once")),
        "UniqueArgument" | "UniqueInputValue" => {
            found(code::DUPLICATE, format!("`{first}` stands here twice"))
        }
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
    let found = Diagnostic::error(code::MISPLACED, span, format!("`@{directive}` does not belong here"));
    let definition = schema.directive_definitions.get(directive);
    let locations = definition.into_iter().flat_map(|d| &d.locations).map(|location| location.name());
    let help = places::belongs(directive).unwrap_or_else(|| {
        format!("it belongs on {}", locations.collect::<Vec<_>>().join(" or ").to_ascii_lowercase())
    });
    found.with_help(help)
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().to_string() + chars.as_str())
}

fn directive_names(schema: &Schema) -> Vec<String> {
    schema.directive_definitions.keys().map(|name| format!("@{name}")).collect()
}

/// The names a field may have as its type.
fn type_names(schema: &Schema) -> Vec<String> {
    let names = schema.types.keys().filter(|name| !name.starts_with("__"));
    names.map(|name| name.to_string()).collect()
}

fn arguments(schema: &Schema, directive: &str) -> Vec<String> {
    let definition = schema.directive_definitions.get(directive);
    definition.into_iter().flat_map(|d| d.arguments.iter().map(|a| a.name.to_string())).collect()
}

fn enum_values(schema: &Schema, name: &str) -> Vec<String> {
    schema.get_enum(name).into_iter().flat_map(|def| def.values.keys().map(|v| v.to_string())).collect()
}

/// The library marks whole definitions with their descriptions, whole directives and arguments; the place
/// that a reader looks for is the name that the message is about.
fn narrow(origin: &Origin<'_>, span: Span, message: &str) -> Span {
    let source = origin.source(span);
    let part = |from: usize, bytes: usize| {
        let start = span.start + offset(from);
        Span { start, end: start + offset(bytes), ..span }
    };
    if let Some(rest) = source.strip_prefix('@') {
        let name = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
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
