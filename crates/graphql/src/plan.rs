//! Operations of documents as calls of the engine: what does not hang on a request's variables is translated once.

mod arguments;
mod collect;
mod records;
mod root;
mod uses;

pub(crate) use arguments::{Arguments, misfit};
pub(crate) use collect::{Collected, collect};
pub(crate) use records::Translate;
pub(crate) use root::{Kind, NodePlace, Target, Targets};

use crate::Graphql;
use crate::document::{Bounded, CacheBounds};
use crate::error::{Location, Problem};
use crate::values::Variables;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::Node;
use apollo_compiler::executable::{Field, Operation, OperationType};
use engine::{Engine, Prepared, Selected, Selection};
use quick_cache::Weighter;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Selections that hang on variables kept at the most, of all documents, and bytes of memory of them, estimated.
const SELECTIONS: CacheBounds = CacheBounds { entries_max: 2048, bytes_max: 16 << 20 };
/// Memory of such a selection beside what grows with its document.
const SELECTION_BYTES: u64 = 2048;
/// Memory of it for each byte of its document's text: what is selected, and its plans.
const BYTES_PER_TEXT_BYTE: u64 = 20;
/// Bytes of the values of variables that a selection is kept for.
const VALUES_BYTES_MAX: usize = 1024;

/// One operation of a document, translated once.
#[derive(Debug)]
pub(crate) struct Planned {
    kind: OperationType,
    /// Its root fields; none when a directive with a variable decides which they are.
    fields: Option<Vec<RootField>>,
}

/// One field of the response's root.
#[derive(Debug)]
pub(crate) struct RootField {
    /// Its name in the response.
    pub key: Box<str>,
    /// Where it stands.
    pub locations: Vec<Location>,
    /// The fields of the document that it merges; the first one's arguments are all's.
    pub nodes: Vec<Node<Field>>,
    /// What it asks for.
    pub target: Target,
    selections: Selections,
}

/// What is kept of the selections of a root field.
#[derive(Debug)]
enum Selections {
    /// It is the same for all requests.
    One(OnceLock<Arc<Prepared>>),
    /// It hangs on variables.
    Each(Each),
}

/// A selection for each of the values of variables.
#[derive(Debug)]
struct Each {
    names: Vec<Box<str>>,
    /// Tells it from those of other fields.
    number: u64,
    /// Bytes of the document's text.
    text_bytes: usize,
}

/// The selections that hang on variables, of all documents: by the field's number and the variables' values.
#[derive(Debug)]
pub(crate) struct Kept {
    fields: AtomicU64,
    selections: Bounded<SelectionKey, KeptSelection, Weight>,
}

/// The number of a field, and the values of its variables.
type SelectionKey = (u64, Box<str>);
/// A selection, and the bytes of its document's text.
type KeptSelection = (Arc<Prepared>, usize);

/// What a selection counts for: it is kept with the bytes of its document's text.
#[derive(Debug, Clone)]
struct Weight {
    min: u64,
}

impl Weighter<SelectionKey, KeptSelection> for Weight {
    fn weight(&self, key: &SelectionKey, kept: &KeptSelection) -> u64 {
        (SELECTION_BYTES + key.1.len() as u64 + kept.1 as u64 * BYTES_PER_TEXT_BYTE).max(self.min)
    }
}

impl Default for Kept {
    fn default() -> Self {
        let selections = SELECTIONS.cache(Weight { min: SELECTIONS.weight_min() });
        Self { fields: AtomicU64::new(0), selections }
    }
}

impl Planned {
    /// Translates an operation.
    ///
    /// # Errors
    /// A root field that is not served.
    pub(crate) fn new(
        face: &Graphql,
        document: &ExecutableDocument,
        operation: &Operation,
    ) -> Result<Self, Problem> {
        let kind = operation.operation_type;
        let fragments = document.fragments.values().map(|fragment| &fragment.selection_set);
        let mut sets = [&operation.selection_set].into_iter().chain(fragments).collect();
        arguments::check_literals(face, document, &mut sets)?;
        let fields = match uses::decide_by_variables(document, &operation.selection_set) {
            true => None,
            false => Some(root_fields(face, document, operation, &Variables::default())?),
        };
        Ok(Self { kind, fields })
    }

