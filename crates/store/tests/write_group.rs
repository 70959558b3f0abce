//! Mutations beside each other: one fails alone, keys answer again, deadlines hold, nothing is lost at the end.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Contract, Outcome, Root as OperationRoot, SqlBinding};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Error, Mutation, Root, SqlAnswer, Step, Store};
use support::*;
use wire::Value;

/// The contract with an operation that is refused unless its argument is 1, and one that takes for ever.
fn with_sql() -> Contract {
    let mut contract = contract();
    let refuse = "UPDATE account SET owner = owner WHERE :ok = 1 AND id = 'a1'";
    let run = |text: &str, error: Option<&str>| SqlBinding {
        each: None,
        statements: vec![statement(text, error.map(|e| expect(contract::RowCount::One, e)))],
    };
    let endless = "UPDATE account SET balance = (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)";
    let nothing = nullable_result();
    let arguments = vec![argument("ok", contract::Base::Scalar(contract::Scalar::Int))];
    contract.operations = vec![
        sql_operation("refuse", OperationRoot::Mutation, run(refuse, Some("REFUSED")), arguments, nothing),
        sql_operation("endless", OperationRoot::Mutation, run(endless, None), vec![], nothing),
    ];
    contract
}

fn sql(store: &Store, operation: u16, run: Vec<Value>) -> Step {
    let plan =
        store.plan_sql(contract::OperationId(operation), &SqlAnswer::Nothing, None, Root::One).unwrap();
    Step::Sql { plan: Arc::new(plan), each: vec![], run, answer_params: vec![], changes: 0 }
}

fn account(store: &Store, contract: &Contract, id: &str) -> Step {
    insert(store, contract, ACCOUNT, &[("id", text(id)), ("owner", text("ann")), ("balance", Value::Int(1))])
}

fn kinds(store: &Store) -> Vec<String> {
    store.events(0, 10_000).unwrap().into_iter().map(|e| e.kind).collect()
}

#[test]
fn many_at_once_and_each_fails_alone() {
    let (store, contract) = (open(contract()), contract());
    let (threads, each) = (8, 50);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (store, contract) = (&store, &contract);
            scope.spawn(move || {
                for number in 0..each {
                    let id = format!("a{thread}-{number}");
                    let done = write(store, mutation(vec![account(store, contract, &id)]));
                    assert_eq!(done.unwrap().key.as_deref(), Some(id.as_str()));
                    let again = write(store, mutation(vec![account(store, contract, &id)]));
                    assert!(matches!(again, Err(Error::Unique { .. })));
                }
            });
        }
    });
    assert_eq!(kinds(&store).len(), threads * each);
}

#[test]
fn a_key_answers_again() {
    let (store, contract) = (open(with_sql()), with_sql());
    let run = |key: &str, fingerprint, steps| {
        write(&store, Mutation { idempotency: Some(idempotency(key, fingerprint)), ..mutation(steps) })
    };
    let first = run("k1", 1, vec![account(&store, &contract, "a1")]).unwrap();
    assert!(first.created && !first.replayed);
    let again = run("k1", 1, vec![account(&store, &contract, "a1")]).unwrap();
    assert_eq!(again, store::Written { replayed: true, ..first });
    assert_eq!(run("k1", 2, vec![account(&store, &contract, "a9")]), Err(Error::IdempotencyMismatch));
    assert_eq!(kinds(&store).len(), 1);

    // What is refused, or fails, has not been done: the key can be tried again.
    let refused = || vec![sql(&store, 0, vec![Value::Int(0)])];
    assert_eq!(run("k2", 1, refused()), Err(Error::Refused("REFUSED".into())));
    assert!(run("k2", 1, vec![account(&store, &contract, "a2")]).is_ok_and(|written| !written.replayed));
    assert!(matches!(run("k3", 1, vec![account(&store, &contract, "a1")]), Err(Error::Unique { .. })));
    assert!(run("k3", 1, vec![account(&store, &contract, "a3")]).is_ok());

    let later = Mutation {
        idempotency: Some(idempotency("k1", 7)),
        now: "2026-11-22T18:33:35.000000Z".into(),
        ..mutation(vec![account(&store, &contract, "a4")])
    };
    assert!(!write(&store, later).unwrap().replayed, "its time is over");
}

