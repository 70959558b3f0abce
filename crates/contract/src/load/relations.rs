//! `@relation`: to-many fields, and what a deletion does to to-one fields.

use crate::code;
use crate::diagnostic::Diagnostic;
use crate::load::columns::Stored;
use crate::load::context::Context;
use crate::load::origin::Applied;
use crate::load::report::Report;
use crate::load::text::Text;
use crate::load::values::few;
use crate::model::{Arity, Base, FieldId, OnDelete, Relation, ResourceId};
use apollo_compiler::ast::FieldDefinition;

/// `@relation(onDelete:)` of a stored field.
pub(crate) fn on_delete(field: &Stored<'_>, report: &mut Report) -> OnDelete {
    let Some(relation) = field.directives.get("relation") else { return OnDelete::Restrict };
    if !matches!((field.ty.base, field.ty.arity), (Base::Resource(_), Arity::One)) {
        report.error(
            code::BAD_TYPE,
            relation.span(),
            "`@relation` fits only fields whose type is a resource",
        );
        return OnDelete::Restrict;
    }
    for argument in relation.arguments().filter(|name| *name != "onDelete") {
        let message = format!("a to-one field takes only `onDelete`, `{argument}` is for to-many fields");
        report.error(code::CONFLICT, field.cx.span(argument), message);
    }
    match relation.variant("onDelete") {
        Some("CASCADE") => OnDelete::Cascade,
        Some("SET_NULL") => {
            if field.ty.required {
                let message = "`SET_NULL` needs a nullable field";
                report.error(code::BAD_VALUE, relation.place("onDelete"), message);
            }
            OnDelete::SetNull
        }
        Some(_) | None => OnDelete::Restrict,
    }
}

/// A to-many field on its way to becoming a relation.
pub(crate) struct ToMany<'a> {
    pub(crate) cx: &'a Context<'a>,
    pub(crate) owner: ResourceId,
    pub(crate) target: ResourceId,
    pub(crate) definition: &'a FieldDefinition,
    pub(crate) relation: Option<Applied<'a>>,
}

impl ToMany<'_> {
    /// The relation, or `None` when it does not lead anywhere, which is then reported.
    pub(crate) fn resolve(&self, report: &mut Report) -> Option<Relation> {
        let Some(relation) = self.relation else {
            self.report_missing(report);
            return None;
        };
        if relation.has("onDelete") {
            let message = "`onDelete` stands on the to-one field at the other end";
            report.error(code::CONFLICT, relation.place("onDelete"), message);
        }
        match (relation.has("by"), relation.has("through")) {
            (true, false) => self.by(relation, report),
            (false, true) => self.through(relation, report),
            (true, true) => {
                let message = "a relation goes `by` a field or `through` a resource, not both";
                report.error(code::CONFLICT, relation.place("through"), message);
                None
            }
            (false, false) => {
                let message = "a to-many relation needs `by`, or `through` with `from` and `to`";
                report.error(code::MISSING_ARGUMENT, relation.span(), message);
                None
            }
        }
    }

    fn report_missing(&self, report: &mut Report) {
        let target = &self.cx.types.resources[self.target.index()].name;
        let message = format!("a list of `{target}` needs `@relation`");
        let mut found = Diagnostic::error(code::RELATION, self.cx.span(&self.definition.name), message);
        if let [only] = self.to_one_fields(self.target, self.owner)[..] {
            found = found.with_help(format!("did you mean `@relation(by: \"{only}\")`?"));
        }
        report.push(found);
    }

    fn by(&self, relation: Applied<'_>, report: &mut Report) -> Option<Relation> {
        for extra in relation.arguments().filter(|name| *name == "from" || *name == "to") {
            report.error(code::CONFLICT, self.cx.span(extra), format!("`{extra}` goes with `through`"));
        }
        let by = relation.text("by")?;
        let field = self.end(&by, self.target, self.owner, report)?;
        Some(Relation::By { field })
    }

    fn through(&self, relation: Applied<'_>, report: &mut Report) -> Option<Relation> {
        let mut complete = true;
        for needed in ["from", "to"].into_iter().filter(|name| !relation.has(name)) {
            report.error(code::MISSING_ARGUMENT, relation.span(), format!("`through` needs `{needed}`"));
            complete = false;
        }
        let name = relation.text("through")?;
        let Some(join) = self.cx.types.resource(&name.value) else {
            let message = format!("there is no resource `{}`", name.value);
            let known = self.cx.types.resource_names();
            report.unknown(code::UNKNOWN_TYPE, name.span(), message, &name.value, known);
            return None;
        };
        if !complete {
            return None;
        }
        let (from, to) = (relation.text("from")?, relation.text("to")?);
        let from_field = self.end(&from, join, self.owner, report);
        let to_field = self.end(&to, join, self.target, report);
        if from_field.is_some() && from_field == to_field {
            report.error(code::RELATION, to.span(), "`from` and `to` are the same field");
        }
        Some(Relation::Through { join, from: from_field?, to: to_field? })
    }

    /// The to-one field of `holder` that is named `name` and points to `pointed`.
    fn end(
        &self,
        name: &Text,
        holder: ResourceId,
        pointed: ResourceId,
        report: &mut Report,
    ) -> Option<FieldId> {
        let types = &self.cx.types;
        let named = |id: ResourceId| types.resources[id.index()].name.as_str();
        let candidates = self.to_one_fields(holder, pointed);
        let Some((id, definition)) = types.field(holder, &name.value) else {
            let message = format!("`{}` has no field `{}`", named(holder), name.value);
            let near = if candidates.len() == 1 { candidates } else { types.field_names(holder).collect() };
            report.unknown(code::UNKNOWN_FIELD, name.span(), message, &name.value, near);
            return None;
        };
        if types.to_one(definition) == Some(pointed) {
            return Some(id);
        }
        if types.base(definition.ty.inner_named_type()).is_some() {
            let message =
                format!("`{}.{}` does not point to `{}`", named(holder), name.value, named(pointed));
            let found = Diagnostic::error(code::RELATION, name.span(), message);
            report.push(match candidates.is_empty() {
                true => found.with_help(format!("`{}` has no field that does", named(holder))),
                false => found.with_help(format!("these do: {}", few(candidates.into_iter()))),
            });
        }
        None
    }

    fn to_one_fields(&self, holder: ResourceId, pointed: ResourceId) -> Vec<&str> {
        let types = &self.cx.types;
        let fields = types.resources[holder.index()].fields.values();
        fields.filter(|f| types.to_one(f) == Some(pointed)).map(|f| f.name.as_str()).collect()
    }
}
