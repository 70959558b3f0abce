//! Questions about the schema: `__schema`, `__type`, and `__typename` at the root.

mod one_of;

pub(crate) use one_of::define;

use crate::Graphql;
use crate::error::{Location, Problem};
use apollo_compiler::ast;
use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::{Operation, VariableDefinition};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema, introspection};
use engine::{Fault, Kind};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use wire::Value;

/// Answers that are kept at the most.
const ANSWERS_MAX: usize = 64;
/// Bytes of all of them together; one about everything takes some hundred kilobytes.
const ANSWERS_BYTES_MAX: u64 = 8 << 20;

/// Response keys with JSON, in the order of the response.
pub(crate) type Answers = Vec<(Box<str>, Vec<u8>)>;

/// What is derived from the schema, and answers that were given.
#[derive(Debug)]
pub(crate) struct Introspections {
    implementers: HashMap<Name, Implementers>,
    given: Cache<Question, Arc<Answers>, Weight>,
}

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    document: Box<str>,
    operation: Option<Name>,
    variables: Box<str>,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Question, Arc<Answers>> for Weight {
    fn weight(&self, question: &Question, answers: &Arc<Answers>) -> u64 {
        let bytes = answers.iter().map(|(name, json)| name.len() + json.len()).sum::<usize>();
        (bytes + question.document.len() + question.variables.len()) as u64 + 1
    }
}

impl Introspections {
    pub(crate) fn new(schema: &Valid<Schema>) -> Self {
        let given = Cache::with_weighter(ANSWERS_MAX, ANSWERS_BYTES_MAX, Weight);
        Self { implementers: schema.implementers_map(), given }
    }
}

impl Graphql {
    /// Answers the operation's fields about the schema: response keys with JSON, in the order of the response. Whether
    /// they may be asked was decided before.
    pub(crate) fn introspect(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &Value,
    ) -> Result<Answers, Problem> {
        let values = values(operation, variables);
        let question = Question {
            document: document.sources.values().map(|source| source.source_text()).collect(),
            operation: operation.name.clone(),
            variables: text(&values)?.into(),
        };
        if let Some(given) = self.introspections.given.get(&question) {
            return Ok((*given).clone());
        }
        let answers = self.ask(document, operation, values)?;
        self.introspections.given.insert(question, Arc::new(answers.clone()));
        Ok(answers)
    }

    fn ask(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        values: JsonMap,
    ) -> Result<Answers, Problem> {
        let implementers = &self.introspections.implementers;
        let (document, operation) = one_of::rewrite(&self.schema, document, operation);
        let document = Valid::assume_valid_ref(&*document);
        let values = Valid::assume_valid(values);
        let response =
            introspection::partial_execute(&self.schema, implementers, document, &operation, &values);
        let response = response.map_err(|refused| invalid(refused.message().to_string()))?;
        if let Some(error) = response.errors.first() {
            let location = error.locations.first().copied().map(Location::from);
            return Err(invalid(error.message.clone()).at(location.into_iter().collect()));
        }
        let members = one_of::restore(&self.schema, response.data.unwrap_or_default());
        members
            .into_iter()
            .map(|(name, value)| Ok((name.as_str().into(), text(&value)?.into_bytes())))
            .collect()
    }
}

fn invalid(message: String) -> Problem {
    Problem::new(Kind::Invalid, crate::codes::BAD_USER_INPUT, message)
}

fn text(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::from(&Fault::internal(error.to_string())))
}

/// The variables that fields about the schema can use, with their defaults: those fields take texts and booleans.
/// Values of another type are left out, for execution has refused them.
fn values(operation: &Operation, variables: &Value) -> JsonMap {
    let mut values = JsonMap::new();
    for variable in &operation.variables {
        let value = match variables.get(&variable.name) {
            Some(given) => plain(given),
            None => variable.default_value.as_ref().and_then(|value| literal(value)),
        };
        if let Some(value) = value.filter(|_| is_usable(variable)) {
            values.insert(variable.name.as_str(), value);
        }
    }
    values
}

fn is_usable(variable: &VariableDefinition) -> bool {
    let name = variable.ty.inner_named_type();
    !variable.ty.is_list() && (name == "String" || name == "Boolean")
}

fn plain(value: &Value) -> Option<JsonValue> {
    match value {
        Value::Null => Some(JsonValue::Null),
        Value::Bool(truth) => Some(JsonValue::Bool(*truth)),
        Value::Text(text) => Some(JsonValue::String(text.as_str().into())),
        Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Bytes(_) => None,
        Value::List(_) | Value::Object(_) | Value::Secret(_) => None,
    }
}

fn literal(value: &ast::Value) -> Option<JsonValue> {
    match value {
        ast::Value::Null => Some(JsonValue::Null),
        ast::Value::Boolean(truth) => Some(JsonValue::Bool(*truth)),
        ast::Value::String(text) => Some(JsonValue::String(text.as_str().into())),
        ast::Value::Enum(_) | ast::Value::Variable(_) | ast::Value::Float(_) | ast::Value::Int(_) => None,
        ast::Value::List(_) | ast::Value::Object(_) => None,
    }
}
