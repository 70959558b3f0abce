//! SQLite functions for what its own SQL cannot say, or says differently from the other databases.
//!
//! All of them are pure functions of their arguments, and all but [`CURSOR`] and [`LIST_HAS`] give NULL for NULL. All whose work
//! grows with what they are given count it ([`work`]), those of SQLite's own among them that a statement could be held up by
//! ([`builtin`]).

mod arithmetic;
mod builtin;
mod cursor;
mod held;
mod json;
mod json_order;
mod json_part;
mod list;
mod merge_patch;
mod own_sql;
mod regex;
pub(crate) mod search;
mod stored;
mod sum;
mod text;
mod work;

pub(crate) use own_sql::{OwnSql, check_own_sql};
pub use regex::{REGEXES_BYTES_MAX, regex_bytes};
pub(crate) use work::{spend, unwatch, watch};

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
/// `json`: bytes that are equal for values that mean the same, in the order of PostgreSQL's jsonb.
pub(crate) const JSON_ORDER: &str = "septet_json_order";
/// `list`, value [, how its items are kept: the digits after the point of a decimal, or `duration`]: whether it is an item.
/// Not null where only the value is.
pub(crate) const LIST_HAS: &str = "septet_list_has";
/// Integer, least, greatest: the integer, or NULL where it is not within these.
pub(crate) const WITHIN: &str = "septet_within";
/// `text`, form: the text, or NULL where it is not of the form.
pub(crate) const TEXT_OF: &str = "septet_text_of";
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

/// Begins the message of an error about the value of a column; `table.column: ` and what is wrong follow.
pub(crate) const BAD_COLUMN: &str = "septet: bad column: ";

/// Registers all functions on a connection, reading or writing.
pub(crate) fn register(conn: &Connection) -> rusqlite::Result<()> {
    sum::register(conn)?;
    text::register(conn)?;
    regex::register(conn)?;
    json::register(conn)?;
    json_part::register(conn)?;
    json_order::register(conn)?;
    list::register(conn)?;
    held::register(conn)?;
    merge_patch::register(conn)?;
    search::register(conn)?;
    cursor::register(conn)?;
    stored::register(conn)?;
    arithmetic::register(conn)?;
    builtin::register(conn)
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

/// Bytes of a text that are taken in for one unit of work: that it is UTF-8 is checked many at a time.
const BYTES_PER_UNIT: usize = 8;

/// An argument that is a text; anything else is nothing. That it is looked at is counted here, so that no function that
/// takes a text can forget it; what a function does with it beyond one quick look it counts itself.
fn text<'a>(context: &'a Context<'_>, at: usize) -> rusqlite::Result<Option<&'a str>> {
    match context.get_raw(at) {
        ValueRef::Text(text) => {
            spend(text.len() / BYTES_PER_UNIT)?;
            Ok(std::str::from_utf8(text).ok())
        }
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Ok(None),
    }
}

/// Two arguments that are texts.
fn texts<'a>(context: &'a Context<'_>) -> rusqlite::Result<Option<(&'a str, &'a str)>> {
    Ok(text(context, 0)?.zip(text(context, 1)?))
}

