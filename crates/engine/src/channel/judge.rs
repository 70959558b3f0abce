//! What the rules say of those who speak and those who listen.

use super::Draft;
use crate::account::Purse;
use crate::call::Call;
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input;
use crate::policy::denied;
use crate::stage::{Entered, Speaking};
use contract::rule::{Reduced, Rule, Value as RuleValue};
use contract::{Argument, ChannelId};
use wire::Value;

/// Asks the rules about one caller at one time.
pub(super) struct Judge<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    now: String,
}

impl Engine {
    pub(super) fn judge<'a>(&'a self, caller: &'a Caller, moment: Moment) -> Judge<'a> {
        Judge { engine: self, caller, now: moment.rfc3339() }
    }

    /// A message that a member may publish: paid for, checked and judged.
    pub(super) fn member_draft(
        &self,
        id: ChannelId,
        data: &Value,
        entered: &Entered,
        moment: Moment,
    ) -> Result<Draft, Fault> {
        let (call, caller) = (&entered.call, entered.caller(self, moment)?);
        let cost = self.contract.operation(call.operation).cost;
        self.take_from(Purse::of(caller, &call.context), cost, moment.instant)?;
        let draft = self.draft(&Speaking { channel: id, caller, context: &call.context, moment }, data)?;
        let channel = &self.contract.channels[id.index()];
        let fields = draft.for_rules(&self.contract, channel);
        let judge = self.judge(caller, moment);
        judge.channel(channel.publish.as_ref(), &draft.places, Some(&fields))?;
        Ok(draft)
    }
}

impl Judge<'_> {
    /// The rule of an operation, over the arguments that do not arrive item by item.
    pub fn operation(&self, call: &Call) -> Result<(), Fault> {
        let operation = self.engine.contract.operation(call.operation);
        let Some(rule) = &operation.rule else { return Ok(()) };
        let given = |argument: &Argument| call.input.data.as_ref().and_then(|data| data.get(&argument.name));
        let value = |argument: &Argument| {
            let value =
                given(argument).cloned().or_else(|| argument.default.as_ref().map(input::literal_value));
            value.map_or(RuleValue::Null, |value| {
                input::rule_typed(&self.engine.contract, argument.ty, &value)
            })
        };
        let arguments: Vec<RuleValue> = operation.arguments.iter().map(value).collect();
        self.rule(Some(rule), &arguments, None)
    }

    /// A rule of a channel, over the places of a path and the fields of a message.
    pub fn channel(
        &self,
        rule: Option<&Rule>,
        places: &[RuleValue],
        message: Option<&[RuleValue]>,
    ) -> Result<(), Fault> {
        self.rule(rule, places, message)
    }

    fn rule(
        &self,
        rule: Option<&Rule>,
        arguments: &[RuleValue],
        message: Option<&[RuleValue]>,
    ) -> Result<(), Fault> {
        let facts = contract::rule::Facts { message, ..self.caller.facts(&self.now, arguments) };
        match rule.map(|rule| rule.expr.reduce(&facts)) {
            Some(Reduced::Always) => Ok(()),
            // Nothing of a message is in the database.
            Some(Reduced::Never | Reduced::Depends(_)) | None => Err(denied(self.caller)),
        }
    }
}
