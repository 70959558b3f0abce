//! What writes touch, and what they tell.
//!
//! Two databases differ in what callers may not see, and in nothing else: whatever they call, they are answered alike.
//! And whatever they call, nothing changes that the contract keeps from them, by an oracle that knows the contract and
//! compares the tables.
#![allow(clippy::unwrap_used)]

mod oracle;
mod random;
mod world;

use engine::{Input, Selected};
use random::{Chance, doing};
use wire::{Format, Value};
use world::{Doing, Who, World, object, text};

const SEQUENCES: u64 = 60;
const CALLS: usize = 60;

fn by_admin(operation: &'static str, key: Option<&str>, data: Value) -> Doing {
    Doing {
        who: Who::Admin,
        operation,
        input: Input { key: key.map(str::to_owned), data: Some(data), ..Input::default() },
        selection: Selected::Default,
        format: Format::Json,
        version: None,
        idempotency: None,
    }
}

/// A world whose hidden values are its own.
async fn world(own: &str) -> World {
    let world = World::new();
    for key in &random::KEYS[..4] {
        let (owner, nth) = key.split_once('-').unwrap();
        let is_open = nth == "2";
        // What an open document shows is the same everywhere.
        let shown = |value: &str| text(if is_open { value } else { own });
        let doc = object(&[
            ("id", text(key)),
            ("owner", text(owner)),
            ("title", text("t")),
            ("open", Value::Bool(is_open)),
            ("level", Value::Int(if is_open { 2 } else { 1 })),
            ("code", text(own)),
            ("half", shown("h")),
            ("mark", text("a")),
            ("guess", text(own)),
            ("dim", shown("d")),
            ("note", text(own)),
            ("ssn", text(&format!("{own}{}", if *key == "ann-1" { "" } else { key }))),
            (
                "tag",
                if is_open {
                    text(key)
                } else {
                    text(&format!("{own}{}", if *key == "ann-1" { "" } else { key }))
                },
            ),
        ]);
        world.call(&by_admin("createDoc", None, doc)).await.unwrap();
        let memo =
            object(&[("id", text(key)), ("owner", text(owner)), ("note", text(own)), ("doc", text("ann-1"))]);
        world.call(&by_admin("createMemo", None, memo)).await.unwrap();
    }
    world
}

/// What admins do meanwhile: another thing in each world, where callers do not see it.
fn meanwhile(chance: &mut Chance, round: usize) -> impl Fn(&str) -> Doing {
    let key = chance.of(&random::KEYS);
    let field = chance.of(&["note", "guess", "ssn"]);
    move |own: &str| {
        by_admin("updateDoc", Some(key), object(&[(field, text(&format!("{own} {round} {key}")))]))
    }
}

#[tokio::test]
async fn answers_tell_nothing_that_is_hidden() {
    for seed in 1..=SEQUENCES {
        let (one, two) = (world("hidden-a").await, world("hidden-b").await);
        let mut chance = Chance::new(seed);
        for round in 0..CALLS {
            if chance.one_in(8) {
                let doing = meanwhile(&mut chance, round);
                let _ = (one.call(&doing("hidden-a")).await, two.call(&doing("hidden-b")).await);
                continue;
            }
            let doing = doing(&mut chance);
            let (first, second) = (one.call(&doing).await, two.call(&doing).await);
            assert_eq!(first, second, "seed {seed}, call {round}: {doing:#?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_changed_that_is_kept_from_the_caller() {
    let mut changes = 0;
    for seed in 1..=SEQUENCES {
        let world = world("hidden-a").await;
        let mut chance = Chance::new(seed ^ 0x5eed);
        for round in 0..CALLS {
            let doing = doing(&mut chance);
            let before = world.tables();
            let answer = world.call(&doing).await;
            let after = world.tables();
            changes += usize::from(before != after);
            let wrong = oracle::wrong(&doing, answer.is_ok(), &before, &after);
            assert_eq!(wrong, None, "seed {seed}, call {round}: {doing:#?}\n{answer:?}");
        }
        assert!(!world.events().contains("hidden-pin"), "a secret is in an event");
    }
    // Otherwise it proves nothing.
    assert!(changes > CALLS * 10, "only {changes} calls changed anything");
}
