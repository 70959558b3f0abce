//! How a stored field is kept: `@column`, `@unique`, `@index`, `@default`, `@assign`, `@immutable`,
//! `@secret`.

use crate::code;
use crate::diagnostic::Span;
use crate::load::bounds::IDENTIFIER_BYTES_MAX;
use crate::load::checks;
use crate::load::context::Context;
use crate::load::names;
use crate::load::origin::{Applied, Directives};
use crate::load::relations;
use crate::load::report::Report;
use crate::load::values;
use crate::model::{Arity, Assign, Base, Checks, Column, Literal, Scalar, TypeRef};

/// A stored field as the steps of this file see it.
pub(crate) struct Stored<'a> {
    pub(crate) cx: &'a Context<'a>,
    pub(crate) directives: &'a Directives<'a>,
    pub(crate) name: &'a str,
    pub(crate) ty: TypeRef,
    pub(crate) checks: &'a Checks,
}

/// The column of a stored field.
pub(crate) fn column(field: &Stored<'_>, report: &mut Report) -> Column {
    let has = |name| field.directives.has(name);
    exclusive(field.directives, report);
    Column {
        name: column_name(field, report),
        unique: has("unique") && compared("unique", field, report),
        index: has("index") && compared("index", field, report),
        default: default_value(field, report),
        assign: field.directives.get("assign").and_then(|d| assign(d, field.ty, report)),
        immutable: has("immutable"),
        secret: has("secret") && secret(field, report),
        on_delete: relations::on_delete(field, report),
    }
}

fn exclusive(directives: &Directives<'_>, report: &mut Report) {
    const PAIRS: &[(&str, &str, &str)] = &[
        ("default", "assign", "the server always sets the field, so a default is never used"),
        ("secret", "default", "a secret that is written in the contract is none"),
        ("secret", "assign", "a secret comes from the client"),
    ];
    for (first, second, why) in PAIRS {
        if let (Some(_), Some(second)) = (directives.get(first), directives.get(second)) {
            let message = format!("`@{}` excludes `@{first}`: {why}", second.name());
            report.error(code::CONFLICT, second.span(), message);
        }
    }
}

fn column_name(field: &Stored<'_>, report: &mut Report) -> String {
    let given = field.directives.get("column").and_then(|d| d.text("name"));
    match given {
        Some(text) => {
            identifier(&text.value, text.span(), "a column's name", report);
            text.value
        }
        None => names::snake(field.name),
    }
}

/// Checks the name of a table or column.
pub(crate) fn identifier(name: &str, span: Span, what: &str, report: &mut Report) {
    if let Some(why) = names::reserved_identifier(name) {
        report.error(code::RESERVED, span, why);
    } else if !names::is_identifier(name) || name.len() > IDENTIFIER_BYTES_MAX {
        let message =
            format!("{what} is a letter, then letters, digits and `_`, at most {IDENTIFIER_BYTES_MAX} bytes");
        report.error(code::BAD_NAME, span, message);
    }
}

/// Whether the database can compare values of the field, as indexes do.
pub(crate) fn is_comparable(ty: TypeRef) -> bool {
    ty.arity == Arity::One
        && match ty.base {
            Base::Scalar(scalar) => scalar != Scalar::Json,
            Base::Enum(_) | Base::Resource(_) => true,
            Base::Object(_) | Base::Input(_) | Base::Abstract(_) => false,
        }
}

fn compared(directive: &str, field: &Stored<'_>, report: &mut Report) -> bool {
    for applied in field.directives.all(directive) {
        if applied.has("fields") {
            let message = format!("`@{directive}` takes `fields` only on a type");
            report.error(code::CONFLICT, applied.place("fields"), message);
        } else if !is_comparable(field.ty) {
            let message = format!("`@{directive}` fits only single values that can be compared");
            report.error(code::BAD_TYPE, applied.span(), message);
        } else if field.directives.has("secret") {
            let message = format!("`@{directive}` cannot compare a secret: only its hash is kept");
            report.error(code::SECRET, applied.span(), message);
        }
    }
    true
}

/// `@default`: a constant of the field's type that passes its checks.
pub(crate) fn default_value(field: &Stored<'_>, report: &mut Report) -> Option<Literal> {
    let applied = field.directives.get("default")?;
    // Not required in the definitions: GraphQL would then refuse nulls inside of lists.
    let Some(value) = applied.value("value") else {
        report.error(code::MISSING_ARGUMENT, applied.span(), "`@default` needs a `value` that is not null");
        return None;
    };
    if field.ty.arity == Arity::One && matches!(field.ty.base, Base::Resource(_)) {
        let message = "a relation has no default: which rows exist is not known to the contract";
        report.error(code::BAD_TYPE, applied.span(), message);
        return None;
    }
    let constant = values::of_type(field.cx, value, field.ty, report)?;
    checks::passes(field.cx, field.checks, &constant, field.ty, applied.place("value"), report);
    Some(constant)
}

fn secret(field: &Stored<'_>, report: &mut Report) -> bool {
    let Some(applied) = field.directives.get("secret") else { return false };
    if field.ty.base != Base::Scalar(Scalar::String) || field.ty.arity != Arity::One {
        report.error(code::BAD_TYPE, applied.span(), "`@secret` fits only a `String`");
    }
    if let Some(access) = field.directives.get("access")
        && access.has("read")
    {
        report.error(
            code::SECRET,
            access.place("read"),
            "a secret is never readable, so it has no rule for it",
        );
    }
    true
}

/// `@assign`: what the server puts into the field.
pub(crate) fn assign(applied: Applied<'_>, ty: TypeRef, report: &mut Report) -> Option<Assign> {
    let from = applied.text("from")?;
    let on: Vec<&str> = applied.items("on").iter().filter_map(|v| v.as_enum().map(|n| n.as_str())).collect();
    let changes = on.contains(&"UPDATE");
    if changes && !on.contains(&"CREATE") {
        let message = "`on` has `CREATE` always: a row without the value would be incomplete";
        report.error(code::BAD_VALUE, applied.place("on"), message);
    }
    match from.value.as_str() {
        "now" if ty.arity == Arity::One && ty.base == Base::Scalar(Scalar::DateTime) => {
            Some(if changes { Assign::NowOnChange } else { Assign::Now })
        }
        "now" => {
            report.error(code::BAD_TYPE, from.span(), "`now` fits only a `DateTime`");
            None
        }
        "caller.id" => caller_id(applied, ty, changes, report),
        other => {
            let message = format!("the server can assign `caller.id` or `now`, not `{other}`");
            report.unknown(code::UNKNOWN_VALUE, from.span(), message, other, ["caller.id", "now"]);
            None
        }
    }
}

fn caller_id(applied: Applied<'_>, ty: TypeRef, changes: bool, report: &mut Report) -> Option<Assign> {
    let fits = matches!(ty.base, Base::Resource(_) | Base::Scalar(Scalar::Id | Scalar::String));
    if !fits || ty.arity != Arity::One {
        let message = "`caller.id` fits only a to-one field, an `ID` or a `String`";
        report.error(code::BAD_TYPE, applied.place("from"), message);
    } else if changes {
        let message = "`caller.id` is assigned only on `CREATE`";
        report.error(code::BAD_VALUE, applied.place("on"), message);
    }
    Some(Assign::CallerId)
}
