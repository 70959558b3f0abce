//! SQLite functions for what its own SQL cannot say, or says differently from the other databases.
//!
//! All of them are pure functions of their arguments, and all but [`CURSOR`] give NULL for NULL. Those whose work grows faster than their
//! texts count it ([`work`]).

mod arithmetic;
mod cursor;
mod json;
mod json_part;
mod merge_patch;
mod regex;
pub(crate) mod search;
mod sum;
mod text;
mod work;

pub use regex::is_regex;
pub(crate) use work::{unwatch, watch};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// Over rows: number [, least, greatest].
pub(crate) const SUM: &str = "septet_sum";
/// Over rows: number, digits after its point.
pub(crate) const AVERAGE: &str = "septet_average";
/// `text`, pattern: SQL LIKE, case sensitive.
pub(crate) const LIKE: &str = "septet_like";
/// `text`, pattern: SQL LIKE, ignoring case.
pub(crate) const LIKE_IGNORING_CASE: &str = "septet_ilike";
/// `text`, prefix.
pub(crate) const STARTS_WITH: &str = "septet_starts_with";
/// `text`, suffix.
pub(crate) const ENDS_WITH: &str = "septet_ends_with";
/// `text`: its characters; `blob`: its bytes.
pub(crate) const SIZE: &str = "septet_size";
/// `text`, regular expression.
pub(crate) const MATCHES: &str = "septet_matches";
/// `text`, regular expression, ignoring case.
pub(crate) const MATCHES_IGNORING_CASE: &str = "septet_imatches";
/// `json`, `json`: PostgreSQL's `@>`.
pub(crate) const JSON_CONTAINS: &str = "septet_json_contains";
/// `json`, `json`: PostgreSQL's `<@`.
pub(crate) const JSON_CONTAINED_IN: &str = "septet_json_contained_in";
/// `json`, `json`: PostgreSQL's `&&` of lists.
pub(crate) const JSON_OVERLAPS: &str = "septet_json_overlaps";
/// `json`, step …: PostgreSQL's `->`.
pub(crate) const JSON_PART: &str = "septet_json_part";
/// `json`, step …: PostgreSQL's `->>`.
pub(crate) const JSON_PART_TEXT: &str = "septet_json_part_text";
/// `json`, patch, what has to be there afterwards: RFC 7396.
pub(crate) const MERGE_PATCH: &str = "septet_merge_patch";
/// `text`, query as for `to_tsquery`.
pub(crate) const SEARCH_QUERY: &str = "septet_search_query";
/// `text`, query as for `plainto_tsquery`.
pub(crate) const SEARCH_PLAIN: &str = "septet_search_plain";
/// `text`, query as for `phraseto_tsquery`.
pub(crate) const SEARCH_PHRASE: &str = "septet_search_phrase";
/// `text`, query as for `websearch_to_tsquery`.
pub(crate) const SEARCH_WEB: &str = "septet_search_web";
/// Checked `+`.
pub(crate) const ADD: &str = "septet_add";
/// Checked `-`.
pub(crate) const SUBTRACT: &str = "septet_subtract";
/// Checked `*`.
pub(crate) const MULTIPLY: &str = "septet_multiply";
/// Checked `/`.
pub(crate) const DIVIDE: &str = "septet_divide";
/// Checked `%`.
pub(crate) const REMAINDER: &str = "septet_remainder";

/// Values …: [`crate::cursor`].
pub(crate) const CURSOR: &str = "septet_cursor";

/// Begins the message of an error that is the request's own fault, so that it can be told from a defect.
pub(crate) const BAD_VALUE: &str = "septet: bad value: ";

/// Registers all functions on a connection, reading or writing.
pub(crate) fn register(conn: &Connection) -> rusqlite::Result<()> {
    sum::register(conn)?;
    text::register(conn)?;
    regex::register(conn)?;
    json::register(conn)?;
    json_part::register(conn)?;
    merge_patch::register(conn)?;
    search::register(conn)?;
    cursor::register(conn)?;
    arithmetic::register(conn)
}

/// Registers one function.
fn pure<T: rusqlite::functions::SqlFnOutput>(
    conn: &Connection,
    name: &str,
    arguments: i32,
    function: impl Fn(&Context<'_>) -> rusqlite::Result<T> + Send + 'static,
) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function(name, arguments, flags, function)
}

/// An argument that is a text; anything else is nothing.
fn text<'a>(context: &'a Context<'_>, at: usize) -> Option<&'a str> {
    match context.get_raw(at) {
        ValueRef::Text(text) => std::str::from_utf8(text).ok(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

/// An error that the caller is told about.
fn bad_value(what: &str) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(format!("{BAD_VALUE}{what}").into())
}
