//! Questions about the schema: `__schema`, `__type`, and `__typename` at the root.

use crate::Graphql;
use crate::error::Problem;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use engine::Kind;
use wire::Value;

impl Graphql {
    /// Answers the operation's fields about the schema: response keys with JSON, in the order of the response. Whether
    /// they may be asked was decided before.
    pub(crate) fn introspect(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &Value,
    ) -> Result<Vec<(Box<str>, Vec<u8>)>, Problem> {
        let _ = (document, operation, variables);
        Err(Problem::new(Kind::Unsupported, "UNSUPPORTED", "not done yet"))
    }
}
