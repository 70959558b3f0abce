//! What a response says in neutral terms, and what no response may be.

use super::document::{PARENT, RESULT, Reading, Request, TOTAL, VERSION};
use super::select::{Shape, neutral};
use crate::case::{Input, Kind, Measure, More, Of};
use crate::client::Reply;
use crate::driver::{Answer, Failure, Fault, Page};
use serde_json::{Map, Value};

/// What GraphQL finds out before anything is called; other protocols find it when they validate.
const BEFORE_THE_CALL: [&str; 3] = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];
/// What other protocols call it.
const INVALID_INPUT: &str = "INVALID_INPUT";

/// Reads a response. `Err` is for one that the specification does not allow.
pub fn read(request: &Request, reply: &Reply, input: &Input) -> Result<Result<Answer, Fault>, Failure> {
    let response = object(reply.body.as_ref(), "the response")?;
    let (data, errors) = (response.get("data"), response.get("errors"));
    // A response with data is a 200, though the data be null; one without is a refusal of the request.
    if (reply.status == 200) != data.is_some() {
        return broken(format!("status {} with data {data:?}", reply.status));
    }
    match errors {
        None => match answer(request, object(data, "data")?, input) {
            Ok(answer) => Ok(answer),
            Err(how) => broken(how),
        },
        Some(errors) => {
            nothing_beside(data)?;
            Ok(Err(fault(request, errors)?))
        }
    }
}

fn broken<T>(how: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Broken(how.into()))
}

fn object<'v>(value: Option<&'v Value>, what: &str) -> Result<&'v Map<String, Value>, Failure> {
    match value.and_then(Value::as_object) {
        Some(members) => Ok(members),
        None => broken(format!("{what} is no object: {value:?}")),
    }
}

/// No data may stand beside the fault of the only field.
fn nothing_beside(data: Option<&Value>) -> Result<(), Failure> {
    let Some(Value::Object(members)) = data else { return Ok(()) };
    match members.iter().find(|(name, value)| *name != TOTAL && !value.is_null()) {
        Some((name, value)) => broken(format!("`{name}` is {value} beside a fault")),
        None => Ok(()),
    }
}

fn fault(request: &Request, errors: &Value) -> Result<Fault, Failure> {
    let Some(errors) = errors.as_array().filter(|errors| !errors.is_empty()) else {
        return broken(format!("`errors` is {errors}"));
    };
    for error in errors {
        if !error.get("message").is_some_and(Value::is_string) {
            return broken(format!("an error without a message: {error}"));
        }
    }
    let extension = |name: &str| errors[0].pointer(&format!("/extensions/{name}")).and_then(Value::as_str);
    let Some(kind) = extension("kind").and_then(Kind::named) else {
        return broken(format!("an error without a kind: {}", errors[0]));
    };
    let Some(code) = extension("code") else {
        return broken(format!("an error without a code: {}", errors[0]));
    };
    let mut fields: Vec<(String, Option<String>)> = errors.iter().flat_map(named).collect();
    let before = BEFORE_THE_CALL.contains(&code);
    if before {
        fields.extend(errors.iter().flat_map(|error| placed(request, error)));
    }
    let code = if before { INVALID_INPUT } else { code };
    Ok(Fault { kinds: vec![kind], code: code.to_owned(), fields })
}

/// The fields that an error names.
fn named(error: &Value) -> Vec<(String, Option<String>)> {
    let fields = error.pointer("/extensions/fields").and_then(Value::as_array);
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).map(str::to_owned);
    fields.into_iter().flatten().filter_map(|f| Some((text(f, "field")?, text(f, "code")))).collect()
}

/// The arguments and variables on the lines that an error points to.
fn placed(request: &Request, error: &Value) -> Vec<(String, Option<String>)> {
    let lines = error.get("locations").and_then(Value::as_array);
    let lines = lines.into_iter().flatten().filter_map(|place| place.get("line").and_then(Value::as_u64));
    lines
        .flat_map(|line| request.places.iter().filter(move |place| place.line as u64 == line))
        .map(|place| (place.name.clone(), place.why_not.map(str::to_owned)))
        .collect()
}

/// The field that a refusal says may not be named, when it was named only because everything was asked for.
pub fn refused_of_everything(request: &Request, reply: &Reply) -> Option<String> {
    let errors = reply.body.as_ref()?.get("errors")?.as_array()?;
    let denied =
        |error: &&Value| error.pointer("/extensions/code").and_then(Value::as_str) == Some("FIELD_DENIED");
    let message = errors.iter().find(denied)?.get("message")?.as_str()?;
    let names = message.split('`').skip(1).step_by(2);
    names.map(str::to_owned).find(|name| request.everything.contains(name))
}

