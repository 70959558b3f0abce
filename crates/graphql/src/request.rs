//! A request's parameters (GraphQL over HTTP, "Request"): from a JSON body or a query string.

use crate::codes::BATCHING_UNSUPPORTED;
use crate::digest::Digest;
use engine::{Fault, Kind};
use http::HeaderMap;
use http_semantics::codes::{QUERY_TOO_LONG, UNSUPPORTED_MEDIA_TYPE};
use http_semantics::media::{ContentType, content_type, is_json};
use http_semantics::{form, invalid};
use wire::{DecodeBounds, Value, decode_json};

/// The version of the protocol of automatic persisted queries.
const PERSISTED_VERSION: i64 = 1;

/// What is asked.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    /// By which document.
    pub source: Source,
    /// Which of its operations.
    pub operation: Option<String>,
    /// An object.
    pub variables: Value,
    /// Whether the response is to tell the cost.
    pub cost: TellCost,
}

/// How a document is named.
#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    /// By its text.
    Text(String),
    /// By its text, which is to be kept under its digest.
    Persist(String, Digest),
    /// By its digest.
    Digest(Digest),
    /// By the id that it was registered under.
    Id(String),
}

/// Whether the response is to tell the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TellCost {
    Yes,
    No,
}

/// The parameters as they came.
#[derive(Default)]
struct Parameters {
    query: Option<Value>,
    document_id: Option<Value>,
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
}

/// Refuses files (graphql-multipart-request-spec), whatever else the request shows.
///
/// # Errors
/// `UNSUPPORTED_MEDIA_TYPE`.
pub(crate) fn refuse_multipart(headers: &HeaderMap) -> Result<(), Fault> {
    match content_type(headers) {
        ContentType::Utf8(essence) if essence == "multipart/form-data" => {
            Err(unreadable("files cannot be uploaded: the body has to be application/json"))
        }
        ContentType::Utf8(_) | ContentType::Absent | ContentType::Other => Ok(()),
    }
}

/// Refuses a body that is not JSON.
///
/// # Errors
/// `UNSUPPORTED_MEDIA_TYPE`.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Fault> {
    match content_type(headers) {
        ContentType::Utf8(essence) if is_json(&essence) => Ok(()),
        ContentType::Absent => Err(unreadable("the body has no content type: send application/json")),
        ContentType::Utf8(_) | ContentType::Other => {
            Err(unreadable("the body has to be application/json in UTF-8"))
        }
    }
}

fn unreadable(message: &str) -> Fault {
    Fault::new(Kind::Unsupported, UNSUPPORTED_MEDIA_TYPE, message)
}

/// Reads a body. Members that are not known are left out of account, as they have to be.
///
/// # Errors
/// `INVALID_INPUT`, `BATCHING_UNSUPPORTED`.
pub(crate) fn from_body(body: &[u8], bounds: &DecodeBounds) -> Result<Asked, Fault> {
    let value = decode_json(body, bounds).map_err(|error| invalid("body", "SYNTAX", error.to_string()))?;
    let members = match value {
        Value::Object(members) => members,
        Value::List(_) => {
            let message = "one request at a time: send them one by one, or as fields of one operation";
            return Err(Fault::new(Kind::Invalid, BATCHING_UNSUPPORTED, message));
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Secret(_) => {
            let message = format!("a JSON object is expected, found {}", value.kind());
            return Err(invalid("body", "TYPE", message));
        }
    };
    let mut parameters = Parameters::default();
    for (name, value) in members {
        if let Some(place) = parameters.place(&name) {
            *place = Some(value).filter(|value| *value != Value::Null);
        }
    }
    parameters.asked()
}

/// Reads a query string. Empty parameters count as absent.
///
/// # Errors
/// `INVALID_INPUT`, `QUERY_TOO_LONG`.
pub(crate) fn from_query(query: &str, bytes_max: usize, bounds: &DecodeBounds) -> Result<Asked, Fault> {
    if query.len() > bytes_max {
        let message = format!("the query string has more than {bytes_max} bytes");
        return Err(Fault::new(Kind::TooLarge, QUERY_TOO_LONG, message));
    }
    let mut parameters = Parameters::default();
    for (name, value) in form::split(query) {
        let syntax = |error: form::FormError| invalid("query string", "SYNTAX", error.to_string());
        let (name, value) = (form::decode(name).map_err(syntax)?, form::decode(value).map_err(syntax)?);
        let Some(place) = parameters.place(&name) else { continue };
        if place.is_some() {
            return Err(invalid(&name, "REPEATED", "it is given twice"));
        }
        if value.is_empty() {
            continue;
        }
        *place = Some(match &*name {
            "variables" | "extensions" => decode_json(value.as_bytes(), bounds)
                .map_err(|error| invalid(&name, "SYNTAX", error.to_string()))?,
            _ => Value::Text(value.into_owned()),
        });
    }
    parameters.asked()
}

impl Parameters {
    fn place(&mut self, name: &str) -> Option<&mut Option<Value>> {
        Some(match name {
            "query" => &mut self.query,
            "documentId" => &mut self.document_id,
            "operationName" => &mut self.operation_name,
            "variables" => &mut self.variables,
            "extensions" => &mut self.extensions,
            _ => return None,
        })
    }

    fn asked(self) -> Result<Asked, Fault> {
        let extensions = object("extensions", self.extensions)?;
        let operation = text("operationName", self.operation_name)?.filter(|name| !name.is_empty());
        let variables = object("variables", self.variables)?;
        let cost = match extensions.get("cost") {
            Some(Value::Bool(true)) => TellCost::Yes,
            _ => TellCost::No,
        };
        let digest = persisted(&extensions)?;
        let source = match (text("query", self.query)?, text("documentId", self.document_id)?, digest) {
            (Some(text), None, None) => Source::Text(text),
            (Some(text), None, Some(digest)) => Source::Persist(text, digest),
            (None, None, Some(digest)) => Source::Digest(digest),
            (None, Some(id), None) => Source::Id(id),
            (None, None, None) => return Err(invalid("query", "REQUIRED", "a document is expected")),
            (_, Some(_), _) => {
                return Err(invalid("documentId", "CONFLICT", "the document is given in two ways"));
            }
        };
        Ok(Asked { source, operation, variables, cost })
    }
}

/// The digest in `extensions.persistedQuery`.
fn persisted(extensions: &Value) -> Result<Option<Digest>, Fault> {
    const NAME: &str = "extensions.persistedQuery";
    let Some(persisted) = extensions.get("persistedQuery").filter(|value| **value != Value::Null) else {
        return Ok(None);
    };
    if persisted.get("version") != Some(&Value::Int(PERSISTED_VERSION)) {
        return Err(invalid(NAME, "UNSUPPORTED", format!("its version has to be {PERSISTED_VERSION}")));
    }
    let digest = match persisted.get("sha256Hash") {
        Some(Value::Text(digits)) => Digest::from_hex(digits),
        _ => None,
    };
    let message = "its sha256Hash has to be 64 hexadecimal digits";
    digest.map(Some).ok_or_else(|| invalid(NAME, "FORMAT", message))
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, Fault> {
    match value {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(name, "TYPE", format!("a text is expected, found {}", other.kind()))),
    }
}

fn object(name: &str, value: Option<Value>) -> Result<Value, Fault> {
    match value {
        None => Ok(Value::Object(Vec::new())),
        Some(value @ Value::Object(_)) => Ok(value),
        Some(other) => Err(invalid(name, "TYPE", format!("an object is expected, found {}", other.kind()))),
    }
}
