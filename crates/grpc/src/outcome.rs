//! Messages and ends of calls as each protocol writes them.

use crate::code::Code;
use crate::coding::Coding;
use crate::frame::{self, COMPRESSED, END_STREAM, TRAILERS};
use crate::protocol::{Codec, Protocol, Terms, Text};
use crate::status::Status;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::{Bytes, BytesMut};
use edge::{Piece, Response, ResponseBody, Source};
use engine::Budget;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_semantics::reply::{budget_headers, respond, set};
use http_semantics::status::advise;
use std::fmt::Write as _;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of a status' message that are sent: a header field has its bounds.
const MESSAGE_BYTES_MAX: usize = 1024;
/// Bytes of details that are sent as a header field; longer ones are left out, as the code and the message say it too.
const DETAILS_BYTES_MAX: usize = 6 * 1024;

/// How the messages and the end of one call are written.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub protocol: Protocol,
    pub codec: Codec,
    coding: Option<Coding>,
    request_id: RequestId,
}

/// The id of a request. A success is told it only where the peer gave it: it costs as many bytes as a short answer.
#[derive(Debug, Clone)]
pub(crate) struct RequestId {
    pub id: String,
    pub is_given: bool,
}

impl Writer {
    pub fn new(terms: &Terms, request_id: RequestId) -> Self {
        Self { protocol: terms.protocol, codec: terms.codec, coding: terms.takes, request_id }
    }

    /// A writer for a request whose terms make no sense.
    pub fn plain(protocol: Protocol, codec: Codec, request_id: RequestId) -> Self {
        Self { protocol, codec, coding: None, request_id }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(12);
        let content_type = self.protocol.content_type(self.codec);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        match self.protocol {
            Protocol::Grpc => {}
            // What browsers read, and what caches between could keep.
            Protocol::GrpcWeb(_) | Protocol::ConnectUnary | Protocol::ConnectStream => {
                headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(VARY, HeaderValue::from_static("Authorization"));
            }
        }
        if self.request_id.is_given {
            set(&mut headers, REQUEST_ID, &self.request_id.id);
        }
        headers
    }

    fn failed_headers(&self) -> HeaderMap {
        let mut headers = self.headers();
        set(&mut headers, REQUEST_ID, &self.request_id.id);
        headers
    }

    fn stream_headers(&self) -> HeaderMap {
        let mut headers = self.headers();
        let (coding, accepted) = self.protocol.coding_fields();
        if let Some(used) = self.coding {
            headers.insert(coding, HeaderValue::from_static(used.name()));
            headers.insert(accepted, HeaderValue::from_static(Coding::ACCEPTED));
        }
        headers
    }

    /// The one message of a call that was done.
    pub fn message(&self, message: &[u8], budget: Option<Budget>) -> Response {
        match self.protocol {
            Protocol::Grpc => {
                let mut headers = self.stream_headers();
                budget_headers(&mut headers, budget);
                let mut trailers = HeaderMap::with_capacity(1);
                trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
                let body = ResponseBody::with_trailers(self.envelope(message), trailers);
                respond(StatusCode::OK, headers, body)
            }
            Protocol::GrpcWeb(_) | Protocol::ConnectStream => {
                let mut headers = self.stream_headers();
                budget_headers(&mut headers, budget);
                let mut body = BytesMut::from(&self.data(self.envelope(message))[..]);
                if let Some(end) = self.end_data(Ok(())) {
                    body.extend_from_slice(&end);
                }
                respond(StatusCode::OK, headers, body.freeze().into())
            }
            Protocol::ConnectUnary => {
                let mut headers = self.headers();
                budget_headers(&mut headers, budget);
                respond(StatusCode::OK, headers, Bytes::copy_from_slice(message).into())
            }
        }
    }

    /// A call that failed before anything was sent of its answer.
    pub fn failure(&self, status: &Status) -> Response {
        match self.protocol {
            // `Trailers-Only`.
            Protocol::Grpc => {
                let mut headers = self.failed_headers();
                budget_headers(&mut headers, budget(status));
                status_fields(&mut headers, status);
                if status.code == Code::Unimplemented {
                    let accepted = HeaderValue::from_static(Coding::ACCEPTED);
                    headers.insert("grpc-accept-encoding", accepted);
                }
                respond(StatusCode::OK, headers, ResponseBody::empty())
            }
            Protocol::GrpcWeb(_) | Protocol::ConnectStream => {
                let mut headers = self.failed_headers();
                budget_headers(&mut headers, budget(status));
                let end = self.end_data(Err(status)).unwrap_or_default();
                respond(StatusCode::OK, headers, end.into())
            }
            Protocol::ConnectUnary => {
                let mut headers = self.failed_headers();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                budget_headers(&mut headers, budget(status));
                if let Some(advice) = status.advice() {
                    advise(&mut headers, advice);
                }
                if status.code == Code::Unimplemented {
                    let accepted = HeaderValue::from_static(Coding::ACCEPTED);
                    headers.insert("accept-encoding", accepted);
                }
                respond(status.code.connect_status(), headers, error_json(status).to_string().into())
            }
        }
    }

