//! `@length`, `@range`, `@pattern`, `@format` and `@decimal`.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::bounds::{PATTERN_BYTES_MAX, PATTERNS_MAX};
use crate::load::context::Context;
use crate::load::origin::{Applied, Directives};
use crate::load::report::Report;
use crate::load::values;
use crate::model::{Arity, Base, Bounds, Checks, Format, Literal, Scalar, TypeRef};
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The type with the scale that `@decimal` gives it.
pub(crate) fn scaled(directives: &Directives<'_>, ty: TypeRef, report: &mut Report) -> TypeRef {
    let Some(decimal) = directives.get("decimal") else { return ty };
    if !matches!(ty.base, Base::Scalar(Scalar::Decimal { .. })) {
        report.error(code::BAD_TYPE, decimal.span(), "`@decimal` fits only a `Decimal`");
        return ty;
    }
    let Some(given) = decimal.int("scale") else { return ty };
    match u8::try_from(given) {
        Ok(scale @ 0..=18) => TypeRef { base: Base::Scalar(Scalar::Decimal { scale }), ..ty },
        Ok(_) | Err(_) => {
            report.error(code::BAD_VALUE, decimal.place("scale"), "expected a scale from 0 to 18");
            ty
        }
    }
}

/// All checks of a value of type `ty`.
pub(crate) fn checks(
    cx: &Context<'_>,
    directives: &Directives<'_>,
    ty: TypeRef,
    report: &mut Report,
) -> Checks {
    Checks {
        length: directives.get("length").and_then(|d| length(d, ty, report)),
        range: directives.get("range").and_then(|d| range(cx, d, ty, report)),
        pattern: directives.get("pattern").and_then(|d| pattern(cx, d, ty, report)),
        format: directives.get("format").and_then(|d| format(d, ty, report)),
    }
}

fn needs_a_bound(directive: Applied<'_>, report: &mut Report) {
    let message = format!("`@{}` needs `min`, `max` or both", directive.name());
    report.error(code::MISSING_ARGUMENT, directive.span(), message);
}

fn length(directive: Applied<'_>, ty: TypeRef, report: &mut Report) -> Option<Bounds<u32>> {
    if !(has_length(ty) || matches!(ty.arity, Arity::List { .. })) {
        let message = "`@length` fits only texts, `Bytes` and lists";
        report.error(code::BAD_TYPE, directive.span(), message);
        return None;
    }
    if !directive.has("min") && !directive.has("max") {
        needs_a_bound(directive, report);
        return None;
    }
    let mut bound = |argument: &str| {
        let given = directive.int(argument)?;
        let least = u32::try_from(given).ok();
        if least.is_none() {
            report.error(code::BAD_VALUE, directive.place(argument), "a length is not negative");
        }
        least
    };
    let bounds = Bounds { min: bound("min"), max: bound("max") };
    if let (Some(min), Some(max)) = (bounds.min, bounds.max)
        && min > max
    {
        report.error(
            code::BAD_VALUE,
            directive.place("min"),
            format!("nothing is at least {min} and at most {max}"),
        );
        return None;
    }
    Some(bounds)
}

fn has_length(ty: TypeRef) -> bool {
    is_text(ty) || (ty.arity == Arity::One && ty.base == Base::Scalar(Scalar::Bytes))
}

fn is_text(ty: TypeRef) -> bool {
    let text = matches!(ty.base, Base::Scalar(Scalar::String | Scalar::Id | Scalar::Url | Scalar::Email));
    text && ty.arity == Arity::One
}

fn range(
    cx: &Context<'_>,
    directive: Applied<'_>,
    ty: TypeRef,
    report: &mut Report,
) -> Option<Bounds<Literal>> {
    let (Base::Scalar(scalar), Arity::One) = (ty.base, ty.arity) else {
        return unordered(directive, report);
    };
    match scalar {
        Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Decimal { .. } => {}
        Scalar::DateTime | Scalar::Date | Scalar::Time | Scalar::Duration => {}
        Scalar::Id | Scalar::String | Scalar::Boolean | Scalar::Uuid => return unordered(directive, report),
        Scalar::Json | Scalar::Bytes | Scalar::Url | Scalar::Email => return unordered(directive, report),
    }
    if !directive.has("min") && !directive.has("max") {
        needs_a_bound(directive, report);
        return None;
    }
    let one = TypeRef { required: true, ..ty };
    let mut bound = |argument| values::of_type(cx, directive.value(argument)?, one, report);
    let bounds = Bounds { min: bound("min"), max: bound("max") };
    if let (Some(min), Some(max)) = (&bounds.min, &bounds.max)
        && values::compare(min, max, scalar) == Some(Ordering::Greater)
    {
        report.error(code::BAD_VALUE, directive.place("min"), "`min` is greater than `max`");
        return None;
    }
    Some(bounds)
}

fn unordered(directive: Applied<'_>, report: &mut Report) -> Option<Bounds<Literal>> {
    let message = "`@range` fits only numbers, decimals, dates, times and durations";
    report.error(code::BAD_TYPE, directive.span(), message);
    None
}

