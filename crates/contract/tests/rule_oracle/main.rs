//! Partial evaluation against two interpreters: for random conditions, facts and records, what is left of a condition
//! lets a database decide as CEL would have.
#![allow(clippy::unwrap_used)]

mod interpret;
mod random;
mod world;

use contract::Reduced;
use contract::rule::Value;
use contract::rule::sample::{POST, Sample, sample};
use interpret::Interpreter;
use proptest::prelude::*;
use random::Random;
use std::sync::LazyLock;
use world::{Choices, OwnedFacts, World};

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);

/// Checks one case; whether it says anything (the condition was small enough and depended on the record).
fn check(condition: Vec<u8>, facts: Vec<u8>, world: Vec<u8>) -> bool {
    let sample = &*SAMPLE;
    let mut choices = Choices::new(condition);
    let expr = Random { sample, choices: &mut choices, scopes: vec![POST], items: 0 }.condition(4);
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_decides_as_the_whole(
        condition in prop::collection::vec(any::<u8>(), 0..120),
        facts in prop::collection::vec(any::<u8>(), 0..24),
        world in prop::collection::vec(any::<u8>(), 0..160),
    ) {
        check(condition, facts, world);
    }
}
