//! A value as a text that is the same for all ways of writing it: objects are unordered (RFC 8259 section 4), so their members
//! stand in the order of their names, and a number stands for its value, as in RFC 8785 but exact. Secrets are left out.

use wire::Value;

/// The text.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Recursive, as deep as the decoders let values be.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Int(int) => number(&int.to_string(), out),
        Value::Float(float) => number(&format!("{float:?}"), out),
        Value::Number(text) => number(text, out),
        Value::List(items) => {
            out.push('[');
            for item in items {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let shown = members.iter().filter(|(_, value)| !matches!(value, Value::Secret(_)));
            let mut sorted: Vec<&(String, Value)> = shown.collect();
            sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (name, value) in sorted {
                Value::Text(name.clone()).to_json(out);
                out.push(':');
                write(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Bytes(_) | Value::Secret(_) => {
            value.to_json(out)
        }
    }
}

/// Digits without zeros around them, and the power of ten of the last one. An exponent that is no number of 64 bits leaves the
/// text as it is.
fn number(text: &str, out: &mut String) {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent.strip_prefix('+').unwrap_or(exponent).parse::<i64>() else {
        return out.push_str(text);
    };
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return out.push('0');
    }
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let power = exponent.saturating_sub(fraction.len() as i64).saturating_add(zeros as i64);
    out.push_str(&format!("{sign}{significant}e{power}"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wire::{DecodeBounds, decode_json};

    fn text(json: &str) -> String {
        super::text(&decode_json(json.as_bytes(), &DecodeBounds::default()).unwrap())
    }

    #[test]
    fn what_is_the_same_is_written_alike() {
        for same in [
            &[r#"{"a":1,"b":{"c":[1,2],"d":null}}"#, r#"{ "b" : {"d":null,"c":[1,2]},"a":1}"#][..],
            &["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000"],
            &["0", "-0", "0.0", "0e9"],
            &["-120", "-1.2e2", "-120.0"],
            &["9007199254740993", "9007199254740993.0"],
            &[r#""\u0061""#, r#""a""#],
        ] {
            for other in same {
                assert_eq!(text(other), text(same[0]), "{other}");
            }
        }
        let others = [
            "1",
            "\"1\"",
            "10",
            "-1",
            "0.1",
            "[1]",
            "[[1]]",
            "[1,1]",
            "{}",
            "[]",
            "null",
            "9007199254740993",
            "9007199254740992",
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"{"b":1}"#,
            "[1,2]",
            "[2,1]",
            r#"{"a":[],"b":1}"#,
            r#"{"a":[1]}"#,
        ];
        for (at, one) in others.iter().enumerate() {
            for other in &others[..at] {
                assert_ne!(text(one), text(other), "{one} and {other}");
            }
        }
    }
}
