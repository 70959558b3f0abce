//! The GraphQL schema of a contract: printed as a text by [`sdl`], which the adapter serves by, and taken apart by the
//! same tables: [`root_fields`], [`record_fields`], [`filter_fields`], [`comparable_fields`], [`OPERATORS`],
//! [`Direction`], [`Measure`] and [`Write`].

mod arguments;
mod fields;
mod measures;
pub mod names;
pub(crate) mod offered;
mod operators;
mod order;
mod print;
mod roots;
mod types;
mod writer;

pub use arguments::{
    Argument, Meaning, Write, create_arguments, delete_arguments, update_arguments, upsert_arguments,
};
pub use fields::{
    FilterField, RecordField, comparable_fields, filter_field, filter_fields, is_many, record_field,
    record_fields,
};
pub use measures::{Measure, measured};
pub(crate) use operators::unscaled;
pub use operators::{
    Compared, Fits, JsonTest, OPERATORS, Operator, Quantifiable, Quantity, SearchMode, Takes, Test, TextTest,
    compared, operator, operators,
};
pub use order::Direction;
pub use print::sdl;
pub use roots::{RootField, Standard, is_node, list_arguments_beside, nodes, root_fields};
pub use types::{Part, Type, TypeNames};
