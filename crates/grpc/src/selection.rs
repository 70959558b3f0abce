//! `read_mask` and `include`: what of records is answered, and which rows of their relations.

use contract::{Arity, Base, Contract, Field as ContractField, ObjectId, ResourceId};
use describe::proto::{Meaning, Message, Schema, Type};
use engine::{Fault, Filter, Item, JsonPath, ListArgs, Measure, Selected, Selection};
use std::collections::BTreeMap;
use wire::Value;

/// Names in one path of a mask at the most.
const PATH_NAMES_MAX: usize = 16;

/// Selections of one request.
pub(crate) struct Selecting<'a> {
    pub contract: &'a Contract,
    pub schema: &'a Schema,
    /// The package whose messages the records are answered in.
    pub package: &'a str,
}

/// The paths of a mask as a tree, in the order of the names. `*` is a name.
#[derive(Debug, Default)]
struct Tree(BTreeMap<String, Tree>);

impl Tree {
    fn of(mask: &Value) -> Result<Self, Fault> {
        let Value::List(paths) = mask else { return Ok(Self::default()) };
        let mut tree = Self::default();
        for path in paths {
            let Value::Text(path) = path else { continue };
            let names: Vec<&str> = path.split('.').collect();
            if names.len() > PATH_NAMES_MAX || names.contains(&"") {
                return Err(unknown(path));
            }
            let place = names.iter().fold(&mut tree, |at, name| at.0.entry((*name).to_owned()).or_default());
            // A whole message takes in its parts.
            place.0.entry("*".to_owned()).or_default();
        }
        Ok(tree)
    }

    /// The parts of a field that are named one by one; none when it is wanted whole.
    fn parts(&self) -> Option<&Self> {
        (!self.0.contains_key("*")).then_some(self)
    }
}

impl<'a> Selecting<'a> {
    /// What is wanted of records; the engine's default where nothing is said.
    pub fn records(
        &self,
        id: ResourceId,
        mask: Option<&Value>,
        include: Option<&Value>,
    ) -> Result<Selected, Fault> {
        match (mask, include) {
            (None, None) => Ok(Selected::Default),
            (mask, include) => {
                let tree = mask.map(Tree::of).transpose()?;
                self.record(id, tree.as_ref(), include).map(Selected::These)
            }
        }
    }

