//! A contract as protocol buffers: packages, services, methods and messages with their numbers.

mod model;

pub use model::{
    Does, Enum, EnumId, EnumValue, Field, Label, Meaning, Message, MessageId, Method, Package, Presence,
    Reply, Schema, Service, Streaming, Type,
};
