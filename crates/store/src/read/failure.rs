//! What goes wrong below, in the words of the store's face.

use crate::face::Error;
use crate::functions::BAD_VALUE;
use crate::storage::StorageFault;
use rusqlite::ErrorCode;
use wire::EncodeError;

/// What SQLite says. Its own words stay private.
pub(crate) fn failure(error: rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let text = error.to_string();
    if let Some((_, what)) = text.split_once(BAD_VALUE) {
        return Error::BadValue(what.to_owned());
    }
    if let Some(fault) = code.and_then(StorageFault::of) {
        return Error::Storage(fault);
    }
    match code {
        Some(ErrorCode::OperationInterrupted) => Error::Timeout,
        Some(ErrorCode::TooBig) => Error::TooLarge,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Unavailable("the database is busy")
        }
        // A closed set belongs to SQLite, not to us: what is not named here is a defect.
        _ => Error::Internal(text),
    }
}

/// What an encoder says.
pub(crate) fn encoding(error: EncodeError) -> Error {
    match error {
        EncodeError::TooLarge(_) => Error::TooLarge,
        EncodeError::Mismatch { field, found } => Error::Internal(format!("{found} in the field {field}")),
    }
}
