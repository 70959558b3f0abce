//! What single writes do, refuse and leave in the outbox.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Compare, Contract, FieldId, ResourceId};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use store::{Column, Error, Event, Growth, Operand, Param, Predicate, Step, Store, Write, Written};
use support::*;
use wire::Value;

fn is(contract: &Contract, resource: ResourceId, field: &str, param: Param) -> Predicate {
    let column = Column { scope: 0, resource, hops: vec![], field: at(contract, resource, field) };
    Predicate::Compare(Compare::Equal, Operand::Column(column), Operand::Param(param))
}

struct World {
    store: Store,
    contract: Contract,
}

impl World {
    fn new() -> Self {
        Self { store: open(contract()), contract: contract() }
    }

    fn run(&self, steps: Vec<Step>) -> Result<Written, Error> {
        write(&self.store, mutation(steps))
    }

    fn insert(&self, resource: ResourceId, values: &[(&str, Value)]) -> Result<Written, Error> {
        self.run(vec![insert(&self.store, &self.contract, resource, values)])
    }

    fn user(&self, id: &str) -> Result<Written, Error> {
        self.run(vec![user(&self.store, &self.contract, id)])
    }

    fn note(&self, id: &str, owner: &str) -> Result<Written, Error> {
        self.insert(NOTE, &[("id", text(id)), ("slug", text(&format!("s-{id}"))), ("owner", text(owner))])
    }

    fn plan(&self, write: &Write, params: Vec<Value>) -> Step {
        Step::Write { plan: Arc::new(self.store.plan_write(write).unwrap()), params }
    }

    /// Changes fields of the row with a key, under rules.
    fn update(
        &self,
        resource: ResourceId,
        key: &str,
        values: &[(&str, Value)],
        rules: Rules,
    ) -> Result<Written, Error> {
        let set: Vec<(FieldId, Param)> =
            (1..).zip(values).map(|(param, (name, _))| (at(&self.contract, resource, name), param)).collect();
        let Rules { visible, before, after, version } = rules;
        let mut params = vec![text(key)];
        params.extend(values.iter().map(|(_, value)| value.clone()));
        let version = version.map(|version| {
            params.push(Value::Int(version));
            Param::try_from(params.len() - 1).unwrap()
        });
        let filter = is(&self.contract, resource, "id", 0);
        let write = Write::Update {
            resource,
            filter,
            visible,
            before,
            set,
            merges: Vec::new(),
            kept: Vec::new(),
            growth: Growth::WhenChanged,
            after,
            version,
        };
        self.run(vec![self.plan(&write, params)])
    }

    fn delete(&self, resource: ResourceId, key: &str) -> Result<Written, Error> {
        let write = Write::Delete {
            resource,
            filter: is(&self.contract, resource, "id", 0),
            visible: Predicate::True,
            before: Predicate::True,
            version: None,
        };
        self.run(vec![self.plan(&write, vec![text(key)])])
    }

    fn upsert(&self, id: &str, name: &str, version: Option<i64>) -> Result<Written, Error> {
        let field = |name| at(&self.contract, ACCOUNT, name);
        let write = Write::Upsert {
            resource: ACCOUNT,
            key: 0,
            insert: vec![(field("id"), 0), (field("owner"), 1), (field("balance"), 2)],
            create_check: Predicate::True,
            update: vec![(field("owner"), 1), (field("balance"), 2)],
            growth: Growth::WhenChanged,
            fixed: vec![],
            visible: Predicate::True,
            before: Predicate::True,
            kept: Vec::new(),
            after: Predicate::True,
            version: version.map(|_| 3),
        };
        let mut params = vec![text(id), text(name), Value::Int(5)];
        params.extend(version.map(Value::Int));
        self.run(vec![self.plan(&write, params)])
    }

    fn events(&self) -> Vec<Event> {
        self.store.events(0, 1000).unwrap()
    }

    fn last(&self) -> Event {
        self.events().pop().unwrap()
    }

    fn kinds(&self) -> Vec<String> {
        self.events().into_iter().map(|e| format!("{} {}", e.kind, e.key.unwrap_or_default())).collect()
    }
}

struct Rules {
    visible: Predicate,
    before: Predicate,
    after: Predicate,
    version: Option<i64>,
}

fn open_rules() -> Rules {
    Rules { visible: Predicate::True, before: Predicate::True, after: Predicate::True, version: None }
}

