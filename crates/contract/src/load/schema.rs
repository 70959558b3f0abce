//! Parses the files and validates them as GraphQL, together with Septet's definitions.

use crate::code;
use crate::diagnostic::{Diagnostic, FileId, Sources, Span};
use crate::load::bounds::{
    CONTRACT_BYTES_MAX, FILE_BYTES_MAX, FILES_MAX, INPUT_PATHS_MAX, INTERFACES_MAX, NESTING_MAX, TOKENS_MAX,
};
use crate::load::origin::Origin;
use crate::load::report::Report;
use crate::load::{DEFINITIONS, DEFINITIONS_FILE, graphql, stumble};
use apollo_compiler::ast::{Definition, Document, Type};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{FileId as NodeFile, Parser};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The directives that say what a type is.
const KINDS: [&str; 2] = ["`@resource`", "`@channel`"];

/// The contract as GraphQL sees it.
pub(crate) struct Parsed {
    /// All types, with extensions folded in. Where GraphQL validation has found fault, what could be kept.
    pub(crate) schema: Schema,
    /// Which of our files a node's file is.
    pub(crate) files: HashMap<NodeFile, FileId>,
}

/// Parses all files; `None` when one is not GraphQL, because what is missing then would be blamed elsewhere.
pub(crate) fn parse(sources: &Sources, report: &mut Report) -> Option<Parsed> {
    check_sizes(sources, report);
    if report.has_errors() {
        return None;
    }
    let mut files = HashMap::new();
    let mut documents: Vec<Document> =
        sources.files().filter_map(|file| parse_file(sources, file, &mut files, report)).collect();
    if report.has_errors() {
        return None;
    }
    let origin = Origin { sources, files: &files };
    for document in &mut documents {
        keep_own_out(document, &origin, report);
    }
    let schema = validate(&documents, &origin, report)?;
    Some(Parsed { schema, files })
}

fn check_sizes(sources: &Sources, report: &mut Report) {
    let start = |file| Span { file, start: 0, end: 0 };
    let mut total = 0;
    for (i, file) in sources.files().enumerate() {
        let bytes = sources.text(file).len();
        total += bytes;
        if i == FILES_MAX {
            report.error(code::TOO_MANY, start(file), format!("a contract has at most {FILES_MAX} files"));
        }
        if bytes > FILE_BYTES_MAX {
            let message = format!("the file has {bytes} bytes, {FILE_BYTES_MAX} are allowed");
            report.error(code::TOO_MANY, start(file), message);
        }
    }
    if total > CONTRACT_BYTES_MAX {
        let message = format!("the files have {total} bytes together, {CONTRACT_BYTES_MAX} are allowed");
        report.error(code::TOO_MANY, start(FileId(0)), message);
    }
}

