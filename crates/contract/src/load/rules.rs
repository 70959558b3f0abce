//! The second pass: rules are compiled against the finished types.

mod computed;

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::access::{ChannelAction, FieldAction, Pending, RowAction, RulePlace};
use crate::load::operations::Own;
use crate::load::report::Report;
use crate::load::resources::Draft;
use crate::load::text::Text;
use crate::model::{Argument, Arity, Base, Channel, Checks, Enum, Resource, Scalar, Source, TypeRef, Xml};
use crate::rule::{Compiled, Expect, Expr, Rule, RuleError, Scope, States, attempt};

/// Everything that rules name and that has rules.
pub(crate) struct Ruled<'a> {
    pub(crate) drafts: &'a mut [Draft],
    pub(crate) enums: &'a [Enum],
    pub(crate) channels: &'a mut [Channel],
    pub(crate) own: &'a mut [Own],
}

/// Compiles all rules and puts them where they belong. Computed fields come first, each after those that it names.
pub(crate) fn compile_all(mut ruled: Ruled<'_>, pending: Vec<Pending>, report: &mut Report) {
    let (computed, rules): (Vec<Pending>, Vec<Pending>) =
        pending.into_iter().partition(|pending| matches!(pending.place, RulePlace::Computed(..)));
    computed::compile(&mut ruled, &computed, report);
    // Scopes borrow all resources while a rule is compiled, so none is put in its place before the last is.
    let resources: Vec<Resource> = ruled.drafts.iter().map(|draft| draft.resource.clone()).collect();
    let compiled: Vec<(RulePlace, Option<Rule>)> = rules
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
    pending: &Pending,
    report: &mut Report,
) -> Option<Rule> {
    match attempt_one(ruled, resources, pending) {
        Compiled::Ready(expr) => Some(rule(&pending.text, expr)),
        // What is wrong with the computed fields that it names has been reported.
        Compiled::Waits(_) => None,
        Compiled::Wrong(errors) => {
            blame(&pending.text, errors, report);
            None
        }
    }
}

fn attempt_one(ruled: &Ruled<'_>, resources: &[Resource], Pending { place, text }: &Pending) -> Compiled {
    let arguments = match place {
        RulePlace::Channel(id, _) => path_arguments(&ruled.channels[id.index()]),
        RulePlace::Call(i) => ruled.own[*i].operation.arguments.clone(),
        RulePlace::Resource(..) | RulePlace::Field(..) | RulePlace::Computed(..) => Vec::new(),
    };
    attempt(&text.value, &scope(ruled, resources, *place, &arguments))
}

fn rule(text: &Text, expr: Expr) -> Rule {
    Rule { source: text.value.clone(), span: text.span(), expr }
}

/// Reports what is wrong with a rule, unless it follows from what was reported already.
fn blame(text: &Text, errors: Vec<RuleError>, report: &mut Report) {
    if !report.excuses(&text.value) {
        errors.into_iter().for_each(|error| report.push(found(text, error)));
    }
}

/// A mistake in a rule at its own place inside the string.
fn found(text: &Text, error: RuleError) -> Diagnostic {
    let found = Diagnostic::error(code::RULE, text.places.span(error.start, error.end), error.message);
    Diagnostic { help: error.help, ..found }
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
    let states = match place {
        RulePlace::Resource(_, RowAction::Update) => States::BeforeAndAfter,
        RulePlace::Resource(_, RowAction::Read | RowAction::Create | RowAction::Delete) => States::One,
        RulePlace::Field(..) | RulePlace::Computed(..) | RulePlace::Call(_) | RulePlace::Channel(..) => {
            States::One
        }
    };
    Scope { resources, enums: ruled.enums, record, states, message, arguments, expect }
}

/// The places of a channel's path as its rules see them: texts that are always there, in order.
fn path_arguments(channel: &Channel) -> Vec<Argument> {
    let argument = |(number, name): (u32, &str)| Argument {
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
    (1..).zip(channel.places()).map(argument).collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnostic::Sources;

    #[test]
    fn a_mistake_is_shown_inside_of_its_string() {
        for (raw, wrong, line, column) in [
            (r#"@access(read: "caller.id == authr")"#, "authr", 1, 29),
            (r#"@access(read: "name == \"ä\" && authr")"#, "authr", 1, 33),
            (r#"@access(read: "\u0061 == authr")"#, "authr", 1, 26),
            ("@access(read: \"\"\"\n    caller.id != null &&\n      authr == 1\n  \"\"\")", "authr", 3, 7),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("a.graphql", raw);
            let start = raw.find('"').unwrap();
            let literal = &raw[start..raw.len() - 1];
            let text = Text::unescape(literal, file, u32::try_from(start).unwrap());
            let at = text.value.find(wrong).unwrap();
            let error = RuleError { start: at, end: at + wrong.len(), message: "m".into(), help: None };
            let diagnostic = found(&text, error);
            assert_eq!(sources.position(file, diagnostic.span.start), (line, column), "{raw}");
            assert_eq!(&raw[diagnostic.span.start as usize..diagnostic.span.end as usize], wrong);
        }
    }
}
