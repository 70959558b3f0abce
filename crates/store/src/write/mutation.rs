//! One mutation apart from its neighbours: all of it, with its events and its answer, or nothing.

use super::idempotency::{self, Known};
use super::later::{Answered, Later};
use super::run::{Done, Made, Writing};
use super::{Key, References, Violations, outbox};
use crate::face::{Answering, Error, Failed, Items, Mutation, Reply, SqlPlan, Step, Written};
use crate::read::Target;
use crate::sql_operation;
use crate::sqlite::allowance::Allowance;
use rusqlite::Connection;
use wire::Value;

/// A mutation and where it happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub conn: &'a Connection,
    pub violations: Violations<'a>,
    pub mutation: &'a Mutation,
    pub references: References,
    pub allowance: &'a Allowance,
}

/// How a mutation is kept apart from the others of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Every mutation has a savepoint.
    Savepoint,
    /// One that is a single statement goes without: two statements less, and a tenth less to do in all.
    WhereNeeded,
    /// There are no others: the transaction is its own. Without a savepoint around it, what SQLite keeps to undo a
    /// statement is dropped with the statement; within one it grows, and is walked through at the end of each.
    Alone,
}

impl Guard {
    fn begin(self) -> &'static [&'static str] {
        match self {
            Guard::Savepoint | Guard::WhereNeeded => &["SAVEPOINT mutation"],
            Guard::Alone => &[],
        }
    }

    fn undo(self) -> &'static [&'static str] {
        match self {
            Guard::Savepoint | Guard::WhereNeeded => &["ROLLBACK TO mutation"],
            Guard::Alone => &["ROLLBACK", "BEGIN IMMEDIATE"],
        }
    }

    fn end(self) -> &'static [&'static str] {
        match self {
            Guard::Savepoint | Guard::WhereNeeded => &["RELEASE mutation"],
            Guard::Alone => &[],
        }
    }
}

/// How a mutation ended.
pub(super) enum Ended {
    /// With this outcome, and when it failed with nothing left of it.
    Done(Result<Answered, Failed>),
    /// It failed after its statement, and nothing can undo that statement alone.
    Halfway,
}

/// What the steps left behind.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The key of the row that the last write was about.
    key: Option<Key>,
    created: bool,
    pub reply: Reply,
    /// Instead of a reply.
    pub later: Option<Box<Later>>,
    items: Option<Box<Items>>,
}

impl Progress {
    /// A write was done.
    pub fn done(&mut self, done: Done) {
        self.created = done.made == Made::New;
        self.key = Some(done.key);
    }

    /// The key by which an answer is read.
    pub fn key(&self) -> Result<&Key, Error> {
        let none = || Error::Internal("an answer is read by key, and no row was written".to_owned());
        self.key.as_ref().ok_or_else(none)
    }

    /// Whether the last write made its row.
    pub fn made(&self) -> Made {
        if self.created { Made::New } else { Made::Changed }
    }

    /// What follows is about another row.
    pub fn forget(&mut self) {
        self.key = None;
    }
}

