//! One borrowed scalar on its way from a driver's row to an encoder.

/// A scalar in its stored form. How it looks on a wire follows from the [`crate::shape::Layout`] of its
/// place: text in a `DateTime` place is already RFC 3339, an `Int` in a `Decimal` place is units at the
/// scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// An integer; units of a decimal; microseconds of a duration.
    Int(i64),
    /// A finite double.
    Float(f64),
    /// UTF-8 text; also JSON text where the place is JSON, a list or an object.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Cell<'_> {
    /// What the cell is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Cell::Null => "null",
            Cell::Bool(_) => "a boolean",
            Cell::Int(_) => "an integer",
            Cell::Float(_) => "a double",
            Cell::Text(_) => "text",
            Cell::Bytes(_) => "bytes",
        }
    }
}
