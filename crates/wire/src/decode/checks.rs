//! `@length`, `@range`, `@pattern`, `@format` of one value in stored form.

use super::scalar::{ScalarError, text_to_stored};
use crate::Value;
use contract::{Base, Bounds, Checks, Contract, Format, Literal, Scalar, TypeRef};
use regex::Regex;
use std::collections::HashMap;

/// The contract's patterns, compiled once.
#[derive(Debug, Default)]
pub struct Patterns(HashMap<String, Regex>);

impl Patterns {
    /// Compiles every `@pattern` of the contract; the loader has compiled each before.
    pub fn of(contract: &Contract) -> Self {
        let fields = contract.resources.iter().flat_map(|r| &r.fields).map(|f| &f.checks);
        let arguments = contract.operations.iter().flat_map(|o| &o.arguments).map(|a| &a.checks);
        let inputs = contract.inputs.iter().flat_map(|i| &i.fields).map(|a| &a.checks);
        let messages = contract.channels.iter().flat_map(|c| &c.fields).map(|f| &f.checks);
        let patterns =
            fields.chain(messages).chain(arguments).chain(inputs).filter_map(|checks| checks.pattern.clone());
        Self(patterns.filter_map(|text| Some((text.clone(), Regex::new(&text).ok()?))).collect())
    }

    /// Checks a value that is not null: `sent` as it came, `stored` in stored form.
    pub fn check(
        &self,
        checks: &Checks,
        ty: TypeRef,
        sent: &Value,
        stored: &Value,
    ) -> Result<(), ScalarError> {
        if let Some(bounds) = &checks.length {
            length(bounds, sent, stored)?;
        }
        if let Some(bounds) = &checks.range {
            range(bounds, ty, stored)?;
        }
        for text in texts(sent, stored) {
            if let Some(pattern) = &checks.pattern
                && !self.0.get(pattern).is_some_and(|regex| regex.is_match(text))
            {
                return Err(failed("PATTERN", format!("must match `{pattern}`")));
            }
            if let Some(wanted) = checks.format
                && !wanted.accepts(text)
            {
                return Err(failed("FORMAT", format!("must be {}", format_name(wanted))));
            }
        }
        Ok(())
    }
}

fn failed(code: &'static str, message: String) -> ScalarError {
    ScalarError { code, message }
}

/// The texts that a pattern or format is about: the value itself or the items of a list.
fn texts<'a>(sent: &'a Value, stored: &'a Value) -> Vec<&'a str> {
    match (sent, stored) {
        (Value::List(items), _) => items
            .iter()
            .filter_map(|item| match item {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        (_, Value::Text(text)) => vec![text],
        (_, Value::Secret(secret)) => secret.expose().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn length(bounds: &Bounds<u32>, sent: &Value, stored: &Value) -> Result<(), ScalarError> {
    let (length, unit) = match (sent, stored) {
        (Value::List(items), _) => (items.len(), "items"),
        (_, Value::Bytes(bytes)) => (bytes.len(), "bytes"),
        (_, Value::Text(text)) => (text.chars().count(), "characters"),
        (_, Value::Secret(secret)) => (secret.expose().map_or(0, |text| text.chars().count()), "characters"),
        _ => return Ok(()),
    };
    let too_short = bounds.min.filter(|min| length < *min as usize);
    let too_long = bounds.max.filter(|max| length > *max as usize);
    match (too_short, too_long) {
        (Some(min), _) => Err(failed("LENGTH", format!("must have at least {min} {unit}"))),
        (_, Some(max)) => Err(failed("LENGTH", format!("must have at most {max} {unit}"))),
        (None, None) => Ok(()),
    }
}

fn range(bounds: &Bounds<Literal>, ty: TypeRef, stored: &Value) -> Result<(), ScalarError> {
    if below(ty, stored, bounds.min.as_ref()) {
        return Err(failed("RANGE", format!("must be at least {}", shown(bounds.min.as_ref()))));
    }
    if above(ty, stored, bounds.max.as_ref()) {
        return Err(failed("RANGE", format!("must be at most {}", shown(bounds.max.as_ref()))));
    }
    Ok(())
}

fn below(ty: TypeRef, stored: &Value, bound: Option<&Literal>) -> bool {
    bound.and_then(|b| compare(stored, &literal(ty, b)?)).is_some_and(std::cmp::Ordering::is_lt)
}

fn above(ty: TypeRef, stored: &Value, bound: Option<&Literal>) -> bool {
    bound.and_then(|b| compare(stored, &literal(ty, b)?)).is_some_and(std::cmp::Ordering::is_gt)
}

fn compare(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// A bound in the stored form of the type it bounds.
fn literal(ty: TypeRef, bound: &Literal) -> Option<Value> {
    let Base::Scalar(scalar) = ty.base else {
        return None;
    };
    let text = shown(Some(bound));
    match (scalar, bound) {
        (Scalar::Float, _) => text.parse().ok().map(Value::Float),
        // A bound of finer scale than the value still bounds it: compare at the value's scale, rounded inwards by
        // the loader, which refuses such bounds.
        _ => text_to_stored(scalar, &text).ok(),
    }
}

fn shown(bound: Option<&Literal>) -> String {
    match bound {
        Some(Literal::Int(i)) => i.to_string(),
        Some(Literal::Number(text) | Literal::Text(text) | Literal::Enum(text)) => text.clone(),
        Some(Literal::Bool(b)) => b.to_string(),
        Some(Literal::Null | Literal::List(_) | Literal::Object(_)) | None => String::new(),
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Email => "an e-mail address",
        Format::Url => "an absolute URL",
        Format::Uuid => "a UUID",
        Format::Hostname => "a host name",
        Format::Ipv4 => "an IPv4 address",
        Format::Ipv6 => "an IPv6 address",
        Format::Slug => "letters, digits and hyphens",
        Format::Phone => "a telephone number like +14155550100",
    }
}
