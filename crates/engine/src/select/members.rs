//! What is wanted of stored objects.

use super::resolve::{Resolver, no_field};
use super::wanted::{MemberWhat, WantedMember};
use crate::call::{Item, ListArgs, Selection};
use crate::fault::Fault;
use contract::{Base, Field, FieldId, Object, ObjectId};

impl Resolver<'_> {
    /// Members of an object that is kept in a field, each by its name.
    pub(crate) fn members(
        &mut self,
        id: ObjectId,
        selection: &Selection,
        depth: usize,
    ) -> Result<Vec<WantedMember>, Fault> {
        self.check_depth(depth)?;
        let object = &self.contract.objects[id.index()];
        let mut members = Vec::with_capacity(selection.items.len());
        for item in &selection.items {
            self.member(object, item, depth, &mut members)?;
        }
        unique(object, &members)?;
        Ok(members)
    }

    fn member(
        &mut self,
        object: &Object,
        item: &Item,
        depth: usize,
        members: &mut Vec<WantedMember>,
    ) -> Result<(), Fault> {
        let not_of_members = |name: &str| {
            let message = format!("`{name}` is not for objects that are kept in a field");
            Err(Fault::invalid_field("select", "RELATION", message))
        };
        let (alias, what) = match item {
            Item::All => {
                self.count_items(object.fields.len())?;
                members.extend((0..object.fields.len()).map(whole));
                return Ok(());
            }
            Item::Field { name, json, .. } if !json.steps.is_empty() => return not_of_members(name),
            Item::Field { name, alias, .. } => (alias.as_deref(), MemberWhat::Whole(named(object, name)?.0)),
            Item::Relation { name, alias, selection, list, inner, spread } => {
                let (id, field) = named(object, name)?;
                let Base::Object(inside) = field.ty.base else { return not_of_members(name) };
                only_members(name, list, *inner, *spread)?;
                (alias.as_deref(), MemberWhat::Object(id, self.members(inside, selection, depth + 1)?))
            }
            Item::TypeName { alias } => (Some(alias.as_str()), MemberWhat::TypeName),
            Item::Count { name, .. } => return not_of_members(name),
            Item::Version { alias }
            | Item::Cursor { alias }
            | Item::Measure { alias, .. }
            | Item::Group { alias, .. } => return not_of_members(alias),
        };
        self.count_items(1)?;
        members.push(WantedMember { alias: alias.map(Into::into), what });
        Ok(())
    }
}

/// Objects that are kept in a field are all there: there is nothing to filter, order or page, and nothing to leave out.
pub(super) fn only_members(name: &str, list: &ListArgs, inner: bool, spread: bool) -> Result<(), Fault> {
    if *list == ListArgs::default() && !inner && !spread {
        return Ok(());
    }
    let message = "is kept in its record: it takes no filter, order, limit, offset or cursor, and no spread";
    Err(Fault::invalid_field(name, "RELATION", message))
}

fn whole(at: usize) -> WantedMember {
    WantedMember { alias: None, what: MemberWhat::Whole(FieldId(at as u16)) }
}

fn named<'a>(object: &'a Object, name: &str) -> Result<(FieldId, &'a Field), Fault> {
    let mut fields = (0..).map(FieldId).zip(&object.fields);
    fields.find(|(_, field)| field.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        let hint = match contract::diagnostic::closest(name, object.fields.iter().map(|f| f.name.as_str())) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let message = no_field("select", &shown, &object.name, &hint);
        Fault::invalid_field("select", "UNKNOWN", message)
    })
}

/// Two members of one name would make an object with a member twice.
fn unique(object: &Object, members: &[WantedMember]) -> Result<(), Fault> {
    let name = |member: &'_ WantedMember| match (&member.alias, &member.what) {
        (Some(alias), _) => alias.to_string(),
        (None, MemberWhat::Whole(field) | MemberWhat::Object(field, _)) => {
            object.fields[field.index()].name.clone()
        }
        (None, MemberWhat::TypeName) => object.name.clone(),
    };
    let mut names: Vec<String> = members.iter().map(name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Fault::invalid_field("select", "DUPLICATE", format!("names `{}` twice", pair[0]))),
        None => Ok(()),
    }
}
