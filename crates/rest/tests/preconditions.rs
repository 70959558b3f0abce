//! A precondition is kept or refused by every operation, and never left out of account.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Arity, Binding, Method, Operation, Root};
use http::Request;
use http_semantics::precondition::GUARDS;
use rest::{Arrival, Decoded, Head, Rest, Route};

#[test]
fn every_operation_keeps_a_precondition_or_refuses_it() {
    let (rest, contract) = (support::rest(), support::contract());
    let (mut kept, mut refused) = (0, 0);
    for operation in contract.operations.iter().filter(|o| o.rest.is_some() && o.root != Root::Subscription) {
        for guard in &GUARDS {
            match version(&rest, operation, guard.as_str()) {
                None => refused += 1,
                Some(version) => {
                    kept += 1;
                    assert!(is_kept(operation, guard.as_str(), version), "{}: {guard}", operation.name);
                }
            }
        }
    }
    assert!(kept >= 4 && refused > 3 * kept, "{kept} kept, {refused} refused");
}

/// The version that the call asks for, of a request that is not refused.
fn version(rest: &Rest, operation: &Operation, guard: &str) -> Option<Option<i64>> {
    let route = operation.rest.as_ref().unwrap();
    let segments: Vec<&str> =
        route.path.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment }).collect();
    let method = match route.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    let request = Request::builder().method(method).uri(format!("/api{}", segments.join("/")));
    let request = request.header(guard, "\"v3\"").header("content-type", "application/json");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let Route::Operation(matched) = rest.route(&head.method, head.uri.path()) else {
        panic!("{} is not at {}", operation.name, head.uri);
    };
    let arrival = Arrival { peer: [127, 0, 0, 1].into(), request_id: "r1".to_owned() };
    let head = Head { uri: &head.uri, headers: &head.headers };
    let Decoded { call, .. } = rest.decode(matched, head, b"{}", arrival).ok()?;
    Some(call.context.version)
}

fn is_kept(operation: &Operation, guard: &str, version: Option<i64>) -> bool {
    match guard {
        "if-match" => {
            let changes_one =
                matches!(operation.binding, Binding::Update(_) | Binding::Upsert(_) | Binding::Delete(_));
            changes_one && version == Some(3)
        }
        "if-none-match" => operation.root == Root::Query && operation.result.arity == Arity::One,
        _ => false,
    }
}
