//! How the values of a field are kept in a column, shown in an event, and kept from being anything else.

use super::literal;
use contract::{Arity, Base, Contract, EnumId, Field, KeyKind, Literal, Resource, Scalar};

/// The stored form of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// UTF-8 text, also UUIDs, URLs and addresses.
    Text,
    /// A key that is text.
    TextKey,
    /// A key that is an integer; text on every wire.
    IntegerKey,
    /// 32-bit integer.
    Int,
    /// 64-bit integer; text on every JSON wire.
    Long,
    /// Finite double.
    Float,
    /// 0 or 1.
    Boolean,
    /// Integer units at a scale. SQL in a contract sees the units: 12.50 at scale 2 is 1250.
    Decimal(u8),
    /// `2026-11-22T18:32:34.000000Z`.
    DateTime,
    /// `2026-11-22`.
    Date,
    /// `18:32:34.000000`.
    Time,
    /// Integer microseconds.
    Duration,
    /// Bytes.
    Bytes,
    /// One of these names.
    Enum(Vec<String>),
    /// JSON text.
    Json,
    /// JSON text of an array.
    List,
    /// JSON text of an object.
    Object,
}

impl Form {
    /// The form of a field that has a column.
    pub fn of(contract: &Contract, resource: &Resource, field: &Field) -> Self {
        let is_key = std::ptr::eq(&resource.fields[resource.key.index()], field);
        match (field.ty.arity, field.ty.base) {
            (Arity::List { .. }, _) => Self::List,
            (Arity::One, Base::Scalar(Scalar::Id)) if is_key => Self::of_key(resource.key_kind),
            (Arity::One, Base::Scalar(scalar)) => Self::of_scalar(scalar),
            (Arity::One, Base::Enum(id)) => Self::of_enum(contract, id),
            (Arity::One, Base::Resource(id)) => Self::of_key(contract.resource(id).key_kind),
            (Arity::One, Base::Object(_) | Base::Input(_) | Base::Abstract(_)) => Self::Object,
        }
    }

