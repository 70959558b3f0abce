//! Mutations of several callers: nobody has the writer to itself, waiting ends at its own deadline, and long answers are
//! read elsewhere.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Compare, Contract, Root as OperationRoot, Scalar, SqlBinding, Xml};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use store::{
    AnswerRead, Answering, Column, Error, Failed, Lane, Mutation, Operand, Options, Output, Place, Predicate,
    ReadPlan, Root, Select, SqlAnswer, Step, Store, TextTest, Write, Written,
};
use support::*;
use wire::{Format, Layout, Name, Shape, ShapeField, Value};

const LONG: Duration = Duration::from_secs(60);

struct World {
    store: Store,
    contract: Contract,
}

/// A mutation that has not been answered.
type Waiting<'s> = Pin<Box<dyn Future<Output = Result<Written, Failed>> + 's>>;

/// The contract with an operation that takes for ever.
fn with_endless() -> Contract {
    let mut contract = contract();
    let endless = "UPDATE account SET balance = (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)";
    let binding = SqlBinding { each: None, statements: vec![statement(endless, None)] };
    contract.operations =
        vec![sql_operation("endless", OperationRoot::Mutation, binding, vec![], nullable_result())];
    contract
}

impl World {
    fn new(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = options(Place::Memory);
        change(&mut options);
        let store = Store::open(Arc::new(with_endless()), &options).unwrap();
        let world = Self { store, contract: with_endless() };
        write(&world.store, mutation(vec![world.account("a0", "ann")])).unwrap();
        world
    }

    fn account(&self, id: &str, owner: &str) -> Step {
        let values = [("id", text(id)), ("owner", text(owner)), ("balance", Value::Int(1))];
        insert(&self.store, &self.contract, ACCOUNT, &values)
    }

    fn endless(&self) -> Step {
        let operation = contract::OperationId(0);
        let plan = self.store.plan_sql(operation, &SqlAnswer::Nothing, None, Root::One).unwrap();
        Step::Sql { plan: Arc::new(plan), each: vec![], run: vec![], answer_params: vec![], changes: 0 }
    }

    /// Begins a mutation of one step: it is in the queue then.
    fn begin(&self, lane: &str, time: Duration, step: Step) -> Waiting<'_> {
        let _clock = clock();
        let bounds = store::Bounds { lane: Lane::of(lane), deadline: Instant::now() + time, ..bounds() };
        let mut write: Waiting<'_> = Box::pin(self.store.write(Mutation { bounds, ..mutation(vec![step]) }));
        assert_eq!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
        write
    }

    fn column(&self, name: &str) -> Operand {
        let field = at(&self.contract, ACCOUNT, name);
        Operand::Column(Column { scope: 0, resource: ACCOUNT, hops: vec![], field })
    }

    fn is_key(&self) -> Predicate {
        Predicate::Compare(Compare::Equal, self.column("id"), Operand::Param(0))
    }

    /// The id of an account where a rule holds; parameter 0 is its key.
    fn read(&self, rule: Predicate) -> Arc<ReadPlan> {
        let select = Select {
            from: ACCOUNT,
            outputs: vec![Output::Value(self.column("id"))],
            filter: Predicate::And(vec![self.is_key(), rule]),
            order: vec![],
            limit: None,
            offset: None,
            edges: None,
        };
        let name = Name::new("id", 1, Xml::Element);
        let fields = vec![ShapeField::new(name, Layout::Scalar(Scalar::Id))];
        let shape = Shape { type_name: "Account".into(), fields };
        Arc::new(self.store.plan_read(&select, shape, Root::One).unwrap())
    }

    /// An answer that takes millions of comparisons, and finds the record or not.
    fn long_answer(&self, finds: bool) -> AnswerRead {
        let like = Predicate::Text(TextTest::Like, self.column("owner"), Operand::Param(1));
        let rule = if finds { Predicate::Not(Box::new(like)) } else { like };
        let params = vec![Value::Null, text(&format!("%{}b%", "a".repeat(300)))];
        AnswerRead { plan: self.read(rule), params, key: 0, otherwise: None }
    }

    fn is_there(&self, id: &str) -> bool {
        let plan = self.read(Predicate::True);
        block(self.store.read(&plan, vec![text(id)], Format::Json, bounds())).unwrap().rows == 1
    }

    fn made(&self) -> Vec<String> {
        let events = self.store.events(0, 10_000).unwrap();
        events.into_iter().filter_map(|event| event.key).collect()
    }
}

/// An owner for whom the pattern is looked for at each character.
fn long_owner() -> String {
    "a".repeat(20_000)
}

