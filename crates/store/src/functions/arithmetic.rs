//! Arithmetic that gives NULL where the result does not fit, where SQL's operators turn to doubles.

use super::{ADD, DIVIDE, MULTIPLY, REMAINDER, SUBTRACT, pure};
use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};
use std::ops::{Add, Div, Mul, Rem, Sub};

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    operator(conn, ADD, i64::checked_add, f64::add)?;
    operator(conn, SUBTRACT, i64::checked_sub, f64::sub)?;
    operator(conn, MULTIPLY, i64::checked_mul, f64::mul)?;
    operator(conn, DIVIDE, i64::checked_div, f64::div)?;
    operator(conn, REMAINDER, i64::checked_rem, f64::rem)
}

fn operator(
    conn: &Connection,
    name: &str,
    of_integers: fn(i64, i64) -> Option<i64>,
    of_doubles: fn(f64, f64) -> f64,
) -> rusqlite::Result<()> {
    pure(conn, name, 2, move |context| {
        Ok(match (context.get_raw(0), context.get_raw(1)) {
            (ValueRef::Integer(left), ValueRef::Integer(right)) => {
                of_integers(left, right).map_or(Value::Null, Value::Integer)
            }
            (left, right) => match (double(left), double(right)) {
                (Some(left), Some(right)) => finite(of_doubles(left, right)),
                _ => Value::Null,
            },
        })
    })
}

fn double(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(value) => Some(value as f64),
        ValueRef::Real(value) => Some(value),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    }
}

fn finite(value: f64) -> Value {
    match value.is_finite() {
        true => Value::Real(value),
        false => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn value(expression: &str) -> Value {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        conn.query_row(&format!("SELECT {expression}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_does_not_fit_is_null() {
        let cases = [
            ("septet_add(2, 3)", Value::Integer(5)),
            ("septet_add(9223372036854775807, 1)", Value::Null),
            ("septet_subtract(-9223372036854775807, 2)", Value::Null),
            ("septet_multiply(4611686018427387904, 2)", Value::Null),
            ("septet_divide(7, -2)", Value::Integer(-3)),
            ("septet_divide(1, 0)", Value::Null),
            ("septet_divide(1.0, 0)", Value::Null),
            ("septet_divide(-9223372036854775807 - 1, -1)", Value::Null),
            ("septet_remainder(-7, 2)", Value::Integer(-1)),
            ("septet_remainder(7, 0)", Value::Null),
            ("septet_remainder(-9223372036854775807 - 1, -1)", Value::Null),
            ("septet_add(1, 0.5)", Value::Real(1.5)),
            ("septet_multiply(1e308, 10.0)", Value::Null),
            ("septet_add(NULL, 1)", Value::Null),
            ("septet_add('1', 1)", Value::Null),
        ];
        for (expression, wanted) in cases {
            assert_eq!(value(expression), wanted, "{expression}");
        }
    }
}
