//! Values on their way into a statement.

use super::Key;
use crate::sql::Bind;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Error, Result, Statement, ToSql};
use wire::Value;

/// What the statements of a write know beside its parameters.
#[derive(Debug, Default)]
pub(crate) struct Own<'a> {
    /// The key of the row at hand.
    pub key: Option<&'a Key>,
    /// The time of the call.
    pub now: &'a str,
}

/// [`Bind::Parent`] of the key of the row at hand.
pub(super) const KEY: Bind = Bind::Parent(0);
/// [`Bind::Parent`] of the time of the call.
pub(super) const NOW: Bind = Bind::Parent(1);

/// Binds all parameters of a statement.
pub(crate) fn bind(
    statement: &mut Statement<'_>,
    binds: &[Bind],
    params: &[Value],
    own: &Own<'_>,
) -> Result<()> {
    for (at, bind) in binds.iter().enumerate() {
        let position = at + 1;
        match *bind {
            Bind::Param(param) => match params.get(usize::from(param)) {
                Some(value) => bind_value(statement, position, value)?,
                None => return Err(Error::InvalidParameterCount(usize::from(param) + 1, params.len())),
            },
            KEY => statement.raw_bind_parameter(position, own.key)?,
            Bind::Given(_) => return Err(Error::InvalidQuery),
            Bind::Parent(_) => statement.raw_bind_parameter(position, own.now)?,
        }
    }
    Ok(())
}

/// Binds one parameter, from 1.
pub(crate) fn bind_value(statement: &mut Statement<'_>, position: usize, value: &Value) -> Result<()> {
    statement.raw_bind_parameter(position, Stored(value))
}

/// A value in its stored form. Lists and objects come as JSON text, so an unread one is a defect above.
struct Stored<'a>(&'a Value);

impl ToSql for Stored<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Float(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
            Value::Number(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => {
                return Err(Error::ToSqlConversionFailure("a parameter that is not in stored form".into()));
            }
        }))
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Key::Text(text) => ValueRef::Text(text.as_bytes()),
            Key::Integer(number) => ValueRef::Integer(*number),
        }))
    }
}
