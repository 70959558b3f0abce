//! Cursors: the place of a row in an order, as one opaque text.

use wire::Value;

/// The values that a cursor was made of by [`crate::Operand::Cursor`]; `None` when it is not one.
pub fn read(_cursor: &str) -> Option<Vec<Value>> {
    None
}
