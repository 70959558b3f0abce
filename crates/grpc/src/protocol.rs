//! Which of the protocols a request speaks, and what its head says of messages and time.
//!
//! | protocol | content types | end of a stream |
//! |---|---|---|
//! | gRPC | `application/grpc`, `+proto`, `+json` | HTTP/2 trailers |
//! | gRPC-Web | `application/grpc-web`, `application/grpc-web-text`, `+proto`, `+json` | a frame of trailers |
//! | Connect, unary | `application/proto`, `application/json`; `GET` | the HTTP status |
//! | Connect, streaming | `application/connect+proto`, `application/connect+json` | an envelope of JSON |
//!
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>,
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>, <https://connectrpc.com/docs/protocol/>

use crate::code::Code;
use crate::coding::Coding;
use crate::status::Status;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_semantics::list::single;
use std::time::Duration;

/// Digits of a timeout at the most: of gRPC's by its specification, of Connect's by its own.
const GRPC_TIMEOUT_DIGITS_MAX: usize = 8;
const CONNECT_TIMEOUT_DIGITS_MAX: usize = 10;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    Grpc,
    GrpcWeb(Text),
    ConnectUnary,
    ConnectStream,
}

/// Whether bodies are in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    Binary,
    Base64,
}

/// What messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Codec {
    Proto,
    Json,
}

impl Protocol {
    /// The protocol and codec of a content type; its parameters do not matter.
    pub fn of(content_type: &str) -> Option<(Self, Codec)> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let (base, codec) = match essence.strip_prefix("application/")? {
            "proto" => return Some((Self::ConnectUnary, Codec::Proto)),
            "json" => return Some((Self::ConnectUnary, Codec::Json)),
            name => match name.split_once('+') {
                None => (name, Codec::Proto),
                Some((base, "proto")) => (base, Codec::Proto),
                Some((base, "json")) => (base, Codec::Json),
                Some(_) => return None,
            },
        };
        let protocol = match base {
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb(Text::Binary),
            "grpc-web-text" => Self::GrpcWeb(Text::Base64),
            "connect" if essence.contains('+') => Self::ConnectStream,
            _ => return None,
        };
        Some((protocol, codec))
    }

    /// The content type of its responses.
    pub fn content_type(self, codec: Codec) -> &'static str {
        match (self, codec) {
            (Self::Grpc, Codec::Proto) => "application/grpc+proto",
            (Self::Grpc, Codec::Json) => "application/grpc+json",
            (Self::GrpcWeb(Text::Binary), Codec::Proto) => "application/grpc-web+proto",
            (Self::GrpcWeb(Text::Binary), Codec::Json) => "application/grpc-web+json",
            (Self::GrpcWeb(Text::Base64), Codec::Proto) => "application/grpc-web-text+proto",
            (Self::GrpcWeb(Text::Base64), Codec::Json) => "application/grpc-web-text+json",
            (Self::ConnectUnary, Codec::Proto) => "application/proto",
            (Self::ConnectUnary, Codec::Json) => "application/json",
            (Self::ConnectStream, Codec::Proto) => "application/connect+proto",
            (Self::ConnectStream, Codec::Json) => "application/connect+json",
        }
    }

    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::GrpcWeb(_) => "grpc-web",
            Self::ConnectUnary | Self::ConnectStream => "connect",
        }
    }

    /// What it says when its peer breaks it, or a message is not what its codec allows.
    pub fn malformed(self) -> Code {
        match self {
            Self::Grpc | Self::GrpcWeb(_) => Code::Internal,
            Self::ConnectUnary | Self::ConnectStream => Code::InvalidArgument,
        }
    }

    /// The header fields that name the coding of messages, and the codings that are taken.
    pub fn coding_fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Grpc | Self::GrpcWeb(_) => ("grpc-encoding", "grpc-accept-encoding"),
            Self::ConnectUnary => (CONTENT_ENCODING.as_str(), "accept-encoding"),
            Self::ConnectStream => ("connect-content-encoding", "connect-accept-encoding"),
        }
    }
}

/// What the head of a request says of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub protocol: Protocol,
    pub codec: Codec,
    /// How messages that say so are compressed.
    pub coding: Option<Coding>,
    /// How the peer would like its messages compressed.
    pub takes: Option<Coding>,
    /// The caller does not wait longer than this.
    pub timeout: Option<Duration>,
}