#[test]
fn an_answer_in_one_format_is_not_given_in_another() {
    let (store, contract) = (open(contract()), contract());
    let run = |format| {
        let mutation = mutation(vec![account(&store, &contract, "a1")]);
        write(&store, Mutation { idempotency: Some(idempotency("k", 1)), format, ..mutation })
    };
    assert!(run(wire::Format::Json).is_ok());
    assert_eq!(run(wire::Format::Xml), Err(Error::IdempotencyMismatch));
}

#[test]
fn operations_have_events_for_success_and_for_refusal() {
    let (store, contract) = (open(with_sql()), with_sql());
    let run = |steps| {
        let emits =
            vec![emit("payment.succeeded", Outcome::Success), emit("payment.failed", Outcome::Failure)];
        drop(write(&store, Mutation { emits, ..mutation(steps) }));
        let event = store.events(0, 100).unwrap().pop().unwrap();
        (event.kind, event.at, event.after.unwrap_or_default())
    };
    let emitted = |kind: &str, after: &str| (kind.to_owned(), NOW.to_owned(), after.to_owned());
    let done = run(vec![account(&store, &contract, "a1")]);
    assert_eq!(done, emitted("payment.succeeded", r#"{"arguments":{"a":1},"error":null}"#));
    let refused = run(vec![account(&store, &contract, "a2"), sql(&store, 0, vec![Value::Int(0)])]);
    assert_eq!(refused, emitted("payment.failed", r#"{"arguments":{"a":1},"error":"REFUSED"}"#));
    run(vec![account(&store, &contract, "a1")]);
    assert_eq!(kinds(&store), ["Account.created", "payment.succeeded", "payment.failed"]);
}

#[test]
fn a_deadline_ends_one_mutation_and_spares_the_rest_of_its_group() {
    let (store, contract) = (open(with_sql()), with_sql());
    let late = mutation(vec![account(&store, &contract, "late")]);
    let past = store::Bounds { deadline: Instant::now(), ..bounds() };
    assert_eq!(write(&store, Mutation { bounds: past, ..late }), Err(Error::Timeout));

    write(&store, mutation(vec![account(&store, &contract, "a0")])).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (store, contract) = (&store, &contract);
            scope.spawn(move || {
                for number in 0..20 {
                    let id = format!("a{thread}-{number}");
                    write(store, mutation(vec![account(store, contract, &id)])).unwrap();
                }
            });
        }
        for _ in 0..3 {
            let endless = mutation(vec![account(&store, &contract, "undone"), sql(&store, 1, vec![])]);
            let soon = store::Bounds { deadline: Instant::now() + Duration::from_millis(30), ..bounds() };
            assert_eq!(write(&store, Mutation { bounds: soon, ..endless }), Err(Error::Timeout));
        }
    });
    assert_eq!(kinds(&store).len(), 81);
}

#[test]
fn a_full_queue_refuses_and_an_end_drains() {
    let scratch = Scratch::new("drain");
    let contract = contract();
    let small = store::Options { queue_writes_max: 1, group_writes_max: 1, ..options(scratch.place()) };
    let store = Store::open(Arc::new(contract.clone()), &small).unwrap();
    let (accepted, refused) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|n| {
                let (store, contract) = (&store, &contract);
                scope.spawn(move || {
                    let write =
                        |m| write(store, mutation(vec![account(store, contract, &format!("a{n}-{m}"))]));
                    let done: Vec<_> = (0..20).map(write).collect();
                    assert!(done.iter().all(|d| matches!(d, Ok(_) | Err(Error::Unavailable(_)))), "{done:?}");
                    done.iter().filter(|d| d.is_ok()).count()
                })
            })
            .collect();
        let accepted: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
        (accepted, 16 * 20 - accepted)
    });
    assert!(accepted > 0 && refused > 0, "{accepted} {refused}");
    drop(store);
    let rows: i64 = scratch.connection().query_row("SELECT count(*) FROM account", [], |r| r.get(0)).unwrap();
    assert_eq!(usize::try_from(rows).unwrap(), accepted);
}
