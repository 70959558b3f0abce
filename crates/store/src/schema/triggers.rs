//! The triggers of a resource's table. They are what makes three things true of every statement, also of a contract's
//! own SQL: a change has its event in the same transaction, a changed row has a new version, and a column holds only
//! what its form allows. They are plain SQL, so that they hold for any program that opens the file; the pragma
//! `recursive_triggers` must be on, as on the writing connection, for rows that `REPLACE` removes.

use super::outbox::NOW;
use super::{Column, Deletion, Referrer, Table, literal, quote};
use contract::OnDelete;

/// What the message of a value that does not fit begins with; `table.column` follows.
pub(crate) const CHECK_PREFIX: &str = "septet check: ";
/// The message of a reference to a row that is marked as deleted.
pub(crate) const DANGLING: &str = "septet: dangling reference";
/// The message of marking a row as deleted that others point to.
pub(crate) const REFERENCED: &str = "septet: still referenced";

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub name: String,
    pub sql: String,
}

impl Table {
    /// All triggers of the table.
    pub fn triggers(&self) -> Vec<Trigger> {
        vec![self.on_insert(), self.on_update(), self.on_delete()]
    }

    fn trigger(&self, event: &str, when: &str, body: &[String]) -> Trigger {
        let name = format!("{}{}.{event}", super::OWN_PREFIX, self.name);
        let sql = format!(
            "CREATE TRIGGER {} AFTER {} ON {} {when}BEGIN {}; END",
            quote(&name),
            event.to_uppercase(),
            quote(&self.name),
            body.join("; "),
        );
        Trigger { name, sql }
    }

    fn on_insert(&self) -> Trigger {
        let mut body: Vec<String> = self.guards(Vec::new()).into_iter().collect();
        body.push(self.event("NEW", &self.kind("created"), "NULL", &self.record("NEW"), self.live("NEW")));
        self.trigger("insert", "", &body)
    }

    fn on_update(&self) -> Trigger {
        let key = quote(&self.key_column().name);
        let mut stored: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        if self.deletion == Deletion::Soft {
            stored.push(super::DELETED_AT);
        }
        let differ: Vec<String> =
            stored.iter().map(|c| format!("NEW.{0} IS NOT OLD.{0}", quote(c))).collect();
        let keeps_key = (format!("NEW.{key} IS OLD.{key}"), self.check_message(self.key_column()));
        let mut body: Vec<String> = self.guards(vec![keeps_key]).into_iter().collect();
        // A write plan counts the version up itself, which saves this second update.
        body.push(format!(
            "UPDATE {} SET \"_version\"=OLD.\"_version\"+1 WHERE {key}=NEW.{key} AND NEW.\"_version\" IS OLD.\"_version\"",
            quote(&self.name)
        ));
        match self.deletion {
            Deletion::Hard => body.push(self.updated_hard()),
            Deletion::Soft => {
                body.extend(self.referrers.iter().map(|r| self.release(r)));
                body.push(self.updated_soft());
            }
        }
        self.trigger("update", &format!("WHEN {} ", differ.join(" OR ")), &body)
    }

    fn on_delete(&self) -> Trigger {
        let event = self.event("OLD", &self.kind("deleted"), &self.record("OLD"), "NULL", self.live("OLD"));
        self.trigger("delete", "", &[event])
    }

    fn updated_hard(&self) -> String {
        self.event("NEW", &self.kind("updated"), &self.record("OLD"), &self.record("NEW"), None)
    }

    /// Marking is deletion, and taking the mark away is creation.
    fn updated_soft(&self) -> String {
        let kind = format!(
            "CASE WHEN NEW.\"_deleted_at\" IS NOT NULL THEN {} WHEN OLD.\"_deleted_at\" IS NOT NULL THEN {} ELSE {} END",
            self.kind("deleted"),
            self.kind("created"),
            self.kind("updated"),
        );
        let live =
            |row: &str| format!("CASE WHEN {row}.\"_deleted_at\" IS NULL THEN {} END", self.record(row));
        let seen = "OLD.\"_deleted_at\" IS NULL OR NEW.\"_deleted_at\" IS NULL".to_owned();
        self.event("NEW", &kind, &live("OLD"), &live("NEW"), Some(seen))
    }

