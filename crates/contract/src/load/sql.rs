//! `@sql`: the texts it names.

use crate::code;
use crate::diagnostic::{FileId, Sources, Span};
use crate::load::bounds::FILES_MAX;
use crate::load::operations::Call;
use crate::load::origin::{Applied, Directives, Origin};
use crate::load::report::Report;
use crate::load::statements;
use crate::load::text::Text;
use crate::model::{Arity, Atomicity, Binding, SqlBinding, SqlEach};
use apollo_compiler::Schema;
use std::collections::HashMap;

/// The names of all files that `@sql(file:)` names, with the place of the first mention. Names that lead out
/// of the contract's folder are reported and left out.
pub(crate) fn file_names(schema: &Schema, origin: &Origin<'_>, report: &mut Report) -> Vec<(String, Span)> {
    let mut names: Vec<(String, Span)> = Vec::new();
    let roots =
        schema.schema_definition.iter_root_operations().filter_map(|(_, name)| schema.get_object(name));
    for definition in roots.flat_map(|object| object.fields.values()) {
        let directives = Directives::new(origin, definition.directives.iter());
        let Some(text) = directives.get("sql").and_then(|d| d.text("file")) else { continue };
        if let Some(message) = leads_out(&text.value) {
            report.error(code::FILE, text.span(), message);
        } else if names.len() == FILES_MAX {
            report.error(
                code::TOO_MANY,
                text.span(),
                format!("a contract has at most {FILES_MAX} SQL files"),
            );
        } else if !names.iter().any(|(known, _)| *known == text.value) {
            names.push((text.value.clone(), text.span()));
        }
    }
    names.truncate(FILES_MAX);
    names
}

fn leads_out(name: &str) -> Option<&'static str> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !name.ends_with(".sql") {
        Some("a file of statements is named `*.sql`")
    } else if name.contains(['\\', ':', '\0']) || !name.split('/').all(plain) {
        Some("a file is named by a path relative to the contract's folder and inside it")
    } else {
        None
    }
}

/// Reads the files and adds them to the sources.
pub(crate) fn read_files(
    names: &[(String, Span)],
    sources: &mut Sources,
    read_file: &dyn Fn(&str) -> Result<String, String>,
    report: &mut Report,
) -> HashMap<String, FileId> {
    let mut files = HashMap::new();
    for (name, span) in names {
        match read_file(name) {
            Ok(text) => {
                let path = beside(sources, span.file, name);
                files.insert(name.clone(), sources.add(path, text));
            }
            Err(message) => report.error(code::FILE, *span, format!("cannot read `{name}`: {message}")),
        }
    }
    files
}

/// The path of a file in the folder of the file that names it.
fn beside(sources: &Sources, file: FileId, name: &str) -> std::path::PathBuf {
    sources.path(file).parent().map_or_else(|| name.into(), |folder| folder.join(name))
}

/// `@sql(run:, file:, each:)`.
pub(crate) fn bind(call: &Call<'_>, applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    match (applied.has("run"), applied.has("file"), applied.has("each")) {
        (true, true, _) => {
            report.error(code::CONFLICT, applied.place("file"), "`@sql` has either `run` or `file`");
        }
        (false, false, false) => {
            report.error(code::MISSING_ARGUMENT, applied.span(), "`@sql` needs `run`, `file` or `each`");
            return None;
        }
        (true, false, _) | (false, true, _) | (false, false, true) => {}
    }
    let each = applied.text("each").and_then(|text| each(call, applied, &text, report));
    if each.is_none() && applied.has("atomic") {
        report.error(code::CONFLICT, applied.place("atomic"), "`atomic` is about the items of `each`");
    }
    let run = applied.text("run").or_else(|| file(call, &applied.text("file")?));
    let statements = run.map(|text| statements::split(&text, &call.errors, report)).unwrap_or_default();
    Some(Binding::Sql(SqlBinding { each, statements }))
}

fn file(call: &Call<'_>, name: &Text) -> Option<Text> {
    let file = *call.cx.sql_files.get(&name.value)?;
    Some(Text::plain(call.cx.origin.sources.text(file), file, 0))
}

fn each(call: &Call<'_>, applied: Applied<'_>, text: &Text, report: &mut Report) -> Option<SqlEach> {
    let statements = statements::split(text, &call.errors, report);
    let lists: Vec<usize> =
        (0..call.arguments.len()).filter(|i| call.arguments[*i].ty.arity != Arity::One).collect();
    let [argument] = lists[..] else {
        let message = format!("`each` runs over the one list argument; the operation has {}", lists.len());
        let name = applied.arguments().find(|name| *name == "each");
        let span = name.map_or_else(|| applied.span(), |name| call.cx.span(name));
        report.error(code::ARGUMENT, span, message);
        return None;
    };
    let atomicity = match applied.given_flag("atomic") {
        Some(false) => Atomicity::EachItem,
        Some(true) | None => Atomicity::All,
    };
    Some(SqlEach { argument, statements, atomicity })
}
