//! From a folder of `*.graphql` files to a checked [`Contract`].
//!
//! The files are parsed and validated as GraphQL together with Septet's definitions (`schema`), then walked
//! into the model: types and their fields, operations, names on wires, and at last the rules, which may name
//! all of them. Every step reports what it finds and goes on; what a step could not resolve is not blamed
//! again by later ones.

mod access;
mod arguments;
mod assemble;
pub mod bounds;
mod channels;
mod checks;
mod columns;
mod context;
mod events;
mod fields;
mod folder;
mod graphql;
pub(crate) mod names;
mod numbers;
mod operations;
mod origin;
mod paths;
mod places;
mod relations;
mod remote;
mod report;
mod resources;
mod routes;
mod rules;
mod schema;
mod sql;
mod standard;
mod statements;
mod storage;
mod stumble;
mod text;
mod types;
mod values;

pub use folder::load;
pub(crate) use numbers::fuzz_numbers;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Sources};
use crate::model::Contract;
use assemble::Assembled;
use report::Report;

/// The scalars and directives that a contract is written with, as GraphQL SDL.
pub const DEFINITIONS: &str = include_str!("../septet.graphql");

/// The name under which a copy of [`DEFINITIONS`] may lie in a contract's folder, for editors; it is not
/// loaded.
pub const DEFINITIONS_FILE: &str = "septet.graphql";

/// A contract that can be served, and what was found odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The contract.
    pub contract: Contract,
    /// Findings that do not refuse it.
    pub warnings: Vec<Diagnostic>,
    /// Where the contract and its lock file of numbers differ, as warnings: it is served with the next free numbers,
    /// which are not settled until they are in the file.
    pub drift: Vec<Diagnostic>,
}

/// Compiles a contract from texts in memory; `read_file` gives the text of a file that `@sql(file:)` names,
/// relative to the contract's folder.
///
/// # Errors
/// All findings, when one of them refuses the contract.
pub fn compile(
    mut sources: Sources,
    read_file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Loaded, Diagnostics> {
    let mut report = Report::default();
    let assembled = assemble::assemble(&mut sources, read_file, &mut report);
    if sources.files().next().is_none() {
        // Every finding has a place, also that there is nothing.
        sources.add("contract.graphql", "");
    }
    let found = report.finish();
    let refused = found.iter().any(|d| d.severity == Severity::Error);
    match assembled {
        Some(Assembled { contract, drift }) if !refused => {
            Ok(Loaded { contract: Contract { sources, ..contract }, warnings: found, drift })
        }
        Some(_) | None => Err(Diagnostics { sources, found }),
    }
}
