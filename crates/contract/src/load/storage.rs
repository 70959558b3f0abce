//! `@get`, `@list`, `@create`, `@update` and `@delete`: own operations that do what standard ones do.

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::arguments::always_has_value;
use crate::load::columns::is_comparable;
use crate::load::operations::Call;
use crate::load::report::Report;
use crate::model::{
    Argument, Arity, Base, Binding, Column, Field, FieldId, KeyKind, Resource, ResourceId, Scalar, Source,
    TypeRef,
};

/// What is done to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Get,
    List,
    Create,
    Update,
    Delete,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "@get",
            Self::List => "@list",
            Self::Create => "@create",
            Self::Update => "@update",
            Self::Delete => "@delete",
        }
    }

    fn binding(self, id: ResourceId) -> Binding {
        match self {
            Self::Get => Binding::Get(id),
            Self::List => Binding::List(id),
            Self::Create => Binding::Create(id),
            Self::Update => Binding::Update(id),
            Self::Delete => Binding::Delete(id),
        }
    }
}

/// What an argument is to the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Picks rows by an equal value.
    Filter,
    /// Is the new value.
    Value,
}

/// Binds an operation to the resource it returns.
pub(crate) fn bind(call: &mut Call<'_>, action: Action, report: &mut Report) -> Option<Binding> {
    let id = resource(call, action, report)?;
    let resource = call.known.resources.get(id.index())?;
    let mut arguments = std::mem::take(&mut call.arguments);
    let mut mapped = true;
    for argument in &mut arguments {
        if action == Action::List && matches!(argument.name.as_str(), "limit" | "offset") {
            check_paging(argument, report);
            continue;
        }
        let usage = match action {
            Action::Get | Action::List | Action::Delete => Use::Filter,
            Action::Create => Use::Value,
            Action::Update if names_key(argument, resource) => Use::Filter,
            Action::Update => Use::Value,
        };
        mapped &= map(call, resource, argument, usage, report).is_some();
    }
    call.arguments = arguments;
    match action {
        Action::Get if mapped => names_one(call, resource, report),
        // What an argument that could not be mapped was meant for is not known.
        Action::Get | Action::List => {}
        Action::Create => create(call, resource, mapped, report),
        Action::Update => update(call, resource, mapped, report),
        Action::Delete => names_row(call, resource, action, report),
    }
    Some(action.binding(id))
}

fn resource(call: &Call<'_>, action: Action, report: &mut Report) -> Option<ResourceId> {
    let result = call.result?;
    let expected = if action == Action::List { "`[Resource!]!`" } else { "a resource" };
    match (result.base, result.arity, action) {
        (Base::Resource(id), Arity::List { item_required: true }, Action::List) if result.required => {
            Some(id)
        }
        (Base::Resource(id), Arity::One, Action::Get | Action::Create | Action::Update | Action::Delete) => {
            Some(id)
        }
        _ => {
            let written = call.cx.types.written(result);
            let message = format!("`{}` answers {expected}, not `{written}`", action.name());
            report.error(code::RESULT, call.result_span(), message);
            None
        }
    }
}

fn check_paging(argument: &Argument, report: &mut Report) {
    if argument.ty.base != Base::Scalar(Scalar::Int) || argument.ty.arity != Arity::One {
        report.error(code::BAD_TYPE, argument.span, format!("`{}` is an `Int`", argument.name));
    }
}

fn names_key(argument: &Argument, resource: &Resource) -> bool {
    argument.name == resource.key_field().name
}

/// The field that an argument is for: of the same name, or for `postId` the to-one field `post`.
fn field_for(resource: &Resource, argument: &str) -> Option<FieldId> {
    let to_one = |name: &str| {
        let id = resource.field_named(name)?;
        is_to_one(resource.field(id)).then_some(id)
    };
    // `productId` is the key of a `Product`, and of an `Order` the field `product` that points to one.
    let own_key = |stem: &str| stem.eq_ignore_ascii_case(&resource.name).then_some(resource.key);
    let by_stem = |stem: &str| to_one(stem).or_else(|| own_key(stem));
    resource.field_named(argument).or_else(|| argument.strip_suffix("Id").and_then(by_stem))
}

fn is_to_one(field: &Field) -> bool {
    matches!(field.ty.base, Base::Resource(_)) && field.ty.arity == Arity::One
}

/// Finds the field that an argument is for and checks that it can be.
pub(crate) fn map(
    call: &Call<'_>,
    resource: &Resource,
    argument: &mut Argument,
    usage: Use,
    report: &mut Report,
) -> Option<FieldId> {
    let Some(id) = field_for(resource, &argument.name) else {
        let message = format!("`{}` has no field for the argument `{}`", resource.name, argument.name);
        let known = resource.fields.iter().map(|field| field.name.as_str());
        report.unknown(code::ARGUMENT, argument.span, message, &argument.name, known);
        return None;
    };
    let field = resource.field(id);
    argument.field = Some(id);
    let Source::Column(column) = &field.source else {
        let message = format!("`{}.{}` is not stored in the row", resource.name, field.name);
        report.error(code::ARGUMENT, argument.span, message);
        return None;
    };
    match usage {
        Use::Filter => check_filter(resource, field, argument, report),
        Use::Value => check_value(resource, field, column, argument, report),
    }
    check_type(call, field, argument, report);
    Some(id)
}

