//! The GraphQL schema of a contract: printed as a text by [`sdl`], which the adapter serves by, and taken apart by the
//! same tables: [`root_fields`], [`record_fields`], [`filter_fields`] and [`Write`] here, and those that all protocols
//! have alike.

mod arguments;
mod fields;
pub mod names;
pub(crate) mod offered;
mod print;
mod roots;
mod types;
mod writer;

pub use arguments::{
    Argument, Meaning, Write, create_arguments, delete_arguments, update_arguments, upsert_arguments,
};
pub use fields::{FilterField, RecordField, filter_field, filter_fields, record_field, record_fields};
pub use print::sdl;
pub use roots::{RootField, Standard, is_node, list_arguments_beside, nodes, root_fields};
pub use types::{Part, Type, TypeNames};
