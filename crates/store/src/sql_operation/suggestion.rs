//! What SQLite says of a statement, at its place in the contract and with what was probably meant.

use super::authorizer::{Denial, STATEMENTS};
use super::lexer::{Kind, Word};
use super::live::Rewritten;
use contract::code::{self, Code};
use contract::{Contract, Diagnostic, Resource, Span, SqlStatement};
use rusqlite::Connection;

/// Why a statement cannot be prepared.
#[derive(Debug)]
pub(super) struct Problem {
    code: Code,
    message: String,
    /// The byte of the statement it is at.
    at: Option<usize>,
    /// The name it is about.
    about: Option<String>,
}

/// What an error of `prepare` is, or the denial that made it.
pub(super) fn problem(
    error: rusqlite::Error,
    denial: Option<Denial>,
    words: &[Word<'_>],
    rewritten: &Rewritten<'_>,
) -> Problem {
    if let Some(Denial { message, about }) = denial {
        // What the statement does not name itself it touches because of what it is: a DROP deletes from SQLite's own
        // tables.
        let is_named = |name: &String| words.iter().any(|word| word.name.eq_ignore_ascii_case(name));
        return match about {
            Some(name) if !is_named(&name) => {
                Problem { code: code::SQL_NOT_ALLOWED, ..Problem::plain(STATEMENTS) }
            }
            about => Problem { code: code::SQL_NOT_ALLOWED, message, at: None, about },
        };
    }
    let (message, at) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            (msg, usize::try_from(offset).ok().map(|at| rewritten.original(at)))
        }
        rusqlite::Error::SqliteFailure(_, Some(message)) => (message, None),
        error => (error.to_string(), None),
    };
    let (code, about) = sense(&message);
    Problem { code, about: about.map(str::to_owned), message, at }
}

/// The code of one of SQLite's messages and the name in it.
fn sense(message: &str) -> (Code, Option<&str>) {
    const NAMED: [(&str, Code); 5] = [
        ("no such table: ", code::UNKNOWN_TABLE),
        ("no such column: ", code::UNKNOWN_COLUMN),
        (" has no column named ", code::UNKNOWN_COLUMN),
        ("no such function: ", code::UNKNOWN_FUNCTION),
        ("ambiguous column name: ", code::INVALID_SQL),
    ];
    let named = |(before, code): &(&str, Code)| {
        let (_, name) = message.split_once(before)?;
        let name = name.split(" - ").next().unwrap_or(name).trim_matches('"');
        Some((*code, Some(name.rsplit('.').next().unwrap_or(name))))
    };
    NAMED.iter().find_map(named).unwrap_or((code::INVALID_SQL, None))
}

impl Problem {
    /// Something that is wrong with the statement as a whole.
    pub fn plain(message: &str) -> Self {
        Self { code: code::INVALID_SQL, message: message.to_owned(), at: None, about: None }
    }

    /// The finding.
    pub fn diagnostic(
        self,
        contract: &Contract,
        conn: &Connection,
        statement: &SqlStatement,
        words: &[Word<'_>],
    ) -> Diagnostic {
        let span = self.span(statement, words);
        let found = Diagnostic::error(self.code, span, lower_first(&self.message));
        let Some(name) = &self.about else { return found };
        match self.code {
            code::UNKNOWN_TABLE | code::SQL_NOT_ALLOWED => suggest_table(found, contract, name),
            code::UNKNOWN_COLUMN => suggest_column(found, contract, name, words),
            code::UNKNOWN_FUNCTION => {
                let known = functions(conn);
                found.suggest(name, known.iter().map(String::as_str))
            }
            _ => found,
        }
    }

    /// The word at the place SQLite gave, or the one that is the name it spoke of, or the whole statement.
    fn span(&self, statement: &SqlStatement, words: &[Word<'_>]) -> Span {
        let is_about = |word: &&Word<'_>| {
            let about = self.about.as_deref();
            word.kind == Kind::Name && about.is_some_and(|name| word.name.eq_ignore_ascii_case(name))
        };
        let by_place = self.at.and_then(|at| words.iter().find(|word| (word.start..word.end).contains(&at)));
        // A column's place is where its qualified name begins; the name itself is what is wrong.
        let by_name = words.iter().filter(|word| self.at.is_none_or(|at| word.start >= at)).find(is_about);
        match by_name.or(by_place) {
            Some(word) => statement.places.span(word.start, word.end),
            None => statement.places.span,
        }
    }
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.as_str().starts_with(char::is_lowercase)) {
        (Some(first), true) => first.to_lowercase().chain(chars).collect(),
        (Some(_), false) | (None, _) => message.to_owned(),
    }
}

fn suggest_table(found: Diagnostic, contract: &Contract, name: &str) -> Diagnostic {
    if contract.resources.iter().any(|r| r.table.eq_ignore_ascii_case(name)) {
        return found;
    }
    match contract.resources.iter().find(|r| r.name == name || r.plural == name) {
        Some(resource) => found.with_help(format!("the table of {} is `{}`", resource.name, resource.table)),
        None => found.suggest(name, contract.resources.iter().map(|r| r.table.as_str())),
    }
}

/// The column of the field that was named in its place, or a column with a similar name, of the statement's tables.
fn suggest_column(found: Diagnostic, contract: &Contract, name: &str, words: &[Word<'_>]) -> Diagnostic {
    let named = |r: &&Resource| words.iter().any(|w| w.name.eq_ignore_ascii_case(&r.table));
    let fields = || contract.resources.iter().filter(named).flat_map(|r| &r.fields);
    let columns = || fields().filter_map(|f| Some((f, f.column()?)));
    // The name of a table whose rows are marked as deleted stands for its columns without the secret ones.
    if columns().any(|(field, column)| field.is_secret() && column.name == name) {
        let message = format!("`{name}` is secret and cannot be read");
        return Diagnostic { code: code::SQL_NOT_ALLOWED, message, ..found };
    }
    match columns().find(|(field, _)| field.name == name) {
        Some((_, column)) => found.with_help(format!("the column of `{name}` is `{}`", column.name)),
        None => found.suggest(name, columns().map(|(_, column)| column.name.as_str())),
    }
}

fn functions(conn: &Connection) -> Vec<String> {
    let read = || {
        let mut statement = conn.prepare("SELECT DISTINCT name FROM pragma_function_list")?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect::<rusqlite::Result<Vec<String>>>()
    };
    // Without them there is no suggestion.
    read().unwrap_or_default()
}
