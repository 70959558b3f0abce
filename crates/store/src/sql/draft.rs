//! One statement in the making: its parameters, its row names, and who is in scope.

use super::{DEPTH_MAX, Dialect, STATEMENT_BYTES_MAX, VERSION, column, defect, resource};
use crate::face::PlanError;
use crate::query::Param;
use contract::{Contract, FieldId, Resource, ResourceId};

/// A statement and what is bound to its parameters, in their order.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The text.
    pub sql: Box<str>,
    /// What is bound to `?1`, `?2`, …
    pub binds: Box<[Bind]>,
}

/// What is bound to a parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bind {
    /// A parameter of the read.
    Param(Param),
    /// A column of the row of the parent's statement.
    Parent(usize),
    /// A value that is given to a contract's own statement, by its position among them.
    Given(usize),
}

/// A row of a resource under a name of its own in the statement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Whose row.
    pub resource: ResourceId,
    /// Its name, `t3`.
    pub alias: String,
    /// The expression of its key.
    pub key: String,
    /// How it was reached, when that was through a join.
    pub link: Option<Link>,
}

/// The rows of a join that lead to a row.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Whose rows.
    pub join: ResourceId,
    /// The field that points to where one comes from, and the one that points to the row.
    pub ends: [FieldId; 2],
    /// The expression of the key that one comes from.
    pub near: String,
}

/// The rows that a predicate can speak of: the innermost, and those around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'s> {
    /// The innermost row.
    pub row: &'s Row,
    /// The scope around it.
    pub outer: Option<&'s Scope<'s>>,
}

impl<'s> Scope<'s> {
    /// A row with nothing around it.
    pub fn of(row: &'s Row) -> Self {
        Self { row, outer: None }
    }

    /// The row that is `up` scopes out.
    pub fn at(&self, up: u8) -> Result<&'s Row, PlanError> {
        let mut scope = self;
        for _ in 0..up {
            let Some(outer) = scope.outer else { return defect("a scope that is not there") };
            scope = outer;
        }
        Ok(scope.row)
    }
}

/// One statement in the making.
#[derive(Debug)]
pub(crate) struct Draft<'c> {
    /// What names are resolved by.
    pub contract: &'c Contract,
    /// Whose SQL it is.
    pub dialect: Dialect,
    binds: Vec<Bind>,
    rows: usize,
    depth: u32,
}

impl<'c> Draft<'c> {
    /// An empty statement.
    pub fn new(contract: &'c Contract, dialect: Dialect) -> Self {
        Self { contract, dialect, binds: Vec::new(), rows: 0, depth: 0 }
    }

    /// The statement with this text.
    pub fn finish(self, sql: String) -> Result<Statement, PlanError> {
        if sql.len() > STATEMENT_BYTES_MAX {
            return defect("a statement is too long");
        }
        Ok(Statement { sql: sql.into(), binds: self.binds.into() })
    }

    /// The parameter that stands for this; the same each time it is asked for.
    pub fn bind(&mut self, bind: Bind) -> String {
        let at = self.binds.iter().position(|b| *b == bind).unwrap_or_else(|| {
            self.binds.push(bind);
            self.binds.len() - 1
        });
        self.dialect.parameter(at + 1)
    }

    /// The parameter of the read.
    pub fn param(&mut self, param: Param) -> String {
        self.bind(Bind::Param(param))
    }

    /// A resource of the contract.
    pub fn resource(&self, id: ResourceId) -> Result<&'c Resource, PlanError> {
        resource(self.contract, id)
    }

    /// A new name of its own in this statement.
    pub fn alias(&mut self, letter: char) -> String {
        self.rows += 1;
        format!("{letter}{}", self.rows - 1)
    }

    /// A row of a resource under a new name.
    pub fn row(&mut self, id: ResourceId) -> Result<Row, PlanError> {
        let alias = self.alias('t');
        let resource = self.resource(id)?;
        let key = self.qualified(&alias, column(resource, resource.key)?);
        Ok(Row { resource: id, alias, key, link: None })
    }

    /// `"table" alias`.
    pub fn table(&self, id: ResourceId, alias: &str) -> Result<String, PlanError> {
        Ok(format!("{} {alias}", self.dialect.quoted(&self.resource(id)?.table)))
    }

    /// `alias."column"`.
    pub fn qualified(&self, alias: &str, column: &str) -> String {
        format!("{alias}.{}", self.dialect.quoted(column))
    }

    /// The column of a field of a row.
    pub fn column(&self, row: &Row, field: FieldId) -> Result<String, PlanError> {
        let resource = self.resource(row.resource)?;
        if field == resource.key {
            return Ok(row.key.clone());
        }
        Ok(self.qualified(&row.alias, column(resource, field)?))
    }

    /// The version of a row.
    pub fn version(&self, row: &Row) -> String {
        self.qualified(&row.alias, VERSION)
    }

    /// Does something one level, or for a list of `items` several, further down in an expression.
    pub fn deeper<T>(
        &mut self,
        items: usize,
        what: impl FnOnce(&mut Self) -> Result<T, PlanError>,
    ) -> Result<T, PlanError> {
        let levels = 1 + items.checked_ilog2().unwrap_or(0);
        if self.depth + levels > DEPTH_MAX {
            return defect("an expression is too deep");
        }
        self.depth += levels;
        let done = what(self);
        self.depth -= levels;
        done
    }
}
