//! The contract language: a folder of GraphQL SDL with directives becomes one checked, immutable
//! [`Contract`].
//!
//! If you hold a [`Contract`] it is valid: every name is resolved to an id, every rule is parsed and typed,
//! every operation has its name on every wire. Nothing in here knows HTTP, SQL or time.

pub mod code;
pub mod diagnostic;
mod format;
#[doc(hidden)]
pub mod fuzz;
mod load;
pub mod model;
pub mod names;
mod numbers;
pub mod rule;

pub use diagnostic::{Diagnostic, Diagnostics, FileId, Severity, Sources, Span};
pub use format::EMAIL_BYTES_MAX;
pub use load::{DEFINITIONS, DEFINITIONS_FILE, Loaded, bounds, compile, load};
pub use model::*;
pub use numbers::{NUMBERS_FILE, Numbered, Numbers, Standing};
pub use rule::{Arithmetic, Compare, Expr, Facts, FieldPath, Function, Quantifier, Reduced, Rule};
