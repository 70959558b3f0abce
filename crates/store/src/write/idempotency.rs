//! What calls with an idempotency key answered, kept for a while.

use crate::face::{Idempotency, Mutation, Reply, Written};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use wire::{Format, NullAt, PathPart, Wrapped};

/// Expired answers removed at once at the most, so that cleaning up never holds up a group.
const EXPIRED_REMOVED_MAX: u32 = 100;

/// Bytes of an answer that is kept at the most. Of a longer one only the key is: it is not done again, and says so.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Keys that are kept of one caller and operation at the most, and bytes of their answers: above it the oldest of these
/// are forgotten.
const SCOPE_KEYS_MAX: i64 = 10_000;
const SCOPE_BYTES_MAX: i64 = 8 << 20;
/// Answers that are kept between two looks at how many their scope has.
const LOOK_EACH: u32 = 64;
/// The part of a scope's keys that is forgotten at once.
const FORGOTTEN_PART: i64 = 4;

/// What is known of a key.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing, or nothing any more.
    New,
    /// It came with another input, or for another format, in which the answer is not known.
    Other,
    /// What it answered.
    Answer(Written),
    /// It was done, and what it answered was too large to be kept.
    NotKept,
}

/// Looks a key up.
pub(super) fn recall(conn: &Connection, mutation: &Mutation, key: &Idempotency) -> rusqlite::Result<Known> {
    let mut statement = conn.prepare_cached(
        "SELECT fingerprint, format, body, rows, version, row_key, created \
         FROM _septet_idempotency WHERE scope = ?1 AND key = ?2 AND expires > ?3 AND refusal IS NULL",
    )?;
    let found = statement.query_row((&key.scope, &key.key, &mutation.now), |row| {
        let is_same = row.get_ref(0)?.as_blob()? == key.fingerprint.as_slice()
            && row.get_ref(1)?.as_str()? == format_name(mutation.format);
        if is_same { answer(row, mutation.format) } else { Ok(Known::Other) }
    });
    Ok(found.optional()?.unwrap_or(Known::New))
}

fn answer(row: &Row<'_>, format: Format) -> rusqlite::Result<Known> {
    let rows = u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
    let Some(kept) = row.get(2)? else { return Ok(Known::NotKept) };
    let unread = || rusqlite::Error::InvalidColumnType(2, "body".to_owned(), Type::Blob);
    let (body, nulls) = unpacked(format, kept).ok_or_else(unread)?;
    Ok(Known::Answer(Written {
        reply: Reply { body, nulls, rows, version: row.get(4)?, ..Reply::default() },
        key: row.get(5)?,
        created: row.get(6)?,
        replayed: true,
        items: None,
    }))
}

/// Keeps what a call answered.
pub(super) fn remember(conn: &Connection, mutation: &Mutation, written: &Written) -> rusqlite::Result<()> {
    let Some(key) = &mutation.idempotency else { return Ok(()) };
    let mut statement = conn.prepare_cached(
        "INSERT OR REPLACE INTO _septet_idempotency \
         (scope, key, fingerprint, format, body, rows, version, row_key, created, expires) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, strftime('%Y-%m-%dT%H:%M:%f000Z', ?10, ?11))",
    )?;
    let rows = i64::try_from(written.reply.rows).unwrap_or(i64::MAX);
    let body = packed(mutation.format, &written.reply);
    let body = (body.len() <= ANSWER_BYTES_MAX).then_some(body);
    statement.execute(rusqlite::params![
        key.scope,
        key.key,
        key.fingerprint.as_slice(),
        format_name(mutation.format),
        body,
        rows,
        written.reply.version,
        written.key,
        written.created,
        mutation.now,
        format!("+{} seconds", key.keep_s),
    ])?;
    bound(conn, &key.scope)
}

/// Looks now and then how much one caller has kept of one operation, and forgets the oldest of it when it is too much.
fn bound(conn: &Connection, scope: &str) -> rusqlite::Result<()> {
    static KEPT: AtomicU32 = AtomicU32::new(0);
    if !KEPT.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EACH) {
        return Ok(());
    }
    let (keys, bytes): (i64, i64) = conn
        .prepare_cached(
            "SELECT COUNT(*), IFNULL(SUM(IFNULL(octet_length(body), 0)), 0) FROM _septet_idempotency WHERE scope = ?1",
        )?
        .query_row([scope], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if keys <= SCOPE_KEYS_MAX && bytes <= SCOPE_BYTES_MAX {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "DELETE FROM _septet_idempotency WHERE scope = ?1 AND key IN \
         (SELECT key FROM _septet_idempotency WHERE scope = ?1 ORDER BY expires LIMIT ?2)",
    )?;
    statement.execute((scope, keys / FORGOTTEN_PART + 1)).map(drop)
}

