//! What the contract lets a caller change, said once more and by other means: on the rows before and after.

use crate::world::{Doing, Tables};
use engine::Input;
use std::collections::{BTreeMap, BTreeSet};
use wire::Value;

type Row = BTreeMap<String, String>;

/// Columns that a caller who is no admin sets never.
const KEPT: [&str; 6] = ["open", "level", "note", "ssn", "tag", "by"];
/// Columns that are set when the row is made, and then never.
const FIXED: [&str; 4] = ["id", "code", "half", "mark"];
/// What the server itself sets.
const OWN: [&str; 2] = ["_version", "at"];

/// What a call changed that it must not have changed.
pub fn wrong(doing: &Doing, is_done: bool, before: &Tables, after: &Tables) -> Option<String> {
    if !is_done {
        return (before != after).then(|| "a call that was refused changed something".to_owned());
    }
    let given = given(&doing.input);
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter().find_map(|place| {
        let wrong = match (before.get(place), after.get(place)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(old), Some(new)) => changed(doing, place.0, &given, old, new),
            (None, Some(new)) => made(doing, place.0, &given, new),
            (Some(old), None) => (!is_owner(doing, old)).then(|| "is gone".to_owned()),
            (None, None) => None,
        };
        wrong.map(|wrong| format!("{place:?}: {wrong}"))
    })
}

fn changed(doing: &Doing, table: &str, given: &BTreeSet<String>, old: &Row, new: &Row) -> Option<String> {
    if !is_owner(doing, old) {
        return Some("is another's".to_owned());
    }
    let differs = |name: &&String| old[*name] != new[*name];
    old.keys().filter(differs).find_map(|name| {
        let was = format!("`{name}` was {} and is {}", old[name], new[name]);
        match name.as_str() {
            own if OWN.contains(&own) => None,
            "_deleted_at" => (!doing.operation.starts_with("delete")).then_some(was),
            kept if KEPT.contains(&kept) || FIXED.contains(&kept) => Some(was),
            "rank" if old["level"] != "Integer(1)" => Some(was),
            // In a memo it stays its owner's.
            "owner" if table == "memo" => Some(was),
            "pin" if !new[name].starts_with("Text(\"$argon2id$") => Some("a secret is not hashed".to_owned()),
            name => (!given.contains(name)).then_some(was),
        }
    })
}

fn made(doing: &Doing, table: &str, given: &BTreeSet<String>, new: &Row) -> Option<String> {
    let Some(caller) = doing.who.id() else { return Some("is made by nobody".to_owned()) };
    if table == "memo" && !is_owner(doing, new) {
        return Some("is made for another".to_owned());
    }
    new.iter().find_map(|(name, value)| {
        let wanted = match name.as_str() {
            "open" => "Integer(0)".to_owned(),
            "level" => "Integer(1)".to_owned(),
            "by" => format!("Text({caller:?})"),
            "_version" => "Integer(1)".to_owned(),
            "at" => return None,
            "text" if !given.contains(name) => "Text(\"nothing\")".to_owned(),
            "note" | "ssn" | "tag" | "_deleted_at" => "Null".to_owned(),
            "pin" if value != "Null" && !value.starts_with("Text(\"$argon2id$") => "a hash".to_owned(),
            given_name if given.contains(given_name) => return None,
            _ => "Null".to_owned(),
        };
        (*value != wanted).then(|| format!("`{name}` is {value}, not {wanted}"))
    })
}

fn is_owner(doing: &Doing, row: &Row) -> bool {
    doing.who.id().is_some_and(|id| row["owner"] == format!("Text({id:?})"))
}

/// The columns that a call names anywhere. In a batch that is more than each of its items names; rows are told apart by
/// the batch's own cases.
fn given(input: &Input) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if input.key.is_some() {
        names.insert("id".to_owned());
    }
    input.data.iter().for_each(|data| collect(data, &mut names));
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            collect(value, names);
        }),
        _ => {}
    }
}