    /// Whether it only reads.
    pub(crate) fn kind(&self) -> OperationType {
        self.kind
    }

    /// Its root fields, when they are the same for all requests.
    pub(crate) fn fields(&self) -> Option<&[RootField]> {
        self.fields.as_deref()
    }
}

/// The fields of an operation's root for these variables.
pub(crate) fn root_fields(
    face: &Graphql,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Variables,
) -> Result<Vec<RootField>, Problem> {
    let sets = [&operation.selection_set];
    let collected = collect(&face.schema, document, &operation.selection_set.ty, &sets, variables);
    let field = |collected: Collected<'_>| {
        let first = collected.first();
        let locations = collected.nodes.iter().filter_map(|node| location(document, node)).collect();
        let target = face.targets.find(operation.operation_type, &first.name).ok_or_else(|| {
            let message = format!("`{}` is not served", first.name);
            Problem::new(engine::Kind::Unsupported, engine::codes::UNSUPPORTED, message)
        })?;
        let names = uses::variables(document, &collected.nodes);
        let selections = match names.is_empty() {
            true => Selections::One(OnceLock::new()),
            false => Selections::Each(Each {
                names,
                number: face.kept.fields.fetch_add(1, Ordering::Relaxed),
                text_bytes: text_bytes(document, &collected.nodes),
            }),
        };
        Ok(RootField {
            key: collected.key.into(),
            locations,
            nodes: collected.nodes.into_iter().cloned().collect(),
            target,
            selections,
        })
    };
    collected.into_iter().map(field).collect()
}

/// How long the text is that these fields stand in.
fn text_bytes(document: &ExecutableDocument, nodes: &[&Node<Field>]) -> usize {
    let file = nodes.first().and_then(|node| document.sources.get(&node.location()?.file_id()));
    file.map_or(0, |file| file.source_text().len())
}

/// Where a field stands in its document.
pub(crate) fn location(document: &ExecutableDocument, node: &Node<Field>) -> Option<Location> {
    node.line_column_range(&document.sources).map(|range| range.start.into())
}

impl RootField {
    /// The selection for these variables, checked; `translate` makes it when it is not known.
    pub(crate) fn selected(
        &self,
        face: &Graphql,
        engine: &Engine,
        operation: contract::OperationId,
        variables: &Variables,
        translate: impl FnOnce() -> Result<Selection, Problem>,
    ) -> Result<Selected, Problem> {
        let prepare = || -> Result<Arc<Prepared>, Problem> {
            let prepared = engine.prepare_selection(operation, &translate()?);
            prepared.map(Arc::new).map_err(|fault| Problem::from(&fault))
        };
        let prepared = match &self.selections {
            Selections::One(known) => match known.get() {
                Some(prepared) => Arc::clone(prepared),
                None => {
                    let prepared = prepare()?;
                    Arc::clone(known.get_or_init(|| prepared))
                }
            },
            Selections::Each(Each { names, number, text_bytes }) => {
                let key = (*number, Box::from(values_text(names, variables)));
                match face.kept.selections.get(&key) {
                    Some((prepared, _)) => prepared,
                    None => {
                        let prepared = prepare()?;
                        if key.1.len() <= VALUES_BYTES_MAX {
                            face.kept.selections.insert(key, (Arc::clone(&prepared), *text_bytes));
                        }
                        prepared
                    }
                }
            }
        };
        Ok(Selected::Prepared(prepared))
    }
}

/// The values of some variables as one text that no others have.
fn values_text(names: &[Box<str>], variables: &Variables) -> String {
    let mut text = String::new();
    for name in names {
        match variables.get(name) {
            // No JSON value begins so.
            None => text.push('-'),
            Some(value) => value.to_json(&mut text),
        }
        text.push('\u{0}');
    }
    text
}
