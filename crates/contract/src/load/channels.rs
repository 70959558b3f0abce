//! Types with `@channel`.

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::access::{self, ChannelAction, Pending, RulePlace};
use crate::load::bounds::HISTORY_MAX;
use crate::load::context::Context;
use crate::load::fields::{self, check_name, check_xml};
use crate::load::origin::{Applied, Directives};
use crate::load::paths::{self, Kind};
use crate::load::places::{self, Place};
use crate::load::report::Report;
use crate::model::{Channel, ChannelId};
use apollo_compiler::schema::ObjectType;
use std::collections::HashMap;

/// All channels, without their rules.
pub(crate) fn channels(cx: &Context<'_>, pending: &mut Vec<Pending>, report: &mut Report) -> Vec<Channel> {
    let mut seen: HashMap<String, String> = HashMap::new();
    (0..)
        .zip(&cx.types.channels)
        .map(|(i, (node, _))| {
            let channel = channel(cx, ChannelId(i), node, pending, report);
            if let Some(other) = seen.insert(paths::shape(&channel.path), channel.name.clone()) {
                let message = format!("the path is that of `{other}` already");
                report.error(code::ROUTE, path_place(cx, node), message);
            }
            channel
        })
        .collect()
}

fn path_place(cx: &Context<'_>, node: &ObjectType) -> crate::diagnostic::Span {
    let path = node.directives.get("channel").and_then(|d| d.specified_argument_by_name("path"));
    path.map_or_else(|| cx.span(&node.name), |value| cx.origin.span(value.location()))
}

fn channel(
    cx: &Context<'_>,
    id: ChannelId,
    node: &ObjectType,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Channel {
    let directives = cx.of_type(&node.directives);
    let span = cx.span(&node.name);
    check_name(&node.name, span, report);
    places::check(Place::Channel, &directives, report);
    let message = fields::of_message(cx, &node.fields, report);
    check_xml(message.iter().map(|f| (f.xml, f.span)), report);
    take_rules(cx, id, node, &directives, pending, report);
    let applied = directives.get("channel");
    let path = applied.and_then(|d| d.text("path"));
    if let Some(path) = &path {
        paths::check(path, Kind::Channel, report);
    }
    Channel {
        name: node.name.to_string(),
        description: fields::description(&node.description),
        path: path.map_or_else(|| node.name.to_string(), |text| text.value),
        fields: message,
        history: applied.and_then(|d| history(d, report)).unwrap_or(0),
        presence: applied.is_some_and(|d| presence(d, report)),
        rate_per_min: applied.and_then(|d| rate(d, report)),
        publish: None,
        subscribe: None,
        span,
    }
}

fn history(applied: Applied<'_>, report: &mut Report) -> Option<u32> {
    let given = applied.int("history")?;
    if !(0..=HISTORY_MAX).contains(&given) {
        let message = format!("expected a number of messages from 0 to {HISTORY_MAX}");
        report.error(code::BAD_VALUE, applied.place("history"), message);
    }
    u32::try_from(given).ok()
}

/// Nothing tells members who is there yet.
fn presence(applied: Applied<'_>, report: &mut Report) -> bool {
    let given = applied.flag("presence");
    if given {
        let message = "`presence` has no effect yet: members are not told who is there";
        report.push(Diagnostic::warning(code::NOT_SERVED, applied.place("presence"), message));
    }
    given
}

fn rate(applied: Applied<'_>, report: &mut Report) -> Option<u32> {
    let given = applied.int("ratePerMinute")?;
    if given < 1 {
        let message = "expected at least 1 message a minute";
        report.error(code::BAD_VALUE, applied.place("ratePerMinute"), message);
    }
    u32::try_from(given).ok()
}

fn take_rules(
    cx: &Context<'_>,
    id: ChannelId,
    node: &ObjectType,
    directives: &Directives<'_>,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) {
    let actions = [
        ("publish", RulePlace::Channel(id, ChannelAction::Publish)),
        ("subscribe", RulePlace::Channel(id, ChannelAction::Subscribe)),
    ];
    access::take(cx, directives, &actions, pending, report);
    if !directives.has("access") {
        let message = format!("nobody can reach `{}`: it has no `@access`", node.name);
        let found = Diagnostic::warning(code::CLOSED, cx.span(&node.name), message);
        report.push(found.with_help("`@access(publish: \"…\", subscribe: \"…\")` lets callers in"));
    }
}
