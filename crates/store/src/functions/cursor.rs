//! The place of a row as one text.

use super::work::spend;
use super::{CURSOR, bad_value, pure};
use crate::cursor;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// What a byte of a value is counted as: it is escaped, and encoded once more.
const UNITS_A_BYTE: usize = 4;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, CURSOR, -1, |context| {
        let values = || (0..context.len()).map(|at| context.get_raw(at));
        spend(values().map(bytes).sum::<usize>().saturating_mul(UNITS_A_BYTE))?;
        cursor::write(values()).map_err(bad_value)
    })
}

fn bytes(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
    }
}
