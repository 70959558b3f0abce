//! One table as it is beside what the contract wants.

use super::actual::{Actual, ActualColumn, ActualIndex, ActualTable};
use super::ddl::on_delete;
use super::migration::{Plan, remember};
use super::{Column, DELETED_AT, Form, Index, IndexKind, OWN_PREFIX, Table, quote};
use rusqlite::{Connection, OptionalExtension, Result};

/// A wanted table beside the one that is there.
pub(super) struct Comparison<'a> {
    pub table: &'a Table,
    pub there: &'a ActualTable,
    pub actual: &'a Actual,
    pub conn: &'a Connection,
}

impl Comparison<'_> {
    /// Adds to the plan what differs.
    pub fn compare(&self, plan: &mut Plan) -> Result<()> {
        for column in &self.table.columns {
            match self.there.columns.get(&column.name) {
                Some(there) => self.column(column, there, plan)?,
                None => self.add_column(column, plan)?,
            }
        }
        self.own_columns(plan);
        self.extra_columns(plan)?;
        for index in &self.table.indexes {
            self.index(index, plan)?;
        }
        self.extra_indexes(plan);
        self.triggers(plan);
        Ok(())
    }

    /// A column as messages name it.
    fn named(&self, column: &str) -> String {
        format!("`{}.{column}`", self.table.name)
    }

    fn add_column(&self, column: &Column, plan: &mut Plan) -> Result<()> {
        let name = self.named(&column.name);
        let must_fill = column.required && column.default.is_none();
        if must_fill && self.any("1")? {
            plan.drift.push(format!(
                "column {name} is missing, and the rows that are there have no value for it: \
                 give the field a @default or let it be null"
            ));
        } else if must_fill || (column.reference.is_some() && column.default.is_some()) {
            plan.drift.push(format!(
                "column {name} is missing and cannot be added, although the table is empty: \
                 drop table `{}`, which is then made anew",
                self.table.name
            ));
        } else {
            plan.step(format!("add column {name}"), self.table.add_column(column));
            remember(self.table, column, plan);
        }
        Ok(())
    }

    fn column(&self, column: &Column, there: &ActualColumn, plan: &mut Plan) -> Result<()> {
        let name = self.named(&column.name);
        let wanted_type = column.form.sql_type();
        if there.sql_type != wanted_type {
            let found = &there.sql_type;
            plan.drift.push(format!(
                "column {name} is {found} and the contract wants {wanted_type}: \
                 give the field another column, or convert the column"
            ));
            return Ok(());
        }
        self.nullability(column, there, plan);
        self.reference(column, there, plan);
        if column.default.as_deref() != there.default.as_deref() && !column.secret {
            let (found, wanted) = (text(there.default.as_deref()), text(column.default.as_deref()));
            plan.warnings.push(format!(
                "column {name} has the default {found} and the contract {wanted}: only SQL that leaves it out sees it"
            ));
        }
        self.form(column, plan)
    }

    fn nullability(&self, column: &Column, there: &ActualColumn, plan: &mut Plan) {
        let is_key = column.name == self.table.key_column().name;
        if there.is_key != is_key {
            let name = self.named(&column.name);
            plan.drift.push(format!("the key of the table is not {name}: the key of a table cannot change"));
        }
        if is_key || there.required == column.required {
            return;
        }
        match column.required {
            false => self.let_be_null(&column.name, plan),
            true => {
                let name = self.named(&column.name);
                plan.drift.push(format!(
                    "column {name} may be null and the contract requires it: rebuild the table, or let it be null"
                ));
            }
        }
    }

    /// A column that may be null from now on: no row is touched.
    fn let_be_null(&self, column: &str, plan: &mut Plan) {
        let (name, table) = (self.named(column), quote(&self.table.name));
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {} DROP NOT NULL", quote(column));
        plan.step(format!("let column {name} be null"), sql);
    }

    fn reference(&self, column: &Column, there: &ActualColumn, plan: &mut Plan) {
        let wanted = column
            .reference
            .as_ref()
            .map(|to| (to.table.clone(), to.key.clone(), on_delete(to.on_delete).to_owned()));
        if wanted == there.reference {
            return;
        }
        let say = |reference: &Option<(String, String, String)>| match reference {
            Some((table, key, action)) => format!("points to `{table}.{key}` on delete {action}"),
            None => "points to nothing".to_owned(),
        };
        plan.drift.push(format!(
            "column {} {} and in the contract {}: rebuild the table, or change the contract back",
            self.named(&column.name),
            say(&there.reference),
            say(&wanted),
        ));
    }

    /// A change of form that the type does not show, such as a decimal's scale or an enum's values.
    fn form(&self, column: &Column, plan: &mut Plan) -> Result<()> {
        let wanted = column.form.name();
        let known = self.actual.forms.get(&format!("{}.{}", self.table.name, column.name));
        if known.is_some_and(|form| *form == wanted) {
            return Ok(());
        }
        let covered = known.is_none_or(|form| column.form.covers(form));
        if covered || self.values_fit(column)? {
            remember(self.table, column, plan);
        } else {
            let (name, found) = (self.named(&column.name), known.map_or("unknown", String::as_str));
            plan.drift.push(format!(
                "column {name} is kept as {found} and the contract wants {wanted}: \
                 give the field another column, or convert the values"
            ));
        }
        Ok(())
    }

    /// Whether every value of a column that became narrower happens to fit: an enum's value that no row has may go.
    fn values_fit(&self, column: &Column) -> Result<bool> {
        if !matches!(column.form, Form::Enum(_)) {
            return Ok(!self.any(&format!("{} IS NOT NULL", quote(&column.name)))?);
        }
        let guard = column.form.guard(&quote(&column.name)).unwrap_or_default();
        Ok(!self.any(&format!("NOT ({guard})"))?)
    }

    fn any(&self, condition: &str) -> Result<bool> {
        let sql = format!("SELECT 1 FROM {} WHERE {condition} LIMIT 1", quote(&self.table.name));
        Ok(self.conn.query_row(&sql, [], |_| Ok(())).optional()?.is_some())
    }

    fn own_columns(&self, plan: &mut Plan) {
        for (name, definition) in self.table.own_columns() {
            if !self.there.columns.contains_key(name) {
                plan.step(format!("add column {}", self.named(name)), self.table.add_own_column(definition));
            }
        }
    }

    fn extra_columns(&self, plan: &mut Plan) -> Result<()> {
        let own = self.table.own_columns();
        let is_known = |name: &str| {
            own.iter().any(|(own, _)| *own == name) || self.table.columns.iter().any(|c| c.name == name)
        };
        for (name, column) in self.there.columns.iter().filter(|(name, _)| !is_known(name)) {
            let at = self.named(name);
            if name == DELETED_AT && self.any("\"_deleted_at\" IS NOT NULL")? {
                plan.drift.push(format!(
                    "rows of `{}` are marked as deleted and would be seen again: delete them, or keep soft deletion",
                    self.table.name
                ));
            } else if column.is_key {
                plan.drift.push(format!(
                    "column {at} is not in the contract and is the table's key: the key of a table cannot change"
                ));
            } else {
                if column.required && column.default.is_none() {
                    self.let_be_null(name, plan);
                }
                plan.warnings.push(format!("column {at} is not in the contract and is left alone"));
            }
        }
        Ok(())
    }

    fn index(&self, index: &Index, plan: &mut Plan) -> Result<()> {
        let sql = self.table.index(index);
        let there = self.there.indexes.get(&index.name);
        if there.is_some_and(|i| i.sql.as_deref() == Some(sql.as_str())) {
            return Ok(());
        }
        if index.kind != IndexKind::Plain && self.has_duplicates(index)? {
            plan.drift.push(format!(
                "rows of `{}` have the same {}, which the contract wants to be unique: change the rows first",
                self.table.name,
                index.columns.join(", ")
            ));
            return Ok(());
        }
        if there.is_some() {
            plan.step(format!("drop index `{}`", index.name), format!("DROP INDEX {}", quote(&index.name)));
        }
        plan.step(format!("create index `{}`", index.name), sql);
        Ok(())
    }

    fn has_duplicates(&self, index: &Index) -> Result<bool> {
        if index.columns.iter().any(|c| !self.there.columns.contains_key(c)) {
            return Ok(false);
        }
        let columns: Vec<String> = index.columns.iter().map(|c| quote(c)).collect();
        let mut conditions: Vec<String> = columns.iter().map(|c| format!("{c} IS NOT NULL")).collect();
        if index.kind == IndexKind::UniqueLive && self.there.columns.contains_key(DELETED_AT) {
            conditions.push("\"_deleted_at\" IS NULL".to_owned());
        }
        self.any(&format!("{} GROUP BY {} HAVING count(*) > 1", conditions.join(" AND "), columns.join(", ")))
    }

    fn extra_indexes(&self, plan: &mut Plan) {
        let is_wanted = |name: &str| self.table.indexes.iter().any(|i| i.name == name);
        for (name, index) in self.there.indexes.iter().filter(|(name, i)| !i.is_key && !is_wanted(name)) {
            let columns = index.columns.join(", ");
            if index.unique && self.is_own(name, index) {
                plan.step(format!("drop index `{name}`"), format!("DROP INDEX {}", quote(name)));
            } else if index.unique {
                plan.drift.push(format!(
                    "index `{name}` makes {columns} of `{}` unique and the contract does not: drop the index",
                    self.table.name
                ));
            } else {
                plan.warnings.push(format!("index `{name}` is not in the contract and is left alone"));
            }
        }
    }

    /// Whether an index was made for a contract's `@unique`: by its name, which is made of the table's and its columns'.
    fn is_own(&self, name: &str, index: &ActualIndex) -> bool {
        let made = format!("{}.{}.unique", self.table.name, index.columns.join("."));
        name == made && index.sql.is_some()
    }

    fn triggers(&self, plan: &mut Plan) {
        let wanted = self.table.triggers();
        for trigger in &wanted {
            let there = self.there.triggers.get(&trigger.name);
            if there == Some(&trigger.sql) {
                continue;
            }
            if there.is_some() {
                let drop = format!("DROP TRIGGER {}", quote(&trigger.name));
                plan.step(format!("drop trigger `{}`", trigger.name), drop);
            }
            plan.step(format!("create trigger `{}`", trigger.name), trigger.sql.clone());
        }
        for name in self.there.triggers.keys().filter(|name| wanted.iter().all(|t| t.name != **name)) {
            if name.starts_with(OWN_PREFIX) {
                plan.step(format!("drop trigger `{name}`"), format!("DROP TRIGGER {}", quote(name)));
            } else {
                plan.warnings.push(format!("trigger `{name}` is not in the contract and is left alone"));
            }
        }
    }
}

fn text(default: Option<&str>) -> &str {
    default.unwrap_or("none")
}
