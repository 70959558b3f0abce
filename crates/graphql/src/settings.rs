//! How GraphQL is served.

use crate::document::{CacheBounds, DocumentBounds, Suggestions};
use crate::graphiql::Example;
use crate::trusted::{NamedText, Trust};
use wire::DecodeBounds;

/// How GraphQL is served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The path of the endpoint, `/graphql`; none for no endpoint.
    pub path: Option<String>,
    /// The path of GraphiQL, `/graphiql`; none for no page.
    pub graphiql_path: Option<String>,
    /// Bytes of a body.
    pub body_bytes_max: usize,
    /// Bytes of a query string.
    pub query_bytes_max: usize,
    /// How deep and large variables and extensions may be.
    pub decode: DecodeBounds,
    /// How large documents may be.
    pub documents: DocumentBounds,
    /// How many parsed documents are kept.
    pub cache: CacheBounds,
    /// How many documents are kept for clients by their digest; without any, clients are told never to ask.
    pub persisted: CacheBounds,
    /// Which documents are taken.
    pub trust: Trust,
    /// The operator's documents.
    pub trusted: Vec<NamedText>,
    /// Who is told the schema.
    pub introspection: Introspection,
    /// Whether messages suggest names.
    pub suggestions: Suggestions,
    /// Documents that GraphiQL shows at its start.
    pub examples: Vec<Example>,
}

/// Who is told the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introspection {
    /// Everybody.
    Everyone,
    /// Callers with one of these roles.
    Roles(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: Some("/graphql".to_owned()),
            graphiql_path: Some("/graphiql".to_owned()),
            body_bytes_max: 1 << 20,
            query_bytes_max: 16 << 10,
            decode: DecodeBounds::default(),
            documents: DocumentBounds::default(),
            cache: CacheBounds::default(),
            persisted: CacheBounds { entries_max: 10_000, bytes_max: 8 << 20 },
            trust: Trust::Anything,
            trusted: Vec::new(),
            introspection: Introspection::Everyone,
            suggestions: Suggestions::Given,
            examples: Vec::new(),
        }
    }
}
