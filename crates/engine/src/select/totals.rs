//! What is wanted of groups of records, checked against the contract.

use super::resolve::named;
use super::wanted::{Totals, TotalsItem, TotalsWhat};
use crate::call::{Item, Measure, Selection};
use crate::fault::Fault;
use crate::settings::Settings;
use contract::{Arity, Base, Contract, Field, FieldId, Resource, ResourceId, Scalar, Source};

/// Levels of records in records at the most.
const DEPTH_MAX: usize = 4;

/// Checks a selection of an aggregate.
pub(crate) fn totals(
    contract: &Contract,
    settings: &Settings,
    id: ResourceId,
    selection: &Selection,
) -> Result<Totals, Fault> {
    let mut reading = Reading { resource: contract.resource(id), items_left: settings.selection_items_max };
    let items = reading.items(selection, 0)?;
    let type_name = type_name(selection);
    Ok(Totals { resource: id, items, type_name })
}

impl Totals {
    /// Whether it names a field that records are grouped by.
    pub fn has_keys(&self) -> bool {
        fn any(items: &[TotalsItem]) -> bool {
            items.iter().any(|item| match &item.what {
                TotalsWhat::Key(_) => true,
                TotalsWhat::Group { items, .. } => any(items),
                TotalsWhat::Count | TotalsWhat::Measure(..) | TotalsWhat::TypeName => false,
            })
        }
        any(&self.items)
    }
}

struct Reading<'a> {
    resource: &'a Resource,
    items_left: usize,
}

impl Reading<'_> {
    fn items(&mut self, selection: &Selection, depth: usize) -> Result<Vec<TotalsItem>, Fault> {
        if depth > DEPTH_MAX {
            return Err(invalid("DEPTH", format!("is nested more than {DEPTH_MAX} levels deep")));
        }
        self.items_left = self
            .items_left
            .checked_sub(selection.items.len())
            .ok_or_else(|| invalid("SIZE", "holds too many fields".to_owned()))?;
        let items = selection.items.iter().map(|item| self.item(item, depth));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        match items.iter().enumerate().find(|(at, item)| items[..*at].iter().any(|i| i.alias == item.alias)) {
            Some((_, twice)) => Err(invalid("DUPLICATE", format!("names `{}` twice", twice.alias))),
            None => Ok(items),
        }
    }

    fn item(&mut self, item: &Item, depth: usize) -> Result<TotalsItem, Fault> {
        let (alias, what) = match item {
            Item::Field { name, alias, json } if json.steps.is_empty() => {
                (alias.as_deref().unwrap_or(name), TotalsWhat::Key(self.key(name)?))
            }
            Item::Measure { measure: Measure::Count, name: None, alias } => {
                (alias.as_str(), TotalsWhat::Count)
            }
            Item::Measure { measure, name, alias } => {
                let name = name.as_deref().unwrap_or_default();
                (alias.as_str(), TotalsWhat::Measure(*measure, self.measured(*measure, name)?))
            }
            Item::TypeName { alias } => (alias.as_str(), TotalsWhat::TypeName),
            Item::Group { selection, alias, number } => {
                let items = self.items(selection, depth + 1)?;
                (
                    alias.as_str(),
                    TotalsWhat::Group { items, type_name: type_name(selection), number: *number },
                )
            }
            Item::All
            | Item::Field { .. }
            | Item::Relation { .. }
            | Item::Count { .. }
            | Item::Version { .. }
            | Item::Cursor { .. } => {
                let message = "can hold only fields and functions beside a function";
                return Err(invalid("AGGREGATE", message.to_owned()));
            }
        };
        Ok(TotalsItem { alias: alias.into(), what })
    }

    /// A field that records can be grouped by.
    fn key(&self, name: &str) -> Result<FieldId, Fault> {
        let id = named(self.resource, name, "select")?;
        let field = self.resource.field(id);
        if can_group(field) {
            return Ok(id);
        }
        Err(invalid("AGGREGATE", format!("`{name}` cannot be grouped by")))
    }

    fn measured(&self, measure: Measure, name: &str) -> Result<FieldId, Fault> {
        let id = named(self.resource, name, "select")?;
        if fits(measure, self.resource.field(id)) {
            return Ok(id);
        }
        let function = match measure {
            Measure::Count => "count",
            Measure::Sum => "sum",
            Measure::Average => "average",
            Measure::Least => "least value",
            Measure::Greatest => "greatest value",
        };
        Err(invalid("AGGREGATE", format!("`{name}` has no {function}")))
    }
}

fn type_name(selection: &Selection) -> Box<str> {
    selection.type_name.as_deref().unwrap_or("Aggregate").into()
}

/// Whether records can be grouped by a field: one whose equal values are one value.
fn can_group(field: &Field) -> bool {
    match (own_value(field), field.ty.base) {
        (true, Base::Scalar(Scalar::Json | Scalar::Bytes)) | (false, _) => false,
        (true, Base::Scalar(_) | Base::Enum(_) | Base::Resource(_)) => true,
        (true, Base::Object(_) | Base::Input(_) | Base::Abstract(_)) => false,
    }
}

fn fits(measure: Measure, field: &Field) -> bool {
    let scalar = match field.ty.base {
        Base::Scalar(scalar) => Some(scalar),
        Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => None,
    };
    let is_number =
        matches!(scalar, Some(Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Decimal { .. }));
    own_value(field)
        && match measure {
            Measure::Count => true,
            Measure::Sum => is_number || scalar == Some(Scalar::Duration),
            Measure::Average => is_number,
            Measure::Least | Measure::Greatest => {
                scalar.is_some_and(|s| !matches!(s, Scalar::Boolean | Scalar::Json | Scalar::Bytes))
            }
        }
}

/// Whether a field is one value of the record's own.
fn own_value(field: &Field) -> bool {
    let is_kept = match &field.source {
        Source::Column(column) => !column.secret,
        Source::Computed(_) => true,
        Source::Relation(_) | Source::Result => false,
    };
    is_kept && field.ty.arity == Arity::One
}

fn invalid(code: &'static str, message: String) -> Fault {
    Fault::invalid_field("select", code, message)
}
