//! GraphQL, of which it knows two documents by their text. Each list is a prepared statement that is run again
//! for every parent, inside the parent's own cursor; a record that there is one of at the most is joined.

use crate::json;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Result, Row};
use serde::Deserialize;
use std::borrow::Cow;

const DASHBOARD: &str = "query($id: ID!) { user(id: $id) { name email \
    posts(limit: 5) { title createdAt comments(limit: 3) { text author { name } } } \
    followers(limit: 10) { name } } }";
/// The other document is these two with a number between them.
const LIST: [&str; 2] = ["{ users(limit: ", ") { name posts(limit: 5) { title } } }"];

/// Users of a list at the most.
const USERS_MAX: u32 = 1000;
/// Bytes that an answer seldom exceeds: of the dashboard, and of each user of a list.
const DASHBOARD_BYTES: usize = 3072;
const USER_BYTES: usize = 320;

const USER: &str = "SELECT name, email FROM user WHERE id = ?1";
const USERS: &str = "SELECT id, name FROM user ORDER BY id LIMIT ?1";
const POSTS: &str = "SELECT id, title, created_at FROM post WHERE author = ?1 ORDER BY id LIMIT 5";
const TITLES: &str = "SELECT title FROM post WHERE author = ?1 ORDER BY id LIMIT 5";
const COMMENTS: &str = "SELECT c.text, u.name FROM comment c JOIN user u ON u.id = c.author
    WHERE c.post = ?1 ORDER BY c.id LIMIT 3";
/// Only those that are shown are joined.
const FOLLOWERS: &str = "SELECT u.name
    FROM (SELECT follower FROM follow WHERE followee = ?1 ORDER BY follower LIMIT 10) f
    CROSS JOIN user u ON u.id = f.follower ORDER BY f.follower";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked<'b> {
    /// A user with posts, comments and followers.
    Dashboard(Cow<'b, str>),
    /// The first so many users with their posts.
    List(u32),
}

/// A request's body.
#[derive(Deserialize)]
struct Request<'b> {
    #[serde(borrow)]
    query: Cow<'b, str>,
    #[serde(borrow, default)]
    variables: Option<Variables<'b>>,
}

#[derive(Deserialize)]
struct Variables<'b> {
    #[serde(borrow)]
    id: Option<Cow<'b, str>>,
}

impl<'b> Asked<'b> {
    /// Reads a body; `None` of any other document.
    pub fn read(body: &'b [u8]) -> Option<Self> {
        let Request { query, variables } = serde_json::from_slice(body).ok()?;
        if query == DASHBOARD {
            return Some(Self::Dashboard(variables?.id?));
        }
        let [before, after] = LIST;
        let limit = query.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
        (limit <= USERS_MAX).then_some(Self::List(limit))
    }

    /// The answer's body.
    pub fn answer(&self, conn: &Connection) -> Result<Vec<u8>> {
        match self {
            Self::Dashboard(id) => dashboard(conn, id),
            Self::List(limit) => list(conn, *limit),
        }
    }
}

fn dashboard(conn: &Connection, id: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(DASHBOARD_BYTES);
    out.extend_from_slice(b"{\"data\":{\"user\":");
    let mut user = conn.prepare_cached(USER)?;
    let mut user = user.query([id])?;
    match user.next()? {
        None => out.extend_from_slice(b"null"),
        Some(user) => {
            members(&mut out, user, [("{\"name\":", 0), (",\"email\":", 1)])?;
            out.extend_from_slice(b",\"posts\":");
            posts(conn, &mut out, id)?;
            out.extend_from_slice(b",\"followers\":");
            let mut followers = conn.prepare_cached(FOLLOWERS)?;
            array(&mut out, &mut followers, [id], |out, row| {
                members(out, row, [("{\"name\":", 0)])?;
                out.push(b'}');
                Ok(())
            })?;
            out.push(b'}');
        }
    }
    out.extend_from_slice(b"}}");
    Ok(out)
}

