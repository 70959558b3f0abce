//! GraphQL: documents to calls, answers and faults to responses.
//!
//! The schema is a text that is printed from the contract; documents are validated against that very text, so what
//! clients are told and what is served cannot differ. A request goes through a fixed order: its head and body
//! ([`Service`]), its document (bounded, parsed, validated, and cached by its text), its operation's plan, execution.

#![allow(clippy::result_large_err, reason = "a problem is made once in a request, and seldom")]

pub mod codes;
mod digest;
mod document;
mod error;
mod execute;
#[doc(hidden)]
pub mod fuzz;
mod graphiql;
mod introspect;
mod media;
mod persisted;
mod plan;
mod request;
mod response;
mod service;
mod settings;
mod trusted;
mod values;

pub use document::{CacheBounds, CacheStats, DocumentBounds, Suggestions};
pub use graphiql::Example;
pub use service::Service;
pub use settings::{Introspection, Settings};
pub use trusted::{NamedText, Trust};

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::validation::{Valid, WithErrors};
use apollo_compiler::{Name, Schema};
use codes::{NOT_TRUSTED, PERSISTED_NOT_FOUND, PERSISTED_NOT_SUPPORTED};
use contract::Contract;
use digest::Digest;
use document::{Document, Documents};
use engine::{Fault, Kind};
use error::Problem;
use graphiql::Graphiql;
use http_semantics::discretion::{Discretion, Names};
use introspect::Introspections;
use persisted::Persisted;
use request::Source;
use std::sync::Arc;
use trusted::Trusted;

/// What Apollo's clients look for when they send a document whole that was not known by its digest.
const PERSISTED_NOT_FOUND_MESSAGE: &str = "PersistedQueryNotFound";
/// What they look for when they are never to ask again.
const PERSISTED_NOT_SUPPORTED_MESSAGE: &str = "PersistedQueryNotSupported";

/// The GraphQL face of a contract. Immutable but for its caches; a reload makes a new one.
#[derive(Debug)]
pub struct Graphql {
    pub(crate) contract: Arc<Contract>,
    pub(crate) schema: Valid<Schema>,
    pub(crate) settings: Settings,
    pub(crate) introspections: Introspections,
    pub(crate) graphiql: Option<Graphiql>,
    documents: Documents,
    persisted: Option<Persisted>,
    trusted: Trusted,
    /// What its root fields are.
    pub(crate) targets: plan::Targets,
    pub(crate) kept: plan::Kept,
    pub(crate) discretion: Discretion,
}

impl Graphql {
    /// Serves `contract` by the schema that `sdl` describes it with.
    ///
    /// # Errors
    /// A schema that is not valid, which is a defect of what printed it; a trusted document or an example that is not.
    pub fn new(contract: Arc<Contract>, sdl: &str, settings: Settings) -> Result<Self, StartError> {
        let schema = schema(sdl).map_err(|found| StartError(found.errors.to_string()))?;
        let graphiql = match (&settings.graphiql_path, &settings.path) {
            (Some(page), Some(path)) => Some(Graphiql::new(page, path, &settings.examples)?),
            (None, _) | (_, None) => None,
        };
        let targets = plan::Targets::new(&contract);
        let discretion = discretion(&contract, &schema, settings.suggestions);
        let mut face = Self {
            discretion,
            contract,
            introspections: Introspections::new(&schema),
            schema,
            graphiql,
            documents: Documents::new(settings.cache),
            persisted: (settings.persisted.entries_max > 0).then(|| Persisted::new(settings.persisted)),
            trusted: Trusted::default(),
            targets,
            kept: plan::Kept::default(),
            settings,
        };
        face.trusted = Trusted::new(&face, &face.settings.trusted)?;
        Ok(face)
    }

    /// How the cache of documents does.
    pub fn cache_stats(&self) -> CacheStats {
        self.documents.stats()
    }

    fn is_endpoint(&self, path: &str) -> bool {
        self.settings.path.as_deref() == Some(path)
    }

