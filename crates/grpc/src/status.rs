//! How a call ended: a code, a message, and details (`google.rpc.Status`).

use crate::code::Code;
use crate::google::{Any, BadRequest, Duration, ErrorInfo, FieldViolation, RetryInfo, RpcStatus};
use engine::{Fault, Kind, codes};
use http_semantics::status::Advice;
use prost::Message;

/// Where details are defined.
const TYPES: &str = "type.googleapis.com";

/// How a call ended, if not well.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub code: Code,
    pub message: String,
    pub details: Vec<Any>,
    pub advice: Option<Box<Fault>>,
}

impl Status {
    /// One that says nothing but a code and why.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), advice: None }
    }

    /// That of a fault. `domain` is the API that its code is of; `place` says where in a request a field is.
    pub fn of(fault: Fault, domain: &str, place: impl Fn(&str) -> String) -> Self {
        let mut details = vec![info(&fault.code, domain)];
        if !fault.fields.is_empty() {
            let violation = |field: &engine::FieldFault| FieldViolation {
                field: place(&field.field),
                description: field.message.clone(),
                reason: field.code.to_string(),
            };
            let bad = BadRequest { field_violations: fault.fields.iter().map(violation).collect() };
            details.push(any("google.rpc.BadRequest", &bad));
        }
        if let Some(seconds) = fault.retry_after_s {
            let delay = Duration { seconds: i64::from(seconds), nanos: 0 };
            details.push(any("google.rpc.RetryInfo", &RetryInfo { retry_delay: Some(delay) }));
        }
        let (code, message) = (Code::of(fault.kind, &fault.code), fault.message.clone());
        Self { code, message, details, advice: Some(Box::new(fault)) }
    }

    /// `google.rpc.Status`, for `grpc-status-details-bin`; nothing when there is nothing beyond code and message.
    pub fn encoded(&self) -> Option<Vec<u8>> {
        if self.details.is_empty() {
            return None;
        }
        let Self { code, message, details, .. } = self;
        let status = RpcStatus { code: code.number(), message: message.clone(), details: details.clone() };
        Some(status.encode_to_vec())
    }

    /// What header fields tell a caller to do about it.
    pub fn advice(&self) -> Option<Advice<'_>> {
        let fault = self.advice.as_deref()?;
        let Fault { kind, retry_after_s, budget, bad_token, ref message, .. } = *fault;
        let bad_token = bad_token.then_some(message.as_str());
        Some(Advice { kind, retry_after_s, budget, bad_token })
    }
}

/// The reason of a status that no fault made, so that clients find one in all of them.
pub(crate) fn with_reason(mut status: Status, reason: &str, domain: &str) -> Status {
    status.details.push(info(reason, domain));
    status
}

/// A fault that is a passed deadline.
pub(crate) fn deadline_fault() -> Fault {
    Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, "it took longer than allowed")
}

fn info(reason: &str, domain: &str) -> Any {
    let info =
        ErrorInfo { reason: reason.to_owned(), domain: domain.to_owned(), metadata: Default::default() };
    any("google.rpc.ErrorInfo", &info)
}

fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("{TYPES}/{name}"), value: message.encode_to_vec() }
}
