//! One mutation apart from its neighbours: all of it, with its events and its answer, or nothing.

use super::idempotency::{self, Known};
use super::run::{Made, Writing};
use super::{Key, Violations, outbox};
use crate::face::{AnswerRead, Answering, Error, Mutation, Reply, Step, Written};
use crate::{read, sql_operation};
use rusqlite::Connection;

/// A mutation and where it happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub conn: &'a Connection,
    pub violations: Violations<'a>,
    pub mutation: &'a Mutation,
}

/// How a mutation is kept apart from the others of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Every mutation has a savepoint.
    Savepoint,
    /// One that is a single statement goes without: two statements less, and a tenth less to do in all.
    WhereNeeded,
}

/// How a mutation ended.
pub(super) enum Ended {
    /// With this outcome, and when it failed with nothing left of it.
    Done(Result<Written, Error>),
    /// It failed after its statement, and nothing can undo that statement alone.
    Halfway,
}

/// What the steps left behind.
#[derive(Debug, Default)]
struct Progress {
    key: Option<Key>,
    created: bool,
    reply: Reply,
}

impl Run<'_> {
    /// Runs it inside the group's transaction.
    pub fn run(&self, guard: Guard) -> Ended {
        if guard == Guard::Savepoint || !self.is_one_statement() {
            return Ended::Done(self.run_guarded());
        }
        match self.work() {
            // What a constraint refuses SQLite has undone, and nothing came after it.
            done @ (Ok(_) | Err(Error::Unique { .. } | Error::DanglingReference | Error::BadValue(_))) => {
                Ended::Done(done)
            }
            // The group deals with a transaction that SQLite gave up.
            failed if self.conn.is_autocommit() => Ended::Done(failed),
            Err(_) => Ended::Halfway,
        }
    }

    fn is_one_statement(&self) -> bool {
        let Mutation { steps, emits, idempotency, .. } = self.mutation;
        let is_plain = emits.is_empty() && idempotency.is_none();
        is_plain && matches!(steps.as_slice(), [Step::Write { plan, .. }] if plan.is_one_statement())
    }

    /// When it fails nothing of it is left but, after a refusal, the events and the answer to its idempotency key.
    fn run_guarded(&self) -> Result<Written, Error> {
        if let Some(key) = &self.mutation.idempotency {
            match idempotency::recall(self.conn, self.mutation, key).map_err(|e| self.violations.error(e))? {
                Known::New => (),
                Known::Other => return Err(Error::IdempotencyMismatch),
                Known::Answer(answer) => return answer,
            }
        }
        self.sql("SAVEPOINT mutation")?;
        let done = self.work().and_then(|written| self.conclude(Ok(&written)).map(|()| written));
        if done.is_err() {
            if self.conn.is_autocommit() {
                // The failure was such that SQLite gave up the whole transaction, which is for the group to deal with.
                return done;
            }
            self.sql("ROLLBACK TO mutation")?;
        }
        let done = match done {
            Err(Error::Refused(code)) => Err(self.refuse(code)?),
            done => done,
        };
        self.sql("RELEASE mutation")?;
        done
    }

    /// The events and the answer of a refusal, which the caller is told of only when they are kept.
    fn refuse(&self, code: String) -> Result<Error, Error> {
        match self.conclude(Err(&code)) {
            Ok(()) => Ok(Error::Refused(code)),
            Err(error) => {
                self.sql("ROLLBACK TO mutation")?;
                Ok(error)
            }
        }
    }

    fn conclude(&self, done: Result<&Written, &str>) -> Result<(), Error> {
        outbox::emit(self.conn, self.mutation, done.err())
            .and_then(|()| idempotency::remember(self.conn, self.mutation, done))
            .map_err(|e| self.violations.error(e))
    }

    fn work(&self) -> Result<Written, Error> {
        let mut progress = Progress::default();
        for step in &self.mutation.steps {
            self.step(step, &mut progress)?;
        }
        match &self.mutation.answer {
            Answering::Steps => {}
            Answering::After(answer) => progress.reply = self.answer(answer, progress.key.as_ref())?,
            Answering::Before(_) | Answering::Each(_) => {
                return Err(Error::Internal("not done yet".to_owned()));
            }
        }
        let Progress { key, created, reply } = progress;
        Ok(Written { reply, key: key.map(Key::text), created, replayed: false })
    }

    fn step(&self, step: &Step, progress: &mut Progress) -> Result<(), Error> {
        let Mutation { now, format, bounds, .. } = self.mutation;
        match step {
            Step::Write { plan, params } => {
                let writing = Writing { conn: self.conn, violations: self.violations, params, now };
                let done = writing.run(plan)?;
                progress.created = done.made == Made::New;
                progress.key = Some(done.key);
            }
            Step::Sql { plan, each, run, answer_params } => {
                let running = sql_operation::Running {
                    conn: self.conn,
                    violations: self.violations,
                    plan,
                    answer_params,
                    format: *format,
                    reply_bytes_max: bounds.reply_bytes_max,
                };
                progress.reply = running.run(each, run)?;
            }
        }
        Ok(())
    }

    fn answer(&self, answer: &AnswerRead, key: Option<&Key>) -> Result<Reply, Error> {
        let key = key
            .ok_or_else(|| Error::Internal("an answer is read by key, and no row was written".to_owned()))?;
        let Mutation { format, bounds, .. } = self.mutation;
        let read = |plan, params: &[wire::Value]| {
            read::run(self.conn, plan, params, *format, bounds.reply_bytes_max)
        };
        let with_key = |params: &[wire::Value]| {
            let mut params = params.to_vec();
            match params.get_mut(usize::from(answer.key)) {
                Some(param) => *param = key.value(),
                None => {
                    return Err(Error::Internal("the answer's key is not one of its parameters".to_owned()));
                }
            }
            Ok(params)
        };
        let reply = read(&answer.plan, &with_key(&answer.params)?)?;
        match &answer.otherwise {
            Some((plan, params)) if reply.rows == 0 => read(plan, &with_key(params)?),
            Some(_) | None => Ok(reply),
        }
    }

    fn sql(&self, sql: &str) -> Result<(), Error> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|e| self.violations.error(e))
    }
}
