//! Documents: parsed, bounded and validated once, cached by their text.

use crate::Graphql;
use crate::error::Problem;
use crate::execute::Planned;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use engine::Kind;
use std::sync::{Arc, OnceLock};

/// A document that is valid, with what was made of its operations so far.
#[derive(Debug)]
pub(crate) struct Document {
    pub executable: Valid<ExecutableDocument>,
    /// One per operation, in the order of [`apollo_compiler::executable::OperationMap::iter`].
    planned: Vec<OnceLock<Result<Arc<Planned>, Problem>>>,
}

impl Document {
    /// Reads a document.
    pub(crate) fn new(face: &Graphql, text: &str) -> Result<Self, Vec<Problem>> {
        let parsed = ExecutableDocument::parse_and_validate(&face.schema, text, "");
        let executable = parsed.map_err(|found| {
            let texts = found.errors.iter().map(|finding| finding.error.to_string());
            texts
                .map(|text| Problem::new(Kind::Invalid, "GRAPHQL_VALIDATION_FAILED", text))
                .collect::<Vec<_>>()
        })?;
        let planned = executable.operations.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { executable, planned })
    }

    /// The operation that a request means, translated once.
    pub(crate) fn planned(&self, face: &Graphql, name: Option<&str>) -> Result<Arc<Planned>, Problem> {
        let missing = || Problem::new(Kind::Invalid, "GRAPHQL_VALIDATION_FAILED", "no such operation");
        let operation: &Operation = self.executable.operations.get(name).map_err(|_| missing())?;
        let at = self.executable.operations.iter().position(|other| std::ptr::eq(&**other, operation));
        let place = at.and_then(|at| self.planned.get(at)).ok_or_else(missing)?;
        place.get_or_init(|| Planned::new(face, &self.executable, operation).map(Arc::new)).clone()
    }
}
