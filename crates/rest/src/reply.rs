//! Answers become HTTP responses.

use crate::Rest;
use crate::decode::Manner;
use crate::headers::accept::{Accepted, OBJECT};
use crate::headers::condition;
use crate::headers::range::Asked;
use crate::operation::{Answers, Tag};
use crate::route::Allow;
use contract::{Binding, Cache, CacheScope, Operation, Root};
use engine::{Answer, Fault, Kind};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, LINK, LOCATION, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_semantics::codes::NOT_ACCEPTABLE;
use http_semantics::prefer::{Count, Return};
use http_semantics::reply::{self, budget_headers, respond, send, set};
use http_semantics::tags;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What of a request its response has to know.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, as it came.
    pub path: &'a str,
    /// The request's id.
    pub request_id: &'a str,
}

/// The only record of a list.
fn only(mut body: Vec<u8>, rows: u64) -> Result<Vec<u8>, Fault> {
    if rows != 1 || body.first() != Some(&b'[') || body.last() != Some(&b']') {
        let found = if rows == 0 { "none was found" } else { "there are more" };
        let message = format!("one record was asked for, and {found}");
        return Err(Fault::new(Kind::Unsupported, NOT_ACCEPTABLE, message));
    }
    body.pop();
    body.remove(0);
    Ok(body)
}

/// Everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Rest {
    /// Writes an answer.
    pub fn reply(&self, mut answer: Answer, manner: &Manner, about: &About<'_>) -> Response<Vec<u8>> {
        let is_list = self.facts(manner.operation).answers == Answers::List;
        if manner.accepted == Accepted::Object && is_list && !answer.body.is_empty() {
            match only(std::mem::take(&mut answer.body), answer.rows) {
                Ok(body) => answer.body = body,
                Err(fault) => return self.fault(&fault, about),
            }
        }
        let operation = self.contract.operation(manner.operation);
        let mut headers = common_headers(about);
        budget_headers(&mut headers, answer.budget);
        headers.insert(CACHE_CONTROL, cache_control(operation, answer.cache));
        applied_preferences(&mut headers, manner);
        if answer.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        let tag = self.tag(&answer, manner, about);
        if let Some(tag) = &tag {
            set(&mut headers, ETAG, tag);
        }
        if tag.is_some_and(|tag| tags::is_known(&manner.known_tags, &tag)) {
            return respond(StatusCode::NOT_MODIFIED, headers, Vec::new());
        }
        self.location(&mut headers, &answer, manner);
        let status = self.status(&answer, manner);
        if self.facts(manner.operation).answers == Answers::List && operation.root == Root::Query {
            list_headers(&mut headers, &answer, manner, about);
        }
        let body = if manner.returns == Some(Return::Minimal) { Vec::new() } else { answer.body };
        if !body.is_empty() {
            let media = match manner.accepted {
                Accepted::Json => "application/json",
                Accepted::Object => OBJECT,
            };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        send(status, headers, body, about.method)
    }

    /// Answers `OPTIONS`.
    pub fn options(&self, allow: Allow, about: &About<'_>) -> Response<Vec<u8>> {
        let mut headers = common_headers(about);
        set(&mut headers, ALLOW, &allow.to_string());
        respond(StatusCode::NO_CONTENT, headers, Vec::new())
    }

    fn status(&self, answer: &Answer, manner: &Manner) -> StatusCode {
        let whole = answer.total == Some(answer.rows);
        if answer.created && self.facts(manner.operation).answers == Answers::One {
            StatusCode::CREATED
        } else if answer.body.is_empty() || manner.returns == Some(Return::Minimal) {
            StatusCode::NO_CONTENT
        } else if manner.asked == Asked::Range && answer.rows > 0 && !whole {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        }
    }

    /// The tag of one record. After a write it is the version alone: what was answered need not be what is
    /// read. What was deleted has none.
    fn tag(&self, answer: &Answer, manner: &Manner, about: &About<'_>) -> Option<String> {
        let is_deleted = matches!(self.contract.operation(manner.operation).binding, Binding::Delete(_));
        if is_deleted || self.facts(manner.operation).answers == Answers::List {
            return None;
        }
        let reads = about.method == Method::GET || about.method == Method::HEAD;
        let content = (reads && manner.tag == Tag::Content).then_some(&answer.body[..]);
        answer.version.map(|version| condition::tag(version, content))
    }

    /// Where a new row can be read.
    fn location(&self, headers: &mut HeaderMap, answer: &Answer, manner: &Manner) {
        let place = &self.facts(manner.operation).location;
        if let (true, Some((before, after)), Some(key)) = (answer.created, place, &answer.key) {
            set(headers, LOCATION, &format!("{before}{}{after}", utf8_percent_encode(key, SEGMENT)));
        }
    }
}

/// Headers that every response has.
pub(crate) fn common_headers(about: &About<'_>) -> HeaderMap {
    let mut headers = reply::common_headers(about.request_id);
    headers.insert(VARY, HeaderValue::from_static("Authorization, Accept, Prefer, Range"));
    headers
}

fn cache_control(operation: &Operation, cache: Option<Cache>) -> HeaderValue {
    let (scope, max_age_s) = match (operation.root, cache) {
        (Root::Query, None) => return HeaderValue::from_static("private, no-cache"),
        (Root::Mutation | Root::Subscription, _) => return HeaderValue::from_static("no-store"),
        (Root::Query, Some(Cache { max_age_s, scope: CacheScope::Public })) => ("public", max_age_s),
        (Root::Query, Some(Cache { max_age_s, scope: CacheScope::Private })) => ("private", max_age_s),
    };
    let text = format!("{scope}, max-age={max_age_s}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// RFC 7240, section 3. All counts are exact, and say so.
fn applied_preferences(headers: &mut HeaderMap, manner: &Manner) {
    let returns = manner.returns.map(|returns| match returns {
        Return::Minimal => "return=minimal",
        Return::Representation => "return=representation",
    });
    let count = manner.preferences.count.map(|count| match count {
        Count::Exact | Count::Planned | Count::Estimated => "count=exact",
    });
    let applied: Vec<&str> = returns.into_iter().chain(count).collect();
    if !applied.is_empty() {
        set(headers, HeaderName::from_static("preference-applied"), &applied.join(", "));
    }
}

/// Which rows of a list came, and where more are.
fn list_headers(headers: &mut HeaderMap, answer: &Answer, manner: &Manner, about: &About<'_>) {
    let range = match (&manner.page, answer.total) {
        (None, _) => Some(content_range(answer)),
        // How many rows stand before a cursor is not known.
        (Some(_), total) => total.map(|total| format!("*/{total}")),
    };
    if let Some(range) = range {
        set(headers, CONTENT_RANGE, &range);
        headers.insert("range-unit", HeaderValue::from_static("items"));
    }
    let links = manner.page.as_ref().zip(answer.edges.as_ref());
    if let Some(links) = links.and_then(|(page, edges)| page.links(about.path, edges)) {
        set(headers, LINK, &links);
    }
}

/// `0-19/1000`, `0-19/*` when the rows were not counted, `*/0` when there are none.
fn content_range(answer: &Answer) -> String {
    let rows = match answer.rows.checked_sub(1) {
        Some(more) => format!("{}-{}", answer.offset, answer.offset.saturating_add(more)),
        None => "*".to_owned(),
    };
    match answer.total {
        Some(total) => format!("{rows}/{total}"),
        None => format!("{rows}/*"),
    }
}
