//! The server as a library: configuration, command line, commands. `main` only calls them.

pub mod cli;
pub mod commands;
pub mod config;
pub mod front;
pub mod graphql;
pub mod grpc;
pub mod log;
pub mod metrics;
pub mod open;
pub mod process;
pub mod storage;
