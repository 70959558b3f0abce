//! From the tables that are there to those a contract wants.
//!
//! What only adds is done: tables, columns that may be null or have a default, indexes, triggers (which belong to the
//! store and are replaced freely); and what only relaxes: a column that may be null from now on, a unique index that the
//! contract no longer wants. What would lose or reinterpret data is not: it is drift, listed with what to do.
//! What is merely there besides is left alone and told.

use super::actual::Actual;
use super::comparison::Comparison;
use super::outbox::{CONTRACT, LAYOUT, TABLES};
use super::{COLUMNS_MAX, Column, Schema, Table, literal};
use contract::Contract;
use rusqlite::{Connection, Result};
use std::fmt;

/// What opening the database with a contract does to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is done, in order, in one transaction.
    pub steps: Vec<Step>,
    /// What differs and is not changed by itself, each with what to do. With any of these nothing is opened.
    pub drift: Vec<String>,
    /// What is there besides and is left alone.
    pub warnings: Vec<String>,
}

/// One change that loses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it does, in words.
    pub what: String,
    /// The SQL that does it.
    pub sql: String,
}

impl Plan {
    /// Whether the database is as the contract wants it.
    pub fn is_done(&self) -> bool {
        self.steps.is_empty() && self.drift.is_empty()
    }

    /// Adds a step.
    pub(super) fn step(&mut self, what: impl Into<String>, sql: impl Into<String>) {
        self.steps.push(Step { what: what.into(), sql: sql.into() });
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "+ {}", step.what)?;
        }
        for drift in &self.drift {
            writeln!(f, "! {drift}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "? {warning}")?;
        }
        Ok(())
    }
}

/// Compares a database with a contract; reads only.
pub fn migration_plan(contract: &Contract, conn: &Connection) -> Result<Plan> {
    plan(&Schema::of(contract), conn)
}

/// What a database says of itself.
pub(crate) struct Found {
    /// The contract that it belongs to, where it says so.
    pub contract: Option<String>,
    /// The names of all tables but the store's own.
    pub tables: Vec<String>,
}

/// Reads what a database says of itself; nothing where the store's own tables are not there.
pub(crate) fn found(conn: &Connection) -> Result<Option<Found>> {
    let actual = Actual::read(conn)?;
    let found = Found { contract: actual.contract, tables: actual.tables.into_keys().collect() };
    Ok(actual.has_own_tables.then_some(found))
}

/// Compares a database with a schema; reads only.
pub(crate) fn plan(schema: &Schema, conn: &Connection) -> Result<Plan> {
    let actual = Actual::read(conn)?;
    let mut plan = Plan::default();
    if !is_layout_known(&actual, &mut plan) || !is_owner(&schema.contract, &actual, &mut plan) {
        return Ok(plan);
    }
    for table in &schema.tables {
        match actual.tables.get(&table.name) {
            None => create(table, &mut plan),
            Some(there) => Comparison { table, there, actual: &actual, conn }.compare(&mut plan)?,
        }
    }
    for name in actual.tables.keys().filter(|name| schema.table(name).is_none()) {
        plan.warnings.push(format!("table `{name}` is not in the contract and is left alone"));
    }
    Ok(plan)
}

/// Runs the steps of a plan in one transaction.
pub(crate) fn apply(plan: &Plan, conn: &mut Connection) -> Result<()> {
    let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    for step in &plan.steps {
        transaction.execute_batch(&step.sql)?;
    }
    transaction.commit()
}

fn is_layout_known(actual: &Actual, plan: &mut Plan) -> bool {
    match actual.layout {
        Some(LAYOUT) => true,
        Some(newer) if newer > LAYOUT => {
            plan.drift.push(format!(
                "the database has layout {newer} and this server knows {LAYOUT}: use the newer server"
            ));
            false
        }
        Some(_) | None => {
            let layout = format!("INSERT OR REPLACE INTO _septet_meta VALUES ('layout', '{LAYOUT}');");
            plan.step("create the outbox and the store's other own tables", format!("{TABLES}{layout}"));
            true
        }
    }
}

/// A database belongs to one contract: another one's tables beside its own would be a mistake in nearly every case.
fn is_owner(contract: &str, actual: &Actual, plan: &mut Plan) -> bool {
    match &actual.contract {
        Some(owner) if owner == contract => true,
        Some(owner) => {
            plan.drift.push(format!(
                "the database belongs to the contract `{owner}`, and this is `{contract}`: name another data folder \
                 (--data), or make the database this contract's own (serve --adopt)"
            ));
            false
        }
        None => {
            plan.step(
                format!("remember that the database is of the contract `{contract}`"),
                owned_by(contract),
            );
            true
        }
    }
}

/// Makes the database a contract's own.
pub(crate) fn owned_by(contract: &str) -> String {
    format!("INSERT OR REPLACE INTO _septet_meta VALUES ({}, {});", literal(CONTRACT), literal(contract))
}

fn create(table: &Table, plan: &mut Plan) {
    if table.columns.len() > COLUMNS_MAX {
        let (name, count) = (&table.name, table.columns.len());
        plan.drift
            .push(format!("`{name}` has {count} columns, more than {COLUMNS_MAX}: make it two resources"));
        return;
    }
    plan.step(format!("create table `{}`", table.name), table.create());
    for index in &table.indexes {
        plan.step(format!("create index `{}`", index.name), table.index(index));
    }
    for trigger in table.triggers() {
        plan.step(format!("create trigger `{}`", trigger.name), trigger.sql);
    }
    for column in &table.columns {
        remember(table, column, plan);
    }
}

/// Keeps a column's form.
pub(super) fn remember(table: &Table, column: &Column, plan: &mut Plan) {
    let (name, form) = (format!("{}.{}", table.name, column.name), column.form.name());
    let sql = format!(
        "INSERT OR REPLACE INTO _septet_meta VALUES ({}, {})",
        literal(&format!("form {name}")),
        literal(&form)
    );
    plan.step(format!("remember that `{name}` is {form}"), sql);
}
