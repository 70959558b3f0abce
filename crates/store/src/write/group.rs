//! Many mutations, one COMMIT.

use super::mutation::{Ended, Guard, Run};
use super::{References, Violations, idempotency};
use crate::face::{Error, Failed, Mutation, Step, Written};
use crate::meter::Metering;
use crate::sqlite::open::Deadline;
use contract::Contract;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tokio::sync::oneshot;

/// Statements of a mutation that shares its transaction with others, at the most.
const STATEMENTS_SHARED_MAX: usize = 256;

/// A mutation and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub mutation: Mutation,
    pub references: References,
    pub done: oneshot::Sender<Outcome>,
}

type Outcome = Result<Written, Failed>;

impl Job {
    /// Whether it is worth a transaction of its own: a savepoint around many statements costs more than a flush.
    fn is_large(&self) -> bool {
        let statements = |step: &Step| match step {
            Step::Write { .. } => 1,
            Step::Sql { each, .. } | Step::Items { each, .. } => each.len() + 1,
        };
        self.mutation.steps.iter().map(statements).sum::<usize>() > STATEMENTS_SHARED_MAX
    }

    /// How many of the first of these are committed together.
    pub fn together(jobs: &[Job]) -> usize {
        let small = jobs.iter().take_while(|job| !job.is_large()).count();
        small.max(1)
    }
}

/// Mutations that are committed together.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub conn: &'a Connection,
    pub contract: &'a Contract,
    pub deadline: &'a Deadline,
}

/// How running the mutations of a group ended.
enum Attempt {
    /// All have run, and wait for COMMIT.
    Ran(Vec<Outcome>),
    /// SQLite gave up the whole transaction while running the one at this position.
    Lost(usize, Failed),
    /// One without a savepoint failed after its statement.
    Halfway,
}

impl Group<'_> {
    /// Runs and commits mutations. Each fails alone; when COMMIT fails all of them do.
    pub fn commit(&self, jobs: &[Job]) -> Vec<Outcome> {
        let mut lost: Vec<Option<Failed>> = jobs.iter().map(|_| None).collect();
        let mut guard = if jobs.len() == 1 { Guard::Alone } else { Guard::WhereNeeded };
        // Each turn that does not end here takes one mutation out, or gives all of them savepoints.
        loop {
            if let Err(error) = self.sql("BEGIN IMMEDIATE") {
                return self.all_failed(jobs, &error);
            }
            match self.attempt(jobs, &lost, guard) {
                Attempt::Ran(outcomes) => return self.finish(jobs, outcomes),
                Attempt::Lost(at, failed) if failed.error == Error::Timeout => lost[at] = Some(failed),
                Attempt::Lost(_, failed) => return self.all_failed(jobs, &failed.error),
                Attempt::Halfway => {
                    self.roll_back();
                    guard = Guard::Savepoint;
                }
            }
        }
    }

    fn attempt(&self, jobs: &[Job], lost: &[Option<Failed>], guard: Guard) -> Attempt {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for (at, job) in jobs.iter().enumerate() {
            let outcome = match &lost[at] {
                Some(failed) => Err(failed.clone()),
                None => match self.one(job, guard) {
                    Ended::Done(outcome) => outcome,
                    Ended::Halfway => return Attempt::Halfway,
                },
            };
            // An interrupted statement, a full disk or a failing one ends the transaction of all.
            if self.conn.is_autocommit() {
                let unknown = || Error::Unavailable("the transaction was lost").into();
                return Attempt::Lost(at, outcome.err().unwrap_or_else(unknown));
            }
            outcomes.push(outcome);
        }
        Attempt::Ran(outcomes)
    }

    fn one(&self, job: &Job, guard: Guard) -> Ended {
        let mutation = &job.mutation;
        if job.done.is_closed() {
            return Ended::Done(Err(Error::Unavailable("nobody waits for it any more").into()));
        }
        if Instant::now() >= mutation.bounds.deadline {
            return Ended::Done(Err(Error::Timeout.into()));
        }
        let _metering = Metering::begin(&*mutation.bounds.meter);
        let (violations, references) = (Violations(self.contract), job.references);
        let run = Run { conn: self.conn, violations, mutation, references };
        self.deadline.set(mutation.bounds.deadline);
        let ended = catch_unwind(AssertUnwindSafe(|| run.run(guard)));
        self.deadline.clear();
        let ended = match (ended, guard) {
            (Ok(ended), _) => ended,
            (Err(_), Guard::WhereNeeded | Guard::Alone) => return Ended::Halfway,
            (Err(_), Guard::Savepoint) => {
                self.give_up_savepoint();
                Ended::Done(Err(Error::Internal("a panic while writing".to_owned()).into()))
            }
        };
        if references.restore(self.conn, violations).is_err() {
            self.roll_back();
        }
        ended
    }

    /// Undoes what a mutation did before it panicked. If that is not possible the whole transaction goes.
    fn give_up_savepoint(&self) {
        let undone = self.sql("ROLLBACK TO mutation").and_then(|()| self.sql("RELEASE mutation"));
        if undone.is_err() {
            self.roll_back();
        }
    }

    fn finish(&self, jobs: &[Job], outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let newest = jobs.iter().rev().find(|job| job.mutation.idempotency.is_some());
        let committed = newest
            .map_or(Ok(()), |job| {
                let forgotten = idempotency::forget_expired(self.conn, &job.mutation.now);
                forgotten.map_err(|e| Violations(self.contract).error(e))
            })
            .and_then(|()| self.sql("COMMIT"));
        match committed {
            Ok(()) => outcomes,
            Err(error) => self.all_failed(jobs, &error),
        }
    }

    /// Every member gets the error, also one that was refused: what it was refused for may not be there.
    fn all_failed(&self, jobs: &[Job], error: &Error) -> Vec<Outcome> {
        self.roll_back();
        jobs.iter().map(|_| Err(error.clone().into())).collect()
    }

    fn roll_back(&self) {
        if !self.conn.is_autocommit() {
            // When this fails SQLite has rolled back by itself.
            let _ = self.sql("ROLLBACK");
        }
    }

    fn sql(&self, sql: &str) -> Result<(), Error> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|e| Violations(self.contract).error(e))
    }
}
