//! Any record by its key (the Global Object Identification Specification of Relay).
//!
//! A key is what every other protocol calls the record by. Keys made by the server are unique over all resources;
//! others may be the key of records of several, and are then written with the type, `Product:p1`.

use super::Request;
use super::answer::Part;
use super::call::{absent, part};
use crate::error::Problem;
use crate::plan::{NodePlace as Place, RootField, misfit};
use apollo_compiler::executable::{Selection as Node, SelectionSet};
use contract::{KeyKind, ResourceId};
use engine::{Input, Kind, Selected};

/// The argument that names the record.
const ID: &str = "id";

impl<'a> Request<'a> {
    /// Looks in the resources that the selection speaks of first, then in the others.
    pub(super) async fn node(&self, field: &'a RootField) -> Result<Part, Problem> {
        let arguments = self.arguments(field)?;
        let id = arguments.text(ID).unwrap_or_default();
        let sets: Vec<&SelectionSet> = field.nodes.iter().map(|node| &node.selection_set).collect();
        let (key, places) = self.places(&id);
        let (named, others): (Vec<Place>, Vec<Place>) =
            places.into_iter().partition(|place| self.speaks_of(&sets, place.resource));
        let mut spent = absent();
        for places in [named, others] {
            let mut found: Vec<Part> = Vec::new();
            for place in places {
                let looked = self.look(field, &sets, place, key).await?;
                match looked {
                    Some(part) => found.push(part),
                    None => spent.round_trips += 1,
                }
            }
            match found.len() {
                0 => {}
                1 => return Ok(found.remove(0)),
                _ => {
                    let message = "is the key of records of several types: write the type before it, as in \
                        `Product:p1`";
                    return Err(misfit(ID, "AMBIGUOUS", message));
                }
            }
        }
        Ok(spent)
    }

    /// The resources whose record a text may name, and its key there.
    fn places<'t>(&self, id: &'t str) -> (&'t str, Vec<Place>) {
        let contract = &self.translate.face.contract;
        let nodes = self.translate.face.targets.nodes();
        if let Some((name, key)) = id.split_once(':')
            && let Some(place) = nodes.iter().find(|place| contract.resource(place.resource).name == name)
        {
            return (key, vec![*place]);
        }
        let may_be = |place: &Place| match contract.resource(place.resource).key_kind {
            KeyKind::Uuid => !id.is_empty() && id.len() <= KEY_BYTES_MAX,
            KeyKind::Integer => id.parse::<i64>().is_ok(),
            KeyKind::Client => !id.is_empty() && id.len() <= KEY_BYTES_MAX,
        };
        (id, nodes.iter().copied().filter(may_be).collect())
    }

    /// Whether a fragment of the selection is for records of a resource.
    fn speaks_of(&self, sets: &[&'a SelectionSet], id: ResourceId) -> bool {
        let name = self.translate.face.contract.resource(id).name.as_str();
        sets.iter().flat_map(|set| &set.selections).any(|selection| match selection {
            Node::Field(_) => false,
            Node::InlineFragment(fragment) => {
                fragment.type_condition.as_ref().is_some_and(|condition| condition == name)
            }
            Node::FragmentSpread(spread) => {
                let fragment = self.translate.document.fragments.get(&spread.fragment_name);
                fragment.is_some_and(|fragment| fragment.type_condition() == name)
            }
        })
    }

    /// The record of one resource, if it is there and the caller may see it.
    async fn look(
        &self,
        field: &'a RootField,
        sets: &[&'a SelectionSet],
        place: Place,
        key: &str,
    ) -> Result<Option<Part>, Problem> {
        let selected = Selected::These(self.translate.records(place.resource, sets)?);
        let input = Input { key: Some(key.to_owned()), ..Input::default() };
        match self.call(field, place.get, input, selected, None).await {
            Ok(answer) => Ok(Some(part(Ok(answer)))),
            Err(fault) => match fault.kind {
                // Which types there are that the caller may not read is no news, and no answer either.
                Kind::NotFound | Kind::Invalid => Ok(None),
                Kind::Denied | Kind::Unauthenticated if !self.speaks_of(sets, place.resource) => Ok(None),
                _ => Err(Problem::from(&fault)),
            },
        }
    }
}

/// Bytes of a key at the most.
const KEY_BYTES_MAX: usize = 256;