/// Removes some of the answers whose time is over.
pub(super) fn forget_expired(conn: &Connection, now: &str) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "DELETE FROM _septet_idempotency WHERE (scope, key) IN \
         (SELECT scope, key FROM _septet_idempotency WHERE expires <= ?1 LIMIT ?2)",
    )?;
    statement.execute((now, EXPIRED_REMOVED_MAX)).map(drop)
}

/// A reply's body as it is kept: GraphQL's with its nulls before it, as paths in JSON on a line of their own
/// (`[["posts",0,"title"]]`).
fn packed(format: Format, reply: &Reply) -> Cow<'_, [u8]> {
    match format {
        Format::Json
        | Format::Protobuf
        | Format::ProtobufItems(_)
        | Format::ProtoJson
        | Format::ProtoJsonItems(_)
        | Format::Xml => Cow::Borrowed(&reply.body),
        Format::Graphql => {
            let paths: Vec<Json> =
                reply.nulls.iter().map(|null| null.path.iter().map(part).collect()).collect();
            let mut kept = Json::from(paths).to_string().into_bytes();
            kept.push(b'\n');
            kept.extend_from_slice(&reply.body);
            Cow::Owned(kept)
        }
    }
}

fn part(part: &PathPart) -> Json {
    match part {
        PathPart::Field(name) => Json::from(&**name),
        PathPart::Item(item) => Json::from(*item),
    }
}

/// What was packed; `None` when it is not such.
fn unpacked(format: Format, mut kept: Vec<u8>) -> Option<(Vec<u8>, Vec<NullAt>)> {
    match format {
        Format::Json
        | Format::Protobuf
        | Format::ProtobufItems(_)
        | Format::ProtoJson
        | Format::ProtoJsonItems(_)
        | Format::Xml => Some((kept, Vec::new())),
        Format::Graphql => {
            let body = kept.split_off(kept.iter().position(|byte| *byte == b'\n')? + 1);
            let paths: Vec<Vec<Json>> = serde_json::from_slice(&kept).ok()?;
            let null =
                |path: Vec<Json>| Some(NullAt { path: path.iter().map(read_part).collect::<Option<_>>()? });
            Some((body, paths.into_iter().map(null).collect::<Option<_>>()?))
        }
    }
}

fn read_part(part: &Json) -> Option<PathPart> {
    let item = || part.as_u64().and_then(|item| usize::try_from(item).ok()).map(PathPart::Item);
    part.as_str().map(|name| PathPart::Field(name.into())).or_else(item)
}

fn format_name(format: Format) -> Cow<'static, str> {
    let wrapped = |name: &'static str, wrapped| match wrapped {
        Wrapped::Bare => name.into(),
        Wrapped::Field(field) => format!("{name} {field}").into(),
    };
    match format {
        Format::Json => "json".into(),
        Format::Graphql => "graphql".into(),
        Format::Protobuf => "protobuf".into(),
        Format::ProtobufItems(items) => wrapped("protobuf-items", items),
        Format::ProtoJson => "protojson".into(),
        Format::ProtoJsonItems(items) => wrapped("protojson-items", items),
        Format::Xml => "xml".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let null = |path: &[PathPart]| NullAt { path: path.to_vec() };
        let nulls = [
            vec![],
            vec![null(&[])],
            vec![
                null(&[PathPart::Item(0), PathPart::Field("a\n\"é".into())]),
                null(&[PathPart::Item(usize::MAX), PathPart::Field("0".into()), PathPart::Field("".into())]),
            ],
        ];
        for nulls in nulls {
            for body in [&b""[..], b"\n", b"[1]\n[\n"] {
                let reply = Reply { body: body.to_vec(), nulls: nulls.clone(), ..Reply::default() };
                let kept = packed(Format::Graphql, &reply).into_owned();
                assert_eq!(unpacked(Format::Graphql, kept), Some((reply.body, reply.nulls)));
            }
        }
        for unread in ["", "[]", "{}\n", "[[null]]\n", "[[1.5]]\n", "[\n"] {
            assert_eq!(unpacked(Format::Graphql, unread.into()), None, "{unread}");
            assert_eq!(unpacked(Format::Json, unread.into()), Some((unread.into(), vec![])));
        }
    }
}
