//! Which fragments spread which: an order in which each comes after those it spreads, and the cycles.

use apollo_compiler::ast::{FragmentDefinition, Selection};
use apollo_compiler::{Name, Node};
use std::collections::HashMap;

/// The fragments of a document.
#[derive(Debug)]
pub(super) struct Spreads<'a> {
    /// Those that are in no cycle and spread none that is, each after those it spreads.
    pub ordered: Vec<&'a Node<FragmentDefinition>>,
    /// The others: their contents never end.
    pub endless: Vec<&'a Node<FragmentDefinition>>,
}

impl<'a> Spreads<'a> {
    /// Of several fragments with one name the first counts, as in validation, which refuses the others.
    pub(super) fn of(fragments: &[&'a Node<FragmentDefinition>]) -> Self {
        let mut places: HashMap<&Name, usize> = HashMap::with_capacity(fragments.len());
        let mut firsts = Vec::with_capacity(fragments.len());
        for fragment in fragments {
            places.entry(&fragment.name).or_insert_with(|| {
                firsts.push(*fragment);
                firsts.len() - 1
            });
        }
        let needs: Vec<Vec<usize>> = firsts.iter().map(|fragment| needs(fragment, &places)).collect();
        let order = order(&needs);
        let mut is_ordered = vec![false; firsts.len()];
        order.iter().for_each(|at| is_ordered[*at] = true);
        let endless = firsts.iter().zip(is_ordered).filter(|(_, is_ordered)| !is_ordered);
        Self {
            ordered: order.iter().map(|at| firsts[*at]).collect(),
            endless: endless.map(|(fragment, _)| *fragment).collect(),
        }
    }
}

/// The places of the fragments that a fragment spreads, each once.
fn needs(fragment: &FragmentDefinition, places: &HashMap<&Name, usize>) -> Vec<usize> {
    let mut names = Vec::new();
    spread_names(&fragment.selection_set, &mut names);
    let mut needs: Vec<usize> = names.iter().filter_map(|name| places.get(name).copied()).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// Recursive, as deep as the syntax may be.
fn spread_names<'a>(selections: &'a [Selection], names: &mut Vec<&'a Name>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => spread_names(&field.selection_set, names),
            Selection::InlineFragment(fragment) => spread_names(&fragment.selection_set, names),
            Selection::FragmentSpread(spread) => names.push(&spread.fragment_name),
        }
    }
}

/// Kahn's algorithm: places in the order in which all they need has come before.
fn order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (at, needed) in needs.iter().enumerate() {
        for need in needed {
            needed_by[*need].push(at);
        }
    }
    let mut order: Vec<usize> = (0..needs.len()).filter(|at| missing[*at] == 0).collect();
    let mut next = 0;
    while let Some(&done) = order.get(next) {
        next += 1;
        for &at in &needed_by[done] {
            missing[at] -= 1;
            if missing[at] == 0 {
                order.push(at);
            }
        }
    }
    order
}
