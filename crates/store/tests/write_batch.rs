//! Many writes in one transaction, their answers, and which of them failed.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Compare, Contract, FieldId, Outcome, ResourceId, Scalar, Xml};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use store::{
    AnswerRead, Answering, Column, Error, Failed, Growth, Mutation, Operand, Output, Param, Predicate,
    ReadPlan, Root, Select, Step, Store, TextTest, Write, Written,
};
use support::*;
use wire::{Format, Layout, Name, Shape, ShapeField, Value, Wrapped};

struct World {
    store: Store,
    contract: Contract,
}

impl World {
    fn new() -> Self {
        Self { store: open(contract()), contract: contract() }
    }

    fn field(&self, resource: ResourceId, name: &str) -> FieldId {
        at(&self.contract, resource, name)
    }

    fn column(&self, name: &str) -> Operand {
        let field = self.field(ACCOUNT, name);
        Operand::Column(Column { scope: 0, resource: ACCOUNT, hops: vec![], field })
    }

    fn equal(&self, name: &str, param: Param) -> Predicate {
        Predicate::Compare(Compare::Equal, self.column(name), Operand::Param(param))
    }

    fn plan(&self, write: &Write, params: Vec<Value>) -> Step {
        Step::Write { plan: Arc::new(self.store.plan_write(write).unwrap()), params }
    }

    fn create(&self, id: &str, owner: &str) -> Step {
        let values = [("id", text(id)), ("owner", text(owner)), ("balance", Value::Int(1))];
        insert(&self.store, &self.contract, ACCOUNT, &values)
    }

    fn update(&self, id: &str, owner: &str, before: Predicate) -> Step {
        let write = Write::Update {
            resource: ACCOUNT,
            merges: Vec::new(),
            filter: self.equal("id", 0),
            visible: Predicate::True,
            before,
            set: vec![(self.field(ACCOUNT, "owner"), 1)],
            kept: Vec::new(),
            growth: Growth::WhenChanged,
            after: Predicate::True,
            version: None,
        };
        self.plan(&write, vec![text(id), text(owner)])
    }

    fn upsert(&self, id: &str, owner: &str, version: Value) -> Step {
        let field = |name| self.field(ACCOUNT, name);
        let write = Write::Upsert {
            resource: ACCOUNT,
            key: 0,
            insert: vec![(field("id"), 0), (field("owner"), 1), (field("balance"), 2)],
            create_check: Predicate::True,
            update: vec![(field("owner"), 1)],
            growth: Growth::WhenChanged,
            fixed: vec![],
            visible: Predicate::True,
            before: Predicate::True,
            kept: Vec::new(),
            after: Predicate::True,
            version: Some(3),
        };
        self.plan(&write, vec![text(id), text(owner), Value::Int(2), version])
    }

    fn delete(&self, id: &str, visible: Predicate, before: Predicate) -> Step {
        let filter = self.equal("id", 0);
        let write = Write::Delete { resource: ACCOUNT, filter, visible, before, version: None };
        self.plan(&write, vec![text(id)])
    }

    fn gone(&self, id: &str) -> Step {
        self.delete(id, Predicate::True, Predicate::True)
    }

    fn post(&self, id: &str, author: &str) -> Step {
        let values =
            [("id", text(id)), ("title", text("T")), ("author", text(author)), ("createdAt", text(NOW))];
        insert(&self.store, &self.contract, POST, &values)
    }

    /// The id and owner of an account where a rule holds; parameter 0 is its key.
    fn read(&self, rule: Predicate) -> Arc<ReadPlan> {
        let field = |name: &str, number, scalar| {
            ShapeField::new(Name::new(name, number, Xml::Element), Layout::Scalar(scalar))
        };
        let select = Select {
            from: ACCOUNT,
            outputs: vec![Output::Value(self.column("id")), Output::Value(self.column("owner"))],
            filter: Predicate::And(vec![self.equal("id", 0), rule]),
            order: vec![],
            limit: None,
            offset: None,
            edges: None,
        };
        let fields = vec![field("id", 1, Scalar::Id), field("owner", 2, Scalar::String)];
        let shape = Shape { type_name: "Account".into(), fields };
        Arc::new(self.store.plan_read(&select, shape, Root::One).unwrap())
    }

