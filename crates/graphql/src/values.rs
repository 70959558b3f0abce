//! Values: what a request and a document give, as the types of the schema want them (GraphQL, sections 3.5 to 3.12,
//! "Input Coercion", and 6.4.1).

mod coerce;
mod literal;
mod variables;

pub(crate) use coerce::{Mistake, coerce};
pub(crate) use literal::raw;
pub(crate) use variables::Variables;
