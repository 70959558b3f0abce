//! The tables that are there.

use rusqlite::{Connection, OptionalExtension, Result};
use std::collections::BTreeMap;

/// A database as it is.
#[derive(Debug, Default)]
pub(super) struct Actual {
    /// The version of the store's own tables, when they are there.
    pub layout: Option<i64>,
    /// The name of the contract that the database belongs to, where it is known.
    pub contract: Option<String>,
    /// All tables but SQLite's and the store's own, by name.
    pub tables: BTreeMap<String, ActualTable>,
    /// What the store remembered of columns: `table.column` and the form's name.
    pub forms: BTreeMap<String, String>,
    /// Whether any of the store's own tables is there.
    pub has_own_tables: bool,
}

/// A table as it is.
#[derive(Debug, Default)]
pub(super) struct ActualTable {
    pub columns: BTreeMap<String, ActualColumn>,
    /// SQL by name; a constraint's own index has none.
    pub indexes: BTreeMap<String, ActualIndex>,
    /// SQL by name.
    pub triggers: BTreeMap<String, String>,
}

/// A column as it is.
#[derive(Debug)]
pub(super) struct ActualColumn {
    pub sql_type: String,
    pub required: bool,
    pub default: Option<String>,
    pub is_key: bool,
    /// What it points to: table, column and action.
    pub reference: Option<(String, String, String)>,
}

/// An index as it is.
#[derive(Debug)]
pub(super) struct ActualIndex {
    pub sql: Option<String>,
    pub unique: bool,
    pub is_key: bool,
    pub columns: Vec<String>,
}

impl Actual {
    /// Reads the whole schema.
    pub fn read(conn: &Connection) -> Result<Self> {
        let mut actual = Self::default();
        let names =
            "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        for name in texts(conn, names, [])? {
            if name.starts_with(super::OWN_PREFIX) {
                actual.has_own_tables = true;
            } else {
                let table = ActualTable::read(conn, &name)?;
                actual.tables.insert(name, table);
            }
        }
        if actual.has_own_tables {
            actual.read_meta(conn)?;
        }
        Ok(actual)
    }

    fn read_meta(&mut self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare("SELECT name, value FROM _septet_meta")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, value): (String, String) = (row.get(0)?, row.get(1)?);
            if let Some(column) = name.strip_prefix("form ") {
                self.forms.insert(column.to_owned(), value);
            } else if name == "layout" {
                self.layout = value.parse().ok();
            } else if name == super::outbox::CONTRACT {
                self.contract = Some(value);
            }
        }
        Ok(())
    }
}

impl ActualTable {
    fn read(conn: &Connection, table: &str) -> Result<Self> {
        let mut read = Self { columns: columns(conn, table)?, ..Self::default() };
        read_references(conn, table, &mut read.columns)?;
        read.indexes = indexes(conn, table)?;
        let mut statement =
            conn.prepare("SELECT name, sql FROM sqlite_schema WHERE type='trigger' AND tbl_name=?1")?;
        read.triggers =
            statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_>>()?;
        Ok(read)
    }
}

fn columns(conn: &Connection, table: &str) -> Result<BTreeMap<String, ActualColumn>> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo(?1)";
    let mut statement = conn.prepare(sql)?;
    let read = statement.query_map([table], |row| {
        let column = ActualColumn {
            sql_type: row.get::<_, String>(1)?.to_uppercase(),
            required: row.get(2)?,
            default: row.get(3)?,
            is_key: row.get::<_, i64>(4)? > 0,
            reference: None,
        };
        Ok((row.get(0)?, column))
    })?;
    read.collect()
}

fn read_references(
    conn: &Connection,
    table: &str,
    columns: &mut BTreeMap<String, ActualColumn>,
) -> Result<()> {
    let sql = "SELECT \"from\", \"table\", coalesce(\"to\", ''), on_delete FROM pragma_foreign_key_list(?1)";
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        if let Some(column) = columns.get_mut(&row.get::<_, String>(0)?) {
            column.reference = Some((row.get(1)?, row.get(2)?, row.get(3)?));
        }
    }
    Ok(())
}

fn indexes(conn: &Connection, table: &str) -> Result<BTreeMap<String, ActualIndex>> {
    let mut statement = conn.prepare("SELECT name, \"unique\", origin FROM pragma_index_list(?1)")?;
    let listed: Vec<(String, bool, String)> = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_>>()?;
    let read = |(name, unique, origin): (String, bool, String)| {
        let sql = conn
            .query_row("SELECT sql FROM sqlite_schema WHERE type='index' AND name=?1", [&name], |row| {
                row.get(0)
            })
            .optional()?
            .flatten();
        let columns = texts(conn, "SELECT coalesce(name, '') FROM pragma_index_info(?1)", [&name])?;
        Ok((name, ActualIndex { sql, unique, is_key: origin == "pk", columns }))
    };
    listed.into_iter().map(read).collect()
}

fn texts<P: rusqlite::Params>(conn: &Connection, sql: &str, params: P) -> Result<Vec<String>> {
    let mut statement = conn.prepare(sql)?;
    let texts = statement.query_map(params, |row| row.get(0))?;
    texts.collect()
}