fn pattern(cx: &Context<'_>, directive: Applied<'_>, ty: TypeRef, report: &mut Report) -> Option<String> {
    if !is_text(ty) {
        report.error(code::BAD_TYPE, directive.span(), "`@pattern` fits only texts");
        return None;
    }
    let text = directive.text("regex")?;
    let Some(compiled) = cx.patterns.compiled(&text.value) else {
        let message = format!("a contract has at most {PATTERNS_MAX} different patterns");
        report.error(code::TOO_MANY, text.span(), message);
        return None;
    };
    match compiled {
        Ok(_) => Some(text.value),
        Err(regex::Error::Syntax(_)) => {
            let whole = || (0, text.value.len(), "not a regular expression".to_owned());
            let (start, end, message) = syntax_error(&text.value).unwrap_or_else(whole);
            report.error(code::BAD_VALUE, text.places.span(start, end), message);
            None
        }
        Err(_) => {
            let message = format!("the pattern compiles to more than {PATTERN_BYTES_MAX} bytes");
            let found = Diagnostic::error(code::BAD_VALUE, text.span(), message);
            report.push(
                found.with_help(
                    "`@length` counts characters at no cost: `^\\w+$` with it, not `^\\w{1,100}$`",
                ),
            );
            None
        }
    }
}

/// The contract's patterns, each compiled once.
#[derive(Debug, Default)]
pub(crate) struct Patterns(RefCell<HashMap<String, Result<Regex, regex::Error>>>);

impl Patterns {
    /// The pattern compiled; `None` when there are too many.
    fn compiled(&self, pattern: &str) -> Option<Result<Regex, regex::Error>> {
        let mut all = self.0.borrow_mut();
        if !all.contains_key(pattern) && all.len() < PATTERNS_MAX {
            let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).nest_limit(64).build();
            all.insert(pattern.to_owned(), compiled);
        }
        all.get(pattern).cloned()
    }
}

/// Where in the pattern the mistake is and what it is.
fn syntax_error(pattern: &str) -> Option<(usize, usize, String)> {
    match regex_syntax::parse(pattern).err()? {
        regex_syntax::Error::Parse(e) => {
            Some((e.span().start.offset, e.span().end.offset, e.kind().to_string()))
        }
        regex_syntax::Error::Translate(e) => {
            Some((e.span().start.offset, e.span().end.offset, e.kind().to_string()))
        }
        _ => None,
    }
}

fn format(directive: Applied<'_>, ty: TypeRef, report: &mut Report) -> Option<Format> {
    if !is_text(ty) {
        report.error(code::BAD_TYPE, directive.span(), "`@format` fits only texts");
        return None;
    }
    match directive.variant("as")? {
        "EMAIL" => Some(Format::Email),
        "URL" => Some(Format::Url),
        "UUID" => Some(Format::Uuid),
        "HOSTNAME" => Some(Format::Hostname),
        "IPV4" => Some(Format::Ipv4),
        "IPV6" => Some(Format::Ipv6),
        "SLUG" => Some(Format::Slug),
        "PHONE" => Some(Format::Phone),
        _ => None,
    }
}

/// Reports at `span` that a constant does not pass the checks of its own field.
pub(crate) fn passes(
    cx: &Context<'_>,
    checks: &Checks,
    constant: &Literal,
    ty: TypeRef,
    span: Span,
    report: &mut Report,
) {
    let failed = match constant {
        Literal::Null => None,
        Literal::Text(text) => fails_as_text(cx, checks, text, ty),
        Literal::List(items) => out_of_length(checks, items.len()),
        Literal::Bool(_) | Literal::Int(_) | Literal::Number(_) | Literal::Enum(_) | Literal::Object(_) => {
            None
        }
    };
    if let Some(failed) = failed.or_else(|| out_of_range(checks, constant, ty)) {
        report.error(code::BAD_VALUE, span, format!("the value does not pass the field's own {failed}"));
    }
}

fn fails_as_text(cx: &Context<'_>, checks: &Checks, text: &str, ty: TypeRef) -> Option<&'static str> {
    let length = match ty.base {
        // Four base64 characters are three bytes, less the padding.
        Base::Scalar(Scalar::Bytes) => text.len() / 4 * 3 - text.bytes().filter(|b| *b == b'=').count(),
        _ => text.chars().count(),
    };
    let matches = |pattern: &String| {
        cx.patterns.compiled(pattern).is_some_and(|c| c.is_ok_and(|regex| regex.is_match(text)))
    };
    out_of_length(checks, length)
        .or_else(|| checks.pattern.as_ref().filter(|p| !matches(p)).map(|_| "`@pattern`"))
        .or_else(|| checks.format.filter(|f| !f.accepts(text)).map(|_| "`@format`"))
}

fn out_of_length(checks: &Checks, length: usize) -> Option<&'static str> {
    let bounds = checks.length.as_ref()?;
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let inside = bounds.min.is_none_or(|min| min <= length) && bounds.max.is_none_or(|max| length <= max);
    (!inside).then_some("`@length`")
}

fn out_of_range(checks: &Checks, constant: &Literal, ty: TypeRef) -> Option<&'static str> {
    let (bounds, Base::Scalar(scalar)) = (checks.range.as_ref()?, ty.base) else { return None };
    let is = |bound: &Option<Literal>, beyond: Ordering| {
        bound.as_ref().and_then(|bound| values::compare(constant, bound, scalar)) == Some(beyond)
    };
    (is(&bounds.min, Ordering::Less) || is(&bounds.max, Ordering::Greater)).then_some("`@range`")
}
