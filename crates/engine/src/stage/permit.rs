//! The rules: allowed, refused, or a condition that goes into the statements.

use super::Slot;
use super::batch::at_item;
use super::validate::{BatchItem, Checked, ResultPart, ResultWanted, SqlWanted, Wish};
use crate::call::{Budget, Context};
use crate::channel::Draft;
use crate::engine::{Engine, Prepared};
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input::{Arguments, Given};
use crate::policy::{Action, Asking, Decisions, Settable, denied};
use contract::rule::{Facts, Reduced, Value as RuleValue};
use contract::{ChannelId, Operation, OperationId, ResourceId};
use std::sync::Arc;
use std::time::Instant;
use wire::Format;

/// Proof that limits, input and rules have been passed, with the conditions that remain for each row.
pub(crate) struct Permitted {
    pub(super) operation: OperationId,
    pub(super) wish: Wish,
    pub(super) decisions: Decisions,
    /// The rules for the rows that are written, one for each write.
    pub(super) write: Vec<WriteRules>,
    /// The arguments as rules see them.
    pub(super) rule_arguments: Vec<RuleValue>,
    pub(super) format: Format,
    pub(super) context: Context,
    pub(super) caller: Arc<Caller>,
    pub(super) now: String,
    pub(super) deadline: Instant,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
    pub(super) fingerprint: [u8; 32],
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) cost: u32,
}

/// What the rules say of the rows that are written; `Never` where the call writes none.
pub(crate) struct WriteRules {
    /// Of a new row, with the rules of the fields that are given.
    pub create: Vec<Reduced>,
    /// Of a row that is there, before and after, with the rules of the fields that are given.
    pub change: Vec<Reduced>,
    /// The fields that the caller sets.
    pub settable: Settable,
}

impl Engine {
    pub(crate) fn permit(&self, checked: Checked) -> Result<Permitted, Fault> {
        let Checked {
            operation: id,
            wish,
            format,
            context,
            caller,
            now,
            deadline,
            budget,
            slot,
            fingerprint,
            prepared,
            cost,
        } = checked;
        let operation = self.contract.operation(id);
        let rule_arguments =
            arguments_of(&wish).map_or_else(Vec::new, |given| given.for_rules(&self.contract, operation));
        let (decisions, write) = {
            let facts = caller.facts(&now, &rule_arguments);
            let asking = Asking { contract: &self.contract, caller: &caller, facts: &facts };
            operation_rule(&asking, operation, &wish)?;
            let mut decisions = Decisions::default();
            let write = wish_rules(&asking, &mut decisions, &wish)?;
            (decisions, write)
        };
        Ok(Permitted {
            operation: id,
            wish,
            decisions,
            write,
            rule_arguments,
            format,
            context,
            caller,
            now,
            deadline,
            budget,
            slot,
            fingerprint,
            prepared,
            cost,
        })
    }
}

/// The operation's own rule. What runs SQL has no other, so without one it is closed.
fn operation_rule(asking: &Asking<'_>, operation: &Operation, wish: &Wish) -> Result<(), Fault> {
    let rule = operation.rule.as_ref();
    if rule.is_none() && !matches!(wish, Wish::Sql { .. }) {
        return Ok(());
    }
    match asking.rule(rule) {
        Reduced::Always => Ok(()),
        Reduced::Never | Reduced::Depends(_) => Err(denied(asking.caller)),
    }
}

fn wish_rules(asking: &Asking<'_>, decisions: &mut Decisions, wish: &Wish) -> Result<Vec<WriteRules>, Fault> {
    let mut write = WriteRules::closed();
    match wish {
        Wish::Get { resource, condition, wanted, .. } => {
            decisions.need_rows(asking, *resource)?;
            decisions.condition(asking, *resource, condition.as_ref())?;
            decisions.selection(asking, wanted)?;
        }
        Wish::List { resource, parent, wanted, page, .. } => {
            if let Some(parent) = parent {
                decisions.need_rows(asking, parent.resource)?;
                decisions.relation(asking, parent.resource, parent.field)?;
            }
            decisions.need_rows(asking, *resource)?;
            decisions.page(asking, *resource, page)?;
            decisions.selection(asking, wanted)?;
        }
        Wish::Count { resource, page } => {
            decisions.need_rows(asking, *resource)?;
            decisions.page(asking, *resource, page)?;
        }
        Wish::Create { resource, given, wanted, .. } => {
            write = create_rules(asking, *resource, given)?;
            decisions.want_rows(asking, *resource);
            decisions.selection(asking, wanted)?;
        }
        Wish::Update { resource, given, wanted, .. } => {
            write = update_rules(asking, *resource, given)?;
            decisions.given(asking, *resource, given.fields());
            decisions.want_rows(asking, *resource);
            decisions.selection(asking, wanted)?;
        }
        Wish::Upsert { resource, given, wanted, .. } => {
            write = upsert_rules(asking, *resource, given)?;
            decisions.given(asking, *resource, given.fields());
            decisions.want_rows(asking, *resource);
            decisions.selection(asking, wanted)?;
        }
        Wish::Delete { resource, wanted, .. } => {
            write.change = vec![asking.possible(*resource, Action::Delete)?];
            decisions.want_rows(asking, *resource);
            if let Some(wanted) = wanted {
                decisions.selection(asking, wanted)?;
            }
        }
        Wish::Batch { resource, items, wanted } => {
            decisions.want_rows(asking, *resource);
            if let Some(wanted) = wanted {
                decisions.selection(asking, wanted)?;
            }
            for given in items.iter().filter_map(BatchItem::given) {
                decisions.given(asking, *resource, given.fields());
            }
            let rules = |(at, item): (usize, &BatchItem)| {
                item_rules(asking, *resource, item).map_err(|fault| at_item(fault, at, Some(item.verb())))
            };
            return items.iter().enumerate().map(rules).collect();
        }
        Wish::Aggregate { resource, totals, page, .. } => {
            decisions.need_rows(asking, *resource)?;
            decisions.page(asking, *resource, page)?;
            decisions.totals(asking, *resource, &totals.items)?;
        }
        Wish::Sql { wanted, .. } => result_rules(asking, decisions, wanted)?,
        Wish::Publish { channel, drafts, wanted, .. } => {
            for draft in drafts {
                message_rule(asking, *channel, draft)?;
            }
            result_rules(asking, decisions, wanted)?;
        }
    }
    Ok(vec![write])
}

