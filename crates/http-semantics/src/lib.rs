//! HTTP in the engine's words (RFC 9110 and its companions): what every adapter over HTTP reads from a request's
//! header fields, and how a fault's kind, a budget and an identity's lack are said in a response.
//!
//! No adapter's own language is in here: what REST's or GraphQL's bodies look like is theirs.

pub mod codes;
pub mod cross_site;
pub mod discretion;
pub mod form;
#[doc(hidden)]
pub mod fuzz;
pub mod identity;
pub mod list;
pub mod media;
pub mod precondition;
pub mod prefer;
pub mod reply;
pub mod status;
pub mod tags;
pub mod trace;

use engine::{Fault, FieldFault, Kind};

/// `INVALID_INPUT` about one part of the request.
pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Fault {
    let message = message.into();
    let public = format!("`{field}`: {message}");
    let fields = vec![FieldFault::new(field, code, message)];
    Fault { fields, ..Fault::new(Kind::Invalid, engine::codes::INVALID_INPUT, public) }
}

/// Why a body could not be read.
pub fn body_fault(error: edge::BodyError) -> Fault {
    if let edge::BodyError::NoRoom(exceeded) = error {
        return engine::no_room(exceeded);
    }
    let (kind, code) = match error {
        edge::BodyError::TooLarge => (Kind::TooLarge, codes::BODY_TOO_LARGE),
        edge::BodyError::Timeout => (Kind::Timeout, codes::BODY_TOO_SLOW),
        edge::BodyError::Incomplete => (Kind::Invalid, engine::codes::INVALID_INPUT),
        edge::BodyError::NoRoom(_) => (Kind::Unavailable, engine::codes::OVERLOADED),
    };
    Fault::new(kind, code, error.to_string())
}
