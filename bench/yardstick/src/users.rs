//! Users.

use crate::json;
use rusqlite::{Connection, OptionalExtension, Result};

/// Bytes that a user's JSON seldom exceeds.
const BODY_BYTES: usize = 128;
const NAMES: [&str; 3] = ["{\"id\":", ",\"name\":", ",\"email\":"];

/// A user as JSON; `None` when there is none of that id.
pub fn user(conn: &Connection, id: &str) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT id, name, email FROM user WHERE id = ?1")?;
    let row = |row: &rusqlite::Row<'_>| {
        let mut out = Vec::with_capacity(BODY_BYTES);
        let cells = [row.get_ref(0)?.as_bytes()?, row.get_ref(1)?.as_bytes()?, row.get_ref(2)?.as_bytes()?];
        json::object(&mut out, NAMES.into_iter().zip(cells));
        Ok(out)
    };
    statement.query_row([id], row).optional()
}
