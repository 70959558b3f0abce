//! Untrusted names and values, checked against the contract: every mistake is named with its place.

use super::condition;
use super::keyset;
use super::members::only_members;
use super::regexes::Regexes;
use super::wanted::{Asked, Condition, JsonStepValue, OrderBy, Page, Target, Wanted, WantedItem, What};
use crate::call::{Filter, Item, JsonPath, JsonStep, ListArgs, OrderTerm, Paging, Path, Selection};
use crate::fault::Kind;
use crate::fault::{Fault, FieldFault, codes};
use crate::settings::Settings;
use contract::{Arity, Base, Contract, Field, FieldId, Resource, ResourceId, Scalar, Source};
use std::cell::RefCell;
use store::{Direction, Nulls};

/// Steps into a JSON value at the most.
const JSON_STEPS_MAX: usize = 16;
/// Terms of an order at the most.
const ORDER_TERMS_MAX: usize = 16;
/// To-one relations followed by one path at the most.
const HOPS_MAX: usize = 8;

/// Resolves one call's selections, counting what they hold against the bounds.
pub(crate) struct Resolver<'a> {
    pub contract: &'a Contract,
    settings: &'a Settings,
    items_left: usize,
    /// To-many relations that may still be selected: each is a statement beside that of the root.
    lists_left: usize,
    /// To-one relations that may still be selected: each is a join.
    joins_left: usize,
    pub tests_left: usize,
    pub(super) regexes: RefCell<Regexes>,
}

/// An [`Item::Relation`] without its name in the answer.
struct Related<'i> {
    name: &'i str,
    selection: &'i Selection,
    list: &'i ListArgs,
    inner: bool,
    spread: bool,
}

impl<'a> Resolver<'a> {
    pub fn new(contract: &'a Contract, settings: &'a Settings) -> Self {
        Self {
            contract,
            settings,
            items_left: settings.selection_items_max,
            lists_left: store::STATEMENTS_MAX - 1,
            joins_left: store::JOINS_MAX,
            tests_left: settings.filter_nodes_max,
            regexes: RefCell::default(),
        }
    }

    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Everything of a resource that has a value of its own.
    pub fn star(contract: &Contract, resource: ResourceId) -> Wanted {
        let items =
            contract.resource(resource).fields().filter(|(_, f)| has_own_value(f)).map(|(field, _)| {
                WantedItem {
                    alias: None,
                    asked: Asked::ByStar,
                    what: What::Field { field, json: Vec::new(), as_text: false },
                }
            });
        Wanted { resource, items: items.collect(), type_name: None }
    }

    pub fn selection(&mut self, resource: ResourceId, selection: &Selection) -> Result<Wanted, Fault> {
        self.nested_selection(resource, selection, 0)
    }

    fn nested_selection(
        &mut self,
        id: ResourceId,
        selection: &Selection,
        depth: usize,
    ) -> Result<Wanted, Fault> {
        self.check_depth(depth)?;
        let mut items = Vec::with_capacity(selection.items.len());
        for item in &selection.items {
            self.item(id, item, depth, &mut items)?;
        }
        unique_names(self.contract, id, &mut items)?;
        let type_name = selection.type_name.as_deref().map(Into::into);
        Ok(Wanted { resource: id, items, type_name })
    }

