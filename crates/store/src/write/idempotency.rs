//! What calls with an idempotency key answered, kept for a while.

use crate::face::{Error, Idempotency, Mutation, Reply, Written};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::Format;

/// Expired answers removed at once at the most, so that cleaning up never holds up a group.
const EXPIRED_REMOVED_MAX: u32 = 100;

/// What is known of a key.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing, or nothing any more.
    New,
    /// It came with another input, or for another format, in which the answer is not known.
    Other,
    /// What it answered.
    Answer(Result<Written, Error>),
}

/// Looks a key up.
pub(super) fn recall(conn: &Connection, mutation: &Mutation, key: &Idempotency) -> rusqlite::Result<Known> {
    let mut statement = conn.prepare_cached(
        "SELECT fingerprint, format, refusal, body, rows, version, row_key, created \
         FROM _septet_idempotency WHERE scope = ?1 AND key = ?2 AND expires > ?3",
    )?;
    let found = statement.query_row((&key.scope, &key.key, &mutation.now), |row| {
        let is_same = row.get_ref(0)?.as_blob()? == key.fingerprint.as_slice()
            && row.get_ref(1)?.as_str()? == format_name(mutation.format);
        if is_same { Ok(Known::Answer(answer(row)?)) } else { Ok(Known::Other) }
    });
    Ok(found.optional()?.unwrap_or(Known::New))
}

fn answer(row: &Row<'_>) -> rusqlite::Result<Result<Written, Error>> {
    if let Some(code) = row.get(2)? {
        return Ok(Err(Error::Refused(code)));
    }
    let rows = u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default();
    Ok(Ok(Written {
        reply: Reply { body: row.get(3)?, rows, version: row.get(5)?, ..Reply::default() },
        key: row.get(6)?,
        created: row.get(7)?,
        replayed: true,
    }))
}

/// Keeps what a call answered.
pub(super) fn remember(
    conn: &Connection,
    mutation: &Mutation,
    answer: Result<&Written, &str>,
) -> rusqlite::Result<()> {
    let Some(key) = &mutation.idempotency else { return Ok(()) };
    let nothing = Written::default();
    let (written, refusal) = match answer {
        Ok(written) => (written, None),
        Err(code) => (&nothing, Some(code)),
    };
    let mut statement = conn.prepare_cached(
        "INSERT OR REPLACE INTO _septet_idempotency \
         (scope, key, fingerprint, format, refusal, body, rows, version, row_key, created, expires) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, strftime('%Y-%m-%dT%H:%M:%f000Z', ?11, ?12))",
    )?;
    let rows = i64::try_from(written.reply.rows).unwrap_or(i64::MAX);
    statement.execute(rusqlite::params![
        key.scope,
        key.key,
        key.fingerprint.as_slice(),
        format_name(mutation.format),
        refusal,
        written.reply.body,
        rows,
        written.reply.version,
        written.key,
        written.created,
        mutation.now,
        format!("+{} seconds", key.keep_s),
    ])?;
    Ok(())
}

/// Removes some of the answers whose time is over.
pub(super) fn forget_expired(conn: &Connection, now: &str) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "DELETE FROM _septet_idempotency WHERE (scope, key) IN \
         (SELECT scope, key FROM _septet_idempotency WHERE expires <= ?1 LIMIT ?2)",
    )?;
    statement.execute((now, EXPIRED_REMOVED_MAX)).map(drop)
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Graphql => "graphql",
        Format::Protobuf => "protobuf",
        Format::Xml => "xml",
    }
}
