//! What `Accept` and `Content-Type` come to.

#![allow(clippy::unwrap_used)]

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_semantics::media::{ContentType, Range, check_accept, content_type, is_json, wish};

fn headers(name: http::HeaderName, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(&name, HeaderValue::from_str(line).unwrap());
    }
    headers
}

#[test]
fn the_most_exact_range_counts() {
    type Expected = Option<(Range, f32)>;
    let cases: [(&[&str], Expected); 10] = [
        (&["application/json"], Some((Range::Exact, 1.0))),
        (&["APPLICATION/Json;q=0.5"], Some((Range::Exact, 0.5))),
        (&["*/*, application/json;q=0"], Some((Range::Exact, 0.0))),
        (&["application/*;q=0.3", "*/*"], Some((Range::Type, 0.3))),
        (&["*/*;q=0.1"], Some((Range::Any, 0.1))),
        (&["application/json;q=0.2, application/json;q=0.9"], Some((Range::Exact, 0.9))),
        (&["application/json;q=2"], Some((Range::Exact, 0.0))),
        (&["application/json;q=NaN"], Some((Range::Exact, 0.0))),
        (&["text/*, */html, json"], None),
        (&[""], None),
    ];
    for (lines, expected) in cases {
        let found = wish(&headers(ACCEPT, lines), "application/json").map(|w| (w.range, w.weight));
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn a_caller_that_takes_no_json_is_refused() {
    assert!(check_accept(&HeaderMap::new(), "application/json").is_ok());
    assert!(check_accept(&headers(ACCEPT, &["application/*"]), "application/json").is_ok());
    let fault = check_accept(&headers(ACCEPT, &["text/html"]), "application/json").unwrap_err();
    assert_eq!((&*fault.code, &*fault.message), ("NOT_ACCEPTABLE", "answers are application/json"));
}

#[test]
fn content_types_are_read_without_their_parameters() {
    let json = ContentType::Utf8("application/json".to_owned());
    let cases: [(&[&str], ContentType); 7] = [
        (&[], ContentType::Absent),
        (&["Application/JSON"], json.clone()),
        (&["application/json; charset=\"UTF-8\""], json.clone()),
        (&["application/json; profile=\"a;charset=x\""], json),
        (&["application/json; charset=latin1"], ContentType::Other),
        (&["application/json", "text/plain"], ContentType::Other),
        (&["application/json\u{e9}"], ContentType::Other),
    ];
    for (lines, expected) in cases {
        assert_eq!(content_type(&headers(CONTENT_TYPE, lines)), expected, "{lines:?}");
    }
    let named: Vec<bool> =
        ["application/json", "application/x+json", "text/json", "application/jsonp"].map(is_json).to_vec();
    assert_eq!(named, [true, true, false, false]);
}
