//! Computed fields are written out in the rules that name them, so they are compiled in the order of their dependency.

use super::{Ruled, attempt_one, blame, rule};
use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::access::{Pending, RulePlace};
use crate::load::report::Report;
use crate::model::{FieldId, Resource, ResourceId, Source};
use crate::rule::{Awaited, Compiled};
use std::collections::{HashMap, HashSet};

/// A computed field.
type Id = (ResourceId, FieldId);

/// The computed fields that others wait for.
#[derive(Default)]
struct Waiting<'p> {
    /// What each names that is not compiled yet, by its place in the order of the contract.
    awaits: HashMap<Id, (usize, &'p Pending, Vec<Awaited>)>,
    /// Who names it.
    awaited_by: HashMap<Id, Vec<Id>>,
}

/// Compiles all computed fields into the drafts.
pub(super) fn compile(ruled: &mut Ruled<'_>, pending: &[Pending], report: &mut Report) {
    let mut resources: Vec<Resource> = ruled.drafts.iter().map(|draft| draft.resource.clone()).collect();
    let mut waiting = Waiting::default();
    let mut ready = Vec::new();
    for (order, pending) in pending.iter().enumerate() {
        let Some(id) = target(pending) else { continue };
        match attempt_one(ruled, &resources, pending) {
            Compiled::Ready(expr) => ready.push((id, pending, expr)),
            Compiled::Waits(awaited) => waiting.add(id, order, pending, awaited),
            Compiled::Wrong(errors) => blame(&pending.text, errors, report),
        }
    }
    while let Some((id, pending, expr)) = ready.pop() {
        let source = Source::Computed(rule(&pending.text, expr));
        for resource in [&mut resources[id.0.index()], &mut ruled.drafts[id.0.index()].resource] {
            resource.fields[id.1.index()].source = source.clone();
        }
        for (id, pending) in waiting.released_by(id) {
            match attempt_one(ruled, &resources, pending) {
                Compiled::Ready(expr) => ready.push((id, pending, expr)),
                Compiled::Wrong(errors) => blame(&pending.text, errors, report),
                // All that it names are compiled.
                Compiled::Waits(_) => {}
            }
        }
    }
    waiting.circles(&resources, report);
}

fn target(pending: &Pending) -> Option<Id> {
    match pending.place {
        RulePlace::Computed(resource, field) => Some((resource, field)),
        RulePlace::Resource(..) | RulePlace::Field(..) | RulePlace::Call(_) | RulePlace::Channel(..) => None,
    }
}

impl<'p> Waiting<'p> {
    fn add(&mut self, id: Id, order: usize, pending: &'p Pending, mut awaited: Vec<Awaited>) {
        let mut seen = Vec::new();
        awaited.retain(|one| {
            let on = (one.resource, one.field);
            let is_new = !seen.contains(&on);
            seen.push(on);
            is_new
        });
        for on in &seen {
            let by = self.awaited_by.entry(*on).or_default();
            if by.last() != Some(&id) {
                by.push(id);
            }
        }
        self.awaits.insert(id, (order, pending, awaited));
    }

    /// Those that waited for nothing but this one.
    fn released_by(&mut self, done: Id) -> Vec<(Id, &'p Pending)> {
        let mut released = Vec::new();
        for id in self.awaited_by.remove(&done).unwrap_or_default() {
            let Some((_, pending, awaited)) = self.awaits.get_mut(&id) else { continue };
            awaited.retain(|one| (one.resource, one.field) != done);
            if awaited.is_empty() {
                released.push((id, *pending));
                self.awaits.remove(&id);
            }
        }
        released
    }

    /// Reports each circle once, where its first field in the order of the contract names the next. Fields that only
    /// lead to a circle, or to a field with a mistake, are not blamed.
    fn circles(&self, resources: &[Resource], report: &mut Report) {
        let mut ids: Vec<Id> = self.awaits.keys().copied().collect();
        ids.sort_by_key(|id| self.awaits[id].0);
        let mut walked: HashSet<Id> = HashSet::new();
        for start in ids {
            let mut way: Vec<Id> = Vec::new();
            let mut at = Some(start);
            while let Some(id) = at.filter(|id| walked.insert(*id)) {
                way.push(id);
                at = self.next(id).map(|awaited| (awaited.resource, awaited.field));
            }
            // Where the way comes back to itself; one that ends, or joins an earlier one, closes no new circle.
            if let Some(from) = way.iter().position(|id| Some(*id) == at) {
                self.circle(&way[from..], resources, report);
            }
        }
    }

    /// What a field waits for that waits itself.
    fn next(&self, id: Id) -> Option<&Awaited> {
        let (_, _, awaited) = self.awaits.get(&id)?;
        awaited.iter().find(|one| self.awaits.contains_key(&(one.resource, one.field)))
    }

    fn circle(&self, way: &[Id], resources: &[Resource], report: &mut Report) {
        let first = way.iter().copied().min_by_key(|id| self.awaits[id].0);
        let from = way.iter().position(|id| Some(*id) == first).unwrap_or_default();
        let Some(awaited) = self.next(way[from]) else { return };
        let name = |id: &Id| {
            let resource = &resources[id.0.index()];
            format!("{}.{}", resource.name, resource.field(id.1).name)
        };
        let path: Vec<String> =
            way[from..].iter().chain(&way[..from]).chain([&way[from]]).map(name).collect();
        let span = self.awaits[&way[from]].1.text.places.span(awaited.start, awaited.end);
        let message = format!("the computed field depends on itself: {}", path.join(" → "));
        report.push(Diagnostic::error(code::RULE, span, message));
    }
}
