//! A contract as protocol buffers: packages, services, methods and messages with their numbers.

mod buf;
mod builder;
mod cycles;
mod enums;
mod fields;
mod files;
mod filters;
mod merge;
mod model;
mod own;
mod part;
mod records;
mod requests;
mod schema;
mod totals;

pub use buf::{BUF_FILE, buf_file};
pub use files::{File, files};
pub use model::{
    Does, Enum, EnumId, EnumValue, Field, Label, Meaning, Message, MessageId, Method, Package, Presence,
    Reply, Schema, Service, Streaming, Type,
};