    fn answer(&self, rule: Predicate) -> AnswerRead {
        AnswerRead { plan: self.read(rule), params: vec![Value::Null], key: 0, otherwise: None }
    }

    fn seen(&self) -> Option<AnswerRead> {
        Some(self.answer(Predicate::True))
    }

    /// What is answered although no rule lets it be seen.
    fn given(&self) -> Option<AnswerRead> {
        let otherwise = Some((self.read(Predicate::True), vec![Value::Null]));
        Some(AnswerRead { otherwise, ..self.answer(Predicate::False) })
    }

    fn each(&self, steps: Vec<(Step, Option<AnswerRead>)>) -> Mutation {
        let (steps, answers) = steps.into_iter().unzip();
        Mutation { answer: Answering::Each(answers), ..mutation(steps) }
    }

    fn run(&self, mutation: Mutation) -> Result<Written, Failed> {
        block(self.store.write(mutation))
    }

    fn kinds(&self) -> Vec<String> {
        let events = self.store.events(0, 10_000).unwrap();
        events.into_iter().map(|e| format!("{} {}", e.kind, e.key.unwrap_or_default())).collect()
    }
}

fn failed<T>(step: usize, error: Error) -> Result<T, Failed> {
    Err(Failed { step: Some(step), error })
}

fn body(written: &Written) -> &str {
    std::str::from_utf8(&written.reply.body).unwrap()
}

#[test]
fn each_step_has_its_item_in_every_format() {
    let expected: [(Format, &[u8]); 7] = [
        (
            Format::Json,
            br#"[{"id":"a","owner":"ann"},{"id":"a","owner":"bob"},null,null,{"id":"c","owner":"cai"}]"#,
        ),
        (
            Format::Graphql,
            br#"[{"id":"a","owner":"ann"},{"id":"a","owner":"bob"},null,null,{"id":"c","owner":"cai"}]"#,
        ),
        (
            Format::Protobuf,
            b"\x0a\x08\x0a\x01a\x12\x03ann\x0a\x08\x0a\x01a\x12\x03bob\x0a\x00\x0a\x00\x0a\x08\x0a\x01c\x12\x03cai",
        ),
        (
            Format::ProtobufItems(Wrapped::Field("account")),
            b"\0\0\0\0\x0a\x0a\x08\x0a\x01a\x12\x03ann\0\0\0\0\x0a\x0a\x08\x0a\x01a\x12\x03bob\
              \0\0\0\0\x02\x0a\0\0\0\0\0\x02\x0a\0\0\0\0\0\x0a\x0a\x08\x0a\x01c\x12\x03cai",
        ),
        (
            Format::ProtoJson,
            br#"[{"id":"a","owner":"ann"},{"id":"a","owner":"bob"},{},{},{"id":"c","owner":"cai"}]"#,
        ),
        (
            Format::ProtoJsonItems(Wrapped::Bare),
            b"\0\0\0\0\x18{\"id\":\"a\",\"owner\":\"ann\"}\0\0\0\0\x18{\"id\":\"a\",\"owner\":\"bob\"}\
              \0\0\0\0\x02{}\0\0\0\0\x02{}\0\0\0\0\x18{\"id\":\"c\",\"owner\":\"cai\"}",
        ),
        (
            Format::Xml,
            b"<List><Account><id>a</id><owner>ann</owner></Account><Account><id>a</id><owner>bob</owner></Account>\
              <Account></Account><Account></Account><Account><id>c</id><owner>cai</owner></Account></List>",
        ),
    ];
    for (format, body) in expected {
        let world = World::new();
        let hidden = || Some(world.answer(Predicate::False));
        let batch = world.each(vec![
            (world.create("a", "ann"), world.seen()),
            (world.update("a", "bob", Predicate::True), world.seen()),
            (world.upsert("b", "bea", Value::Null), hidden()),
            (world.gone("b"), None),
            (world.create("c", "cai"), world.given()),
        ]);
        let written = world.run(Mutation { format, ..batch }).unwrap();
        assert_eq!(written.reply.body, body, "{format:?}");
        assert_eq!((written.reply.rows, written.reply.version, written.reply.statements), (5, None, 5));
        assert_eq!((written.key.as_deref(), written.created), (Some("c"), true));
    }
}

