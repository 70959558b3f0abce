//! Whatever is written, the events played back are the tables.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Compare, Contract, FieldId, ResourceId};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Column, Growth, Operand, Predicate, Step, Store, Write};
use support::*;
use wire::Value;

/// A write to one of a few rows, which often fails.
#[derive(Debug, Clone)]
enum Random {
    User(u8, u8),
    Post(u8, u8),
    Comment(u8, Option<u8>),
    Note(u8, u8),
    Line(u8, u8, Option<u8>),
    Update(ResourceId, u8, u8),
    Delete(ResourceId, u8),
}

fn random() -> impl Strategy<Value = Random> {
    let few = || 0..4_u8;
    let any_of = || prop::sample::select(vec![USER, POST, COMMENT, NOTE, LINE]);
    prop_oneof![
        (few(), few()).prop_map(|(id, mail)| Random::User(id, mail)),
        (few(), few()).prop_map(|(id, author)| Random::Post(id, author)),
        (few(), prop::option::of(few())).prop_map(|(post, author)| Random::Comment(post, author)),
        (few(), few()).prop_map(|(id, owner)| Random::Note(id, owner)),
        (few(), few(), prop::option::of(few())).prop_map(|(id, note, see)| Random::Line(id, note, see)),
        (any_of(), few(), few()).prop_map(|(of, id, value)| Random::Update(of, id, value)),
        (any_of(), few()).prop_map(|(of, id)| Random::Delete(of, id)),
    ]
}

fn key(resource: ResourceId, id: u8) -> Value {
    if resource == COMMENT { Value::Int(i64::from(id)) } else { text(&format!("k{id}")) }
}

fn by_key(resource: ResourceId) -> Predicate {
    let column = Column { scope: 0, resource, hops: vec![], field: FieldId(0) };
    Predicate::Compare(Compare::Equal, Operand::Column(column), Operand::Param(0))
}

/// A field that may be changed, and a value for it.
fn change(resource: ResourceId, value: u8) -> (&'static str, Value) {
    match resource {
        USER => ("email", text(&format!("{value}@example.test"))),
        POST => ("author", key(USER, value)),
        COMMENT => ("author", if value == 0 { Value::Null } else { key(USER, value) }),
        NOTE => ("slug", text(&format!("slug{value}"))),
        _ => ("note", key(NOTE, value)),
    }
}

fn step(store: &Store, contract: &Contract, write: &Random) -> Step {
    let optional = |of, id: &Option<u8>| id.map_or(Value::Null, |id| key(of, id));
    let new = |resource, values: &[(&str, Value)]| insert(store, contract, resource, values);
    let plan =
        |write: &Write, params| Step::Write { plan: Arc::new(store.plan_write(write).unwrap()), params };
    match write {
        Random::User(id, mail) => new(
            USER,
            &[
                ("id", key(USER, *id)),
                ("name", text("Ann")),
                ("email", text(&format!("{mail}@example.test"))),
                ("role", text("ADMIN")),
                ("active", Value::Bool(*id > 1)),
                ("balance", Value::Int(i64::from(*mail) - 2)),
            ],
        ),
        Random::Post(id, author) => new(
            POST,
            &[
                ("id", key(POST, *id)),
                ("title", text("T")),
                ("author", key(USER, *author)),
                ("createdAt", text(NOW)),
            ],
        ),
        Random::Comment(post, author) => new(
            COMMENT,
            &[("text", text("C")), ("post", key(POST, *post)), ("author", optional(USER, author))],
        ),
        Random::Note(id, owner) => new(
            NOTE,
            &[("id", key(NOTE, *id)), ("slug", text(&format!("slug{id}"))), ("owner", key(USER, *owner))],
        ),
        Random::Line(id, note, see) => new(
            LINE,
            &[
                ("id", key(LINE, *id)),
                ("note", key(NOTE, *note)),
                ("at", Value::Int(1)),
                ("see", optional(NOTE, see)),
            ],
        ),
        Random::Update(resource, id, value) => {
            let (name, value) = change(*resource, *value);
            let write = Write::Update {
                merges: Vec::new(),
                resource: *resource,
                filter: by_key(*resource),
                visible: Predicate::True,
                before: Predicate::True,
                set: vec![(at(contract, *resource, name), 1)],
                kept: Vec::new(),
                growth: Growth::WhenChanged,
                after: Predicate::True,
                version: None,
            };
            plan(&write, vec![key(*resource, *id), value])
        }
        Random::Delete(resource, id) => {
            let write = Write::Delete {
                resource: *resource,
                filter: by_key(*resource),
                visible: Predicate::True,
                before: Predicate::True,
                version: None,
            };
            plan(&write, vec![key(*resource, *id)])
        }
    }
}

