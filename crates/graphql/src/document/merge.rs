//! Fields of one name in the response are one, so their arguments must agree (GraphQL, section 5.3.2). The library
//! compares lists as far as the shorter goes; here is the rest of that rule.

use crate::codes::VALIDATION_FAILED;
use crate::error::{Location, Problem};
use apollo_compiler::ast::{Argument, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node};
use engine::Kind;

/// Fields of one name of records of one type.
type Group<'a> = (&'a Name, &'a Name);

/// Finds fields that are one and whose arguments have lists of different lengths.
pub(super) fn check(document: &Valid<ExecutableDocument>) -> Vec<Problem> {
    let mut check = Check { document, found: Vec::new() };
    for operation in document.operations.iter() {
        let operation: &Operation = operation;
        check.sets(&[&operation.selection_set]);
    }
    check.found
}

struct Check<'a> {
    document: &'a Valid<ExecutableDocument>,
    found: Vec<Problem>,
}

impl<'a> Check<'a> {
    /// Recursive, as deep as selections may nest. Fields of records of different types are never one.
    fn sets(&mut self, sets: &[&'a SelectionSet]) {
        let mut groups: IndexMap<Group<'a>, Vec<&'a Node<Field>>> = IndexMap::default();
        let mut spread = Vec::new();
        sets.iter().for_each(|set| self.expand(set, &mut groups, &mut spread));
        for fields in groups.values() {
            if let [first, others @ ..] = &fields[..] {
                others.iter().for_each(|other| self.compare(first, other));
            }
            let inside: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
            if inside.iter().any(|set| !set.selections.is_empty()) {
                self.sets(&inside);
            }
        }
    }

    fn expand(
        &self,
        set: &'a SelectionSet,
        groups: &mut IndexMap<Group<'a>, Vec<&'a Node<Field>>>,
        spread: &mut Vec<&'a Name>,
    ) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    groups.entry((&set.ty, field.response_key())).or_default().push(field);
                }
                Selection::InlineFragment(fragment) => self.expand(&fragment.selection_set, groups, spread),
                Selection::FragmentSpread(named) if !spread.contains(&&named.fragment_name) => {
                    spread.push(&named.fragment_name);
                    if let Some(fragment) = self.document.fragments.get(&named.fragment_name) {
                        self.expand(&fragment.selection_set, groups, spread);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn compare(&mut self, first: &Node<Field>, other: &Node<Field>) {
        if is_alike(&first.arguments, &other.arguments) {
            return;
        }
        let key = first.response_key();
        let message = format!("the fields of the name `{key}` have different arguments");
        let places = [first, other].map(|field| Location::of(field.location(), &self.document.sources));
        let problem = Problem::new(Kind::Invalid, VALIDATION_FAILED, message);
        self.found.push(problem.at(places.into_iter().flatten().collect()));
    }
}

/// Whether lists have the same length wherever both have one: everything else has been compared.
fn is_alike(these: &[Node<Argument>], those: &[Node<Argument>]) -> bool {
    these.iter().all(|this| {
        let that = those.iter().find(|that| that.name == this.name);
        that.is_none_or(|that| is_alike_value(&this.value, &that.value))
    })
}

fn is_alike_value(this: &Value, that: &Value) -> bool {
    match (this, that) {
        (Value::List(these), Value::List(those)) => {
            these.len() == those.len()
                && these.iter().zip(those).all(|(this, that)| is_alike_value(this, that))
        }
        (Value::Object(these), Value::Object(those)) => these.iter().all(|(name, this)| {
            let that = those.iter().find(|(other, _)| other == name);
            that.is_none_or(|(_, that)| is_alike_value(this, that))
        }),
        _ => true,
    }
}
