//! Responses: `data`, `errors` and `extensions` (GraphQL, section 7), their status and header fields.

use crate::digest::Digest;
use crate::error::Problem;
use crate::execute::Outcome;
use crate::media::Media;
use crate::request::TellCost;
use contract::{Cache, CacheScope};
use engine::{Budget, Kind};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_semantics::reply::{budget_headers, common_headers, respond, send, set};
use http_semantics::status::{Advice, advise, status};
use http_semantics::tags;
use wire::PathPart;
use wire::encode::json::string;

/// What of a request its response has to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub method: &'a Method,
    pub request_id: &'a str,
    pub media: Media,
    /// The lines of `If-None-Match`.
    pub known_tags: &'a [HeaderValue],
}

/// Why there is no `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It was no GraphQL request: the status says so in every media type.
    Request,
    /// It was one, and it cannot be run.
    Operation,
}

/// Writes what came of an operation.
pub(crate) fn outcome(outcome: Outcome, cost: TellCost, about: &About<'_>) -> Response<Vec<u8>> {
    let Some(data) = &outcome.data else {
        return refusal(Refused::Operation, &outcome.problems, about);
    };
    let mut body = Vec::with_capacity(data.len() + 256);
    let mut before = b'{';
    if !outcome.problems.is_empty() {
        body.push(before);
        errors(&mut body, &outcome.problems, about.request_id);
        before = b',';
    }
    body.push(before);
    body.extend_from_slice(b"\"data\":");
    body.extend_from_slice(data);
    if cost == TellCost::Yes {
        push_cost(&mut body, outcome.cost, outcome.budget);
    }
    body.push(b'}');
    let mut headers = head(about);
    budget_headers(&mut headers, outcome.budget);
    finish(headers, body, &outcome, about)
}

/// An answer that may be kept has a tag of its content; only reads by `GET` may.
fn finish(mut headers: HeaderMap, body: Vec<u8>, outcome: &Outcome, about: &About<'_>) -> Response<Vec<u8>> {
    let is_read = *about.method == Method::GET || *about.method == Method::HEAD;
    if !is_read || !outcome.problems.is_empty() {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return send(StatusCode::OK, headers, body, about.method);
    }
    headers.insert(CACHE_CONTROL, cache_control(outcome.cache));
    let tag = Digest::of(&body).tag();
    set(&mut headers, ETAG, &tag);
    if tags::is_known(about.known_tags, &tag) {
        headers.remove(CONTENT_TYPE);
        return respond(StatusCode::NOT_MODIFIED, headers, Vec::new());
    }
    send(StatusCode::OK, headers, body, about.method)
}

fn cache_control(cache: Option<Cache>) -> HeaderValue {
    let Some(Cache { max_age_s, scope }) = cache else {
        return HeaderValue::from_static("private, no-cache");
    };
    let scope = match scope {
        CacheScope::Public => "public",
        CacheScope::Private => "private",
    };
    let text = format!("{scope}, max-age={max_age_s}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// Writes that nothing was run. The first problem decides the status.
pub(crate) fn refusal(refused: Refused, problems: &[Problem], about: &About<'_>) -> Response<Vec<u8>> {
    let mut body = vec![b'{'];
    errors(&mut body, problems, about.request_id);
    body.push(b'}');
    let mut headers = head(about);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut status = StatusCode::INTERNAL_SERVER_ERROR;
    if let Some(first) = problems.first() {
        let Problem { kind, retry_after_s, budget, bad_token, ref message, .. } = *first;
        let bad_token = bad_token.then_some(message.as_str());
        budget_headers(&mut headers, budget);
        advise(&mut headers, Advice { kind, retry_after_s, budget, bad_token });
        status = refusal_status(refused, first, about.media);
    }
    send(status, headers, body, about.method)
}

/// Clients that know `application/json` alone take any other status than 200 for a failure of the network, unless it
/// is one that they have to act upon.
fn refusal_status(refused: Refused, first: &Problem, media: Media) -> StatusCode {
    let is_to_act_upon = matches!(first.kind, Kind::Unauthenticated | Kind::Throttled | Kind::Unavailable);
    match (refused, media) {
        (Refused::Operation, Media::Json) if !is_to_act_upon => StatusCode::OK,
        (Refused::Operation | Refused::Request, Media::Json | Media::Graphql) => {
            status(first.kind, &first.code)
        }
    }
}

fn head(about: &About<'_>) -> HeaderMap {
    let mut headers = common_headers(about.request_id);
    headers.insert(CONTENT_TYPE, about.media.content_type());
    headers.insert(VARY, HeaderValue::from_static("Authorization, Accept"));
    headers
}

fn push_cost(body: &mut Vec<u8>, requested: u32, budget: Option<Budget>) {
    body.extend_from_slice(format!(",\"extensions\":{{\"cost\":{{\"requested\":{requested}").as_bytes());
    if let Some(Budget { limit, remaining, reset_s }) = budget {
        let state = format!(",\"limit\":{limit},\"remaining\":{remaining},\"resetS\":{reset_s}");
        body.extend_from_slice(state.as_bytes());
    }
    body.extend_from_slice(b"}}");
}

fn errors(body: &mut Vec<u8>, problems: &[Problem], request_id: &str) {
    body.extend_from_slice(b"\"errors\":");
    list(body, problems, |body, problem| error(body, problem, request_id));
}

fn error(body: &mut Vec<u8>, problem: &Problem, request_id: &str) {
    member(body, "{\"message\":", &problem.message);
    if !problem.locations.is_empty() {
        body.extend_from_slice(b",\"locations\":");
        list(body, &problem.locations, |body, at| {
            body.extend_from_slice(format!("{{\"line\":{},\"column\":{}}}", at.line, at.column).as_bytes());
        });
    }
    if !problem.path.is_empty() {
        body.extend_from_slice(b",\"path\":");
        list(body, &problem.path, |body, part| match part {
            PathPart::Field(name) => string(body, name),
            PathPart::Item(at) => body.extend_from_slice(at.to_string().as_bytes()),
        });
    }
    member(body, ",\"extensions\":{\"code\":", &problem.code);
    member(body, ",\"kind\":", &format!("{:?}", problem.kind));
    if !problem.fields.is_empty() {
        body.extend_from_slice(b",\"fields\":");
        list(body, &problem.fields, |body, field| {
            member(body, "{\"field\":", &field.field);
            member(body, ",\"code\":", field.code);
            member(body, ",\"message\":", &field.message);
            body.push(b'}');
        });
    }
    member(body, ",\"requestId\":", request_id);
    body.extend_from_slice(b"}}");
}

fn list<T>(body: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    body.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        write(body, item);
    }
    body.push(b']');
}

fn member(body: &mut Vec<u8>, before: &str, text: &str) {
    body.extend_from_slice(before.as_bytes());
    string(body, text);
}

#[cfg(test)]
mod tests;
