//! Faults become problems: `application/problem+json` (RFC 9457).

use crate::Rest;
use crate::reply::{About, common_headers};
use crate::route::Allow;
use engine::{Fault, FieldFault, Kind};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_semantics::codes::{METHOD_NOT_ALLOWED, NOT_FOUND, UNSUPPORTED_MEDIA_TYPE};
use http_semantics::reply::{budget_headers, send, set};
use http_semantics::status::{self, Advice, status};
use wire::encode::json::string;

impl Rest {
    /// Writes a fault. Its private detail stays here.
    pub fn fault(&self, fault: &Fault, about: &About<'_>) -> Response<Vec<u8>> {
        let status = status(fault.kind, &fault.code);
        let mut headers = common_headers(about);
        budget_headers(&mut headers, fault.budget);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        kind_headers(&mut headers, fault);
        send(status, headers, body(fault, status, about), about.method)
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
    let Fault { kind, retry_after_s, budget, bad_token, ref message, .. } = *fault;
    let bad_token = bad_token.then_some(message.as_str());
    status::advise(headers, Advice { kind, retry_after_s, budget, bad_token });
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
    out.push(b'}');
    for_postgrest(&mut out, fault);
    out.push(b'}');
    out
}

/// The members that clients of PostgREST read.
fn for_postgrest(out: &mut Vec<u8>, fault: &Fault) {
    member(out, ",\"code\":", &fault.code);
    member(out, ",\"message\":", &fault.message);
    let details: Vec<String> =
        fault.fields.iter().map(|field| format!("`{}` {}", field.field, field.message)).collect();
    match details.is_empty() {
        true => out.extend_from_slice(b",\"details\":null"),
        false => member(out, ",\"details\":", &details.join("; ")),
    }
    out.extend_from_slice(b",\"hint\":null");
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
