//! What makes a request's head acceptable, the answers to those that are not, and to those that ask for no
//! more.

use crate::host::{is_padded, names_a_host};
use crate::limits::Limits;
use crate::message::{Handler, Response};
use crate::reply::ResponseBody;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use quota::Exceeded;

/// What is said where there is no room for a reply.
const NO_ROOM: &str = "too much waits to be taken: take what was answered, and ask again\n";
/// What is said of a body that has a content coding.
const CODED_BODY: &str = "a body with a content coding is not read: send it as it is\n";

/// Why a request does not come to the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its head breaks a rule or a bound.
    Head(Breach),
    /// Its head is malformed as HTTP/2 has it: the stream is reset (RFC 9113 section 8.1.1).
    Malformed,
    /// The handler panicked.
    Panic,
    /// Its body has a content coding.
    CodedBody,
    /// It takes no reply that we could give, `identity` included.
    NoCoding,
    /// There is no room for the reply.
    NoRoom(Exceeded),
}

/// What a head breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    TargetBytes,
    Fields,
    Host,
    Tunnel,
    UnknownCoding,
    CodedTwice,
}

impl Breach {
    fn status(self) -> StatusCode {
        match self {
            Breach::TargetBytes => StatusCode::URI_TOO_LONG,
            Breach::Fields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Breach::Host | Breach::CodedTwice => StatusCode::BAD_REQUEST,
            Breach::Tunnel | Breach::UnknownCoding => StatusCode::NOT_IMPLEMENTED,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Breach::TargetBytes => "the target is too long\n",
            Breach::Fields => "there are too many header fields\n",
            Breach::Host => "one host is to be named, and it has to be one\n",
            Breach::Tunnel => "CONNECT is not served\n",
            Breach::UnknownCoding => "the one transfer coding that is read is chunked\n",
            Breach::CodedTwice => "the transfer coding chunked is to be applied once, and last\n",
        }
    }
}

/// What hyper leaves to us of what makes a request's head acceptable.
pub(crate) fn admissible<B: http_body::Body>(
    request: &http::Request<B>,
    limits: &Limits,
    handler: &impl Handler,
) -> Result<(), Refused> {
    let uri = request.uri();
    if uri.path_and_query().map_or(0, |target| target.as_str().len()) > limits.uri_bytes_max {
        return Err(Refused::Head(Breach::TargetBytes));
    }
    if request.headers().len() > limits.headers_max {
        return Err(Refused::Head(Breach::Fields));
    }
    if request.version() == Version::HTTP_2 && request.headers().values().any(is_padded) {
        return Err(Refused::Malformed);
    }
    if !names_a_host(request.version(), uri, request.headers()) {
        return Err(Refused::Head(Breach::Host));
    }
    check_transfer_codings(request.headers())?;
    // A tunnel is nothing this server gives (RFC 9110 section 9.3.6).
    if request.method() == Method::CONNECT {
        return Err(Refused::Head(Breach::Tunnel));
    }
    // A few bytes can stand for any number: bounds on bodies would mean nothing.
    let has_coded_body = !request.body().is_end_stream() && is_coded(request.headers());
    if has_coded_body && !handler.takes_coded(uri.path()) {
        return Err(Refused::CodedBody);
    }
    Ok(())
}

/// hyper takes every list of codings that ends with `chunked` for that one alone (RFC 9112 section 6.1: a coding that is
/// not known is a 501, section 7.1: chunks are not made of chunks).
fn check_transfer_codings(headers: &HeaderMap) -> Result<(), Refused> {
    let mut chunked = 0;
    for line in headers.get_all(header::TRANSFER_ENCODING) {
        let codings = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        for coding in codings.filter(|coding| !coding.is_empty()) {
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(Refused::Head(Breach::UnknownCoding));
            }
            chunked += 1;
        }
    }
    if chunked > 1 { Err(Refused::Head(Breach::CodedTwice)) } else { Ok(()) }
}

fn is_coded(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
    lines.any(|line| !line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// The answer to a request that does not come to the handler.
pub(crate) fn refusal(refused: Refused) -> Response {
    let mut response = Response::new(ResponseBody::empty());
    let (status, name, value) = match refused {
        // The connection is not trusted further.
        Refused::Head(breach) => (breach.status(), header::CONNECTION, "close"),
        Refused::Malformed => (StatusCode::BAD_REQUEST, header::CONNECTION, "close"),
        Refused::Panic => (StatusCode::INTERNAL_SERVER_ERROR, header::CONNECTION, "close"),
        // RFC 9110 section 12.5.3: the field tells it from a 415 for the media type.
        Refused::CodedBody => (StatusCode::UNSUPPORTED_MEDIA_TYPE, header::ACCEPT_ENCODING, "identity"),
        Refused::NoCoding => (StatusCode::NOT_ACCEPTABLE, header::VARY, "accept-encoding"),
        Refused::NoRoom(Exceeded::Share) => (StatusCode::TOO_MANY_REQUESTS, header::RETRY_AFTER, "1"),
        Refused::NoRoom(Exceeded::Pool) => (StatusCode::SERVICE_UNAVAILABLE, header::RETRY_AFTER, "1"),
    };
    let words = match refused {
        Refused::Head(breach) => Some(breach.words()),
        Refused::CodedBody => Some(CODED_BODY),
        Refused::NoRoom(_) => Some(NO_ROOM),
        Refused::Malformed | Refused::NoCoding | Refused::Panic => None,
    };
    *response.status_mut() = status;
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    if let Some(words) = words {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        *response.body_mut() = words.into();
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
