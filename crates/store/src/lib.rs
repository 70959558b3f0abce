//! Intentions become SQL, SQL becomes rows, rows go cell by cell into an encoder. Nothing above this crate sees a
//! dialect, a driver, a thread or a transaction.

pub mod cursor;
pub mod face;
pub mod query;

#[doc(hidden)]
pub mod fuzz;

mod fair;
mod functions;
mod lane;
mod meter;
mod read;
mod schema;
mod sql;
mod sql_operation;
mod sqlite;
mod storage;
mod write;

pub use face::*;
pub use fair::{Bill, FairQueue, Put, QueueLimits, Taken};
pub use functions::{REGEXES_BYTES_MAX, regex_bytes};
pub use lane::Lane;
pub use meter::{Meter, Metering, Stretch, Unmetered};
pub use query::*;
pub use schema::{Cleaned, MigrationStep, Plan as MigrationPlan};
pub use sql::{GROUPS_MAX, JOINS_MAX, STATEMENTS_MAX};
pub use sql_operation::check as check_sql;
pub use sqlite::backup::{BackupError, BackupSummary, back_up, check_backup, restore};
pub use sqlite::open::{adopt, migration_plan};
