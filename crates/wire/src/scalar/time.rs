//! Instants, dates and times of day: RFC 3339, strictly.

use super::ascii::Ascii;
use super::span::{self, SpanError};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// Why a text is not an instant, a date or a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeError {
    /// It is not written as RFC 3339 says.
    Syntax,
    /// It has no offset from UTC.
    NoOffset,
    /// There is no such day, time or offset, or the year is not one of 0001 to 9999.
    Range,
    /// It is finer than a microsecond.
    Precision,
    /// It is a leap second, which has no place in a count of seconds.
    LeapSecond,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    micros: i32,
}

/// Reads an instant (RFC 3339, section 5.6, `date-time`) as the date and time in UTC.
pub(crate) fn instant(text: &str) -> Result<DateTime, TimeError> {
    let (civil, offset_s) = local(text)?;
    if offset_s == 0 {
        return Ok(civil);
    }
    let utc = civil.checked_sub(SignedDuration::from_secs(offset_s)).map_err(|_| TimeError::Range)?;
    if (1..=9999).contains(&utc.year()) { Ok(utc) } else { Err(TimeError::Range) }
}

/// A date and time and the offset of its clock in seconds.
fn local(text: &str) -> Result<(DateTime, i64), TimeError> {
    let (day, rest) = text.split_at_checked(10).ok_or(TimeError::Syntax)?;
    let rest = rest.strip_prefix(['T', 't']).ok_or(TimeError::Syntax)?;
    let end = rest.bytes().position(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'));
    let (time, zone) = rest.split_at(end.unwrap_or(rest.len()));
    let (day, clock) = (date(day)?, clock(time)?);
    let offset_s = offset(zone)?;
    Ok((day.at(clock.hour, clock.minute, clock.second, clock.micros * 1000), offset_s))
}

/// Reads a date (`full-date`).
pub(crate) fn date(text: &str) -> Result<Date, TimeError> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return Err(TimeError::Syntax);
    };
    let year = i16::from(two(*y1, *y2)?) * 100 + i16::from(two(*y3, *y4)?);
    if year == 0 {
        return Err(TimeError::Range);
    }
    Date::new(year, two(*m1, *m2)?, two(*d1, *d2)?).map_err(|_| TimeError::Range)
}

/// Whether a text is a time of day.
pub(crate) fn is_time(text: &str) -> bool {
    clock(text).is_ok()
}

/// Reads a time of day (`partial-time`).
fn clock(text: &str) -> Result<Clock, TimeError> {
    let Some(([h1, h2, b':', m1, m2, b':', s1, s2], rest)) = text.as_bytes().split_first_chunk::<8>() else {
        return Err(TimeError::Syntax);
    };
    let (hour, minute, second) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
    let micros = match rest.first() {
        None => 0,
        Some(b'.') => fraction(&text[9..])?,
        Some(_) => return Err(TimeError::Syntax),
    };
    match (hour, minute, second) {
        (0..24, 0..60, 0..60) => Ok(Clock { hour, minute, second, micros }),
        (0..24, 0..60, 60) => Err(TimeError::LeapSecond),
        _ => Err(TimeError::Range),
    }
}

fn fraction(digits: &str) -> Result<i32, TimeError> {
    match span::fraction_micros(digits) {
        Ok(micros) => Ok(i32::try_from(micros).expect("below a million")),
        Err(SpanError::Precision) => Err(TimeError::Precision),
        Err(SpanError::Syntax | SpanError::Range) => Err(TimeError::Syntax),
    }
}

/// Reads `Z` or `±hh:mm` (`time-offset`) as seconds.
fn offset(text: &str) -> Result<i64, TimeError> {
    let [sign, h1, h2, b':', m1, m2] = text.as_bytes() else {
        return match text {
            "Z" | "z" => Ok(0),
            "" => Err(TimeError::NoOffset),
            _ => Err(TimeError::Syntax),
        };
    };
    let (hours, minutes) = (i64::from(two(*h1, *h2)?), i64::from(two(*m1, *m2)?));
    let size = hours * 3600 + minutes * 60;
    match (sign, hours, minutes) {
        (b'+', 0..24, 0..60) => Ok(size),
        (b'-', 0..24, 0..60) => Ok(-size),
        (b'+' | b'-', _, _) => Err(TimeError::Range),
        _ => Err(TimeError::Syntax),
    }
}

fn two(tens: u8, ones: u8) -> Result<i8, TimeError> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok(((tens - b'0') * 10 + (ones - b'0')) as i8)
    } else {
        Err(TimeError::Syntax)
    }
}

/// Seconds since 1970 and microseconds after them.
pub(crate) fn since_epoch(utc: DateTime) -> (i64, i32) {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let whole = utc.with().subsec_nanosecond(0).build().expect("a whole second is in range");
    (whole.duration_since(epoch).as_secs(), utc.subsec_nanosecond() / 1000)
}