    fn kind(&self, change: &str) -> String {
        literal(&format!("{}.{change}", self.resource))
    }

    fn live(&self, row: &str) -> Option<String> {
        match self.deletion {
            Deletion::Hard => None,
            Deletion::Soft => Some(format!("{row}.\"_deleted_at\" IS NULL")),
        }
    }

    fn event(&self, row: &str, kind: &str, before: &str, after: &str, when: Option<String>) -> String {
        let key = format!("CAST({row}.{} AS TEXT)", quote(&self.key_column().name));
        let condition = when.map(|w| format!(" WHERE {w}")).unwrap_or_default();
        format!(
            "INSERT INTO _septet_outbox (at,type,resource,key,before,after) \
             SELECT {NOW},{kind},{},{key},{before},{after}{condition}",
            literal(&self.resource)
        )
    }

    /// The row's fields as a JSON object, without secrets.
    fn record(&self, row: &str) -> String {
        let member = |c: &Column| {
            let value = c.form.json(&format!("{row}.{}", quote(&c.name)));
            format!("{},{value}", literal(&c.field))
        };
        let members: Vec<String> = self.columns.iter().filter(|c| !c.secret).map(member).collect();
        format!("json_object({})", members.join(","))
    }

    /// One statement that fails when a value of the new row does not fit; nothing fits that is not null or of its form.
    fn guards(&self, mut conditions: Vec<(String, String)>) -> Option<String> {
        for column in &self.columns {
            let at = format!("NEW.{}", quote(&column.name));
            if let Some(guard) = column.form.guard(&at) {
                conditions.push((guard, self.check_message(column)));
            }
            conditions.extend(self.points_to_live(column, &at).map(|c| (c, literal(DANGLING))));
        }
        let branch = |(condition, message): &(String, String)| {
            format!("WHEN NOT ({condition}) THEN RAISE(ABORT,{message})")
        };
        let branches: Vec<String> = conditions.iter().map(branch).collect();
        (!branches.is_empty()).then(|| format!("SELECT CASE {} END", branches.join(" ")))
    }

    fn check_message(&self, column: &Column) -> String {
        literal(&format!("{CHECK_PREFIX}{}.{}", self.name, column.name))
    }

    /// What marking a row does to those that point to it: what the foreign key would do if the row were removed.
    fn release(&self, referrer: &Referrer) -> String {
        let (table, column) = (quote(&referrer.table), quote(&referrer.column));
        let live = match referrer.deletion {
            Deletion::Hard => "",
            Deletion::Soft => " AND \"_deleted_at\" IS NULL",
        };
        let rows = format!(
            "WHERE {column}=OLD.{} AND NEW.\"_deleted_at\" IS NOT NULL AND OLD.\"_deleted_at\" IS NULL{live}",
            quote(&self.key_column().name)
        );
        match (referrer.on_delete, referrer.deletion) {
            (OnDelete::Restrict, _) => {
                let message = literal(REFERENCED);
                format!("SELECT RAISE(ABORT,{message}) WHERE EXISTS (SELECT 1 FROM {table} {rows})")
            }
            (OnDelete::Cascade, Deletion::Hard) => format!("DELETE FROM {table} {rows}"),
            (OnDelete::Cascade, Deletion::Soft) => {
                format!("UPDATE {table} SET \"_deleted_at\"=NEW.\"_deleted_at\" {rows}")
            }
            (OnDelete::SetNull, _) => format!("UPDATE {table} SET {column}=NULL {rows}"),
        }
    }

    /// That the row a column points to is not marked as deleted; the foreign key sees to it that it is there at all.
    /// A row that is itself marked may point to another that is.
    fn points_to_live(&self, column: &Column, at: &str) -> Option<String> {
        let to = column.reference.as_ref().filter(|to| to.deletion == Deletion::Soft)?;
        let (table, key) = (quote(&to.table), quote(&to.key));
        let marked = match self.deletion {
            Deletion::Hard => "",
            Deletion::Soft => "NEW.\"_deleted_at\" IS NOT NULL OR ",
        };
        let dead = format!("SELECT 1 FROM {table} WHERE {key}={at} AND \"_deleted_at\" IS NOT NULL");
        Some(format!("{marked}NOT EXISTS ({dead})"))
    }
}
