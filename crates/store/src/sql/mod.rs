//! Intentions become the text of SQL statements.
//!
//! Only names from the contract (quoted) and words of this module make up a statement: whatever a request
//! says is a parameter, by construction, because an intention holds nothing but positions of parameters.

pub(crate) mod aggregate;
mod dialect;
mod draft;
mod operand;
mod order;
mod predicate;
mod relation;
pub(crate) mod select;

pub(crate) use dialect::Dialect;
pub(crate) use draft::{Bind, Draft, Link, Row, Scope, Statement};

use crate::face::PlanError;
use contract::{Contract, FieldId, Resource, ResourceId};

/// The column that counts the changes of a row, from 1.
pub(crate) const VERSION: &str = "_version";
/// The column that says when a row of a soft-deleted resource was deleted; null while it is there.
pub(crate) const DELETED_AT: &str = "_deleted_at";

/// Levels of an expression at the most. SQLite's own bound is 1,000, and one of these becomes up to three of
/// those.
pub(crate) const DEPTH_MAX: u32 = 250;
/// To-one relations that are joined into the rows of one list, or into the record that is the reply, at the most;
/// SQLite's own bound is 64 tables.
pub const JOINS_MAX: usize = 60;
/// Columns of one statement at the most; SQLite's own bound is 2,000.
pub(crate) const COLUMNS_MAX: usize = 1_000;
/// Statements of one read at the most: one, and one for each to-many relation.
pub const STATEMENTS_MAX: usize = 100;
/// Groups of outputs nested in one another at the most.
pub const GROUPS_MAX: usize = 50;
/// Bytes of one statement at the most; SQLite's own bound is 1,000,000.
pub(crate) const STATEMENT_BYTES_MAX: usize = 900_000;

/// An intention that cannot be compiled: always a defect above the store.
pub(crate) fn defect<T>(what: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError(what.into()))
}

/// A resource, or the defect that there is none.
pub(crate) fn resource(contract: &Contract, id: ResourceId) -> Result<&Resource, PlanError> {
    contract.resources.get(id.index()).ok_or_else(|| PlanError(format!("no resource {}", id.0)))
}

/// A field of a resource, or the defect that there is none.
pub(crate) fn field(resource: &Resource, id: FieldId) -> Result<&contract::Field, PlanError> {
    let none = || PlanError(format!("no field {} in {}", id.0, resource.name));
    resource.fields.get(id.index()).ok_or_else(none)
}

/// The column of a field, or the defect that it has none.
pub(crate) fn column(resource: &Resource, id: FieldId) -> Result<&str, PlanError> {
    let field = field(resource, id)?;
    match field.column() {
        Some(column) => Ok(&column.name),
        None => defect(format!("{}.{} has no column", resource.name, field.name)),
    }
}