/// Writes seconds since 1970 and nanoseconds after them, below a second, in the stored form; with 9 digits where they are
/// finer than a microsecond. `None` when the year is not one of 0001 to 9999.
pub(crate) fn write_since_epoch(out: &mut Ascii, seconds: i64, nanos: u32) -> Option<()> {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let whole = epoch.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    if !(1..=9999).contains(&whole.year()) {
        return None;
    }
    write_second(out, whole);
    match nanos % 1000 {
        0 => out.push_padded((nanos / 1000).into(), 6),
        _ => out.push_padded(nanos.into(), 9),
    }
    out.push("Z");
    Some(())
}

/// Writes an instant in its stored form, `2026-11-22T18:32:34.000000Z`.
pub(crate) fn write_instant(out: &mut Ascii, utc: DateTime) {
    write_second(out, utc);
    out.push_padded((utc.subsec_nanosecond() / 1000).unsigned_abs().into(), 6);
    out.push("Z");
}

/// Writes an instant up to the point behind its seconds.
fn write_second(out: &mut Ascii, utc: DateTime) {
    out.push_padded(utc.year().unsigned_abs().into(), 4);
    for (separator, part) in [("-", utc.month()), ("-", utc.day())] {
        out.push(separator);
        out.push_padded(part.unsigned_abs().into(), 2);
    }
    out.push("T");
    write_clock_second(out, utc.hour(), utc.minute(), utc.second());
}

/// A time of day in its stored form, `18:32:34.000000`.
pub(crate) fn normal_time(text: &str) -> Result<Ascii, TimeError> {
    let mut out = Ascii::new();
    write_clock(&mut out, clock(text)?);
    Ok(out)
}

fn write_clock(out: &mut Ascii, clock: Clock) {
    write_clock_second(out, clock.hour, clock.minute, clock.second);
    out.push_padded(clock.micros.unsigned_abs().into(), 6);
}

fn write_clock_second(out: &mut Ascii, hour: i8, minute: i8, second: i8) {
    for (part, separator) in [(hour, ":"), (minute, ":"), (second, ".")] {
        out.push_padded(part.unsigned_abs().into(), 2);
        out.push(separator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Result<String, TimeError> {
        let mut out = Ascii::new();
        write_instant(&mut out, instant(text)?);
        Ok(out.as_str().to_owned())
    }

    #[test]
    fn instants_become_utc_with_six_digits() {
        for (text, expected) in [
            ("2026-11-22T18:32:34Z", "2026-11-22T18:32:34.000000Z"),
            ("2026-11-22t18:32:34.5z", "2026-11-22T18:32:34.500000Z"),
            ("2026-11-22T18:32:34.123456000Z", "2026-11-22T18:32:34.123456Z"),
            ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z"),
            ("2024-02-28T23:30:00-00:45", "2024-02-29T00:15:00.000000Z"),
            ("2026-11-22T18:32:34-00:00", "2026-11-22T18:32:34.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(normal(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_instant_is_refused_for_its_reason() {
        for (text, expected) in [
            ("", TimeError::Syntax),
            ("2026-11-22", TimeError::Syntax),
            ("2026-11-22 18:32:34Z", TimeError::Syntax),
            ("2026-11-22T18:32Z", TimeError::Syntax),
            ("2026-11-22T18:32:34.Z", TimeError::Syntax),
            ("2026-11-22T18:32:34+0100", TimeError::Syntax),
            ("2026-11-22T18:32:34Z[UTC]", TimeError::Syntax),
            ("+026-11-22T18:32:34Z", TimeError::Syntax),
            ("2026-11-2éT18:32:34Z", TimeError::Syntax),
            ("2026-11-22T18:32:3é", TimeError::Syntax),
            ("2026-11-22T18:32:34", TimeError::NoOffset),
            ("2026-02-29T00:00:00Z", TimeError::Range),
            ("2026-11-22T24:00:00Z", TimeError::Range),
            ("2026-11-22T18:32:34+24:00", TimeError::Range),
            ("0000-11-22T18:32:34Z", TimeError::Range),
            ("0001-01-01T00:00:00+00:01", TimeError::Range),
            ("9999-12-31T23:59:59-00:01", TimeError::Range),
            ("2026-11-22T18:32:34.1234567Z", TimeError::Precision),
            ("2016-12-31T23:59:60Z", TimeError::LeapSecond),
        ] {
            assert_eq!(normal(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn seconds_before_1970_count_down_and_microseconds_up() {
        let at = |text| since_epoch(instant(text).expect("an instant"));
        assert_eq!(at("1970-01-01T00:00:00Z"), (0, 0));
        assert_eq!(at("1969-12-31T23:59:59.25Z"), (-1, 250_000));
        assert_eq!(at("0001-01-01T00:00:00Z"), (-62_135_596_800, 0));
        assert_eq!(at("9999-12-31T23:59:59.999999Z"), (253_402_300_799, 999_999));
    }
}
