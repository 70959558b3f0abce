//! `@publish`, `@on` and `@emits`: messages and events.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::arguments::always_has_value;
use crate::load::context::Context;
use crate::load::names;
use crate::load::operations::Call;
use crate::load::origin::{Applied, Directives};
use crate::load::paths;
use crate::load::report::Report;
use crate::load::storage::{self, Use};
use crate::load::text::Text;
use crate::model::{
    Argument, Arity, Base, Binding, Change, Channel, ChannelId, Emit, ErrorCode, EventBinding, Field,
    Outcome, Resource, TypeRef,
};
use apollo_compiler::ast::OperationType;

/// An event that some mutation emits.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) event: String,
    on: Outcome,
    /// What the mutation answers, which is what subscribers of a success get.
    result: Option<TypeRef>,
}

/// All events that mutations emit.
pub(crate) fn emitted(cx: &Context<'_>) -> Vec<Emitted> {
    let root = cx.schema.root_operation(OperationType::Mutation).and_then(|name| cx.schema.get_object(name));
    let mut all = Vec::new();
    for definition in root.into_iter().flat_map(|object| object.fields.values()) {
        let directives = cx.of_member(&definition.directives);
        let result = cx.type_ref(&definition.ty, &mut Report::default());
        let event = |d: Applied<'_>| Some(Emitted { event: d.text("event")?.value, on: outcome(d), result });
        all.extend(directives.all("emits").filter_map(event));
    }
    all
}

fn outcome(applied: Applied<'_>) -> Outcome {
    match applied.variant("on") {
        Some("FAILURE") => Outcome::Failure,
        Some(_) | None => Outcome::Success,
    }
}

/// The `@emits` of one operation.
pub(crate) fn emits(
    directives: &Directives<'_>,
    errors: &[ErrorCode],
    resources: &[Resource],
    report: &mut Report,
) -> Vec<Emit> {
    let mut emits: Vec<Emit> = Vec::new();
    for applied in directives.all("emits") {
        let Some(text) = applied.text("event") else { continue };
        let emit = Emit { event: text.value.clone(), on: outcome(applied) };
        if !names::is_event(&emit.event) {
            report.error(code::BAD_NAME, text.span(), "an event is lower-case names with dots between them");
        } else if let Some(resource) = changed(&emit.event, resources) {
            let message = format!("`{}` is the event of a change of `{}`", emit.event, resource.name);
            report.error(code::RESERVED, text.span(), message);
        }
        if emits.contains(&emit) {
            report.error(code::DUPLICATE, text.span(), format!("`{}` is emitted already", emit.event));
        }
        if emit.on == Outcome::Failure && errors.is_empty() {
            let message = "the operation has no `@error`, so it never ends like this";
            report.error(code::CONFLICT, applied.place("on"), message);
        }
        emits.push(emit);
    }
    emits
}

/// The resource whose change has this event name, `user.created`.
fn changed<'a>(event: &str, resources: &'a [Resource]) -> Option<&'a Resource> {
    let (name, change) = event.split_once('.')?;
    let known = ["created", "updated", "deleted"].contains(&change);
    resources.iter().find(|r| known && names::camel(&r.name).eq_ignore_ascii_case(name))
}

/// `@publish(channel:)`.
pub(crate) fn publish(call: &mut Call<'_>, applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    let id = channel(call, &applied.text("channel")?, report)?;
    let message = &call.known.channels[id.index()];
    check_message_result(call, id, report);
    let streamed = call.arguments.iter().find(|a| matches!(a.ty.arity, Arity::List { .. }));
    let known = match (streamed.map(|argument| argument.ty.base), &call.arguments[..]) {
        // One list of inputs: each item is a message.
        (Some(Base::Input(input)), [_]) => {
            call.known.inputs.get(input.index()).map_or(&[][..], |input| &input.fields[..])
        }
        _ => &call.arguments[..],
    };
    let mut fits = true;
    for argument in known {
        fits &= check_message_member(message, argument, Use::Value, streamed.map(|a| a.span), report);
    }
    let unset =
        |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&str> = needed(message)
        .filter(|name| !known.iter().any(|a| a.name == *name && always_has_value(a)))
        .collect();
    if fits && !missing.is_empty() {
        let message = format!("`@publish` leaves parts of `{}` unset: {}", message.name, unset(missing));
        report.error(code::UNSET_FIELD, call.span(), message);
    }
    Some(Binding::Channel(id))
}

fn channel(call: &Call<'_>, name: &Text, report: &mut Report) -> Option<ChannelId> {
    let types = &call.cx.types;
    let id = types.channel(&name.value);
    if id.is_none() {
        let message = format!("there is no type `{}` with `@channel`", name.value);
        let known = types.channels.iter().map(|(node, _)| node.name.as_str());
        report.unknown(code::UNKNOWN_CHANNEL, name.span(), message, &name.value, known);
    }
    id
}

/// The places of the path and the fields that a publisher has to give.
fn needed(channel: &Channel) -> impl Iterator<Item = &str> {
    let fields = channel.fields.iter().filter(|field| {
        let filled = field.column().is_some_and(|c| c.default.is_some() || c.assign.is_some());
        field.ty.required && !filled
    });
    let places = paths::places(&channel.path).into_iter().map(|(_, name)| name);
    places.chain(fields.map(|field| field.name.as_str()))
}

