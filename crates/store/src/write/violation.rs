//! What SQLite refused, in the words of the contract.

use crate::face::Error;
use crate::functions::{BAD_COLUMN, BAD_VALUE};
use crate::schema::{CHECK_PREFIX, DANGLING, REFERENCED};
use crate::storage::StorageFault;
use contract::{Contract, FieldId, ResourceId};
use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Translates errors of one contract's database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Violations<'a>(pub &'a Contract);

impl Violations<'_> {
    /// The error of the face that an SQLite error is.
    pub fn error(self, error: rusqlite::Error) -> Error {
        match &error {
            rusqlite::Error::SqliteFailure(code, message) => {
                self.failure(*code, message.as_deref().unwrap_or_default())
            }
            _ => Error::Internal(error.to_string()),
        }
    }

    fn failure(self, failure: ffi::Error, message: &str) -> Error {
        if let Some(fault) = StorageFault::of(failure.code) {
            return Error::Storage(fault);
        }
        match failure.code {
            ErrorCode::ConstraintViolation => self.constraint(failure.extended_code, message),
            ErrorCode::OperationInterrupted => Error::Timeout,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Unavailable("the database is busy"),
            ErrorCode::OutOfMemory => Error::Unavailable("there is not enough memory"),
            ErrorCode::TooBig => Error::BadValue("a value is too large".to_owned()),
            _ => self.other(message),
        }
    }

    fn other(self, message: &str) -> Error {
        if let Some(what) = message.strip_prefix(BAD_VALUE) {
            return Error::BadValue(what.to_owned());
        }
        if let Some((column, what)) = message.strip_prefix(BAD_COLUMN).and_then(|rest| rest.split_once(": "))
        {
            return self.bad(column, what);
        }
        match message {
            "integer overflow" | "malformed JSON" => Error::BadValue(message.to_owned()),
            _ => Error::Internal(message.to_owned()),
        }
    }

    fn constraint(self, extended: std::ffi::c_int, message: &str) -> Error {
        let named = message.rsplit_once(": ").map_or("", |(_, named)| named);
        match extended {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => self.unique(named, message),
            ffi::SQLITE_CONSTRAINT_NOTNULL => self.bad(named, "must have a value"),
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Error::DanglingReference(None),
            // A foreign key that restricts raises its message from a trigger of SQLite's own.
            ffi::SQLITE_CONSTRAINT_TRIGGER => match message {
                "FOREIGN KEY constraint failed" | REFERENCED => Error::StillReferenced,
                DANGLING => Error::DanglingReference(None),
                _ => match message.strip_prefix(CHECK_PREFIX) {
                    Some(column) => self.bad(column, "has a value that does not fit"),
                    None => Error::Internal(message.to_owned()),
                },
            },
            ffi::SQLITE_CONSTRAINT_DATATYPE => {
                self.bad(message.rsplit(' ').next().unwrap_or_default(), "has a value of another type")
            }
            _ => Error::BadValue("a value does not fit".to_owned()),
        }
    }

    fn unique(self, columns: &str, message: &str) -> Error {
        let found: Option<Vec<_>> = columns.split(", ").map(|c| self.field(c)).collect();
        match found.as_deref() {
            Some([(resource, _), ..]) => Error::Unique {
                resource: *resource,
                fields: found.iter().flatten().map(|(_, field)| *field).collect(),
            },
            _ => Error::Internal(message.to_owned()),
        }
    }

    fn bad(self, column: &str, what: &str) -> Error {
        match self.field(column) {
            Some((resource, field)) => Error::Misfit { resource, field, what: what.to_owned() },
            None => Error::BadValue(format!("a column {what}")),
        }
    }

    /// The field of `table.column`.
    fn field(self, named: &str) -> Option<(ResourceId, FieldId)> {
        let (at, resource) =
            self.0.resources.iter().enumerate().find(|(_, r)| {
                named.strip_prefix(r.table.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })?;
        let column = named.get(resource.table.len() + 1..)?;
        let is_it = |f: &contract::Field| f.column().is_some_and(|c| c.name == column);
        let field = resource.fields.iter().position(is_it)?;
        Some((ResourceId(u16::try_from(at).ok()?), FieldId(u16::try_from(field).ok()?)))
    }
}
