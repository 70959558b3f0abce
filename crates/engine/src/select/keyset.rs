//! Pages between cursors: a cursor is the place of a record in one order.

use super::wanted::{Keyset, OrderBy, Page, Target};
use crate::call::{ListArgs, Paging};
use crate::fault::Fault;
use contract::{Contract, ResourceId};
use store::{Direction, End, Nulls};
use wire::Value;

/// Makes a page one that is bounded by the cursors of `list`. The order of such a page always ends with the key.
pub(super) fn add(
    contract: &Contract,
    resource: ResourceId,
    list: &ListArgs,
    place: &dyn Fn(&str) -> String,
    paging: Paging,
    page: &mut Page,
) -> Result<(), Fault> {
    let end = list.end.unwrap_or(End::First);
    // Some are left out behind a cursor, as behind the beginning, where that is the way of all pages.
    let is_forward = paging == Paging::Cursors && end == End::First && list.before.is_none();
    if page.offset > 0 && !is_forward {
        let message = "cannot stand beside a cursor";
        return Err(Fault::invalid_field(place("offset"), "CURSOR", message));
    }
    if end == End::Last && paging == Paging::Plain {
        let message = "is for pages between cursors only";
        return Err(Fault::invalid_field(place("last"), "CURSOR", message));
    }
    end_with_key(contract, resource, &mut page.order);
    let tag = tag(contract, resource, &page.order);
    let read = |name: &str, cursor: &Option<String>| {
        cursor.as_deref().map(|text| values(text, &tag, page.order.len(), &place(name))).transpose()
    };
    let (after, before) = (read("after", &list.after)?, read("before", &list.before)?);
    page.keyset = Some(Keyset { tag, after, before, end, paging });
    Ok(())
}

/// The key follows the direction of the last term, as it does where no cursor is asked for.
fn end_with_key(contract: &Contract, id: ResourceId, order: &mut Vec<OrderBy>) {
    let key = contract.resource(id).key;
    if order.iter().any(|by| by.target.hops.is_empty() && by.target.field == key) {
        return;
    }
    let direction = order.last().map_or(Direction::Ascending, |by| by.direction);
    let target = Target { hops: Vec::new(), resource: id, field: key, json: Vec::new(), as_text: false };
    order.push(OrderBy { target, direction, nulls: Nulls::Last });
}

/// A short text that differs between orders: a digest, so that cursors stay small.
fn tag(contract: &Contract, id: ResourceId, order: &[OrderBy]) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update(contract.resource(id).name.as_bytes());
    for by in order {
        digest.update(format!("\u{0}{:?}", (&by.target, by.direction, by.nulls)));
    }
    digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn values(cursor: &str, tag: &str, terms: usize, place: &str) -> Result<Vec<Value>, Fault> {
    let refused = |message: &str| Fault::invalid_field(place, "CURSOR", message);
    let mut values = store::cursor::read(cursor).ok_or_else(|| refused("is not a cursor"))?;
    let is_of_this_order = values.first() == Some(&Value::Text(tag.to_owned())) && values.len() == terms + 1;
    if !is_of_this_order {
        return Err(refused("is a cursor of another order"));
    }
    values.remove(0);
    Ok(values)
}
