//! Partial evaluation against two interpreters: for random conditions, facts and records, what is left of a
//! condition lets a database decide as CEL would have.
#![allow(clippy::unwrap_used)]

mod interpret;
mod random;
mod world;

use contract::Reduced;
use contract::rule::Value;
use contract::rule::sample::{POST, Sample, sample};
use interpret::Interpreter;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use random::Random;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use world::{Choices, OwnedFacts, World};

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);

/// Checks one case; whether it says anything (the condition was small enough and depended on the record).
fn check(condition: Vec<u8>, facts: Vec<u8>, world: Vec<u8>) -> bool {
    let sample = &*SAMPLE;
    let mut choices = Choices::new(condition);
    let expr = Random { sample, choices: &mut choices, scopes: vec![POST], items: 0 }.condition(5);
    let world = World::new(sample, &mut Choices::new(world));
    let facts = OwnedFacts::new(&mut Choices::new(facts));
    let facts = facts.facts();
    let mut interpreter = Interpreter::new(sample, &world, &facts);
    let yes = Some(Value::Bool(true));
    let wanted = interpreter.cel(&expr) == yes;

    let Some(normal) = expr.normal(&sample.resources) else { return false };
    let [before, after] = [&expr, &normal].map(|expr| expr.named(&sample.resources));
    assert_eq!(interpreter.cel(&normal) == yes, wanted, "condition: {before}\nnormal: {after}");
    assert_eq!(interpreter.cel(&normal.fold(&facts)) == yes, wanted, "folded: {after}");

    let left = normal.reduce(&facts);
    let found = match &left {
        Reduced::Always => true,
        Reduced::Never => false,
        Reduced::Depends(left) => interpreter.sql(left) == Value::Bool(true),
    };
    assert_eq!(found, wanted, "condition: {before}\nnormal: {after}\nleft: {left:?}");
    matches!(left, Reduced::Depends(_))
}

/// How many of the random conditions still depend on the record, as a part of all: a test in which they are
/// decided at once would show nothing.
const TELLING_MIN: f64 = 0.25;
const CASES: u32 = 20_000;

#[test]
fn what_is_left_decides_as_the_whole() {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    let telling = AtomicU32::new(0);
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let result =
        TestRunner::new(config).run(&(bytes(400), bytes(24), bytes(160)), |(condition, facts, world)| {
            telling.fetch_add(u32::from(check(condition, facts, world)), Ordering::Relaxed);
            Ok(())
        });
    result.unwrap();
    let part = f64::from(telling.into_inner()) / f64::from(CASES);
    assert!(part >= TELLING_MIN, "only {part} of the conditions depended on the record");
}
