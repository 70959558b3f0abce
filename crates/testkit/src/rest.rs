//! Cases over REST: the contract says which path each operation is at.

use crate::case::{Action, Kind, Verb};
use crate::driver::{Answer, Call, Driver, Failure, Fault, Outcome, Total};
use crate::expect;
use crate::query::{self, Parameters};
use contract::{Binding, Contract, Method, Operation};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// Where the API is below the server's root.
const BASE: &str = "/api";
/// How long a server may think.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer to a case.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Asks over REST.
#[derive(Debug)]
pub struct Rest {
    contract: Arc<Contract>,
    url: String,
    agent: ureq::Agent,
}

impl Rest {
    /// A driver for the server of a contract at a URL without a path.
    pub fn new(contract: Arc<Contract>, url: String) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { contract, url, agent: config.into() }
    }
}

impl Driver for Rest {
    fn protocol(&self) -> &'static str {
        "rest"
    }

    fn call(&self, call: &Call<'_>) -> Result<Outcome, Failure> {
        self.send(&render(&self.contract, call)?)
    }
}

impl Rest {
    fn send(&self, request: &Request) -> Result<Outcome, Failure> {
        let mut builder = ureq::http::Request::builder()
            .method(method(request.method))
            .uri(format!("{}{}", self.url, request.target));
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.as_str());
        }
        let sent = match &request.body {
            Some(body) => builder.body(body.to_string()).map(|whole| self.agent.run(whole)),
            None => builder.body(()).map(|whole| self.agent.run(whole)),
        };
        let response = sent
            .map_err(|e| Failure::Broken(format!("{}: {e}", request.target)))?
            .map_err(|e| Failure::Broken(format!("{}: {e}", request.target)))?;
        read(response)
    }
}

/// The operation that an action is about.
fn find<'c>(contract: &'c Contract, action: &Action) -> Result<&'c Operation, Failure> {
    let resource = |name: &str| {
        contract.resource_named(name).ok_or_else(|| Failure::Broken(format!("no resource is named `{name}`")))
    };
    let found = match action {
        Action::Own { operation } => contract.operation_named(operation).map(|id| contract.operation(id)),
        Action::Standard { verb, resource: name } => {
            let id = resource(name)?;
            contract.operations.iter().find(|o| o.arguments.is_empty() && is_standard(&o.binding, *verb, id))
        }
        Action::Related { parent, field } => {
            let parent_id = resource(parent)?;
            let field_id = contract
                .resource(parent_id)
                .field_named(field)
                .ok_or_else(|| Failure::Broken(format!("`{parent}` has no field `{field}`")))?;
            contract.operations.iter().find(|o| {
                matches!(&o.binding, Binding::Related { parent, field }
                    if *parent == parent_id && *field == field_id)
            })
        }
    };
    found.ok_or_else(|| Failure::Broken(format!("there is no operation for {action:?}")))
}

fn is_standard(binding: &Binding, verb: Verb, resource: contract::ResourceId) -> bool {
    match (binding, verb) {
        (Binding::Get(id), Verb::Get)
        | (Binding::List(id), Verb::List)
        | (Binding::Create(id), Verb::Create)
        | (Binding::Update(id), Verb::Update)
        | (Binding::Upsert(id), Verb::Upsert)
        | (Binding::Delete(id), Verb::Delete) => *id == resource,
        _ => false,
    }
}

/// A call as it goes over the wire.
pub fn render(contract: &Contract, call: &Call<'_>) -> Result<Request, Failure> {
    request(find(contract, call.action)?, call)
}

/// What goes over the wire.
#[derive(Debug, PartialEq)]
pub struct Request {
    method: Method,
    /// Path and query.
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

fn request(operation: &Operation, call: &Call<'_>) -> Result<Request, Failure> {
    let route = operation
        .rest
        .as_ref()
        .ok_or_else(|| Failure::Unspeakable(format!("`{}` has no place in REST", operation.name)))?;
    let (path, mut data) = path(&route.path, call)?;
    let mut parameters = query::parameters(&call.input.list, call.input.select.as_ref())?;
    let body = match (route.method, call.action) {
        (Method::Get | Method::Delete, _) => {
            parameters.extend(arguments(data.take())?);
            None
        }
        // A body is what these operations take, though it be empty.
        (_, Action::Own { .. }) => Some(data.unwrap_or_else(|| Value::Object(Map::new()))),
        (_, Action::Standard { .. } | Action::Related { .. }) => data,
    };
    let target = format!("{BASE}{path}{}", query_text(&parameters));
    Ok(Request { method: route.method, target, headers: headers(call, route.method, body.is_some()), body })
}

/// Fills a path template from the key or from arguments, and returns the arguments that are left.
fn path(template: &str, call: &Call<'_>) -> Result<(String, Option<Value>), Failure> {
    let mut data = call.input.data.clone();
    let mut segments = Vec::new();
    for segment in template.split('/') {
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            segments.push(segment.to_owned());
            continue;
        };
        let argument = match (call.action, data.as_mut()) {
            (Action::Own { .. }, Some(Value::Object(members))) => members.remove(name),
            _ => call.input.key.clone().map(Value::String),
        };
        match argument {
            Some(Value::String(text)) => segments.push(query::encode(&text)),
            Some(other) => segments.push(query::encode(&other.to_string())),
            None => return Err(Failure::Unspeakable(format!("`{template}` without `{name}`"))),
        }
    }
    Ok((segments.join("/"), data))
}