type Judged<T> = Result<T, String>;

fn answer(request: &Request, data: &Map<String, Value>, input: &Input) -> Judged<Result<Answer, Fault>> {
    let holder = match request.reading {
        Reading::Related(_) => data.get(PARENT).ok_or("the parent is missing")?,
        _ => &Value::Object(data.clone()),
    };
    let missing = |code: &String| {
        Ok(Err(Fault { kinds: vec![Kind::NotFound], code: code.clone(), fields: Vec::new() }))
    };
    let value = match (&request.reading, holder) {
        (Reading::Related(code), Value::Null) => return missing(code),
        (_, holder) => holder.get(RESULT).ok_or("the result is missing")?,
    };
    let total = holder.get(TOTAL).and_then(Value::as_u64);
    let plain = Answer { total, ..Answer::default() };
    Ok(Ok(match &request.reading {
        Reading::Row(code) if value.is_null() => return missing(code),
        Reading::Row(_) | Reading::Value | Reading::Related(_) => Answer {
            version: value.get(VERSION).and_then(Value::as_str).map(str::to_owned),
            body: neutral(&request.shape, value).map(|body| (!body.is_null()).then_some(body))?,
            ..plain
        },
        Reading::Deleted(key, expected) => {
            let found = value.get(key).and_then(Value::as_str);
            if found != expected.as_deref() {
                return Err(format!("{expected:?} was to be deleted, {found:?} was"));
            }
            plain
        }
        Reading::Page => page(&request.shape, value, input)?,
        Reading::Groups => Answer { body: Some(groups(value, input)?), ..plain },
    }))
}

fn page(shape: &Shape, connection: &Value, input: &Input) -> Judged<Answer> {
    let edges = connection.get("edges").and_then(Value::as_array).ok_or("there are no edges")?;
    let node = |edge: &Value| neutral(shape, edge.get("node").unwrap_or(&Value::Null));
    let rows = edges.iter().map(node).collect::<Judged<Vec<Value>>>()?;
    let info = connection.get("pageInfo").ok_or("there is no pageInfo")?;
    let cursor = |edge: Option<&Value>| edge.and_then(|edge| edge.get("cursor")).cloned().unwrap_or_default();
    let ends = [("startCursor", cursor(edges.first())), ("endCursor", cursor(edges.last()))];
    for (name, expected) in &ends {
        if info.get(name) != Some(expected) {
            return Err(format!("`{name}` is {:?}, the row's is {expected}", info.get(name)));
        }
    }
    let behind = if input.window.last.is_some() { "hasPreviousPage" } else { "hasNextPage" };
    let more = match info.get(behind).and_then(Value::as_bool) {
        Some(true) => More::Yes,
        Some(false) => More::No,
        None => return Err(format!("`{behind}` is missing")),
    };
    let [start, end] = ends.map(|(_, cursor)| cursor.as_str().map(str::to_owned));
    let total = connection.get("totalCount").and_then(Value::as_u64);
    Ok(Answer { body: Some(rows.into()), total, page: Some(Page { start, end, more }), ..Answer::default() })
}

/// Groups are a list; all rows are a list of one.
fn groups(value: &Value, input: &Input) -> Judged<Value> {
    let one = [value.clone()];
    let groups = value.as_array().map_or(&one[..], Vec::as_slice);
    groups.iter().map(|group| self::group(group, input)).collect()
}

