//! What makes a request's head acceptable, the answers to those that are not, and to those that ask for no
//! more.

use crate::limits::Limits;
use crate::message::{Handler, Response};
use crate::reply::ResponseBody;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

/// What is said of a body that has a content coding.
const CODED_BODY: &str = "a body with a content coding is not read: send it as it is\n";

/// Why a request does not come to the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its head breaks a rule or a bound.
    Head(StatusCode),
    /// Its body has a content coding.
    CodedBody,
    /// It takes no reply that we could give, `identity` included.
    NoCoding,
}

/// What hyper leaves to us of what makes a request's head acceptable.
pub(crate) fn admissible<B: http_body::Body>(
    request: &http::Request<B>,
    limits: &Limits,
    handler: &impl Handler,
) -> Result<(), Refused> {
    let uri = request.uri();
    if uri.path_and_query().map_or(0, |target| target.as_str().len()) > limits.uri_bytes_max {
        return Err(Refused::Head(StatusCode::URI_TOO_LONG));
    }
    if request.headers().len() > limits.headers_max {
        return Err(Refused::Head(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    // RFC 9112 section 3.2: exactly one, and a peer that sends two is up to something.
    if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
        return Err(Refused::Head(StatusCode::BAD_REQUEST));
    }
    // A tunnel is nothing this server gives (RFC 9110 section 9.3.6).
    if request.method() == Method::CONNECT {
        return Err(Refused::Head(StatusCode::NOT_IMPLEMENTED));
    }
    // A few bytes can stand for any number: bounds on bodies would mean nothing.
    let has_coded_body = !request.body().is_end_stream() && is_coded(request.headers());
    if has_coded_body && !handler.takes_coded(uri.path()) {
        return Err(Refused::CodedBody);
    }
    Ok(())
}

fn is_coded(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
    lines.any(|line| !line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// The answer to a request that does not come to the handler.
pub(crate) fn refusal(refused: Refused) -> Response {
    let mut response = Response::new(ResponseBody::empty());
    let (status, name, value) = match refused {
        // Without a word; the connection is not trusted further.
        Refused::Head(status) => (status, header::CONNECTION, "close"),
        // RFC 9110 section 12.5.3: the field tells it from a 415 for the media type.
        Refused::CodedBody => (StatusCode::UNSUPPORTED_MEDIA_TYPE, header::ACCEPT_ENCODING, "identity"),
        Refused::NoCoding => (StatusCode::NOT_ACCEPTABLE, header::VARY, "accept-encoding"),
    };
    *response.status_mut() = status;
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    if refused == Refused::CodedBody {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        *response.body_mut() = CODED_BODY.into();
    }
    response
}

/// Answers to HEAD have no body (RFC 9110 section 9.3.2), which hyper sees to for HTTP/1 alone. The length of
/// one that was there is still said.
pub(crate) fn leave_out_body(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(bytes) = body.as_full().filter(|bytes| !bytes.is_empty()) {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(bytes.len().into());
    }
}
