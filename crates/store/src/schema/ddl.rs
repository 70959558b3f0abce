//! The SQL that makes tables, columns and indexes.

use super::{Column, DELETED_AT, Deletion, Index, IndexKind, Table, VERSION, quote};
use contract::{KeyKind, OnDelete};

impl Table {
    /// `CREATE TABLE` with all columns.
    pub fn create(&self) -> String {
        let mut columns: Vec<String> = self.columns.iter().map(|c| self.column(c)).collect();
        columns.extend(self.own_columns().iter().map(|(_, definition)| (*definition).to_owned()));
        format!("CREATE TABLE {} ({}) STRICT", quote(&self.name), columns.join(", "))
    }

    /// `ALTER TABLE … ADD COLUMN` for one of the fields' columns.
    pub fn add_column(&self, column: &Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {}", quote(&self.name), self.column(column))
    }

    /// `ALTER TABLE … ADD COLUMN` for one of the store's own columns.
    pub fn add_own_column(&self, definition: &str) -> String {
        format!("ALTER TABLE {} ADD COLUMN {definition}", quote(&self.name))
    }

    /// The columns beside the fields': name and definition.
    pub fn own_columns(&self) -> Vec<(&'static str, &'static str)> {
        let version = (VERSION, "\"_version\" INTEGER NOT NULL DEFAULT 1");
        match self.deletion {
            Deletion::Hard => vec![version],
            Deletion::Soft => vec![version, (DELETED_AT, "\"_deleted_at\" TEXT")],
        }
    }

    /// `CREATE INDEX`.
    pub fn index(&self, index: &Index) -> String {
        let columns: Vec<String> = index.columns.iter().map(|c| quote(c)).collect();
        let (unique, live) = match index.kind {
            IndexKind::Plain => ("", ""),
            IndexKind::Unique => ("UNIQUE ", ""),
            IndexKind::UniqueLive => ("UNIQUE ", " WHERE \"_deleted_at\" IS NULL"),
        };
        let (name, table) = (quote(&index.name), quote(&self.name));
        format!("CREATE {unique}INDEX {name} ON {table} ({}){live}", columns.join(", "))
    }

    fn column(&self, column: &Column) -> String {
        let mut sql = format!("{} {}", quote(&column.name), column.form.sql_type());
        if std::ptr::eq(column, self.key_column()) {
            sql.push_str(match self.key_kind {
                KeyKind::Integer => " PRIMARY KEY AUTOINCREMENT",
                KeyKind::Uuid | KeyKind::Client => " PRIMARY KEY NOT NULL",
            });
        } else if column.required {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        if let Some(to) = &column.reference {
            let action = on_delete(to.on_delete);
            sql.push_str(&format!(
                " REFERENCES {} ({}) ON DELETE {action}",
                quote(&to.table),
                quote(&to.key)
            ));
        }
        sql
    }
}

/// The clause, which is also what `pragma foreign_key_list` calls it.
pub(super) fn on_delete(action: OnDelete) -> &'static str {
    match action {
        OnDelete::Restrict => "RESTRICT",
        OnDelete::Cascade => "CASCADE",
        OnDelete::SetNull => "SET NULL",
    }
}