fn group(group: &Value, input: &Input) -> Judged<Value> {
    let at = |path: String| {
        group.pointer(&path).cloned().ok_or_else(|| format!("`{path}` is not in the group {group}"))
    };
    let measured = |measure: &Measure| match &measure.of {
        Of::Rows => at("/count".to_owned()),
        Of::Field(function, field) => at(format!("/{}/{field}", function.name())),
    };
    let mut out = Map::new();
    for field in &input.by {
        out.insert(field.clone(), at(format!("/key/{field}"))?);
    }
    for measure in &input.measures {
        out.insert(measure.shown.clone(), measured(measure)?);
    }
    Ok(Value::Object(out))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::graphql::draft::Place;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn request(reading: Reading) -> Request {
        let place = |line, name: &str, why_not| Place { line, name: name.to_owned(), why_not };
        Request {
            document: String::new(),
            variables: Map::new(),
            reading,
            shape: Shape::Plain,
            everything: BTreeSet::from(["salary".to_owned()]),
            places: vec![place(2, "email", None), place(4, "shoe", Some("UNKNOWN"))],
        }
    }

    fn answered(reading: Reading, status: u16, body: Value) -> Result<Result<Answer, Fault>, Failure> {
        read(&request(reading), &Reply::told(status, body), &Input::default())
    }

    #[test]
    fn null_is_not_found_where_a_record_is_asked_for() {
        let null = json!({"data": {"result": null}});
        let fault = answered(Reading::Row("X_NOT_FOUND".into()), 200, null.clone()).unwrap().unwrap_err();
        assert_eq!((fault.kinds[0], fault.code.as_str()), (Kind::NotFound, "X_NOT_FOUND"));
        assert_eq!(answered(Reading::Value, 200, null).unwrap().unwrap().body, None);
        let parent = json!({"data": {"parent": null}});
        assert!(answered(Reading::Related("X_NOT_FOUND".into()), 200, parent).unwrap().is_err());
    }

    #[test]
    fn errors_are_faults() {
        let body = json!({"data": null, "errors": [{"message": "m", "extensions": {"kind": "Conflict",
            "code": "TAKEN", "fields": [{"field": "email", "code": "TAKEN"}]}}]});
        let fault = answered(Reading::Value, 200, body).unwrap().unwrap_err();
        assert_eq!((fault.kinds[0], fault.code.as_str()), (Kind::Conflict, "TAKEN"));
        assert_eq!(fault.fields, [("email".to_owned(), Some("TAKEN".to_owned()))]);
    }

    #[test]
    fn what_is_refused_before_the_call_is_named_by_its_line() {
        let error = |line| {
            json!({"message": "m", "locations": [{"line": line, "column": 1}],
            "extensions": {"kind": "Invalid", "code": "GRAPHQL_VALIDATION_FAILED"}})
        };
        let body = json!({"errors": [error(4), error(2), error(9)]});
        let fault = answered(Reading::Value, 400, body).unwrap().unwrap_err();
        assert_eq!(fault.code, INVALID_INPUT);
        let named = [("shoe".to_owned(), Some("UNKNOWN".to_owned())), ("email".to_owned(), None)];
        assert_eq!(fault.fields, named);
    }

    #[test]
    fn what_no_response_may_be_is_found() {
        let error = json!({"message": "m", "extensions": {"kind": "Denied", "code": "X"}});
        let wrong = [
            (200, json!({"errors": [error]})),
            (400, json!({"data": {"result": 1}})),
            (200, json!({"data": {"result": 1}, "errors": [error]})),
            (200, json!({"data": null, "errors": []})),
            (200, json!({"data": null})),
            (200, json!({"data": {}})),
            (200, json!({"data": null, "errors": [{"extensions": {"kind": "Denied", "code": "X"}}]})),
            (200, json!({"data": null, "errors": [{"message": "m", "extensions": {"code": "X"}}]})),
            (
                200,
                json!({"data": null, "errors": [{"message": "m", "extensions": {"kind": "Odd", "code": "X"}}]}),
            ),
            (200, json!([])),
        ];
        for (status, body) in wrong {
            let found = answered(Reading::Value, status, body.clone());
            assert!(matches!(found, Err(Failure::Broken(_))), "{body}: {found:?}");
        }
    }

    #[test]
    fn a_refused_part_of_everything_is_found() {
        let denied = |name: &str| {
            let message = format!("`{name}` may not be read or named here");
            let error = json!({"message": message, "extensions": {"kind": "Denied", "code": "FIELD_DENIED"}});
            refused_of_everything(&request(Reading::Value), &Reply::told(200, json!({"errors": [error]})))
        };
        assert_eq!(denied("salary").as_deref(), Some("salary"));
        assert_eq!(denied("rank"), None);
    }

    #[test]
    fn a_page_has_the_cursors_of_its_rows() {
        let page = |end: &str| {
            json!({"data": {"result": {"edges": [{"cursor": "a", "node": 1}, {"cursor": "b",
            "node": 2}], "pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "startCursor": "a",
            "endCursor": end}, "totalCount": 7}}})
        };
        let answer = answered(Reading::Page, 200, page("b")).unwrap().unwrap();
        let expected = Page { start: Some("a".into()), end: Some("b".into()), more: More::Yes };
        assert_eq!((answer.body, answer.total, answer.page), (Some(json!([1, 2])), Some(7), Some(expected)));
        assert!(answered(Reading::Page, 200, page("c")).is_err());
    }
}
