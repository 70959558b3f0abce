//! Cases over gRPC, gRPC-Web and Connect: an action is one method with its messages.
//!
//! Requests are made in ProtoJSON from descriptors of the files that the server prints, and turned into bytes by an
//! encoder that is not the server's; answers the other way round.

mod answer;
mod envelope;
mod given;
mod request;
mod schema;
mod select;
mod status;
pub mod transport;
mod value;

use crate::case::{Action, Input, Step, Verb};
use crate::driver::{Call, Driver, Failure, Outcome, Total};
use crate::expect;
use contract::{Contract, FieldId, ResourceId};
use prost_reflect::MessageDescriptor;
use prost_reflect::prost::Message;
use request::Request;
use serde_json::Value;
use status::Status;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use transport::{Received, Sent, find};

/// Whether a step's list can be asked for in a message for each row.
pub fn is_streamed(step: &Step) -> bool {
    matches!(step.action, Action::Standard { verb: Verb::List, .. })
        && step.total.is_none()
        && step.input.list.offset.is_none()
}

pub use schema::{Lists, Schema};

/// A protocol of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web in binary, over HTTP/1.1.
    Web,
    /// Connect with ProtoJSON, over HTTP/1.1.
    ConnectJson,
    /// Connect with messages as bytes, over HTTP/1.1: what reads by `GET`.
    ConnectBytes,
}

/// Asks over a protocol of the family.
pub struct Grpc {
    wire: Wire,
    lists: Lists,
    contract: Arc<Contract>,
    schema: Arc<Schema>,
    address: SocketAddr,
}

/// What came of a call: messages, or how it failed.
struct Reply {
    end: Result<Vec<Value>, Status>,
    text: String,
}

impl Grpc {
    /// A driver for the server of a contract at an address.
    pub fn new(
        (wire, lists): (Wire, Lists),
        (contract, schema): (Arc<Contract>, Arc<Schema>),
        address: SocketAddr,
    ) -> Self {
        Self { wire, lists, contract, schema, address }
    }

    fn send(&self, request: &Request, call: &Call<'_>) -> Result<Reply, Failure> {
        let sent = self.sent(request, call)?;
        let received = match self.wire {
            Wire::Grpc => transport::http2(self.address, &sent),
            Wire::Web | Wire::ConnectJson | Wire::ConnectBytes => transport::http1(self.address, &sent),
        };
        let received = received.map_err(Failure::Broken)?;
        let text = text(&received);
        self.read(request, received, text)
    }

    /// The messages as they are sent. What is no message cannot be said but in JSON.
    fn sent(&self, request: &Request, call: &Call<'_>) -> Result<Sent, Failure> {
        let ty = request.method.input();
        let encoded = request.messages.iter().map(|message| self.encoded(request, &ty, message));
        let messages = encoded.collect::<Result<Vec<Vec<u8>>, Failure>>()?;
        let target = schema::path(&request.method);
        let is_streaming = request.method.is_client_streaming() || request.method.is_server_streaming();
        let content_type = match (self.wire, is_streaming) {
            (Wire::Grpc, _) => "application/grpc+proto",
            (Wire::Web, _) => "application/grpc-web+proto",
            (Wire::ConnectJson, false) => "application/json",
            (Wire::ConnectJson, true) => "application/connect+json",
            (Wire::ConnectBytes, false) => "application/proto",
            (Wire::ConnectBytes, true) => "application/connect+proto",
        };
        let mut headers = Vec::new();
        headers.extend(call.token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
        headers.extend(call.input.idempotency.clone().map(|key| ("idempotency-key".to_owned(), key)));
        if self.wire == Wire::ConnectBytes && !is_streaming && schema::is_read(&request.method) {
            use base64::Engine;
            let message = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&messages[0]);
            let target = format!("{target}?connect=v1&encoding=proto&base64=1&message={message}");
            return Ok(Sent { method: "GET".to_owned(), target, headers, body: Vec::new() });
        }
        let (own, value) = match self.wire {
            Wire::Grpc => ("te", "trailers"),
            Wire::Web => ("x-grpc-web", "1"),
            Wire::ConnectJson | Wire::ConnectBytes => ("connect-protocol-version", "1"),
        };
        let fixed = [("content-type", content_type), (own, value)];
        headers.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let body = match (self.wire, is_streaming) {
            (Wire::ConnectJson | Wire::ConnectBytes, false) => messages.concat(),
            _ => messages.iter().flat_map(|message| envelope::sealed(message)).collect(),
        };
        Ok(Sent { method: "POST".to_owned(), target, headers, body })
    }