fn json(text: Option<String>) -> Json {
    text.map_or(Json::Null, |text| serde_json::from_str(&text).unwrap())
}

#[test]
fn an_insert_has_its_event_in_the_forms_of_the_api() {
    let world = World::new();
    let written = world
        .insert(
            USER,
            &[
                ("id", text("u1")),
                ("name", text("Ann \"A\"")),
                ("email", text("a@example.test")),
                ("password", text("$argon2id$…")),
                ("role", text("ADMIN")),
                ("active", Value::Bool(false)),
                ("balance", Value::Int(-5)),
                ("age", Value::Int(41)),
                ("views", Value::Int(i64::MAX)),
                ("score", Value::Float(0.1)),
                ("joined", text("2026-01-02T03:04:05.678901Z")),
                ("born", text("1985-02-03")),
                ("wakes", text("06:30:00.000000")),
                ("sleeps", Value::Int(1_500_000)),
                ("photo", Value::Bytes(vec![0xca, 0xfe])),
                ("settings", text(r#"{"a":[1,null]}"#)),
                ("tags", text(r#"["x","y"]"#)),
            ],
        )
        .unwrap();
    assert_eq!((written.key.as_deref(), written.created), (Some("u1"), true));
    let event = world.last();
    assert_eq!(
        (event.kind.as_str(), event.resource.as_deref(), event.key.as_deref()),
        ("User.created", Some("User"), Some("u1"))
    );
    assert_eq!(event.before, None);
    assert!(event.at.len() == NOW.len() && event.at.ends_with("000Z"), "{}", event.at);
    assert_eq!(
        json(event.after),
        json!({
            "id": "u1", "name": "Ann \"A\"", "email": "a@example.test", "role": "ADMIN", "active": false,
            "balance": "-0.05", "age": 41, "views": "9223372036854775807", "score": 0.1,
            "joined": "2026-01-02T03:04:05.678901Z", "born": "1985-02-03", "wakes": "06:30:00.000000",
            "sleeps": "PT1.5S", "photo": "cafe", "settings": {"a": [1, null]}, "tags": ["x", "y"],
        })
    );
}

#[test]
fn absent_values_are_null_in_events() {
    let world = World::new();
    world.user("u1").unwrap();
    let after = json(world.last().after);
    for name in ["age", "views", "score", "joined", "sleeps", "photo", "settings", "tags"] {
        assert_eq!(after.get(name), Some(&Json::Null), "{name}");
    }
    assert_eq!((&after["active"], &after["balance"]), (&json!(true), &json!("0.00")));
}

#[test]
fn integer_keys_are_made_by_the_database() {
    let world = World::new();
    world.user("u1").unwrap();
    let post = [("id", text("p1")), ("title", text("T")), ("author", text("u1")), ("createdAt", text(NOW))];
    world.insert(POST, &post).unwrap();
    for key in ["1", "2"] {
        let written = world.insert(COMMENT, &[("text", text("C")), ("post", text("p1"))]).unwrap();
        assert_eq!(written.key.as_deref(), Some(key));
        assert_eq!(json(world.last().after), json!({"id": key, "text": "C", "post": "p1", "author": null}));
    }
}

#[test]
fn an_update_counts_the_version_up_only_with_a_change() {
    let world = World::new();
    world.user("u1").unwrap();
    let rename = |name: &str, version| {
        world.update(USER, "u1", &[("name", text(name))], Rules { version: Some(version), ..open_rules() })
    };
    rename("Bea", 1).unwrap();
    let event = world.last();
    assert_eq!(event.kind, "User.updated");
    assert_eq!((&json(event.before)["name"], &json(event.after)["name"]), (&json!("Ann"), &json!("Bea")));
    assert_eq!(rename("Cai", 1), Err(Error::VersionMismatch));
    rename("Bea", 2).unwrap();
    assert_eq!(world.events().len(), 2, "nothing changed, nothing happened");
    rename("Cai", 2).unwrap();
    assert_eq!(world.events().len(), 3);
}

#[test]
fn a_changed_secret_is_an_event_that_does_not_show_it() {
    let world = World::new();
    world.user("u1").unwrap();
    world.update(USER, "u1", &[("password", text("hash"))], open_rules()).unwrap();
    let event = world.last();
    assert_eq!(event.kind, "User.updated");
    assert_eq!(event.before, event.after);
    assert!(!event.after.unwrap().contains("hash"));
}

#[test]
fn rules_are_told_apart_in_order() {
    let world = World::new();
    world.user("u1").unwrap();
    // The value of the parameter that the update sets: false before, true after.
    let named = || is(&world.contract, USER, "name", 1);
    let never = || Predicate::False;
    let unknown = || Predicate::Unknown;
    let cases = [
        (Rules { visible: never(), before: never(), ..open_rules() }, Err(Error::NotFound)),
        (Rules { visible: unknown(), ..open_rules() }, Err(Error::NotFound)),
        (Rules { before: never(), version: Some(9), ..open_rules() }, Err(Error::VersionMismatch)),
        (Rules { before: never(), version: Some(1), ..open_rules() }, Err(Error::Denied)),
        (Rules { before: unknown(), ..open_rules() }, Err(Error::Denied)),
        (Rules { after: never(), ..open_rules() }, Err(Error::Denied)),
        (Rules { before: named(), ..open_rules() }, Err(Error::Denied)),
        (Rules { after: named(), ..open_rules() }, Ok(())),
    ];
    for (rules, expected) in cases {
        let said = format!("{:?} {:?} {:?}", rules.visible, rules.before, rules.after);
        let done = world.update(USER, "u1", &[("name", text("Bea"))], rules).map(drop);
        assert_eq!(done, expected, "{said}");
    }
    assert_eq!(world.update(USER, "u2", &[], open_rules()), Err(Error::NotFound));
    assert!(world.update(USER, "u1", &[], open_rules()).is_ok(), "an update of nothing only checks");
    assert_eq!(world.events().len(), 2, "what was refused left nothing");
}

#[test]
fn a_new_row_is_held_to_the_rule() {
    let world = World::new();
    let owner = is(&world.contract, ACCOUNT, "owner", 3);
    let account = |owner_is: &str| {
        let values = [("id", text("a1")), ("owner", text("ann")), ("balance", Value::Int(1))];
        let step = insert_if(&world.store, &world.contract, ACCOUNT, &values, owner.clone());
        match step {
            Step::Write { plan, mut params } => {
                params.push(text(owner_is));
                world.run(vec![Step::Write { plan, params }])
            }
            step => world.run(vec![step]),
        }
    };
    assert_eq!(account("bob"), Err(Error::Denied));
    assert!(world.events().is_empty());
    assert!(account("ann").unwrap().created);
}

#[test]
fn an_answer_is_read_by_the_rules_or_is_what_the_caller_gave() {
    let world = World::new();
    let column = |name| {
        let field = at(&world.contract, ACCOUNT, name);
        Operand::Column(Column { scope: 0, resource: ACCOUNT, hops: vec![], field })
    };
    let read = |visible: Predicate| {
        let by_key = Predicate::Compare(Compare::Equal, column("id"), Operand::Param(0));
        let select = store::Select {
            from: ACCOUNT,
            outputs: vec![store::Output::Value(column("owner"))],
            filter: Predicate::And(vec![by_key, visible]),
            order: vec![],
            limit: None,
            offset: None,
            edges: None,
        };
        let name = wire::Name::new("owner", 1, contract::Xml::Element);
        let layout = wire::Layout::Scalar(contract::Scalar::String);
        let shape =
            wire::Shape { type_name: "Account".into(), fields: vec![wire::ShapeField::new(name, layout)] };
        Arc::new(world.store.plan_read(&select, shape, store::Root::One).unwrap())
    };
    let write = |id: &str, visible, otherwise| {
        let values = [("id", text(id)), ("owner", text("ann")), ("balance", Value::Int(1))];
        let step = insert(&world.store, &world.contract, ACCOUNT, &values);
        let answer = store::AnswerRead { plan: read(visible), params: vec![Value::Null], key: 0, otherwise };
        write(
            &world.store,
            store::Mutation { answer: store::Answering::After(answer), ..mutation(vec![step]) },
        )
        .unwrap()
        .reply
    };
    let seen = write("a1", Predicate::True, None);
    assert_eq!(
        (seen.body.as_slice(), seen.rows, seen.version),
        (br#"{"owner":"ann"}"#.as_slice(), 1, Some(1))
    );
    let hidden = write("a2", Predicate::False, None);
    assert_eq!((hidden.body.as_slice(), hidden.rows), (b"".as_slice(), 0));
    let otherwise = Some((read(Predicate::True), vec![text("a1")]));
    assert_eq!(write("a3", Predicate::False, otherwise), seen);
}

#[test]
fn an_upsert_creates_and_then_changes() {
    let world = World::new();
    assert_eq!(world.upsert("a1", "ann", Some(1)), Err(Error::VersionMismatch));
    assert!(world.upsert("a1", "ann", None).unwrap().created);
    let changed = world.upsert("a1", "bob", Some(1)).unwrap();
    assert_eq!((changed.created, changed.key.as_deref()), (false, Some("a1")));
    assert_eq!(world.upsert("a1", "cai", Some(1)), Err(Error::VersionMismatch));
    assert_eq!(world.kinds(), ["Account.created a1", "Account.updated a1"]);
}

#[test]
fn violations_name_the_field() {
    let world = World::new();
    world.user("u1").unwrap();
    let taken = |fields: &[&str], resource| Error::Unique {
        resource,
        fields: fields.iter().map(|f| at(&world.contract, resource, f)).collect(),
    };
    let person = |change: &[(&str, Value)]| {
        let mut values = vec![
            ("id", text("u2")),
            ("name", text("Bob")),
            ("email", text("b@example.test")),
            ("role", text("MEMBER")),
            ("active", Value::Bool(true)),
            ("balance", Value::Int(0)),
        ];
        for (name, value) in change {
            values.retain(|(n, _)| n != name);
            values.push((name, value.clone()));
        }
        world.insert(USER, &values).map(drop)
    };
    let bad = |name: &str, what: &str| {
        let field = at(&world.contract, USER, name);
        Err(Error::Misfit { resource: USER, field, what: what.to_owned() })
    };
    let unfit = "has a value that does not fit";
    let cases = [
        (("email", text("u1@example.test")), Err(taken(&["email"], USER))),
        (("id", text("u1")), Err(taken(&["id"], USER))),
        (("name", Value::Null), bad("name", "must have a value")),
        (("age", Value::Int(1 << 31)), bad("age", unfit)),
        (("age", text("old")), bad("age", "has a value of another type")),
        (("role", text("BOSS")), bad("role", unfit)),
        (("active", Value::Int(2)), bad("active", unfit)),
        (("balance", Value::Int(1_000_000_000_000_000_000)), bad("balance", unfit)),
        (("score", Value::Float(f64::INFINITY)), bad("score", unfit)),
        (("joined", text("2026-01-02 03:04:05")), bad("joined", unfit)),
        (("born", text("2026-1-2")), bad("born", unfit)),
        (("wakes", text("6:30")), bad("wakes", unfit)),
        (("settings", text("{a:1}")), bad("settings", unfit)),
        (("tags", text("{}")), bad("tags", unfit)),
        (("tags", text("nonsense")), bad("tags", unfit)),
        (("settings", text("null")), Ok(())),
    ];
    for ((name, value), expected) in cases {
        assert_eq!(person(&[(name, value.clone())]), expected, "{name} {value:?}");
    }
    let post = |author: &str| {
        [("id", text("p1")), ("title", text("T")), ("author", text(author)), ("createdAt", text(NOW))]
    };
    assert_eq!(world.insert(POST, &post("nobody")), Err(Error::DanglingReference));
    world.insert(POST, &post("u1")).unwrap();
    world.insert(COMMENT, &[("text", text("C")), ("post", text("p1"))]).unwrap();
    assert_eq!(world.delete(POST, "p1"), Err(Error::StillReferenced));
    let events = world.events().len();
    assert_eq!(world.delete(USER, "u1"), Err(Error::StillReferenced), "a cascade stops at what restricts");
    assert_eq!(world.events().len(), events);
    assert_eq!(world.delete(USER, "u9"), Err(Error::NotFound));
}

#[test]
fn a_cascade_writes_an_event_for_each_row() {
    let world = World::new();
    world.user("u1").unwrap();
    world.user("u2").unwrap();
    for (id, author) in [("p1", "u1"), ("p2", "u2")] {
        let values =
            [("id", text(id)), ("title", text("T")), ("author", text(author)), ("createdAt", text(NOW))];
        world.insert(POST, &values).unwrap();
    }
    world.insert(COMMENT, &[("text", text("C")), ("post", text("p2")), ("author", text("u1"))]).unwrap();
    let before = world.events().len();
    world.delete(USER, "u1").unwrap();
    let mut kinds = world.kinds().split_off(before);
    kinds.sort();
    assert_eq!(kinds, ["Comment.updated 1", "Post.deleted p1", "User.deleted u1"]);
}

#[test]
fn a_soft_deletion_marks_and_hides() {
    let world = World::new();
    world.user("u1").unwrap();
    world.note("n1", "u1").unwrap();
    world.note("n2", "u1").unwrap();
    for (id, at, see) in [("l1", 1, Value::Null), ("l2", 2, text("n1"))] {
        let note = if id == "l1" { "n1" } else { "n2" };
        let values = [("id", text(id)), ("note", text(note)), ("at", Value::Int(at)), ("see", see)];
        world.insert(LINE, &values).unwrap();
    }
    let before = world.events().len();
    world.delete(NOTE, "n1").unwrap();
    let events = world.events().split_off(before);
    let mut kinds: Vec<_> =
        events.iter().map(|e| format!("{} {}", e.kind, e.key.as_deref().unwrap())).collect();
    kinds.sort();
    assert_eq!(kinds, ["Line.deleted l1", "Line.updated l2", "Note.deleted n1"]);
    let deleted = events.iter().find(|e| e.kind == "Note.deleted").unwrap();
    assert_eq!((json(deleted.before.clone())["slug"].as_str(), &deleted.after), (Some("s-n1"), &None));

    assert_eq!(world.delete(NOTE, "n1"), Err(Error::NotFound));
    assert_eq!(world.update(NOTE, "n1", &[("slug", text("x"))], open_rules()), Err(Error::NotFound));
    let line = |id: &str| [("id", text(id)), ("note", text("n1")), ("at", Value::Int(9))];
    assert_eq!(world.insert(LINE, &line("l3")), Err(Error::DanglingReference));
    let same_slug = [("id", text("n3")), ("slug", text("s-n1")), ("owner", text("u1"))];
    assert!(world.insert(NOTE, &same_slug).is_ok(), "a deleted row keeps no value from others");
    assert!(matches!(
        world.insert(NOTE, &[("id", text("n4")), ("slug", text("s-n2")), ("owner", text("u1"))]),
        Err(Error::Unique { .. })
    ));
}

#[test]
fn all_steps_or_nothing() {
    let world = World::new();
    let steps = ["u1", "u2", "u1"].map(|id| user(&world.store, &world.contract, id));
    assert!(matches!(world.run(steps.into()), Err(Error::Unique { .. })));
    assert!(world.events().is_empty());
    let steps = ["u1", "u2", "u3"].map(|id| user(&world.store, &world.contract, id));
    assert_eq!(world.run(steps.into()).unwrap().key.as_deref(), Some("u3"));
    assert_eq!(world.events().len(), 3);
}

#[test]
fn any_statement_has_its_event_and_version() {
    let scratch = Scratch::new("any");
    let contract = contract();
    let store = Store::open(Arc::new(contract.clone()), &options(scratch.place())).unwrap();
    write(&store, mutation(vec![user(&store, &contract, "u1")])).unwrap();
    let conn = scratch.connection();
    conn.execute_batch("PRAGMA recursive_triggers=ON").unwrap();
    conn.execute("UPDATE user SET name = 'Bea'", []).unwrap();
    conn.execute("UPDATE user SET name = 'Bea'", []).unwrap();
    conn.execute("UPDATE user SET name = 'Cai', _version = _version + 1", []).unwrap();
    let version: i64 = conn.query_row("SELECT _version FROM user", [], |r| r.get(0)).unwrap();
    assert_eq!(version, 3);
    conn.execute("INSERT OR REPLACE INTO user (id, name, email) VALUES ('u1', 'Dan', 'd@example.test')", [])
        .unwrap();
    let kinds: Vec<_> = store.events(0, 100).unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["User.created", "User.updated", "User.updated", "User.deleted", "User.created"]);
    assert!(conn.execute("UPDATE user SET id = 'u9'", []).is_err(), "a row keeps its key");
    conn.execute("INSERT INTO note (id, slug, owner) VALUES ('n1', 's', 'u1')", []).unwrap();
    let done = conn.execute("UPDATE note SET _deleted_at = '2026'; ", []);
    assert_eq!(done, Ok(1));
    conn.execute("UPDATE note SET slug = 't'", []).unwrap();
    conn.execute("UPDATE note SET _deleted_at = NULL", []).unwrap();
    conn.execute("UPDATE note SET _deleted_at = '2026'", []).unwrap();
    conn.execute("DELETE FROM note", []).unwrap();
    let kinds: Vec<_> = store.events(5, 100).unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["Note.created", "Note.deleted", "Note.created", "Note.deleted"]);
}
