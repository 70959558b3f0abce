//! The JSON decoder: places of errors, bounds, and agreement with serde_json.

use crate::fuzz::{JSON, mutated};
use crate::source::Source;
use wire::{DEPTH_MAX, DecodeBounds, Problem, Value, decode_json};

const DOCUMENTS: u64 = 20_000;

fn decode(text: &str) -> Result<Value, (usize, usize, Problem)> {
    let result = decode_json(text.as_bytes(), &DecodeBounds::default());
    result.map_err(|error| (error.line, error.column, error.problem))
}

#[test]
fn values_are_what_they_say() {
    let text = |text: &str| Value::Text(text.into());
    for (json, expected) in [
        ("null", Value::Null),
        (" true\r\n", Value::Bool(true)),
        ("-12", Value::Int(-12)),
        ("9223372036854775807", Value::Int(i64::MAX)),
        ("9223372036854775808", Value::Number("9223372036854775808".into())),
        ("1.10", Value::Number("1.10".into())),
        ("-0", Value::Number("-0".into())),
        ("1e2", Value::Number("1e2".into())),
        (r#""\u0000\b\f\n\r\t\/\\\"\u00E9\ud83e\udd80é""#, text("\0\u{8}\u{c}\n\r\t/\\\"é🦀é")),
        ("[]", Value::List(vec![])),
        ("{}", Value::Object(vec![])),
        (
            r#"{"b":[1,{"":null}],"a":"x"}"#,
            Value::Object(vec![
                (
                    "b".into(),
                    Value::List(vec![Value::Int(1), Value::Object(vec![(String::new(), Value::Null)])]),
                ),
                ("a".into(), text("x")),
            ]),
        ),
    ] {
        assert_eq!(decode(json), Ok(expected), "{json}");
    }
}

#[test]
fn errors_say_where() {
    for (json, line, column, problem) in [
        ("", 1, 1, Problem::ExpectedValue),
        ("\n  x", 2, 3, Problem::ExpectedValue),
        ("nul", 1, 1, Problem::ExpectedValue),
        ("[1,]", 1, 4, Problem::ExpectedValue),
        ("[1 2]", 1, 4, Problem::ExpectedCommaOrBracket),
        ("[1", 1, 3, Problem::ExpectedCommaOrBracket),
        ("{1:2}", 1, 2, Problem::ExpectedKey),
        ("{\"a\":1,}", 1, 8, Problem::ExpectedKey),
        ("{\"a\" 1}", 1, 6, Problem::ExpectedColon),
        ("{\"a\":1 \"b\":2}", 1, 8, Problem::ExpectedCommaOrBrace),
        ("1 1", 1, 3, Problem::TrailingData),
        ("[\"é\", \"abc]", 1, 7, Problem::UnterminatedString),
        ("\"é\u{1}\"", 1, 3, Problem::ControlCharacter),
        ("\"a\nb\"", 1, 3, Problem::ControlCharacter),
        ("\"\\x\"", 1, 2, Problem::BadEscape),
        ("\"\\u12g4\"", 1, 2, Problem::BadEscape),
        ("\"\\u12é\"", 1, 2, Problem::BadEscape),
        ("\"\\ud800\"", 1, 2, Problem::LoneSurrogate),
        ("\"\\ud800\\u0041\"", 1, 2, Problem::LoneSurrogate),
        ("\"\\udc00\\ud800\"", 1, 2, Problem::LoneSurrogate),
        ("01", 1, 1, Problem::BadNumber),
        ("[-]", 1, 2, Problem::BadNumber),
        ("1.", 1, 1, Problem::BadNumber),
        (".5", 1, 1, Problem::ExpectedValue),
        ("1e", 1, 1, Problem::BadNumber),
        ("1e400", 1, 1, Problem::NumberTooLarge),
        ("{\n\"a\":1,\n \"b\":2,\n \"\\u0061\":3}", 4, 2, Problem::DuplicateKey),
        ("{\"a\":{\"x\":1},\"b\":{\"x\":1,\"y\":2,\"y\":1}}", 1, 31, Problem::DuplicateKey),
        ("\u{feff}{}", 1, 1, Problem::ByteOrderMark),
    ] {
        assert_eq!(decode(json), Err((line, column, problem)), "{json}");
    }
    let error = decode_json(b"[\"ab\xff\"]", &DecodeBounds::default()).unwrap_err();
    assert_eq!((error.byte, error.column, error.problem), (4, 5, Problem::NotUtf8));
    assert_eq!(error.to_string(), "the text is not UTF-8 at line 1, column 5");
    let surrogate = decode_json(b"\"\xed\xa0\x80\"", &DecodeBounds::default()).unwrap_err();
    assert_eq!(surrogate.problem, Problem::NotUtf8);
}

#[test]
fn a_repeated_key_is_found_in_objects_of_any_size() {
    for size in [2, 8, 9, 1000] {
        let member = |i: usize| format!("\"k{i}\":{i}");
        let mut members: Vec<_> = (0..size).map(member).collect();
        assert!(decode(&format!("{{{}}}", members.join(","))).is_ok());
        let place = members[..size - 1].join(",").len() + 3;
        members[size - 1] = member(size / 2 - 1);
        let (_, column, problem) = decode(&format!("{{{}}}", members.join(","))).unwrap_err();
        assert_eq!((column, problem), (place, Problem::DuplicateKey));
    }
}

#[test]
fn bounds_hold() {
    let bounds = DecodeBounds { depth_max: 3, values_max: 5, number_bytes_max: 20 };
    let problem = |text: &str| decode_json(text.as_bytes(), &bounds).map_err(|error| error.problem);
    assert!(problem("[[[]]]").is_ok());
    assert_eq!(problem("[[[[]]]]"), Err(Problem::TooDeep));
    assert_eq!(problem("[{\"a\":[{}]}]"), Err(Problem::TooDeep));
    assert!(problem("[1,[],{},4]").is_ok());
    assert_eq!(problem("[1,[],{},4,5]"), Err(Problem::TooManyValues));
    assert!(problem("0.123456789012345678").is_ok());
    assert_eq!(problem("0.1234567890123456789"), Err(Problem::NumberTooLong));

    let deepest = DecodeBounds { depth_max: usize::MAX, ..DecodeBounds::default() };
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(decode_json(nested(DEPTH_MAX).as_bytes(), &deepest).is_ok());
    for depth in [DEPTH_MAX + 1, 1_000_000] {
        let error = decode_json(nested(depth).as_bytes(), &deepest).unwrap_err();
        assert_eq!((error.byte, error.problem), (DEPTH_MAX, Problem::TooDeep));
    }
}

#[test]
fn values_are_written_as_minified_json() {
    for (json, expected) in [
        (
            " { \"b\" : [ 1 , -2.50 , 1E+2 ] , \"a\\u0062\" : \"\\u0001\\/\\u00e9\" } ",
            "{\"b\":[1,-2.50,1E+2],\"ab\":\"\\u0001/é\"}",
        ),
        ("[null,true,false,{},[]]", "[null,true,false,{},[]]"),
    ] {
        assert_eq!(decode(json).unwrap().json_text(), expected);
    }
    assert_eq!(Value::Bytes(b"foob".to_vec()).json_text(), "\"Zm9vYg==\"");
    assert_eq!(Value::Float(50.0).json_text(), "50");
    assert_eq!(Value::Float(f64::NAN).json_text(), "null");
}

/// Equal as serde_json reads numbers: integers, and doubles for all others.
fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
        (Value::Int(ours), theirs) => theirs.as_i64() == Some(*ours),
        (Value::Number(ours), theirs) => theirs.as_f64() == ours.parse().ok(),
        (Value::Text(ours), serde_json::Value::String(theirs)) => ours == theirs,
        (Value::List(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), serde_json::Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, ours)| theirs.get(key).is_some_and(|theirs| same(ours, theirs)))
        }
        _ => false,
    }
}

#[test]
fn the_decoder_agrees_with_serde_json() {
    let mut source = Source(4);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..DOCUMENTS {
        let document = mutated(&JSON, &mut source);
        let ours = decode_json(&document, &DecodeBounds::default());
        let theirs = serde_json::from_slice::<serde_json::Value>(&document);
        let shown = String::from_utf8_lossy(&document);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => assert!(same(ours, theirs), "{shown}"),
            (Err(_), Err(_)) => {}
            // serde_json keeps the last of several members with one key, and is deeper and longer than our
            // bounds.
            (Err(error), Ok(_)) => {
                let known = [Problem::DuplicateKey, Problem::TooDeep, Problem::NumberTooLong];
                assert!(known.contains(&error.problem), "{error}: {shown}");
            }
            (Ok(_), Err(error)) => panic!("{error}: {shown}"),
        }
        accepted += u64::from(ours.is_ok());
        refused += u64::from(ours.is_err());
    }
    assert!(accepted > DOCUMENTS / 5 && refused > DOCUMENTS / 5, "{accepted} accepted, {refused} refused");
}
