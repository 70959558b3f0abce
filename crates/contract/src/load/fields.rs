//! The fields of resources, messages, output objects and interfaces.

use crate::code;
use crate::diagnostic::Span;
use crate::load::access::{self, FieldAction, Pending, RulePlace};
use crate::load::bounds::MEMBERS_MAX;
use crate::load::checks;
use crate::load::columns::{self, Stored};
use crate::load::context::Context;
use crate::load::names;
use crate::load::origin::Directives;
use crate::load::places::{self, Place};
use crate::load::relations::ToMany;
use crate::load::report::Report;
use crate::model::{
    Arity, Base, Checks, Column, Field, FieldId, OnDelete, ResourceId, Scalar, Source, TypeRef, Xml,
};
use crate::rule::{Expr, Rule};
use apollo_compiler::Node;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::Component;
use apollo_compiler::{Name, ast};

/// A type's fields as the library keeps them.
pub(crate) type Definitions = IndexMap<Name, Component<FieldDefinition>>;

/// The reason of `@deprecated`.
pub(crate) fn deprecated(directives: &Directives<'_>) -> Option<String> {
    let reason = directives.get("deprecated")?.text("reason").map(|text| text.value);
    Some(reason.unwrap_or_else(|| "No longer supported".to_owned()))
}

/// A description's text.
pub(crate) fn description(node: &Option<Node<str>>) -> Option<String> {
    node.as_ref().map(|text| text.to_string()).filter(|text| !text.is_empty())
}

