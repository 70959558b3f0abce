//! Arguments of operations and fields of inputs.

use crate::code;
use crate::load::checks;
use crate::load::context::Context;
use crate::load::fields::{self, check_name, deprecated, description, number};
use crate::load::origin::Directives;
use crate::load::places::{self, Place};
use crate::load::report::Report;
use crate::load::values;
use crate::model::{Argument, Arity, Base, Checks, Literal, Scalar, TypeRef, Xml};
use apollo_compiler::ast::InputValueDefinition;

/// One argument or input field.
pub(crate) fn argument(
    cx: &Context<'_>,
    definition: &InputValueDefinition,
    position: usize,
    place: Place,
    report: &mut Report,
) -> Argument {
    let directives = cx.of_member(&definition.directives);
    let span = cx.span(&definition.name);
    check_name(&definition.name, span, report);
    places::check(place, &directives, report);
    let mut argument = Argument {
        name: definition.name.to_string(),
        description: description(&definition.description),
        deprecated: deprecated(&directives),
        ty: TypeRef { base: Base::Scalar(Scalar::Json), arity: Arity::One, required: false },
        default: None,
        checks: Checks::default(),
        stream: false,
        field: None,
        number: number(position),
        xml: Xml::Element,
        span,
    };
    let Some(ty) = cx.type_ref(&definition.ty, report) else {
        report.leave_unresolved(&definition.name);
        return argument;
    };
    argument.ty = checks::scaled(&directives, ty, report);
    argument.checks = checks::checks(cx, &directives, argument.ty, report);
    argument.default = default(cx, definition, &argument, report);
    argument.stream = stream(&directives, argument.ty, report);
    argument.xml = fields::xml(&directives, argument.ty, report);
    argument
}

fn default(
    cx: &Context<'_>,
    definition: &InputValueDefinition,
    argument: &Argument,
    report: &mut Report,
) -> Option<Literal> {
    let value = definition.default_value.as_ref()?;
    let constant = values::of_type(cx, value, argument.ty, report)?;
    checks::passes(cx, &argument.checks, &constant, argument.ty, cx.origin.span(value.location()), report);
    Some(constant)
}

fn stream(directives: &Directives<'_>, ty: TypeRef, report: &mut Report) -> bool {
    let Some(stream) = directives.get("stream") else { return false };
    if ty.arity == Arity::One {
        report.error(code::BAD_TYPE, stream.span(), "`@stream` fits only lists");
    }
    true
}

/// Whether an argument has to be given.
pub(crate) fn is_required(argument: &Argument) -> bool {
    argument.ty.required && argument.default.is_none()
}

/// Whether an argument always has a value that is not null.
pub(crate) fn always_has_value(argument: &Argument) -> bool {
    argument.ty.required || argument.default.as_ref().is_some_and(|value| *value != Literal::Null)
}
