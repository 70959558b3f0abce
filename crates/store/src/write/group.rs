//! Many mutations, one COMMIT.

use super::later::Answered;
use super::mutation::{Ended, Guard, Run};
use super::{References, Retention, Violations, idempotency};
use crate::face::{Error, Failed, Mutation, Step};
use crate::meter::Metering;
use crate::sqlite::allowance::{Allowance, Begun};
use contract::Contract;
use rusqlite::Connection;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Statements of a mutation that shares its transaction with others, at the most.
const STATEMENTS_SHARED_MAX: usize = 256;
/// After so long a group is committed with what has run of it: some flushes' time, so that they stay few.
const GROUP_TIME_MAX: Duration = Duration::from_millis(50);

/// A mutation and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub mutation: Mutation,
    pub references: References,
    pub done: oneshot::Sender<Outcome>,
    pub turn: Arc<Turn>,
}

type Outcome = Result<Answered, Failed>;

/// Whether a mutation's turn has come: it begins or is withdrawn, whichever is first.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicU8);

impl Turn {
    const WAITS: u8 = 0;
    const BEGUN: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn is_now(&self, wanted: u8) -> bool {
        let changed = self.0.compare_exchange(Self::WAITS, wanted, Ordering::AcqRel, Ordering::Acquire);
        changed.is_ok() || changed == Err(wanted)
    }

    /// It has come; not if it was withdrawn.
    fn begin(&self) -> bool {
        self.is_now(Self::BEGUN)
    }

    /// Nobody waits for it any more; not if it has come.
    pub fn withdraw(&self) -> bool {
        self.is_now(Self::WITHDRAWN)
    }

    /// Whether it was withdrawn.
    pub fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::WITHDRAWN
    }
}

impl Job {
    /// Whether it is worth a transaction of its own: a savepoint around many statements costs more than a flush.
    pub fn is_large(&self) -> bool {
        let statements = |step: &Step| match step {
            Step::Write { .. } => 1,
            Step::Sql { each, .. } | Step::Items { each, .. } => each.len() + 1,
        };
        self.mutation.steps.iter().map(statements).sum::<usize>() > STATEMENTS_SHARED_MAX
    }
}

/// Mutations that are committed together.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub conn: &'a Connection,
    pub contract: &'a Contract,
    pub allowance: &'a Allowance,
    /// How long each may hold the writer, and how many steps each of its answers may take.
    pub hold_max: Duration,
    pub answer_steps_max: u32,
    pub retention: &'a RefCell<Retention>,
}

/// What came of a mutation.
#[derive(Debug)]
pub(crate) struct Ran {
    pub outcome: Outcome,
    /// How long it took, without the commit.
    pub took: Duration,
}

/// How running the mutations of a group ended.
enum Attempt {
    /// The first of them, or all, have run, and wait for COMMIT.
    Ran(Vec<Ran>),
    /// SQLite gave up the whole transaction while running the one at this position.
    Lost(usize, Ran),
    /// One without a savepoint failed after its statement.
    Halfway,
}