    /// The message of a resource's records.
    pub fn message(&self, id: ResourceId) -> Result<&'a Message, Fault> {
        let name = &self.contract.resource(id).name;
        let full = if self.package.is_empty() { name.clone() } else { format!("{}.{name}", self.package) };
        let found = self.schema.messages.iter().find(|message| message.full_name == full);
        found.ok_or_else(|| Fault::internal(format!("there is no message `{full}`")))
    }

    fn record(
        &self,
        id: ResourceId,
        tree: Option<&Tree>,
        include: Option<&Value>,
    ) -> Result<Selection, Fault> {
        let message = self.message(id)?;
        let mut items = Vec::new();
        let names = match tree {
            None => vec![("*", None)],
            Some(tree) => tree.0.iter().map(|(name, parts)| (name.as_str(), Some(parts))).collect(),
        };
        for (name, parts) in names {
            match name {
                "*" => items.push(Item::All),
                name => items.push(self.item(id, message, name, parts, include)?),
            }
        }
        // What is said of a relation asks for it, too.
        let is_named = |name: &str| {
            items.iter().any(|item| matches!(item, Item::Relation { name: known, .. } if known == name))
        };
        let mut included = Vec::new();
        if let Some(Value::Object(members)) = include {
            let resource = self.contract.resource(id);
            for (name, subset) in members.iter().filter(|(name, _)| !is_named(name)) {
                let field = resource.field_named(name).map(|id| resource.field(id));
                included.push(self.relation(field, name, None, Some(subset))?);
            }
        }
        items.extend(included);
        Ok(Selection { items, type_name: None })
    }

    fn item(
        &self,
        id: ResourceId,
        message: &Message,
        name: &str,
        parts: Option<&Tree>,
        include: Option<&Value>,
    ) -> Result<Item, Fault> {
        let field = message.fields.iter().find(|field| field.name == name || field.json_name == name);
        let field = field.ok_or_else(|| unknown(name))?;
        let resource = self.contract.resource(id);
        match &field.meaning {
            Meaning::Named(own) => {
                let definition = resource.field_named(own).map(|id| resource.field(id));
                self.named(definition, own, field.ty, parts, include)
            }
            Meaning::CountOf(relation) => {
                let relation = resource.field(*relation);
                let subset = include.and_then(|include| include.get(&relation.name));
                let filter = self.filter_of(relation, subset)?;
                let alias = Some(field.json_name.clone());
                Ok(Item::Count { name: relation.name.clone(), alias, filter })
            }
            Meaning::Version => Ok(Item::Version { alias: field.json_name.clone() }),
            Meaning::Fixed => Err(unknown(name)),
        }
    }

    /// A field of a record or of an object, by its name in the contract.
    fn named(
        &self,
        definition: Option<&ContractField>,
        own: &str,
        ty: Type,
        parts: Option<&Tree>,
        include: Option<&Value>,
    ) -> Result<Item, Fault> {
        let parts = parts.and_then(Tree::parts);
        match (definition.map(|definition| definition.ty.base), parts) {
            (Some(Base::Resource(_)), _) => {
                self.relation(definition, own, parts, include.and_then(|include| include.get(own)))
            }
            (Some(Base::Object(_)), Some(_)) => self.members(own, ty, parts),
            (_, Some(_)) => Err(unknown(own)),
            (_, None) => Ok(plain(own)),
        }
    }

    /// What is wanted of a result that is an object of the contract and may hold records. `message` is its message.
    pub fn object(
        &self,
        id: ObjectId,
        message: &Message,
        mask: Option<&Value>,
        include: Option<&Value>,
    ) -> Result<Selected, Fault> {
        let Some(mask) = mask else {
            return match include {
                None => Ok(Selected::Default),
                Some(_) => Err(Fault::invalid_field("include", "MASK", "is for what `read_mask` names")),
            };
        };
        let object = &self.contract.objects[id.index()];
        let mut items = Vec::new();
        for (name, parts) in &Tree::of(mask)?.0 {
            if name == "*" {
                items.push(Item::All);
                continue;
            }
            let field = message.fields.iter().find(|field| field.name == *name || field.json_name == *name);
            let field = field.ok_or_else(|| unknown(name))?;
            let Meaning::Named(own) = &field.meaning else { return Err(unknown(name)) };
            let definition = object.fields.iter().find(|definition| definition.name == *own);
            items.push(self.named(definition, own, field.ty, Some(parts), include)?);
        }
        Ok(Selected::These(Selection { items, type_name: None }))
    }

    fn relation(
        &self,
        field: Option<&ContractField>,
        name: &str,
        parts: Option<&Tree>,
        subset: Option<&Value>,
    ) -> Result<Item, Fault> {
        let (Some(field), Some(target)) = (field, field.and_then(ContractField::target)) else {
            return Err(unknown(name));
        };
        let include = subset.and_then(|subset| subset.get("include"));
        let selection = self.record(target, parts, include)?;
        let inner = subset.and_then(|subset| subset.get("required")) == Some(&Value::Bool(true));
        Ok(Item::Relation {
            name: name.to_owned(),
            alias: None,
            selection,
            list: self.subset(field, target, subset)?,
            inner,
            spread: false,
        })
    }

    fn filter_of(&self, relation: &ContractField, subset: Option<&Value>) -> Result<Option<Filter>, Fault> {
        let Some(target) = relation.target() else { return Ok(None) };
        let filter = subset.and_then(|subset| subset.get("filter"));
        filter.map(|filter| conditions::filter(self.contract, target, filter)).transpose()
    }

    /// Which rows of a relation.
    fn subset(
        &self,
        field: &ContractField,
        target: ResourceId,
        subset: Option<&Value>,
    ) -> Result<ListArgs, Fault> {
        let Some(subset) = subset else { return Ok(ListArgs::default()) };
        let order = subset.get("orderBy").map(|order| conditions::order(self.contract, target, order));
        let is_one = field.ty.arity == Arity::One;
        let number = |name| subset.get(name).map(|value| number(name, value)).transpose();
        let (limit, offset) = (number("limit")?, number("offset")?);
        if is_one && (limit.is_some() || offset.is_some()) {
            return Err(Fault::invalid_field(&field.name, "SINGLE", "is one record, not a list"));
        }
        Ok(ListArgs {
            filter: self.filter_of(field, Some(subset))?,
            order: order.transpose()?.unwrap_or_default(),
            limit,
            offset,
            ..ListArgs::default()
        })
    }

    /// Members of a stored object.
    fn members(&self, name: &str, ty: Type, parts: Option<&Tree>) -> Result<Item, Fault> {
        let (Type::Message(id), Some(tree)) = (ty, parts.and_then(Tree::parts)) else {
            return Ok(plain(name));
        };
        let message = self.schema.message(id);
        let mut items = Vec::new();
        for (part, parts) in &tree.0 {
            let field = message.fields.iter().find(|field| field.name == *part || field.json_name == *part);
            let field = field.ok_or_else(|| unknown(part))?;
            let Meaning::Named(own) = &field.meaning else { return Err(unknown(part)) };
            items.push(self.members(own, field.ty, Some(parts))?);
        }
        let selection = Selection { items, type_name: None };
        let (list, alias) = (ListArgs::default(), None);
        Ok(Item::Relation { name: name.to_owned(), alias, selection, list, inner: false, spread: false })
    }

    /// Values over records: what of `Totals` is wanted. `totals` is that message.
    pub fn totals(&self, id: ResourceId, totals: &Message, mask: Option<&Value>) -> Result<Selection, Fault> {
        let tree = mask.map(Tree::of).transpose()?;
        let Some(tree) = tree else {
            return Ok(Selection { items: vec![count("count")], type_name: None });
        };
        let mut items = Vec::new();
        for (name, parts) in &tree.0 {
            let field = totals.fields.iter().find(|field| field.name == *name || field.json_name == *name);
            let field = field.ok_or_else(|| unknown(name))?;
            let Some(measure) = measure(&field.name) else {
                items.push(count(&field.json_name));
                continue;
            };
            let Type::Message(message) = field.ty else { return Err(unknown(name)) };
            let selection = self.measures(id, self.schema.message(message), measure, parts)?;
            items.push(Item::Group { selection, alias: field.json_name.clone(), number: field.number });
        }
        Ok(Selection { items, type_name: None })
    }

    fn measures(
        &self,
        id: ResourceId,
        message: &Message,
        measure: Measure,
        parts: &Tree,
    ) -> Result<Selection, Fault> {
        let wanted = |name: &str| parts.parts().is_none_or(|parts| parts.0.contains_key(name));
        if let Some(strange) = parts.parts().and_then(|parts| {
            parts.0.keys().find(|name| !message.fields.iter().any(|field| field.name == **name))
        }) {
            return Err(unknown(strange));
        }
        let fields = message.fields.iter().filter(|field| wanted(&field.name));
        let items = fields.filter_map(|field| match &field.meaning {
            Meaning::Named(name) => {
                Some(Item::Measure { measure, name: Some(name.clone()), alias: name.clone() })
            }
            Meaning::Fixed | Meaning::CountOf(_) | Meaning::Version => None,
        });
        let type_name = Some(self.contract.resource(id).name.clone());
        Ok(Selection { items: items.collect(), type_name })
    }

    /// What groups agree in, with the values over each.
    pub fn groups(
        &self,
        id: ResourceId,
        group: &Message,
        by: Option<&Value>,
        mask: Option<&Value>,
    ) -> Result<Selection, Fault> {
        let part = |name: &str| group.fields.iter().find(|field| field.name == name);
        let message = |name: &str| match part(name).map(|field| (field, field.ty)) {
            Some((field, Type::Message(id))) => Ok((field, self.schema.message(id))),
            _ => Err(Fault::internal("a message of groups has a key and totals")),
        };
        let (key, key_message) = message("key")?;
        let (totals, totals_message) = message("totals")?;
        let mut fields = Vec::new();
        for name in by.map(Tree::of).transpose()?.unwrap_or_default().0.keys() {
            let field = key_message.fields.iter().find(|field| field.name == *name);
            match field.map(|field| &field.meaning) {
                Some(Meaning::Named(own)) => fields.push(plain(own)),
                _ => {
                    return Err(Fault::invalid_field("by", "UNKNOWN", format!("there is no field `{name}`")));
                }
            }
        }
        let selection = |items| Selection { items, type_name: None };
        let group = |field: &describe::proto::Field, selection| Item::Group {
            selection,
            alias: field.json_name.clone(),
            number: field.number,
        };
        let values = self.totals(id, totals_message, mask)?;
        Ok(selection(vec![group(key, selection(fields)), group(totals, values)]))
    }
}

fn plain(name: &str) -> Item {
    Item::Field { name: name.to_owned(), alias: None, json: JsonPath::default() }
}

fn count(alias: &str) -> Item {
    Item::Measure { measure: Measure::Count, name: None, alias: alias.to_owned() }
}

/// The measure of a part of `Totals`; none for the number of records.
fn measure(name: &str) -> Option<Measure> {
    match name {
        "counts" => Some(Measure::Count),
        "sums" => Some(Measure::Sum),
        "averages" => Some(Measure::Average),
        "least" => Some(Measure::Least),
        "greatest" => Some(Measure::Greatest),
        _ => None,
    }
}

/// A whole number that is not negative.
pub(crate) fn number(name: &str, value: &Value) -> Result<u64, Fault> {
    let number = match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    };
    number.ok_or_else(|| Fault::invalid_field(name, "RANGE", "is a whole number that is not negative"))
}

fn unknown(name: &str) -> Fault {
    let shown: String = name.chars().take(64).collect();
    Fault::invalid_field("readMask", "UNKNOWN", format!("there is no field `{shown}`"))
}
