//! Rows that are marked as deleted are not there for a contract's own SQL, as they are not for anything else.
//!
//! A name of a table whose rows are marked stands for those of its rows that are not:
//! `SELECT … FROM patient` becomes `WITH patient AS NOT MATERIALIZED (SELECT … FROM main.patient WHERE _deleted_at IS
//! NULL) SELECT … FROM patient`, which SQLite flattens. Updates look at these rows only, and a deletion marks them.
//! `patient_all` is the table with all of its rows: to look at those that are deleted, to take the mark away, to erase.
//!
//! In the same places an update counts the version up, which saves the second update by the table's trigger, and sets
//! what is assigned at each change.

use super::lexer::Kind;
use super::outline::{Outline, Target, Verb};
use crate::schema::{Deletion, Schema, Table, quote};
use crate::sql::{DELETED_AT, VERSION};
use std::borrow::Cow;

/// What the name of a table ends in that has the deleted rows as well.
const ALL: &str = "_all";
/// The time of the call, as a parameter of the statement.
const NOW: &str = ":_now";

/// A statement as it is run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten<'t> {
    pub text: Cow<'t, str>,
    edits: Vec<Edit>,
}

/// Text in the place of the bytes `at..end`.
#[derive(Debug, PartialEq, Eq)]
struct Edit {
    at: usize,
    end: usize,
    text: String,
}

impl Rewritten<'_> {
    /// The byte of the statement as it was written that stands at a byte of what is run.
    pub fn original(&self, at: usize) -> usize {
        let mut grown = 0;
        for edit in &self.edits {
            let begins = edit.at + grown;
            if at < begins {
                break;
            }
            if at < begins + edit.text.len() {
                return edit.at;
            }
            grown = (grown + edit.text.len()).saturating_sub(edit.end - edit.at);
        }
        at.saturating_sub(grown)
    }
}

/// The statement with what the store adds to it.
pub(super) fn rewrite<'t>(schema: &Schema, text: &'t str) -> Rewritten<'t> {
    let edits = Outline::of(text).map(|outline| Rewriting { schema, outline, edits: Vec::new() }.edits());
    let mut edits = edits.unwrap_or_default();
    if edits.is_empty() {
        return Rewritten { text: Cow::Borrowed(text), edits };
    }
    edits.sort_by_key(|edit| edit.at);
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for edit in &edits {
        out.push_str(&text[at..edit.at]);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(&text[at..]);
    Rewritten { text: Cow::Owned(out), edits }
}

/// The table whose rows, all of them, a name stands for.
pub(super) fn table_of_all<'s>(schema: &'s Schema, name: &str) -> Option<&'s Table> {
    if schema.table(name).is_some() {
        return None;
    }
    let at = name.len().checked_sub(ALL.len()).filter(|at| name.is_char_boundary(*at))?;
    let (table, rest) = name.split_at(at);
    schema.table(table).filter(|table| table.deletion == Deletion::Soft && rest.eq_ignore_ascii_case(ALL))
}

struct Rewriting<'s, 't> {
    schema: &'s Schema,
    outline: Outline<'t>,
    edits: Vec<Edit>,
}

/// Which rows of its table a statement changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Those that are not marked; all, where none are.
    Live,
    /// Marked ones as well.
    All,
}

impl Rewriting<'_, '_> {
    fn edits(mut self) -> Vec<Edit> {
        let target = self.outline.target();
        if let Some(target) = target {
            self.change(target);
        }
        self.tables(target);
        self.edits
    }

    fn edit(&mut self, at: usize, end: usize, text: impl Into<String>) {
        self.edits.push(Edit { at, end, text: text.into() });
    }

    /// What is changed.
    fn change(&mut self, target: Target) {
        let schema = self.schema;
        let word = self.outline.words[target.table];
        let (table, rows) = match (schema.table(word.name), table_of_all(schema, word.name)) {
            (Some(table), _) => (table, Rows::Live),
            (None, Some(table)) => (table, Rows::All),
            (None, None) => return,
        };
        if rows == Rows::All {
            // It goes by its name still.
            let alias = if target.called == target.table {
                format!(" AS {}", quote(word.name))
            } else {
                String::new()
            };
            self.edit(word.start, word.end, format!("{}{alias}", quote(&table.name)));
        }
        let marks = table.deletion == Deletion::Soft && rows == Rows::Live;
        match self.outline.verb {
            Verb::Select => {}
            Verb::Delete if marks => self.mark(target, table),
            Verb::Delete => {}
            Verb::Insert | Verb::Update => {
                for set in self.outline.sets() {
                    self.set(set, target, table);
                    if marks {
                        self.only_live(set + 1, target);
                    }
                }
            }
        }
    }

