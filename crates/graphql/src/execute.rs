//! Executing operations.

use crate::Graphql;
use crate::error::Problem;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, OperationType};
use apollo_compiler::validation::Valid;
use contract::Cache;
use engine::{Budget, Context, Engine, Kind, codes};
use wire::Value;

/// One operation of a document, translated once.
#[derive(Debug)]
pub(crate) struct Planned {
    kind: OperationType,
}

impl Planned {
    /// Translates an operation.
    pub(crate) fn new(
        face: &Graphql,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
    ) -> Result<Self, Problem> {
        let _ = (&face.contract, document);
        Ok(Self { kind: operation.operation_type })
    }

    /// Whether it only reads.
    pub(crate) fn kind(&self) -> OperationType {
        self.kind
    }
}

/// One request for a planned operation.
pub(crate) struct Run<'a> {
    /// The document it is in, for [`Graphql::introspect`].
    pub document: &'a Valid<ExecutableDocument>,
    /// The operation that was planned.
    pub operation: &'a Operation,
    /// An object, as it came.
    pub variables: &'a Value,
    /// Who, from where, until when.
    pub context: Context,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// `data` as JSON; `None` when the request itself was refused.
    pub data: Option<Vec<u8>>,
    /// `errors`.
    pub problems: Vec<Problem>,
    /// Units of the caller's budget that it took.
    pub cost: u32,
    /// What is left of it.
    pub budget: Option<Budget>,
    /// How long it stays fresh.
    pub cache: Option<Cache>,
    /// Rows in it.
    pub rows: u64,
    /// Statements that were run.
    pub statements: u32,
}

impl Graphql {
    /// Runs an operation.
    ///
    /// # Errors
    /// Variables that do not fit: nothing was begun.
    pub(crate) async fn execute(
        &self,
        engine: &Engine,
        planned: &Planned,
        run: Run<'_>,
    ) -> Result<Outcome, Vec<Problem>> {
        let _ = (engine, planned.kind(), run.document, run.operation, run.variables, run.context);
        let problem = Problem::new(Kind::Unsupported, codes::UNSUPPORTED, "not done yet");
        Ok(Outcome { problems: vec![problem], ..Outcome::default() })
    }
}
