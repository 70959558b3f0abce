//! The outbox: events of operations go in here beside those that the triggers write, and come out in order.

use crate::face::{EmitEvent, Mutation};
use contract::Outcome;
use rusqlite::{Connection, Result};

/// Events given at once at the most.
const EVENTS_MAX: u32 = 10_000;

/// One event of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order of all events; grows, with gaps.
    pub seq: i64,
    /// When it happened, RFC 3339 in UTC.
    pub at: String,
    /// `User.created`, `User.updated`, `User.deleted`, or the name of an operation's event.
    pub kind: String,
    /// The resource's name; none for an operation's event.
    pub resource: Option<String>,
    /// The row's key as text; none for an operation's event.
    pub key: Option<String>,
    /// The row's fields before, as a JSON object without secrets; bytes are hexadecimal.
    pub before: Option<String>,
    /// The row's fields after; for an operation's event `{"arguments": …, "error": code or null}`.
    pub after: Option<String>,
}

/// Events after a place in the order, at most `limit` and [`EVENTS_MAX`].
pub(crate) fn events(conn: &Connection, after_seq: i64, limit: u32) -> Result<Vec<Event>> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, at, type, resource, key, before, after FROM _septet_outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let events = statement.query_map((after_seq, limit.min(EVENTS_MAX)), |row| {
        Ok(Event {
            seq: row.get(0)?,
            at: row.get(1)?,
            kind: row.get(2)?,
            resource: row.get(3)?,
            key: row.get(4)?,
            before: row.get(5)?,
            after: row.get(6)?,
        })
    })?;
    events.collect()
}

/// Adds the events of a mutation that succeeded (`refusal` is `None`) or was refused with a code.
pub(super) fn emit(conn: &Connection, mutation: &Mutation, refusal: Option<&str>) -> Result<()> {
    let outcome = if refusal.is_none() { Outcome::Success } else { Outcome::Failure };
    for event in mutation.emits.iter().filter(|event| event.on == outcome) {
        add(conn, event, &mutation.now, refusal)?;
    }
    Ok(())
}

fn add(conn: &Connection, event: &EmitEvent, now: &str, refusal: Option<&str>) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO _septet_outbox (at, type, after) \
         VALUES (?1, ?2, json_object('arguments', json(?3), 'error', ?4))",
    )?;
    statement.execute((now, &event.event, &event.arguments_json, refusal)).map(drop)
}