    fn encoded(&self, request: &Request, ty: &MessageDescriptor, json: &Value) -> Result<Vec<u8>, Failure> {
        match (self.wire, request.beyond) {
            (Wire::ConnectJson, _) => Ok(json.to_string().into_bytes()),
            (Wire::Grpc | Wire::Web | Wire::ConnectBytes, Some(why)) => {
                Err(Failure::Unspeakable(why.to_owned()))
            }
            (Wire::Grpc | Wire::Web | Wire::ConnectBytes, None) => match value::message(ty, json) {
                Ok(message) => Ok(message.encode_to_vec()),
                Err(_) => Err(Failure::Unspeakable(value::NO_VALUE.to_owned())),
            },
        }
    }

    /// Why a request in JSON is none of messages of its type, if so.
    fn improper(&self, request: &Request) -> Option<String> {
        let ty = request.method.input();
        let is_proper = request.messages.iter().all(|message| value::message(&ty, message).is_ok());
        (!is_proper).then(|| request.beyond.unwrap_or(value::NO_VALUE).to_owned())
    }

    fn read(&self, request: &Request, received: Received, text: String) -> Result<Reply, Failure> {
        let shown = |how: String| Failure::Broken(format!("{how}\n    {text}"));
        let is_streaming = request.method.is_client_streaming() || request.method.is_server_streaming();
        let (messages, status) = match (self.wire, is_streaming) {
            (Wire::ConnectJson | Wire::ConnectBytes, false) => self.unary(&received).map_err(shown)?,
            (Wire::ConnectJson | Wire::ConnectBytes, true) => connect_stream(&received).map_err(shown)?,
            (Wire::Grpc | Wire::Web, _) => self.enveloped(&received).map_err(shown)?,
        };
        let end = match status {
            Some(status) if messages.is_empty() => Err(status),
            Some(status) => return Err(shown(format!("{status:?} behind messages"))),
            None => {
                let ty = request.method.output();
                let each = messages.iter().map(|message| self.decoded(&ty, message));
                Ok(each.collect::<Result<Vec<Value>, String>>().map_err(shown)?)
            }
        };
        let told =
            end.as_ref().map_or_else(|_| String::new(), |messages| Value::from(messages.clone()).to_string());
        Ok(Reply { end, text: text + &told })
    }

    /// A message in the canonical ProtoJSON of the other library, whatever it came as.
    fn decoded(&self, ty: &MessageDescriptor, message: &[u8]) -> Result<Value, String> {
        match self.wire {
            Wire::ConnectJson => {
                let json: Value = serde_json::from_slice(message).map_err(|e| format!("no JSON: {e}"))?;
                schema::to_json(&schema::from_json(ty.clone(), &json)?)
            }
            Wire::Grpc | Wire::Web | Wire::ConnectBytes => schema::decoded(ty.clone(), message),
        }
    }

    fn unary(&self, received: &Received) -> Result<(Vec<Vec<u8>>, Option<Status>), String> {
        let expected = if self.wire == Wire::ConnectJson { "application/json" } else { "application/proto" };
        match (received.status, received.header("content-type")) {
            (200, Some(found)) if found == expected => Ok((vec![received.body.clone()], None)),
            (200, found) => Err(format!("the content type is {found:?}")),
            (http, Some("application/json")) => {
                let error = serde_json::from_slice(&received.body).map_err(|e| format!("no JSON: {e}"))?;
                Ok((Vec::new(), Some(Status::of_connect(&error, Some(http)).map_err(told)?)))
            }
            (http, found) => Err(format!("status {http} with content type {found:?}")),
        }
    }