/// Whether an argument is a place of the path or a field of the message.
fn check_message_member(
    channel: &Channel,
    argument: &Argument,
    usage: Use,
    list: Option<Span>,
    report: &mut Report,
) -> bool {
    // The fields of an input are blamed where the operation uses them: elsewhere they may be right.
    let span = list.unwrap_or(argument.span);
    let is_place = paths::places(&channel.path).iter().any(|(_, name)| *name == argument.name);
    let field = channel.fields.iter().find(|field| field.name == argument.name);
    match field {
        None if is_place => true,
        None => {
            let message = format!("`{}` has neither a field nor a place `{}`", channel.name, argument.name);
            let places = paths::places(&channel.path).into_iter().map(|(_, name)| name);
            let known = channel.fields.iter().map(|field| field.name.as_str()).chain(places);
            report.unknown(code::ARGUMENT, span, message, &argument.name, known);
            false
        }
        Some(field) => check_message_field(channel, field, argument, (usage, span), report),
    }
}

fn check_message_field(
    channel: &Channel,
    field: &Field,
    argument: &Argument,
    (usage, span): (Use, Span),
    report: &mut Report,
) -> bool {
    let assigned = field.column().is_some_and(|column| column.assign.is_some());
    let message = if usage == Use::Value && assigned {
        format!("the server assigns `{}.{}`, so no argument is for it", channel.name, field.name)
    } else if field.ty.base != argument.ty.base {
        format!("`{}` is not of the type of `{}.{}`", argument.name, channel.name, field.name)
    } else {
        return true;
    };
    report.error(code::ARGUMENT, span, message);
    false
}

fn check_message_result(call: &Call<'_>, id: ChannelId, report: &mut Report) {
    let (node, object) = call.cx.types.channels[id.index()];
    if call.result.is_some_and(|result| result.base != Base::Object(object)) {
        let message = format!("the channel's messages are `{}`", node.name);
        report.error(code::RESULT, call.result_span(), message);
    }
}

/// `@on(event:)`, `@on(name:)` or `@on(channel:)`.
pub(crate) fn on(call: &mut Call<'_>, applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    let given: Vec<&str> =
        ["event", "name", "channel"].into_iter().filter(|name| applied.has(name)).collect();
    if given.len() != 1 {
        let found = if given.is_empty() { code::MISSING_ARGUMENT } else { code::CONFLICT };
        report.error(found, applied.span(), "`@on` needs exactly one of `event`, `name` and `channel`");
        return None;
    }
    match given[0] {
        "event" => on_change(call, applied, report),
        "name" => on_emitted(call, &applied.text("name")?, report),
        _ => on_message(call, &applied.text("channel")?, report),
    }
}

fn on_change(call: &mut Call<'_>, applied: Applied<'_>, report: &mut Report) -> Option<Binding> {
    let change = match applied.variant("event")? {
        "CREATED" => Change::Created,
        "UPDATED" => Change::Updated,
        "DELETED" => Change::Deleted,
        _ => return None,
    };
    let result = call.result?;
    let (Base::Resource(resource), Arity::One) = (result.base, result.arity) else {
        let message = format!("a change is of a resource, not of `{}`", call.cx.types.written(result));
        report.error(code::RESULT, call.result_span(), message);
        return None;
    };
    let target = call.known.resources.get(resource.index())?;
    let mut arguments = std::mem::take(&mut call.arguments);
    for argument in &mut arguments {
        storage::map(call, target, argument, Use::Filter, report);
    }
    call.arguments = arguments;
    Some(Binding::Event(EventBinding::Change { resource, change }))
}

fn on_emitted(call: &Call<'_>, name: &Text, report: &mut Report) -> Option<Binding> {
    let mut emitters = call.known.emitted.iter().filter(|e| e.event == name.value).peekable();
    if emitters.peek().is_none() {
        let message = format!("no operation emits `{}`", name.value);
        let known = call.known.emitted.iter().map(|e| e.event.as_str());
        report.unknown(code::UNKNOWN_EVENT, name.span(), message, &name.value, known);
        return None;
    }
    let result = call.result?;
    let other = emitters.filter(|e| e.on == Outcome::Success).find_map(|e| {
        e.result.filter(|emitted| emitted.base != result.base || emitted.arity != result.arity)
    });
    if let Some(other) = other {
        let message = format!("the event carries `{}`", call.cx.types.written(other));
        report.error(code::RESULT, call.result_span(), message);
    }
    check_filters(call, result, report);
    Some(Binding::Event(EventBinding::Emitted(name.value.clone())))
}

/// Arguments of a subscription to an emitted event are filters by fields of what it carries.
fn check_filters(call: &Call<'_>, result: TypeRef, report: &mut Report) {
    let name = call.cx.types.name(result.base);
    let fields: Vec<&str> = match result.base {
        Base::Resource(id) => call.cx.types.field_names(id).collect(),
        Base::Object(id) => call.cx.types.objects[id.index()].fields.keys().map(|f| f.as_str()).collect(),
        Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => Vec::new(),
    };
    for argument in call.arguments.iter().filter(|a| !fields.contains(&a.name.as_str())) {
        let message = format!("`{name}` has no field for the argument `{}`", argument.name);
        report.unknown(code::ARGUMENT, argument.span, message, &argument.name, fields.iter().copied());
    }
}

fn on_message(call: &Call<'_>, name: &Text, report: &mut Report) -> Option<Binding> {
    let id = channel(call, name, report)?;
    let message = &call.known.channels[id.index()];
    check_message_result(call, id, report);
    for (_, place) in paths::places(&message.path) {
        let argument = call.arguments.iter().find(|a| a.name == place);
        if !argument.is_some_and(always_has_value) {
            let text = format!("the channel's path needs the argument `{place}`");
            report.push(Diagnostic::error(code::ARGUMENT, call.span(), text));
        }
    }
    for argument in &call.arguments {
        check_message_member(message, argument, Use::Filter, None, report);
    }
    Some(Binding::Channel(id))
}
