//! An action as a request to REST: the contract says which path each operation is at.

use crate::case::{Action, Input, Measure, Of};
use crate::client::Message;
use crate::driver::{Call, Failure, Total};
use crate::operation;
use crate::query::{self, Parameters};
use contract::{Contract, Method};
use serde_json::{Map, Value};

/// Where the API is below the server's root.
const BASE: &str = "/api";

/// A call as it goes over the wire.
pub fn render(contract: &Contract, call: &Call<'_>) -> Result<Message, Failure> {
    let operation = operation::find(contract, call.action)?;
    let route = operation
        .rest
        .as_ref()
        .ok_or_else(|| Failure::Unspeakable(format!("`{}`, which has no place in REST", operation.name)))?;
    let (path, mut data) = path(&route.path, call)?;
    let mut parameters = parameters(call)?;
    let body = match (route.method, call.action) {
        (Method::Get | Method::Delete, _) => {
            parameters.extend(arguments(data.take())?);
            None
        }
        // A body is what these operations take, though it be empty.
        (_, Action::Own { .. }) => Some(data.unwrap_or_else(|| Value::Object(Map::new()))),
        (_, _) => data,
    };
    let target = format!("{BASE}{path}{}", query_text(&parameters));
    let headers = headers(call, route.method, body.is_some());
    Ok(Message { method: method(route.method), target, headers, body })
}

/// What of which rows.
fn parameters(call: &Call<'_>) -> Result<Parameters, Failure> {
    let input = call.input;
    match call.action {
        Action::Aggregate { .. } => query::parameters_of(&input.list, measured(&input.by, &input.measures)),
        Action::Page { .. } => {
            let mut parameters = query::parameters(&input.list, input.select.as_ref())?;
            parameters.extend(window(input)?);
            Ok(parameters)
        }
        Action::Standard { .. } | Action::Related { .. } | Action::Batch { .. } | Action::Own { .. } => {
            query::parameters(&input.list, input.select.as_ref())
        }
    }
}

/// `status`, `n:count()`, `most:price.max()`.
fn measured(by: &[String], measures: &[Measure]) -> Vec<String> {
    let measure = |measure: &Measure| match &measure.of {
        Of::Rows => format!("{}:count()", measure.shown),
        Of::Field(function, field) => format!("{}:{field}.{}()", measure.shown, function.name()),
    };
    by.iter().cloned().chain(measures.iter().map(measure)).collect()
}

/// A page is behind a cursor or before one; behind no cursor it is the first, before none the last.
fn window(input: &Input) -> Result<Parameters, Failure> {
    let window = &input.window;
    let (rows, name, cursor) = match (window.first, window.last, &window.after, &window.before) {
        (Some(rows), None, cursor, None) => (rows, "after", cursor),
        (None, Some(rows), None, cursor) => (rows, "before", cursor),
        _ => {
            return Err(Failure::Unspeakable(
                "a page that is between two cursors or has two ends".to_owned(),
            ));
        }
    };
    let cursor = cursor.clone().unwrap_or_default();
    Ok(vec![("limit".to_owned(), rows.to_string()), (name.to_owned(), cursor)])
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
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Failure::Unspeakable(
            "arguments of a query that are no texts, numbers or booleans".to_owned(),
        )),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::case::{Function, Verb, Window};
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
    fn aggregates_are_selections() {
        let measures = [
            Measure { shown: "n".into(), of: Of::Rows },
            Measure { shown: "most".into(), of: Of::Field(Function::Max, "price".into()) },
        ];
        assert_eq!(measured(&["status".into()], &measures), ["status", "n:count()", "most:price.max()"]);
        assert_eq!(measured(&[], &measures[..1]), ["n:count()"]);
    }

    #[test]
    fn a_page_is_behind_or_before_one_cursor() {
        let page = |window| query_text(&window_of(window).unwrap());
        fn window_of(window: Window) -> Result<Parameters, Failure> {
            super::window(&Input { window, ..Input::default() })
        }
        let first = Window { first: Some(2), after: Some("a=".into()), ..Window::default() };
        assert_eq!(page(first.clone()), "?limit=2&after=a%3D");
        let last = Window { last: Some(2), before: Some("b".into()), ..Window::default() };
        assert_eq!(page(last.clone()), "?limit=2&before=b");
        assert_eq!(page(Window { before: None, ..last }), "?limit=2&before=");
        assert!(window_of(Window { before: Some("b".into()), ..first }).is_err());
    }
}
