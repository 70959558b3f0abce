//! The arguments of a field, fitted to their types.

use super::{location, uses};
use crate::Graphql;
use crate::error::{Problem, VALIDATION_FAILED};
use crate::values::{Mistake, Variables, coerce, raw};
use apollo_compiler::ExecutableDocument;
use apollo_compiler::Node;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use engine::{FieldFault, Kind};
use wire::Value;

/// The arguments of one field that have a value, in the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Arguments(Vec<(Box<str>, Value)>);

impl Arguments {
    /// Fits the arguments of a field (GraphQL, section 6.4.1). Defaults are the schema's.
    ///
    /// # Errors
    /// The first that does not fit, with its place.
    pub(crate) fn new(
        face: &Graphql,
        document: &ExecutableDocument,
        field: &Node<Field>,
        variables: &Variables,
    ) -> Result<Self, Problem> {
        let mut arguments = Vec::with_capacity(field.arguments.len());
        for definition in &field.definition.arguments {
            let name = definition.name.as_str();
            let written = field.specified_argument_by_name(name).and_then(|value| raw(value, variables));
            let value = match (written, &definition.default_value) {
                (Some(value), _) => Some(value),
                (None, Some(default)) => raw(default, variables),
                (None, None) => None,
            };
            let wrong = |mistake| problem(document, field, name, mistake);
            match value {
                Some(value) => {
                    let value = coerce(&face.schema, &definition.ty, value).map_err(wrong)?;
                    arguments.push((name.into(), value));
                }
                None if definition.ty.is_non_null() => {
                    return Err(wrong(Mistake::new("REQUIRED", "is required")));
                }
                None => {}
            }
        }
        Ok(Self(arguments))
    }

    /// The value of an argument, and null is none.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| &**known == name);
        found.map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// A negative one.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(Value::Int(number)) = self.get(name) else { return Ok(None) };
        match u64::try_from(*number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(misfit(name, "RANGE", "must not be negative")),
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// All of them but those named, as an object.
    pub(crate) fn without(self, names: &[&str]) -> Value {
        let rest = self.0.into_iter().filter(|(name, _)| !names.contains(&&**name));
        Value::Object(rest.map(|(name, value)| (name.into(), value)).collect())
    }
}

/// Checks what a document says by itself, without variables: a value that never fits is a mistake of the document, and
/// nothing of it is begun.
///
/// # Errors
/// The first value that does not fit.
pub(super) fn check_literals(
    face: &Graphql,
    document: &ExecutableDocument,
    sets: &mut Vec<&SelectionSet>,
) -> Result<(), Problem> {
    let nothing = Variables::default();
    while let Some(set) = sets.pop() {
        for selection in &set.selections {
            match selection {
                Selection::FragmentSpread(_) => {}
                Selection::InlineFragment(fragment) => sets.push(&fragment.selection_set),
                Selection::Field(field) => {
                    sets.push(&field.selection_set);
                    for argument in field.arguments.iter().filter(|a| !uses::has_variable(&a.value)) {
                        let definition = field.definition.argument_by_name(&argument.name);
                        let (Some(definition), Some(value)) = (definition, raw(&argument.value, &nothing))
                        else {
                            continue;
                        };
                        coerce(&face.schema, &definition.ty, value).map_err(|mistake| {
                            let found = problem(document, field, &argument.name, mistake);
                            Problem { code: VALIDATION_FAILED.into(), ..found }
                        })?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// An argument that makes no sense.
pub(crate) fn misfit(name: &str, code: &'static str, message: &str) -> Problem {
    Problem {
        fields: vec![FieldFault::new(name, code, message)],
        ..Problem::new(Kind::Invalid, engine::codes::INVALID_INPUT, format!("`{name}` {message}"))
    }
}

fn problem(document: &ExecutableDocument, field: &Node<Field>, name: &str, mistake: Mistake) -> Problem {
    let place = format!("{name}{}", mistake.place);
    let found = misfit(&place, mistake.code, &mistake.message);
    Problem { locations: location(document, field).into_iter().collect(), ..found }
}
