//! Trusted documents: those that the operator lists, by id, and by their own text.

use crate::digest::Digest;
use crate::document::Document;
use crate::error::Problem;
use crate::{Graphql, StartError};
use std::collections::HashMap;
use std::sync::Arc;
use wire::{DecodeBounds, Value, decode_json};

/// Documents at the most.
const DOCUMENTS_MAX: usize = 100_000;

/// A text with the name of the file that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedText {
    /// The file's name with its extension.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Which documents are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Any.
    #[default]
    Anything,
    /// Those of the operator alone.
    Listed,
}

/// The operator's documents, valid.
#[derive(Debug, Default)]
pub(crate) struct Trusted {
    by_id: HashMap<Box<str>, Arc<Document>>,
    by_digest: HashMap<Digest, Arc<Document>>,
}

/// A document as a file lists it.
pub(crate) struct Listed {
    /// Where it is, for messages.
    place: String,
    id: String,
    pub text: String,
}

impl Trusted {
    /// Reads and validates documents: a file `<id>.graphql` is one, a file `*.json` lists some, as Relay does
    /// (`{"<id>": "<text>"}`) or as Apollo does (`apollo-persisted-query-manifest`). Each has its SHA-256 as a second
    /// id.
    ///
    /// # Errors
    /// The first that is not readable, not valid, or has the id of another.
    pub(crate) fn new(face: &Graphql, files: &[NamedText]) -> Result<Self, StartError> {
        let mut trusted = Self::default();
        for file in files {
            for listed in listed(file)? {
                trusted.add(face, listed)?;
            }
        }
        Ok(trusted)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<Arc<Document>> {
        let hash = id.strip_prefix("sha256:").unwrap_or(id);
        let by_digest = || Digest::from_hex(hash).and_then(|digest| self.by_digest(&digest));
        self.by_id.get(id).cloned().or_else(by_digest)
    }

    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<Arc<Document>> {
        self.by_digest.get(digest).cloned()
    }

    pub(crate) fn by_text(&self, text: &str) -> Option<Arc<Document>> {
        self.by_digest(&Digest::of(text.trim().as_bytes()))
    }

    fn add(&mut self, face: &Graphql, listed: Listed) -> Result<(), StartError> {
        let Listed { place, id, text } = listed;
        let digests = [&*text, text.trim()].map(|text| Digest::of(text.as_bytes()));
        let known = self.by_digest.get(&digests[1]).cloned();
        let document = match known {
            Some(known) => known,
            None => Arc::new(Document::new(face, &text).map_err(|found| refusal(&place, &found))?),
        };
        if self.by_id.get(&*id).is_some_and(|other| !Arc::ptr_eq(other, &document)) {
            return Err(StartError(format!("{place}: another document has the id `{id}`")));
        }
        if self.by_id.len() == DOCUMENTS_MAX {
            return Err(StartError(format!("{place}: more than {DOCUMENTS_MAX} documents")));
        }
        for digest in digests {
            self.by_digest.insert(digest, Arc::clone(&document));
        }
        self.by_id.insert(id.into(), document);
        Ok(())
    }
}

/// The first problem, with its place in the document.
fn refusal(place: &str, found: &[Problem]) -> StartError {
    let Some(first) = found.first() else { return StartError(place.to_owned()) };
    let at = first.locations.first().map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
    StartError(format!("{place}{at}: {} [{}]", first.message, first.code))
}

/// The documents of a file.
pub(crate) fn listed(file: &NamedText) -> Result<Vec<Listed>, StartError> {
    let NamedText { name, text } = file;
    match name.rsplit_once('.') {
        Some((id, "graphql" | "gql")) => {
            Ok(vec![Listed { place: name.clone(), id: id.to_owned(), text: text.clone() }])
        }
        Some((_, "json")) => manifest(name, text),
        _ => Err(StartError(format!("{name}: neither a document (.graphql) nor a list of them (.json)"))),
    }
}

fn manifest(name: &str, text: &str) -> Result<Vec<Listed>, StartError> {
    let bounds = DecodeBounds { depth_max: 4, values_max: 8 * DOCUMENTS_MAX, ..DecodeBounds::default() };
    let value = decode_json(text.as_bytes(), &bounds)
        .map_err(|error| StartError(format!("{name}:{}:{}: {}", error.line, error.column, error.problem)))?;
    let form = || StartError(format!("{name}: expected {{\"<id>\": \"<document>\"}} or Apollo's manifest"));
    let pairs: Option<Vec<(String, String)>> = match (value.get("operations"), &value) {
        (Some(Value::List(operations)), _) => operations.iter().map(apollo_operation).collect(),
        (_, Value::Object(members)) => members.iter().map(relay_operation).collect(),
        _ => None,
    };
    let listed = pairs.ok_or_else(form)?.into_iter().map(|(id, text)| {
        let place = format!("{name}: the document `{id}`");
        Listed { place, id, text }
    });
    Ok(listed.collect())
}

fn apollo_operation(operation: &Value) -> Option<(String, String)> {
    match (operation.get("id"), operation.get("body")) {
        (Some(Value::Text(id)), Some(Value::Text(body))) => Some((id.clone(), body.clone())),
        _ => None,
    }
}

fn relay_operation((id, text): &(String, Value)) -> Option<(String, String)> {
    match text {
        Value::Text(text) => Some((id.clone(), text.clone())),
        _ => None,
    }
}
