//! Constants: whether they are of a type, and how they compare.

use crate::code;
use crate::load::context::Context;
use crate::load::report::Report;
use crate::model::{Arity, Base, EnumId, Format, InputId, Literal, Scalar, TypeRef};
use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use std::cmp::Ordering;

/// The most digits after a decimal's point.
const DECIMAL_SCALE_MAX: usize = 18;
/// A decimal's units have 18 digits at most.
const DECIMAL_UNITS_END: i128 = 10_i128.pow(18);

/// A constant as it is written; `None` for what is no constant, which GraphQL's grammar has refused.
fn literal(value: &Node<Value>) -> Option<Literal> {
    Some(match &**value {
        Value::Null => Literal::Null,
        Value::Boolean(b) => Literal::Bool(*b),
        Value::Int(int) => {
            int.as_str().parse().map_or_else(|_| Literal::Number(int.as_str().to_owned()), Literal::Int)
        }
        Value::Float(number) => Literal::Number(number.as_str().to_owned()),
        Value::String(text) => Literal::Text(text.clone()),
        Value::Enum(name) => Literal::Enum(name.to_string()),
        Value::List(items) => Literal::List(items.iter().map(literal).collect::<Option<_>>()?),
        Value::Object(members) => {
            let member = |(name, value): &(apollo_compiler::Name, Node<Value>)| {
                Some((name.to_string(), literal(value)?))
            };
            Literal::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
        Value::Variable(_) => return None,
    })
}

/// The constant at `value`, if it is of type `ty`; if it is not, that is reported.
pub(crate) fn of_type(
    cx: &Context<'_>,
    value: &Node<Value>,
    ty: TypeRef,
    report: &mut Report,
) -> Option<Literal> {
    let constant = literal(value)?;
    match check(cx, &constant, ty) {
        Ok(()) => Some(constant),
        Err(Mismatch { message, unknown }) => {
            let span = cx.origin.span(value.location());
            match unknown {
                None => report.error(code::BAD_VALUE, span, message),
                Some(Unknown::Value(given, id)) => {
                    let known = cx.types.enums[id.index()].values.keys().map(|name| name.as_str());
                    report.unknown(code::BAD_VALUE, span, message, &given, known);
                }
                Some(Unknown::Member(given, id)) => {
                    let known = cx.types.inputs[id.index()].fields.keys().map(|name| name.as_str());
                    report.unknown(code::BAD_VALUE, span, message, &given, known);
                }
            }
            None
        }
    }
}

/// Why a constant is not of a type.
struct Mismatch {
    message: String,
    unknown: Option<Unknown>,
}

/// A name that is not there, and where it was looked for.
enum Unknown {
    Value(String, EnumId),
    Member(String, InputId),
}

fn mismatch<T>(expected: impl Into<String>) -> Result<T, Mismatch> {
    Err(Mismatch { message: format!("expected {}", expected.into()), unknown: None })
}

fn check(cx: &Context<'_>, constant: &Literal, ty: TypeRef) -> Result<(), Mismatch> {
    if *constant == Literal::Null {
        return if ty.required {
            mismatch(format!("a value: `{}` is never null", cx.types.written(ty)))
        } else {
            Ok(())
        };
    }
    match (ty.arity, constant) {
        (Arity::One, _) => check_one(cx, constant, ty.base),
        (Arity::List { item_required }, Literal::List(items)) => {
            let item = TypeRef { arity: Arity::One, required: item_required, ..ty };
            items.iter().try_for_each(|constant| check(cx, constant, item))
        }
        (Arity::List { .. }, _) => mismatch("a list"),
    }
}

fn check_one(cx: &Context<'_>, constant: &Literal, base: Base) -> Result<(), Mismatch> {
    match base {
        Base::Scalar(scalar) => check_scalar(constant, scalar),
        Base::Enum(id) => {
            let def = cx.types.enums[id.index()];
            let values = || def.values.keys().map(|name| name.as_str());
            match constant {
                Literal::Enum(name) if def.values.contains_key(name.as_str()) => Ok(()),
                Literal::Enum(name) => Err(Mismatch {
                    message: format!("`{}` has no value `{name}`", def.name),
                    unknown: Some(Unknown::Value(name.clone(), id)),
                }),
                _ => mismatch(format!("a value of `{}`: {}", def.name, few(values()))),
            }
        }
        Base::Input(id) => check_input(cx, constant, id),
        Base::Object(_) => match constant {
            Literal::Object(_) => Ok(()),
            _ => mismatch("an object"),
        },
        Base::Resource(_) => check_scalar(constant, Scalar::Id),
        Base::Abstract(_) => mismatch("no constant: the type is only for results"),
    }
}

fn check_input(cx: &Context<'_>, constant: &Literal, id: InputId) -> Result<(), Mismatch> {
    let def = cx.types.inputs[id.index()];
    let Literal::Object(members) = constant else { return mismatch(format!("an object of `{}`", def.name)) };
    for (name, value) in members {
        let Some(field) = def.fields.get(name.as_str()) else {
            return Err(Mismatch {
                message: format!("`{}` has no field `{name}`", def.name),
                unknown: Some(Unknown::Member(name.clone(), id)),
            });
        };
        // A field whose own type is unknown has been reported where it is defined.
        if let Some(ty) = cx.type_ref(&field.ty, &mut Report::default()) {
            check(cx, value, ty)?;
        }
    }
    let missing = def
        .fields
        .values()
        .find(|field| field.is_required() && !members.iter().any(|(name, _)| *name == field.name.as_str()));
    missing.map_or(Ok(()), |field| mismatch(format!("the field `{}` of `{}`", field.name, def.name)))
}

/// The first few of many names.
pub(crate) fn few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 8;
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(SHOWN_MAX)].join(", ");
    if names.len() > SHOWN_MAX { format!("{shown}, …") } else { shown }
}

