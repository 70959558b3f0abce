//! Faults become problems: `application/problem+json` (RFC 9457).

use crate::Rest;
use crate::fault::{
    BODY_TOO_SLOW, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, NOT_FOUND, QUERY_TOO_LONG, UNSUPPORTED_MEDIA_TYPE,
};
use crate::reply::{About, budget_headers, common_headers, send, set};
use crate::route::Allow;
use engine::{Fault, FieldFault, Kind};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use wire::encode::json::string;

/// Seconds to wait when nothing better is known.
const RETRY_AFTER_S: u32 = 1;

impl Rest {
    /// Writes a fault. Its private detail stays here.
    pub fn fault(&self, fault: &Fault, about: &About<'_>) -> Response<Vec<u8>> {
        let status = status(fault);
        let mut headers = common_headers(about);
        budget_headers(&mut headers, fault.budget);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        kind_headers(&mut headers, fault);
        send(status, headers, body(fault, status, about), about)
    }

    /// Writes that nothing is at a path.
    pub fn not_found(&self, about: &About<'_>) -> Response<Vec<u8>> {
        self.fault(&Fault::new(Kind::NotFound, NOT_FOUND, "nothing is at this path"), about)
    }

    /// Writes that a path has other methods.
    pub fn method_not_allowed(&self, allow: Allow, about: &About<'_>) -> Response<Vec<u8>> {
        let message = format!("the path has only {allow}");
        let mut response = self.fault(&Fault::new(Kind::Unsupported, METHOD_NOT_ALLOWED, message), about);
        set(response.headers_mut(), ALLOW, &allow.to_string());
        response
    }
}

/// The status of a fault.
///
/// A passed deadline is 504 rather than 503, so that 503 always means that nothing was begun.
fn status(fault: &Fault) -> StatusCode {
    match fault.kind {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        Kind::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooLarge if fault.code == QUERY_TOO_LONG => StatusCode::URI_TOO_LONG,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Kind::Timeout if fault.code == BODY_TOO_SLOW => StatusCode::REQUEST_TIMEOUT,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        // Nobody is there to see it; 499 is what access logs know it by.
        Kind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Kind::Unsupported => unsupported(&fault.code),
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn unsupported(code: &str) -> StatusCode {
    match code {
        UNSUPPORTED_MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        NOT_ACCEPTABLE => StatusCode::NOT_ACCEPTABLE,
        METHOD_NOT_ALLOWED => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::NOT_IMPLEMENTED,
    }
}

/// A short name of the kind, the same for all its occurrences.
fn title(fault: &Fault, status: StatusCode) -> &'static str {
    match fault.kind {
        Kind::Unauthenticated => "authentication required",
        Kind::Denied => "not allowed",
        Kind::Invalid => "invalid input",
        Kind::NotFound => "not found",
        Kind::Conflict => "conflict",
        Kind::Precondition => "precondition failed",
        Kind::Mismatch => "idempotency key used with another input",
        Kind::TooLarge => "too large",
        Kind::Throttled => "too many requests",
        Kind::Timeout => "deadline passed",
        Kind::Cancelled => "cancelled by the caller",
        Kind::Unsupported => status.canonical_reason().unwrap_or("not supported"),
        Kind::Unavailable => "unavailable for now",
        Kind::Internal => "internal error",
    }
}

/// Headers that tell a caller what to do about a fault.
fn kind_headers(headers: &mut HeaderMap, fault: &Fault) {
    let asked = match fault.kind {
        Kind::Throttled | Kind::Unavailable => {
            fault.retry_after_s.or(fault.budget.map(|b| b.reset_s)).or(Some(RETRY_AFTER_S))
        }
        Kind::Unauthenticated
        | Kind::Denied
        | Kind::Invalid
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Precondition
        | Kind::Mismatch
        | Kind::TooLarge
        | Kind::Timeout
        | Kind::Cancelled
        | Kind::Unsupported
        | Kind::Internal => fault.retry_after_s,
    };
    if let Some(seconds) = asked {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if fault.kind == Kind::Unauthenticated {
        let challenge = if fault.bad_token { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if fault.code == UNSUPPORTED_MEDIA_TYPE {
        let patch = "application/merge-patch+json, application/json";
        headers.insert(HeaderName::from_static("accept-patch"), HeaderValue::from_static(patch));
        let post = HeaderValue::from_static("application/json");
        headers.insert(HeaderName::from_static("accept-post"), post);
    }
}

fn body(fault: &Fault, status: StatusCode, about: &About<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    member(&mut out, "{\"type\":", &format!("urn:septet:error:{}", fault.code));
    member(&mut out, ",\"title\":", title(fault, status));
    out.extend_from_slice(format!(",\"status\":{}", status.as_u16()).as_bytes());
    member(&mut out, ",\"detail\":", &fault.message);
    member(&mut out, ",\"instance\":", about.path);
    member(&mut out, ",\"requestId\":", about.request_id);
    member(&mut out, ",\"error\":{\"code\":", &fault.code);
    member(&mut out, ",\"message\":", &fault.message);
    if !fault.fields.is_empty() {
        fields(&mut out, &fault.fields);
    }
    out.extend_from_slice(b"}}");
    out
}

fn fields(out: &mut Vec<u8>, fields: &[FieldFault]) {
    let mut before = ",\"fields\":[{\"field\":";
    for field in fields {
        member(out, before, &field.field);
        member(out, ",\"code\":", field.code);
        member(out, ",\"message\":", &field.message);
        before = "},{\"field\":";
    }
    out.extend_from_slice(b"}]");
}

fn member(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    string(out, text);
}