    /// An answer of many messages.
    pub fn stream(&self, source: impl Source) -> Response {
        respond(StatusCode::OK, self.stream_headers(), ResponseBody::stream(source))
    }

    /// A message in its envelope, compressed where that is wanted and worth it.
    pub fn envelope(&self, message: &[u8]) -> Bytes {
        match self.coding.and_then(|coding| coding.compressed(message)) {
            Some(coded) => frame::envelope(COMPRESSED, &coded),
            None => frame::envelope(0, message),
        }
    }

    /// Envelopes that were written uncompressed, as they are to be sent.
    pub fn envelopes(&self, written: Bytes) -> Bytes {
        let Some(_) = self.coding else { return self.data(written) };
        let Ok(each) = frame::envelopes(written.clone(), usize::MAX) else { return self.data(written) };
        let mut out = BytesMut::with_capacity(written.len());
        each.iter().for_each(|envelope| out.extend_from_slice(&self.envelope(&envelope.message)));
        self.data(out.freeze())
    }

    /// Bytes as they stand in a body.
    pub fn data(&self, bytes: Bytes) -> Bytes {
        match self.protocol {
            Protocol::GrpcWeb(Text::Base64) => STANDARD.encode(&bytes).into(),
            Protocol::Grpc
            | Protocol::GrpcWeb(Text::Binary)
            | Protocol::ConnectUnary
            | Protocol::ConnectStream => bytes,
        }
    }

    /// The end of a stream.
    pub fn end(&self, result: Result<(), &Status>) -> Piece {
        match self.end_data(result) {
            Some(data) => Piece::Data(data),
            None => {
                let mut trailers = HeaderMap::with_capacity(3);
                match result {
                    Ok(()) => drop(trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"))),
                    Err(status) => status_fields(&mut trailers, status),
                }
                Piece::Trailers(trailers)
            }
        }
    }

    /// The end of a stream, where it is part of the body.
    fn end_data(&self, result: Result<(), &Status>) -> Option<Bytes> {
        match self.protocol {
            Protocol::Grpc => None,
            Protocol::GrpcWeb(_) => {
                Some(self.data(frame::envelope(TRAILERS, trailers_text(result).as_bytes())))
            }
            Protocol::ConnectUnary | Protocol::ConnectStream => {
                let end = match result {
                    Ok(()) => "{}".to_owned(),
                    Err(status) => serde_json::json!({ "error": error_json(status) }).to_string(),
                };
                Some(frame::envelope(END_STREAM, end.as_bytes()))
            }
        }
    }
}

fn budget(status: &Status) -> Option<Budget> {
    status.advice.as_ref().and_then(|fault| fault.budget)
}

fn status_fields(headers: &mut HeaderMap, status: &Status) {
    headers.insert(GRPC_STATUS, HeaderValue::from(status.code.number()));
    set(headers, GRPC_MESSAGE, &percent_encoded(&status.message));
    if let Some(details) = details(status) {
        set(headers, GRPC_DETAILS, &details);
    }
}

fn details(status: &Status) -> Option<String> {
    let encoded = status.encoded().filter(|encoded| encoded.len() <= DETAILS_BYTES_MAX)?;
    Some(STANDARD_NO_PAD.encode(encoded))
}

/// The trailers of gRPC-Web: lines as HTTP/1.1 has them, with names in lower case.
fn trailers_text(result: Result<(), &Status>) -> String {
    let Err(status) = result else { return "grpc-status:0\r\n".to_owned() };
    let mut text = format!("{GRPC_STATUS}:{}\r\n", status.code.number());
    let _ = write!(text, "{GRPC_MESSAGE}:{}\r\n", percent_encoded(&status.message));
    if let Some(details) = details(status) {
        let _ = write!(text, "{GRPC_DETAILS}:{details}\r\n");
    }
    text
}

/// A Connect error.
fn error_json(status: &Status) -> serde_json::Value {
    let mut error = serde_json::json!({ "code": status.code.connect_name(), "message": status.message });
    if !status.details.is_empty() {
        let detail = |detail: &crate::google::Any| {
            let name = detail.type_url.rsplit('/').next().unwrap_or_default();
            serde_json::json!({ "type": name, "value": STANDARD_NO_PAD.encode(&detail.value) })
        };
        error["details"] = status.details.iter().map(detail).collect();
    }
    error
}

/// `Percent-Encoded` of gRPC's specification: printable ASCII but `%` stays.
fn percent_encoded(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for byte in message.bytes() {
        if out.len() + 3 > MESSAGE_BYTES_MAX {
            break;
        }
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}