#[test]
fn who_waits_for_the_writer_is_answered_at_its_own_deadline() {
    let world = World::new(|_| {});
    let held = world.begin("a", Duration::from_secs(4), world.endless());
    let late = world.begin("b", Duration::from_millis(30), world.account("late", "ben"));
    let began = Instant::now();
    assert_eq!(block(late).unwrap_err().error, Error::Timeout);
    // Reads wait for nothing that the writer does.
    assert!(world.is_there("a0"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(block(held).unwrap_err().error, Error::Timeout);
    write(&world.store, mutation(vec![world.account("next", "ben")])).unwrap();
    assert_eq!(world.made(), ["a0", "next"], "what was withdrawn was not done");
}

#[test]
fn nobody_holds_the_writer_for_longer_than_one_may() {
    let world = World::new(|options| options.writer_hold_max = Duration::from_millis(40));
    let writes: Vec<_> = (0..3)
        .flat_map(|number| {
            let account = world.account(&format!("b{number}"), "ben");
            [world.begin("a", LONG, world.endless()), world.begin("b", LONG, account)]
        })
        .collect();
    for (at, write) in writes.into_iter().enumerate() {
        let outcome = block(write).map(drop).map_err(|failed| failed.error);
        assert_eq!(outcome, if at % 2 == 0 { Err(Error::WriteTooLong) } else { Ok(()) });
    }
    assert_eq!(world.made(), ["a0", "b0", "b1", "b2"]);
}

#[test]
fn a_caller_with_one_write_is_not_behind_another_with_many() {
    let world = World::new(|options| options.group_writes_max = 1);
    let held = world.begin("a", Duration::from_millis(300), world.endless());
    let many: Vec<_> =
        (0..50).map(|n| world.begin("a", LONG, world.account(&format!("a-{n}"), "ann"))).collect();
    let one = world.begin("b", LONG, world.account("b", "ben"));
    block(held).unwrap_err();
    block(one).unwrap();
    many.into_iter().for_each(|write| drop(block(write).unwrap()));
    let made = world.made();
    let place = made.iter().position(|key| key == "b").unwrap();
    assert!(place <= 2, "{place}");
    let own: Vec<_> = made.iter().filter_map(|key| key.strip_prefix("a-")).collect();
    assert!(own.iter().zip(0..).all(|(key, n)| **key == n.to_string()), "in their order");
}

#[test]
fn a_long_answer_is_read_when_the_change_is_committed() {
    let world = World::new(|options| options.writer_answer_steps_max = 1);
    let create = |id: &str| world.account(id, &long_owner());
    let after = |id: &str, finds| Mutation {
        answer: Answering::After(world.long_answer(finds)),
        ..mutation(vec![create(id)])
    };
    let written = write(&world.store, after("b1", true)).unwrap();
    assert_eq!((written.reply.body.as_slice(), written.created), (&br#"{"id":"b1"}"#[..], true));
    // It is told when there is nothing to read any more: the change was made.
    let gone = write(&world.store, after("b2", false)).unwrap_err();
    assert_eq!(gone, Error::Unanswered(Box::new(Error::NotFound)));
    assert!(world.is_there("b2"));
    // What cannot be put off is refused, and nothing was done.
    let kept = Mutation { idempotency: Some(idempotency("k", 1)), ..after("b3", true) };
    assert_eq!(write(&world.store, kept), Err(Error::AnswerTooLong));
    let each = Answering::Each(vec![Some(world.long_answer(true))]);
    assert_eq!(
        write(&world.store, Mutation { answer: each, ..mutation(vec![create("b3")]) }),
        Err(Error::AnswerTooLong)
    );
    assert!(!world.is_there("b3"));
    let delete = Write::Delete {
        resource: ACCOUNT,
        filter: world.is_key(),
        visible: Predicate::True,
        before: Predicate::True,
        version: None,
    };
    let plan = Arc::new(world.store.plan_write(&delete).unwrap());
    let step = Step::Write { plan, params: vec![text("b1")] };
    let before = Answering::Before(world.long_answer(true));
    assert_eq!(
        write(&world.store, Mutation { answer: before, ..mutation(vec![step]) }),
        Err(Error::AnswerTooLong)
    );
    assert!(world.is_there("b1"));
}

#[test]
fn a_queue_that_one_caller_fills_has_room_for_another() {
    let world = World::new(|options| (options.queue_writes_max, options.group_writes_max) = (4, 1));
    let held = world.begin("a", Duration::from_millis(500), world.endless());
    let many: Vec<_> = (0..4)
        .map(|n| {
            let step = world.account(&format!("a-{n}"), "ann");
            let bounds = store::Bounds { lane: Lane::of("a"), ..bounds() };
            let mut write: Waiting<'_> =
                Box::pin(world.store.write(Mutation { bounds, ..mutation(vec![step]) }));
            let _clock = clock();
            let polled = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            (write, polled)
        })
        .collect();
    let one = world.begin("b", LONG, world.account("b", "ben"));
    block(held).unwrap_err();
    block(one).unwrap();
    let outcomes = many.into_iter().map(|(write, polled)| match polled {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => block(write),
    });
    let refused = outcomes.filter(|outcome| outcome.is_err()).count();
    assert!(refused >= 1, "somebody made room");
}
