//! REST: HTTP requests to calls, answers and faults to HTTP.
mod fault;
mod json_seam;
pub mod query;
mod route;
