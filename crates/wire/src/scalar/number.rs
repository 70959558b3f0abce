//! Exact numbers from and to text.

use super::ascii::Ascii;

/// Digits of a decimal in all.
pub use contract::DECIMAL_DIGITS_MAX;

/// Why a text is not the number wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It is not a number as JSON writes them (RFC 8259, section 6).
    Syntax,
    /// It has more digits after the point than there is room for.
    Fraction,
    /// It has too many digits.
    Range,
}

/// An integer of 64 bits; `1.0` and `1e3` are integers, too.
pub(crate) fn integer(text: &str) -> Result<i64, NumberError> {
    scaled(text, 0)
}

/// The units of a decimal at a scale, exactly.
pub(crate) fn decimal_units(text: &str, scale: u8) -> Result<i64, NumberError> {
    let units = scaled(text, scale)?;
    if units.unsigned_abs() < 10_u64.pow(DECIMAL_DIGITS_MAX) { Ok(units) } else { Err(NumberError::Range) }
}

/// A finite double.
pub(crate) fn double(text: &str) -> Result<f64, NumberError> {
    Parts::of(text).ok_or(NumberError::Syntax)?;
    let number = text.parse::<f64>().map_err(|_| NumberError::Syntax)?;
    if number.is_finite() { Ok(number) } else { Err(NumberError::Range) }
}

/// The number times ten to the scale, if that is an integer of 64 bits.
fn scaled(text: &str, scale: u8) -> Result<i64, NumberError> {
    let parts = Parts::of(text).ok_or(NumberError::Syntax)?;
    let mut units: i128 = 0;
    let mut zeros: u32 = 0;
    for digit in parts.whole.bytes().chain(parts.fraction.bytes()) {
        match digit {
            // Zeros count only once a digit follows them, so that any number of them may stand at the end.
            b'0' => zeros += u32::from(units != 0),
            _ => {
                units = append(units, zeros, digit).ok_or(NumberError::Range)?;
                zeros = 0;
            }
        }
    }
    let power = i64::from(zeros) + parts.exponent - parts.fraction.len() as i64 + i64::from(scale);
    let units = match units {
        0 => Some(0),
        // The last digit kept is not a zero, so nothing behind the point can go.
        _ if power < 0 => return Err(NumberError::Fraction),
        _ => shift(units, power),
    };
    let units = units.and_then(|units| i64::try_from(if parts.negative { -units } else { units }).ok());
    units.ok_or(NumberError::Range)
}

/// `units` with some zeros and a digit behind.
fn append(units: i128, zeros: u32, digit: u8) -> Option<i128> {
    let shifted = units.checked_mul(10_i128.checked_pow(zeros + 1)?)?;
    shifted.checked_add(i128::from(digit - b'0'))
}

fn shift(units: i128, power: i64) -> Option<i128> {
    units.checked_mul(10_i128.checked_pow(u32::try_from(power).ok()?)?)
}

/// A number's text taken apart.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix('-');
        let (whole, fraction) = match unsigned.unwrap_or(mantissa).split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned.unwrap_or(mantissa), None),
        };
        let no_leading_zero = whole.len() == 1 || !whole.starts_with('0');
        let valid = is_digits(whole) && no_leading_zero && fraction.is_none_or(is_digits);
        let fraction = fraction.unwrap_or_default();
        valid.then_some(Self { negative: unsigned.is_some(), whole, fraction, exponent })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An exponent; one beyond all that could matter stands for the rest.
fn exponent_of(text: &str) -> Option<i64> {
    const EXPONENT_MAX: i64 = 1 << 32;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let size = is_digits(digits).then(|| digits.parse::<i64>().unwrap_or(EXPONENT_MAX).min(EXPONENT_MAX))?;
    Some(if text.starts_with('-') { -size } else { size })
}

/// A decimal's text: its units with the point put in, always with all digits of the scale, `-0.05`.
#[inline]
pub(crate) fn write_decimal(out: &mut Ascii, units: i64, scale: u8) {
    // No scale is above the number of digits there can be; min() makes the power safe for any.
    let scale = u32::from(scale).min(DECIMAL_DIGITS_MAX);
    let one = 10_u64.pow(scale);
    if units < 0 {
        out.push("-");
    }
    out.push_number(units.unsigned_abs() / one);
    if scale > 0 {
        out.push(".");
        out.push_padded(units.unsigned_abs() % one, scale as usize);
    }
}

/// A finite double in the fewest digits that read back as the same double; whole numbers without `.0`.
#[inline]
pub(crate) fn write_double(number: f64, put: impl FnOnce(&str)) {
    debug_assert!(number.is_finite());
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number);
    put(text.strip_suffix(".0").unwrap_or(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let units = |text| decimal_units(text, 2);
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("-0.05", -5),
            ("12.5", 1250),
            ("12.5000000000000000000000000000000000000000000000", 1250),
            ("1e3", 100_000),
            ("125e-1", 1250),
            ("0.000e99999999999999999999", 0),
            ("9999999999999999.99", 999_999_999_999_999_999),
        ] {
            assert_eq!(units(text), Ok(expected), "{text}");
        }
        for text in ["10000000000000000", "1e99999999999999999999"] {
            assert_eq!(units(text), Err(NumberError::Range), "{text}");
        }
        for text in ["0.005", "1e-3", "-12.345", "1e-99999999999999999999"] {
            assert_eq!(units(text), Err(NumberError::Fraction), "{text}");
        }
        for text in
            ["", "-", ".5", "5.", "05", "+5", "1e", "1e+", "0x1", "1 ", "--1", "1.2.3", "1e2e3", "Infinity"]
        {
            assert_eq!(units(text), Err(NumberError::Syntax), "{text}");
        }
    }

    #[test]
    fn integers_have_all_their_range() {
        assert_eq!(integer("9223372036854775807"), Ok(i64::MAX));
        assert_eq!(integer("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(integer("9223372036854775808"), Err(NumberError::Range));
        assert_eq!(integer("1.0"), Ok(1));
        assert_eq!(integer("1e400"), Err(NumberError::Range));
        assert_eq!(integer("1.5"), Err(NumberError::Fraction));
        assert_eq!(integer("9223372036854775807.5"), Err(NumberError::Fraction));
    }

    #[test]
    fn decimals_read_back() {
        for (units, scale, text) in [
            (-5, 2, "-0.05"),
            (0, 2, "0.00"),
            (7, 0, "7"),
            (i64::MIN, 18, "-9.223372036854775808"),
            (i64::MAX, 0, "9223372036854775807"),
        ] {
            let mut out = Ascii::new();
            write_decimal(&mut out, units, scale);
            assert_eq!(out.as_str(), text);
            assert_eq!(scaled(text, scale), Ok(units));
        }
    }
}
