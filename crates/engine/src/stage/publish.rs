//! Messages that a call publishes to a channel, one or a list of them.

use super::batch::under;
use super::validate::Wish;
use crate::account::Purse;
use crate::call::{Context, Input, Selected};
use crate::channel::Draft;
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input::{self, Arguments, Assigned, Streamed};
use crate::limit::Rate;
use contract::{Argument, Arity, Base, ChannelId, Operation};
use std::borrow::Cow;
use wire::Value;

/// Who speaks, where, and when.
pub(crate) struct Speaking<'a> {
    pub channel: ChannelId,
    pub caller: &'a Caller,
    pub context: &'a Context,
    pub moment: Moment,
}

impl Engine {
    /// What a call publishes.
    pub(super) fn publication(
        &self,
        operation: &Operation,
        speaking: Speaking<'_>,
        input: &Input,
        streamed: Option<Streamed>,
        selected: &Selected,
    ) -> Result<Wish, Fault> {
        let arguments = match streamed {
            None => self.arguments(operation, input)?,
            Some(streamed) => self.streamed_arguments(operation, input, streamed)?,
        };
        let drafts = self.drafts(operation, &speaking, &arguments)?;
        let wanted = self.sql_wanted(operation, selected)?;
        Ok(Wish::Publish { channel: speaking.channel, drafts, wanted, arguments })
    }

    fn drafts(
        &self,
        operation: &Operation,
        speaking: &Speaking<'_>,
        arguments: &Arguments,
    ) -> Result<Vec<Draft>, Fault> {
        // One list of inputs: each item is a message. Otherwise the arguments are one.
        let list = match operation.arguments.as_slice() {
            [argument] if is_list_of_inputs(argument) => Some(argument),
            _ => None,
        };
        let Some(argument) = list else {
            let members = operation.arguments.iter().zip(&arguments.sent);
            let members = members.filter_map(|(argument, sent)| Some((argument.name.clone(), sent.clone()?)));
            return Ok(vec![self.draft(speaking, &Value::Object(members.collect()))?]);
        };
        let items = match &arguments.sent[0] {
            Some(Value::List(items)) => Cow::Borrowed(items),
            Some(_) | None => Cow::Owned(Vec::new()),
        };
        let at_item = |fault, at: usize| under(under(fault, &at.to_string()), &argument.name);
        let each = items.iter().enumerate();
        each.map(|(at, item)| self.draft(speaking, item).map_err(|fault| at_item(fault, at))).collect()
    }

    /// A message that makes sense and may be sent now, as far as rates are concerned. The rules are still to be asked.
    pub(crate) fn draft(&self, speaking: &Speaking<'_>, data: &Value) -> Result<Draft, Fault> {
        let Speaking { channel, caller, context, moment } = speaking;
        let channel = &self.contract.channels[channel.index()];
        if let Some(per_min) = channel.rate_per_min {
            let rate = Rate { burst: per_min, per_min };
            self.take_from_own(&channel.name, Purse::of(caller, context), rate, moment.instant)?;
        }
        let assigned = Assigned { caller_id: caller.id(), now: &moment.rfc3339() };
        input::message(&self.contract, &self.patterns, channel, data, assigned)
    }
}

fn is_list_of_inputs(argument: &Argument) -> bool {
    matches!((argument.ty.arity, argument.ty.base), (Arity::List { .. }, Base::Input(_)))
}
