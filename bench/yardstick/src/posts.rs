//! Posts.

use crate::json;
use rusqlite::{Connection, Result};
use serde::Deserialize;

/// Bytes that a post's JSON seldom exceeds.
const POST_BYTES: usize = 640;
const NAMES: [&str; 5] = ["{\"id\":", ",\"title\":", ",\"content\":", ",\"author\":", ",\"createdAt\":"];
/// Characters of a title and of a content at the most.
const TITLE_MAX: usize = 200;
const CONTENT_MAX: usize = 20_000;

/// A new post's fields that its author gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    title: String,
    content: String,
}

/// A new post.
#[derive(Debug)]
pub struct Post {
    /// A UUID of version 7.
    pub id: String,
    draft: Draft,
    author: String,
    /// RFC 3339 in UTC with microseconds.
    created_at: String,
}

impl Draft {
    /// Reads and checks a body.
    pub fn read(body: &[u8]) -> Option<Self> {
        let draft: Self = serde_json::from_slice(body).ok()?;
        let title = draft.title.chars().count();
        let fits = (1..=TITLE_MAX).contains(&title) && draft.content.chars().count() <= CONTENT_MAX;
        fits.then_some(draft)
    }

    /// A post of this author, made now.
    pub fn by(self, author: &str) -> Post {
        let now = jiff::Timestamp::now();
        Post {
            id: uuid::Uuid::now_v7().to_string(),
            draft: self,
            author: author.to_owned(),
            created_at: format!("{now:.6}"),
        }
    }
}

impl Post {
    /// Inserts it; the table's trigger writes its event.
    pub fn insert(&self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT INTO post (id, title, content, author, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let Draft { title, content } = &self.draft;
        statement.execute((&self.id, title, content, &self.author, &self.created_at)).map(drop)
    }

    /// It as JSON.
    pub fn json(&self) -> Vec<u8> {
        let Draft { title, content } = &self.draft;
        let cells = [&self.id, title, content, &self.author, &self.created_at];
        let mut out = Vec::with_capacity(POST_BYTES);
        json::object(&mut out, NAMES.into_iter().zip(cells.into_iter().map(|text| text.as_bytes())));
        out
    }
}

/// The first posts in the order of their ids, as a JSON array.
pub fn first(conn: &Connection, limit: u32) -> Result<Vec<u8>> {
    let sql = "SELECT id, title, content, author, created_at FROM post ORDER BY id LIMIT ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([limit])?;
    let mut out = Vec::with_capacity(POST_BYTES * usize::try_from(limit).unwrap_or_default());
    out.push(b'[');
    while let Some(row) = rows.next()? {
        if out.len() > 1 {
            out.push(b',');
        }
        let mut cells = [&b""[..]; NAMES.len()];
        for (at, cell) in cells.iter_mut().enumerate() {
            *cell = row.get_ref(at)?.as_bytes()?;
        }
        json::object(&mut out, NAMES.into_iter().zip(cells));
    }
    out.push(b']');
    Ok(out)
}
