//! Selection sets as selections of the engine.

use super::collect::{Collected, collect};
use super::{Arguments, location};
use crate::Graphql;
use crate::error::Problem;
use crate::values::Variables;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::SelectionSet;
use contract::{Base, Contract, Field, ObjectId, ResourceId};
use describe::fields::is_many;
use describe::graphql::{self as face, RecordField, names};
use describe::measure;
use engine::{Item, JsonPath, Kind, ListArgs, Measure, Selection};

/// The name of a type, at every object.
const TYPE_NAME: &str = "__typename";

/// Translates the selections of one request, or of all requests of a document.
#[derive(Clone, Copy)]
pub(crate) struct Translate<'a> {
    pub face: &'a Graphql,
    pub document: &'a ExecutableDocument,
    pub variables: &'a Variables,
}

impl<'a> Translate<'a> {
    fn contract(&self) -> &'a Contract {
        &self.face.contract
    }

    /// The fields of an object type.
    pub(crate) fn fields(&self, ty: &str, sets: &[&'a SelectionSet]) -> Vec<Collected<'a>> {
        collect(&self.face.schema, self.document, ty, sets, self.variables)
    }

    /// What is wanted of a resource's records.
    pub(crate) fn records(&self, id: ResourceId, sets: &[&'a SelectionSet]) -> Result<Selection, Problem> {
        let resource = self.contract().resource(id);
        let fields = self.fields(&resource.name, sets);
        let items = fields.into_iter().map(|field| self.record_item(id, &field));
        Ok(Selection { items: items.collect::<Result<_, _>>()?, type_name: None })
    }

    fn record_item(&self, id: ResourceId, collected: &Collected<'a>) -> Result<Item, Problem> {
        let resource = self.contract().resource(id);
        let (first, alias) = (collected.first(), || collected.key.to_owned());
        if first.name == TYPE_NAME {
            return Ok(Item::TypeName { alias: alias() });
        }
        match face::record_field(resource, &first.name) {
            None => Err(self.unknown(collected)),
            Some(RecordField::Version) => Ok(Item::Version { alias: alias() }),
            Some(RecordField::Count(field)) => {
                let arguments = self.arguments(collected)?;
                let field = resource.field(field);
                let filter = match field.target() {
                    Some(target) => self.condition(target, &arguments)?,
                    None => None,
                };
                Ok(Item::Count { name: field.name.clone(), alias: Some(alias()), filter })
            }
            Some(RecordField::Own(field)) => self.own_item(resource.field(field), collected),
        }
    }

    fn own_item(&self, field: &Field, collected: &Collected<'a>) -> Result<Item, Problem> {
        let (name, alias) = (field.name.clone(), renamed(field, collected));
        if let Base::Object(id) = field.ty.base {
            return self.members(id, name, alias, collected);
        }
        match field.target() {
            Some(target) => {
                let list = match is_many(field) {
                    true => self.list(target, &self.arguments(collected)?)?,
                    false => ListArgs::default(),
                };
                let selection = self.records(target, &collected.sets())?;
                Ok(Item::Relation { name, alias, selection, list, inner: false, spread: false })
            }
            None => {
                let arguments = self.arguments(collected)?;
                let steps = arguments.get(names::PATH).map(conditions::steps).unwrap_or_default();
                // A part of a JSON value has a name of its own, which is not the one that is asked for.
                let alias = if steps.is_empty() { alias } else { Some(collected.key.to_owned()) };
                Ok(Item::Field { name, alias, json: JsonPath { steps, as_text: false } })
            }
        }
    }

    /// What is wanted of an object in a field, or of each one of a list.
    fn members(
        &self,
        id: ObjectId,
        name: String,
        alias: Option<String>,
        collected: &Collected<'a>,
    ) -> Result<Item, Problem> {
        let selection = self.object(id, &collected.sets())?;
        Ok(Item::Relation { name, alias, selection, list: ListArgs::default(), inner: false, spread: false })
    }

    /// What is wanted of an output object.
    pub(crate) fn object(&self, id: ObjectId, sets: &[&'a SelectionSet]) -> Result<Selection, Problem> {
        let object = &self.contract().objects[id.index()];
        let item = |collected: Collected<'a>| -> Result<Item, Problem> {
            let first = collected.first();
            if first.name == TYPE_NAME {
                return Ok(Item::TypeName { alias: collected.key.to_owned() });
            }
            let field = object.fields.iter().find(|field| field.name == first.name.as_str());
            let field = field.ok_or_else(|| self.unknown(&collected))?;
            let (name, alias) = (field.name.clone(), renamed(field, &collected));
            if let Base::Object(id) = field.ty.base {
                return self.members(id, name, alias, &collected);
            }
            match field.target() {
                Some(target) => {
                    let selection = self.records(target, &collected.sets())?;
                    let list = ListArgs::default();
                    Ok(Item::Relation { name, alias, selection, list, inner: false, spread: false })
                }
                None => Ok(Item::Field { name, alias, json: JsonPath::default() }),
            }
        };
        let items = self.fields(&object.name, sets).into_iter().map(item);
        Ok(Selection { items: items.collect::<Result<_, _>>()?, type_name: None })
    }

    /// What is wanted of the result of an operation; nothing where it has no fields.
    pub(crate) fn result(&self, base: Base, sets: &[&'a SelectionSet]) -> Result<Option<Selection>, Problem> {
        match base {
            Base::Resource(id) => self.records(id, sets).map(Some),
            Base::Object(id) => self.object(id, sets).map(Some),
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => Ok(None),
        }
    }

    /// What is wanted of each edge of a connection.
    pub(crate) fn edge(&self, id: ResourceId, sets: &[&'a SelectionSet]) -> Result<Selection, Problem> {
        let ty = type_name(sets);
        let item = |collected: Collected<'a>| -> Result<Item, Problem> {
            let alias = collected.key.to_owned();
            match collected.first().name.as_str() {
                TYPE_NAME => Ok(Item::TypeName { alias }),
                names::CURSOR => Ok(Item::Cursor { alias }),
                _ => Ok(Item::Group { selection: self.records(id, &collected.sets())?, alias, number: 0 }),
            }
        };
        let items = self.fields(&ty, sets).into_iter().map(item);
        Ok(Selection { items: items.collect::<Result<_, _>>()?, type_name: Some(ty) })
    }

    /// What is wanted of an aggregate or a group.
    pub(crate) fn totals(&self, sets: &[&'a SelectionSet]) -> Result<Selection, Problem> {
        let ty = type_name(sets);
        let item = |collected: Collected<'a>| {
            let alias = collected.key.to_owned();
            let name = collected.first().name.as_str();
            match (name, measure::Measure::named(name)) {
                (TYPE_NAME, _) => Ok(Item::TypeName { alias }),
                (names::COUNT, _) => Ok(Item::Measure { measure: Measure::Count, name: None, alias }),
                (_, measure) => {
                    Ok(Item::Group { selection: self.parts(measure, &collected), alias, number: 0 })
                }
            }
        };
        let items = self.fields(&ty, sets).into_iter().map(item);
        Ok(Selection { items: items.collect::<Result<_, Problem>>()?, type_name: Some(ty) })
    }

    /// The values of one measure, or without one those that a group shares.
    fn parts(&self, measure: Option<measure::Measure>, collected: &Collected<'a>) -> Selection {
        let sets = collected.sets();
        let ty = type_name(&sets);
        let item = |collected: Collected<'a>| {
            let (alias, name) = (collected.key.to_owned(), collected.first().name.as_str().to_owned());
            if name == TYPE_NAME {
                return Item::TypeName { alias };
            }
            let measure = match measure {
                None => return Item::Field { name, alias: Some(alias), json: JsonPath::default() },
                Some(measure::Measure::Sum) => Measure::Sum,
                Some(measure::Measure::Average) => Measure::Average,
                Some(measure::Measure::Least) => Measure::Least,
                Some(measure::Measure::Greatest) => Measure::Greatest,
            };
            Item::Measure { measure, name: Some(name), alias }
        };
        let items = self.fields(&ty, &sets).into_iter().map(item).collect();
        Selection { items, type_name: Some(ty) }
    }

    /// Which rows of a list.
    pub(crate) fn list(&self, id: ResourceId, arguments: &Arguments) -> Result<ListArgs, Problem> {
        self.list_beside(id, arguments, &names::LIST_ARGUMENTS)
    }

    /// The same for a list that has only these of the arguments of lists: others of their names are its own.
    pub(crate) fn list_beside(
        &self,
        id: ResourceId,
        arguments: &Arguments,
        beside: &[&str],
    ) -> Result<ListArgs, Problem> {
        let has = |name| beside.contains(&name);
        let terms = arguments.get(names::ORDER_BY).filter(|_| has(names::ORDER_BY));
        let number = |name| if has(name) { arguments.number(name) } else { Ok(None) };
        Ok(ListArgs {
            filter: if has(names::WHERE) { self.condition(id, arguments)? } else { None },
            order: terms.map_or(Ok(Vec::new()), |terms| conditions::order(self.contract(), id, terms))?,
            limit: number(names::LIMIT)?,
            offset: number(names::OFFSET)?,
            ..ListArgs::default()
        })
    }

    /// `where`.
    pub(crate) fn condition(
        &self,
        id: ResourceId,
        arguments: &Arguments,
    ) -> Result<Option<engine::Filter>, Problem> {
        let filter = arguments.get(names::WHERE).map(|value| conditions::filter(self.contract(), id, value));
        filter.transpose().map_err(Problem::from)
    }

    fn arguments(&self, collected: &Collected<'a>) -> Result<Arguments, Problem> {
        Arguments::new(self.face, self.document, collected.first(), self.variables)
    }

    fn unknown(&self, collected: &Collected<'a>) -> Problem {
        let message = format!("`{}` is not served", collected.first().name);
        let problem = Problem::new(Kind::Unsupported, engine::codes::UNSUPPORTED, message);
        problem.at(location(self.document, collected.first()).into_iter().collect())
    }
}

/// The name in the response, where it is not the field's own.
fn renamed(field: &Field, collected: &Collected<'_>) -> Option<String> {
    (collected.key != field.name).then(|| collected.key.to_owned())
}

/// The type that selection sets are of.
fn type_name(sets: &[&SelectionSet]) -> String {
    sets.first().map(|set| set.ty.as_str().to_owned()).unwrap_or_default()
}