    fn item(
        &mut self,
        id: ResourceId,
        item: &Item,
        depth: usize,
        items: &mut Vec<WantedItem>,
    ) -> Result<(), Fault> {
        let contract = self.contract;
        let resource = contract.resource(id);
        match item {
            Item::All => {
                let star = Self::star(contract, id).items;
                self.count_items(star.len())?;
                items.extend(star);
            }
            Item::Field { name, alias, json } => {
                self.count_items(1)?;
                let field = named(resource, name, "select")?;
                let what = match contract.resource(id).field(field).source {
                    Source::Relation(_) => {
                        let message = "is a list of records: say what of them, as in `posts(id,title)`";
                        return Err(Fault::invalid_field(
                            "select",
                            "RELATION",
                            format!("`{name}` {message}"),
                        ));
                    }
                    Source::Column(_) | Source::Computed(_) | Source::Result => {
                        let json_steps = self.json(resource.field(field), json, "select")?;
                        What::Field { field, json: json_steps, as_text: json.as_text }
                    }
                };
                items.push(by_name(alias.as_deref().or(json_name(json)), what));
            }
            Item::Relation { name, alias, selection, list, inner, spread } => {
                self.count_items(1)?;
                let related = Related { name, selection, list, inner: *inner, spread: *spread };
                items.push(by_name(alias.as_deref(), self.related(resource, &related, depth)?));
            }
            Item::TypeName { alias } => items.push(by_name(Some(alias), What::TypeName)),
            Item::Version { alias } => items.push(by_name(Some(alias), What::Version)),
            Item::Cursor { alias } => items.push(by_name(Some(alias), What::Cursor)),
            Item::Group { selection, alias, .. } => {
                self.count_items(1)?;
                let wanted = self.nested_selection(id, selection, depth)?;
                items.push(by_name(Some(alias), What::Group { wanted }));
            }
            Item::Measure { alias, .. } => {
                let message = format!("`{alias}` is of groups of records, not of one");
                return Err(Fault::invalid_field("select", "AGGREGATE", message));
            }
            Item::Count { name, alias, filter } => {
                self.count_items(1)?;
                let field = named(resource, name, "select")?;
                let target = related(resource, field, "select")?;
                if !is_many(resource.field(field)) {
                    return Err(Fault::invalid_field(
                        "select",
                        "RELATION",
                        format!("`{name}` is not a list"),
                    ));
                }
                let default = format!("{name}Count");
                let condition = filter.as_ref().map(|f| self.condition(target, f)).transpose()?;
                let what = What::Count { field, condition };
                items.push(by_name(Some(alias.as_deref().unwrap_or(&default)), what));
            }
        }
        Ok(())
    }

    /// What is wanted of the records that a field leads to, or of the objects that are kept in it.
    fn related(&mut self, resource: &Resource, item: &Related<'_>, depth: usize) -> Result<What, Fault> {
        let Related { name, selection, list, inner, spread } = *item;
        let field = named(resource, name, "select")?;
        let definition = resource.field(field);
        if let (Base::Object(object), Some(_)) = (definition.ty.base, definition.column()) {
            only_members(name, list, inner, spread)?;
            return Ok(What::Object { field, members: self.members(object, selection, depth + 1)? });
        }
        let target = related(resource, field, "select")?;
        self.count_relation(definition)?;
        let wanted = self.nested_selection(target, selection, depth + 1)?;
        if !is_many(definition) {
            let condition = self.one_condition(target, list, name)?;
            return Ok(What::One { field, wanted, condition, inner, spread });
        }
        if spread {
            let message = format!("`{name}` is a list and cannot be spread");
            return Err(Fault::invalid_field("select", "RELATION", message));
        }
        Ok(What::Many { field, wanted, page: self.page(target, list, name, Paging::Plain)?, inner })
    }

    /// To-one relations have one record: there is nothing to order or page, but a condition may hide it.
    fn one_condition(
        &mut self,
        id: ResourceId,
        list: &ListArgs,
        name: &str,
    ) -> Result<Option<Condition>, Fault> {
        let is_paged = list.limit.is_some() || list.offset.is_some() || is_by_cursors(list);
        if !list.order.is_empty() || is_paged {
            let message = "is one record: it takes no order, limit, offset or cursor";
            return Err(Fault::invalid_field(name, "RELATION", message));
        }
        list.filter.as_ref().map(|filter| self.condition(id, filter)).transpose()
    }