/// The fields with their positions, as many as a type may have.
pub(crate) fn bounded<'a>(
    cx: &Context<'_>,
    fields: &'a Definitions,
    report: &mut Report,
) -> impl Iterator<Item = (usize, &'a Node<FieldDefinition>)> + use<'a> {
    if let Some((name, _)) = fields.get_index(MEMBERS_MAX) {
        let message = format!("a type has at most {MEMBERS_MAX} fields");
        report.error(code::TOO_MANY, cx.span(name), message);
    }
    fields.values().map(|component| &component.node).enumerate().take(MEMBERS_MAX)
}

/// A protobuf number: by order, from 1.
pub(crate) fn number(position: usize) -> u32 {
    u32::try_from(position + 1).expect("bounded by ITEMS_MAX")
}

fn field_id(position: usize) -> FieldId {
    FieldId(u16::try_from(position).expect("bounded by MEMBERS_MAX"))
}

/// What a field is before its source is known.
fn outline(cx: &Context<'_>, definition: &FieldDefinition, position: usize, ty: TypeRef) -> Field {
    let directives = cx.of_member(&definition.directives);
    Field {
        name: definition.name.to_string(),
        description: description(&definition.description),
        deprecated: deprecated(&directives),
        ty,
        source: Source::Result,
        read: None,
        write: None,
        checks: Checks::default(),
        number: number(position),
        xml: Xml::Element,
        span: cx.span(&definition.name),
    }
}

/// Stands for a type that could not be resolved; the contract is refused.
const UNRESOLVED: TypeRef = TypeRef { base: Base::Scalar(Scalar::Json), arity: Arity::One, required: false };

fn check_shape(cx: &Context<'_>, definition: &FieldDefinition, report: &mut Report) {
    if let Some(argument) = definition.arguments.first() {
        let message = "fields take no arguments; to-many relations have filter, order, limit and offset on every \
                       protocol by themselves";
        report.error(code::MISPLACED, cx.span(&argument.name), message);
    }
    check_name(&definition.name, cx.span(&definition.name), report);
}

/// Names beginning with `_` are for what Septet adds to a contract.
pub(crate) fn check_name(name: &str, span: Span, report: &mut Report) {
    // Two underscores are GraphQL's, which has said so.
    if name.starts_with('_') && !name.starts_with("__") {
        report.error(code::RESERVED, span, "names beginning with `_` are kept for Septet");
    }
}

/// A resource's fields.
pub(crate) fn of_resource(
    cx: &Context<'_>,
    owner: ResourceId,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Vec<Field> {
    let definitions = &cx.types.resources[owner.index()].fields;
    bounded(cx, definitions, report)
        .map(|(position, definition)| {
            let field = StoredField { cx, owner, definition, id: field_id(position) };
            field.build(position, pending, report)
        })
        .collect()
}

struct StoredField<'a> {
    cx: &'a Context<'a>,
    owner: ResourceId,
    definition: &'a FieldDefinition,
    id: FieldId,
}

impl StoredField<'_> {
    fn build(&self, position: usize, pending: &mut Vec<Pending>, report: &mut Report) -> Field {
        let (cx, definition) = (self.cx, self.definition);
        let directives = cx.of_member(&definition.directives);
        check_shape(cx, definition, report);
        places::check(Place::ResourceField, &directives, report);
        let Some(ty) = cx.type_ref(&definition.ty, report) else {
            report.leave_unresolved(&definition.name);
            return Field {
                source: Source::Column(bare_column(&definition.name)),
                ..outline(cx, definition, position, UNRESOLVED)
            };
        };
        let ty = checks::scaled(&directives, ty, report);
        let checks = checks::checks(cx, &directives, ty, report);
        let source = self.source(&directives, ty, &checks, pending, report);
        let actions = [
            ("read", RulePlace::Field(self.owner, self.id, FieldAction::Read)),
            ("write", RulePlace::Field(self.owner, self.id, FieldAction::Write)),
        ];
        access::take(cx, &directives, &actions, pending, report);
        let xml = xml(&directives, ty, report);
        Field { source, checks, xml, ..outline(cx, definition, position, ty) }
    }

    fn source(
        &self,
        directives: &Directives<'_>,
        ty: TypeRef,
        checks: &Checks,
        pending: &mut Vec<Pending>,
        report: &mut Report,
    ) -> Source {
        let cx = self.cx;
        if directives.has("computed") {
            return self.computed(directives, ty, pending, report);
        }
        match (ty.base, ty.arity) {
            (Base::Resource(target), Arity::List { .. }) => {
                refuse_on_relation(directives, report);
                let relation = directives.get("relation");
                let to_many = ToMany { cx, owner: self.owner, target, definition: self.definition, relation };
                to_many.resolve(report).map_or_else(
                    || {
                        report.leave_unresolved(&self.definition.name);
                        Source::Result
                    },
                    Source::Relation,
                )
            }
            (Base::Abstract(_), _) => {
                let message =
                    format!("`{}` is only for results: a column holds one type", cx.types.name(ty.base));
                report.error(code::BAD_TYPE, cx.span(self.definition.ty.inner_named_type()), message);
                Source::Column(bare_column(&self.definition.name))
            }
            (Base::Object(object), _) if !cx.types.is_value(object) => {
                let message =
                    format!("`{}` has rows inside, so it cannot be kept in one", cx.types.name(ty.base));
                report.error(code::BAD_TYPE, type_span(cx, &self.definition.ty), message);
                Source::Column(bare_column(&self.definition.name))
            }
            (Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Input(_), _) => {
                let stored = Stored { cx, directives, name: &self.definition.name, ty, checks };
                Source::Column(columns::column(&stored, report))
            }
        }
    }

    fn computed(
        &self,
        directives: &Directives<'_>,
        ty: TypeRef,
        pending: &mut Vec<Pending>,
        report: &mut Report,
    ) -> Source {
        let allowed = ["computed", "access", "decimal", "xml", "deprecated"];
        for other in directives.iter().filter(|d| !allowed.contains(&d.name())) {
            let message = format!("a computed field is not stored, so it has no `@{}`", other.name());
            report.error(code::CONFLICT, other.span(), message);
        }
        if let Some(access) = directives.get("access")
            && access.has("write")
        {
            report.error(code::CONFLICT, access.place("write"), "nobody writes a computed field");
        }
        if !columns::is_comparable(ty) || matches!(ty.base, Base::Resource(_)) {
            let span = self.cx.span(self.definition.ty.inner_named_type());
            report.error(code::BAD_TYPE, span, "a computed field is a single scalar or enum");
            return Source::Result;
        }
        let text = directives.get("computed").and_then(|d| d.text("expr"));
        let rule = Rule {
            source: text.as_ref().map(|t| t.value.clone()).unwrap_or_default(),
            span: text.as_ref().map_or_else(|| self.cx.span(&self.definition.name), |t| t.span()),
            expr: Expr::Error,
        };
        pending.extend(text.map(|text| Pending { place: RulePlace::Computed(self.owner, self.id), text }));
        Source::Computed(rule)
    }
}

