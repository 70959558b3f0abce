//! Every scalar from JSON-like values and from text.

use contract::Scalar;
use wire::{Value, text_to_stored, to_stored, to_stored_item};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(text: &str) -> Value {
    Value::Number(text.into())
}

const TWO: Scalar = Scalar::Decimal { scale: 2 };

#[test]
fn values_become_their_stored_form() {
    for (scalar, value, expected) in [
        (Scalar::Id, text("p1"), text("p1")),
        (Scalar::Id, Value::Int(7), text("7")),
        (Scalar::Id, text(&"é".repeat(255)), text(&"é".repeat(255))),
        (Scalar::String, text(""), text("")),
        (Scalar::String, text("a\u{1}"), text("a\u{1}")),
        (Scalar::Int, Value::Int(-2_147_483_648), Value::Int(-2_147_483_648)),
        (Scalar::Int, number("1.0"), Value::Int(1)),
        (Scalar::Int, number("1e3"), Value::Int(1000)),
        (Scalar::Int, Value::Float(3.0), Value::Int(3)),
        (Scalar::Long, Value::Int(i64::MIN), Value::Int(i64::MIN)),
        (Scalar::Long, text("9223372036854775807"), Value::Int(i64::MAX)),
        (Scalar::Float, Value::Int(1), Value::Float(1.0)),
        (Scalar::Float, number("0.1"), Value::Float(0.1)),
        (Scalar::Float, Value::Float(1e300), Value::Float(1e300)),
        (Scalar::Boolean, Value::Bool(true), Value::Bool(true)),
        (TWO, text("12.5"), Value::Int(1250)),
        (TWO, text("-0.050"), Value::Int(-5)),
        (TWO, number("0.1"), Value::Int(10)),
        (TWO, Value::Int(3), Value::Int(300)),
        (TWO, Value::Float(0.3), Value::Int(30)),
        (Scalar::DateTime, text("2026-11-22T20:32:34.5+02:00"), text("2026-11-22T18:32:34.500000Z")),
        (Scalar::Date, text("2026-11-22"), text("2026-11-22")),
        (Scalar::Time, text("18:32:34.5"), text("18:32:34.500000")),
        (Scalar::Duration, text("-P1DT0.5S"), Value::Int(-86_400_500_000)),
        (
            Scalar::Uuid,
            text("0190163D-8694-739B-AEA5-966C26F8AD90"),
            text("0190163d-8694-739b-aea5-966c26f8ad90"),
        ),
        (
            Scalar::Json,
            Value::Object(vec![("a".into(), Value::List(vec![Value::Null]))]),
            text(r#"{"a":[null]}"#),
        ),
        (Scalar::Json, Value::Null, text("null")),
        (Scalar::Json, text("a\""), text(r#""a\"""#)),
        (Scalar::Bytes, text("Zm9vYg"), Value::Bytes(b"foob".to_vec())),
        (Scalar::Bytes, Value::Bytes(vec![0]), Value::Bytes(vec![0])),
        (Scalar::Url, text("https://example.com"), text("https://example.com")),
        (Scalar::Email, text("ada@example.com"), text("ada@example.com")),
    ] {
        assert_eq!(to_stored(scalar, &value), Ok(expected), "{scalar:?} {value:?}");
    }
}

#[test]
fn values_that_are_none_of_their_scalar_are_refused_by_code() {
    let long_email = format!("{}@example.com", "a".repeat(250));
    for (scalar, value, code) in [
        (Scalar::Id, Value::Bool(true), "TYPE"),
        (Scalar::Id, text(""), "LENGTH"),
        (Scalar::Id, text(&"é".repeat(256)), "LENGTH"),
        (Scalar::Id, text("a\n"), "FORMAT"),
        (Scalar::String, Value::Int(1), "TYPE"),
        (Scalar::String, Value::Null, "TYPE"),
        (Scalar::String, text("a\0"), "FORMAT"),
        (Scalar::Int, Value::Int(2_147_483_648), "RANGE"),
        (Scalar::Int, number("1.5"), "TYPE"),
        (Scalar::Int, number("1e400"), "RANGE"),
        (Scalar::Int, Value::Float(f64::NAN), "RANGE"),
        (Scalar::Int, text("1"), "TYPE"),
        (Scalar::Long, number("9223372036854775808"), "RANGE"),
        (Scalar::Long, number("0.5"), "TYPE"),
        (Scalar::Long, text("x"), "FORMAT"),
        (Scalar::Long, Value::Bool(true), "TYPE"),
        (Scalar::Float, text("1"), "TYPE"),
        (Scalar::Float, Value::Float(f64::INFINITY), "RANGE"),
        (Scalar::Boolean, text("true"), "TYPE"),
        (Scalar::Boolean, Value::Int(1), "TYPE"),
        (TWO, text("0.005"), "RANGE"),
        (TWO, text("10000000000000000"), "RANGE"),
        (TWO, text("1,5"), "FORMAT"),
        (TWO, Value::List(vec![]), "TYPE"),
        (Scalar::DateTime, text("2026-11-22T18:32:34"), "FORMAT"),
        (Scalar::DateTime, text("2026-02-30T18:32:34Z"), "RANGE"),
        (Scalar::DateTime, text("2016-12-31T23:59:60Z"), "RANGE"),
        (Scalar::DateTime, Value::Int(0), "TYPE"),
        (Scalar::Date, text("2026-11-22T00:00:00Z"), "FORMAT"),
        (Scalar::Time, text("18:32"), "FORMAT"),
        (Scalar::Time, text("18:32:34Z"), "FORMAT"),
        (Scalar::Duration, text("P1M"), "FORMAT"),
        (Scalar::Duration, Value::Int(1), "TYPE"),
        (Scalar::Uuid, text("x"), "FORMAT"),
        (Scalar::Bytes, text("%"), "FORMAT"),
        (Scalar::Bytes, Value::Int(1), "TYPE"),
        (Scalar::Url, text("example.com"), "FORMAT"),
        (Scalar::Email, text("ada"), "FORMAT"),
        (Scalar::Email, text(&long_email), "LENGTH"),
    ] {
        let error = to_stored(scalar, &value).unwrap_err();
        assert_eq!(error.code, code, "{scalar:?} {value:?}: {error}");
    }
}

#[test]
fn text_becomes_the_stored_form() {
    for (scalar, given, expected) in [
        (Scalar::Id, "7", text("7")),
        (Scalar::Int, "-1", Value::Int(-1)),
        (Scalar::Long, "9223372036854775807", Value::Int(i64::MAX)),
        (Scalar::Float, "1e3", Value::Float(1000.0)),
        (Scalar::Boolean, "false", Value::Bool(false)),
        (TWO, "1.5", Value::Int(150)),
        (Scalar::Json, "{ \"a\" : 1 }", text("{\"a\":1}")),
        (Scalar::Bytes, "-_8", Value::Bytes(vec![0xfb, 0xff])),
    ] {
        assert_eq!(text_to_stored(scalar, given), Ok(expected));
    }
    for (scalar, given) in [
        (Scalar::Int, ""),
        (Scalar::Int, "+1"),
        (Scalar::Int, "0x1"),
        (Scalar::Float, "NaN"),
        (Scalar::Float, "inf"),
        (Scalar::Boolean, "1"),
        (Scalar::Boolean, "TRUE"),
        (Scalar::Json, "{a:1}"),
    ] {
        assert_eq!(text_to_stored(scalar, given).unwrap_err().code, "FORMAT", "{scalar:?} {given}");
    }
    let error = text_to_stored(Scalar::Json, "[1,").unwrap_err();
    assert_eq!(error.message, "expected a value at line 1, column 4");
}

#[test]
fn items_of_stored_lists_look_as_in_json_replies() {
    for (scalar, value, expected) in [
        (Scalar::Id, Value::Int(7), "\"7\""),
        (Scalar::Long, Value::Int(7), "\"7\""),
        (TWO, number("1.5"), "\"1.50\""),
        (Scalar::Duration, text("PT90M"), "\"PT1H30M\""),
        (Scalar::Bytes, text("-_8"), "\"+/8=\""),
        (Scalar::Json, text("a"), "\"a\""),
        (Scalar::Int, number("1.0"), "1"),
        (Scalar::Float, number("1.0"), "1"),
        (Scalar::DateTime, text("2026-11-22T18:32:34Z"), "\"2026-11-22T18:32:34.000000Z\""),
    ] {
        assert_eq!(to_stored_item(scalar, &value).unwrap().json_text(), expected);
    }
    assert_eq!(to_stored_item(TWO, &text("1.555")).unwrap_err().code, "RANGE");
}
