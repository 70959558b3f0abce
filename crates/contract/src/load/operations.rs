//! The contract's own operations: the fields of `Query`, `Mutation` and `Subscription`.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::access::{self, Pending, RulePlace};
use crate::load::arguments::{self, is_required};
use crate::load::bounds::{ITEMS_MAX, MEMBERS_MAX};
use crate::load::checks;
use crate::load::context::Context;
use crate::load::events::{self, Emitted};
use crate::load::fields::{check_name, check_xml, deprecated, description, type_span};
use crate::load::names;
use crate::load::origin::{Applied, Directives};
use crate::load::places::{self, Place};
use crate::load::remote;
use crate::load::report::Report;
use crate::load::routes::{self, RestChoice, RpcChoice};
use crate::load::sql;
use crate::load::storage::{self, Action};
use crate::model::{
    Argument, Arity, Base, Binding, Cache, CacheScope, CallLimit, Channel, ErrorCode, ErrorKind, Inbound,
    Input, Operation, Resource, Root, Scalar, SqlBinding, TypeRef,
};
use apollo_compiler::ast::{FieldDefinition, OperationType};
use std::collections::{BTreeMap, HashMap};

/// What operations are bound to.
pub(crate) struct Known<'a> {
    pub(crate) resources: &'a [Resource],
    pub(crate) inputs: &'a [Input],
    pub(crate) channels: &'a [Channel],
    pub(crate) emitted: &'a BTreeMap<String, Vec<Emitted>>,
}

/// An own operation whose names on the wires are not all decided.
pub(crate) struct Own {
    pub(crate) operation: Operation,
    pub(crate) rest: RestChoice,
    pub(crate) rpc: RpcChoice,
    /// Where its place in REST, gRPC and SOAP is said, else its name.
    pub(crate) rest_span: Span,
    pub(crate) rpc_span: Span,
    pub(crate) soap_span: Span,
}

/// What a binding reads and completes.
pub(crate) struct Call<'a> {
    pub(crate) cx: &'a Context<'a>,
    pub(crate) known: &'a Known<'a>,
    pub(crate) definition: &'a FieldDefinition,
    pub(crate) arguments: Vec<Argument>,
    /// `None` when it could not be resolved.
    pub(crate) result: Option<TypeRef>,
    pub(crate) errors: Vec<ErrorCode>,
}

impl Call<'_> {
    /// The place of the operation's name.
    pub(crate) fn span(&self) -> Span {
        self.cx.span(&self.definition.name)
    }

    /// The place of its result's type.
    pub(crate) fn result_span(&self) -> Span {
        type_span(self.cx, &self.definition.ty)
    }
}

/// All own operations, in the order of the roots and of the files.
pub(crate) fn operations(
    cx: &Context<'_>,
    known: &Known<'_>,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Vec<Own> {
    let mut all: Vec<Own> = Vec::new();
    let mut names: HashMap<String, Root> = HashMap::new();
    for (kind, root) in [
        (OperationType::Query, Root::Query),
        (OperationType::Mutation, Root::Mutation),
        (OperationType::Subscription, Root::Subscription),
    ] {
        let object = cx.schema.root_operation(kind).and_then(|name| cx.schema.get_object(name));
        let fields = object.into_iter().flat_map(|object| object.fields.values());
        for definition in fields.filter(|f| cx.origin.is_own(f.name.location())) {
            if all.len() == ITEMS_MAX {
                let message = format!("a contract has at most {ITEMS_MAX} operations");
                report.error(code::TOO_MANY, cx.span(&definition.name), message);
                return all;
            }
            if let Some(other) = names.insert(definition.name.to_string(), root) {
                let message = format!("`{}` is the name of a {} already", definition.name, root_name(other));
                report.error(code::DUPLICATE, cx.span(&definition.name), message);
            }
            let index = all.len();
            all.push(operation(cx, known, root, definition, index, pending, report));
        }
    }
    all
}

fn root_name(root: Root) -> &'static str {
    match root {
        Root::Query => "query",
        Root::Mutation => "mutation",
        Root::Subscription => "subscription",
    }
}

fn place(root: Root) -> Place {
    match root {
        Root::Query => Place::Query,
        Root::Mutation => Place::Mutation,
        Root::Subscription => Place::Subscription,
    }
}