/// An error that the caller is told about.
fn bad_value(what: &str) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(format!("{BAD_VALUE}{what}").into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use work::counted;

    /// Functions of SQLite's own whose work is bounded whatever they are given, or is linear in what they are given and
    /// make: a value is bounded, and the clock is looked at between steps.
    const LINEAR: &str = "!= % & * + - / < << <= <> = == > >= >> | || ~ -> ->> abs acos acosh asin asinh atan atan2 atanh \
        avg bm25 ceil ceiling changes char coalesce concat concat_ws cos cosh count cume_dist current_date current_time \
        current_timestamp date datetime degrees dense_rank exp first_value floor format fts3_tokenizer fts5 \
        fts5_get_locale fts5_insttoken fts5_locale fts5_source_id glob group_concat hex highlight if ifnull iif instr \
        json json_array json_array_insert json_array_length json_error_position json_extract json_group_array \
        json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace json_set \
        json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array jsonb_group_object \
        jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set julianday lag last_insert_rowid \
        last_value lead length like likelihood likely ln load_extension log log10 log2 lower ltrim match matchinfo max \
        median min mod nth_value ntile nullif octet_length offsets optimize percent_rank percentile percentile_cont \
        percentile_disc pi pow power printf quote radians random randomblob rank regexp replace round row_number rtreecheck \
        rtreedepth rtreenode rtrim sign sin sinh snippet soundex sqlite_compileoption_get sqlite_compileoption_used \
        sqlite_log sqlite_offset sqlite_source_id sqlite_version sqrt strftime string_agg subtype substr substring sum tan \
        tanh time timediff total total_changes trim trunc typeof unhex unicode unistr unistr_quote unixepoch unlikely \
        upper zeroblob";

    /// Ours that take numbers.
    const OF_NUMBERS: [&str; 10] =
        [SUM, AVERAGE, WITHIN, ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, "decimal_text", "duration_text"];

    /// Ours that a contract's own SQL names.
    const OF_AUTHORS: [&str; 3] = ["decimal", "duration", "timestamp"];

    /// SQLite's that are ours.
    const OVERRIDDEN: [&str; 7] = ["instr", "replace", "like", "glob", "trim", "ltrim", "rtrim"];

    fn connection() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        crate::sqlite::open::configure(&conn).unwrap();
        conn
    }

    /// Every function that a statement can name is one whose work is known to be bounded, or counts it. A new one, of ours
    /// or of a new version of SQLite, fails here until it is looked at.
    #[test]
    fn no_function_works_uncounted() {
        let conn = connection();
        let mut names =
            conn.prepare("SELECT DISTINCT name, narg, builtin FROM pragma_function_list").unwrap();
        let functions = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let linear: Vec<&str> = LINEAR.split_whitespace().collect();
        for function in functions {
            let (name, arguments, is_builtin): (String, i32, bool) = function.unwrap();
            let is_ours =
                name.starts_with("septet_") || OVERRIDDEN.contains(&&*name) || OF_AUTHORS.contains(&&*name);
            if is_builtin || !is_ours || OF_NUMBERS.contains(&&*name) {
                assert!(linear.contains(&&*name) || OF_NUMBERS.contains(&&*name), "{name} is not looked at");
                continue;
            }
            let count = usize::try_from(arguments).unwrap_or(3);
            assert!(
                units(&conn, &name, count, 1 << 18) >= (1 << 18) / BYTES_PER_UNIT,
                "{name} does not count its work"
            );
        }
    }

    /// What a function counts when its argument is a text, or JSON, of so many bytes.
    fn units(conn: &Connection, name: &str, arguments: usize, bytes: usize) -> usize {
        let json = format!("[{}0]", "0,".repeat(bytes / 2));
        let others = ["0", "1", "2"].map(|other| format!("'{other}'"));
        let list = std::iter::once("?1".to_owned()).chain(others).take(arguments).collect::<Vec<_>>();
        // SQLite gives the pattern of LIKE first.
        let list = match name {
            "like" | "glob" => list.iter().rev().cloned().collect::<Vec<_>>()[..arguments].join(", "),
            _ => list.join(", "),
        };
        let sql = if name == "like" && arguments == 3 {
            "SELECT like('%x', ?1, '!')".to_owned()
        } else {
            format!("SELECT {name}({list})")
        };
        counted(|| {
            let _ = conn.query_row(&sql, [&json], |row| row.get::<_, rusqlite::types::Value>(0));
        })
    }

    /// What takes longer than its text is long counts that: each step into JSON, each pattern, each word of a query.
    #[test]
    fn what_takes_longer_counts_more() {
        let conn = connection();
        let json = format!("[[[[{}0]]]]", "0,".repeat(50_000));
        let text = "a ".repeat(50_000);
        let units = |sql: &str, value: &str| {
            counted(|| drop(conn.query_row(sql, [value], |row| row.get::<_, rusqlite::types::Value>(0))))
        };
        let path = |steps: &str| units(&format!("SELECT {JSON_PART}(?1{steps})"), &json);
        assert!(path(", 0, 0, 0, 0") > path(", 0") + 3 * json.len());
        let like = |pattern: &str| units(&format!("SELECT {LIKE}(?1, '{pattern}')"), &text);
        assert!(like("%a a a a a a x%") > 3 * like("%x%"));
        let search = |query: &str| units(&format!("SELECT {SEARCH_QUERY}(?1, '{query}')"), &text);
        assert!(search("a <-> a <-> a <-> b") > search("b"));
        assert!(units(&format!("SELECT {MATCHES}(?1, 'b')"), &text) > 10 * text.len());
    }
}