/// The arguments of an operation that takes them from the query.
fn arguments(data: Option<Value>) -> Result<Parameters, Failure> {
    let Some(Value::Object(members)) = data else { return Ok(Vec::new()) };
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(Failure::Unspeakable("a query takes texts, numbers and booleans".to_owned()))
        }
    };
    members.into_iter().map(|(name, value)| Ok((name, text(value)?))).collect()
}

fn query_text(parameters: &Parameters) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value)))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn headers(call: &Call<'_>, method: Method, has_body: bool) -> Vec<(&'static str, String)> {
    let mut headers = vec![("accept", "application/json".to_owned())];
    if let Some(token) = call.token {
        headers.push(("authorization", format!("Bearer {token}")));
    }
    if has_body {
        let kind = match method {
            Method::Patch => "application/merge-patch+json",
            Method::Get | Method::Post | Method::Put | Method::Delete => "application/json",
        };
        headers.push(("content-type", kind.to_owned()));
    }
    if call.total == Total::Wanted {
        headers.push(("prefer", "count=exact".to_owned()));
    }
    headers.extend(call.input.idempotency.clone().map(|key| ("idempotency-key", key)));
    // An entity tag is the version in double quotes (RFC 9110, 8.8.3).
    headers.extend(call.input.version.as_ref().map(|version| ("if-match", format!("\"{version}\""))));
    headers
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Outcome, Failure> {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (range, etag, id) = (header("content-range"), header("etag"), header("x-request-id"));
    let head = format!("{:?}", response.headers());
    let bytes = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()
        .map_err(|e| Failure::Broken(format!("reading the body: {e}")))?;
    let body = match bytes.is_empty() {
        true => None,
        false => Some(serde_json::from_slice(&bytes).map_err(|e| Failure::Broken(format!("not JSON: {e}")))?),
    };
    let result = match status {
        200..=299 => Ok(Answer {
            body,
            total: range.as_deref().and_then(total),
            version: etag.as_deref().map(version),
        }),
        _ => Err(fault(status, body.as_ref())?),
    };
    let text = format!("{head}\n{}", String::from_utf8_lossy(&bytes));
    Ok(Outcome { result, text: expect::without(&text, id.as_deref()) })
}

/// What is inside the quotes of an entity tag.
fn version(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// The number after the slash of `0-9/123` (RFC 9110, 14.4).
fn total(range: &str) -> Option<u64> {
    range.rsplit_once('/')?.1.parse().ok()
}

fn fault(status: u16, body: Option<&Value>) -> Result<Fault, Failure> {
    let kind = kind(status).ok_or_else(|| Failure::Broken(format!("status {status} means nothing")))?;
    let error = body
        .and_then(|body| body.get("error"))
        .ok_or_else(|| Failure::Broken(format!("status {status} without `error` in its body")))?;
    let code = error.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields = error.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).map(str::to_owned);
    let fields = fields.iter().filter_map(|f| Some((text(f, "field")?, text(f, "code")))).collect();
    Ok(Fault { kind, code, fields })
}

/// Which kind of fault a status stands for.
fn kind(status: u16) -> Option<Kind> {
    Some(match status {
        400 => Kind::Invalid,
        401 => Kind::Unauthenticated,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        405 | 406 | 415 | 501 => Kind::Unsupported,
        408 | 504 => Kind::Timeout,
        409 => Kind::Conflict,
        412 | 428 => Kind::Precondition,
        413 => Kind::TooLarge,
        422 => Kind::Mismatch,
        429 => Kind::Throttled,
        499 => Kind::Cancelled,
        500 => Kind::Internal,
        503 => Kind::Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::case::Input;
    use serde_json::json;

    fn call<'a>(action: &'a Action, input: &'a Input) -> Call<'a> {
        Call { token: None, action, input, total: Total::Unwanted }
    }

    #[test]
    fn paths_are_filled_from_keys_and_arguments() {
        let standard = Action::Standard { verb: Verb::Get, resource: "User".into() };
        let input = Input { key: Some("a/b c".into()), ..Input::default() };
        assert_eq!(path("/users/{id}", &call(&standard, &input)).unwrap().0, "/users/a%2Fb%20c");
        let own = Action::Own { operation: "addComment".into() };
        let data = json!({"postId": "x", "text": "y"});
        let input = Input { data: Some(data), ..Input::default() };
        let filled = path("/posts/{postId}/comments", &call(&own, &input)).unwrap();
        assert_eq!(filled, ("/posts/x/comments".to_owned(), Some(json!({"text": "y"}))));
        assert!(path("/users/{id}", &call(&standard, &Input::default())).is_err());
    }

    #[test]
    fn faults_are_read() {
        let body = json!({"error": {"code": "INVALID_INPUT", "message": "…",
            "fields": [{"field": "email", "code": "REQUIRED", "message": "…"}]}});
        let fault = fault(400, Some(&body)).unwrap();
        assert_eq!((fault.kind, fault.code.as_str()), (Kind::Invalid, "INVALID_INPUT"));
        assert_eq!(fault.fields, [("email".to_owned(), Some("REQUIRED".to_owned()))]);
        assert!(super::fault(400, Some(&json!({}))).is_err());
        assert!(super::fault(302, Some(&body)).is_err());
        assert_eq!(total("0-9/123"), Some(123));
        assert_eq!(total("*/*"), None);
    }
}