    /// `DELETE FROM t` becomes `UPDATE t SET _deleted_at = …`.
    fn mark(&mut self, target: Target, table: &Table) {
        let begins = (self.outline.words[self.outline.at].start, self.outline.words[target.table].start);
        self.edit(begins.0, begins.1, "UPDATE ");
        let after = self.outline.words[target.called].end;
        let (version, called) = (quote(VERSION), self.called(target));
        let sets = format!(" SET {} = {NOW}, {version} = {called}.{version} + 1", quote(DELETED_AT));
        debug_assert!(table.deletion == Deletion::Soft, "only then are rows marked");
        self.edit(after, after, sets);
        self.only_live(target.called + 1, target);
    }

    /// What every update sets besides.
    fn set(&mut self, set: usize, target: Target, table: &Table) {
        let (outline, called) = (&self.outline, self.called(target));
        let names = |column: &str| outline.set_in(set, column).is_some();
        let mut sets = String::new();
        if outline.verb == Verb::Update && !names(VERSION) {
            let version = quote(VERSION);
            sets.push_str(&format!(" {version} = {called}.{version} + 1,"));
        }
        for column in table.columns.iter().filter(|column| column.assigned_on_change && !names(&column.name))
        {
            sets.push_str(&format!(" {} = {NOW},", quote(&column.name)));
        }
        let at = outline.words[set].end;
        if !sets.is_empty() {
            self.edit(at, at, sets);
        }
    }

    /// Leaves out rows that are marked.
    fn only_live(&mut self, from: usize, target: Target) {
        let live = format!("{}.{} IS NULL", self.called(target), quote(DELETED_AT));
        let end = self.outline.clause_end(from);
        let condition = self.outline.clause(from, &["where"]).filter(|at| *at < end);
        let after = self.outline.byte_before(end);
        match condition {
            None => self.edit(after, after, format!(" WHERE {live}")),
            Some(at) => {
                let begins = self.outline.words[at].end;
                self.edit(begins, begins, " (");
                self.edit(after, after, format!(") AND {live}"));
            }
        }
    }

    /// The name by which columns of the changed table are told from others.
    fn called(&self, target: Target) -> String {
        quote(self.outline.words[target.called].name)
    }

    /// Names of tables whose rows are marked stand for the rows that are not.
    fn tables(&mut self, target: Option<Target>) {
        let mut found: Vec<String> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (at, word) in self.outline.words.iter().enumerate() {
            let is_target = target.is_some_and(|target| target.table == at);
            if word.kind != Kind::Name || is_target || names.iter().any(|n| n.eq_ignore_ascii_case(word.name))
            {
                continue;
            }
            let live = self.schema.table(word.name).filter(|table| table.deletion == Deletion::Soft);
            let expression = match (live, table_of_all(self.schema, word.name)) {
                (Some(table), _) => rows(table, Rows::Live),
                (None, Some(table)) => rows(table, Rows::All),
                (None, None) => continue,
            };
            names.push(word.name.to_owned());
            if !self.is_own_expression(at) {
                found.push(format!("{} AS NOT MATERIALIZED ({expression})", quote(word.name)));
            }
        }
        if !found.is_empty() {
            self.with(&found.join(", "));
        }
    }

    /// Whether a word names a table expression of the statement's own: `WITH patient AS (`.
    fn is_own_expression(&self, at: usize) -> bool {
        let before = |name: &str| at > 0 && self.outline.is(at - 1, name);
        at < self.outline.at && (before("with") || before("recursive"))
    }

    fn with(&mut self, expressions: &str) {
        let first = &self.outline.words[0];
        if self.outline.is(0, "with") {
            let word = if self.outline.is(1, "recursive") { &self.outline.words[1] } else { first };
            let at = word.end;
            self.edit(at, at, format!(" {expressions},"));
        } else {
            let at = first.start;
            // It comes before what else is put there.
            self.edits.insert(0, Edit { at, end: at, text: format!("WITH {expressions} ") });
        }
    }
}

