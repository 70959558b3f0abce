//! Statuses of faults, and the header fields that tell a caller what to do about them.

use crate::codes::{
    BODY_TOO_SLOW, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, QUERY_TOO_LONG, UNSUPPORTED_MEDIA_TYPE,
};
use engine::{Budget, Kind};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Seconds to wait when nothing better is known.
const RETRY_AFTER_S: u32 = 1;

/// The status of a fault with this kind and code.
///
/// A passed deadline is 504 rather than 503, so that 503 always means that nothing was begun.
pub fn status(kind: Kind, code: &str) -> StatusCode {
    match kind {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        Kind::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooLarge if code == QUERY_TOO_LONG => StatusCode::URI_TOO_LONG,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Kind::Timeout if code == BODY_TOO_SLOW => StatusCode::REQUEST_TIMEOUT,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        // Nobody is there to see it; 499 is what access logs know it by.
        Kind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Kind::Unsupported => unsupported(code),
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

/// Of a fault, what its header fields say.
#[derive(Debug, Clone, Copy)]
pub struct Advice<'a> {
    /// Its kind.
    pub kind: Kind,
    /// When trying again makes sense, in seconds.
    pub retry_after_s: Option<u32>,
    /// What is left of the caller's budget.
    pub budget: Option<Budget>,
    /// Why the token that was given is not valid.
    pub bad_token: Option<&'a str>,
}

/// Sets `Retry-After` (RFC 9110, section 10.2.3) and `WWW-Authenticate` (RFC 6750, section 3) where a fault asks for
/// them.
pub fn advise(headers: &mut HeaderMap, advice: Advice<'_>) {
    let known = advice.retry_after_s;
    let seconds = match advice.kind {
        Kind::Throttled | Kind::Unavailable => {
            known.or(advice.budget.map(|b| b.reset_s)).or(Some(RETRY_AFTER_S))
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
        | Kind::Internal => known,
    };
    if let Some(seconds) = seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if advice.kind == Kind::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, challenge(advice.bad_token));
    }
}

/// `Bearer error="invalid_token", error_description="the token has expired"` (RFC 6750, section 3).
fn challenge(bad_token: Option<&str>) -> HeaderValue {
    const INVALID: &str = "Bearer error=\"invalid_token\"";
    let Some(why) = bad_token else { return HeaderValue::from_static("Bearer") };
    // Quotes and backslashes cannot stand in a description, and none of ours has one.
    let is_plain = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    let described = why.chars().all(is_plain).then(|| format!("{INVALID}, error_description=\"{why}\""));
    described
        .and_then(|challenge| HeaderValue::try_from(challenge).ok())
        .unwrap_or_else(|| HeaderValue::from_static(INVALID))
}