    fn of_key(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Uuid | KeyKind::Client => Self::TextKey,
            KeyKind::Integer => Self::IntegerKey,
        }
    }

    fn of_enum(contract: &Contract, id: EnumId) -> Self {
        Self::Enum(contract.enums[id.index()].values.iter().map(|v| v.name.clone()).collect())
    }

    fn of_scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Id | Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => Self::Text,
            Scalar::Int => Self::Int,
            Scalar::Long => Self::Long,
            Scalar::Float => Self::Float,
            Scalar::Boolean => Self::Boolean,
            Scalar::Decimal { scale } => Self::Decimal(scale),
            Scalar::DateTime => Self::DateTime,
            Scalar::Date => Self::Date,
            Scalar::Time => Self::Time,
            Scalar::Duration => Self::Duration,
            Scalar::Json => Self::Json,
            Scalar::Bytes => Self::Bytes,
        }
    }

    /// The type of a STRICT table's column.
    pub fn sql_type(&self) -> &'static str {
        match self {
            Self::IntegerKey | Self::Int | Self::Long | Self::Boolean | Self::Decimal(_) | Self::Duration => {
                "INTEGER"
            }
            Self::Float => "REAL",
            Self::Bytes => "BLOB",
            Self::Text | Self::TextKey | Self::DateTime | Self::Date | Self::Time => "TEXT",
            Self::Enum(_) | Self::Json | Self::List | Self::Object => "TEXT",
        }
    }

    /// The name it is remembered by, to notice a change that the column's type does not show.
    pub fn name(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::TextKey => "key".into(),
            Self::IntegerKey => "integer key".into(),
            Self::Int => "int".into(),
            Self::Long => "long".into(),
            Self::Float => "float".into(),
            Self::Boolean => "boolean".into(),
            Self::Decimal(scale) => format!("decimal of scale {scale}"),
            Self::DateTime => "date and time".into(),
            Self::Date => "date".into(),
            Self::Time => "time".into(),
            Self::Duration => "duration".into(),
            Self::Bytes => "bytes".into(),
            Self::Enum(values) => format!("enum {}", values.join("|")),
            Self::Json => "json".into(),
            Self::List => "list".into(),
            Self::Object => "object".into(),
        }
    }

    /// Whether everything kept in the form of this name is also of this form.
    pub fn covers(&self, other: &str) -> bool {
        match self {
            Self::Text | Self::TextKey => ["text", "key"].contains(&other) || other.starts_with("enum "),
            Self::Long => other == "int",
            Self::Json => ["list", "object"].contains(&other),
            Self::Enum(values) => other
                .strip_prefix("enum ")
                .is_some_and(|old| old.split('|').all(|value| values.iter().any(|v| v == value))),
            Self::IntegerKey | Self::Int | Self::Float | Self::Boolean | Self::Decimal(_) => false,
            Self::DateTime | Self::Date | Self::Time | Self::Duration => false,
            Self::Bytes | Self::List | Self::Object => false,
        }
    }

    /// The value of an SQL expression as an argument of `json_object`, in the form it has in the API's JSON, but
    /// bytes in hexadecimal: SQLite has no base64.
    pub fn json(&self, at: &str) -> String {
        match self {
            Self::Text | Self::TextKey | Self::Int | Self::Float | Self::Enum(_) => at.to_owned(),
            Self::DateTime | Self::Date | Self::Time => at.to_owned(),
            Self::IntegerKey | Self::Long => format!("CAST({at} AS TEXT)"),
            Self::Boolean => format!("CASE {at} WHEN 0 THEN json('false') WHEN 1 THEN json('true') END"),
            Self::Decimal(0) => format!("CAST({at} AS TEXT)"),
            Self::Decimal(scale) => decimal_json(at, *scale),
            Self::Duration => duration_json(at),
            Self::Bytes => format!("CASE WHEN {at} IS NOT NULL THEN lower(hex({at})) END"),
            Self::Json | Self::List | Self::Object => format!("json({at})"),
        }
    }

    /// A condition on an SQL expression that is false exactly when its value is not of this form.
    pub fn guard(&self, at: &str) -> Option<String> {
        const DATE: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
        const TIME: &str = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]";
        match self {
            Self::Int => Some(format!("{at} BETWEEN {} AND {}", i32::MIN, i32::MAX)),
            Self::Float => Some(format!("{at} BETWEEN {:e} AND {:e}", f64::MIN, f64::MAX)),
            Self::Boolean => Some(format!("{at} IN (0,1)")),
            Self::Decimal(_) => Some(format!("{at} BETWEEN -999999999999999999 AND 999999999999999999")),
            Self::DateTime => Some(format!("{at} GLOB '{DATE}T{TIME}Z'")),
            Self::Date => Some(format!("{at} GLOB '{DATE}'")),
            Self::Time => Some(format!("{at} GLOB '{TIME}'")),
            Self::Enum(values) => {
                let names: Vec<String> = values.iter().map(|v| literal(v)).collect();
                Some(format!("{at} IN ({})", names.join(",")))
            }
            Self::Json => Some(format!("json_valid({at})")),
            // `json_type` fails on what is not JSON, so it is asked only where it is.
            Self::List => {
                Some(format!("CASE WHEN json_valid({at}) THEN json_type({at})='array' ELSE {at} IS NULL END"))
            }
            Self::Object => Some(format!(
                "CASE WHEN json_valid({at}) THEN json_type({at})='object' ELSE {at} IS NULL END"
            )),
            Self::Text | Self::TextKey | Self::IntegerKey | Self::Long | Self::Duration | Self::Bytes => None,
        }
    }

    /// A literal of the contract as an SQL literal of this form; `None` when it is null or not of this form.
    pub fn literal(&self, value: &Literal) -> Option<String> {
        match (self, value) {
            (_, Literal::Null) => None,
            (Self::Boolean, Literal::Bool(value)) => Some(i32::from(*value).to_string()),
            (Self::Int | Self::Long | Self::Float | Self::IntegerKey, Literal::Int(n)) => Some(n.to_string()),
            (Self::Long | Self::IntegerKey, Literal::Text(n)) => Some(n.parse::<i64>().ok()?.to_string()),
            (Self::Float, Literal::Number(n)) => Some(format!("{:e}", n.parse::<f64>().ok()?)),
            (Self::Decimal(scale), Literal::Int(n)) => units(&n.to_string(), *scale),
            (Self::Decimal(scale), Literal::Number(n) | Literal::Text(n)) => units(n, *scale),
            (Self::Text | Self::TextKey, Literal::Text(text)) => Some(literal(text)),
            (Self::Enum(_), Literal::Enum(name) | Literal::Text(name)) => Some(literal(name)),
            (Self::DateTime, Literal::Text(text)) => date_time(text),
            (Self::Date, Literal::Text(text)) => {
                Some(literal(&text.parse::<jiff::civil::Date>().ok()?.to_string()))
            }
            (Self::Time, Literal::Text(text)) => {
                Some(literal(&text.parse::<jiff::civil::Time>().ok()?.strftime("%H:%M:%S.%6f").to_string()))
            }
            (Self::Duration, Literal::Text(text)) => {
                let micros = text.parse::<jiff::SignedDuration>().ok()?.as_micros();
                Some(i64::try_from(micros).ok()?.to_string())
            }
            (Self::Json | Self::List | Self::Object, value) => Some(literal(&json(value)?.to_string())),
            _ => None,
        }
    }
}