type Rows = BTreeMap<(String, String), Json>;

/// The rows that the events leave behind; each event must fit what the ones before it left.
fn replayed(store: &Store) -> Rows {
    let mut rows = Rows::new();
    for event in store.events(0, 10_000).unwrap() {
        let row = (event.resource.unwrap(), event.key.unwrap());
        let parse = |text: Option<String>| text.map(|text| serde_json::from_str::<Json>(&text).unwrap());
        let (before, after) = (parse(event.before), parse(event.after));
        assert_eq!(rows.remove(&row), before, "before {} {row:?}", event.kind);
        assert_ne!(before, after, "{} {row:?}", event.kind);
        rows.extend(after.map(|after| (row, after)));
    }
    rows
}

/// The rows of the tables, in the form of events.
fn stored(conn: &rusqlite::Connection) -> Rows {
    let mut rows = Rows::new();
    let tables = [
        ("User", "user", "json_object('id',id,'email',email,'balance',balance,'active',active)"),
        ("Post", "post", "json_object('id',id,'author',author)"),
        ("Comment", "comment", "json_object('id',CAST(id AS TEXT),'post',post,'author',author)"),
        ("Note", "note WHERE _deleted_at IS NULL", "json_object('id',id,'slug',slug,'owner',owner)"),
        ("Line", "line", "json_object('id',id,'note',note,'see',see)"),
    ];
    for (resource, table, record) in tables {
        let mut statement = conn.prepare(&format!("SELECT CAST(id AS TEXT), {record} FROM {table}")).unwrap();
        let found = statement.query_map([], |r| Ok((r.get(0)?, r.get::<_, String>(1)?))).unwrap();
        for row in found {
            let (key, record): (String, String) = row.unwrap();
            rows.insert((resource.into(), key), serde_json::from_str(&record).unwrap());
        }
    }
    rows
}

/// A row's own members of an event's record, with numbers as the table keeps them.
fn is_part(table: &Json, event: &Json) -> bool {
    table.as_object().unwrap().iter().all(|(name, value)| match (name.as_str(), &event[name]) {
        ("active", Json::Bool(active)) => value.as_i64() == Some(i64::from(*active)),
        ("balance", Json::String(decimal)) => {
            value.as_i64().unwrap() == decimal.replace('.', "").parse::<i64>().unwrap()
        }
        (_, found) => found == value,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_played_back_are_the_tables(writes in prop::collection::vec(prop::collection::vec(random(), 1..4), 1..40)) {
        let scratch = Scratch::new("random");
        let contract = contract();
        let fast = store::Options { durability: store::Durability::Process, ..options(scratch.place()) };
        let store = Store::open(Arc::new(contract.clone()), &fast).unwrap();
        for steps in &writes {
            let steps = steps.iter().map(|write| step(&store, &contract, write)).collect();
            if let Err(error @ store::Error::Internal(_)) = write(&store, mutation(steps)) {
                panic!("{error:?}");
            }
        }
        let (replayed, stored) = (replayed(&store), stored(&scratch.connection()));
        prop_assert_eq!(replayed.keys().collect::<Vec<_>>(), stored.keys().collect::<Vec<_>>());
        for (row, record) in &stored {
            prop_assert!(is_part(record, &replayed[row]), "{:?}: {} and {}", row, record, replayed[row]);
        }
    }
}
