//! Responses: what stands in all of them, and how they are put together.

use engine::Budget;
use http::header::{CONTENT_LENGTH, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

/// Headers of a response at the most, so that the map is made once.
const HEADERS_MAX: usize = 16;

/// Headers that every response has.
pub fn common_headers(request_id: &str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS_MAX);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(&mut headers, HeaderName::from_static("x-request-id"), request_id);
    headers
}

/// Sets a header; a text that cannot stand in one (only a request id could be such) is left out.
pub fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// draft-ietf-httpapi-ratelimit-headers-10. The policy has no `w`: the bucket refills all the time and has no
/// window.
pub fn budget_headers(headers: &mut HeaderMap, budget: Option<Budget>) {
    if let Some(Budget { limit, remaining, reset_s }) = budget {
        let state = format!("\"caller\";r={remaining};t={reset_s}");
        set(headers, HeaderName::from_static("ratelimit"), &state);
        set(headers, HeaderName::from_static("ratelimit-policy"), &format!("\"caller\";q={limit}"));
    }
}

/// Sends a body, or for `HEAD` its length alone.
pub fn send(status: StatusCode, mut headers: HeaderMap, body: Vec<u8>, method: &Method) -> Response<Vec<u8>> {
    if method != Method::HEAD {
        return respond(status, headers, body);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    respond(status, headers, Vec::new())
}

/// A response of these parts.
pub fn respond<B>(status: StatusCode, headers: HeaderMap, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
