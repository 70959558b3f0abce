//! SQL text split into statements, each with what its `-- expect:` comment demands.
//!
//! Only as much of SQL is read as is needed to find where a statement ends: strings, quoted identifiers and
//! comments. What the statements say is checked by the store.

use crate::code;
use crate::diagnostic::{Diagnostic, closest};
use crate::load::bounds::STATEMENTS_MAX;
use crate::load::report::Report;
use crate::load::text::Text;
use crate::model::{ErrorCode, Expectation, RowCount, SqlStatement};

/// A piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Space,
    Semicolon,
    LineComment,
    BlockComment,
    /// A character, a string or a quoted identifier of a statement.
    Part,
    /// It begins here and never ends.
    Unterminated(&'static str),
}

/// The token at byte `at`, and where it ends.
fn token(sql: &str, at: usize) -> (Token, usize) {
    let rest = &sql[at..];
    let until = |from: usize, end: &str| rest[from..].find(end).map(|found| at + from + found + end.len());
    let closed = |end: Option<usize>, token: Token, what: &'static str| {
        end.map_or((Token::Unterminated(what), sql.len()), |end| (token, end))
    };
    let Some(first) = rest.chars().next() else { return (Token::Space, at) };
    match first {
        _ if rest.starts_with("--") => {
            (Token::LineComment, at + rest.find(['\n', '\r']).unwrap_or(rest.len()))
        }
        _ if rest.starts_with("/*") => closed(until(2, "*/"), Token::BlockComment, "comment"),
        // A doubled quote inside is the end of one part and the beginning of the next, which comes to the
        // same.
        '\'' => closed(until(1, "'"), Token::Part, "string"),
        '"' => closed(until(1, "\""), Token::Part, "quoted identifier"),
        '`' => closed(until(1, "`"), Token::Part, "quoted identifier"),
        ';' => (Token::Semicolon, at + 1),
        c if c.is_whitespace() => (Token::Space, at + c.len_utf8()),
        c => (Token::Part, at + c.len_utf8()),
    }
}

/// Splits `text`; `errors` are the codes that expectations may name.
pub(crate) fn split(text: &Text, errors: &[ErrorCode], report: &mut Report) -> Vec<SqlStatement> {
    let mut splitter = Splitter { text, errors, statements: Vec::new(), open: None, expectation: None };
    let sql = text.value.as_str();
    let mut at = 0;
    while at < sql.len() {
        let (token, end) = token(sql, at);
        match token {
            Token::Space | Token::BlockComment => {}
            Token::LineComment => splitter.comment(at, end, report),
            Token::Semicolon => splitter.close(report),
            Token::Part => splitter.open = Some((splitter.open.map_or(at, |(start, _)| start), end)),
            Token::Unterminated(what) => {
                let message = format!("the {what} that begins here never ends");
                report.error(code::SQL, text.places.span(at, at + 1), message);
                return splitter.statements;
            }
        }
        at = end;
    }
    splitter.close(report);
    splitter.finish(report)
}

struct Splitter<'a> {
    text: &'a Text,
    errors: &'a [ErrorCode],
    statements: Vec<SqlStatement>,
    /// First byte of the statement being read, and one past its last so far.
    open: Option<(usize, usize)>,
    /// What the comment before the next statement demands, and where it stands; inside, `None` for a
    /// malformed one.
    expectation: Option<(usize, usize, Option<Expectation>)>,
}