#[test]
fn a_batch_of_nothing_but_gaps_is_a_list() {
    let world = World::new();
    world.run(mutation(vec![world.create("a", "ann"), world.create("b", "bob")])).unwrap();
    let run = |format, ids: &[&str]| {
        let steps = ids.iter().map(|id| (world.gone(id), None)).collect();
        world.run(Mutation { format, ..world.each(steps) }).unwrap().reply.body
    };
    assert_eq!(run(Format::Json, &["a"]), b"[null]");
    assert_eq!(run(Format::Xml, &["b"]), b"<List><Item></Item></List>");
    assert_eq!(run(Format::Json, &[]), b"[]");
}

/// What a batch of 1,000 writes may be made to fail with.
fn failures(world: &World) -> Vec<(Step, Error)> {
    let id = vec![world.field(ACCOUNT, "id")];
    vec![
        (world.create("old", "x"), Error::Unique { resource: ACCOUNT, fields: id }),
        (world.update("none", "x", Predicate::True), Error::NotFound),
        (world.update("old", "x", Predicate::False), Error::Denied),
        (world.upsert("old", "x", Value::Int(9)), Error::VersionMismatch),
        (world.delete("old", Predicate::False, Predicate::True), Error::NotFound),
        (world.post("p", "nobody"), Error::DanglingReference),
    ]
}

/// A write of the kind that is the turn of this position.
fn mixed(world: &World, at: usize) -> (Step, Option<AnswerRead>) {
    let (id, last) = (format!("n{at}"), format!("n{}", at / 4 * 4));
    match at % 4 {
        0 => (world.create(&id, "new"), world.seen()),
        1 => (world.update(&last, "changed", Predicate::True), world.seen()),
        2 => (world.upsert(&id, "upserted", Value::Null), world.seen()),
        _ => (world.gone(&last), None),
    }
}

#[test]
fn one_failure_at_any_place_leaves_nothing_and_is_named() {
    const STEPS: usize = 1_000;
    let world = World::new();
    world.run(mutation(vec![world.create("old", "ann")])).unwrap();
    let places = [0, 1, 2, 3, 500, STEPS - 2, STEPS - 1];
    for (kind, place) in places.into_iter().cycle().take(failures(&world).len() * 3).enumerate() {
        let (step, error) = failures(&world).swap_remove(kind % 6);
        let mut batch = world.each((0..STEPS).map(|at| mixed(&world, at)).collect());
        batch.steps[place] = step;
        assert_eq!(world.run(batch), failed(place, error.clone()), "{error:?} at {place}");
        assert_eq!(world.kinds(), ["Account.created old"], "{error:?} at {place}");
    }
    let written = world.run(world.each((0..STEPS).map(|at| mixed(&world, at)).collect())).unwrap();
    assert_eq!(written.reply.rows, STEPS as u64);
    assert!(body(&written).starts_with(
        r#"[{"id":"n0","owner":"new"},{"id":"n0","owner":"changed"},{"id":"n2","owner":"upserted"},null,{"#
    ));
    assert_eq!(world.kinds().len(), 1 + STEPS);
}

#[test]
fn a_batch_is_replayed_as_it_was_answered() {
    for format in [
        Format::Json,
        Format::Graphql,
        Format::Protobuf,
        Format::ProtobufItems(Wrapped::Bare),
        Format::ProtobufItems(Wrapped::Field("account")),
        Format::ProtoJson,
        Format::ProtoJsonItems(Wrapped::Bare),
        Format::ProtoJsonItems(Wrapped::Field("account")),
        Format::Xml,
    ] {
        replayed(format);
    }
}

