//! The second pass: rules are compiled against the finished types.

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::access::{ChannelAction, FieldAction, Pending, RowAction, RulePlace};
use crate::load::operations::Own;
use crate::load::paths;
use crate::load::report::Report;
use crate::load::resources::Draft;
use crate::model::{Argument, Arity, Base, Channel, Checks, Enum, Resource, Scalar, Source, TypeRef, Xml};
use crate::rule::Rule;
use crate::rule::{Expect, Scope, compile};

/// Everything that rules name and that has rules.
pub(crate) struct Ruled<'a> {
    pub(crate) drafts: &'a mut [Draft],
    pub(crate) enums: &'a [Enum],
    pub(crate) channels: &'a mut [Channel],
    pub(crate) own: &'a mut [Own],
}

/// Compiles all rules and puts them where they belong.
pub(crate) fn compile_all(mut ruled: Ruled<'_>, pending: Vec<Pending>, report: &mut Report) {
    // Scopes borrow all resources while a rule is compiled, so none is put in its place before the last is.
    let resources: Vec<Resource> = ruled.drafts.iter().map(|draft| draft.resource.clone()).collect();
    let compiled: Vec<(RulePlace, Option<Rule>)> = pending
        .iter()
        .map(|pending| (pending.place, compile_one(&ruled, &resources, pending, report)))
        .collect();
    for (place, rule) in compiled {
        ruled.put(place, rule);
    }
}

fn compile_one(
    ruled: &Ruled<'_>,
    resources: &[Resource],
    Pending { place, text }: &Pending,
    report: &mut Report,
) -> Option<Rule> {
    let arguments = match place {
        RulePlace::Channel(id, _) => path_arguments(&ruled.channels[id.index()]),
        RulePlace::Call(i) => ruled.own[*i].operation.arguments.clone(),
        RulePlace::Resource(..) | RulePlace::Field(..) | RulePlace::Computed(..) => Vec::new(),
    };
    let scope = scope(ruled, resources, *place, &arguments);
    match compile(&text.value, &scope) {
        Ok(expr) => Some(Rule { source: text.value.clone(), span: text.span(), expr }),
        // A field without a type has been reported; what a rule makes of it is not the rule's fault.
        Err(_) if report.names_unresolved(&text.value) => None,
        Err(errors) => {
            for error in errors {
                let found =
                    Diagnostic::error(code::RULE, text.places.span(error.start, error.end), error.message);
                report.push(Diagnostic { help: error.help, ..found });
            }
            None
        }
    }
}

fn scope<'s>(
    ruled: &'s Ruled<'_>,
    resources: &'s [Resource],
    place: RulePlace,
    arguments: &'s [Argument],
) -> Scope<'s> {
    let (record, expect) = match place {
        RulePlace::Resource(id, _) | RulePlace::Field(id, _, _) => (Some(id), Expect::Bool),
        RulePlace::Computed(id, field) => {
            (Some(id), Expect::Type(resources[id.index()].fields[field.index()].ty))
        }
        RulePlace::Call(_) | RulePlace::Channel(..) => (None, Expect::Bool),
    };
    let message = match place {
        RulePlace::Channel(id, ChannelAction::Publish) => &ruled.channels[id.index()].fields[..],
        RulePlace::Channel(_, ChannelAction::Subscribe) => &[],
        RulePlace::Resource(..) | RulePlace::Field(..) | RulePlace::Computed(..) | RulePlace::Call(_) => &[],
    };
    Scope { resources, enums: ruled.enums, record, message, arguments, expect }
}

/// The places of a channel's path as its rules see them: texts that are always there, in order.
fn path_arguments(channel: &Channel) -> Vec<Argument> {
    let names = paths::places(&channel.path);
    let argument = |(number, (_, name)): (u32, (usize, &str))| Argument {
        name: name.to_owned(),
        description: None,
        deprecated: None,
        ty: TypeRef { base: Base::Scalar(Scalar::String), arity: Arity::One, required: true },
        default: None,
        checks: Checks::default(),
        stream: false,
        field: None,
        number,
        xml: Xml::Element,
        span: channel.span,
    };
    (1..).zip(names).map(argument).collect()
}

impl Ruled<'_> {
    fn put(&mut self, place: RulePlace, rule: Option<Rule>) {
        match place {
            RulePlace::Resource(id, action) => {
                let access = &mut self.drafts[id.index()].resource.access;
                match action {
                    RowAction::Read => access.read = rule,
                    RowAction::Create => access.create = rule,
                    RowAction::Update => access.update = rule,
                    RowAction::Delete => access.delete = rule,
                }
            }
            RulePlace::Field(id, field, action) => {
                let field = &mut self.drafts[id.index()].resource.fields[field.index()];
                match action {
                    FieldAction::Read => field.read = rule,
                    FieldAction::Write => field.write = rule,
                }
            }
            RulePlace::Computed(id, field) => {
                if let Some(rule) = rule {
                    self.drafts[id.index()].resource.fields[field.index()].source = Source::Computed(rule);
                }
            }
            RulePlace::Call(i) => self.own[i].operation.rule = rule,
            RulePlace::Channel(id, action) => {
                let channel = &mut self.channels[id.index()];
                match action {
                    ChannelAction::Publish => channel.publish = rule,
                    ChannelAction::Subscribe => channel.subscribe = rule,
                }
            }
        }
    }
}
