//! What brings values of the API's form into the stored form and back, for a contract's own SQL.

use super::{bad_value, pure, text};
use contract::Scalar;
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::{Value as Sql, ValueRef};
use wire::Value;

/// Digits after a decimal's point at the most.
const SCALE_MAX: u8 = 18;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    // The text is taken first: that counts it, whatever the scale is.
    pure(conn, "decimal", 2, |context| {
        let text = given(context)?;
        stored(text, Scalar::Decimal { scale: scale(context)? })
    })?;
    pure(conn, "decimal_text", 2, |context| shown(context, Scalar::Decimal { scale: scale(context)? }))?;
    pure(conn, "duration", 1, |context| stored(given(context)?, Scalar::Duration))?;
    pure(conn, "duration_text", 1, |context| shown(context, Scalar::Duration))?;
    pure(conn, "timestamp", 1, |context| stored(given(context)?, Scalar::DateTime))
}

/// The second argument: digits after the point.
fn scale(context: &Context<'_>) -> rusqlite::Result<u8> {
    let scale = u8::try_from(context.get::<i64>(1)?).ok().filter(|scale| *scale <= SCALE_MAX);
    scale.ok_or_else(|| bad_value(&format!("a decimal has from 0 to {SCALE_MAX} digits after its point")))
}

/// The first argument: a text, or a number that stands for its text.
fn given(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    Ok(match context.get_raw(0) {
        ValueRef::Null => None,
        ValueRef::Text(_) => {
            Some(text(context, 0)?.ok_or_else(|| bad_value("what is stored is UTF-8"))?.to_owned())
        }
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Blob(_) => return Err(bad_value("bytes are no text")),
    })
}

/// A text in stored form.
fn stored(text: Option<String>, scalar: Scalar) -> rusqlite::Result<Option<Sql>> {
    let Some(text) = text else { return Ok(None) };
    match wire::text_to_stored(scalar, &text) {
        Ok(Value::Int(number)) => Ok(Some(Sql::Integer(number))),
        Ok(Value::Text(text)) => Ok(Some(Sql::Text(text))),
        Ok(_) => Ok(None),
        Err(error) => {
            Err(bad_value(&format!("`{}` {}", text.chars().take(64).collect::<String>(), error.message)))
        }
    }
}

/// A stored number as the text that the API has for it.
fn shown(context: &Context<'_>, scalar: Scalar) -> rusqlite::Result<Option<String>> {
    match context.get_raw(0) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(wire::number_to_text(scalar, number))),
        ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
            Err(bad_value("what is stored for a decimal or a duration is a whole number"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_go_there_and_back() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let said = |sql: &str| conn.query_row(&format!("SELECT {sql}"), [], |row| row.get::<_, Sql>(0));
        for (sql, expected) in [
            ("decimal('10.50', 2)", Sql::Integer(1050)),
            ("decimal(10, 2)", Sql::Integer(1000)),
            ("decimal(10.5, 2)", Sql::Integer(1050)),
            ("decimal('-0.05', 2)", Sql::Integer(-5)),
            ("decimal(NULL, 2)", Sql::Null),
            ("decimal_text(1050, 2)", Sql::Text("10.50".into())),
            ("decimal_text(-5, 2)", Sql::Text("-0.05".into())),
            ("decimal_text(7, 0)", Sql::Text("7".into())),
            ("duration('PT1.5S')", Sql::Integer(1_500_000)),
            ("duration_text(1500000)", Sql::Text("PT1.5S".into())),
            ("timestamp('2026-01-02T03:04:05+01:00')", Sql::Text("2026-01-02T02:04:05.000000Z".into())),
        ] {
            assert_eq!(said(sql).unwrap(), expected, "{sql}");
        }
        for wrong in [
            "decimal('1.005', 2)",
            "decimal('x', 2)",
            "decimal('1', 19)",
            "decimal_text(1.5, 2)",
            "timestamp('now')",
        ] {
            assert!(said(wrong).is_err(), "{wrong}");
        }
    }
}
