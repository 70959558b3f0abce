//! GraphQL: documents to calls, answers and faults to responses.
//!
//! The schema is a text that is printed from the contract; documents are validated against that very text, so what
//! clients are told and what is served cannot differ.

mod document;
mod error;
mod execute;
mod introspect;
mod plan;
mod service;
mod values;

pub use service::Service;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use contract::Contract;
use std::sync::Arc;

/// How GraphQL is served.
#[derive(Debug, Clone, Default)]
pub struct Settings {}

/// The GraphQL face of a contract. Immutable; a reload makes a new one.
#[derive(Debug)]
pub struct Graphql {
    pub(crate) contract: Arc<Contract>,
    pub(crate) schema: Valid<Schema>,
    pub(crate) settings: Settings,
    /// What its root fields are.
    pub(crate) targets: plan::Targets,
}

impl Graphql {
    /// Serves `contract` by the schema that `sdl` describes it with.
    ///
    /// # Errors
    /// A schema that is not valid, which is a defect of what printed it.
    pub fn new(contract: Arc<Contract>, sdl: &str, settings: Settings) -> Result<Self, StartError> {
        let schema = Schema::parse_and_validate(sdl, "schema.graphql");
        let schema = schema.map_err(|found| StartError(found.errors.to_string()))?;
        let targets = plan::Targets::new(&contract);
        Ok(Self { contract, schema, settings, targets })
    }
}

/// Why GraphQL cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError(pub String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}
