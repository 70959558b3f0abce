//! What a root field answers.

use crate::error::Problem;
use contract::Cache;
use engine::{Answer, Budget, Fault, Kind, NullAt};
use quota::Reservation;
use std::sync::Arc;

/// A root field's part of the response.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Its value; empty for null.
    pub json: Vec<u8>,
    /// Problems, with paths from the field on.
    pub problems: Vec<Problem>,
    pub cost: u32,
    pub budget: Option<Budget>,
    pub cache: Option<Cache>,
    pub rows: u64,
    pub statements: u32,
    pub round_trips: u32,
    /// It was not begun.
    pub is_refused: bool,
    /// What its value is held by.
    pub held: Option<Arc<Reservation>>,
}

impl Part {
    /// A value that took nothing.
    pub fn json(json: Vec<u8>) -> Self {
        Self { json, ..Self::default() }
    }

    /// A field that cannot be answered.
    pub fn refused(problem: Problem) -> Self {
        let (budget, is_refused) = (problem.budget, true);
        Self { problems: vec![problem], budget, is_refused, ..Self::default() }
    }

    /// An answer, its value taken out of it.
    pub fn of(answer: Answer) -> Self {
        let Answer { body, nulls, cost, budget, cache, rows, statements, round_trips, held, .. } = answer;
        let problems = nulls.into_iter().map(null_problem).collect();
        let is_refused = false;
        Self { json: body, problems, cost, budget, cache, rows, statements, round_trips, is_refused, held }
    }

    /// Adds another call's part, whose value is of no account.
    pub fn and(&mut self, other: Part) {
        match &self.held {
            Some(own) => other.held.iter().for_each(|held| own.absorb(held)),
            None => self.held = other.held,
        }
        self.problems.extend(other.problems);
        self.cost = self.cost.saturating_add(other.cost);
        self.budget = other.budget.or(self.budget);
        self.rows += other.rows;
        self.statements = self.statements.saturating_add(other.statements);
        self.round_trips = self.round_trips.saturating_add(other.round_trips);
    }
}

impl From<Fault> for Part {
    fn from(fault: Fault) -> Self {
        Self::refused(Problem::from(&fault))
    }
}

/// A null that the schema does not allow: the value is missing, or the caller may not read it.
fn null_problem(null: NullAt) -> Problem {
    let message = "there is no value that the caller may read, and the field is never null";
    Problem { path: null.path, ..Problem::new(Kind::Denied, "VALUE_UNAVAILABLE", message) }
}
