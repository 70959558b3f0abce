//! Values written in a document: an input object names each of its fields once (GraphQL, section 5.6.3). The library
//! validates everything else of them.

use crate::codes::VALIDATION_FAILED;
use crate::error::{Location, Problem};
use apollo_compiler::ast::{Argument, Definition, DirectiveList, Document, Selection, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};
use engine::Kind;
use std::collections::HashSet;

/// Members up to which an object's names are compared each with each, which is faster than hashing them.
const SMALL_OBJECT_MEMBERS: usize = 8;

/// Finds input objects that name a field twice.
pub(super) fn check(document: &Document) -> Vec<Problem> {
    let mut check = Check { document, found: Vec::new() };
    for definition in &document.definitions {
        check.directives(definition.directives());
        if let Definition::OperationDefinition(operation) = definition {
            for variable in &operation.variables {
                check.directives(&variable.directives);
                variable.default_value.iter().for_each(|value| check.value(value));
            }
            check.selections(&operation.selection_set);
        }
        if let Definition::FragmentDefinition(fragment) = definition {
            check.selections(&fragment.selection_set);
        }
    }
    check.found
}

struct Check<'a> {
    document: &'a Document,
    found: Vec<Problem>,
}

/// All recursive, as deep as the syntax may be.
impl Check<'_> {
    fn selections(&mut self, selections: &[Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.directives(&field.directives);
                    self.arguments(&field.arguments);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    self.selections(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.directives),
            }
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        directives.iter().for_each(|directive| self.arguments(&directive.arguments));
    }

    fn arguments(&mut self, arguments: &[Node<Argument>]) {
        arguments.iter().for_each(|argument| self.value(&argument.value));
    }

    fn value(&mut self, value: &Node<Value>) {
        match &**value {
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for name in repeated(members) {
                    self.refuse(name, name.location().or(value.location()));
                }
                members.iter().for_each(|(_, member)| self.value(member));
            }
            Value::Null
            | Value::Enum(_)
            | Value::Variable(_)
            | Value::String(_)
            | Value::Float(_)
            | Value::Int(_)
            | Value::Boolean(_) => {}
        }
    }

    fn refuse(&mut self, name: &Name, at: Option<SourceSpan>) {
        let message = format!("the input object has the field `{name}` twice");
        let problem = Problem::new(Kind::Invalid, VALIDATION_FAILED, message);
        self.found.push(problem.at(Location::of(at, &self.document.sources).into_iter().collect()));
    }
}

/// Names that came before.
fn repeated(members: &[(Name, Node<Value>)]) -> Vec<&Name> {
    let names = members.iter().map(|(name, _)| name);
    if members.len() <= SMALL_OBJECT_MEMBERS {
        let came_before = |at: usize, name: &Name| members[..at].iter().any(|(before, _)| before == name);
        return names.enumerate().filter(|(at, name)| came_before(*at, name)).map(|(_, name)| name).collect();
    }
    let mut seen = HashSet::with_capacity(members.len());
    names.filter(|name| !seen.insert(*name)).collect()
}
