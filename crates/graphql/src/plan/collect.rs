//! The fields that a selection stands for (GraphQL, section 6.3.2, CollectFields).

use crate::values::Variables;
use apollo_compiler::executable::{DirectiveList, Field, FragmentSpread, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Node, Schema, ast};
use wire::Value;

/// Fields of one name in the response: they are one.
#[derive(Debug)]
pub(crate) struct Collected<'d> {
    /// The name in the response.
    pub key: &'d str,
    /// Never empty.
    pub nodes: Vec<&'d Node<Field>>,
}

impl<'d> Collected<'d> {
    /// The field whose name and arguments are all's.
    pub(crate) fn first(&self) -> &'d Node<Field> {
        self.nodes.first().expect("a name stands for a field")
    }

    /// What is selected of it, in the parts that the document writes.
    pub(crate) fn sets(&self) -> Vec<&'d SelectionSet> {
        self.nodes.iter().map(|node| &node.selection_set).collect()
    }
}

/// The fields of an object of type `ty`, in the order of the response. The document was validated and bounded, so
/// fragments end and there are not many.
pub(crate) fn collect<'d>(
    schema: &Schema,
    document: &'d ExecutableDocument,
    ty: &str,
    sets: &[&'d SelectionSet],
    variables: &Variables,
) -> Vec<Collected<'d>> {
    let mut collecting =
        Collecting { schema, document, ty, variables, found: Vec::new(), visited: Vec::new() };
    for set in sets {
        collecting.set(set);
    }
    collecting.found
}

struct Collecting<'a, 'd> {
    schema: &'a Schema,
    document: &'d ExecutableDocument,
    ty: &'a str,
    variables: &'a Variables,
    found: Vec<Collected<'d>>,
    visited: Vec<&'d str>,
}

impl<'d> Collecting<'_, 'd> {
    fn set(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            if !is_included(selection.directives(), self.variables) {
                continue;
            }
            match selection {
                Selection::Field(field) => self.field(field),
                Selection::FragmentSpread(spread) => self.spread(spread),
                Selection::InlineFragment(fragment) => {
                    let applies = fragment.type_condition.as_ref().is_none_or(|name| self.applies(name));
                    if applies {
                        self.set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &'d Node<Field>) {
        let key = field.response_key().as_str();
        match self.found.iter_mut().find(|known| known.key == key) {
            Some(known) => known.nodes.push(field),
            None => self.found.push(Collected { key, nodes: vec![field] }),
        }
    }

    fn spread(&mut self, spread: &'d FragmentSpread) {
        let name = spread.fragment_name.as_str();
        if self.visited.contains(&name) {
            return;
        }
        self.visited.push(name);
        let fragment = self.document.fragments.get(name);
        if let Some(fragment) = fragment.filter(|fragment| self.applies(fragment.type_condition())) {
            self.set(&fragment.selection_set);
        }
    }

    fn applies(&self, condition: &str) -> bool {
        condition == self.ty || self.schema.is_subtype(condition, self.ty)
    }
}

/// `@skip` and `@include` (GraphQL, section 3.13).
fn is_included(directives: &DirectiveList, variables: &Variables) -> bool {
    let says = |name: &str| {
        let directive = directives.get(name)?;
        match directive.specified_argument_by_name("if")?.as_ref() {
            ast::Value::Boolean(value) => Some(*value),
            ast::Value::Variable(name) => match variables.get(name) {
                Some(Value::Bool(value)) => Some(*value),
                _ => None,
            },
            _ => None,
        }
    };
    !says("skip").unwrap_or(false) && says("include").unwrap_or(true)
}