fn replayed(format: Format) {
    let world = World::new();
    let key = |key| Some(idempotency(key, 1));
    let run = |key| {
        let batch = world.each(vec![
            (world.create("a", "ann"), world.seen()),
            (world.gone("a"), None),
            (world.create("b", "bob"), world.seen()),
        ]);
        let emits = vec![emit("batch.done", Outcome::Success), emit("batch.failed", Outcome::Failure)];
        world.run(Mutation { idempotency: key, emits, format, ..batch })
    };
    let first = run(key("k")).unwrap();
    if format == Format::Json {
        assert_eq!(body(&first), r#"[{"id":"a","owner":"ann"},null,{"id":"b","owner":"bob"}]"#);
    }
    let again = run(key("k")).unwrap();
    assert!(again.replayed);
    assert_eq!((again.reply.body, again.reply.rows), (first.reply.body, 3));
    let events = ["Account.created a", "Account.deleted a", "Account.created b", "batch.done "];
    assert_eq!(world.kinds(), events);
    // A failure that is no refusal is not kept, and has no event.
    let taken = || Error::Unique { resource: ACCOUNT, fields: vec![world.field(ACCOUNT, "id")] };
    assert_eq!(run(key("other")), failed(2, taken()));
    assert_eq!(world.kinds(), events);
    world.run(mutation(vec![world.gone("b")])).unwrap();
    assert!(!run(key("other")).unwrap().replayed);
}

#[test]
fn a_delete_answers_with_the_row_as_it_was() {
    let world = World::new();
    let run = |step, answer| {
        let written = world.run(Mutation { answer: Answering::Before(answer), ..mutation(vec![step]) })?;
        Ok((body(&written).to_owned(), written.reply.rows, written.reply.version, written.key))
    };
    let (always, never) = (|| Predicate::True, || Predicate::False);
    for id in ["a", "b", "c", "d"] {
        world.run(mutation(vec![world.create(id, "ann")])).unwrap();
    }
    let rename = || world.update("a", "bob", always());
    let row = |owner: &str| format!(r#"{{"id":"a","owner":"{owner}"}}"#);
    let a = || Some("a".to_owned());
    assert_eq!(run(rename(), world.answer(always())), Ok((row("ann"), 1, Some(1), a())));
    assert_eq!(run(world.gone("a"), world.answer(always())), Ok((row("bob"), 1, Some(2), a())));
    assert_eq!(run(world.gone("a"), world.answer(always())), failed(0, Error::NotFound));
    let unseen = world.delete("b", never(), always());
    assert_eq!(run(unseen, world.answer(always())), failed(0, Error::NotFound));
    let denied = world.delete("b", always(), never());
    assert_eq!(run(denied, world.answer(always())), failed(0, Error::Denied));
    let b = Some("b".to_owned());
    assert_eq!(run(world.gone("b"), world.answer(never())), Ok((String::new(), 0, None, b)));
    let (body, rows, ..) = run(world.gone("c"), world.given().unwrap()).unwrap();
    assert_eq!((body.as_str(), rows), (r#"{"id":"c","owner":"ann"}"#, 1));
    let (body, rows, ..) = run(world.create("e", "eve"), world.answer(always())).unwrap();
    assert_eq!((body.as_str(), rows), ("", 0), "there was none before");
    assert_eq!(world.kinds().iter().filter(|kind| kind.starts_with("Account.deleted")).count(), 3);
}

#[test]
fn a_failing_answer_is_no_step_s_fault_and_undoes_it() {
    let world = World::new();
    let unread = || {
        let rule = Predicate::Text(TextTest::Matches, world.column("owner"), Operand::Param(1));
        let params = vec![Value::Null, text("(")];
        AnswerRead { params, ..world.answer(rule) }
    };
    let bad = Error::BadValue("a regular expression is not valid".to_owned());
    let create = |id: &str| vec![world.create(id, "ann")];
    let tight = store::Bounds { reply_bytes_max: 30, ..bounds() };
    let unkeyed = || AnswerRead { key: 7, ..world.answer(Predicate::True) };
    let cases = [
        (Mutation { answer: Answering::After(unread()), ..mutation(create("a")) }, Some(bad.clone())),
        (Mutation { answer: Answering::Each(vec![Some(unread())]), ..mutation(create("a")) }, Some(bad)),
        (
            Mutation {
                bounds: tight,
                ..world.each(vec![
                    (world.create("a", "ann"), world.seen()),
                    (world.create("b", "bob"), world.seen()),
                ])
            },
            Some(Error::TooLarge),
        ),
        (Mutation { answer: Answering::Each(vec![]), ..mutation(create("a")) }, None),
        (Mutation { answer: Answering::After(unkeyed()), ..mutation(create("a")) }, None),
    ];
    for (mutation, expected) in cases {
        let refused = world.run(mutation).unwrap_err();
        assert_eq!(refused.step, None);
        match expected {
            Some(error) => assert_eq!(refused.error, error),
            None => assert!(matches!(refused.error, Error::Internal(_)), "{refused:?}"),
        }
        assert!(world.kinds().is_empty(), "{refused:?}");
    }
    world.run(mutation(create("a"))).unwrap();
    let before = Mutation { answer: Answering::Before(unread()), ..mutation(vec![world.gone("a")]) };
    assert_eq!(world.run(before).unwrap_err().step, None);
    assert_eq!(world.kinds(), ["Account.created a"]);
}

#[test]
fn a_row_may_point_to_one_made_before_it() {
    let world = World::new();
    let person = |id: &str| user(&world.store, &world.contract, id);
    let comment = insert(
        &world.store,
        &world.contract,
        COMMENT,
        &[("text", text("C")), ("post", text("p1")), ("author", text("u1"))],
    );
    let batch = mutation(vec![person("u1"), world.post("p1", "u1"), comment]);
    assert_eq!(world.run(batch).unwrap().key.as_deref(), Some("1"));
    let batch = mutation(vec![person("u2"), world.post("p2", "u3"), person("u3")]);
    assert_eq!(world.run(batch), failed(1, Error::DanglingReference));
    assert_eq!(world.kinds(), ["User.created u1", "Post.created p1", "Comment.created 1"]);
}

#[test]
fn imported_rows_may_point_to_later_ones_of_the_same_mutation() {
    let world = World::new();
    let person = |id: &str| user(&world.store, &world.contract, id);
    let import = |steps| block(world.store.import(mutation(steps)));
    let dangling = || Err(Failed { step: None, error: Error::DanglingReference });
    assert_eq!(import(vec![world.post("p1", "u1"), person("u2")]), dangling());
    assert_eq!(import(vec![world.post("p1", "u1")]), dangling());
    assert!(world.kinds().is_empty());
    let written = import(vec![world.post("p1", "u1"), world.post("p2", "u2"), person("u2"), person("u1")]);
    assert_eq!(written.unwrap().key.as_deref(), Some("u1"));
    let taken = || Error::Unique { resource: USER, fields: vec![world.field(USER, "email")] };
    assert_eq!(import(vec![world.post("p3", "u3"), person("u1")]), failed(1, taken()));
    assert_eq!(world.kinds(), ["Post.created p1", "Post.created p2", "User.created u2", "User.created u1"]);
}

/// What one mutation may do for a while is not what those committed together with it may.
#[test]
fn an_import_changes_nothing_for_its_neighbours() {
    let _clock = clock();
    let world = World::new();
    let (store, person) = (&world.store, |id: &str| user(&world.store, &world.contract, id));
    let post = |number: usize| world.post(&format!("p{number}"), &format!("u{number}"));
    type Waiting<'s> = Pin<Box<dyn Future<Output = Result<Written, Failed>> + 's>>;
    let begin = |number: usize| -> Waiting<'_> {
        match number % 3 {
            0 => Box::pin(store.import(mutation(vec![post(number), person(&format!("u{number}"))]))),
            1 => Box::pin(store.import(mutation(vec![post(number), person(&format!("v{number}"))]))),
            _ => Box::pin(store.write(mutation(vec![post(number)]))),
        }
    };
    let mut waiting: Vec<Waiting<'_>> = (0..300).map(begin).collect();
    // They queue up, and so are committed in groups.
    let mut context = Context::from_waker(Waker::noop());
    let polled: Vec<_> = waiting.iter_mut().map(|write| write.as_mut().poll(&mut context)).collect();
    for ((number, write), polled) in waiting.into_iter().enumerate().zip(polled) {
        let outcome = match polled {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => block(write),
        };
        let dangling = |step| Some(Failed { step, error: Error::DanglingReference });
        let expected = [None, dangling(None), dangling(Some(0))];
        assert_eq!(outcome.err(), expected[number % 3], "{number}");
    }
    assert_eq!(world.kinds().len(), 200);
}
