//! Which variables a part of a document hangs on.

use apollo_compiler::executable::{DirectiveList, Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Node, ast};

/// Whether a variable decides which fields a selection set has by itself, fragments included.
pub(super) fn decide_by_variables(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    let mut found = Found { document, names: Vec::new(), visited: Vec::new() };
    found.own(set);
    !found.names.is_empty()
}

/// The variables inside the selections of these fields, in the order of their names. The fields' own arguments are not
/// of the selection.
pub(super) fn variables(document: &ExecutableDocument, fields: &[&Node<Field>]) -> Vec<Box<str>> {
    let mut found = Found { document, names: Vec::new(), visited: Vec::new() };
    fields.iter().for_each(|field| found.all(&field.selection_set));
    found.names.sort_unstable();
    found.names.dedup();
    found.names.into_iter().map(Into::into).collect()
}

/// Whether a value holds a variable.
pub(super) fn has_variable(value: &ast::Value) -> bool {
    match value {
        ast::Value::Variable(_) => true,
        ast::Value::List(items) => items.iter().any(|item| has_variable(item)),
        ast::Value::Object(fields) => fields.iter().any(|(_, value)| has_variable(value)),
        ast::Value::Null | ast::Value::Boolean(_) | ast::Value::Enum(_) => false,
        ast::Value::Int(_) | ast::Value::Float(_) | ast::Value::String(_) => false,
    }
}

struct Found<'d> {
    document: &'d ExecutableDocument,
    names: Vec<&'d str>,
    visited: Vec<&'d str>,
}

impl<'d> Found<'d> {
    fn own(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => self.own(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if let Some(set) = self.fragment(&spread.fragment_name) {
                        self.own(set);
                    }
                }
            }
        }
    }

    fn all(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => {
                    field.arguments.iter().for_each(|argument| self.value(&argument.value));
                    self.all(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.all(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if let Some(set) = self.fragment(&spread.fragment_name) {
                        self.all(set);
                    }
                }
            }
        }
    }

    /// A fragment's selection, once.
    fn fragment(&mut self, name: &'d str) -> Option<&'d SelectionSet> {
        if self.visited.contains(&name) {
            return None;
        }
        self.visited.push(name);
        self.document.fragments.get(name).map(|fragment| &fragment.selection_set)
    }

    fn directives(&mut self, directives: &'d DirectiveList) {
        let arguments = directives.iter().flat_map(|directive| &directive.arguments);
        arguments.for_each(|argument| self.value(&argument.value));
    }

    fn value(&mut self, value: &'d ast::Value) {
        match value {
            ast::Value::Variable(name) => self.names.push(name.as_str()),
            ast::Value::List(items) => items.iter().for_each(|item| self.value(item)),
            ast::Value::Object(fields) => fields.iter().for_each(|(_, value)| self.value(value)),
            ast::Value::Null | ast::Value::Boolean(_) | ast::Value::Enum(_) => {}
            ast::Value::Int(_) | ast::Value::Float(_) | ast::Value::String(_) => {}
        }
    }
}