    /// The document that a request names. The caller has to pay for one that must be read first.
    fn document(
        &self,
        source: &Source,
        pay: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<Arc<Document>, Vec<Problem>> {
        match source {
            Source::Text(text) => self.by_text(text, pay),
            Source::Persist(text, digest) => self.persist(text, *digest, pay),
            Source::Digest(digest) => self.by_digest(digest, pay),
            Source::Id(id) => self.trusted.by_id(id).ok_or_else(|| match self.settings.trust {
                Trust::Listed => not_trusted(),
                Trust::Anything => unknown(PERSISTED_NOT_FOUND, "no document has this id"),
            }),
        }
    }

    fn by_text(
        &self,
        text: &str,
        pay: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<Arc<Document>, Vec<Problem>> {
        match self.settings.trust {
            Trust::Listed => self.trusted.by_text(text).ok_or_else(not_trusted),
            Trust::Anything => {
                if let Some(document) = self.documents.get(text) {
                    return Ok(document);
                }
                pay(text).map_err(|fault| vec![Problem::from(&fault)])?;
                let document = Arc::new(Document::new(self, text)?);
                self.documents.insert(text, Arc::clone(&document));
                Ok(document)
            }
        }
    }

    /// Keeps a document under its digest, once it has proved valid.
    fn persist(
        &self,
        text: &str,
        digest: Digest,
        pay: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<Arc<Document>, Vec<Problem>> {
        if Digest::of(text.as_bytes()) != digest {
            let fault =
                http_semantics::invalid("extensions.persistedQuery", "MISMATCH", "it is of another query");
            return Err(vec![Problem::from(&fault)]);
        }
        let document = self.by_text(text, pay)?;
        if let (Some(persisted), Trust::Anything) = (&self.persisted, self.settings.trust) {
            persisted.keep(digest, text);
        }
        Ok(document)
    }

    fn by_digest(
        &self,
        digest: &Digest,
        pay: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<Arc<Document>, Vec<Problem>> {
        if let Some(document) = self.trusted.by_digest(digest) {
            return Ok(document);
        }
        match (self.settings.trust, &self.persisted) {
            (Trust::Listed, _) => Err(not_trusted()),
            (Trust::Anything, None) => Err(unknown(PERSISTED_NOT_SUPPORTED, PERSISTED_NOT_SUPPORTED_MESSAGE)),
            (Trust::Anything, Some(persisted)) => match persisted.get(digest) {
                Some(text) => self.by_text(&text, pay),
                None => Err(unknown(PERSISTED_NOT_FOUND, PERSISTED_NOT_FOUND_MESSAGE)),
            },
        }
    }
}

fn schema(sdl: &str) -> Result<Valid<Schema>, WithErrors<Schema>> {
    let mut schema = Schema::parse(sdl, "schema.graphql")?;
    introspect::define(&mut schema);
    schema.validate()
}

/// What strangers are not told: names as the contract has them, and as the schema does.
fn discretion(contract: &Contract, schema: &Schema, suggestions: Suggestions) -> Discretion {
    let to = match suggestions {
        Suggestions::Given => Names::Told,
        Suggestions::Withheld => Names::KeptFromStrangers,
    };
    let mut names = contract.names();
    for (name, definition) in schema.types.iter().filter(|(name, _)| !name.starts_with("__")) {
        names.push(name);
        match definition {
            ExtendedType::Object(object) => names.extend(names_of(&object.fields)),
            ExtendedType::Interface(interface) => names.extend(names_of(&interface.fields)),
            ExtendedType::InputObject(input) => names.extend(input.fields.keys().map(|name| name.as_str())),
            ExtendedType::Enum(of) => names.extend(of.values.keys().map(|name| name.as_str())),
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
        }
    }
    Discretion::new(to, names, contract.error_codes())
}

/// Names of fields and of their arguments.
fn names_of(fields: &IndexMap<Name, Component<FieldDefinition>>) -> impl Iterator<Item = &str> {
    fields.iter().flat_map(|(name, field)| {
        let arguments = field.arguments.iter().map(|argument| argument.name.as_str());
        std::iter::once(name.as_str()).chain(arguments)
    })
}

fn unknown(code: &'static str, message: &str) -> Vec<Problem> {
    vec![Problem::new(Kind::Invalid, code, message)]
}

fn not_trusted() -> Vec<Problem> {
    vec![Problem::new(Kind::Denied, NOT_TRUSTED, "only the documents that the operator lists are taken")]
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
