//! Values while they are worked with: borrowed from the rule, the call's facts, or made on the way.

use super::{Arithmetic, Compare, Value, time};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Digits after the point of a decimal at the most.
pub(super) const SCALE_MAX: u8 = 18;

/// A value, borrowed where it can be.
#[derive(Debug, Clone)]
pub(super) enum Datum<'a> {
    Null,
    /// See [`Value::Nobody`].
    Nobody,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Decimal {
        units: i64,
        scale: u8,
    },
    /// Microseconds.
    Duration(i64),
    /// The caller's roles or scopes.
    Texts(&'a [String]),
    List(Cow<'a, [Value]>),
    Map(&'a [(String, Value)]),
}

impl<'a> From<&'a Value> for Datum<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Nobody => Self::Nobody,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Decimal { units, scale } => Self::Decimal { units: *units, scale: *scale },
            Value::Duration(micros) => Self::Duration(*micros),
            Value::List(items) => Self::List(Cow::Borrowed(items)),
            Value::Map(members) => Self::Map(members),
        }
    }
}

impl From<Datum<'_>> for Value {
    fn from(datum: Datum<'_>) -> Self {
        match datum {
            Datum::Null => Self::Null,
            Datum::Nobody => Self::Nobody,
            Datum::Bool(value) => Self::Bool(value),
            Datum::Int(value) => Self::Int(value),
            Datum::Float(value) => Self::Float(value),
            Datum::Text(text) => Self::Text(text.into_owned()),
            Datum::Decimal { units, scale } => Self::Decimal { units, scale },
            Datum::Duration(micros) => Self::Duration(micros),
            Datum::Texts(texts) => Self::List(texts.iter().cloned().map(Self::Text).collect()),
            Datum::List(items) => Self::List(items.into_owned()),
            Datum::Map(members) => Self::Map(members.to_vec()),
        }
    }
}

impl Datum<'_> {
    /// How many items a list has (a map: keys); `None` for anything else.
    pub fn items(&self) -> Option<usize> {
        match self {
            Self::Texts(texts) => Some(texts.len()),
            Self::List(items) => Some(items.len()),
            Self::Map(members) => Some(members.len()),
            Self::Null | Self::Nobody | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) => None,
            Self::Decimal { .. } | Self::Duration(_) => None,
        }
    }

    /// The item of a list (of a map: the key).
    ///
    /// # Panics
    /// When there is none: `index` is below [`Self::items`].
    pub fn item(&self, index: usize) -> Datum<'_> {
        match self {
            Self::Texts(texts) => Datum::Text(Cow::Borrowed(&texts[index])),
            Self::List(items) => Datum::from(&items[index]),
            Self::Map(members) => Datum::Text(Cow::Borrowed(&members[index].0)),
            Self::Null | Self::Nobody | Self::Bool(_) | Self::Int(_) | Self::Float(_) => {
                unreachable!("no items")
            }
            Self::Text(_) | Self::Decimal { .. } | Self::Duration(_) => unreachable!("no items"),
        }
    }
}

/// A comparison; `None` is an error (an order with null, or values that do not compare).
pub(super) fn compare(operator: Compare, a: &Datum<'_>, b: &Datum<'_>) -> Option<bool> {
    match (operator, a, b) {
        (Compare::Equal | Compare::NotEqual, Datum::Nobody, _)
        | (Compare::Equal | Compare::NotEqual, _, Datum::Nobody) => Some(operator == Compare::NotEqual),
        (Compare::Equal | Compare::NotEqual, Datum::Null, _)
        | (Compare::Equal | Compare::NotEqual, _, Datum::Null) => {
            let both = matches!((a, b), (Datum::Null, Datum::Null));
            Some(both == (operator == Compare::Equal))
        }
        (Compare::Equal, Datum::Bool(a), Datum::Bool(b)) => Some(a == b),
        (Compare::NotEqual, Datum::Bool(a), Datum::Bool(b)) => Some(a != b),
        _ => order(a, b).map(|ordering| operator.holds(ordering)),
    }
}