fn check_scalar(constant: &Literal, scalar: Scalar) -> Result<(), Mismatch> {
    let text = |accepts: &dyn Fn(&str) -> bool, expected: &str| match constant {
        Literal::Text(text) if accepts(text) => Ok(()),
        _ => mismatch(expected),
    };
    let fits = |fits: bool, expected: &str| if fits { Ok(()) } else { mismatch(expected) };
    match scalar {
        Scalar::Id | Scalar::String => text(&|_| true, "a text"),
        Scalar::Int => {
            let int = matches!(constant, Literal::Int(n) if i32::try_from(*n).is_ok());
            fits(int, "an integer of 32 bits")
        }
        Scalar::Long => fits(matches!(constant, Literal::Int(_)), "an integer of 64 bits"),
        Scalar::Float => fits(float(constant).is_some_and(f64::is_finite), "a number"),
        Scalar::Boolean => fits(matches!(constant, Literal::Bool(_)), "true or false"),
        Scalar::Decimal { scale } => {
            let expected = format!("a decimal with at most {scale} digits after the point and 18 in all");
            let units = written(constant).and_then(|text| units(&text, scale.into()));
            fits(units.is_some_and(|units| units.abs() < DECIMAL_UNITS_END), &expected)
        }
        Scalar::DateTime => text(&|t| instant(t).is_some(), "an instant like \"2026-11-22T18:32:34Z\""),
        Scalar::Date => text(&|t| date(t).is_some(), "a date like \"2026-11-22\""),
        Scalar::Time => text(&|t| time(t).is_some(), "a time like \"18:32:34\""),
        Scalar::Duration => text(&|t| duration(t).is_some(), "a duration like \"PT1H30M\""),
        Scalar::Uuid => text(&|t| Format::Uuid.accepts(t), "a UUID"),
        Scalar::Json => Ok(()),
        Scalar::Bytes => text(&is_base64, "bytes in base64"),
        Scalar::Url => text(&|t| Format::Url.accepts(t), "an absolute URL"),
        Scalar::Email => text(&|t| Format::Email.accepts(t), "an e-mail address"),
    }
}

/// How two constants of one scalar type compare; `None` where the type has no order or they are not of it.
pub(crate) fn compare(a: &Literal, b: &Literal, scalar: Scalar) -> Option<Ordering> {
    let texts = || match (a, b) {
        (Literal::Text(a), Literal::Text(b)) => Some((a.as_str(), b.as_str())),
        _ => None,
    };
    match scalar {
        Scalar::Int | Scalar::Long | Scalar::Decimal { .. } => {
            let exact = |l: &Literal| units(&written(l)?, DECIMAL_SCALE_MAX);
            Some(exact(a)?.cmp(&exact(b)?))
        }
        Scalar::Float => float(a)?.partial_cmp(&float(b)?),
        Scalar::DateTime => texts().and_then(|(a, b)| Some(instant(a)?.cmp(&instant(b)?))),
        Scalar::Date => texts().and_then(|(a, b)| Some(date(a)?.cmp(&date(b)?))),
        Scalar::Time => texts().and_then(|(a, b)| Some(time(a)?.cmp(&time(b)?))),
        Scalar::Duration => texts().and_then(|(a, b)| Some(duration(a)?.cmp(&duration(b)?))),
        Scalar::Id | Scalar::String | Scalar::Boolean | Scalar::Uuid | Scalar::Json | Scalar::Bytes => None,
        Scalar::Url | Scalar::Email => None,
    }
}

