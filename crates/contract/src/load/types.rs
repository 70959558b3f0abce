//! Enums, inputs, output objects, interfaces and unions.

use crate::code;
use crate::load::arguments;
use crate::load::bounds::{ITEMS_MAX, MEMBERS_MAX};
use crate::load::context::{AbstractType, Context};
use crate::load::fields::{self, check_name, check_xml, deprecated, description, number};
use crate::load::places::{self, Place};
use crate::load::report::Report;
use crate::model::{Abstract, AbstractId, Base, Enum, EnumValue, Input, Object};
use apollo_compiler::collections::IndexSet;
use apollo_compiler::schema::{ComponentName, EnumType, InputObjectType, ObjectType};
use std::collections::HashMap;

/// All enums.
pub(crate) fn enums(cx: &Context<'_>, report: &mut Report) -> Vec<Enum> {
    cx.types.enums.iter().map(|node| one_enum(cx, node, report)).collect()
}

fn one_enum(cx: &Context<'_>, node: &EnumType, report: &mut Report) -> Enum {
    check_name(&node.name, cx.span(&node.name), report);
    if node.values.len() > ITEMS_MAX {
        let message = format!("an enum has at most {ITEMS_MAX} values");
        report.error(code::TOO_MANY, cx.span(&node.name), message);
    }
    let value = |(position, value): (usize, &apollo_compiler::ast::EnumValueDefinition)| EnumValue {
        name: value.value.to_string(),
        description: description(&value.description),
        deprecated: deprecated(&cx.of_member(&value.directives)),
        number: number(position),
        span: cx.span(&value.value),
    };
    Enum {
        name: node.name.to_string(),
        description: description(&node.description),
        values: node.values.values().map(|component| &***component).enumerate().map(value).collect(),
        span: cx.span(&node.name),
    }
}

/// All input types.
pub(crate) fn inputs(cx: &Context<'_>, report: &mut Report) -> Vec<Input> {
    cx.types.inputs.iter().map(|node| input(cx, node, report)).collect()
}

fn input(cx: &Context<'_>, node: &InputObjectType, report: &mut Report) -> Input {
    let span = cx.span(&node.name);
    check_name(&node.name, span, report);
    if node.fields.len() > MEMBERS_MAX {
        report.error(code::TOO_MANY, span, format!("a type has at most {MEMBERS_MAX} fields"));
    }
    let one_of = node.directives.has("oneOf");
    let definitions = node.fields.values().take(MEMBERS_MAX).enumerate();
    let members: Vec<_> = definitions
        .map(|(i, definition)| {
            if one_of && (definition.ty.is_non_null() || definition.default_value.is_some()) {
                let message = "a field of a `@oneOf` input is nullable and has no default";
                report.error(code::CONFLICT, cx.span(&definition.name), message);
            }
            arguments::argument(cx, definition, i, Place::InputField, report)
        })
        .collect();
    check_xml(members.iter().map(|m| (m.xml, m.span)), report);
    Input {
        name: node.name.to_string(),
        description: description(&node.description),
        fields: members,
        one_of,
        span,
    }
}

/// All output objects, channels' messages among them.
pub(crate) fn objects(cx: &Context<'_>, report: &mut Report) -> Vec<Object> {
    cx.types.objects.iter().map(|node| object(cx, node, report)).collect()
}

fn object(cx: &Context<'_>, node: &ObjectType, report: &mut Report) -> Object {
    let span = cx.span(&node.name);
    if node.directives.has("channel") {
        // The channel's own walk reports what is wrong with the message; here it is only a result.
        let fields = fields::of_object(cx, &node.fields, Place::MessageField, &mut Report::default());
        return finish_object(cx, node, fields);
    }
    let directives = cx.of_type(&node.directives);
    check_name(&node.name, span, report);
    places::check(Place::Object, &directives, report);
    let fields = fields::of_object(cx, &node.fields, Place::ObjectField, report);
    check_xml(fields.iter().map(|f| (f.xml, f.span)), report);
    finish_object(cx, node, fields)
}

fn finish_object(cx: &Context<'_>, node: &ObjectType, fields: Vec<crate::model::Field>) -> Object {
    Object {
        name: node.name.to_string(),
        description: description(&node.description),
        fields,
        implements: implements(cx, &node.implements_interfaces),
        span: cx.span(&node.name),
    }
}

/// The interfaces of a type.
pub(crate) fn implements(cx: &Context<'_>, names: &IndexSet<ComponentName>) -> Vec<AbstractId> {
    let id = |name: &ComponentName| match cx.types.base(name)? {
        Base::Abstract(id) => Some(id),
        Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Input(_) => None,
    };
    names.iter().filter_map(id).collect()
}

/// All interfaces and unions.
pub(crate) fn abstracts(cx: &Context<'_>, report: &mut Report) -> Vec<Abstract> {
    let implementers = implementers(cx);
    cx.types.abstracts.iter().map(|node| one_abstract(cx, *node, &implementers, report)).collect()
}

fn one_abstract(
    cx: &Context<'_>,
    node: AbstractType<'_>,
    implementers: &HashMap<&str, Vec<Base>>,
    report: &mut Report,
) -> Abstract {
    let (name, text, fields, members) = match node {
        AbstractType::Interface(node) => {
            let fields = fields::of_object(cx, &node.fields, Place::InterfaceField, report);
            let members = implementers.get(node.name.as_str()).cloned().unwrap_or_default();
            (&node.name, &node.description, fields, members)
        }
        AbstractType::Union(node) => {
            let members = node.members.iter().filter_map(|name| cx.types.base(name)).collect();
            (&node.name, &node.description, Vec::new(), members)
        }
    };
    check_name(name, cx.span(name), report);
    Abstract { name: name.to_string(), description: description(text), fields, members, span: cx.span(name) }
}

/// For each interface the stored types and output objects that implement it.
fn implementers<'a>(cx: &Context<'a>) -> HashMap<&'a str, Vec<Base>> {
    let mut implementers: HashMap<&str, Vec<Base>> = HashMap::new();
    for node in cx.types.resources.iter().chain(&cx.types.objects) {
        let Some(base) = cx.types.base(&node.name) else { continue };
        for interface in &node.implements_interfaces {
            implementers.entry(interface.as_str()).or_default().push(base);
        }
    }
    implementers
}