impl Run<'_> {
    /// Runs it inside the group's transaction.
    pub fn run(&self, guard: Guard) -> Ended {
        if guard == Guard::Savepoint || !self.is_one_statement() {
            return Ended::Done(self.run_guarded(guard));
        }
        match self.work() {
            Ok(answered) => Ended::Done(Ok(answered)),
            // What a constraint refuses SQLite has undone, and nothing came after it.
            Err(
                failed @ Failed {
                    step: Some(_),
                    error:
                        Error::Unique { .. }
                        | Error::Unfit { .. }
                        | Error::DanglingReference
                        | Error::Misfit { .. }
                        | Error::BadValue(_),
                },
            ) => Ended::Done(Err(failed)),
            // The group deals with a transaction that SQLite gave up.
            failed @ Err(_) if self.conn.is_autocommit() => Ended::Done(failed),
            Err(_) => Ended::Halfway,
        }
    }

    fn is_one_statement(&self) -> bool {
        let Mutation { steps, emits, idempotency, .. } = self.mutation;
        let is_plain = emits.is_empty() && idempotency.is_none();
        is_plain
            && self.references == References::EachStatement
            && matches!(steps.as_slice(), [Step::Write { plan, .. }] if plan.is_one_statement())
    }

    /// When it fails nothing of it is left but, after a refusal, the events.
    fn run_guarded(&self, guard: Guard) -> Result<Answered, Failed> {
        if let Some(key) = &self.mutation.idempotency {
            match idempotency::recall(self.conn, self.mutation, key).map_err(|e| self.violations.error(e))? {
                Known::New => (),
                Known::Other => return Err(Error::IdempotencyMismatch.into()),
                Known::Answer(written) => return Ok(written.into()),
                Known::NotKept => return Err(Error::AnswerNotKept.into()),
            }
        }
        self.all(guard.begin())?;
        let done = self.work_and_judge().and_then(|answered| {
            self.conclude(Ok(&answered.written))?;
            Ok(answered)
        });
        if done.is_err() {
            if self.conn.is_autocommit() {
                // The failure was such that SQLite gave up the whole transaction, which is for the group to deal with.
                return done;
            }
            self.all(guard.undo())?;
        }
        let done = match done {
            Err(Failed { step, error: Error::Refused(code) }) => {
                Err(Failed { step, error: self.refuse(code, guard)? })
            }
            done => done,
        };
        self.all(guard.end())?;
        done
    }

    /// The events of a refusal, which the caller is told of only when they are kept.
    fn refuse(&self, code: String, guard: Guard) -> Result<Error, Error> {
        match self.conclude(Err(&code)) {
            Ok(()) => Ok(Error::Refused(code)),
            Err(error) => {
                self.all(guard.undo())?;
                Ok(error)
            }
        }
    }

    fn conclude(&self, done: Result<&Written, &str>) -> Result<(), Error> {
        // What is refused has not been done: under the same key it may be tried again.
        outbox::emit(self.conn, self.mutation, done.err())
            .and_then(|()| {
                done.map_or(Ok(()), |written| idempotency::remember(self.conn, self.mutation, written))
            })
            .map_err(|e| self.violations.error(e))
    }

    /// Runs the steps and reads the answer.
    pub fn work(&self) -> Result<Answered, Failed> {
        let mut progress = Progress::default();
        match &self.mutation.answer {
            Answering::Steps => self.steps(0, &mut progress)?,
            Answering::After(answer) => self.answer_after(answer, &mut progress)?,
            Answering::Before(answer) => self.answer_before(answer, &mut progress)?,
            Answering::Each(answers) => self.answer_each(answers, &mut progress)?,
        }
        let Progress { key, created, reply, later, items } = progress;
        let room = self.mutation.room.as_ref().map_or(Ok(()), |room| room.grow_to(reply.body.capacity()));
        room.map_err(|_| Error::Unavailable("too many answers wait to be sent"))?;
        let written = Written { reply, key: key.map(Key::text), created, replayed: false, items };
        Ok(Answered { written, later })
    }

    /// Runs the steps from this one on.
    pub fn steps(&self, first: usize, progress: &mut Progress) -> Result<(), Failed> {
        (first..self.mutation.steps.len()).try_for_each(|at| self.step(at, progress))
    }

    /// Runs one step.
    pub fn step(&self, at: usize, progress: &mut Progress) -> Result<(), Failed> {
        let failed = |error| Failed { step: Some(at), error };
        match &self.mutation.steps[at] {
            Step::Write { plan, params } => {
                let writing = self.writing(params);
                let done = writing.judge(plan).and_then(|judged| writing.perform(judged));
                progress.done(done.map_err(failed)?);
            }
            Step::Sql { plan, each, run, answer_params, changes } => {
                let running = self.running(plan, answer_params);
                progress.reply = running.run(each, run, *changes).map_err(failed)?;
            }
            Step::Items { plan, each } => {
                let items = self.running(plan, &[]).items(each).map_err(failed)?;
                progress.items = Some(Box::new(items));
            }
        }
        Ok(())
    }

    fn running<'a>(&'a self, plan: &'a SqlPlan, answer_params: &'a [Value]) -> sql_operation::Running<'a> {
        let Mutation { format, bounds, .. } = self.mutation;
        let (conn, violations) = (self.conn, self.violations);
        let target = Target { format: *format, bytes_max: bounds.reply_bytes_max, pouring: None };
        let allowance = Some(self.allowance);
        sql_operation::Running { conn, violations, plan, answer_params, target, allowance }
    }

    /// The circumstances of a step that writes.
    pub fn writing<'a>(&'a self, params: &'a [Value]) -> Writing<'a> {
        Writing { conn: self.conn, violations: self.violations, params, now: &self.mutation.now }
    }

    fn all(&self, statements: &[&str]) -> Result<(), Error> {
        statements.iter().try_for_each(|sql| self.sql(sql))
    }

    fn sql(&self, sql: &str) -> Result<(), Error> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|e| self.violations.error(e))
    }
}
