//! What goes over any wire: the layout of a reply, compiled once per selection, and the encoders that write
//! rows into it cell by cell; and the decoding of inputs. A reply is never a value tree.

pub mod cell;
pub mod decode;
pub mod encode;
#[doc(hidden)]
pub mod fuzz;
mod json;
mod scalar;
mod secret;
pub mod shape;
pub mod value;

pub use cell::Cell;
pub use decode::checks::Patterns;
pub use decode::json::{DecodeBounds, DecodeError, Problem, decode_json};
pub use decode::messages::{Absent, Kind, Label, MessageError, MessageField, Messages};
pub use decode::protobuf::decode_protobuf;
pub use decode::protobuf_json::decode_protobuf_json;
pub use decode::scalar::{ScalarError, kept_item, number_to_text, text_to_stored, to_stored, to_stored_item};
pub use encode::graphql::{GraphqlEncoder, NULLS_MAX};
pub use encode::json::JsonEncoder;
pub use encode::protobuf::ProtobufEncoder;
pub use encode::protobuf_json::ProtoJsonEncoder;
pub use encode::reply::WriteReply;
pub use encode::xml::XmlEncoder;
pub use encode::{EncodeError, Encoder, Format, NullAt, PathPart, Wrapped};
pub use json::DEPTH_MAX;
pub use scalar::span::MICROS_MAX as DURATION_MICROS_MAX;
pub use scalar::{decimal_text, duration_text};
pub use secret::Secret;
pub use shape::{Chosen, EnumValue, Items, Layout, MemberOf, Name, Shape, ShapeField};
pub use value::Value;
