//! `Link` (RFC 8288) from a page between cursors to the pages beside it.

use crate::query::Query;
use engine::{End, PageEdges};
use http_semantics::form;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What cannot stand in a link's target as it is; what is encoded already stays so.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What cannot stand in a parameter's value as it is.
const VALUE: &AsciiSet = &TARGET.add(b'#').add(b'%').add(b'&').add(b'+').add(b'=');

/// A page that was asked for by cursor, as its links need it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    bound: Bound,
    /// The query string without its cursor, as it came.
    query: String,
}

/// Where the page begins or ends.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// It begins with the first row.
    First,
    /// It begins behind a cursor.
    After,
    /// It ends before a cursor.
    Before,
    /// It ends with the last row.
    Last,
}

impl Page {
    /// The page that a query string asks for, if by cursor.
    pub(crate) fn of(query: &Query, text: &str) -> Option<Self> {
        let bound = match (query.list.end?, &query.list.after, &query.list.before) {
            (End::First, None, _) => Bound::First,
            (End::First, Some(_), _) => Bound::After,
            (End::Last, _, Some(_)) => Bound::Before,
            (End::Last, _, None) => Bound::Last,
        };
        let is_cursor = |part: &str| {
            let name = part.split('=').next().unwrap_or_default();
            form::decode(name).is_ok_and(|name| name == "after" || name == "before")
        };
        let others: Vec<&str> = text.split('&').filter(|part| !part.is_empty() && !is_cursor(part)).collect();
        Some(Self { bound, query: others.join("&") })
    }

    /// The header's value; none when no page is beside this one.
    pub(crate) fn links(&self, path: &str, edges: &PageEdges) -> Option<String> {
        let next = self.next(edges).map(|cursor| self.link(path, "after", cursor, "next"));
        let prev = self.prev(edges).map(|cursor| self.link(path, "before", cursor, "prev"));
        let links: Vec<String> = next.into_iter().chain(prev).collect();
        (!links.is_empty()).then(|| links.join(", "))
    }

    /// The cursor that the next page begins behind. What lies before a cursor is followed by its row; where that is
    /// all there is, the next page is the first.
    fn next<'e>(&self, edges: &'e PageEdges) -> Option<&'e str> {
        match self.bound {
            Bound::First | Bound::After => edges.last.as_deref().filter(|_| edges.has_more),
            Bound::Before => Some(edges.last.as_deref().unwrap_or_default()),
            Bound::Last => None,
        }
    }

    /// The cursor that the page before ends at, the other way round.
    fn prev<'e>(&self, edges: &'e PageEdges) -> Option<&'e str> {
        match self.bound {
            Bound::Last | Bound::Before => edges.first.as_deref().filter(|_| edges.has_more),
            Bound::After => Some(edges.first.as_deref().unwrap_or_default()),
            Bound::First => None,
        }
    }

    fn link(&self, path: &str, name: &str, cursor: &str, relation: &str) -> String {
        let (path, query) = (utf8_percent_encode(path, TARGET), utf8_percent_encode(&self.query, TARGET));
        let and = if self.query.is_empty() { "" } else { "&" };
        let cursor = utf8_percent_encode(cursor, VALUE);
        format!("<{path}?{query}{and}{name}={cursor}>; rel=\"{relation}\"")
    }
}