fn rows(table: &Table, rows: Rows) -> String {
    let columns = table.columns.iter().filter(|column| !column.secret).map(|column| column.name.as_str());
    let columns: Vec<String> = columns.chain([VERSION, DELETED_AT]).map(quote).collect();
    let live = match rows {
        Rows::Live => format!(" WHERE {} IS NULL", quote(DELETED_AT)),
        Rows::All => String::new(),
    };
    format!("SELECT {} FROM main.{}{live}", columns.join(", "), quote(&table.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let text = "extend schema @contract(name: \"t\", version: \"1.0.0\")\n\
            type Patient @resource(softDelete: true) @access(read: \"true\") {\n\
              id: ID! name: String! pin: String @secret at: DateTime! @assign(from: \"now\", on: [CREATE, UPDATE])\n\
            }\n\
            type Product @resource @access(read: \"true\") { id: ID! stock: Int! }";
        let mut sources = contract::Sources::default();
        sources.add("t.graphql", text);
        let none = |_: &str| Err("there are no other files".to_owned());
        Schema::of(&contract::compile(sources, &none).expect("a contract").contract)
    }

    fn rewritten(text: &str) -> String {
        rewrite(&schema(), text).text.into_owned()
    }

    const LIVE: &str = "\"patient\" AS NOT MATERIALIZED (SELECT \"id\", \"name\", \"at\", \"_version\", \"_deleted_at\" \
        FROM main.\"patient\" WHERE \"_deleted_at\" IS NULL)";

    #[test]
    fn reads_see_what_is_not_deleted() {
        assert_eq!(rewritten("SELECT id FROM product"), "SELECT id FROM product");
        assert_eq!(rewritten("SELECT id FROM patient p"), format!("WITH {LIVE} SELECT id FROM patient p"));
        assert_eq!(
            rewritten("WITH RECURSIVE x AS (SELECT id FROM Patient) SELECT * FROM x, patient"),
            format!(
                "WITH RECURSIVE {}, x AS (SELECT id FROM Patient) SELECT * FROM x, patient",
                LIVE.replacen("patient", "Patient", 1)
            )
        );
        assert_eq!(
            rewritten("SELECT id FROM patient_all"),
            "WITH \"patient_all\" AS NOT MATERIALIZED (SELECT \"id\", \"name\", \"at\", \"_version\", \"_deleted_at\" FROM \
             main.\"patient\") SELECT id FROM patient_all"
        );
    }

    #[test]
    fn changes_are_of_what_is_not_deleted() {
        assert_eq!(
            rewritten("UPDATE patient SET name = :n WHERE id = :i OR 1 RETURNING id;"),
            "UPDATE patient SET \"_version\" = \"patient\".\"_version\" + 1, \"at\" = :_now, name = :n WHERE ( id = :i OR 1) \
             AND \"patient\".\"_deleted_at\" IS NULL RETURNING id;"
        );
        assert_eq!(
            rewritten("UPDATE patient AS p SET (name, at) = (1, 2)"),
            "UPDATE patient AS p SET \"_version\" = \"p\".\"_version\" + 1, (name, at) = (1, 2) WHERE \
             \"p\".\"_deleted_at\" IS NULL"
        );
        assert_eq!(
            rewritten("DELETE FROM patient -- all"),
            "UPDATE patient SET \"_deleted_at\" = :_now, \"_version\" = \"patient\".\"_version\" + 1 WHERE \
             \"patient\".\"_deleted_at\" IS NULL -- all"
        );
        assert_eq!(
            rewritten("DELETE FROM patient_all WHERE 1"),
            "DELETE FROM \"patient\" AS \"patient_all\" WHERE 1"
        );
        assert_eq!(
            rewritten(
                "INSERT INTO patient (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE a OR b"
            ),
            "INSERT INTO patient (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET \"at\" = :_now, name = 'x' WHERE ( a OR b) \
             AND \"patient\".\"_deleted_at\" IS NULL"
        );
        assert_eq!(
            rewritten("UPDATE product SET stock = _version"),
            "UPDATE product SET \"_version\" = \"product\".\"_version\" + 1, stock = _version"
        );
    }

    #[test]
    fn places_lead_back() {
        let text = "SELECT nme FROM patient WHERE id = :i";
        let rewritten = rewrite(&schema(), text);
        for word in ["nme", "FROM patient WHERE", ":i"] {
            let at = rewritten.text.rfind(word).expect("it is there");
            assert_eq!(Some(rewritten.original(at)), text.find(word), "{word}");
        }
    }
}
