//! `@sql`: a contract's own statements. They see rows in their stored form: booleans are 0 and 1, decimals are integer
//! units (12.50 at scale 2 is 1250), durations are microseconds, dates and times are their RFC 3339 text, lists and
//! objects are JSON text. Rows that are marked as deleted are not there for them ([`live`]), and what they write passes the
//! checks of the fields.

mod answer;
mod authorizer;
mod blame;
mod check;
mod coverage;
mod direct;
mod lexer;
mod live;
mod outline;
mod plan;
mod run;
mod suggestion;
mod units;
mod values;

pub use check::check;
pub use plan::SqlPlan;
pub(crate) use run::Running;
