//! How a call failed: a status and its details as a fault in neutral terms.

use super::schema::{Schema, decoded};
use super::value;
use crate::case::Kind;
use crate::driver::{Failure, Fault};
use prost_reflect::{Kind as FieldKind, MessageDescriptor};
use serde_json::Value;

/// Status codes by number, with Connect's names and statuses, and the kinds of fault that they say.
/// <https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>, <https://connectrpc.com/docs/protocol/#error-codes>
const CODES: &[(u8, &str, u16, &[Kind])] = &[
    (1, "canceled", 499, &[Kind::Cancelled]),
    (3, "invalid_argument", 400, &[Kind::Invalid, Kind::Mismatch]),
    (4, "deadline_exceeded", 504, &[Kind::Timeout]),
    (5, "not_found", 404, &[Kind::NotFound]),
    (6, "already_exists", 409, &[Kind::Conflict]),
    (7, "permission_denied", 403, &[Kind::Denied]),
    (8, "resource_exhausted", 429, &[Kind::TooLarge, Kind::Throttled]),
    (9, "failed_precondition", 400, &[Kind::Conflict, Kind::Precondition]),
    (12, "unimplemented", 501, &[Kind::Unsupported]),
    (13, "internal", 500, &[Kind::Internal]),
    (14, "unavailable", 503, &[Kind::Unavailable]),
    (16, "unauthenticated", 401, &[Kind::Unauthenticated]),
];

/// A status and its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The code's number.
    pub code: u8,
    /// Names of messages, and those.
    pub details: Vec<(String, Vec<u8>)>,
}

fn broken<T>(how: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Broken(how.into()))
}

impl Status {
    /// That of Connect's error, which must have come with its HTTP status where it has one of its own.
    pub fn of_connect(error: &Value, http: Option<u16>) -> Result<Self, Failure> {
        let name = error.get("code").and_then(Value::as_str).unwrap_or_default();
        let Some((code, _, status, _)) = CODES.iter().find(|(_, known, ..)| *known == name) else {
            return broken(format!("an error without a code: {error}"));
        };
        if http.is_some_and(|http| http != *status) {
            return broken(format!("`{name}` came with the status {http:?}"));
        }
        let details = error.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let detail = |detail: &Value| {
            let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
            Ok((text("type").to_owned(), unpacked(text("value"))?))
        };
        Ok(Self { code: *code, details: details.iter().map(detail).collect::<Result<_, Failure>>()? })
    }

    /// That of the fields `grpc-status` and `grpc-status-details-bin`.
    pub fn of_fields(schema: &Schema, code: &str, details: Option<&str>) -> Result<Self, Failure> {
        let number = code.parse().map_err(|_| Failure::Broken(format!("`{code}` is no status")))?;
        let Some(details) = details else { return Ok(Self { code: number, details: Vec::new() }) };
        let ty = schema.message("google.rpc.Status")?;
        let status = decoded(ty, &unpacked(details)?);
        let status = status.map_err(|how| Failure::Broken(format!("the details are {how}")))?;
        if status.get("code").and_then(Value::as_u64) != Some(u64::from(number)) {
            return broken(format!("the status is {number} and its details are of {status}"));
        }
        let details = status.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let detail = |detail: &Value| {
            let name = detail.get("@type").and_then(Value::as_str).unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default().to_owned();
            let mut members = detail.clone();
            members.as_object_mut().map(|members| members.remove("@type"));
            let message = value::message(&schema.message(&name)?, &members).map_err(Failure::Broken)?;
            Ok((name, prost_reflect::prost::Message::encode_to_vec(&message)))
        };
        Ok(Self { code: number, details: details.iter().map(detail).collect::<Result<_, Failure>>()? })
    }

    /// The fault, with its fields as `request` has them; and the details as text.
    pub fn fault(&self, schema: &Schema, request: &MessageDescriptor) -> Result<(Fault, String), Failure> {
        let Some((_, _, _, kinds)) = CODES.iter().find(|(code, ..)| *code == self.code) else {
            return broken(format!("status {} means nothing", self.code));
        };
        let mut fault = Fault { kinds: kinds.to_vec(), code: String::new(), fields: Vec::new() };
        let (mut text, mut has_retry) = (String::new(), false);
        for (name, bytes) in &self.details {
            let detail = decoded(schema.message(name)?, bytes).map_err(Failure::Broken)?;
            text.push_str(&format!("{name} {detail}\n"));
            match name.as_str() {
                "google.rpc.ErrorInfo" => {
                    fault.code = detail.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
                }
                "google.rpc.BadRequest" => fault.fields.extend(violations(&detail, request)),
                "google.rpc.RetryInfo" => has_retry = true,
                other => return broken(format!("a detail `{other}`")),
            }
        }
        if fault.code.is_empty() {
            return broken(format!("status {} without a reason", self.code));
        }
        if fault.code == "THROTTLED" && !has_retry {
            return broken("who has to wait is not told for how long");
        }
        Ok((fault, text))
    }
}

fn unpacked(text: &str) -> Result<Vec<u8>, Failure> {
    use base64::Engine;
    let decoded = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_end_matches('='));
    decoded.map_err(|e| Failure::Broken(format!("`{text}` is no base64: {e}")))
}

fn violations(detail: &Value, request: &MessageDescriptor) -> Vec<(String, Option<String>)> {
    let found = detail.get("fieldViolations").and_then(Value::as_array);
    let text = |violation: &Value, name: &str| violation.get(name).and_then(Value::as_str).map(str::to_owned);
    let one =
        |violation: &Value| Some((neutral(&text(violation, "field")?, request), text(violation, "reason")));
    found.into_iter().flatten().filter_map(one).collect()
}

/// A path in a request as other protocols have it: `operations[1].create.created_at` is
/// `operations.1.create.createdAt`, and the message that holds nothing but the record is no step.
fn neutral(path: &str, request: &MessageDescriptor) -> String {
    let mut steps = Vec::new();
    let mut around = Some(request.clone());
    for step in path.split(['.', '[']) {
        if let Some(position) = step.strip_suffix(']') {
            steps.push(position.to_owned());
            continue;
        }
        let field = around.as_ref().and_then(|message| message.get_field_by_name(step));
        let inner = field.as_ref().and_then(|field| match field.kind() {
            FieldKind::Message(message) => Some(message),
            _ => None,
        });
        // A record is held under its own name, beside masks and versions.
        let has = |name| around.as_ref().is_some_and(|message| message.get_field_by_name(name).is_some());
        let holder = has("update_mask") || has("if_version");
        let is_record = |message: &MessageDescriptor| {
            contract::names::snake(message.name()) == step && message.package_name() != "google.protobuf"
        };
        let is_holder = steps.is_empty() || holder || around.is_none();
        let is_wrapping = is_holder && inner.as_ref().is_some_and(is_record);
        if !is_wrapping {
            let name = field.as_ref().map(|field| field.json_name().to_owned());
            steps.push(name.unwrap_or_else(|| step.to_owned()));
        }
        around = inner;
    }
    steps.join(".")
}