fn check_filter(resource: &Resource, field: &Field, argument: &Argument, report: &mut Report) {
    if field.is_secret() {
        let message = format!("`{}.{}` is a secret: nobody can look for it", resource.name, field.name);
        report.error(code::SECRET, argument.span, message);
    } else if !is_comparable(field.ty) {
        let message = format!("rows cannot be found by `{}.{}`", resource.name, field.name);
        report.error(code::ARGUMENT, argument.span, message);
    }
}

fn check_value(
    resource: &Resource,
    field: &Field,
    column: &Column,
    argument: &Argument,
    report: &mut Report,
) {
    if column.assign.is_some() {
        let message =
            format!("the server assigns `{}.{}`, so no argument is for it", resource.name, field.name);
        report.error(code::ARGUMENT, argument.span, message);
    }
}

/// The argument is of the field's type, the key for a to-one field. A decimal without a scale takes the
/// field's.
fn check_type(call: &Call<'_>, field: &Field, argument: &mut Argument, report: &mut Report) {
    let expected = match field.ty.base {
        Base::Resource(_) => Base::Scalar(Scalar::Id),
        Base::Object(_) => Base::Scalar(Scalar::Json),
        other => other,
    };
    if scale(expected).is_some() && scale(argument.ty.base).is_some() && !has_scale(call, &argument.name) {
        argument.ty.base = expected;
    }
    let same = argument.ty.base == expected
        && matches!(argument.ty.arity, Arity::One) == matches!(field.ty.arity, Arity::One);
    let is_resolved = !report.is_unresolved(&field.name) && !report.is_unresolved(&argument.name);
    if !same && is_resolved {
        let wanted = TypeRef { base: expected, ..field.ty };
        let message = format!(
            "`{}` is for the field `{}`, so it is `{}`{}",
            argument.name,
            field.name,
            call.cx.types.written(TypeRef { required: argument.ty.required, ..wanted }),
            scale(expected).map_or_else(String::new, |scale| format!(" with the scale {scale}")),
        );
        report.error(code::BAD_TYPE, argument.span, message);
    }
}

fn scale(base: Base) -> Option<u8> {
    match base {
        Base::Scalar(Scalar::Decimal { scale }) => Some(scale),
        Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Input(_) => None,
        Base::Abstract(_) => None,
    }
}

fn has_scale(call: &Call<'_>, argument: &str) -> bool {
    call.definition.argument_by_name(argument).is_some_and(|a| a.directives.has("decimal"))
}

/// `@get` finds one row: by the key, or by something unique.
fn names_one(call: &Call<'_>, resource: &Resource, report: &mut Report) {
    let given: Vec<FieldId> = call.arguments.iter().filter_map(|a| a.field).collect();
    let alone = |id: &FieldId| {
        *id == resource.key || resource.field(*id).column().is_some_and(|column| column.unique)
    };
    let together = |set: &Vec<FieldId>| set.iter().all(|id| given.contains(id));
    if !(given.iter().any(alone) || resource.unique.iter().any(together)) {
        let message = format!("the arguments do not name one `{}`: none is the key or unique", resource.name);
        let found = Diagnostic::error(code::ARGUMENT, call.span(), message);
        report.push(found.with_help("`@list` answers all that match"));
    }
}

/// `@update` and `@delete` name the row by its key.
fn names_row(call: &Call<'_>, resource: &Resource, action: Action, report: &mut Report) {
    let key = call.arguments.iter().find(|argument| argument.field == Some(resource.key));
    if !key.is_some_and(always_has_value) {
        let message = format!("`{}` needs the argument `id: ID!`", action.name());
        report.error(code::ARGUMENT, call.span(), message);
    }
}

fn update(call: &Call<'_>, resource: &Resource, mapped: bool, report: &mut Report) {
    names_row(call, resource, Action::Update, report);
    let values = || call.arguments.iter().filter(|a| a.field.is_some_and(|field| field != resource.key));
    for argument in values() {
        let field = argument.field.map(|id| resource.field(id));
        if field.and_then(Field::column).is_some_and(|column| column.immutable) {
            let message = format!("`{}` is immutable: it is set once, at creation", argument.name);
            report.error(code::ARGUMENT, argument.span, message);
        }
    }
    if mapped && values().next().is_none() {
        report.error(code::ARGUMENT, call.span(), "`@update` changes nothing: no argument is for a field");
    }
}

fn create(call: &Call<'_>, resource: &Resource, mapped: bool, report: &mut Report) {
    if resource.key_kind != KeyKind::Client
        && let Some(argument) = call.arguments.iter().find(|a| a.field == Some(resource.key))
    {
        let message = format!("the keys of `{}` are made by the server", resource.name);
        let found = Diagnostic::error(code::ARGUMENT, argument.span, message);
        report.push(found.with_help("`@resource(id: CLIENT)` leaves them to the client"));
    }
    let is_set = |id: FieldId| {
        call.arguments.iter().any(|argument| argument.field == Some(id) && always_has_value(argument))
    };
    let unset: Vec<String> = resource
        .fields()
        .filter(|(id, field)| must_be_given(resource, *id, field) && !is_set(*id))
        .map(|(_, field)| format!("`{}`", field.name))
        .collect();
    // An argument that could not be mapped may have been meant for one of them.
    if mapped && !unset.is_empty() {
        let message =
            format!("`@create` leaves required fields of `{}` unset: {}", resource.name, unset.join(", "));
        report.error(code::UNSET_FIELD, call.span(), message);
    }
}

fn must_be_given(resource: &Resource, id: FieldId, field: &Field) -> bool {
    let made = id == resource.key && resource.key_kind != KeyKind::Client;
    let filled = field.column().is_none_or(|column| column.default.is_some() || column.assign.is_some());
    field.ty.required && !made && !filled
}
