//! The checks of fields (`@length`, `@range`, `@pattern`, `@format`) for what a contract's own SQL writes.
//!
//! What callers give is checked before it comes here. What a statement of the contract makes of it is checked as it is
//! written, by triggers of the writing connection alone: SQL by itself has no regular expressions, so other programs
//! that open the file could not run them.

use super::BAD_COLUMN;
use crate::schema::{Form, literal, quote};
use contract::{Arity, Contract, Field, Resource, TypeRef};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};
use std::cell::Cell;
use wire::{Patterns, Value};

/// Whether a contract's own SQL runs on this thread.
const RUNS: &str = "septet_own_sql_runs";
/// `table.column`, its number, value: an error when the value does not pass the checks of its field.
const CHECK: &str = "septet_check";

thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// While there is one, a contract's own SQL runs on this thread.
pub(crate) struct OwnSql(());

impl OwnSql {
    /// From now on.
    pub fn begin() -> Self {
        RUNNING.set(true);
        Self(())
    }
}

impl Drop for OwnSql {
    fn drop(&mut self) {
        RUNNING.set(false);
    }
}

/// A column whose field has checks.
struct Checked {
    field: Field,
    column: String,
    kept_as_list: bool,
}

/// Has the writing connection check what a contract's own SQL writes.
pub(crate) fn check_own_sql(conn: &Connection, contract: &Contract) -> rusqlite::Result<()> {
    let mut all: Vec<Checked> = Vec::new();
    let mut triggers = String::new();
    for resource in &contract.resources {
        let first = all.len();
        all.extend(resource.fields.iter().filter_map(|field| checked(contract, resource, field)));
        triggers.push_str(&triggers_of(resource, first, &all[first..]));
    }
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function(RUNS, 0, flags, |_| Ok(RUNNING.get()))?;
    let patterns = Patterns::of(contract);
    conn.create_scalar_function(CHECK, 3, flags, move |context| check(&patterns, &all, context))?;
    conn.execute_batch(&triggers)
}

fn checked(contract: &Contract, resource: &Resource, field: &Field) -> Option<Checked> {
    let column = field.column().filter(|column| !column.secret && !field.checks.is_empty())?;
    let kept_as_list = Form::of(contract, resource, field) == Form::List;
    Some(Checked { field: field.clone(), column: column.name.clone(), kept_as_list })
}

/// The triggers of a table whose checked columns have numbers from `first` on.
fn triggers_of(resource: &Resource, first: usize, columns: &[Checked]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let call = |(at, checked): (usize, &Checked), when: &str| {
        let (column, named) =
            (quote(&checked.column), literal(&format!("{}.{}", resource.table, checked.column)));
        format!("SELECT {CHECK}({named},{at},NEW.{column}){};", when.replace("{}", &column))
    };
    let calls =
        |when: &str| columns.iter().enumerate().map(|(i, c)| call((first + i, c), when)).collect::<String>();
    let names: Vec<String> = columns.iter().map(|c| quote(&c.column)).collect();
    let (table, names) = (quote(&resource.table), names.join(","));
    let named = |event: &str| quote(&format!("_septet_check_{}.{event}", resource.table));
    format!(
        "CREATE TEMP TRIGGER {} AFTER INSERT ON main.{table} WHEN {RUNS}() BEGIN {} END;\
         CREATE TEMP TRIGGER {} AFTER UPDATE OF {names} ON main.{table} WHEN {RUNS}() BEGIN {} END;",
        named("insert"),
        calls(""),
        named("update"),
        calls(" WHERE NEW.{} IS NOT OLD.{}"),
    )
}

fn check(patterns: &Patterns, all: &[Checked], context: &Context<'_>) -> rusqlite::Result<bool> {
    let checked = usize::try_from(context.get::<i64>(1)?).ok().and_then(|at| all.get(at));
    let checked = checked.ok_or_else(|| Error::UserFunctionError("there is no such check".into()))?;
    let Some(stored) = value(context.get_raw(2)) else { return Ok(true) };
    let sent = match &stored {
        Value::Text(text) if checked.kept_as_list => list(text),
        stored => stored.clone(),
    };
    let ty = TypeRef {
        arity: if checked.kept_as_list { checked.field.ty.arity } else { Arity::One },
        ..checked.field.ty
    };
    patterns.check(&checked.field.checks, ty, &sent, &stored).map_err(|error| {
        let named = context.get_raw(0).as_str().unwrap_or_default();
        Error::UserFunctionError(format!("{BAD_COLUMN}{named}: {}", error.message).into())
    })?;
    Ok(true)
}

fn value(raw: ValueRef<'_>) -> Option<Value> {
    match raw {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(Value::Int(number)),
        ValueRef::Real(number) => Some(Value::Float(number)),
        ValueRef::Text(text) => Some(Value::Text(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Blob(bytes) => Some(Value::Bytes(bytes.to_vec())),
    }
}

/// The texts of a JSON array; what is no text has no pattern and no format.
fn list(json: &str) -> Value {
    let items: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let item = |item: serde_json::Value| match item {
        serde_json::Value::String(text) => Value::Text(text),
        _ => Value::Null,
    };
    Value::List(items.into_iter().map(item).collect())
}