/// Who may publish a message: nothing of it is in the database, so what is left of a rule never holds.
fn message_rule(asking: &Asking<'_>, id: ChannelId, draft: &Draft) -> Result<(), Fault> {
    let channel = &asking.contract.channels[id.index()];
    let fields = draft.for_rules(asking.contract, channel);
    let facts = Facts { arguments: &draft.places, message: Some(&fields), ..asking.facts.clone() };
    match (Asking { facts: &facts, ..*asking }).rule(channel.publish.as_ref()) {
        Reduced::Always => Ok(()),
        Reduced::Never | Reduced::Depends(_) => Err(denied(asking.caller)),
    }
}

fn result_rules(asking: &Asking<'_>, decisions: &mut Decisions, wanted: &SqlWanted) -> Result<(), Fault> {
    match wanted {
        SqlWanted::Nothing | SqlWanted::Scalar => {}
        SqlWanted::Records(wanted) => {
            decisions.want_rows(asking, wanted.resource);
            decisions.selection(asking, wanted)?;
        }
        SqlWanted::Object { object, items } => {
            for item in items.iter() {
                let ResultWanted::Field(item) = item else { continue };
                decisions.result_field(asking, *object, item.field);
                if let ResultPart::Record(wanted) = &item.part {
                    decisions.need_rows(asking, wanted.resource)?;
                    decisions.selection(asking, wanted)?;
                }
            }
        }
    }
    Ok(())
}

/// The rules of one write of a batch.
fn item_rules(asking: &Asking<'_>, id: ResourceId, item: &BatchItem) -> Result<WriteRules, Fault> {
    match item {
        BatchItem::Create { given } => create_rules(asking, id, given),
        BatchItem::Update { given, .. } => update_rules(asking, id, given),
        BatchItem::Upsert { given, .. } => upsert_rules(asking, id, given),
        BatchItem::Delete { .. } => {
            let change = vec![asking.possible(id, Action::Delete)?];
            Ok(WriteRules { change, ..WriteRules::closed() })
        }
    }
}

fn create_rules(asking: &Asking<'_>, id: ResourceId, given: &Given) -> Result<WriteRules, Fault> {
    let row = asking.possible(id, Action::Create)?;
    let (settable, fields) = Settable::ask(asking, id, given.fields())?;
    Ok(WriteRules { create: with(row, fields), settable, ..WriteRules::closed() })
}

fn update_rules(asking: &Asking<'_>, id: ResourceId, given: &Given) -> Result<WriteRules, Fault> {
    let row = asking.possible(id, Action::Update)?;
    let (settable, fields) = Settable::ask(asking, id, given.fields())?;
    Ok(WriteRules { change: with(row, fields), settable, ..WriteRules::closed() })
}

/// The rules of a row that may be there or not: one of them is enough to try.
fn upsert_rules(asking: &Asking<'_>, id: ResourceId, given: &Given) -> Result<WriteRules, Fault> {
    let (create, update) = (asking.resource(id, Action::Create), asking.resource(id, Action::Update));
    if create == Reduced::Never && update == Reduced::Never {
        return Err(denied(asking.caller));
    }
    let (settable, fields) = Settable::ask(asking, id, given.fields())?;
    Ok(WriteRules { create: with(create, fields.clone()), change: with(update, fields), settable })
}

impl WriteRules {
    fn closed() -> Self {
        let closed = || vec![Reduced::Never];
        Self { create: closed(), change: closed(), settable: Settable::default() }
    }
}

/// The row's rule together with the write rules of the fields that the caller gives.
fn with(row: Reduced, mut fields: Vec<Reduced>) -> Vec<Reduced> {
    fields.insert(0, row);
    fields
}

pub(super) fn arguments_of(wish: &Wish) -> Option<&Arguments> {
    match wish {
        Wish::Create { arguments, .. }
        | Wish::Update { arguments, .. }
        | Wish::Delete { arguments, .. }
        | Wish::Sql { arguments, .. }
        | Wish::Publish { arguments, .. } => Some(arguments),
        Wish::Get { .. } | Wish::List { .. } | Wish::Count { .. } | Wish::Aggregate { .. } => None,
        Wish::Upsert { .. } | Wish::Batch { .. } => None,
    }
}
