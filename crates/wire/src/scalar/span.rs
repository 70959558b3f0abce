//! Lengths of time: ISO 8601 durations of fixed size, in microseconds.

use super::ascii::Ascii;

/// The longest length of time either way: what `google.protobuf.Duration` allows, about 10,000 years.
pub const MICROS_MAX: i64 = contract::DURATION_MICROS_MAX;

/// The same in seconds.
pub(crate) const SPAN_SECONDS_MAX: u64 = (MICROS_MAX / MICROS_PER_S) as u64;

/// Microseconds of a second.
pub(crate) const MICROS_PER_S: i64 = 1_000_000;

/// The designators in the order they may come: weeks and days are fixed lengths here; months and years are
/// none.
const DATE_UNITS: [(u8, i64); 2] = [(b'W', 7 * 24 * 3600), (b'D', 24 * 3600)];
const TIME_UNITS: [(u8, i64); 3] = [(b'H', 3600), (b'M', 60), (b'S', 1)];

/// Why a text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanError {
    /// It is not an ISO 8601 duration of weeks, days, hours, minutes and seconds.
    Syntax,
    /// It is longer than [`MICROS_MAX`].
    Range,
    /// It is finer than a microsecond.
    Precision,
}

/// Reads `PT1H30M`, `P1DT0.5S`, `-PT5M` as microseconds.
pub(crate) fn micros(text: &str) -> Result<i64, SpanError> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let body = text.strip_prefix('P').ok_or(SpanError::Syntax)?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return Err(SpanError::Syntax),
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(SpanError::Syntax);
    }
    let total = sum(date, &DATE_UNITS)?.checked_add(sum(time, &TIME_UNITS)?).ok_or(SpanError::Range)?;
    if total > MICROS_MAX { Err(SpanError::Range) } else { Ok(if negative { -total } else { total }) }
}

/// Adds up `<number><designator>` components, each designator at most once and in order.
fn sum(mut text: &str, units: &[(u8, i64)]) -> Result<i64, SpanError> {
    let mut total = 0_i64;
    for (designator, seconds) in units {
        let digits = text.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.')).count();
        if text.as_bytes().get(digits) != Some(designator) {
            continue;
        }
        let amount =
            component(&text[..digits], *designator)?.checked_mul(*seconds).ok_or(SpanError::Range)?;
        total = total.checked_add(amount).ok_or(SpanError::Range)?;
        text = &text[digits + 1..];
    }
    if text.is_empty() { Ok(total) } else { Err(SpanError::Syntax) }
}

/// A component's number in millionths; only seconds may have a fraction.
fn component(number: &str, designator: u8) -> Result<i64, SpanError> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if designator == b'S' => (whole, fraction_micros(fraction)?),
        Some(_) => return Err(SpanError::Syntax),
        None => (number, 0),
    };
    if whole.is_empty() {
        return Err(SpanError::Syntax);
    }
    let whole = whole.parse::<i64>().map_err(|_| SpanError::Range)?;
    whole.checked_mul(MICROS_PER_S).and_then(|micros| micros.checked_add(fraction)).ok_or(SpanError::Range)
}

/// Microseconds of the digits behind a point: at least one digit, and zeros from the seventh on.
pub(crate) fn fraction_micros(digits: &str) -> Result<i64, SpanError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SpanError::Syntax);
    }
    if digits.bytes().skip(6).any(|byte| byte != b'0') {
        return Err(SpanError::Precision);
    }
    Ok((0..6)
        .fold(0, |micros, i| micros * 10 + digits.as_bytes().get(i).map_or(0, |byte| i64::from(byte - b'0'))))
}

/// Writes microseconds as hours, minutes and seconds: `PT1H30M0.5S`, `-PT5M`, `PT0S`.
pub(crate) fn write(out: &mut Ascii, micros: i64) {
    let size = micros.unsigned_abs();
    let (seconds, fraction) = (size / MICROS_PER_S as u64, size % MICROS_PER_S as u64);
    out.push(if micros < 0 { "-PT" } else { "PT" });
    if seconds >= 3600 {
        out.push_number(seconds / 3600);
        out.push("H");
    }
    if seconds / 60 % 60 > 0 {
        out.push_number(seconds / 60 % 60);
        out.push("M");
    }
    if seconds % 60 > 0 || fraction > 0 || size == 0 {
        out.push_number(seconds % 60);
        write_fraction(out, fraction);
        out.push("S");
    }
}