/// How two values stand to each other; `None` where there is no order.
fn order(a: &Datum<'_>, b: &Datum<'_>) -> Option<Ordering> {
    match (a, b) {
        (Datum::Int(a), Datum::Int(b)) | (Datum::Duration(a), Datum::Duration(b)) => Some(a.cmp(b)),
        (Datum::Int(a), Datum::Float(b)) => order_mixed(*a, *b),
        (Datum::Float(a), Datum::Int(b)) => order_mixed(*b, *a).map(Ordering::reverse),
        (Datum::Float(a), Datum::Float(b)) => a.partial_cmp(b),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        (Datum::Decimal { units: a, scale: s }, Datum::Decimal { units: b, scale: t }) => {
            Some(order_scaled(*a, *s, *b, *t))
        }
        (Datum::Decimal { units, scale }, Datum::Int(b)) => Some(order_scaled(*units, *scale, *b, 0)),
        (Datum::Int(a), Datum::Decimal { units, scale }) => Some(order_scaled(*a, 0, *units, *scale)),
        _ => None,
    }
}

/// Exact, where converting the integer to a double would round.
fn order_mixed(a: i64, b: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if b.is_nan() {
        None
    } else if b >= LIMIT {
        Some(Ordering::Less)
    } else if b < -LIMIT {
        Some(Ordering::Greater)
    } else {
        Some(a.cmp(&(b.trunc() as i64)).then(0.0_f64.total_cmp(&(b.fract() + 0.0))))
    }
}

fn order_scaled(a: i64, a_scale: u8, b: i64, b_scale: u8) -> Ordering {
    let scale = a_scale.max(b_scale).min(SCALE_MAX);
    let widen = |units: i64, from: u8| i128::from(units) * 10_i128.pow(u32::from(scale.saturating_sub(from)));
    widen(a, a_scale).cmp(&widen(b, b_scale))
}

/// Arithmetic; `None` is an error (overflow, division by zero, null, values it is not defined for).
pub(super) fn arithmetic<'a>(operator: Arithmetic, a: &Datum<'_>, b: &Datum<'_>) -> Option<Datum<'a>> {
    match (a, b) {
        (Datum::Int(a), Datum::Int(b)) => on_ints(operator, *a, *b).map(Datum::Int),
        (Datum::Float(a), Datum::Float(b)) => on_doubles(operator, *a, *b).map(Datum::Float),
        (Datum::Decimal { .. } | Datum::Int(_), Datum::Decimal { .. } | Datum::Int(_)) => {
            on_decimals(operator, a, b)
        }
        (Datum::Text(_) | Datum::Duration(_), Datum::Text(_) | Datum::Duration(_)) => {
            on_times(operator, a, b)
        }
        _ => None,
    }
}

fn on_ints(operator: Arithmetic, a: i64, b: i64) -> Option<i64> {
    match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder => a.checked_rem(b),
    }
}

fn on_doubles(operator: Arithmetic, a: f64, b: f64) -> Option<f64> {
    let result = match operator {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => return None,
    };
    result.is_finite().then_some(result)
}

fn on_decimals<'a>(operator: Arithmetic, a: &Datum<'_>, b: &Datum<'_>) -> Option<Datum<'a>> {
    let (units, scale) = match (operator, a, b) {
        (Arithmetic::Multiply, Datum::Decimal { units, scale }, Datum::Int(by))
        | (Arithmetic::Multiply, Datum::Int(by), Datum::Decimal { units, scale }) => {
            (units.checked_mul(*by)?, *scale)
        }
        (
            Arithmetic::Add | Arithmetic::Subtract,
            Datum::Decimal { units, scale },
            Datum::Decimal { units: by, scale: same },
        ) if scale == same => (on_ints(operator, *units, *by)?, *scale),
        _ => return None,
    };
    Some(Datum::Decimal { units, scale })
}

