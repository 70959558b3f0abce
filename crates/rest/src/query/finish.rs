//! Collected levels become a selection and the arguments of a list.

use super::budget::Budget;
use super::level::{Embed, Join, Level, Node, Place, Terms};
use super::mistake::Mistake;
use engine::{Filter, Is, Item, ListArgs, OrderTerm, Related, Selection, Test};

/// An embedded relation as the filters and orders of its level may name it.
struct Known {
    label: String,
    name: String,
    filter: Option<Filter>,
}

/// Finishes a level and all below it.
pub(crate) fn finish(level: Level, budget: &mut Budget) -> Result<(Selection, ListArgs), Mistake> {
    let Level { nodes, mut terms } = level;
    let (mut items, mut known) = (Vec::with_capacity(nodes.len()), Vec::new());
    for node in nodes {
        match node {
            Node::Item(item) => items.push(item),
            Node::Embed(embed) => {
                let (item, required) = finish_embed(embed, &mut known, budget)?;
                items.extend(item);
                terms.filters.extend(required);
            }
        }
    }
    for filter in &mut terms.filters {
        name_relations(filter, &known, budget)?;
    }
    let list = list_args(terms, &known);
    Ok((Selection { items, type_name: None }, list))
}

/// The item an embedded relation becomes and the condition it puts on its parent.
fn finish_embed(
    embed: Embed,
    known: &mut Vec<Known>,
    budget: &mut Budget,
) -> Result<(Option<Item>, Option<Filter>), Mistake> {
    let label = embed.label().to_owned();
    let Embed { name, alias, join, place, level } = embed;
    let (selection, list) = finish(level, budget)?;
    known.push(Known { label, name: name.clone(), filter: list.filter.clone() });
    let inner = join == Join::Inner;
    if let (Place::Count, true, Some(filter)) = (place, inner, &list.filter) {
        charge(filter, budget)?;
    }
    let place = if selection.items.is_empty() && place != Place::Count { Place::Nowhere } else { place };
    let spread = place == Place::Spread;
    Ok(match place {
        Place::Nested | Place::Spread => {
            (Some(Item::Relation { name, alias, selection, list, inner, spread }), None)
        }
        Place::Count => {
            let filter = list.filter.clone();
            (Some(Item::Count { name: name.clone(), alias, filter }), has(inner, name, list.filter))
        }
        Place::Nowhere => (None, has(inner, name, list.filter)),
    })
}

/// "It has related rows", where the join says so.
fn has(inner: bool, name: String, filter: Option<Filter>) -> Option<Filter> {
    inner.then(|| Filter::Related { name, quantifier: Related::Some, filter: filter.map(Box::new) })
}

/// `relation=is.null` and `relation=not.is.null` ask whether an embedded relation has rows.
fn name_relations(filter: &mut Filter, known: &[Known], budget: &mut Budget) -> Result<(), Mistake> {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => {
            filters.iter_mut().try_for_each(|filter| name_relations(filter, known, budget))
        }
        Filter::Not(inner) => {
            name_relations(inner, known, budget)?;
            if let Filter::Related { quantifier: quantifier @ Related::None, .. } = &mut **inner {
                *quantifier = Related::Some;
                *filter = take_filter(inner);
            }
            Ok(())
        }
        Filter::Test { path, test: Test::Is(is @ (Is::Null | Is::NotNull)) } => {
            let Some(relation) = relation_named(&path.names, known).filter(|_| path.json.steps.is_empty())
            else {
                return Ok(());
            };
            relation.filter.as_ref().map_or(Ok(()), |filter| charge(filter, budget))?;
            let quantifier = if *is == Is::Null { Related::None } else { Related::Some };
            let within = relation.filter.clone().map(Box::new);
            *filter = Filter::Related { name: relation.name.clone(), quantifier, filter: within };
            Ok(())
        }
        Filter::Test { .. } | Filter::Related { .. } => Ok(()),
    }
}

fn take_filter(filter: &mut Filter) -> Filter {
    std::mem::replace(filter, Filter::And(Vec::new()))
}

fn relation_named<'a>(names: &[String], known: &'a [Known]) -> Option<&'a Known> {
    let [name] = names else { return None };
    known.iter().find(|k| k.label == *name)
}

/// Takes what a copy of a filter costs, so that tests of relations cannot multiply a short query.
fn charge(filter: &Filter, budget: &mut Budget) -> Result<(), Mistake> {
    budget.take_nodes(1)?;
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().try_for_each(|f| charge(f, budget)),
        Filter::Not(inner) => charge(inner, budget),
        Filter::Test { test: Test::In(values) | Test::Quantified(_, _, values), .. } => {
            budget.take_values(values.len())
        }
        Filter::Test { .. } => Ok(()),
        Filter::Related { filter, .. } => filter.as_deref().map_or(Ok(()), |f| charge(f, budget)),
    }
}

fn list_args(terms: Terms, known: &[Known]) -> ListArgs {
    let Terms { mut filters, order, limit, offset, cursor } = terms;
    let filter = match filters.len() {
        0 | 1 => filters.pop(),
        _ => Some(Filter::And(filters)),
    };
    let mut order = order.unwrap_or_default();
    order.iter_mut().for_each(|term| name_order(term, known));
    let mut list = ListArgs { filter, order, limit, offset, ..ListArgs::default() };
    if let Some(bound) = cursor {
        bound.apply(&mut list);
    }
    list
}

/// An order may go by a relation's label in `select`.
fn name_order(term: &mut OrderTerm, known: &[Known]) {
    if let [first, _, ..] = &mut term.path.names[..]
        && let Some(relation) = known.iter().find(|k| k.label == *first)
    {
        first.clone_from(&relation.name);
    }
}
