//! The text forms of the scalars, once for reading inputs and writing replies.

pub(crate) mod ascii;
pub(crate) mod number;
pub(crate) mod span;
pub(crate) mod text;
pub(crate) mod time;

use ascii::Ascii;

/// The text of a decimal by its units: all digits of the scale, `-0.05`.
pub fn decimal_text(units: i64, scale: u8) -> String {
    let mut text = Ascii::new();
    number::write_decimal(&mut text, units, scale);
    text.as_str().to_owned()
}

/// The text of a duration by its microseconds, `PT1H30M0.5S`.
pub fn duration_text(micros: i64) -> String {
    let mut text = Ascii::new();
    span::write(&mut text, micros);
    text.as_str().to_owned()
}