fn operation(
    cx: &Context<'_>,
    known: &Known<'_>,
    root: Root,
    definition: &FieldDefinition,
    index: usize,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Own {
    let directives = cx.of_member(&definition.directives);
    let span = cx.span(&definition.name);
    check_name(&definition.name, span, report);
    places::check(place(root), &directives, report);
    let result = cx.type_ref(&definition.ty, report).map(|ty| checks::scaled(&directives, ty, report));
    let errors = errors(&directives, report);
    let arguments = own_arguments(cx, definition, report);
    let mut call = Call { cx, known, definition, arguments, result, errors };
    let binding = bind(&mut call, &directives, root, report);
    access::take(cx, &directives, &[("call", RulePlace::Call(index))], pending, report);
    warn_closed(&call, &directives, binding.as_ref(), report);
    let named = routes::named(&call, root, &directives, report);
    let emits = events::emits(&directives, &call.errors, known.resources, report);
    let inbound = directives.get("inbound").and_then(|d| inbound(d, &call, report));
    let stream = stream_result(&directives, result, report);
    let operation = Operation {
        name: definition.name.to_string(),
        description: description(&definition.description),
        deprecated: deprecated(&directives),
        root,
        result: result.unwrap_or(UNRESOLVED),
        stream,
        binding: binding.unwrap_or_else(unbound),
        rule: None,
        cost: cost(&directives, report),
        limit: directives.get("limit").and_then(|d| limit(d, report)),
        cache: cache(&directives, report),
        idempotent: directives.has("idempotent"),
        emits,
        inbound,
        errors: call.errors,
        arguments: call.arguments,
        rest: None,
        rpc: None,
        soap: named.soap,
        span,
    };
    let at = |name: &str| directives.get(name).map_or(span, |d| d.span());
    let (rest_span, rpc_span, soap_span) = (at("rest"), at("rpc"), at("soap"));
    Own { operation, rest: named.rest, rpc: named.rpc, rest_span, rpc_span, soap_span }
}

/// Stands for a result that could not be resolved; the contract is refused.
const UNRESOLVED: TypeRef = TypeRef { base: Base::Scalar(Scalar::Json), arity: Arity::One, required: false };

/// Stands for a binding that could not be resolved; the contract is refused.
fn unbound() -> Binding {
    Binding::Sql(SqlBinding { each: None, statements: Vec::new() })
}

fn own_arguments(cx: &Context<'_>, definition: &FieldDefinition, report: &mut Report) -> Vec<Argument> {
    if definition.arguments.len() > MEMBERS_MAX {
        let message = format!("an operation has at most {MEMBERS_MAX} arguments");
        report.error(code::TOO_MANY, cx.span(&definition.name), message);
    }
    let definitions = definition.arguments.iter().take(MEMBERS_MAX).enumerate();
    let arguments: Vec<Argument> =
        definitions.map(|(i, d)| arguments::argument(cx, d, i, Place::Argument, report)).collect();
    for second in arguments.iter().filter(|a| a.stream).skip(1) {
        report.error(
            code::CONFLICT,
            second.span,
            "an operation streams one argument, and another one is it already",
        );
    }
    check_xml(arguments.iter().map(|a| (a.xml, a.span)), report);
    arguments
}

const BINDINGS: &[&str] =
    &["get", "list", "create", "update", "delete", "sql", "http", "grpc", "publish", "on"];

fn bind(
    call: &mut Call<'_>,
    directives: &Directives<'_>,
    root: Root,
    report: &mut Report,
) -> Option<Binding> {
    let mut bindings = directives.iter().filter(|d| BINDINGS.contains(&d.name()));
    let Some(first) = bindings.next() else {
        let fitting = match root {
            Root::Query => "`@get`, `@list`, `@sql`, `@http` or `@grpc`",
            Root::Mutation => "`@create`, `@update`, `@delete`, `@sql`, `@http`, `@grpc` or `@publish`",
            Root::Subscription => "`@on`",
        };
        let message = format!("`{}` does nothing yet: it needs {fitting}", call.definition.name);
        report.error(code::BINDING, call.span(), message);
        return None;
    };
    for other in bindings.filter(|other| other.name() != first.name()) {
        let message = format!("`{}` is bound by `@{}` already", call.definition.name, first.name());
        report.error(code::BINDING, other.span(), message);
    }
    if !places::fits(first.name(), place(root)) {
        return None;
    }
    match first.name() {
        "get" => storage::bind(call, Action::Get, report),
        "list" => storage::bind(call, Action::List, report),
        "create" => storage::bind(call, Action::Create, report),
        "update" => storage::bind(call, Action::Update, report),
        "delete" => storage::bind(call, Action::Delete, report),
        "sql" => sql::bind(call, first, report),
        "http" => remote::http(call, first, report),
        "grpc" => remote::grpc(first, report),
        "publish" => events::publish(call, first, report),
        _ => events::on(call, first, report),
    }
}

/// Rules of the resource judge what is bound to storage; all else is closed until it has a rule of its own.
fn warn_closed(call: &Call<'_>, directives: &Directives<'_>, binding: Option<&Binding>, report: &mut Report) {
    let judged = match binding {
        Some(Binding::Sql(_) | Binding::Http(_) | Binding::Grpc(_)) => false,
        Some(Binding::Event(crate::model::EventBinding::Emitted(_))) => false,
        Some(_) | None => true,
    };
    if !judged && !directives.get("access").is_some_and(|d| d.has("call")) {
        let message = format!("nobody can call `{}`: it has no `@access(call:)`", call.definition.name);
        let found = Diagnostic::warning(code::CLOSED, call.span(), message);
        report
            .push(found.with_help("`@access(call: \"caller.id != null\")` lets everybody who is signed in"));
    }
}

fn stream_result(directives: &Directives<'_>, result: Option<TypeRef>, report: &mut Report) -> bool {
    let Some(stream) = directives.get("stream") else { return false };
    if result.is_some_and(|ty| ty.arity == Arity::One) {
        report.error(code::BAD_TYPE, stream.span(), "`@stream` fits only lists");
    }
    true
}

/// `@cost`, 1 where it is absent.
pub(crate) fn cost(directives: &Directives<'_>, report: &mut Report) -> u32 {
    directives.get("cost").and_then(|d| positive(d, "value", report)).unwrap_or(1)
}

fn positive(applied: Applied<'_>, argument: &str, report: &mut Report) -> Option<u32> {
    let given = applied.int(argument)?;
    if given < 1 {
        report.error(code::BAD_VALUE, applied.place(argument), "expected 1 or more");
    }
    u32::try_from(given).ok()
}

/// `@cache`.
pub(crate) fn cache(directives: &Directives<'_>, report: &mut Report) -> Option<Cache> {
    let applied = directives.get("cache")?;
    let given = applied.int("maxAge")?;
    let scope = match applied.variant("scope") {
        Some("PUBLIC") => CacheScope::Public,
        Some(_) | None => CacheScope::Private,
    };
    match u32::try_from(given) {
        Ok(max_age_s) => Some(Cache { max_age_s, scope }),
        Err(_) => {
            report.error(code::BAD_VALUE, applied.place("maxAge"), "an age in seconds is not negative");
            None
        }
    }
}

fn limit(applied: Applied<'_>, report: &mut Report) -> Option<CallLimit> {
    let calls = positive(applied, "calls", report);
    let per_s = positive(applied, "per", report);
    Some(CallLimit { calls: calls?, per_s: per_s? })
}

fn errors(directives: &Directives<'_>, report: &mut Report) -> Vec<ErrorCode> {
    let mut errors: Vec<ErrorCode> = Vec::new();
    for applied in directives.all("error") {
        let (Some(code), Some(message)) = (applied.text("code"), applied.text("message")) else { continue };
        if !names::is_code(&code.value) {
            let message = "a code is in upper snake case, like `INSUFFICIENT_FUNDS`";
            report.error(code::BAD_NAME, code.span(), message);
        } else if errors.iter().any(|known| known.code == code.value) {
            report.error(code::DUPLICATE, code.span(), format!("`{}` is defined already", code.value));
        }
        let kind = match applied.variant("kind") {
            Some("DENIED") => ErrorKind::Denied,
            Some("NOT_FOUND") => ErrorKind::NotFound,
            Some("CONFLICT") => ErrorKind::Conflict,
            Some("PRECONDITION") => ErrorKind::Precondition,
            Some(_) | None => ErrorKind::Invalid,
        };
        errors.push(ErrorCode { code: code.value, kind, message: message.value });
    }
    errors
}

fn inbound(applied: Applied<'_>, call: &Call<'_>, report: &mut Report) -> Option<Inbound> {
    let (source, event) = (applied.text("source")?, applied.text("event")?);
    if !names::is_label(&source.value) {
        let message = "a source is a letter, then letters, digits, `-` and `_`";
        report.error(code::BAD_NAME, source.span(), message);
    }
    if event.value.trim().is_empty() {
        report.error(code::BAD_VALUE, event.span(), "an event has a name");
    }
    let args = inbound_args(applied, call, report);
    let given = |argument: &&Argument| args.iter().any(|(name, _)| *name == argument.name);
    for missing in call.arguments.iter().filter(|a| is_required(a) && !given(a)) {
        let message = format!("the event gives no value for the required argument `{}`", missing.name);
        report.error(code::ARGUMENT, applied.span(), message);
    }
    Some(Inbound { source: source.value, event: event.value, args })
}

fn inbound_args(applied: Applied<'_>, call: &Call<'_>, report: &mut Report) -> Vec<(String, String)> {
    let mut args: Vec<(String, String)> = Vec::new();
    for item in applied.items("args") {
        let member =
            |key: &str| item.as_object()?.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        let text = |key: &str| member(key).and_then(|value| call.cx.origin.text(value));
        let (Some(name), Some(path)) = (text("name"), text("path")) else { continue };
        if !call.arguments.iter().any(|a| a.name == name.value) {
            let message = format!("`{}` has no argument `{}`", call.definition.name, name.value);
            let known = call.arguments.iter().map(|a| a.name.as_str());
            report.unknown(code::UNKNOWN_ARGUMENT, name.span(), message, &name.value, known);
        } else if args.iter().any(|(known, _)| *known == name.value) {
            report.error(code::DUPLICATE, name.span(), format!("`{}` has a path already", name.value));
        }
        if path.value.split('.').any(str::is_empty) {
            report.error(code::PATH, path.span(), "a path is names with dots between them");
        }
        args.push((name.value, path.value));
    }
    args
}