fn parse_file(
    sources: &Sources,
    file: FileId,
    files: &mut HashMap<NodeFile, FileId>,
    report: &mut Report,
) -> Option<Document> {
    if is_blank(sources.text(file)) {
        return None;
    }
    let mut parser = Parser::new().recursion_limit(NESTING_MAX).token_limit(TOKENS_MAX);
    let (document, errors) = match parser.parse_ast(sources.text(file), sources.path(file)) {
        Ok(document) => (document, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    files.extend(document.sources.keys().map(|id| (*id, file)));
    // Only the first of a file: the parser stumbles on after a mistake, and what it then says is not about
    // the text.
    let first =
        errors.as_ref().and_then(|e| e.iter().next().map(|d| (d.error.location(), d.error.to_string())));
    match first {
        None => return Some(document),
        Some((location, message)) => {
            let span = Origin { sources, files }.span(location);
            let found = stumble::cause(sources.text(file), span);
            report.push(found.unwrap_or_else(|| graphql::syntax(span, &message)));
        }
    }
    None
}

/// Whether there are only comments and what GraphQL ignores; to its grammar a document without definitions is an error.
fn is_blank(text: &str) -> bool {
    let ignored = |c: char| c.is_ascii_whitespace() || c == ',' || c == '\u{feff}';
    text.split(['\n', '\r'])
        .map(|line| line.trim_matches(ignored))
        .all(|line| line.is_empty() || line.starts_with('#'))
}

/// Septet's own definitions, parsed once.
static OWN: LazyLock<Document> = LazyLock::new(|| {
    Document::parse(DEFINITIONS, DEFINITIONS_FILE)
        .expect("Septet's definitions are GraphQL: every test loads them")
});

/// Takes out what a contract cannot define: directives, scalars, and what Septet itself defines.
fn keep_own_out(document: &mut Document, origin: &Origin<'_>, report: &mut Report) {
    let names: HashSet<&str> = OWN.definitions.iter().filter_map(type_name).map(Name::as_str).collect();
    let message = |definition: &Definition| {
        let name = definition.name().map_or("", |name| name.as_str());
        match definition {
            Definition::DirectiveDefinition(_) => Some("a contract cannot define directives".to_owned()),
            _ if names.contains(name) => Some(format!("`{name}` is defined by Septet")),
            Definition::ScalarTypeDefinition(_) | Definition::ScalarTypeExtension(_) => Some(
                "a contract cannot define scalars; `@pattern`, `@length` and `@range` restrict fields"
                    .to_owned(),
            ),
            _ => None,
        }
    };
    document.definitions.retain(|definition| match message(definition) {
        Some(message) => {
            let span =
                definition.name().map_or_else(|| origin.span(definition.location()), |n| origin.name(n));
            report.settle(Diagnostic::error(code::RESERVED, span, message));
            false
        }
        None => true,
    });
}

fn type_name(definition: &Definition) -> Option<&Name> {
    match definition {
        Definition::DirectiveDefinition(_) => None,
        other => other.name(),
    }
}

fn validate(documents: &[Document], origin: &Origin<'_>, report: &mut Report) -> Option<Schema> {
    let mut builder = Schema::builder().add_ast(&OWN).add_ast(&missing_roots(documents));
    for document in documents {
        builder = builder.add_ast(document);
    }
    let (schema, built) = match builder.build() {
        Ok(schema) => (schema, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    if !inputs_are_bounded(&schema, origin, report) || !interfaces_are_few(&schema, origin, report) {
        return None;
    }
    let (schema, validated) = match schema.validate() {
        Ok(schema) => (schema.into_inner(), None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    for list in [built, validated].into_iter().flatten() {
        let found = list.iter().filter(|d| !graphql::is_repeated(d.error, origin));
        for diagnostic in found {
            let found = graphql::translate(diagnostic.error, &schema, origin, report);
            let is_kind = |help: &String| KINDS.iter().any(|kind| help.contains(kind));
            if found.code == code::UNKNOWN_DIRECTIVE && found.help.as_ref().is_some_and(is_kind) {
                report.leave_undecided();
            }
            report.settle(found);
        }
    }
    Some(schema)
}

/// Empty root types where the contract has none or only extends one: the standard operations fill them.
fn missing_roots(documents: &[Document]) -> Document {
    let definitions = || documents.iter().flat_map(|d| &d.definitions);
    let explicit = definitions().any(|d| matches!(d, Definition::SchemaDefinition(_)));
    let defined = |root: &str| {
        definitions().any(|d| !d.is_extension_definition() && d.name().is_some_and(|n| n == root))
    };
    let extended =
        |root: &str| definitions().any(|d| matches!(d, Definition::ObjectTypeExtension(e) if e.name == root));
    let needed = |root: &&str| !defined(root) && ((*root == "Query" && !explicit) || extended(root));
    let text: String = ["Query", "Mutation", "Subscription"]
        .iter()
        .filter(|root| needed(root))
        .map(|root| format!("type {root} {{ _: Boolean }} "))
        .collect();
    Document::parse(text, "roots.graphql").unwrap_or_default()
}

/// Whether each type implements so few interfaces that GraphQL validation may compare them all.
fn interfaces_are_few(schema: &Schema, origin: &Origin<'_>, report: &mut Report) -> bool {
    let mut few = true;
    for definition in schema.types.values() {
        let implemented = match definition {
            ExtendedType::Object(node) => node.implements_interfaces.len(),
            ExtendedType::Interface(node) => node.implements_interfaces.len(),
            ExtendedType::Scalar(_) | ExtendedType::Union(_) | ExtendedType::Enum(_) => 0,
            ExtendedType::InputObject(_) => 0,
        };
        if implemented > INTERFACES_MAX {
            few = false;
            let message = format!("a type implements at most {INTERFACES_MAX} interfaces");
            report.error(code::TOO_MANY, origin.name(definition.name()), message);
        }
    }
    few
}

/// Whether the ways through required fields of input types are finite and few. GraphQL validation walks each
/// of them, so it must not begin on others.
fn inputs_are_bounded(schema: &Schema, origin: &Origin<'_>, report: &mut Report) -> bool {
    let inputs: Vec<_> = schema.types.values().filter_map(|t| t.as_input_object()).collect();
    let required = |name: &Name| {
        schema.get_input_object(name).into_iter().flat_map(|input| &input.fields).filter_map(|(_, field)| {
            match &*field.ty {
                Type::NonNullNamed(target) => schema.get_input_object(target).map(|input| &input.name),
                Type::Named(_) | Type::List(_) | Type::NonNullList(_) => None,
            }
        })
    };
    // Ways of one step more each round; after `NESTING_MAX` rounds whoever still has some is too deep or in a
    // cycle.
    let mut ways: HashMap<&Name, usize> = inputs.iter().map(|input| (&input.name, 1)).collect();
    for _ in 0..NESTING_MAX {
        let next = |input: &&Name| {
            required(input).map(|target| ways[target]).fold(0, |sum: usize, n| sum.saturating_add(n))
        };
        let counted = inputs.iter().map(|input| (&input.name, next(&&input.name))).collect();
        ways = counted;
        let total = ways.values().fold(0, |sum: usize, n| sum.saturating_add(*n));
        if total > INPUT_PATHS_MAX {
            break;
        }
    }
    let endless = inputs.iter().filter(|input| ways[&input.name] > 0);
    let mut bounded = true;
    for input in endless {
        bounded = false;
        let message =
            format!("required fields lead from `{}` to input types without end, or too deep", input.name);
        let found = Diagnostic::error(code::TOO_DEEP, origin.name(&input.name), message);
        report.push(found.with_help("make one of the fields nullable or a list"));
    }
    bounded
}
