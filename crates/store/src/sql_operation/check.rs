//! Everything that can be known of a contract's SQL before it runs, found when the contract is loaded.
//!
//! Each statement is prepared on an empty database with the contract's tables, under an authorizer. There are no
//! triggers in it, so that nothing but the statement itself is judged.

use super::authorizer::{Access, Denied, authorizer};
use super::lexer::{Kind, Word, parameters, words};
use super::outline::Outline;
use super::plan::RESERVED;
use super::suggestion::{Problem, problem};
use super::units::Samples;
use super::{coverage, live, values};
use crate::schema::Schema;
use crate::sqlite::open::configure;
use contract::code::{self, Code};
use contract::{
    Base, Binding, Contract, Diagnostic, Operation, Root, Span, SqlBinding, SqlEach, SqlStatement,
};
use rusqlite::Connection;
use rusqlite::hooks::{AuthContext, Authorization};
use std::sync::{Arc, PoisonError};

/// Checks the statements of all `@sql` operations.
pub fn check(contract: &Contract) -> Vec<Diagnostic> {
    let is_sql = |o: &&Operation| matches!(o.binding, Binding::Sql(_));
    let Some(first) = contract.operations.iter().find(is_sql) else { return Vec::new() };
    let schema = Arc::new(Schema::of(contract));
    match empty_database(&schema) {
        Ok(conn) => {
            // Without samples nothing is tried; what is wrong with the tables is said elsewhere.
            let samples = Samples::of(&schema).ok();
            let mut checker = Checker { contract, schema, conn, samples, found: Vec::new() };
            contract.operations.iter().for_each(|operation| checker.operation(operation));
            checker.found
        }
        Err(error) => {
            let message = format!("the contract's tables cannot be made: {error}");
            vec![Diagnostic::error(code::INVALID_TABLES, first.span, message)]
        }
    }
}

fn empty_database(schema: &Schema) -> rusqlite::Result<Connection> {
    crate::sqlite::open::configure_library();
    let conn = Connection::open_in_memory()?;
    configure(&conn)?;
    for table in &schema.tables {
        conn.execute_batch(&table.create())?;
        // ON CONFLICT names unique indexes.
        for index in &table.indexes {
            conn.execute_batch(&table.index(index))?;
        }
    }
    Ok(conn)
}

struct Checker<'c> {
    contract: &'c Contract,
    schema: Arc<Schema>,
    conn: Connection,
    samples: Option<Samples>,
    found: Vec<Diagnostic>,
}

/// What statements of one kind may name.
struct Scope<'c> {
    operation: &'c Operation,
    access: Access,
    parameters: Vec<&'c str>,
}

impl<'c> Checker<'c> {
    fn operation(&mut self, operation: &'c Operation) {
        let Binding::Sql(SqlBinding { each, statements }) = &operation.binding else { return };
        let access = match operation.root {
            Root::Query => Access::Read,
            Root::Mutation | Root::Subscription => Access::Write,
        };
        if let Some(each) = each {
            let scope = Scope { operation, access, parameters: self.item_parameters(operation, each) };
            each.statements.iter().for_each(|s| drop(self.statement(&scope, s)));
        }
        let parameters = operation.arguments.iter().map(|a| a.name.as_str()).collect();
        let scope = Scope { operation, access, parameters };
        let mut answering = None;
        let mut wrong = 0;
        for statement in statements {
            match self.statement(&scope, statement) {
                Some(columns) if columns.is_empty() => (),
                Some(columns) => answering = Some((statement, columns)),
                None => wrong += 1,
            }
        }
        self.unused(operation, each.as_ref(), statements);
        // A wrong statement could have been the one that answers: one finding for one mistake.
        if wrong == 0 {
            let answering = answering.as_ref().map(|(statement, columns)| (*statement, columns.as_slice()));
            let found = coverage::check(self.contract, operation, answering);
            if let (true, Some((statement, _)), Some(samples)) = (found.is_empty(), answering, &self.samples)
            {
                self.found.extend(samples.check(self.contract, &self.schema, operation, statement));
            }
            self.found.extend(found);
        }
    }