fn refuse_on_relation(directives: &Directives<'_>, report: &mut Report) {
    let stored = ["column", "unique", "index", "default", "assign", "immutable", "secret"];
    for other in directives.iter().filter(|d| stored.contains(&d.name())) {
        let message = format!("a to-many relation has no column, so it has no `@{}`", other.name());
        report.error(code::CONFLICT, other.span(), message);
    }
    if let Some(access) = directives.get("access")
        && access.has("write")
    {
        report.error(code::CONFLICT, access.place("write"), "a to-many relation is written at its other end");
    }
}

fn bare_column(field: &str) -> Column {
    Column {
        name: names::snake(field),
        unique: false,
        index: false,
        default: None,
        assign: None,
        immutable: false,
        secret: false,
        on_delete: OnDelete::Restrict,
    }
}

/// A message's fields: kept by the channel's history, so they may have defaults and be assigned.
pub(crate) fn of_message(cx: &Context<'_>, definitions: &Definitions, report: &mut Report) -> Vec<Field> {
    bounded(cx, definitions, report).map(|(i, definition)| message_field(cx, definition, i, report)).collect()
}

fn message_field(
    cx: &Context<'_>,
    definition: &FieldDefinition,
    position: usize,
    report: &mut Report,
) -> Field {
    let field = unstored(cx, definition, position, Place::MessageField, report);
    let directives = cx.of_member(&definition.directives);
    let stored =
        Stored { cx, directives: &directives, name: &definition.name, ty: field.ty, checks: &field.checks };
    let column = columns::column(&stored, report);
    Field { source: Source::Column(column), ..field }
}

/// An output object's fields.
pub(crate) fn of_object(
    cx: &Context<'_>,
    definitions: &Definitions,
    place: Place,
    report: &mut Report,
) -> Vec<Field> {
    bounded(cx, definitions, report)
        .map(|(i, definition)| unstored(cx, definition, i, place, report))
        .collect()
}

fn unstored(
    cx: &Context<'_>,
    definition: &FieldDefinition,
    position: usize,
    place: Place,
    report: &mut Report,
) -> Field {
    let directives = cx.of_member(&definition.directives);
    check_shape(cx, definition, report);
    places::check(place, &directives, report);
    let Some(ty) = cx.type_ref(&definition.ty, report) else {
        report.leave_unresolved(&definition.name);
        return outline(cx, definition, position, UNRESOLVED);
    };
    let ty = checks::scaled(&directives, ty, report);
    let checks = match place {
        Place::InterfaceField => Checks::default(),
        _ => checks::checks(cx, &directives, ty, report),
    };
    let xml = xml(&directives, ty, report);
    Field { checks, xml, ..outline(cx, definition, position, ty) }
}

/// `@xml` of one member.
pub(crate) fn xml(directives: &Directives<'_>, ty: TypeRef, report: &mut Report) -> Xml {
    let Some(applied) = directives.get("xml") else { return Xml::Element };
    let xml = match (applied.flag("attribute"), applied.flag("text")) {
        (false, false) => return Xml::Element,
        (true, false) => Xml::Attribute,
        (false, true) => Xml::Text,
        (true, true) => {
            report.error(
                code::CONFLICT,
                applied.place("text"),
                "a value is an attribute or the text, not both",
            );
            Xml::Text
        }
    };
    let plain = match ty.base {
        Base::Scalar(scalar) => scalar != Scalar::Json,
        Base::Enum(_) | Base::Resource(_) => true,
        Base::Object(_) | Base::Input(_) | Base::Abstract(_) => false,
    };
    if !plain || ty.arity != Arity::One {
        report.error(
            code::BAD_TYPE,
            applied.span(),
            "an XML attribute or text holds a single scalar or enum",
        );
    }
    xml
}

/// Checks that at most one member is the element's text, and that all others are attributes then.
pub(crate) fn check_xml(members: impl Iterator<Item = (Xml, Span)> + Clone, report: &mut Report) {
    let mut texts = members.clone().filter(|(xml, _)| *xml == Xml::Text);
    let Some(_) = texts.next() else { return };
    for (_, span) in texts {
        report.error(code::CONFLICT, span, "an XML element has one text, and another member is it already");
    }
    for (_, span) in members.filter(|(xml, _)| *xml == Xml::Element) {
        let message = "another member is the XML element's text, so this one has to be an attribute";
        report.error(code::CONFLICT, span, message);
    }
}

/// The place of the name in a type.
pub(crate) fn type_span(cx: &Context<'_>, ty: &ast::Type) -> Span {
    cx.span(ty.inner_named_type())
}
