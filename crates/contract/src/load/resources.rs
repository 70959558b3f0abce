//! Types with `@resource`.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::access::{self, Pending, RowAction, RulePlace};
use crate::load::columns::{identifier, is_comparable};
use crate::load::context::Context;
use crate::load::fields::{self, check_name, check_xml};
use crate::load::names;
use crate::load::operations::{cache, cost};
use crate::load::origin::{Applied, Directives};
use crate::load::places::{self, Place};
use crate::load::report::Report;
use crate::load::standard::Standard;
use crate::load::text::Text;
use crate::load::types::implements;
use crate::model::{
    Access, Arity, Base, Field, FieldId, KeyKind, Login, OnDelete, Resource, ResourceId, Scalar, Source,
    TypeRef,
};
use apollo_compiler::schema::ObjectType;
use std::collections::HashMap;

/// A resource with what is only needed while loading.
pub(crate) struct Draft {
    pub(crate) resource: Resource,
    /// The standard operations it has.
    pub(crate) standard: Vec<Standard>,
    /// Whether its plural is its own; if not, that its operations clash with others' goes without saying.
    pub(crate) distinct: bool,
}

/// All resources, without their rules.
pub(crate) fn resources(cx: &Context<'_>, pending: &mut Vec<Pending>, report: &mut Report) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = (0..)
        .zip(&cx.types.resources)
        .map(|(i, node)| resource(cx, ResourceId(i), node, pending, report))
        .collect();
    unique_names(cx, &mut drafts, report);
    keep_what_is_kept(&drafts, report);
    drafts
}

/// A row that is only marked as deleted can come back, so what goes with it has to be kept as well.
fn keep_what_is_kept(drafts: &[Draft], report: &mut Report) {
    for Draft { resource, .. } in drafts.iter().filter(|draft| !draft.resource.soft_delete) {
        for field in &resource.fields {
            let goes_along = field.column().is_some_and(|column| column.on_delete == OnDelete::Cascade);
            let target = field.target().map(|target| &drafts[target.index()].resource);
            let Some(target) = target.filter(|target| goes_along && target.soft_delete) else { continue };
            let message = format!(
                "a `{}` that is deleted is kept, and each `{}` of it would be removed for good",
                target.name, resource.name
            );
            let help = format!(
                "`{}` with `softDelete: true` goes along and is kept; or say RESTRICT",
                resource.name
            );
            report.push(Diagnostic::error(code::CONFLICT, field.span, message).with_help(help));
        }
    }
}