    pub(super) fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.settings.selection_depth_max {
            let message = format!("is nested more than {} levels deep", self.settings.selection_depth_max);
            return Err(Fault::invalid_field("select", "DEPTH", message));
        }
        Ok(())
    }

    pub(super) fn count_items(&mut self, items: usize) -> Result<(), Fault> {
        self.items_left = self.items_left.checked_sub(items).ok_or_else(|| {
            let message = format!("holds more than {} fields", self.settings.selection_items_max);
            Fault::invalid_field("select", "SIZE", message)
        })?;
        Ok(())
    }

    /// What the database can put into one read is bounded.
    fn count_relation(&mut self, field: &Field) -> Result<(), Fault> {
        let (left, max) = match is_many(field) {
            true => (&mut self.lists_left, store::STATEMENTS_MAX - 1),
            false => (&mut self.joins_left, store::JOINS_MAX),
        };
        *left = left.checked_sub(1).ok_or_else(|| {
            let message = format!("follows more than {max} relations of a kind");
            Fault::invalid_field("select", "SIZE", message)
        })?;
        Ok(())
    }

    /// `place` is empty for the root, else the relation's name.
    pub fn page(
        &mut self,
        resource: ResourceId,
        list: &ListArgs,
        place: &str,
        paging: Paging,
    ) -> Result<Page, Fault> {
        let at = |what: &str| if place.is_empty() { what.to_owned() } else { format!("{place}.{what}") };
        let condition = match &list.filter {
            None => None,
            Some(filter) => Some(self.condition(resource, filter)?),
        };
        if list.order.len() > ORDER_TERMS_MAX {
            let message = format!("has more than {ORDER_TERMS_MAX} terms");
            return Err(Fault::invalid_field(at("order"), "SIZE", message));
        }
        let order = list
            .order
            .iter()
            .map(|term| self.order(resource, term, &at("order")))
            .collect::<Result<_, _>>()?;
        let limit = match list.limit {
            None => self.settings.page_rows_default,
            Some(limit) if limit > u64::from(self.settings.page_rows_max) => {
                let message = format!("is at most {}", self.settings.page_rows_max);
                return Err(Fault::invalid_field(at("limit"), "RANGE", message));
            }
            Some(limit) => u32::try_from(limit).expect("at most page_rows_max"),
        };
        let offset = list.offset.unwrap_or(0);
        if i64::try_from(offset).is_err() {
            return Err(Fault::invalid_field(at("offset"), "RANGE", format!("is at most {}", i64::MAX)));
        }
        let mut page = Page { condition, order, limit, offset, keyset: None };
        if paging == Paging::Cursors || is_by_cursors(list) {
            keyset::add(self.contract, resource, list, &at, paging, &mut page)?;
        }
        Ok(page)
    }

    fn condition(&mut self, resource: ResourceId, filter: &Filter) -> Result<Condition, Fault> {
        condition::resolve(self, resource, filter, 0)
    }

    fn order(&self, resource: ResourceId, term: &OrderTerm, place: &str) -> Result<OrderBy, Fault> {
        let target = self.target(resource, &term.path, place)?;
        let field = self.contract.resource(target.resource).field(target.field);
        if matches!(field.ty.arity, Arity::List { .. }) {
            return Err(Fault::invalid_field(
                place,
                "TYPE",
                format!("`{}` is a list and has no order", field.name),
            ));
        }
        let nulls = term.nulls.unwrap_or(match term.direction {
            Direction::Ascending => Nulls::Last,
            Direction::Descending => Nulls::First,
        });
        Ok(OrderBy { target, direction: term.direction, nulls })
    }

    /// The field at the end of a path of names.
    pub fn target(&self, id: ResourceId, path: &Path, place: &str) -> Result<Target, Fault> {
        let Some((last, hops_named)) = path.names.split_last().filter(|(_, hops)| hops.len() <= HOPS_MAX)
        else {
            return Err(Fault::invalid_field(place, "UNKNOWN", "names no field"));
        };
        let (mut at, mut hops) = (id, Vec::with_capacity(hops_named.len()));
        for name in hops_named {
            let resource = self.contract.resource(at);
            let hop = named(resource, name, place)?;
            if is_many(resource.field(hop)) {
                return Err(Fault::invalid_field(
                    place,
                    "RELATION",
                    format!("`{name}` is a list, not one record"),
                ));
            }
            at = related(resource, hop, place)?;
            hops.push(hop);
        }
        let resource = self.contract.resource(at);
        let field = named(resource, last, place)?;
        if is_many(resource.field(field)) {
            return Err(Fault::invalid_field(
                place,
                "RELATION",
                format!("`{last}` is a list of records, not a value"),
            ));
        }
        let json = self.json(resource.field(field), &path.json, place)?;
        Ok(Target { hops, resource: at, field, json, as_text: path.json.as_text })
    }

    fn json(&self, field: &Field, path: &JsonPath, place: &str) -> Result<Vec<JsonStepValue>, Fault> {
        if path.steps.is_empty() {
            return Ok(Vec::new());
        }
        let is_json = matches!(field.ty.base, Base::Scalar(Scalar::Json) | Base::Object(_))
            || (matches!(field.ty.arity, Arity::List { .. }) && field.column().is_some());
        if !is_json || path.steps.len() > JSON_STEPS_MAX {
            let message = format!(
                "`{}` has no such path: `->` goes into JSON, {JSON_STEPS_MAX} steps at the most",
                field.name
            );
            return Err(Fault::invalid_field(place, "TYPE", message));
        }
        Ok(path
            .steps
            .iter()
            .map(|step| match step {
                JsonStep::Member(name) => JsonStepValue::Member(name.clone()),
                JsonStep::Index(index) => JsonStepValue::Index(*index),
            })
            .collect())
    }
}

fn by_name(alias: Option<&str>, what: What) -> WantedItem {
    WantedItem { alias: alias.map(Into::into), asked: Asked::ByName, what }
}

