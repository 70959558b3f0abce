//! The place of a row as one text.

use super::{CURSOR, bad_value, pure};
use crate::cursor;
use rusqlite::Connection;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, CURSOR, -1, |context| {
        let values = (0..context.len()).map(|at| context.get_raw(at));
        cursor::write(values).map_err(bad_value)
    })
}