fn resource(
    cx: &Context<'_>,
    id: ResourceId,
    node: &ObjectType,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Draft {
    let directives = cx.of_type(&node.directives);
    let span = cx.span(&node.name);
    check_name(&node.name, span, report);
    places::check(Place::Resource, &directives, report);
    refuse_channel(&directives, report);
    let fields = fields::of_resource(cx, id, pending, report);
    check_xml(fields.iter().map(|f| (f.xml, f.span)), report);
    unique_columns(&fields, report);
    take_rules(cx, id, node, &directives, pending, report);
    let stored = directives.get("resource");
    let unique = sets(cx, id, &fields, &directives, "unique", report);
    let resource = Resource {
        name: node.name.to_string(),
        description: fields::description(&node.description),
        plural: plural(stored, &node.name, span, report),
        table: table(stored, &node.name),
        key: key(&fields, span, report),
        key_kind: key_kind(stored),
        login: login(cx, id, &fields, &unique, &directives, report),
        unique,
        indexes: sets(cx, id, &fields, &directives, "index", report),
        soft_delete: stored.is_some_and(|d| d.flag("softDelete")),
        access: Access::default(),
        cache: cache(&directives, report),
        cost: cost(&directives, report),
        deprecated: None,
        implements: implements(cx, &node.implements_interfaces),
        fields,
        span,
    };
    check_table(stored, &resource, report);
    let distinct = resource.plural != names::camel(&resource.name);
    Draft { resource, standard: standard(stored), distinct }
}

fn refuse_channel(directives: &Directives<'_>, report: &mut Report) {
    if let Some(channel) = directives.get("channel") {
        let message = "a type is stored (`@resource`) or a message (`@channel`), not both";
        report.error(code::CONFLICT, channel.span(), message);
    }
}

fn take_rules(
    cx: &Context<'_>,
    id: ResourceId,
    node: &ObjectType,
    directives: &Directives<'_>,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) {
    let actions = [
        ("read", RulePlace::Resource(id, RowAction::Read)),
        ("create", RulePlace::Resource(id, RowAction::Create)),
        ("update", RulePlace::Resource(id, RowAction::Update)),
        ("delete", RulePlace::Resource(id, RowAction::Delete)),
    ];
    access::take(cx, directives, &actions, pending, report);
    if !directives.has("access") {
        let message = format!("nobody can reach `{}`: it has no `@access`", node.name);
        let found = Diagnostic::warning(code::CLOSED, cx.span(&node.name), message);
        report.push(found.with_help(
            "`@access(read: \"…\", create: \"…\", update: \"…\", delete: \"…\")` has a rule for what may be done; \
             what has none stays closed",
        ));
    }
}

fn plural(stored: Option<Applied<'_>>, name: &str, span: Span, report: &mut Report) -> String {
    let singular = names::camel(name);
    let given = stored.and_then(|d| d.text("plural"));
    let (plural, place) = match given {
        Some(text) => (text.value.clone(), text.span()),
        None => (names::plural(&singular), span),
    };
    if plural.starts_with('_') {
        report.error(code::RESERVED, place, "names beginning with `_` are kept for Septet");
    } else if !names::is_identifier(&plural) || plural.starts_with(|c: char| c.is_ascii_uppercase()) {
        let message = "a plural is a lower-case letter, then letters, digits and `_`";
        report.error(code::BAD_NAME, place, message);
    } else if plural == singular {
        let message = format!("`{plural}` is the name of one already; many need another name");
        report.error(code::DUPLICATE, place, message);
    }
    plural
}

fn table(stored: Option<Applied<'_>>, name: &str) -> String {
    stored.and_then(|d| d.text("table")).map_or_else(|| names::snake(name), |text| text.value)
}

fn check_table(stored: Option<Applied<'_>>, resource: &Resource, report: &mut Report) {
    let place = stored.filter(|d| d.has("table")).map_or(resource.span, |d| d.place("table"));
    identifier(&resource.table, place, "a table's name", report);
}

fn key_kind(stored: Option<Applied<'_>>) -> KeyKind {
    match stored.and_then(|d| d.variant("id")) {
        Some("INTEGER") => KeyKind::Integer,
        Some("CLIENT") => KeyKind::Client,
        Some(_) | None => KeyKind::Uuid,
    }
}

fn standard(stored: Option<Applied<'_>>) -> Vec<Standard> {
    let Some(stored) = stored.filter(|d| d.has("operations")) else { return Standard::ALL.to_vec() };
    let names: Vec<&str> =
        stored.items("operations").iter().filter_map(|v| v.as_enum().map(|name| name.as_str())).collect();
    Standard::ALL.into_iter().filter(|standard| names.contains(&standard.name())).collect()
}

/// The field `id: ID!`.
fn key(fields: &[Field], span: Span, report: &mut Report) -> FieldId {
    let id = TypeRef { base: Base::Scalar(Scalar::Id), arity: Arity::One, required: true };
    let Some(at) = fields.iter().position(|field| field.name == "id") else {
        report.error(code::KEY, span, "a resource needs the key `id: ID!`");
        return FieldId(0);
    };
    let field = &fields[at];
    if field.ty != id {
        report.error(code::KEY, field.span, "the key of a resource is `id: ID!`");
    } else if !is_plain_key(field) {
        let message =
            "a key has no default, is not assigned, secret or computed; `@resource(id:)` says how it is made";
        report.error(code::KEY, field.span, message);
    }
    FieldId(u16::try_from(at).expect("bounded by MEMBERS_MAX"))
}

fn is_plain_key(field: &Field) -> bool {
    field.column().is_some_and(|c| c.default.is_none() && c.assign.is_none() && !c.secret)
}

/// The sets of fields of `@unique(fields:)` or `@index(fields:)` on the type.
fn sets(
    cx: &Context<'_>,
    id: ResourceId,
    fields: &[Field],
    directives: &Directives<'_>,
    name: &str,
    report: &mut Report,
) -> Vec<Vec<FieldId>> {
    let mut sets = Vec::new();
    for applied in directives.all(name) {
        if applied.items("fields").is_empty() {
            let message = format!("`@{name}` on a type needs `fields`");
            report.error(code::MISSING_ARGUMENT, applied.span(), message);
            continue;
        }
        let mut set = Vec::new();
        for text in applied.texts("fields") {
            let Some(field) = set_member(cx, id, fields, &text, name, report) else { continue };
            if set.contains(&field) {
                report.error(code::DUPLICATE, text.span(), format!("`{}` is named twice", text.value));
            } else {
                set.push(field);
            }
        }
        sets.push(set);
    }
    sets
}

fn set_member(
    cx: &Context<'_>,
    id: ResourceId,
    fields: &[Field],
    text: &Text,
    directive: &str,
    report: &mut Report,
) -> Option<FieldId> {
    let field = field_named(cx, id, text, report)?;
    let found = fields.get(field.index())?;
    match found.column() {
        Some(column) if column.secret => {
            let message = format!("`@{directive}` cannot compare a secret: only its hash is kept");
            report.error(code::SECRET, text.span(), message);
        }
        Some(_) if is_comparable(found.ty) => {}
        Some(_) | None => {
            let message = format!("`{}` is not a stored single value that can be compared", text.value);
            report.error(code::BAD_TYPE, text.span(), message);
        }
    }
    Some(field)
}

/// A field of the resource by a name in a string.
fn field_named(cx: &Context<'_>, id: ResourceId, text: &Text, report: &mut Report) -> Option<FieldId> {
    let found = cx.types.field(id, &text.value).map(|(field, _)| field);
    if found.is_none() {
        let message = format!("`{}` has no field `{}`", cx.types.name(Base::Resource(id)), text.value);
        let known = cx.types.field_names(id);
        report.unknown(code::UNKNOWN_FIELD, text.span(), message, &text.value, known);
    }
    found
}

fn login(
    cx: &Context<'_>,
    id: ResourceId,
    fields: &[Field],
    unique: &[Vec<FieldId>],
    directives: &Directives<'_>,
    report: &mut Report,
) -> Option<Login> {
    let login = directives.get("login")?;
    let (identity_text, secret_text) = (login.text("identity"), login.text("secret"));
    let identity = identity_text.as_ref().and_then(|text| field_named(cx, id, text, report));
    let secret = secret_text.as_ref().and_then(|text| field_named(cx, id, text, report));
    if let (Some(field), Some(text)) = (identity, &identity_text) {
        let alone = unique.iter().any(|set| set[..] == [field]);
        if !(alone || fields.get(field.index()).and_then(Field::column).is_some_and(|c| c.unique)) {
            let message = format!("`{}` does not name one person: it is not `@unique`", text.value);
            report.error(code::LOGIN, text.span(), message);
        }
    }
    if let (Some(field), Some(text)) = (secret, &secret_text)
        && !fields.get(field.index()).is_some_and(Field::is_secret)
    {
        let message = format!("`{}` proves nothing: it is not `@secret`", text.value);
        report.error(code::LOGIN, text.span(), message);
    }
    Some(Login { identity: identity?, secret: secret? })
}

fn unique_columns(fields: &[Field], report: &mut Report) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for field in fields {
        let Source::Column(column) = &field.source else { continue };
        match seen.get(&column.name.to_ascii_lowercase()) {
            Some(other) => {
                let message = format!("the column `{}` is that of `{other}` already", column.name);
                let found = Diagnostic::error(code::DUPLICATE, field.span, message);
                report.push(found.with_help("`@column(name:)` gives it another one"));
            }
            None => {
                seen.insert(column.name.to_ascii_lowercase(), &field.name);
            }
        }
        // A name that `@column` gives is checked there, and one that begins with `_` as the field's.
        let derived = column.name == names::snake(&field.name) && !field.name.starts_with('_');
        if let Some(why) = names::reserved_identifier(&column.name).filter(|_| derived) {
            report.error(code::RESERVED, field.span, why);
        }
    }
}

/// Tables and plurals are unique whatever their case: databases and people do not tell them apart.
fn unique_names(cx: &Context<'_>, drafts: &mut [Draft], report: &mut Report) {
    let (mut tables, mut plurals) = (HashMap::new(), HashMap::new());
    for (Draft { resource, distinct, .. }, node) in drafts.iter_mut().zip(&cx.types.resources) {
        let stored = cx.of_type(&node.directives).get("resource");
        let place =
            |argument| stored.filter(|d| d.has(argument)).map_or(resource.span, |d| d.place(argument));
        let taken = |what: &str, name: &str, other: &str, span| {
            let found = Diagnostic::error(
                code::DUPLICATE,
                span,
                format!("the {what} `{name}` is that of `{other}` already"),
            );
            found.with_help(format!("`@resource({what}:)` gives it another one"))
        };
        if let Some(other) = tables.insert(resource.table.to_ascii_lowercase(), &resource.name) {
            report.push(taken("table", &resource.table, other, place("table")));
        }
        if let Some(other) = plurals.insert(resource.plural.to_ascii_lowercase(), &resource.name) {
            report.push(taken("plural", &resource.plural, other, place("plural")));
            *distinct = false;
        }
    }
}
