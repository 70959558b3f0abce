//! Bytes with the reservation that they are held by.

use crate::Reservation;
use bytes::Bytes;
use std::sync::Arc;

/// Bytes and what gives them back.
struct Held {
    bytes: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Ties a reservation to bytes: it is given back when the last slice of them is dropped, in whatever buffer that lies.
pub fn hold(bytes: impl Into<Bytes>, reservation: Arc<Reservation>) -> Bytes {
    Bytes::from_owner(Held { bytes: bytes.into(), _reservation: reservation })
}
