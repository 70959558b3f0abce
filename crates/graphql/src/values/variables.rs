//! The variables of a request.

use super::{Mistake, coerce, raw};
use crate::error::Problem;
use apollo_compiler::ast::VariableDefinition;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use engine::{FieldFault, Kind};
use wire::Value;

/// Mistakes told of at the most.
const MISTAKES_MAX: usize = 20;

/// The variables of one request, fitted to their types. One that was not given and has no default is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Variables(Vec<(Box<str>, Value)>);

impl Variables {
    /// Fits what was given to what an operation declares (GraphQL, section 6.1.2). What it does not declare is of no
    /// account.
    ///
    /// # Errors
    /// Every variable that does not fit, with the place inside it.
    pub(crate) fn new(
        schema: &Valid<Schema>,
        document: &ExecutableDocument,
        operation: &Operation,
        given: &Value,
    ) -> Result<Self, Vec<Problem>> {
        let (mut variables, mut problems) = (Self(Vec::with_capacity(operation.variables.len())), Vec::new());
        for definition in &operation.variables {
            match variable(schema, definition, given.get(&definition.name)) {
                Ok(Some(value)) => variables.0.push((definition.name.as_str().into(), value)),
                Ok(None) => {}
                Err(mistake) => problems.push(problem(document, definition, mistake)),
            }
        }
        problems.truncate(MISTAKES_MAX);
        if problems.is_empty() { Ok(variables) } else { Err(problems) }
    }

    /// The value of a variable, when it has one.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }
}

fn variable(
    schema: &Valid<Schema>,
    definition: &VariableDefinition,
    given: Option<&Value>,
) -> Result<Option<Value>, Mistake> {
    match (given, &definition.default_value) {
        (Some(value), _) => coerce(schema, &definition.ty, value.clone()).map(Some),
        (None, Some(default)) => {
            let default = raw(default, &Variables::default()).unwrap_or(Value::Null);
            coerce(schema, &definition.ty, default).map(Some)
        }
        (None, None) if definition.ty.is_non_null() => Err(Mistake::new("REQUIRED", "is required")),
        (None, None) => Ok(None),
    }
}

fn problem(document: &ExecutableDocument, definition: &VariableDefinition, mistake: Mistake) -> Problem {
    let place = format!("{}{}", definition.name, mistake.place);
    let message = format!("the variable `${place}` {}", mistake.message);
    let locations = definition.name.line_column_range(&document.sources).map(|range| range.start.into());
    Problem {
        locations: locations.into_iter().collect(),
        fields: vec![FieldFault::new(place, mistake.code, mistake.message)],
        ..Problem::new(Kind::Invalid, "BAD_USER_INPUT", message)
    }
}
