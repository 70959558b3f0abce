//! The store's own tables.

/// The version of these tables; a database with a greater one was made by a newer server.
pub(super) const LAYOUT: i64 = 1;

/// What `_septet_meta` calls the contract that the database belongs to.
pub(crate) const CONTRACT: &str = "contract";

/// `_septet_outbox` keeps every event in the order of the commits: `type` is `User.created`, `User.updated`,
/// `User.deleted` or the name of an operation's event; `before` and `after` are JSON objects of the row's fields
/// without secrets, for an operation's event `after` is `{"arguments": …, "error": code or null}`.
/// `_septet_idempotency` keeps what calls with an idempotency key answered.
/// `_septet_meta` keeps what the tables themselves do not show: the version of this layout, the form of columns,
/// and the name of the contract.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS _septet_meta (
  name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _septet_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, type TEXT NOT NULL,
  resource TEXT, key TEXT, before TEXT, after TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS _septet_idempotency (
  scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, format TEXT NOT NULL,
  refusal TEXT, body BLOB, rows INTEGER NOT NULL, version INTEGER, row_key TEXT, created INTEGER NOT NULL,
  expires TEXT NOT NULL, PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _septet_idempotency_expires ON _septet_idempotency (expires);
";

/// The time of an event: now, RFC 3339 in UTC. SQLite's clock has milliseconds; zeros fill up the stored form.
pub(super) const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%f000Z','now')";