fn float(constant: &Literal) -> Option<f64> {
    match constant {
        // A constant beyond 2^53 is rounded as every double is.
        Literal::Int(n) => n.to_string().parse().ok(),
        Literal::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number's text; decimals may also be written as texts.
fn written(constant: &Literal) -> Option<String> {
    match constant {
        Literal::Int(n) => Some(n.to_string()),
        Literal::Number(text) | Literal::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// The exact value of `text` times ten to the `scale`, when it has no more digits after the point than that.
fn units(text: &str, scale: usize) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return None;
    }
    let zeros = "0".repeat(scale.checked_sub(fraction.len())?);
    let value: i128 = format!("{whole}{fraction}{zeros}").parse().ok()?;
    Some(sign * value)
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().filter(|_| !text.contains('['))
}

fn date(text: &str) -> Option<jiff::civil::Date> {
    text.parse().ok().filter(|_| text.len() == "2026-11-22".len())
}

fn time(text: &str) -> Option<jiff::civil::Time> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    text.parse().ok().filter(|_| plain && text.len() >= "18:32".len())
}

fn duration(text: &str) -> Option<jiff::SignedDuration> {
    text.parse().ok().filter(|_| text.trim_start_matches('-').starts_with('P'))
}

/// RFC 4648 section 4, with padding.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let plain = body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    text.len().is_multiple_of(4) && text.len() - body.len() <= 2 && plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    fn fits(constant: &Literal, scalar: Scalar) -> bool {
        check_scalar(constant, scalar).is_ok()
    }

    #[test]
    fn scalars_accept_their_constants() {
        assert!(fits(&Literal::Int(7), Scalar::Int) && !fits(&Literal::Int(1 << 40), Scalar::Int));
        assert!(fits(&Literal::Int(1 << 40), Scalar::Long) && !fits(&text("1"), Scalar::Long));
        assert!(
            fits(&Literal::Number("1.5e3".into()), Scalar::Float) && fits(&Literal::Int(1), Scalar::Float)
        );
        assert!(!fits(&Literal::Number("1e999".into()), Scalar::Float));
        for (constant, scale, good) in [
            ("1.25", 2, true),
            ("1.255", 2, false),
            ("-0.5", 1, true),
            ("1e3", 2, false),
            ("1.", 2, false),
            ("9999999999999999.99", 2, true),
            ("99999999999999999.99", 2, false),
        ] {
            assert_eq!(fits(&text(constant), Scalar::Decimal { scale }), good, "{constant} at {scale}");
        }
        for (scalar, good, bad) in [
            (Scalar::DateTime, "2026-11-22T18:32:34.5+01:00", "2026-11-22T18:32:34"),
            (Scalar::Date, "2026-11-22", "2026-11-22T00:00"),
            (Scalar::Time, "18:32:34.000001", "25:00:00"),
            (Scalar::Duration, "PT1H30M", "1h30m"),
            (Scalar::Bytes, "YWI=", "YWI"),
            (Scalar::Url, "https://a.b", "a.b"),
        ] {
            assert!(fits(&text(good), scalar), "{good}");
            assert!(!fits(&text(bad), scalar), "{bad}");
        }
    }

    #[test]
    fn constants_compare_by_value() {
        let decimal = Scalar::Decimal { scale: 2 };
        assert_eq!(compare(&text("1.50"), &Literal::Number("1.5".into()), decimal), Some(Ordering::Equal));
        assert_eq!(
            compare(&Literal::Int(i64::MIN), &Literal::Int(i64::MAX), Scalar::Long),
            Some(Ordering::Less)
        );
        let (early, late) = (text("2026-01-01T01:00:00+02:00"), text("2026-01-01T00:00:00Z"));
        assert_eq!(compare(&early, &late, Scalar::DateTime), Some(Ordering::Less));
        assert_eq!(compare(&text("a"), &text("b"), Scalar::String), None);
    }
}