impl Group<'_> {
    /// Runs and commits mutations, the first one at the least: those behind one that took long are left for the next
    /// group. Each fails alone; when COMMIT fails all of them do.
    pub fn commit(&self, mut jobs: &[Job]) -> Vec<Ran> {
        let mut lost: Vec<Option<(Failed, Duration)>> = jobs.iter().map(|_| None).collect();
        let mut guard = if jobs.len() == 1 { Guard::Alone } else { Guard::WhereNeeded };
        // Each turn that does not end here takes one mutation and those behind it out, or gives all of them savepoints.
        loop {
            if let Err(error) = self.sql("BEGIN IMMEDIATE") {
                return self.all_failed(jobs, &error);
            }
            match self.attempt(jobs, &lost, guard) {
                Attempt::Ran(ran) => return self.finish(jobs, ran),
                Attempt::Lost(at, ran) => match ran.outcome {
                    // It was stopped, which is nobody else's: those before it are done again.
                    Err(failed) if matches!(failed.error, Error::Timeout | Error::WriteTooLong) => {
                        lost[at] = Some((failed, ran.took));
                        jobs = &jobs[..=at];
                    }
                    Err(Failed { error, .. }) => return self.all_failed(jobs, &error),
                    Ok(_) => return self.all_failed(jobs, &Error::Unavailable("the transaction was lost")),
                },
                Attempt::Halfway => {
                    self.roll_back();
                    guard = Guard::Savepoint;
                }
            }
        }
    }

    fn attempt(&self, jobs: &[Job], lost: &[Option<(Failed, Duration)>], guard: Guard) -> Attempt {
        let mut all = Vec::with_capacity(jobs.len());
        let began = Instant::now();
        let mut now = began;
        for (at, job) in jobs.iter().enumerate() {
            if let Some((failed, took)) = &lost[at] {
                all.push(Ran { outcome: Err(failed.clone()), took: *took });
                continue;
            }
            if at > 0 && now.saturating_duration_since(began) >= GROUP_TIME_MAX {
                break;
            }
            let Ended::Done(outcome) = self.one(job, guard, now) else { return Attempt::Halfway };
            let took = now.elapsed();
            now += took;
            let ran = Ran { outcome, took };
            // An interrupted statement, a full disk or a failing one ends the transaction of all.
            if self.conn.is_autocommit() {
                return Attempt::Lost(at, ran);
            }
            all.push(ran);
        }
        Attempt::Ran(all)
    }

    fn one(&self, job: &Job, guard: Guard, now: Instant) -> Ended {
        let mutation = &job.mutation;
        if job.done.is_closed() || !job.turn.begin() {
            return Ended::Done(Err(Error::Unavailable("nobody waits for it any more").into()));
        }
        if now >= mutation.bounds.deadline {
            return Ended::Done(Err(Error::Timeout.into()));
        }
        let _metering = Metering::begin(&*mutation.bounds.meter);
        let (violations, references, allowance) = (Violations(self.contract), job.references, self.allowance);
        let run = Run { conn: self.conn, violations, mutation, references, allowance };
        let begun = self.begin(job);
        let ended = catch_unwind(AssertUnwindSafe(|| run.run(guard)));
        let ended = match ended {
            Ok(Ended::Done(Err(Failed { step, error }))) => {
                Ok(Ended::Done(Err(Failed { step, error: begun.reason(error) })))
            }
            ended => ended,
        };
        drop(begun);
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

    /// What a mutation may use: the steps of as many answers as it has. The operator's own holds the writer for as long
    /// as it takes.
    fn begin(&self, job: &Job) -> Begun<'_> {
        let Mutation { bounds, steps, .. } = &job.mutation;
        let hold_max = match job.references {
            References::EachStatement => Some(self.hold_max),
            References::AllSteps => None,
        };
        let answers = u64::try_from(steps.len()).unwrap_or(u64::MAX).max(1);
        let answer_steps_max = u64::from(self.answer_steps_max).saturating_mul(answers);
        self.allowance.begin(bounds.deadline, hold_max, answer_steps_max)
    }

    /// Undoes what a mutation did before it panicked. If that is not possible the whole transaction goes.
    fn give_up_savepoint(&self) {
        let undone = self.sql("ROLLBACK TO mutation").and_then(|()| self.sql("RELEASE mutation"));
        if undone.is_err() {
            self.roll_back();
        }
    }

    fn finish(&self, jobs: &[Job], ran: Vec<Ran>) -> Vec<Ran> {
        let jobs = &jobs[..ran.len()];
        let newest = jobs.iter().rev().find(|job| job.mutation.idempotency.is_some());
        let committed = newest
            .map_or(Ok(()), |job| {
                let forgotten = idempotency::forget_expired(self.conn, &job.mutation.now);
                forgotten.map_err(|e| Violations(self.contract).error(e))
            })
            .and_then(|()| self.tend())
            .and_then(|()| self.sql("COMMIT"));
        match committed {
            Ok(()) => ran,
            Err(error) => {
                self.retention.borrow_mut().lost();
                self.all_failed(jobs, &error)
            }
        }
    }

    /// Sees to the end of the outbox.
    fn tend(&self) -> Result<(), Error> {
        let tended = self.retention.borrow_mut().tend(self.conn);
        tended.map_err(|e| Violations(self.contract).error(e))
    }

    /// Every member gets the error, also one that was refused: what it was refused for may not be there.
    fn all_failed(&self, jobs: &[Job], error: &Error) -> Vec<Ran> {
        self.roll_back();
        let failed = || Ran { outcome: Err(error.clone().into()), took: Duration::ZERO };
        jobs.iter().map(|_| failed()).collect()
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