    fn enveloped(&self, received: &Received) -> Result<(Vec<Vec<u8>>, Option<Status>), String> {
        if received.status != 200 {
            return Err(format!("status {}", received.status));
        }
        let (mut messages, mut trailers) = (Vec::new(), received.trailers.clone());
        for (flags, message) in envelope::opened(&received.body)? {
            match flags {
                0 if self.wire == Wire::Grpc || trailers.is_empty() => messages.push(message.to_vec()),
                envelope::TRAILERS if self.wire == Wire::Web => trailers = lines(message),
                flags => return Err(format!("an envelope with flags {flags}")),
            }
        }
        // A call that fails before its first message has its end in the headers.
        let end = if find(&trailers, "grpc-status").is_some() { &trailers } else { &received.headers };
        let code = find(end, "grpc-status").ok_or("there is no grpc-status")?;
        let details = find(end, "grpc-status-details-bin");
        match code {
            "0" => Ok((messages, None)),
            code => Ok((messages, Some(Status::of_fields(&self.schema, code, details).map_err(told)?))),
        }
    }

    /// Whether the server refuses a field to a caller: it does when it is asked for by its name.
    fn is_closed(&self, call: &Call<'_>, id: ResourceId, field: FieldId) -> Result<(bool, String), String> {
        let resource = self.contract.resource(id);
        let name = resource.field(field).name.as_str();
        let action = Action::Standard { verb: Verb::List, resource: resource.name.clone() };
        let input = Input { select: Some(Value::from(vec![name])), ..Input::default() };
        let probe = Call { token: call.token, action: &action, input: &input, total: Total::Unwanted };
        let request = request::request(&self.schema, &self.contract, &probe, Lists::Whole).map_err(told)?;
        let reply = self.send(&request, &probe).map_err(told)?;
        let closed = match &reply.end {
            Ok(_) => false,
            Err(status) => {
                let (fault, _) = status.fault(&self.schema, &request.method.input()).map_err(told)?;
                fault.code == "FIELD_DENIED"
            }
        };
        Ok((closed, reply.text))
    }
}

impl Driver for Grpc {
    /// What is absent in an answer to everything is null, or refused to the caller: then it is refused under its name.
    fn call(&self, call: &Call<'_>) -> Result<Outcome, Failure> {
        let request = request::request(&self.schema, &self.contract, call, self.lists)?;
        let reply = self.send(&request, call)?;
        let text = RefCell::new(reply.text);
        let result = match reply.end {
            Err(status) => {
                let (fault, details) = status.fault(&self.schema, &request.method.input())?;
                text.borrow_mut().push_str(&details);
                Err(fault)
            }
            Ok(messages) => {
                let is_closed = |id, field| {
                    let (closed, told) = self.is_closed(call, id, field)?;
                    text.borrow_mut().push_str(&told);
                    Ok(closed)
                };
                let reader = answer::Reader { is_closed: &is_closed };
                let read = reader.answer(&request, &messages, call.input);
                let sent = Value::from(request.messages.clone());
                Ok(read.map_err(|how| Failure::Broken(format!("{how}\n    {sent}\n    {}", text.borrow())))?)
            }
        };
        Ok(Outcome { result, text: text.into_inner(), improper: self.improper(&request) })
    }
}

fn told(failure: Failure) -> String {
    match failure {
        Failure::Broken(how) => how,
        Failure::Unspeakable(why) => format!("cannot be said: {why}"),
    }
}

fn connect_stream(received: &Received) -> Result<(Vec<Vec<u8>>, Option<Status>), String> {
    if received.status != 200 {
        return Err(format!("status {}", received.status));
    }
    let mut messages = Vec::new();
    let mut end: Option<Value> = None;
    for (flags, message) in envelope::opened(&received.body)? {
        match flags {
            0 if end.is_none() => messages.push(message.to_vec()),
            envelope::END_STREAM if end.is_none() => {
                end = Some(serde_json::from_slice(message).map_err(|e| format!("no end of a stream: {e}"))?);
            }
            flags => return Err(format!("an envelope with flags {flags}")),
        }
    }
    match end.ok_or("the stream has no end")?.get("error") {
        None => Ok((messages, None)),
        Some(error) => Ok((messages, Some(Status::of_connect(error, None).map_err(told)?))),
    }
}

/// Trailers as lines of HTTP/1.1.
fn lines(text: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(text);
    let lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// All of it, without the id that the server gave the request.
fn text(received: &Received) -> String {
    let body = String::from_utf8_lossy(&received.body);
    let text = format!("{:?}\n{body}\n{:?}\n", received.headers, received.trailers);
    expect::without(&text, received.header("x-request-id"))
}
