//! Instants, dates, times and durations in their stored form.

use jiff::{SignedDuration, Timestamp, civil};

/// Digits of a fraction of a second at the most: stored values have microseconds.
const FRACTION_DIGITS_MAX: usize = 6;

/// RFC 3339 text (section 5.6) as UTC with exactly six digits after the point, so that texts compare like
/// instants; `None` when it is not one, is finer than a microsecond, or is outside of the years 1 to 9999.
pub(super) fn timestamp(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', 't'])?;
    let zone = clock.find(['Z', 'z', '+', '-'])?;
    if !is_date(date) || !is_clock(&clock[..zone]) || !is_offset(&clock[zone..]) {
        return None;
    }
    stored(text.parse().ok()?)
}

/// The instant so many seconds after 1970 began.
pub(super) fn timestamp_of_seconds(seconds: i64) -> Option<String> {
    stored(Timestamp::from_second(seconds).ok()?)
}

fn stored(instant: Timestamp) -> Option<String> {
    let text = format!("{instant:.6}");
    (text.len() == "2026-11-22T18:32:34.000000Z".len() && !text.starts_with("0000")).then_some(text)
}

/// The instant `micros` after another, both in stored form.
pub(super) fn shift(instant: &str, micros: i64) -> Option<String> {
    let instant: Timestamp = instant.parse().ok()?;
    stored(instant.checked_add(SignedDuration::from_micros(micros)).ok()?)
}

/// The microseconds from `b` to `a`.
pub(super) fn between(a: &str, b: &str) -> Option<i64> {
    let [a, b]: [Timestamp; 2] = [a.parse().ok()?, b.parse().ok()?];
    a.as_microsecond().checked_sub(b.as_microsecond())
}

/// A calendar date, `2026-11-22`.
pub(super) fn date(text: &str) -> Option<String> {
    let date: civil::Date = text.parse().ok().filter(|_| is_date(text))?;
    Some(date.to_string())
}

/// A time of day, `18:32:34` or `18:32:34.5`, with six digits after the point.
pub(super) fn time(text: &str) -> Option<String> {
    let time: civil::Time = text.parse().ok().filter(|_| is_clock(text))?;
    Some(format!("{time:.6}"))
}

/// A duration as CEL writes it, `1h30m`, `-1.5s`, `100ms`, in microseconds; `None` when it is none or does
/// not fit.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut nanos: i128 = 0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit =
            rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |u| digits + u);
        nanos = nanos.checked_add(nanoseconds(&rest[..digits], &rest[digits..unit])?)?;
        rest = &rest[unit..];
        if rest.is_empty() {
            break;
        }
    }
    if nanos % 1000 == 0 { i64::try_from(sign * (nanos / 1000)).ok() } else { None }
}

fn nanoseconds(number: &str, unit: &str) -> Option<i128> {
    let unit: i128 = match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number == "." || number.is_empty() || fraction.contains('.') || fraction.len() > 9 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.into() };
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()?.into() };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction_nanos = parts * unit;
    (fraction_nanos % scale == 0).then(|| whole * unit + fraction_nanos / scale)
}

/// A duration in CEL's form, seconds with `s`.
pub(super) fn duration_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    match rest {
        0 => format!("{sign}{seconds}s"),
        _ => format!("{sign}{seconds}.{}s", format!("{rest:06}").trim_end_matches('0')),
    }
}

fn matches_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
}

fn is_date(text: &str) -> bool {
    matches_shape(text, "0000-00-00")
}

fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = !fraction.is_empty() && fraction.bytes().all(|c| c.is_ascii_digit());
    matches_shape(clock, "00:00:00") && digits && fraction.len() <= FRACTION_DIGITS_MAX
}

fn is_offset(text: &str) -> bool {
    matches!(text, "Z" | "z") || matches_shape(text, "+00:00") || matches_shape(text, "-00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_brought_to_utc_with_microseconds() {
        let cases = [
            ("2026-11-22T18:32:34Z", Some("2026-11-22T18:32:34.000000Z")),
            ("2026-11-22t18:32:34.5z", Some("2026-11-22T18:32:34.500000Z")),
            ("2026-11-22T18:32:34.123456-02:30", Some("2026-11-22T21:02:34.123456Z")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00.000000Z")),
            ("2026-11-22T18:32:34.1234567Z", None),
            ("2026-11-22T18:32:34", None),
            ("2026-11-22 18:32:34Z", None),
            ("2026-11-22T18:32Z", None),
            ("2026-11-22T18:32:34+02", None),
            ("2026-11-22T18:32:34+02:00[Europe/Athens]", None),
            ("2026-02-29T00:00:00Z", None),
            ("0000-12-31T00:00:00Z", None),
            ("-000001-12-31T00:00:00Z", None),
            ("é026-11-22T18:32:34Z", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(timestamp(text).as_deref(), wanted, "{text}");
        }
        let at = "2026-11-22T18:32:34.000000Z";
        assert_eq!(shift(at, -1).as_deref(), Some("2026-11-22T18:32:33.999999Z"));
        assert_eq!(shift(at, i64::MAX), None);
        assert_eq!(between(at, "2026-11-22T18:32:33.999999Z"), Some(1));
        assert_eq!(timestamp_of_seconds(0).as_deref(), Some("1970-01-01T00:00:00.000000Z"));
    }

    #[test]
    fn durations_are_exact() {
        let cases = [
            ("1h30m", Some(5_400_000_000)),
            ("-1.5s", Some(-1_500_000)),
            ("0", Some(0)),
            ("0s", Some(0)),
            (".5ms", Some(500)),
            ("1us", Some(1)),
            ("1000ns", Some(1)),
            ("1ns", None),
            ("1", None),
            ("h", None),
            ("1.2.3s", None),
            ("1d", None),
            ("", None),
            ("-", None),
            ("9999999999999h", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(duration(text), wanted, "{text}");
        }
        assert_eq!(duration_text(-1_500_000), "-1.5s");
        assert_eq!(duration_text(i64::MIN), "-9223372036854.775808s");
    }

    #[test]
    fn dates_and_times_have_one_form() {
        assert_eq!(date("2028-02-29").as_deref(), Some("2028-02-29"));
        assert_eq!(date("2026-02-29"), None);
        assert_eq!(date("20260228"), None);
        assert_eq!(time("18:32:34.5").as_deref(), Some("18:32:34.500000"));
        assert_eq!(time("18:32"), None);
        assert_eq!(time("24:00:00"), None);
    }
}
