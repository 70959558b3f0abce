//! Selections: checked once, for one call or for many.

use super::validate::{Chosen, ResultField, ResultPart, ResultWanted, SqlWanted};
use crate::call::{Item, Measure, Selected, Selection};
use crate::engine::{Engine, Prepared};
use crate::fault::Fault;
use crate::select::{Resolver, Wanted, no_field, totals};
use contract::{Base, Binding, FieldId, ObjectId, Operation, OperationId, ResourceId};
use std::sync::Arc;

impl Engine {
    /// Checks a selection of an operation's result once for many calls. What the rules say of it is asked on each.
    ///
    /// # Errors
    /// As [`Engine::call`] would for the same selection.
    pub fn prepare_selection(&self, id: OperationId, selection: &Selection) -> Result<Prepared, Fault> {
        let chosen = self.chosen(self.contract.operation(id), selection)?;
        Ok(Prepared::new(&self.contract, id, chosen))
    }

    fn chosen(&self, operation: &Operation, selection: &Selection) -> Result<Chosen, Fault> {
        let mut resolver = Resolver::new(&self.contract, &self.settings);
        if let Binding::Aggregate(resource) = operation.binding {
            let totals = totals(&self.contract, &self.settings, resource, selection)?;
            return Ok(Chosen::Totals(Arc::new(totals)));
        }
        match operation.result.base {
            Base::Resource(id) => Ok(Chosen::Records(Arc::new(resolver.selection(id, selection)?))),
            Base::Object(id) => {
                Ok(Chosen::Result(id, Arc::new(self.result_items(&mut resolver, id, selection)?)))
            }
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => Ok(Chosen::Nothing),
        }
    }

    fn choice(&self, operation: &Operation, selected: &Selected) -> Result<Option<Chosen>, Fault> {
        match selected {
            Selected::Default => Ok(None),
            Selected::These(selection) => self.chosen(operation, selection).map(Some),
            Selected::Prepared(prepared) => {
                match std::ptr::eq(self.contract.operation(prepared.operation), operation) {
                    true => Ok(Some(prepared.chosen.clone())),
                    false => Err(Fault::internal("a selection was prepared for another operation")),
                }
            }
        }
    }

    /// What is wanted of the records that an operation answers.
    pub(super) fn records(
        &self,
        operation: &Operation,
        resource: ResourceId,
        selected: &Selected,
    ) -> Result<Arc<Wanted>, Fault> {
        let wanted = self.records_if_asked(operation, resource, selected)?;
        Ok(wanted.unwrap_or_else(|| Arc::clone(&self.stars[resource.index()])))
    }

    pub(super) fn records_if_asked(
        &self,
        operation: &Operation,
        resource: ResourceId,
        selected: &Selected,
    ) -> Result<Option<Arc<Wanted>>, Fault> {
        match self.choice(operation, selected)? {
            None => Ok(None),
            Some(Chosen::Records(wanted)) if wanted.resource == resource => Ok(Some(wanted)),
            Some(Chosen::Records(_) | Chosen::Result(..) | Chosen::Totals(_) | Chosen::Nothing) => {
                Err(Fault::internal("a selection of something else than the operation answers"))
            }
        }
    }

    /// What is wanted of an aggregate: the number of rows, unless something is asked for.
    pub(super) fn totals(
        &self,
        operation: &Operation,
        resource: ResourceId,
        selected: &Selected,
    ) -> Result<Arc<crate::select::Totals>, Fault> {
        match self.choice(operation, selected)? {
            Some(Chosen::Totals(totals)) => Ok(totals),
            Some(Chosen::Records(_) | Chosen::Result(..) | Chosen::Nothing) => {
                Err(Fault::internal("a selection of something else than an aggregate"))
            }
            None => {
                let count = Item::Measure { measure: Measure::Count, name: None, alias: "count".to_owned() };
                let selection = Selection { items: vec![count], type_name: None };
                totals(&self.contract, &self.settings, resource, &selection).map(Arc::new)
            }
        }
    }

    pub(super) fn sql_wanted(&self, operation: &Operation, selected: &Selected) -> Result<SqlWanted, Fault> {
        match operation.result.base {
            Base::Resource(id) => Ok(SqlWanted::Records(self.records(operation, id, selected)?)),
            Base::Object(id) => {
                let items = match self.choice(operation, selected)? {
                    Some(Chosen::Result(object, items)) if object == id => items,
                    Some(Chosen::Result(..) | Chosen::Records(_) | Chosen::Totals(_) | Chosen::Nothing) => {
                        return Err(Fault::internal("a selection of another object"));
                    }
                    None => {
                        let fields = self.contract.objects[id.index()].fields.len();
                        Arc::new((0..fields).map(|at| plain(FieldId(at as u16), None)).collect())
                    }
                };
                Ok(SqlWanted::Object { object: id, items })
            }
            Base::Scalar(_) | Base::Enum(_) => Ok(SqlWanted::Scalar),
            Base::Input(_) | Base::Abstract(_) => Ok(SqlWanted::Nothing),
        }
    }

    fn result_items(
        &self,
        resolver: &mut Resolver<'_>,
        id: ObjectId,
        selection: &Selection,
    ) -> Result<Vec<ResultWanted>, Fault> {
        let object = &self.contract.objects[id.index()];
        let named = |name: &str| {
            let at = object.fields.iter().position(|f| f.name == name);
            at.map(|i| FieldId(i as u16)).ok_or_else(|| {
                let message = no_field("select", name, &object.name, "");
                Fault::invalid_field("select", "UNKNOWN", message)
            })
        };
        let not_of_objects = |what: &str| {
            let message = format!("`{what}` is not for objects that are not stored");
            Fault::invalid_field("select", "RELATION", message)
        };
        let mut items = Vec::new();
        for item in &selection.items {
            match item {
                Item::All => {
                    items.extend((0..object.fields.len()).map(|at| plain(FieldId(at as u16), None)));
                }
                Item::Field { name, alias, .. } => items.push(plain(named(name)?, alias.as_deref())),
                Item::Relation { name, alias, selection, .. } => {
                    let field = named(name)?;
                    let part = match object.fields[field.index()].ty.base {
                        Base::Resource(target) => ResultPart::Record(resolver.selection(target, selection)?),
                        Base::Object(inside) => ResultPart::Members(resolver.members(inside, selection, 1)?),
                        Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => {
                            return Err(not_of_objects(name));
                        }
                    };
                    let alias = alias.as_deref().map(Into::into);
                    items.push(ResultWanted::Field(ResultField { field, alias, part }));
                }
                Item::TypeName { alias } => items.push(ResultWanted::TypeName(alias.as_str().into())),
                Item::Count { name, .. } => return Err(not_of_objects(name)),
                Item::Version { alias }
                | Item::Cursor { alias }
                | Item::Measure { alias, .. }
                | Item::Group { alias, .. } => return Err(not_of_objects(alias)),
            }
        }
        Ok(items)
    }
}

fn plain(field: FieldId, alias: Option<&str>) -> ResultWanted {
    ResultWanted::Field(ResultField { field, alias: alias.map(Into::into), part: ResultPart::Whole })
}
