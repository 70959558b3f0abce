//! Walking over expressions.

use super::{Expr, FieldPath, State};
use crate::model::{Field, FieldId, Resource, ResourceId};

impl Expr {
    /// Whether its value may differ between records. Allocates nothing.
    pub fn depends_on_record(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Field(_) | Self::Quantified { .. } | Self::Count(_)))
    }

    /// Whether its value may differ between callers. Allocates nothing.
    pub fn depends_on_caller(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Caller(_)))
    }

    /// Whether its value may differ between the messages of a channel. Allocates nothing.
    pub fn depends_on_message(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Message(_)))
    }

    /// Whether its value may differ between the arguments of a call. Allocates nothing.
    pub fn depends_on_arguments(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Argument(..)))
    }

    /// Whether it or a part of it is what is looked for.
    pub(super) fn any(&self, wanted: &dyn Fn(&Self) -> bool) -> bool {
        let mut found = wanted(self);
        if !found {
            self.for_parts(&mut |part| found = found || part.any(wanted));
        }
        found
    }

    /// How many parts it has, itself included.
    pub(super) fn size(&self) -> usize {
        let mut size = 1;
        self.for_parts(&mut |part| size += part.size());
        size
    }

    /// Parts on the longest way down, itself included.
    pub(super) fn depth(&self) -> usize {
        let mut below = 0;
        self.for_parts(&mut |part| below = below.max(part.depth()));
        below + 1
    }

    /// Visits its direct parts in the order written.
    pub(super) fn for_parts<'e>(&'e self, visit: &mut dyn FnMut(&'e Self)) {
        match self {
            Self::Value(_) | Self::Caller(_) | Self::Now | Self::Argument(..) | Self::Message(_) => {}
            Self::Item(..) | Self::Pattern(_) | Self::Field(_) | Self::Count(_) | Self::Error => {}
            Self::Not(of) | Self::As(_, of) | Self::Held(_, of) => visit(of),
            Self::And(items) | Self::Or(items) | Self::List(items) | Self::Call(_, items) => {
                items.iter().for_each(visit)
            }
            Self::Compare(_, a, b) | Self::In(a, b) | Self::Arithmetic(_, a, b) => {
                [a, b].into_iter().for_each(|p| visit(p))
            }
            Self::If(condition, a, b) => [condition, a, b].into_iter().for_each(|part| visit(part)),
            Self::Quantified { body, .. } => visit(body),
            Self::Each { list, body, .. } => [list, body].into_iter().for_each(|part| visit(part)),
        }
    }

    /// The same expression with `change` made to each of its direct parts.
    pub(super) fn map(&self, change: &mut dyn FnMut(&Self) -> Self) -> Self {
        match self {
            Self::Value(_) | Self::Caller(_) | Self::Now | Self::Argument(..) | Self::Message(_) => {
                self.clone()
            }
            Self::Item(..) | Self::Pattern(_) | Self::Field(_) | Self::Count(_) | Self::Error => self.clone(),
            Self::Not(of) => Self::Not(Box::new(change(of))),
            Self::As(kind, of) => Self::As(*kind, Box::new(change(of))),
            Self::Held(held, of) => Self::Held(held.clone(), Box::new(change(of))),
            Self::And(items) => Self::And(items.iter().map(change).collect()),
            Self::Or(items) => Self::Or(items.iter().map(change).collect()),
            Self::List(items) => Self::List(items.iter().map(change).collect()),
            Self::Call(function, items) => Self::Call(*function, items.iter().map(change).collect()),
            Self::Compare(operator, a, b) => {
                Self::Compare(*operator, Box::new(change(a)), Box::new(change(b)))
            }
            Self::In(a, b) => Self::In(Box::new(change(a)), Box::new(change(b))),
            Self::Arithmetic(operator, a, b) => {
                Self::Arithmetic(*operator, Box::new(change(a)), Box::new(change(b)))
            }
            Self::If(condition, a, b) => {
                Self::If(Box::new(change(condition)), Box::new(change(a)), Box::new(change(b)))
            }
            Self::Quantified { quantifier, over, target, body } => Self::Quantified {
                quantifier: *quantifier,
                over: over.clone(),
                target: *target,
                body: Box::new(change(body)),
            },
            Self::Each { quantifier, list, body } => {
                let (list, body) = (Box::new(change(list)), Box::new(change(body)));
                Self::Each { quantifier: *quantifier, list, body }
            }
        }
    }

    /// An expression over a record of its own, as one over the record that leads to it through to-one fields.
    #[must_use]
    pub fn reached_from(&self, resource: ResourceId, hops: &[FieldId]) -> Self {
        self.relocated(&Reach { scope: 0, resource, state: State::Asked, hops })
    }

    /// An expression over a record of its own, moved to where that record is reached from another one.
    pub(super) fn relocated(&self, to: &Reach<'_>) -> Self {
        self.relocated_within(0, to)
    }

    /// `quantifiers` counts those between the expression's root and this part of it.
    fn relocated_within(&self, quantifiers: u8, to: &Reach<'_>) -> Self {
        match self {
            Self::Field(path) => Self::Field(to.path(path, quantifiers)),
            Self::Count(path) => Self::Count(to.path(path, quantifiers)),
            Self::Quantified { quantifier, over, target, body } => Self::Quantified {
                quantifier: *quantifier,
                over: to.path(over, quantifiers),
                target: *target,
                body: Box::new(body.relocated_within(quantifiers + 1, to)),
            },
            _ => self.map(&mut |part| part.relocated_within(quantifiers, to)),
        }
    }
}

/// How a record is reached: from a record in scope through to-one fields.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    pub scope: u8,
    pub resource: ResourceId,
    pub state: State,
    pub hops: &'a [FieldId],
}

impl Reach<'_> {
    fn path(&self, path: &FieldPath, quantifiers: u8) -> FieldPath {
        if path.scope < quantifiers {
            return path.clone();
        }
        let hops = self.hops.iter().chain(&path.hops).copied().collect();
        let (resource, state) = (self.resource, self.state);
        FieldPath { scope: self.scope + quantifiers, resource, state, hops, field: path.field }
    }
}

impl FieldPath {
    /// The field that it ends at.
    pub(super) fn end<'r>(&self, resources: &'r [Resource]) -> &'r Field {
        let follow = |at: ResourceId, hop: &FieldId| {
            resources[at.index()].field(*hop).target().expect("a path follows to-one fields")
        };
        resources[self.hops.iter().fold(self.resource, follow).index()].field(self.field)
    }
}
