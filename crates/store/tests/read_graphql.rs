//! What GraphQL wants of a read: nulls that bubble.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use serde_json::json;
use social::intent::*;
use social::*;
use store::{Predicate, Reply, Root, Select};
use support::{block, bounds, text};
use wire::{Format, PathPart, Shape, Value};

fn read(social: &Social, wanted: (Select, Shape), root: Root, params: &[Value]) -> Reply {
    let plan = social.plan(wanted, root);
    block(social.store.read(&plan, params.to_vec(), Format::Graphql, bounds())).unwrap()
}

/// The reply as JSON, and the paths of nulls as text.
fn answered(reply: &Reply) -> (serde_json::Value, Vec<String>) {
    let part = |part: &PathPart| match part {
        PathPart::Field(name) => name.to_string(),
        PathPart::Item(item) => item.to_string(),
    };
    let path = |null: &wire::NullAt| null.path.iter().map(part).collect::<Vec<_>>().join(".");
    (serde_json::from_slice(&reply.body).unwrap(), reply.nulls.iter().map(path).collect())
}

#[test]
fn a_null_stops_at_what_may_be_null() {
    let social = Social::new();
    let named = || all(USER, vec![required(stored(USER, user::NICK))]);
    let aged = || all(USER, vec![required(stored(USER, user::AGE))]);
    let cases = [
        (
            "a list that may be null",
            all(USER, vec![stored(USER, user::ID), many("reports", user::REPORTS, aged())]),
            json!([
                {"id": "u1", "reports": null},
                {"id": "u2", "reports": [{"age": 20}]},
                {"id": "u3", "reports": []},
                {"id": "u4", "reports": []},
            ]),
            vec!["0.reports.1.age"],
        ),
        (
            "a record that may be null",
            all(USER, vec![one("boss", user::BOSS, named())]),
            json!([{"boss": null}, {"boss": null}, {"boss": null}, {"boss": {"nick": "bobby"}}]),
            vec!["1.boss.nick", "2.boss.nick"],
        ),
        (
            "nothing but the reply",
            all(USER, vec![required(many("reports", user::REPORTS, aged())), stored(USER, user::ID)]),
            json!(null),
            vec!["0.reports.1.age"],
        ),
        (
            "a relation itself",
            all(USER, vec![required(one("boss", user::BOSS, named()))]),
            json!(null),
            vec!["0.boss"],
        ),
    ];
    for (name, wanted, body, nulls) in cases {
        let reply = read(&social, wanted, Root::List, &[]);
        let nulls: Vec<String> = nulls.into_iter().map(str::to_owned).collect();
        assert_eq!((answered(&reply), reply.rows), ((body, nulls), 4), "{name}");
    }
}

#[test]
fn a_record_that_becomes_null_is_not_one_that_is_not_there() {
    let social = Social::new();
    let wanted = || {
        let nick = required(stored(USER, user::NICK));
        filtered(all(USER, vec![nick]), equal(field(USER, user::ID), param(0)))
    };
    let there = read(&social, wanted(), Root::One, &[text("u1")]);
    assert_eq!((answered(&there), there.rows), ((json!(null), vec!["nick".to_owned()]), 1));
    assert_eq!(there.version, Some(7));
    let not_there = read(&social, wanted(), Root::One, &[text("zz")]);
    assert_eq!((not_there.body, not_there.nulls, not_there.rows), (Vec::new(), Vec::new(), 0));
}

#[test]
fn what_a_rule_hides_is_null_where_it_may_be() {
    let social = Social::new();
    let boss = || filtered(all(USER, vec![required(stored(USER, user::ID))]), Predicate::False);
    let wanted = all(USER, vec![one("boss", user::BOSS, boss())]);
    let reply = read(&social, wanted, Root::List, &[]);
    assert_eq!(answered(&reply), (json!(vec![json!({"boss": null}); 4]), Vec::new()));
}
