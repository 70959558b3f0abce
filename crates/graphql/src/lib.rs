//! GraphQL: documents to calls, answers and faults to responses.
//!
//! The schema is a text that is printed from the contract; documents are validated against that very text, so what
//! clients are told and what is served cannot differ.

mod document;
mod error;
mod execute;
mod introspect;
mod service;

pub use document::{CacheBounds, CacheStats, DocumentBounds, Suggestions};
pub use service::Service;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use contract::Contract;
use std::sync::Arc;

/// How GraphQL is served.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How large documents may be.
    pub documents: DocumentBounds,
    /// How many parsed documents are kept.
    pub cache: CacheBounds,
    /// Whether messages suggest names.
    pub suggestions: Suggestions,
}

/// The GraphQL face of a contract. Immutable; a reload makes a new one.
#[derive(Debug)]
pub struct Graphql {
    pub(crate) contract: Arc<Contract>,
    pub(crate) schema: Valid<Schema>,
    pub(crate) settings: Settings,
}

impl Graphql {
    /// Serves `contract` by the schema that `sdl` describes it with.
    ///
    /// # Errors
    /// A schema that is not valid, which is a defect of what printed it.
    pub fn new(contract: Arc<Contract>, sdl: &str, settings: Settings) -> Result<Self, StartError> {
        let schema = Schema::parse_and_validate(sdl, "schema.graphql");
        let schema = schema.map_err(|found| StartError(found.errors.to_string()))?;
        Ok(Self { contract, schema, settings })
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
