//! Reading what came from outside.

pub mod checks;
pub mod json;
pub mod messages;
pub mod protobuf;
pub mod protobuf_json;
mod reader;
mod record;
pub mod scalar;
mod well_known;