impl Terms {
    /// Those of a request that speaks one of the protocols; `None` when it speaks none.
    pub fn of(headers: &HeaderMap) -> Option<(Protocol, Codec)> {
        Protocol::of(headers.get(CONTENT_TYPE)?.to_str().ok()?)
    }

    pub fn new(protocol: Protocol, codec: Codec, headers: &HeaderMap) -> Result<Self, Status> {
        let is_connect = matches!(protocol, Protocol::ConnectUnary | Protocol::ConnectStream);
        if is_connect && field(headers, "connect-protocol-version", protocol)?.is_some_and(|v| v != "1") {
            return Err(Status::new(protocol.malformed(), "`connect-protocol-version` is not `1`"));
        }
        let (coding, accepted) = protocol.coding_fields();
        let named = field(headers, coding, protocol)?.unwrap_or_default();
        let coding = Coding::named(named).map_err(|_| {
            let shown: String = named.chars().take(64).collect();
            Status::new(Code::Unimplemented, format!("messages compressed by `{shown}` are not read"))
        })?;
        let takes = match protocol {
            // The edge compresses whole replies.
            Protocol::ConnectUnary => None,
            Protocol::Grpc | Protocol::GrpcWeb(_) | Protocol::ConnectStream => {
                headers.get(accepted).and_then(|list| Coding::best(list.to_str().ok()?))
            }
        };
        Ok(Self { protocol, codec, coding, takes, timeout: timeout(headers, protocol)? })
    }
}

fn field<'a>(headers: &'a HeaderMap, name: &str, protocol: Protocol) -> Result<Option<&'a str>, Status> {
    single(headers, name).map_err(|_| Status::new(protocol.malformed(), format!("one `{name}` was expected")))
}

/// `grpc-timeout`, or `connect-timeout-ms`.
fn timeout(headers: &HeaderMap, protocol: Protocol) -> Result<Option<Duration>, Status> {
    let (name, read): (_, fn(&str) -> Option<Duration>) = match protocol {
        Protocol::Grpc | Protocol::GrpcWeb(_) => ("grpc-timeout", grpc_timeout),
        Protocol::ConnectUnary | Protocol::ConnectStream => ("connect-timeout-ms", connect_timeout),
    };
    let Some(text) = field(headers, name, protocol)? else { return Ok(None) };
    let malformed = || Status::new(protocol.malformed(), format!("`{name}` is not a length of time"));
    read(text).map(Some).ok_or_else(malformed)
}

/// `TimeoutValue TimeoutUnit`: at most eight digits, and one of `H M S m u n`.
fn grpc_timeout(text: &str) -> Option<Duration> {
    let (unit_at, unit) = text.char_indices().next_back()?;
    let number = digits(&text[..unit_at], GRPC_TIMEOUT_DIGITS_MAX)?;
    Some(match unit {
        'H' => Duration::from_secs(number * 3600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

fn connect_timeout(text: &str) -> Option<Duration> {
    digits(text, CONNECT_TIMEOUT_DIGITS_MAX).map(Duration::from_millis)
}

fn digits(text: &str, digits_max: usize) -> Option<u64> {
    let sound = (1..=digits_max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_tell_protocols() {
        let of = Protocol::of;
        assert_eq!(of("application/grpc"), Some((Protocol::Grpc, Codec::Proto)));
        assert_eq!(of("application/grpc+proto"), Some((Protocol::Grpc, Codec::Proto)));
        assert_eq!(of("Application/gRPC-Web-Text"), Some((Protocol::GrpcWeb(Text::Base64), Codec::Proto)));
        assert_eq!(of("application/grpc-web+json"), Some((Protocol::GrpcWeb(Text::Binary), Codec::Json)));
        assert_eq!(of("application/json; charset=utf-8"), Some((Protocol::ConnectUnary, Codec::Json)));
        assert_eq!(of("application/connect+proto"), Some((Protocol::ConnectStream, Codec::Proto)));
        for other in ["application/connect", "application/grpc+thrift", "text/plain", "application/xml", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn timeouts_have_a_form() {
        assert_eq!(grpc_timeout("100m"), Some(Duration::from_millis(100)));
        assert_eq!(grpc_timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(grpc_timeout("1n"), Some(Duration::from_nanos(1)));
        for wrong in ["", "m", "1", "123456789S", "-1S", "1.5S", "1s", "1é", "+1S"] {
            assert_eq!(grpc_timeout(wrong), None, "{wrong}");
        }
        assert_eq!(connect_timeout("1500"), Some(Duration::from_millis(1500)));
        assert_eq!(connect_timeout("1500ms"), None);
    }
}
