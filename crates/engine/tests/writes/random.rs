//! Random calls: every write, every binding of an own operation, in every form.

use crate::world::{Doing, Who, object, text};
use engine::{Input, Item, JsonPath, ListArgs, Selected, Selection};
use wire::{Format, Value};

/// A small generator (xorshift), so that every run is the same.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Keys: of rows that are there at the beginning, and two that are not.
pub const KEYS: [&str; 6] = ["ann-1", "ann-2", "ben-1", "ben-2", "new-1", "new-2"];
const TEXTS: [&str; 6] = ["a", "b", "hidden-a", "hidden-b", "open", ""];
const FIELDS: [&str; 14] = [
    "owner", "title", "open", "level", "rank", "code", "half", "mark", "guess", "dim", "note", "ssn", "by",
    "shout",
];

/// A call by somebody who is no admin.
pub fn doing(chance: &mut Chance) -> Doing {
    let (operation, input) = call(chance);
    let format =
        chance.of(&[Format::Json, Format::Graphql, Format::Protobuf, Format::ProtoJson, Format::Xml]);
    Doing {
        who: chance.of(&[Who::Ann, Who::Ann, Who::Ann, Who::Ben, Who::Anonymous]),
        operation,
        input,
        selection: selection(chance, operation, format),
        format,
        version: chance.one_in(6).then(|| 1 + chance.below(3) as i64),
        idempotency: chance.one_in(8).then(|| chance.of(&["k1", "k2"]).to_owned()),
    }
}

fn call(chance: &mut Chance) -> (&'static str, Input) {
    let key = chance.of(&KEYS);
    let keyed = |data: Value| Input { key: Some(key.to_owned()), data: Some(data), ..Input::default() };
    let plain = |data: Value| Input { data: Some(data), ..Input::default() };
    let by_key = || Input { key: Some(key.to_owned()), ..Input::default() };
    match chance.below(20) {
        0 | 1 => ("createDoc", plain(with(("id", text(key)), doc(chance, Whole::Yes)))),
        2 | 3 => ("updateDoc", keyed(doc(chance, Whole::No))),
        4..=7 => ("upsertDoc", keyed(doc(chance, Whole::Yes))),
        8 => ("deleteDoc", by_key()),
        9 | 10 => ("batchDocs", plain(batch(chance))),
        11 => {
            ("addDoc", plain(object(&[("id", text(key)), ("owner", owner(chance)), ("guess", any(chance))])))
        }
        12 => ("editDoc", plain(object(&[("id", text(key)), ("title", any(chance)), ("dim", any(chance))]))),
        13 => ("dropDoc", plain(object(&[("id", text(key))]))),
        14 => ("titleDoc", plain(object(&[("id", text(key)), ("title", any(chance))]))),
        15 => found(chance, key),
        16 => ("upsertMemo", keyed(memo(chance))),
        17 => ("updateMemo", keyed(memo(chance))),
        18 => ("deleteMemo", by_key()),
        _ => ("levelDoc", plain(object(&[("id", text(key)), ("level", Value::Int(1))]))),
    }
}

fn found(chance: &mut Chance, key: &str) -> (&'static str, Input) {
    let value = any(chance);
    let (operation, data) = match chance.below(4) {
        0 => ("docBySsn", object(&[("ssn", value)])),
        1 => ("docByTag", object(&[("tag", value)])),
        2 => ("docsByTag", object(&[("tag", value)])),
        _ => ("docById", object(&[("id", text(key)), ("tag", value)])),
    };
    (operation, Input { data: Some(data), ..Input::default() })
}

/// Whether a new record could be made of it.
#[derive(PartialEq)]
enum Whole {
    Yes,
    No,
}

fn doc(chance: &mut Chance, whole: Whole) -> Value {
    let mut members: Vec<(String, Value)> = Vec::new();
    if whole == Whole::Yes {
        members.push(("owner".to_owned(), owner(chance)));
    }
    for _ in 0..chance.below(4) {
        // What is refused outright is tried less often.
        let name = if chance.one_in(3) {
            chance.of(&FIELDS)
        } else {
            chance.of(&["title", "rank", "mark", "guess", "dim"])
        };
        if members.iter().all(|(known, _)| known != name) {
            let value = value(chance, name);
            members.push((name.to_owned(), value));
        }
    }
    // A hash takes its time.
    if chance.one_in(60) {
        members.push(("pin".to_owned(), text("hidden-pin")));
    }
    Value::Object(members)
}

fn value(chance: &mut Chance, field: &str) -> Value {
    match field {
        "owner" => owner(chance),
        "open" => Value::Bool(chance.one_in(2)),
        "level" | "rank" => Value::Int(1 + chance.below(2) as i64),
        _ if chance.one_in(6) => Value::Null,
        _ => any(chance),
    }
}

fn memo(chance: &mut Chance) -> Value {
    let mut members = vec![("owner".to_owned(), owner(chance))];
    if chance.one_in(2) {
        members.push(("text".to_owned(), any(chance)));
    }
    if chance.one_in(6) {
        members.push(("note".to_owned(), any(chance)));
    }
    if chance.one_in(2) {
        members.push(("doc".to_owned(), text(chance.of(&KEYS))));
    }
    Value::Object(members)
}

fn owner(chance: &mut Chance) -> Value {
    text(chance.of(&["ann", "ann", "ann", "ben"]))
}

fn any(chance: &mut Chance) -> Value {
    text(chance.of(&TEXTS))
}

fn with((name, value): (&str, Value), object: Value) -> Value {
    let Value::Object(mut members) = object else { return object };
    members.push((name.to_owned(), value));
    Value::Object(members)
}

fn batch(chance: &mut Chance) -> Value {
    let item = |chance: &mut Chance| {
        let key = ("id", text(chance.of(&KEYS)));
        match chance.below(4) {
            0 => object(&[("create", with(key, doc(chance, Whole::Yes)))]),
            1 => object(&[("update", with(key, doc(chance, Whole::No)))]),
            2 => object(&[("upsert", with(key, doc(chance, Whole::Yes)))]),
            _ => object(&[("delete", object(&[key]))]),
        }
    };
    Value::List((0..1 + chance.below(2)).map(|_| item(chance)).collect())
}

fn selection(chance: &mut Chance, operation: &str, format: Format) -> Selected {
    if chance.one_in(3) {
        return Selected::Default;
    }
    let field = |name: &str| Item::Field { name: name.into(), alias: None, json: JsonPath::default() };
    let relation = |name: &str, items: Vec<Item>| {
        let (selection, list) = (Selection { items, type_name: None }, ListArgs::default());
        Item::Relation { name: name.into(), alias: None, selection, list, inner: false, spread: false }
    };
    let of_memo = operation.ends_with("Memo");
    let names: &[&str] = if of_memo {
        &["id", "owner", "text", "at"]
    } else {
        &["id", "owner", "title", "shout", "open", "level", "rank", "half", "mark", "dim", "by"]
    };
    let mut items: Vec<Item> = names.iter().filter(|_| !chance.one_in(3)).map(|name| field(name)).collect();
    if items.is_empty() {
        items.push(field("id"));
    }
    // Only GraphQL has a name for it.
    if chance.one_in(2) && format == Format::Graphql {
        items.push(Item::Version { alias: "v".into() });
    }
    if chance.one_in(2) {
        let (name, inner) = if of_memo { ("doc", ["id", "title"]) } else { ("memos", ["id", "text"]) };
        items.push(relation(name, inner.iter().map(|name| field(name)).collect()));
    }
    Selected::These(Selection { items, type_name: None })
}
