//! What a contract's SQL may touch: the contract's tables, and nothing that would get round what the store promises.

use crate::schema::{OWN_PREFIX, Schema};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether a statement may change rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Why a statement was not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    /// What is wrong.
    pub message: String,
    /// The name in the statement that it is about.
    pub about: Option<String>,
}

/// What the authorizer last denied.
pub(super) type Denied = Arc<Mutex<Option<Denial>>>;

/// What a contract's SQL may consist of.
pub(super) const STATEMENTS: &str = "only SELECT, INSERT, UPDATE and DELETE are allowed here";
/// Functions with effects outside of the database.
const FUNCTIONS_DENIED: [&str; 2] = ["load_extension", "fts3_tokenizer"];
/// Table-valued functions that may be read.
const TABLE_FUNCTIONS: [&str; 2] = ["json_each", "json_tree"];

/// Decides about every access of a statement while it is prepared, and notes the first denial.
pub(super) fn authorizer(
    schema: Arc<Schema>,
    access: Access,
    denied: Denied,
) -> impl for<'c> FnMut(AuthContext<'c>) -> Authorization + Send + 'static {
    move |context: AuthContext<'_>| match decide(&schema, access, &context.action) {
        Ok(()) => Authorization::Allow,
        Err(denial) => {
            denied.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(denial);
            Authorization::Deny
        }
    }
}

fn decide(schema: &Schema, access: Access, action: &AuthAction<'_>) -> Result<(), Denial> {
    match *action {
        AuthAction::Select | AuthAction::Recursive => Ok(()),
        AuthAction::Function { function_name } => function(function_name),
        AuthAction::Read { table_name, column_name } => read(schema, table_name, column_name),
        AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
            write(schema, access, table_name).map(drop)
        }
        AuthAction::Update { table_name, column_name } => update(schema, access, table_name, column_name),
        // The set is SQLite's, and grows: whatever else a statement does is not for a contract to do.
        _ => Err(deny(STATEMENTS, None)),
    }
}

fn deny(message: impl Into<String>, about: Option<&str>) -> Denial {
    Denial { message: message.into(), about: about.map(str::to_owned) }
}

fn function(name: &str) -> Result<(), Denial> {
    match FUNCTIONS_DENIED.iter().any(|denied| name.eq_ignore_ascii_case(denied)) {
        true => Err(deny(format!("the function `{name}` is not allowed"), Some(name))),
        false => Ok(()),
    }
}

fn read(schema: &Schema, table: &str, column: &str) -> Result<(), Denial> {
    if let Some(known) = schema.table(table) {
        let secret = known.columns.iter().any(|c| c.secret && c.name.eq_ignore_ascii_case(column));
        return match secret {
            true => Err(deny(format!("`{column}` is secret and cannot be read"), Some(column))),
            false => Ok(()),
        };
    }
    let is_function = TABLE_FUNCTIONS.iter().any(|name| table.eq_ignore_ascii_case(name));
    // A common table expression of which no column is read comes here under its own name.
    let is_expression = column.is_empty() && !is_internal(table);
    if is_function || is_expression { Ok(()) } else { Err(no_table(table)) }
}

fn is_internal(table: &str) -> bool {
    let table = table.to_ascii_lowercase();
    [OWN_PREFIX, "sqlite_", "pragma_", "dbstat", "fts", "rtree"]
        .iter()
        .any(|prefix| table.starts_with(prefix))
}

fn write<'s>(schema: &'s Schema, access: Access, table: &str) -> Result<&'s crate::schema::Table, Denial> {
    let known = schema.table(table).ok_or_else(|| no_table(table))?;
    match access {
        Access::Write => Ok(known),
        Access::Read => Err(deny("a query cannot change anything: make it a mutation", Some(table))),
    }
}

fn update(schema: &Schema, access: Access, table: &str, column: &str) -> Result<(), Denial> {
    let known = write(schema, access, table)?;
    if column.eq_ignore_ascii_case(&known.key_column().name) {
        return Err(deny(format!("`{column}` is the key, and a row keeps its key"), Some(column)));
    }
    Ok(())
}

fn no_table(table: &str) -> Denial {
    deny(format!("`{table}` is not a table of the contract"), Some(table))
}
