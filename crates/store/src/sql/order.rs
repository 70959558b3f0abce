//! ORDER BY, with the key at the end so that pages are stable.

use super::{Draft, Row, Scope};
use crate::face::PlanError;
use crate::query::{Direction, End, Nulls, Operand, Order};

impl Draft<'_> {
    /// The terms of an order, read from one end of the rows. The key goes the way of the last term, so that one index
    /// from either end serves both.
    pub fn order(&mut self, row: &Row, order: &[Order], end: End) -> Result<String, PlanError> {
        let mut terms = Vec::with_capacity(order.len() + 1);
        for term in order {
            let by = match (&term.by, self.operand(&Scope::of(row), &term.by)?) {
                (Operand::Bool(_) | Operand::Test(_), truth) => self.dialect.not_a_position(&truth),
                (_, by) => by,
            };
            let nulls = match self.never_null(&term.by)? {
                true => "",
                false => self.dialect.nulls(term.direction.read_from(end), term.nulls.read_from(end)),
            };
            terms.push(format!("{by} {}{nulls}", self.dialect.direction(term.direction.read_from(end))));
            if self.is_key(row, &term.by)? {
                return Ok(terms.join(", "));
            }
        }
        let last = order.last().map_or(Direction::Ascending, |term| term.direction);
        terms.push(format!("{} {}", row.key, self.dialect.direction(last.read_from(end))));
        Ok(terms.join(", "))
    }

    /// Whether an operand is the key of the row in scope: no term after it matters.
    fn is_key(&self, row: &Row, operand: &Operand) -> Result<bool, PlanError> {
        let key = self.resource(row.resource)?.key;
        Ok(match operand {
            Operand::Column(column) => column.scope == 0 && column.hops.is_empty() && column.field == key,
            _ => false,
        })
    }
}

impl Direction {
    /// The way rows are read to go this way from an end.
    fn read_from(self, end: End) -> Self {
        match (end, self) {
            (End::First, direction) => direction,
            (End::Last, Self::Ascending) => Self::Descending,
            (End::Last, Self::Descending) => Self::Ascending,
        }
    }
}

impl Nulls {
    /// Where nulls are read to stand here from an end.
    fn read_from(self, end: End) -> Self {
        match (end, self) {
            (End::First, nulls) => nulls,
            (End::Last, Self::First) => Self::Last,
            (End::Last, Self::Last) => Self::First,
        }
    }
}