fn posts(conn: &Connection, out: &mut Vec<u8>, author: &str) -> Result<()> {
    let (mut posts, mut comments) = (conn.prepare_cached(POSTS)?, conn.prepare_cached(COMMENTS)?);
    array(out, &mut posts, [author], |out, post| {
        members(out, post, [("{\"title\":", 1), (",\"createdAt\":", 2)])?;
        out.extend_from_slice(b",\"comments\":");
        array(out, &mut comments, [key(post)?], |out, comment| {
            members(out, comment, [("{\"text\":", 0), (",\"author\":{\"name\":", 1)])?;
            out.extend_from_slice(b"}}");
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    })
}

fn list(conn: &Connection, limit: u32) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(USER_BYTES * usize::try_from(limit).unwrap_or_default());
    out.extend_from_slice(b"{\"data\":{\"users\":");
    let (mut users, mut titles) = (conn.prepare_cached(USERS)?, conn.prepare_cached(TITLES)?);
    array(&mut out, &mut users, [limit], |out, user| {
        members(out, user, [("{\"name\":", 1)])?;
        out.extend_from_slice(b",\"posts\":");
        array(out, &mut titles, [key(user)?], |out, post| {
            members(out, post, [("{\"title\":", 0)])?;
            out.push(b'}');
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    })?;
    out.extend_from_slice(b"}}");
    Ok(out)
}

/// Appends an array of all rows, each as `write` appends it.
fn array(
    out: &mut Vec<u8>,
    statement: &mut rusqlite::Statement<'_>,
    params: impl Params,
    mut write: impl FnMut(&mut Vec<u8>, &Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut rows = statement.query(params)?;
    let mut before = b'[';
    while let Some(row) = rows.next()? {
        out.push(before);
        before = b',';
        write(out, row)?;
    }
    if before == b'[' {
        out.push(b'[');
    }
    out.push(b']');
    Ok(())
}

/// Appends texts of a row, each after what stands before it.
fn members<const N: usize>(out: &mut Vec<u8>, row: &Row<'_>, cells: [(&str, usize); N]) -> Result<()> {
    for (before, at) in cells {
        out.extend_from_slice(before.as_bytes());
        json::string(out, row.get_ref(at)?.as_bytes()?);
    }
    Ok(())
}

/// The row's first cell as a parameter.
fn key<'r>(row: &'r Row<'_>) -> Result<ToSqlOutput<'r>> {
    row.get_ref(0).map(|value: ValueRef<'_>| ToSqlOutput::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, variables: serde_json::Value) -> Option<String> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        Asked::read(body.as_bytes()).map(|asked| format!("{asked:?}"))
    }

    #[test]
    fn two_documents_are_known() {
        let list = |users: &str| LIST.join(users);
        let cases = [
            (DASHBOARD, serde_json::json!({ "id": "\"é" }), Some(r#"Dashboard("\"é")"#)),
            (DASHBOARD, serde_json::json!(null), None),
            (DASHBOARD, serde_json::json!({ "id": 1 }), None),
            (&list("1000"), serde_json::json!(null), Some("List(1000)")),
            (&list("1001"), serde_json::json!(null), None),
            (&list("-1"), serde_json::json!(null), None),
            ("{ users { name } }", serde_json::json!(null), None),
        ];
        for (query, variables, expected) in cases {
            assert_eq!(read(query, variables).as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn lists_may_be_empty() {
        let conn = Connection::open_in_memory().expect("memory is there");
        let mut out = Vec::new();
        for (sql, expected) in [("SELECT 1 WHERE 0", "[]"), ("SELECT 1 UNION SELECT 2", "[.,.]")] {
            let mut statement = conn.prepare(sql).expect("the statement is right");
            out.clear();
            let written = array(&mut out, &mut statement, [], |out, _| {
                out.push(b'.');
                Ok(())
            });
            assert_eq!((written, String::from_utf8_lossy(&out).as_ref()), (Ok(()), expected));
        }
    }
}