/// Writes seconds and nanoseconds of the same sign as [`write`] does, or as seconds alone where they are finer than a
/// microsecond: `-PT5400.000000001S`. The seconds are at most [`SPAN_SECONDS_MAX`] either way.
pub(crate) fn write_nanos(out: &mut Ascii, seconds: i64, nanos: i32) {
    if nanos % 1000 == 0 {
        return write(out, seconds * MICROS_PER_S + i64::from(nanos / 1000));
    }
    out.push(if seconds < 0 || nanos < 0 { "-PT" } else { "PT" });
    out.push_number(seconds.unsigned_abs());
    out.push(".");
    out.push_padded(nanos.unsigned_abs().into(), 9);
    out.push("S");
}

/// Reads `5400.5s`, `-0.000000001s` as seconds and nanoseconds of the same sign (ProtoJSON's form of
/// `google.protobuf.Duration`).
pub(crate) fn seconds_and_nanos(text: &str) -> Option<(i64, i32)> {
    let number = text.strip_suffix('s')?;
    let (sign, size) = match number.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, number),
    };
    let (whole, fraction) = size.split_once('.').unwrap_or((size, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds = whole.parse::<i64>().ok()?;
    let nanos = fraction.parse::<i32>().ok()? * 10_i32.pow(9 - fraction.len() as u32);
    Some((sign * seconds, sign as i32 * nanos))
}

/// Writes microseconds as seconds with 0, 3 or 6 digits after the point: `5400.500s`, `-0.000001s` (ProtoJSON's form of
/// `google.protobuf.Duration`).
pub(crate) fn write_seconds(out: &mut Ascii, micros: i64) {
    let size = micros.unsigned_abs();
    let (seconds, fraction) = (size / MICROS_PER_S as u64, size % MICROS_PER_S as u64);
    if micros < 0 {
        out.push("-");
    }
    out.push_number(seconds);
    if fraction > 0 {
        out.push(".");
        match fraction % 1000 {
            0 => out.push_padded(fraction / 1000, 3),
            _ => out.push_padded(fraction, 6),
        }
    }
    out.push("s");
}

/// A point and the digits that are not zeros at the end, or nothing.
fn write_fraction(out: &mut Ascii, fraction: u64) {
    if fraction > 0 {
        let (mut digits, mut width) = (fraction, 6);
        while digits.is_multiple_of(10) {
            digits /= 10;
            width -= 1;
        }
        out.push(".");
        out.push_padded(digits, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, expected, normal) in [
            ("PT1H30M0.5S", 5_400_500_000, "PT1H30M0.5S"),
            ("PT90M", 5_400_000_000, "PT1H30M"),
            ("P1D", 86_400_000_000, "PT24H"),
            ("P2W", 1_209_600_000_000, "PT336H"),
            ("P1DT1S", 86_401_000_000, "PT24H1S"),
            ("-PT5M", -300_000_000, "-PT5M"),
            ("PT0S", 0, "PT0S"),
            ("-PT0S", 0, "PT0S"),
            ("PT0.000001S", 1, "PT0.000001S"),
            ("PT1.1000000S", 1_100_000, "PT1.1S"),
            ("PT87660000H", MICROS_MAX, "PT87660000H"),
        ] {
            assert_eq!(micros(text), Ok(expected), "{text}");
            let mut out = Ascii::new();
            write(&mut out, expected);
            assert_eq!(out.as_str(), normal);
        }
    }

    #[test]
    fn what_is_not_a_fixed_length_is_refused() {
        let syntax = [
            "", "P", "PT", "P1DT", "1H", "PT1", "PT1M1H", "PT1H1H", "P1Y", "P1M", "PT.5S", "PT1.S", "PT1.5H",
            "pt1h", "+PT1H", "PT-1H", "PT1H ", "--PT1H", "PT1..5S", "P1H",
        ];
        for text in syntax {
            assert_eq!(micros(text), Err(SpanError::Syntax), "{text}");
        }
        assert_eq!(micros("PT0.0000001S"), Err(SpanError::Precision));
        for text in ["PT87660000H0.000001S", "PT99999999999999999999S", "P9223372036854775807W"] {
            assert_eq!(micros(text), Err(SpanError::Range), "{text}");
        }
    }

    #[test]
    fn the_longest_fits_the_stack() {
        for micros in [i64::MIN, i64::MAX, -MICROS_MAX + 1] {
            write(&mut Ascii::new(), micros);
        }
    }
}