fn on_times<'a>(operator: Arithmetic, a: &Datum<'_>, b: &Datum<'_>) -> Option<Datum<'a>> {
    match (operator, a, b) {
        (Arithmetic::Add | Arithmetic::Subtract, Datum::Duration(a), Datum::Duration(b)) => {
            on_ints(operator, *a, *b).map(Datum::Duration)
        }
        (Arithmetic::Add, Datum::Text(a), Datum::Text(b)) => Some(Datum::Text(Cow::Owned(format!("{a}{b}")))),
        (Arithmetic::Subtract, Datum::Text(a), Datum::Text(b)) => time::between(a, b).map(Datum::Duration),
        (Arithmetic::Add, Datum::Text(at), Datum::Duration(by))
        | (Arithmetic::Add, Datum::Duration(by), Datum::Text(at)) => {
            time::shift(at, *by).map(|text| Datum::Text(Cow::Owned(text)))
        }
        (Arithmetic::Subtract, Datum::Text(at), Datum::Duration(by)) => {
            time::shift(at, by.checked_neg()?).map(|text| Datum::Text(Cow::Owned(text)))
        }
        _ => None,
    }
}

/// The units of a number's text at a scale, when it has no more digits and fits. Signs and exponents are
/// read.
pub(super) fn units(text: &str, scale: u8) -> Option<i64> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let dropped = all.len() - significant.len();
    let shift = exponent
        .parse::<i64>()
        .ok()?
        .checked_add(i64::from(scale) + dropped as i64 - fraction.len() as i64)?;
    let factor = 10_i128.checked_pow(u32::try_from(shift).ok()?)?;
    let units = significant.parse::<i128>().ok()?.checked_mul(factor)?.checked_mul(sign)?;
    i64::try_from(units).ok()
}

/// A decimal as it is written.
pub(super) fn decimal_text(units: i64, scale: u8) -> String {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

impl Compare {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The comparison that holds where this one does not.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Arithmetic {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let cases = [
            ("12.5", 2, Some(1250)),
            ("-12.50", 2, Some(-1250)),
            ("12.505", 2, None),
            ("12.500", 2, Some(1250)),
            ("1.25e1", 2, Some(1250)),
            ("1250e-2", 2, Some(1250)),
            ("1e-3", 2, None),
            ("0.000", 0, Some(0)),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("-9223372036854775808", 0, Some(i64::MIN)),
            ("9223372036854775808", 0, None),
            ("1", 18, Some(1_000_000_000_000_000_000)),
            ("1e999999999999999999999", 2, None),
            ("1e-999999999999999999", 2, None),
        ];
        for (text, scale, wanted) in cases {
            assert_eq!(units(text, scale), wanted, "{text} at {scale}");
        }
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(decimal_text(i64::MIN, 18), "-9.223372036854775808");
        assert_eq!(decimal_text(7, 0), "7");
    }

    #[test]
    fn integers_and_doubles_compare_exactly() {
        let beyond = 9_007_199_254_740_993;
        let cases = [
            (1, 1.0, Some(Ordering::Equal)),
            (1, 1.5, Some(Ordering::Less)),
            (-1, -1.5, Some(Ordering::Greater)),
            (0, -0.0, Some(Ordering::Equal)),
            (beyond, 9_007_199_254_740_992.0, Some(Ordering::Greater)),
            (i64::MAX, 9.3e18, Some(Ordering::Less)),
            (i64::MIN, -9_223_372_036_854_775_808.0, Some(Ordering::Equal)),
            (i64::MIN, -9.3e18, Some(Ordering::Greater)),
            (0, f64::NAN, None),
        ];
        for (a, b, wanted) in cases {
            assert_eq!(order_mixed(a, b), wanted, "{a} and {b}");
        }
        let half = Datum::Decimal { units: 50, scale: 2 };
        assert_eq!(compare(Compare::Less, &half, &Datum::Int(1)), Some(true));
        assert_eq!(compare(Compare::Equal, &half, &Datum::Decimal { units: 5, scale: 1 }), Some(true));
        assert_eq!(compare(Compare::Less, &half, &Datum::Null), None);
        assert_eq!(compare(Compare::Equal, &half, &Datum::Null), Some(false));
        assert_eq!(compare(Compare::Equal, &half, &Datum::Bool(true)), None);
    }
}
