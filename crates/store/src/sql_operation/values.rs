//! What can be known of the values that a statement writes: that a column which must have one is left out, and that a
//! constant is none of its enum's.

use super::outline::{Given, Outline, Said, Verb};
use crate::schema::{Column, Deletion, Form, Schema, Table};
use crate::sql::VERSION;
use contract::code;
use contract::{Diagnostic, KeyKind, SqlStatement};

/// What is wrong with the values of a statement.
pub(super) fn check(schema: &Schema, statement: &SqlStatement, outline: &Outline<'_>) -> Vec<Diagnostic> {
    let Some(target) = outline.target() else { return Vec::new() };
    let Some(table) = schema.table(outline.words[target.table].name) else { return Vec::new() };
    let written = Written { statement, outline, table };
    let mut found: Vec<Diagnostic> = written.replaced().into_iter().chain(written.version()).collect();
    let named = outline.words[target.table];
    for column in &table.columns {
        match outline.said(&column.name) {
            Said::Values(values) => {
                found.extend(values.iter().filter_map(|value| written.misfit(column, *value)))
            }
            Said::Nothing if written.must_be_given(column) => {
                let message = format!("`{}` must have a value, and this leaves it out", column.name);
                let span = statement.places.span(named.start, named.end);
                found.push(Diagnostic::error(code::MISSING_VALUE, span, message));
            }
            Said::Nothing | Said::Unclear => {}
        }
    }
    found
}

struct Written<'a> {
    statement: &'a SqlStatement,
    outline: &'a Outline<'a>,
    table: &'a Table,
}

impl Written<'_> {
    fn must_be_given(&self, column: &Column) -> bool {
        let is_made =
            std::ptr::eq(column, self.table.key_column()) && self.table.key_kind == KeyKind::Integer;
        column.required && column.default.is_none() && !is_made && self.outline.verb == Verb::Insert
    }

    /// A constant that its column does not take.
    fn misfit(&self, column: &Column, given: Given) -> Option<Diagnostic> {
        let word = self.outline.only(given)?;
        let span = self.statement.places.span(word.start, word.end);
        if self.outline.is(given.from, "null") {
            let message = format!("`{}` must have a value", column.name);
            return column.required.then(|| Diagnostic::error(code::MISSING_VALUE, span, message));
        }
        let Form::Enum(known) = &column.form else { return None };
        let value = self.outline.string(given)?;
        if known.contains(&value) {
            return None;
        }
        let message = format!("`{}` takes no `{value}`", column.name);
        let found = Diagnostic::error(code::UNKNOWN_VALUE, span, message);
        let found = found.suggest(&value, known.iter().map(String::as_str));
        Some(match found.help {
            Some(_) => found,
            None => found.with_help(format!("it takes {}", known.join(", "))),
        })
    }

    /// The store counts versions, in updates of a contract's own as in its own ones.
    fn version(&self) -> Option<Diagnostic> {
        let named = self.outline.sets().into_iter().find_map(|set| self.outline.set_in(set, VERSION))?;
        let word = self.outline.words[named];
        let span = self.statement.places.span(word.start, word.end);
        let message = format!("`{VERSION}` grows by itself with each change");
        Some(Diagnostic::error(code::SQL_NOT_ALLOWED, span, message))
    }

    /// `REPLACE` removes rows, also those that are marked as deleted, without a trace.
    fn replaced(&self) -> Option<Diagnostic> {
        if self.table.deletion == Deletion::Hard {
            return None;
        }
        let at = self.outline.at;
        let replaces = [at, at + 2].into_iter().find(|at| self.outline.is(*at, "replace"))?;
        let word = self.outline.words[replaces];
        let message = format!("`{}` keeps what is deleted, and REPLACE removes it for good", self.table.name);
        let span = self.statement.places.span(word.start, word.end);
        Some(
            Diagnostic::error(code::SQL_NOT_ALLOWED, span, message)
                .with_help("write ON CONFLICT … DO UPDATE"),
        )
    }
}
