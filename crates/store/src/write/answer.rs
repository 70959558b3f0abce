//! What a mutation answers: rows read in its own transaction, under the caller's rules.

use super::later::Later;
use super::mutation::{Progress, Run};
use super::{Judged, Key, Made};
use crate::face::{AnswerRead, Error, Failed, Mutation, ReadPlan, Reply, Step};
use crate::read;
use std::sync::Arc;
use wire::{Encoder, Shape, Value, WriteReply};

impl Run<'_> {
    /// Runs all steps and reads the row of the last one.
    pub(super) fn answer_after(&self, answer: &AnswerRead, progress: &mut Progress) -> Result<(), Failed> {
        self.steps(0, progress)?;
        match self.allowance.answering(|| self.row(answer, progress.key()?, progress.made()))? {
            Some(reply) => progress.reply = reply,
            // An answer that is kept for its idempotency key is kept with the change.
            None if self.mutation.idempotency.is_some() => return Err(Error::AnswerTooLong.into()),
            None => {
                let later = Later::of(self.mutation, answer, progress.key()?, progress.made())?;
                progress.later = Some(Box::new(later));
            }
        }
        Ok(())
    }

    /// Runs all steps, and reads the row of the first one when it is found and judged and not yet changed.
    pub(super) fn answer_before(&self, answer: &AnswerRead, progress: &mut Progress) -> Result<(), Failed> {
        let Some(Step::Write { plan, params }) = self.mutation.steps.first() else {
            return Err(defect("the row before a step that is not about one").into());
        };
        let first = |error| Failed { step: Some(0), error };
        let writing = self.writing(params);
        let judged = writing.judge(plan).map_err(first)?;
        let reply = match &judged {
            Judged::There(_, key, _) => {
                self.allowance.answering_here(|| self.row(answer, key, Made::Changed))?
            }
            Judged::New(_) => Reply::default(),
        };
        progress.done(writing.perform(judged).map_err(first)?);
        self.steps(1, progress)?;
        progress.reply = reply;
        Ok(())
    }

    /// Runs all steps, and reads the row of each right after it: an item of a list, null where there is none.
    pub(super) fn answer_each(
        &self,
        answers: &[Option<AnswerRead>],
        progress: &mut Progress,
    ) -> Result<(), Failed> {
        let Mutation { format, bounds, .. } = self.mutation;
        let each = Each { run: self, answers, progress };
        progress.reply = format.write(Vec::new(), bounds.reply_bytes_max, read::XML_LIST, each)?;
        Ok(())
    }

    /// Runs all steps with their items; the reply has no body yet.
    fn list<E: Encoder>(
        &self,
        encoder: &mut E,
        answers: &[Option<AnswerRead>],
        progress: &mut Progress,
    ) -> Result<Reply, Failed> {
        let steps = &self.mutation.steps;
        if steps.len() != answers.len() {
            return Err(defect("not as many items as steps").into());
        }
        let nothing = nothing(answers);
        let mut reply = Reply { rows: steps.len() as u64, ..Reply::default() };
        encoder.begin_list(&nothing).map_err(read::encoding)?;
        for (at, answer) in answers.iter().enumerate() {
            progress.forget();
            self.step(at, progress)?;
            let found = match answer {
                Some(answer) => self.item(encoder, answer, progress.key()?, &mut reply)?,
                None => Found::Nothing,
            };
            if found == Found::Nothing {
                encoder.null_item(&nothing).map_err(read::encoding)?;
            }
        }
        encoder.end_list(&nothing).map_err(read::encoding)?;
        Ok(reply)
    }

    fn item<E: Encoder>(
        &self,
        encoder: &mut E,
        answer: &AnswerRead,
        key: &Key,
        reply: &mut Reply,
    ) -> Result<Found, Error> {
        for (_, plan, params) in answer.reads() {
            let params = answer.with_key(params, key)?;
            let read = || read::item_into(encoder, self.conn, plan, &params);
            let found = self.allowance.answering_here(read)?;
            reply.statements += found.statements;
            if found.rows > 0 {
                return Ok(Found::Record);
            }
        }
        Ok(Found::Nothing)
    }

    /// Reads a row of the answer.
    fn row(&self, answer: &AnswerRead, key: &Key, made: Made) -> Result<Reply, Error> {
        let Mutation { format, bounds, .. } = self.mutation;
        for (words, plan, params) in answer.reads() {
            let params = answer.with_key(params, key)?;
            let reply = read::run(self.conn, plan, &params, *format, bounds.reply_bytes_max)?;
            if reply.rows > 0 {
                return Ok(words.told(reply, made));
            }
        }
        Ok(Reply::default())
    }
}

/// Whose words an answer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// The row's, which the caller may read.
    Rows,
    /// The caller's own.
    Callers,
}

impl Words {
    /// What is told of a reply beside its body: the version of a row that was there is no word of the caller's.
    pub fn told(self, reply: Reply, made: Made) -> Reply {
        match (self, made) {
            (Words::Callers, Made::Changed) => Reply { version: None, ..reply },
            (Words::Callers, Made::New) | (Words::Rows, _) => reply,
        }
    }
}

/// All steps and the answers of each.
struct Each<'r, 'a, 'p> {
    run: &'r Run<'a>,
    answers: &'p [Option<AnswerRead>],
    progress: &'p mut Progress,
}

impl WriteReply for Each<'_, '_, '_> {
    type Output = Result<Reply, Failed>;

    fn write<E: Encoder>(self, mut encoder: E) -> Self::Output {
        let reply = self.run.list(&mut encoder, self.answers, self.progress)?;
        let (body, nulls) = encoder.into_reply();
        Ok(Reply { body, nulls, ..reply })
    }
}

/// Whether there was a record for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Record,
    Nothing,
}

impl AnswerRead {
    /// The read under the caller's rules, and the one for when they hide the row.
    pub(super) fn reads(&self) -> impl Iterator<Item = (Words, &Arc<ReadPlan>, &[Value])> {
        let otherwise = self.otherwise.as_ref();
        let otherwise = otherwise.map(|(plan, params)| (Words::Callers, plan, params.as_slice()));
        std::iter::once((Words::Rows, &self.plan, self.params.as_slice())).chain(otherwise)
    }

    pub(super) fn with_key(&self, params: &[Value], key: &Key) -> Result<Vec<Value>, Error> {
        let mut params = params.to_vec();
        match params.get_mut(usize::from(self.key)) {
            Some(param) => *param = key.value(),
            None => return Err(defect("the answer's key is not one of its parameters")),
        }
        Ok(params)
    }
}

/// The record of an item that is not there, named as the others are.
fn nothing(answers: &[Option<AnswerRead>]) -> Shape {
    let name = answers.iter().flatten().find_map(|answer| answer.plan.type_name());
    Shape { type_name: name.unwrap_or("Item").into(), fields: Vec::new() }
}

fn defect(what: &str) -> Error {
    Error::Internal(what.to_owned())
}
