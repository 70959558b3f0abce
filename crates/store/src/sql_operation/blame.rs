//! Whose mistake it is that a value does not fit: the caller's, who gave it, or the contract's author's, whose
//! statement says it. The first is told, the second is a defect.

use super::lexer::Kind;
use super::outline::{Outline, Said};
use super::plan::RESERVED;
use crate::face::Error;
use contract::Contract;

/// An error of a statement as the store answers it.
pub(super) fn blame(contract: &Contract, statement: &str, error: Error) -> Error {
    match error {
        Error::Misfit { resource, field, what } => {
            let field_of = &contract.resource(resource).fields[field.index()];
            let column = field_of.column().map_or("", |column| column.name.as_str());
            match is_of_author(statement, column) {
                true => defect(&format!("`{}` {what}", field_of.name), statement),
                false => Error::Misfit { resource, field, what },
            }
        }
        Error::BadValue(what) if !has_arguments(statement) => defect(&what, statement),
        Error::Internal(what) => defect(&what, statement),
        error => error,
    }
}

fn defect(what: &str, statement: &str) -> Error {
    let text: Vec<&str> = statement.split_whitespace().collect();
    Error::Internal(format!("{what}, in the contract's statement: {}", text.join(" ")))
}

/// Whether what the statement gives the column is the statement's own: left out, or made of constants.
fn is_of_author(statement: &str, column: &str) -> bool {
    let Some(outline) = Outline::of(statement) else { return true };
    match outline.said(column) {
        Said::Nothing => true,
        Said::Values(values) if values.iter().all(|value| outline.is_constant(*value)) => true,
        Said::Values(_) | Said::Unclear => !has_arguments(statement),
    }
}

/// Whether the caller has a part in the statement.
fn has_arguments(statement: &str) -> bool {
    let is_argument = |name: &str| RESERVED.iter().all(|(reserved, _)| *reserved != name);
    super::lexer::words(statement).iter().any(|word| word.kind == Kind::Parameter && is_argument(word.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_says_itself_is_its_authors() {
        for (statement, is_authors) in [
            ("INSERT INTO a (b) VALUES (:b)", true),
            ("INSERT INTO a (b, c) VALUES (:b, 'BOKED')", true),
            ("INSERT INTO a (b, c) VALUES (:b, :c)", false),
            ("INSERT INTO a (b, c) SELECT :b, value FROM json_each(:c)", false),
            ("INSERT INTO a (b, c) SELECT x, y FROM d", true),
            ("UPDATE a SET c = datetime('now') WHERE b = :b", true),
            ("UPDATE a SET c = c - 1 WHERE b = :b", false),
            ("UPDATE a SET c = c - 1 WHERE b = :_caller_id", true),
        ] {
            assert_eq!(is_of_author(statement, "c"), is_authors, "{statement}");
        }
    }
}