    fn item_parameters(&self, operation: &Operation, each: &SqlEach) -> Vec<&'c str> {
        match operation.arguments.get(each.argument).map(|a| a.ty.base) {
            Some(Base::Input(id)) => {
                self.contract.inputs[id.index()].fields.iter().map(|f| f.name.as_str()).collect()
            }
            _ => vec!["item"],
        }
    }

    /// Arguments that nothing uses are most likely misspelt in the statement that was to use them.
    fn unused(&mut self, operation: &Operation, each: Option<&SqlEach>, statements: &[SqlStatement]) {
        let used: Vec<&str> = statements.iter().flat_map(|s| parameters(&s.text)).collect();
        for (at, argument) in operation.arguments.iter().enumerate() {
            if each.is_none_or(|each| each.argument != at) && !used.contains(&argument.name.as_str()) {
                let message = format!("no statement uses the argument `{}`", argument.name);
                self.found.push(Diagnostic::warning(code::UNUSED_ARGUMENT, argument.span, message));
            }
        }
    }

    /// Checks a statement and gives the names of its result's columns, or nothing when it is wrong.
    fn statement(&mut self, scope: &Scope<'_>, statement: &SqlStatement) -> Option<Vec<String>> {
        let words = words(&statement.text);
        let before = self.found.len();
        self.single(statement, &words);
        self.schemas(statement, &words);
        self.parameters(scope, statement, &words);
        self.expectation(scope, statement);
        if self.found.len() > before {
            return None;
        }
        match self.prepare(scope.access, &statement.text, &words) {
            Ok(columns) => {
                let outline = Outline::of(&statement.text);
                let found = outline.map(|outline| values::check(&self.schema, statement, &outline));
                self.found.extend(found.unwrap_or_default());
                (self.found.len() == before).then_some(columns)
            }
            Err(problem) => {
                self.found.push(problem.diagnostic(self.contract, &self.conn, statement, &words));
                None
            }
        }
    }

    fn single(&mut self, statement: &SqlStatement, words: &[Word<'_>]) {
        let end = words.iter().position(|w| w.kind == Kind::Semicolon).unwrap_or(words.len());
        if end == 0 {
            self.error(code::INVALID_SQL, statement.places.span, "there is no statement");
        } else if let Some(more) = words[end..].iter().find(|w| w.kind != Kind::Semicolon) {
            let span = statement.places.span(more.start, more.end);
            self.error(
                code::INVALID_SQL,
                span,
                "a second statement begins here, and this is the place of one",
            );
        }
    }

    fn parameters(&mut self, scope: &Scope<'_>, statement: &SqlStatement, words: &[Word<'_>]) {
        for word in words {
            let span = statement.places.span(word.start, word.end);
            match word.kind {
                Kind::OtherParameter => self.error(code::INVALID_SQL, span, "a parameter is written `:name`"),
                Kind::Parameter => self.found.extend(unknown_parameter(scope, word.name, span)),
                Kind::Name | Kind::Semicolon | Kind::Other => (),
            }
        }
    }

    fn expectation(&mut self, scope: &Scope<'_>, statement: &SqlStatement) {
        let Some(expect) = &statement.expect else { return };
        let errors = &scope.operation.errors;
        if !expect.error.is_empty() && errors.iter().all(|e| e.code != expect.error) {
            let message = format!("`{}` is not an @error of `{}`", expect.error, scope.operation.name);
            let known = errors.iter().map(|e| e.code.as_str());
            let found = Diagnostic::error(code::UNKNOWN_ERROR_CODE, statement.places.span, message);
            self.found.push(found.suggest(&expect.error, known));
        }
    }

    fn error(&mut self, code: Code, span: Span, message: &str) {
        self.found.push(Diagnostic::error(code, span, message));
    }

    /// `main.patient` would be the table with what is deleted of it.
    fn schemas(&mut self, statement: &SqlStatement, words: &[Word<'_>]) {
        for [schema, dot, table] in words.array_windows() {
            let is_schema = ["main", "temp"].iter().any(|name| schema.name.eq_ignore_ascii_case(name));
            let is_dot = &statement.text[dot.start..dot.end] == ".";
            if is_schema && is_dot && self.schema.table(table.name).is_some() {
                let span = statement.places.span(schema.start, table.end);
                self.error(code::SQL_NOT_ALLOWED, span, "a table is named by its name alone");
            }
        }
    }

    fn prepare(&mut self, access: Access, text: &str, words: &[Word<'_>]) -> Result<Vec<String>, Problem> {
        let rewritten = live::rewrite(&self.schema, text);
        let denied = Denied::default();
        let hook = authorizer(Arc::clone(&self.schema), access, Arc::clone(&denied));
        let failed = |error| {
            let denial = denied.lock().unwrap_or_else(PoisonError::into_inner).take();
            problem(error, denial, words, &rewritten)
        };
        self.conn.authorizer(Some(hook)).map_err(failed)?;
        let prepared = self.conn.prepare(&rewritten.text).map_err(failed).and_then(|statement| {
            let names = statement.column_names().map(str::to_owned).collect();
            let numbered: Vec<_> = (1..=statement.parameter_count())
                .map(|n| {
                    statement.parameter_name(n).map_or("", |name| name.trim_start_matches(':')).to_owned()
                })
                .collect();
            if statement.is_explain() != 0 {
                return Err(Problem::plain("EXPLAIN is not allowed here"));
            }
            match parameters(&rewritten.text) == numbered {
                true => Ok(names),
                false => Err(Problem::plain("the parameters of the statement are not understood")),
            }
        });
        let off: Option<fn(AuthContext<'_>) -> Authorization> = None;
        // Findings about names ask the database itself for what it knows.
        self.conn.authorizer(off).map_err(failed)?;
        prepared
    }
}

fn unknown_parameter(scope: &Scope<'_>, name: &str, span: Span) -> Option<Diagnostic> {
    let known = || scope.parameters.iter().copied().chain(RESERVED.iter().map(|(name, _)| *name));
    if known().any(|known| known == name) {
        return None;
    }
    let message = format!("there is no parameter `:{name}` here");
    let found = Diagnostic::error(code::UNKNOWN_PARAMETER, span, message).suggest(name, known());
    Some(match found.help {
        Some(_) => found,
        None => {
            let names: Vec<String> = known().map(|name| format!("`:{name}`")).collect();
            found.with_help(format!("there are {}", names.join(", ")))
        }
    })
}
