//! What goes over any wire: the layout of a reply, compiled once per selection, and the encoders that write rows
//! into it cell by cell; and the decoding of inputs. A reply is never a value tree.

pub mod cell;
pub mod encode;
mod json;
pub mod shape;
pub mod value;

pub use cell::Cell;
pub use encode::{EncodeError, Encoder, Format};
pub use shape::{Layout, Name, Shape, ShapeField};
pub use value::Value;
