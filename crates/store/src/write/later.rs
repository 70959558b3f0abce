//! What a mutation answers, where reading that is put off until its changes are committed.

use super::answer::Words;
use super::{Key, Made};
use crate::face::{AnswerRead, Bounds, Error, Mutation, ReadPlan, Reply, Written};
use crate::read::{Kept, run_kept};
use rusqlite::Connection;
use std::sync::Arc;
use wire::{Format, Value};

/// How a mutation ended that was done.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub written: Written,
    /// What is still to be read; `written` has no reply then.
    pub later: Option<Box<Later>>,
}

impl From<Written> for Answered {
    fn from(written: Written) -> Self {
        Self { written, later: None }
    }
}

/// The record of a change, to be read after its commit.
#[derive(Debug, Clone)]
pub(crate) struct Later {
    /// The first of these that finds it.
    reads: Vec<(Words, Arc<ReadPlan>, Vec<Value>)>,
    made: Made,
    format: Format,
    pub bounds: Bounds,
}

impl Later {
    /// The record of the key.
    pub fn of(mutation: &Mutation, answer: &AnswerRead, key: &Key, made: Made) -> Result<Self, Error> {
        let with_key = |(words, plan, params): (Words, &Arc<ReadPlan>, &[Value])| {
            Ok::<_, Error>((words, Arc::clone(plan), answer.with_key(params, key)?))
        };
        let reads = answer.reads().map(with_key).collect::<Result<_, _>>()?;
        let Mutation { format, bounds, .. } = mutation;
        Ok(Self { reads, made, format: *format, bounds: bounds.clone() })
    }

    /// Reads it. It may have been changed since, or deleted.
    pub fn read<'c>(&self, conn: &'c Connection, kept: &mut Kept<'c>) -> Result<Reply, Error> {
        for (words, plan, params) in &self.reads {
            let reply = run_kept(conn, kept, plan, params, self.format, self.bounds.reply_bytes_max)?;
            if reply.rows > 0 {
                return Ok(words.told(reply, self.made));
            }
        }
        Err(Error::NotFound)
    }
}
