//! `@access` and `@computed`: which rules stand where. They are compiled when all types are known.

use crate::code;
use crate::diagnostic::{Diagnostic, closest};
use crate::load::context::Context;
use crate::load::origin::{Applied, Directives};
use crate::load::report::Report;
use crate::load::text::Text;
use crate::load::values::few;
use crate::model::{ChannelId, FieldId, ResourceId};

/// A rule that waits for the types, and where it belongs.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) place: RulePlace,
    pub(crate) text: Text,
}

/// Where a rule belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RulePlace {
    Resource(ResourceId, RowAction),
    Field(ResourceId, FieldId, FieldAction),
    Computed(ResourceId, FieldId),
    /// By the position among the contract's own operations.
    Call(usize),
    Channel(ChannelId, ChannelAction),
}

/// What is done to a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowAction {
    Read,
    Create,
    Update,
    Delete,
}

/// What is done to a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FieldAction {
    Read,
    Write,
}

/// What is done on a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ChannelAction {
    Publish,
    Subscribe,
}

/// Takes the rules of `@access` in a place where `actions` mean something.
pub(crate) fn take(
    cx: &Context<'_>,
    directives: &Directives<'_>,
    actions: &[(&str, RulePlace)],
    pending: &mut Vec<Pending>,
    report: &mut Report,
) {
    let Some(access) = directives.get("access") else { return };
    if access.arguments().next().is_none() {
        let message = format!("`@access` needs a rule for {}", few(actions.iter().map(|(name, _)| *name)));
        report.error(code::MISSING_ARGUMENT, access.span(), message);
    }
    refuse_others(cx, access, actions, report);
    for (name, place) in actions {
        pending.extend(access.text(name).map(|text| Pending { place: *place, text }));
    }
}

fn refuse_others(cx: &Context<'_>, access: Applied<'_>, actions: &[(&str, RulePlace)], report: &mut Report) {
    const ALL: &[&str] = &["read", "create", "update", "delete", "write", "call", "publish", "subscribe"];
    let names = || actions.iter().map(|(name, _)| *name);
    for argument in access.arguments() {
        // What is no argument at all has been found by GraphQL validation.
        if ALL.contains(&argument.as_str()) && !names().any(|name| name == argument.as_str()) {
            let message = format!("`{argument}` means nothing here; the actions are {}", few(names()));
            let found = Diagnostic::error(code::MISPLACED, cx.span(argument), message);
            report.push(match closest(argument, names()) {
                Some(near) => found.with_help(format!("did you mean `{near}`?")),
                None => found,
            });
        }
    }
}
