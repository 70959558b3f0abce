//! Intentions become SQL, SQL becomes rows, rows go cell by cell into an encoder. Nothing above this crate sees a
//! dialect, a driver, a thread or a transaction.

pub mod face;
pub mod query;

mod functions;
mod read;
mod sql;
mod sqlite;

pub use face::*;
pub use query::*;
