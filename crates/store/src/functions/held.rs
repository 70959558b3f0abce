//! Values held to the types that fields declare: what does not fit is NULL.

use super::work::spend;
use super::{TEXT_OF, WITHIN, pure, text};
use contract::rule::Held;
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

/// What a byte of a text is counted as: a form looks at it a few times.
const UNITS_A_BYTE: usize = 4;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, WITHIN, 3, within)?;
    pure(conn, TEXT_OF, 2, text_of)
}

fn within(context: &Context<'_>) -> rusqlite::Result<Option<i64>> {
    let ValueRef::Integer(number) = context.get_raw(0) else { return Ok(None) };
    let range = context.get::<i64>(1)?..=context.get::<i64>(2)?;
    Ok(Some(number).filter(|number| range.contains(number)))
}

/// The text; a key that is kept as an integer becomes one.
fn text_of(context: &Context<'_>) -> rusqlite::Result<Value> {
    let (value, form) = (text(context, 0)?, text(context, 1)?);
    let held = match form {
        Some("id") => Held::Id,
        Some("uuid") => Held::Uuid,
        Some("url") => Held::Url,
        Some("email") => Held::Email,
        Some(_) | None => return Ok(Value::Null),
    };
    let made = match (value, context.get_raw(0)) {
        (Some(value), _) => {
            spend(value.len().saturating_mul(UNITS_A_BYTE))?;
            held.accepts(value).then(|| value.to_owned())
        }
        (None, ValueRef::Integer(key)) if held == Held::Id => Some(key.to_string()),
        (None, _) => None,
    };
    Ok(made.map_or(Value::Null, Value::Text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_does_not_fit_is_null() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let cases = [
            ("septet_within(5, -5, 5)", Value::Integer(5)),
            ("septet_within(6, -5, 5)", Value::Null),
            ("septet_within(-6, -5, 5)", Value::Null),
            ("septet_within(NULL, -5, 5)", Value::Null),
            ("septet_within(1.0, -5, 5)", Value::Null),
            ("septet_text_of('a@example.com', 'email')", Value::Text("a@example.com".into())),
            ("septet_text_of('a', 'email')", Value::Null),
            ("septet_text_of('0190163D-8694-739b-aea5-966c26f8ad90', 'uuid')", Value::Null),
            ("septet_text_of('', 'id')", Value::Null),
            ("septet_text_of(-7, 'id')", Value::Text("-7".into())),
            ("septet_text_of(-7, 'url')", Value::Null),
            ("septet_text_of('x', 'colour')", Value::Null),
        ];
        for (expression, wanted) in cases {
            let found: Value = conn.query_row(&format!("SELECT {expression}"), [], |row| row.get(0)).unwrap();
            assert_eq!(found, wanted, "{expression}");
        }
    }
}