impl Splitter<'_> {
    fn close(&mut self, report: &mut Report) {
        let Some((start, end)) = self.open.take() else { return };
        let expect = self.expectation.take().and_then(|(_, _, expectation)| expectation);
        if self.statements.len() == STATEMENTS_MAX {
            let message = format!("an operation has at most {STATEMENTS_MAX} statements");
            report.error(code::TOO_MANY, self.text.places.span(start, end), message);
        }
        if self.statements.len() < STATEMENTS_MAX {
            let Text { value, places } = self.text.slice(start, end);
            self.statements.push(SqlStatement { text: value, places, expect });
        }
    }

    fn finish(self, report: &mut Report) -> Vec<SqlStatement> {
        if let Some((start, end, _)) = self.expectation {
            let message = "no statement follows this expectation";
            report.error(code::EXPECT, self.text.places.span(start, end), message);
        } else if self.statements.is_empty() {
            report.error(code::SQL, self.text.span(), "there is no statement");
        }
        self.statements
    }

    fn comment(&mut self, start: usize, end: usize, report: &mut Report) {
        let comment = &self.text.value[start..end];
        let body = comment.trim_start_matches('-').trim_start();
        let Some(demand) = body.strip_prefix("expect").map(str::trim_start).and_then(|b| b.strip_prefix(':'))
        else {
            return;
        };
        let span = self.text.places.span(start, start + comment.trim_end().len());
        if self.open.is_some() {
            let found = Diagnostic::error(
                code::EXPECT,
                span,
                "an expectation stands before its statement, not inside",
            );
            report.push(found.with_help("does a `;` end the statement above?"));
            return;
        }
        if self.expectation.is_some() {
            report.error(code::EXPECT, span, "the statement has an expectation already");
            return;
        }
        let expectation = self.demand(end - demand.len(), demand, report);
        self.expectation = Some((start, start + comment.trim_end().len(), expectation));
    }

    /// `one else ACCOUNT_NOT_FOUND`, beginning at byte `start`.
    fn demand(&self, start: usize, demand: &str, report: &mut Report) -> Option<Expectation> {
        let offset = |word: &str| start + (word.as_ptr() as usize - demand.as_ptr() as usize);
        let span = |word: &str| self.text.places.span(offset(word), offset(word) + word.len());
        let words: Vec<&str> = demand.split_whitespace().collect();
        let [count, "else", error] = words[..] else {
            let all = demand.trim();
            let place = if all.is_empty() { self.text.places.span(start, start) } else { span(all) };
            let message = "expected `one`, `some`, `none` or a number of rows, then `else` and a code";
            report.push(
                Diagnostic::error(code::EXPECT, place, message)
                    .with_help("for example `-- expect: one else ACCOUNT_NOT_FOUND`"),
            );
            return None;
        };
        let rows = match count {
            "one" => Some(RowCount::One),
            "some" => Some(RowCount::Some),
            "none" => Some(RowCount::None),
            number => number.parse().ok().map(RowCount::Exactly),
        };
        if rows.is_none() {
            let message =
                format!("`{count}` is no number of rows; expected `one`, `some`, `none` or a number");
            report.unknown(code::EXPECT, span(count), message, count, ["one", "some", "none"]);
        }
        if !self.errors.iter().any(|known| known.code == error) {
            report.push(self.unknown_error(error, span(error)));
        }
        Some(Expectation { rows: rows?, error: error.to_owned() })
    }

    fn unknown_error(&self, error: &str, span: crate::diagnostic::Span) -> Diagnostic {
        let found =
            Diagnostic::error(code::EXPECT, span, format!("`{error}` is not an `@error` of the operation"));
        match closest(error, self.errors.iter().map(|known| known.code.as_str())) {
            Some(near) => found.with_help(format!("did you mean `{near}`?")),
            None => {
                found.with_help(format!("`@error(code: \"{error}\", kind: …, message: \"…\")` defines it"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::model::ErrorKind;

    fn split_all(sql: &str) -> (Vec<SqlStatement>, Vec<Diagnostic>) {
        let error = ErrorCode { code: "GONE".into(), kind: ErrorKind::NotFound, message: "gone".into() };
        let mut report = Report::default();
        let statements = split(&Text::plain(sql, FileId(0), 0), &[error], &mut report);
        (statements, report.finish())
    }

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes_and_comments() {
        let sql = "a ';' \";\" `;` -- ; x\n /* ; */ b;\n;; c 'it''s; ' ;d";
        let (statements, found) = split_all(sql);
        let texts: Vec<&str> = statements.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["a ';' \";\" `;` -- ; x\n /* ; */ b", "c 'it''s; '", "d"]);
        assert!(found.is_empty());
    }

    #[test]
    fn expectations_belong_to_the_next_statement() {
        let sql = "-- prose\n--expect: one else GONE\n-- more\na;\nb;-- expect : 3 else GONE\nc";
        let (statements, found) = split_all(sql);
        let rows: Vec<Option<RowCount>> =
            statements.iter().map(|s| s.expect.as_ref().map(|e| e.rows)).collect();
        assert_eq!(rows, [Some(RowCount::One), None, Some(RowCount::Exactly(3))]);
        assert!(found.is_empty());
    }

    #[test]
    fn every_byte_of_a_statement_has_its_place() {
        let sql = "  select 1 ;\n\tupdate a set b = 2";
        let (statements, _) = split_all(sql);
        for statement in &statements {
            let span = statement.places.span(0, statement.text.len());
            assert_eq!(&sql[span.start as usize..span.end as usize], statement.text);
        }
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        for (sql, at) in [
            ("select 'x", 7),
            ("a /* b", 2),
            ("-- expect: one", 11),
            ("-- expect: two else GONE\na", 11),
            ("-- expect: one else AWAY\na", 20),
            ("a\n-- expect: one else GONE\nb", 2),
            ("a; -- expect: one else GONE", 3),
            ("", 0),
        ] {
            let (_, found) = split_all(sql);
            let places: Vec<u32> = found.iter().map(|d| d.span.start).collect();
            assert!(places.contains(&at), "{sql:?}: {found:?}");
        }
    }
}
