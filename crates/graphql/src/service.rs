//! GraphQL as the edge sees it: a request is read, executed and answered.

use crate::Graphql;
use crate::document::Document;
use crate::error::Problem;
use crate::execute::{Outcome, Run};
use engine::{Context, Engine, Kind};
use std::sync::Arc;
use wire::Value;

/// The GraphQL adapter over an engine.
#[derive(Debug)]
pub struct Service {
    graphql: Graphql,
    engine: Arc<Engine>,
}

impl Service {
    /// Serves `graphql` with `engine`; both are of the same contract.
    pub fn new(graphql: Graphql, engine: Arc<Engine>) -> Self {
        Self { graphql, engine }
    }

    /// Whether a path is this adapter's.
    pub fn is_mine(&self, path: &str) -> bool {
        path == "/graphql"
    }

    pub(crate) async fn run(
        &self,
        document: &Document,
        name: Option<&str>,
        variables: &Value,
        context: Context,
    ) -> Result<Outcome, Vec<Problem>> {
        let missing = |_| vec![Problem::new(Kind::Invalid, "GRAPHQL_VALIDATION_FAILED", "no such operation")];
        let planned = document.planned(&self.graphql, name).map_err(|problem| vec![problem])?;
        let operation = document.executable.operations.get(name).map_err(missing)?;
        let run = Run { document: &document.executable, operation, variables, context };
        self.graphql.execute(&self.engine, &planned, run).await
    }
}
