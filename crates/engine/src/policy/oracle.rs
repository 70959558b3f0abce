//! What the checker accepts the database decides as the evaluator does: rules over every operator and every type of
//! operand, on rows with nulls, empty lists and the bounds of types.
//!
//! A channel's message has the fields of the rows. A rule is compiled twice: over the record it becomes a condition in
//! SQLite, over the message the evaluator decides it in memory.

mod rules;
mod world;

pub(crate) use world::{NOW, ROWS, World, parsed, resource};

use super::Translate;
use crate::select::Params;
use contract::rule::{Expect, Facts, Scope, States, compile};
use contract::{Expr, Reduced, ResourceId};
use rules::{Caller, Chance, callers, table};
use std::collections::BTreeSet;
use world::{PARENTS, key};

impl World {
    /// The keys of the records of a resource that a rule holds for.
    fn found(&self, name: &str, reduced: &Reduced) -> BTreeSet<String> {
        let mut params = Params::default();
        let filter = Translate { contract: &self.contract, params: &mut params }.reduced(reduced);
        self.filtered(name, filter, params)
    }

    fn scope(&self, record: Option<ResourceId>) -> Scope<'_> {
        let message = if record.is_none() { &self.contract.channels[0].fields[..] } else { &[] };
        Scope {
            resources: &self.contract.resources,
            enums: &self.contract.enums,
            record,
            states: States::One,
            message,
            arguments: &[],
            expect: Expect::Bool,
        }
    }

    fn of_message(&self, rule: &str) -> Option<Expr> {
        compile(&rule.replace('@', ""), &self.scope(None)).ok()
    }

    /// Whether a condition is true of a row, by the evaluator.
    fn holds(&self, expr: &Expr, caller: &Caller, row: usize) -> bool {
        let facts = Facts { message: Some(&self.messages[row]), ..caller.facts() };
        match expr.reduce(&facts) {
            Reduced::Always => true,
            Reduced::Never => false,
            Reduced::Depends(left) => panic!("nothing of a message is left: {left}"),
        }
    }

    fn compare(&self, rule: &str, caller: &Caller, found: BTreeSet<String>, wanted: &BTreeSet<String>) {
        if found != *wanted {
            let wrong = format!("{rule} for {:?}: found {found:?}, wanted {wanted:?}", caller.id);
            self.wrong.borrow_mut().push(wrong);
        }
    }

    /// Checks a rule on rows; whether it was accepted.
    fn check(&self, rule: &str, callers: &[Caller]) -> bool {
        let own = rule.replace('@', "");
        let (id, _) = resource(&self.contract, "Row");
        let expr = match compile(&own, &self.scope(Some(id))) {
            Ok(expr) => expr,
            Err(errors) => {
                assert!(errors.iter().all(|e| e.start < e.end && e.end <= own.len()), "{own}: {errors:?}");
                return false;
            }
        };
        let in_memory = self.of_message(rule).unwrap_or_else(|| panic!("refused over a message only: {own}"));
        for caller in callers {
            let rows = PARENTS
                .iter()
                .enumerate()
                .flat_map(|(parent, rows)| rows.iter().map(move |row| (parent, *row)));
            let wanted = rows.filter(|(_, row)| self.holds(&in_memory, caller, *row));
            let wanted: BTreeSet<String> =
                wanted.map(|(parent, row)| format!("\"{}\"", key(parent, row))).collect();
            let reduced = expr.reduce(&caller.facts());
            self.compare(&own, caller, self.found("Row", &reduced), &wanted);
        }
        true
    }
}

/// What a macro over rows is, by what its condition is of each of them.
fn quantified(name: &str, truths: &[Option<bool>]) -> Option<bool> {
    let has = |wanted: Option<bool>| truths.contains(&wanted);
    match name {
        "exists" if has(Some(true)) => Some(true),
        "all" if has(Some(false)) => Some(false),
        _ if has(None) => None,
        "exists" => Some(false),
        "all" => Some(true),
        _ => Some(truths.iter().filter(|truth| **truth == Some(true)).count() == 1),
    }
}

impl World {
    /// Checks a condition inside of the macros over rows.
    fn check_macros(&self, condition: &str, caller: &Caller) {
        let (Some(yes), Some(no)) = (self.of_message(condition), self.of_message(&format!("!({condition})")))
        else {
            return;
        };
        let truth = |row: &usize| match (self.holds(&yes, caller, *row), self.holds(&no, caller, *row)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        };
        let (id, _) = resource(&self.contract, "Parent");
        for name in ["exists", "all", "exists_one"] {
            for (sign, wanted) in [("", Some(true)), ("!", Some(false))] {
                let rule = format!("{sign}rows.{name}(x, {})", condition.replace('@', "x."));
                let Ok(expr) = compile(&rule, &self.scope(Some(id))) else { continue };
                let of_parent =
                    |rows: &&[usize]| quantified(name, &rows.iter().map(truth).collect::<Vec<_>>());
                let parents = PARENTS.iter().enumerate().filter(|(_, rows)| of_parent(rows) == wanted);
                let wanted: BTreeSet<String> = parents.map(|(parent, _)| format!("\"{parent}\"")).collect();
                self.compare(&rule, caller, self.found("Parent", &expr.reduce(&caller.facts())), &wanted);
            }
        }
    }
}

/// Rules of the table that are accepted, at the least: a test in which most are refused would show nothing.
const ACCEPTED_MIN: usize = 2_500;
/// Rules that a failure shows.
const SHOWN_MAX: usize = 60;
const RANDOM: usize = 1_500;
const MACROS: usize = 300;

#[test]
fn what_the_checker_accepts_is_decided_as_the_evaluator_does() {
    let (world, callers) = (World::new(), callers());
    let mut accepted = Vec::new();
    for rule in table() {
        if world.check(&rule, &callers) {
            // The opposite of what is accepted is, too.
            assert!(world.check(&format!("!({rule})"), &callers), "{rule}");
            accepted.push(rule);
        }
    }
    assert!(accepted.len() >= ACCEPTED_MIN, "only {} were accepted", accepted.len());
    let mut chance = Chance(7);
    for _ in 0..RANDOM {
        let rule = chance.condition(&accepted, 3);
        world.check(&rule, &callers);
    }
    for at in 0..MACROS {
        let condition = chance.condition(&accepted, 1);
        world.check_macros(&condition, &callers[at % callers.len()]);
    }
    let wrong = world.wrong.into_inner();
    let some: Vec<&String> = wrong.iter().take(SHOWN_MAX).collect();
    assert!(wrong.is_empty(), "{} of the rules are decided otherwise: {some:#?}", wrong.len());
}
