//! Sums and averages. SQLite's own `sum` fails when a sum on the way to the last one does not fit, so that it
//! depends on the order of the rows; these are exact for integers in any order.

use super::{AVERAGE, SUM, bad_value};
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};
use std::ops::RangeInclusive;

pub(super) fn register(conn: &Connection) -> Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_aggregate_function(SUM, 1, flags, Sum)?;
    conn.create_aggregate_function(SUM, 3, flags, Sum)?;
    conn.create_aggregate_function(AVERAGE, 2, flags, Average)
}

/// Number [, least, greatest]: the sum, which must be within these if it is an integer.
struct Sum;

/// Number, digits after the point: the average of the numbers, which are integers of the smallest unit.
struct Average;

impl Aggregate<(Total, RangeInclusive<i64>), Value> for Sum {
    fn init(&self, context: &mut Context<'_>) -> Result<(Total, RangeInclusive<i64>)> {
        let range = match context.len() {
            3 => context.get(1)?..=context.get(2)?,
            _ => i64::MIN..=i64::MAX,
        };
        Ok((Total::default(), range))
    }

    fn step(&self, context: &mut Context<'_>, (total, _): &mut (Total, RangeInclusive<i64>)) -> Result<()> {
        total.add(context.get_raw(0));
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<(Total, RangeInclusive<i64>)>) -> Result<Value> {
        let Some((total, range)) = total.filter(|(total, _)| total.values > 0) else {
            return Ok(Value::Null);
        };
        let sum = match &total.doubles {
            Some(_) => Some(total.double()).filter(|sum| sum.is_finite()).map(Value::Real),
            None => i64::try_from(total.integers).ok().filter(|sum| range.contains(sum)).map(Value::Integer),
        };
        sum.ok_or_else(|| bad_value("a sum is too large"))
    }
}

impl Aggregate<(Total, i32), Value> for Average {
    fn init(&self, context: &mut Context<'_>) -> Result<(Total, i32)> {
        Ok((Total::default(), context.get(1)?))
    }

    fn step(&self, context: &mut Context<'_>, (total, _): &mut (Total, i32)) -> Result<()> {
        total.add(context.get_raw(0));
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<(Total, i32)>) -> Result<Value> {
        let Some((total, scale)) = total.filter(|(total, _)| total.values > 0) else {
            return Ok(Value::Null);
        };
        // One division, so that it is rounded once.
        let average = total.double() / (total.values as f64 * 10_f64.powi(scale));
        match average.is_finite() {
            true => Ok(Value::Real(average)),
            false => Err(bad_value("an average is too large")),
        }
    }
}

/// Numbers added up. There are fewer than 2^64 of them, so the integers fit.
#[derive(Debug, Default)]
struct Total {
    /// How many are not null.
    values: u64,
    integers: i128,
    doubles: Option<Doubles>,
}

impl Total {
    fn add(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Integer(number) => self.integers += i128::from(number),
            ValueRef::Real(number) => self.doubles.get_or_insert_default().add(number),
            ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => return,
        }
        self.values += 1;
    }

    fn double(&self) -> f64 {
        self.integers as f64 + self.doubles.as_ref().map_or(0.0, |doubles| doubles.sum + doubles.lost)
    }
}

/// Neumaier's sum: what rounding loses is added up beside it
/// (<https://en.wikipedia.org/wiki/Kahan_summation_algorithm#Further_enhancements>).
#[derive(Debug, Default)]
struct Doubles {
    sum: f64,
    lost: f64,
}

impl Doubles {
    fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        self.lost += match self.sum.abs() >= number.abs() {
            true => (self.sum - sum) + number,
            false => (number - sum) + self.sum,
        };
        self.sum = sum;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A function over these values.
    fn value(function: &str, values: &str) -> std::result::Result<Value, String> {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let sql = format!("SELECT {function} FROM (SELECT NULL AS x UNION ALL VALUES {values})");
        conn.query_row(&sql, [], |row| row.get(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn sums_are_exact_or_refused() {
        let (max, min) = ("(9223372036854775807)", "(-9223372036854775807 - 1)");
        let too_large = || Err(format!("{}a sum is too large", super::super::BAD_VALUE));
        let cases = [
            ("septet_sum(x)", "(NULL)".to_owned(), Ok(Value::Null)),
            ("septet_sum(x)", "(1), (NULL), (-3)".to_owned(), Ok(Value::Integer(-2))),
            ("septet_sum(x)", "('7'), (x'01')".to_owned(), Ok(Value::Null)),
            ("septet_sum(x)", format!("{max}, {max}, {min}, {min}"), Ok(Value::Integer(-2))),
            ("septet_sum(x)", max.to_owned(), Ok(Value::Integer(i64::MAX))),
            ("septet_sum(x)", min.to_owned(), Ok(Value::Integer(i64::MIN))),
            ("septet_sum(x)", format!("{max}, (1)"), too_large()),
            ("septet_sum(x)", format!("{min}, (-1)"), too_large()),
            ("septet_sum(x)", "(0.1), (0.2), (-0.3), (NULL)".to_owned(), Ok(Value::Real(0.0))),
            ("septet_sum(x)", "(1e100), (1.0), (-1e100)".to_owned(), Ok(Value::Real(1.0))),
            ("septet_sum(x)", "(1), (0.5)".to_owned(), Ok(Value::Real(1.5))),
            ("septet_sum(x)", "(1e308), (1e308)".to_owned(), too_large()),
            ("septet_sum(x, -5, 4)", "(4), (-9)".to_owned(), Ok(Value::Integer(-5))),
            ("septet_sum(x, -5, 4)", "(5)".to_owned(), too_large()),
            ("septet_sum(x, -5, 4)", "(-6)".to_owned(), too_large()),
        ];
        for (function, values, wanted) in cases {
            let sum = value(function, &values);
            // Rounding is not the same everywhere.
            match (&sum, &wanted) {
                (Ok(Value::Real(sum)), Ok(Value::Real(wanted))) => assert!((sum - wanted).abs() < 1e-15),
                _ => assert_eq!(sum, wanted, "{function} of {values}"),
            }
        }
    }

    #[test]
    fn averages_are_doubles() {
        let cases = [
            ("(NULL)", 0, Value::Null),
            ("(1), (2), (NULL)", 0, Value::Real(1.5)),
            ("(10), (10), (5)", 2, Value::Real(25.0 / 300.0)),
            ("(-7)", 3, Value::Real(-0.007)),
            ("(9223372036854775807), (9223372036854775807)", 0, Value::Real(i64::MAX as f64)),
            ("(0.5), (1.5)", 0, Value::Real(1.0)),
        ];
        for (values, scale, wanted) in cases {
            assert_eq!(value(&format!("septet_average(x, {scale})"), values), Ok(wanted), "{values}");
        }
        assert!(value("septet_average(x, 0)", "(1e308), (1e308)").unwrap_err().contains("is too large"));
    }
}