/// Units as exact decimal text: -5 at scale 2 is `-0.05`.
fn decimal_json(at: &str, scale: u8) -> String {
    let one = 10_i64.pow(u32::from(scale.min(18)));
    let zeros = "0".repeat(usize::from(scale));
    format!(
        "CASE WHEN {at}<0 THEN '-' ELSE '' END||(abs({at})/{one})||'.'||substr('{zeros}'||(abs({at})%{one}),-{scale})"
    )
}

/// Microseconds as ISO 8601 seconds: 1500000 is `PT1.5S`.
fn duration_json(at: &str) -> String {
    format!(
        "CASE WHEN {at}<0 THEN '-' ELSE '' END||'PT'||(abs({at})/1000000)||\
         CASE WHEN {at}%1000000<>0 THEN '.'||rtrim(substr('000000'||(abs({at})%1000000),-6),'0') ELSE '' END||'S'"
    )
}

fn date_time(text: &str) -> Option<String> {
    let at = text.parse::<jiff::Timestamp>().ok()?;
    Some(literal(&at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()))
}

/// A decimal numeral without an exponent as units at a scale, exactly.
fn units(text: &str, scale: u8) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let width = usize::from(scale);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if fraction.len() > width || !digits(fraction) || !digits(whole.strip_prefix('-').unwrap_or(whole)) {
        return None;
    }
    Some(format!("{whole}{fraction:0<width$}").parse::<i64>().ok()?.to_string())
}

fn json(value: &Literal) -> Option<serde_json::Value> {
    Some(match value {
        Literal::Null => serde_json::Value::Null,
        Literal::Bool(value) => (*value).into(),
        Literal::Int(value) => (*value).into(),
        Literal::Number(text) => serde_json::from_str(text).ok()?,
        Literal::Text(text) | Literal::Enum(text) => text.as_str().into(),
        Literal::List(items) => serde_json::Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        Literal::Object(members) => serde_json::Value::Object(
            members.iter().map(|(name, value)| Some((name.clone(), json(value)?))).collect::<Option<_>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_their_stored_form() {
        let text = |t: &str| Literal::Text(t.into());
        let cases: [(Form, Literal, Option<&str>); 14] = [
            (Form::Boolean, Literal::Bool(true), Some("1")),
            (Form::Decimal(2), Literal::Int(-7), Some("-700")),
            (Form::Decimal(2), Literal::Number("9.9".into()), Some("990")),
            (Form::Decimal(2), text("-0.05"), Some("-5")),
            (Form::Decimal(2), text("0.005"), None),
            (Form::Decimal(0), text("12"), Some("12")),
            (Form::Text, text("it's"), Some("'it''s'")),
            (Form::Enum(vec!["A".into()]), Literal::Enum("A".into()), Some("'A'")),
            (Form::DateTime, text("2026-01-02T03:04:05+01:00"), Some("'2026-01-02T02:04:05.000000Z'")),
            (Form::Date, text("2026-01-02"), Some("'2026-01-02'")),
            (Form::Time, text("03:04:05.5"), Some("'03:04:05.500000'")),
            (Form::Duration, text("PT1H0.5S"), Some("3600500000")),
            (Form::List, Literal::List(vec![Literal::Int(1), Literal::Null]), Some("'[1,null]'")),
            (Form::Int, Literal::Null, None),
        ];
        for (form, value, expected) in cases {
            assert_eq!(form.literal(&value).as_deref(), expected, "{form:?} {value:?}");
        }
    }

    #[test]
    fn wider_forms_cover_narrower_ones() {
        let roles = |names: &[&str]| Form::Enum(names.iter().map(|n| (*n).to_owned()).collect());
        assert!(Form::Long.covers("int") && !Form::Int.covers("long"));
        assert!(roles(&["A", "B", "C"]).covers(&roles(&["B", "A"]).name()));
        assert!(!roles(&["A"]).covers(&roles(&["A", "B"]).name()));
        assert!(Form::Text.covers(&roles(&["A"]).name()));
        assert!(!Form::Decimal(3).covers(&Form::Decimal(2).name()));
    }
}
