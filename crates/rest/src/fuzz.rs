//! Bodies for fuzzing: nothing that a peer sends may panic, hang, or grow without bound.

use crate::headers::{condition, content, link, range};
use crate::query::{self, Scope};
use crate::route::{Params, Place, Route, Routes};
use contract::{Method, OperationId};
use engine::{ListArgs, PageEdges};
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::sync::OnceLock;

/// Reads a query string in every scope. What is read is not larger than the text it was read from allows.
pub fn fuzz_query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for scope in [Scope::Rows, Scope::Count, Scope::Record, Scope::Arguments] {
        if let Err(fault) = query::read(&text, scope, &[]) {
            assert_eq!(fault.code, "INVALID_INPUT");
            assert_eq!(fault.fields.len(), 1);
            assert!(fault.message.len() < 2048, "messages quote little of what came");
        }
    }
}

/// Reads a query string as that of a page between cursors, and follows its links: they ask for the same by other
/// cursors.
pub fn fuzz_links(data: &[u8]) {
    let target = format!("/api/users?{}", String::from_utf8_lossy(data));
    let Ok(uri) = Uri::try_from(target) else { return };
    let text = uri.query().unwrap_or_default();
    let Ok(query) = query::read(text, Scope::Rows, &[]) else { return };
    let Some(page) = link::Page::of(&query, text) else { return };
    let edges =
        PageEdges { has_more: true, first: Some("A&b=%".to_owned()), last: Some("\r\n>é".to_owned()) };
    let links = page.links(uri.path(), &edges).expect("more rows are on one side at the least");
    HeaderValue::from_str(&links).expect("links can stand in a header");
    for link in links.split(", <") {
        let (target, _) = link.trim_start_matches('<').split_once('>').expect("a link has a target");
        let uri = Uri::try_from(target).expect("a link's target is a target");
        let text = uri.query().expect("it has a cursor");
        let mut beside = query::read(text, Scope::Rows, &[]).expect("what could be read can be read again");
        let cursor = beside.list.after.take().or(beside.list.before.take());
        assert!(cursor == edges.first || cursor == edges.last);
        let before = query.list.clone();
        beside.list.end = before.end;
        (beside.list.after, beside.list.before) = (before.after, before.before);
        assert_eq!(beside, query);
    }
}

/// Finds a path; the first byte chooses the method.
pub fn fuzz_route(data: &[u8]) {
    static ROUTES: OnceLock<Routes> = OnceLock::new();
    let routes = ROUTES.get_or_init(|| Routes::new("/api", places()).expect("the table is sound"));
    let Some((first, path)) = data.split_first() else { return };
    let methods = [http::Method::GET, http::Method::POST, http::Method::OPTIONS, http::Method::TRACE];
    let path = String::from_utf8_lossy(path);
    if let Route::Operation(matched) = routes.find(&methods[usize::from(first % 4)], &path) {
        assert!(matched.key.is_none_or(|key| key.len() <= path.len()));
    }
}

fn places() -> impl Iterator<Item = Place<'static>> {
    const PLACES: &[(Method, &str, Params)] = &[
        (Method::Get, "/users", Params::Key),
        (Method::Post, "/users", Params::Key),
        (Method::Get, "/users/{id}", Params::Key),
        (Method::Get, "/users/count", Params::Key),
        (Method::Get, "/users/{id}/posts", Params::Key),
        (Method::Post, "/rooms/{room}/members/{member}", Params::Arguments),
    ];
    let numbered = PLACES.iter().zip(0..);
    numbered.map(|((method, path, params), id)| Place {
        id: OperationId(id),
        method: *method,
        path,
        params: *params,
    })
}

/// Reads every header that REST alone looks at; lines of the data are their values in turn.
pub fn fuzz_headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for (at, line) in data.split(|b| *b == b'\n').take(64).enumerate() {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name(at), value);
        }
    }
    let _ = content::change(&headers, Method::Patch, b"{}");
    let _ = condition::if_match(&headers, Method::Put);
    let mut list = ListArgs::default();
    let _ = range::apply(&headers, &mut list);
}

fn name(at: usize) -> HeaderName {
    const KNOWN: [HeaderName; 4] = [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RANGE];
    if at.is_multiple_of(5) { HeaderName::from_static("range-unit") } else { KNOWN[at % 4].clone() }
}
