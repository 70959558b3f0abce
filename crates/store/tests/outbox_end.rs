//! The outbox and kept answers have an end.
#![allow(clippy::unwrap_used)]

mod support;

use contract::{Contract, SqlBinding};
use std::time::Duration;
use store::{Error, Mutation, OutboxKept, Place, Root, SqlAnswer, Step, Store};
use support::*;
use wire::Value;

const PAUSE: Duration = Duration::from_millis(250);

fn store(outbox: OutboxKept) -> (Store, Contract) {
    let options = store::Options { outbox, ..options(Place::Memory) };
    (Store::open(std::sync::Arc::new(contract()), &options).unwrap(), contract())
}

fn account(store: &Store, contract: &Contract, id: &str) -> Step {
    insert(store, contract, ACCOUNT, &[("id", text(id)), ("owner", text("ann")), ("balance", Value::Int(1))])
}

/// Makes accounts whose events take some hundred bytes each.
fn make(store: &Store, contract: &Contract, ids: std::ops::Range<usize>) {
    for id in ids {
        write(store, mutation(vec![account(store, contract, &format!("a{id}"))])).unwrap();
    }
}

#[test]
fn above_its_bytes_the_oldest_events_go_first() {
    let (store, contract) = store(OutboxKept { keep_s: u32::MAX, bytes_max: 20_000 });
    for first in (0..1000).step_by(100) {
        make(&store, &contract, first..first + 100);
        std::thread::sleep(PAUSE);
    }
    make(&store, &contract, 1000..1001);
    let events = store.events(0, 10_000).unwrap();
    let bytes: usize = events.iter().map(|event| 100 + event.after.as_ref().map_or(0, String::len)).sum();
    assert!((5_000..60_000).contains(&bytes), "{bytes} bytes of {} events", events.len());
    assert_eq!(events.last().and_then(|event| event.key.as_deref()), Some("a1000"), "the newest stay");
    assert!(events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq), "without gaps");
}

#[test]
fn events_that_are_old_go() {
    let (store, contract) = store(OutboxKept { keep_s: 3, bytes_max: 1 << 30 });
    make(&store, &contract, 0..50);
    assert_eq!(store.events(0, 1000).unwrap().len(), 50);
    std::thread::sleep(Duration::from_secs(5));
    make(&store, &contract, 50..51);
    assert_eq!(store.events(0, 1000).unwrap().len(), 1);
}

/// An answer that is too large is not kept; the key is, so that nothing is done twice.
#[test]
fn a_large_answer_is_not_kept_but_its_key_is() {
    let mut contract = contract();
    let text_of = "SELECT printf('%.*c', :length, 'x') AS text";
    let run = SqlBinding { each: None, statements: vec![statement(text_of, None)] };
    let arguments = vec![argument("length", contract::Base::Scalar(contract::Scalar::Int))];
    let operation = sql_operation("text", contract::Root::Mutation, run, arguments, nullable_result());
    contract.operations = vec![operation];
    let store = open(contract);
    let layout = wire::Layout::Scalar(contract::Scalar::String);
    let shape = wire::Shape {
        type_name: "Text".into(),
        fields: vec![wire::ShapeField::new(wire::Name::new("text", 1, contract::Xml::Element), layout)],
    };
    let operation = contract::OperationId(0);
    let plan = store.plan_sql(operation, &SqlAnswer::Scalar, Some(shape), Root::One).unwrap();
    let plan = std::sync::Arc::new(plan);
    let run = |length: i64| {
        let run = vec![Value::Int(length)];
        let step = Step::Sql { plan: plan.clone(), each: vec![], run, answer_params: vec![], changes: 0 };
        let idempotency = Some(idempotency(&format!("k{length}"), 1));
        write(&store, Mutation { idempotency, ..mutation(vec![step]) })
    };
    for length in [100, 70_000] {
        let written = run(length).unwrap();
        assert!(!written.replayed && written.reply.body.len() > length as usize);
    }
    assert!(run(100).unwrap().replayed);
    assert_eq!(run(70_000), Err(Error::AnswerNotKept));
}