/// Whether a list is bounded by cursors or taken from its end.
fn is_by_cursors(list: &ListArgs) -> bool {
    list.after.is_some() || list.before.is_some() || list.end.is_some()
}

/// PostgREST names a JSON part by its last member.
fn json_name(path: &JsonPath) -> Option<&str> {
    path.steps.iter().rev().find_map(|step| match step {
        JsonStep::Member(name) => Some(name.as_str()),
        JsonStep::Index(_) => None,
    })
}

/// Whether `*` stands for the field among others.
fn has_own_value(field: &Field) -> bool {
    match &field.source {
        Source::Column(column) => !column.secret,
        Source::Computed(_) => true,
        Source::Relation(_) | Source::Result => false,
    }
}

pub(super) fn is_many(field: &Field) -> bool {
    matches!(field.source, Source::Relation(_))
}

/// The fields that a message may name to anybody: a rule of their own could hide the others.
pub(crate) fn suggestible(resource: &Resource) -> impl Iterator<Item = &str> {
    let is_told = |field: &&Field| !field.is_secret() && field.read.is_none() && field.write.is_none();
    resource.fields.iter().filter(is_told).map(|field| field.name.as_str())
}

/// The field of that name; secrets are refused wherever a call names them.
pub(super) fn named(resource: &Resource, name: &str, place: &str) -> Result<FieldId, Fault> {
    let Some(id) = resource.field_named(name) else {
        let known = suggestible(resource);
        let hint = match contract::diagnostic::closest(name, known) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let shown: String = name.chars().take(64).collect();
        let message = no_field(place, &shown, &resource.name, &hint);
        return Err(Fault::invalid(vec![FieldFault::new(place, "UNKNOWN", message)]));
    };
    if resource.field(id).is_secret() {
        return Err(denied_field(name, place));
    }
    Ok(id)
}

/// That there is no field of a name, said of the place that names it.
pub(crate) fn no_field(place: &str, name: &str, of: &str, hint: &str) -> String {
    match place.rsplit('.').next() == Some(name) {
        true => format!("is not a field of `{of}`{hint}"),
        false => format!("names `{name}`, which is not a field of `{of}`{hint}"),
    }
}

pub(crate) fn denied_field(name: &str, place: &str) -> Fault {
    let mut fault =
        Fault::new(Kind::Denied, codes::FIELD_DENIED, format!("`{name}` may not be read or named here"));
    fault.fields.push(FieldFault::new(place, "DENIED", format!("names `{name}`")));
    fault
}

fn related(resource: &Resource, field: FieldId, place: &str) -> Result<ResourceId, Fault> {
    let found = resource.field(field);
    found.target().ok_or_else(|| {
        Fault::invalid_field(place, "RELATION", format!("`{}` is a value, not a relation", found.name))
    })
}

/// Two things of one name would make an object with a member twice. What was named wins over the same from `*`
/// (`*,author(name)`); two that were named are a mistake.
fn unique_names(contract: &Contract, id: ResourceId, items: &mut Vec<WantedItem>) -> Result<(), Fault> {
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    collect_names(contract, id, items, Asked::ByName, &mut names);
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Fault::invalid_field("select", "DUPLICATE", format!("names `{}` twice", pair[0])));
    }
    let mut kept: Vec<FieldId> = Vec::new();
    items.retain(|item| match (&item.what, item.asked) {
        (What::Field { field, .. }, Asked::ByStar) => {
            let name = &contract.resource(id).field(*field).name;
            let first = names.binary_search(name).is_err() && !kept.contains(field);
            kept.push(*field);
            first
        }
        _ => true,
    });
    Ok(())
}

fn collect_names(
    contract: &Contract,
    id: ResourceId,
    items: &[WantedItem],
    asked: Asked,
    names: &mut Vec<String>,
) {
    for item in items.iter().filter(|item| item.asked == asked) {
        match &item.what {
            What::One { wanted, spread: true, .. } => {
                collect_names(contract, wanted.resource, &wanted.items, Asked::ByName, names);
                collect_names(contract, wanted.resource, &wanted.items, Asked::ByStar, names);
            }
            What::Field { field, .. }
            | What::Object { field, .. }
            | What::One { field, .. }
            | What::Many { field, .. }
            | What::Count { field, .. } => {
                let own = || contract.resource(id).field(*field).name.clone();
                names.push(item.alias.as_deref().map_or_else(own, str::to_owned));
            }
            What::TypeName | What::Version | What::Cursor | What::Group { .. } => {
                names.push(item.alias.as_deref().unwrap_or_default().to_owned());
            }
        }
    }
}
