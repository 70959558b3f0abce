//! What a reply looks like: nesting, order, pages, relations, and what is hidden or gone.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::{Compare, Scalar};
use serde_json::json;
use social::intent::*;
use social::*;
use store::{Direction, Nulls, Operand, Order, Predicate, Root};
use support::text;
use wire::Value;

fn ascending(of: Operand) -> Order {
    order(of, Direction::Ascending, Nulls::Last)
}

fn descending(of: Operand) -> Order {
    order(of, Direction::Descending, Nulls::First)
}

/// The ids of users in an order.
fn ids(social: &Social, by: Vec<Order>) -> String {
    let rows = social.list(ordered(all(USER, vec![stored(USER, user::ID)]), by), &[]);
    let ids: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.join(" ")
}

#[test]
fn orders() {
    let social = Social::new();
    let (age, active) = (|| field(USER, user::AGE), || field(USER, user::ACTIVE));
    let cases = [
        (vec![], "u1 u2 u3 u4"),
        (vec![descending(field(USER, user::ID))], "u4 u3 u2 u1"),
        (vec![order(age(), Direction::Ascending, Nulls::First)], "u3 u4 u1 u2"),
        (vec![order(age(), Direction::Ascending, Nulls::Last)], "u4 u1 u2 u3"),
        (vec![order(age(), Direction::Descending, Nulls::First)], "u3 u2 u1 u4"),
        (vec![order(age(), Direction::Descending, Nulls::Last)], "u2 u1 u4 u3"),
        (vec![ascending(active())], "u2 u4 u1 u3"),
        (vec![descending(active())], "u3 u1 u4 u2"),
        (vec![ascending(active()), descending(field(USER, user::NAME))], "u4 u2 u3 u1"),
        (vec![ascending(hop(USER, &[user::BOSS], user::NAME))], "u2 u3 u4 u1"),
        (vec![descending(Operand::Count(column(USER, &[], user::POSTS)))], "u1 u2 u4 u3"),
        // By themselves these would be positions of columns.
        (vec![ascending(Operand::Bool(true))], "u1 u2 u3 u4"),
        (
            vec![descending(Operand::Test(Box::new(Predicate::And(vec![
                Predicate::False,
                Predicate::Unknown,
            ]))))],
            "u4 u3 u2 u1",
        ),
        (vec![ascending(Operand::Test(Box::new(Predicate::IsNull(age()))))], "u1 u2 u4 u3"),
    ];
    for (by, wanted) in cases {
        assert_eq!(ids(&social, by.clone()), wanted, "{by:?}");
    }
}

#[test]
fn pages() {
    let social = Social::new();
    let page = |limit, offset| {
        let (select, shape) = all(USER, vec![stored(USER, user::ID)]);
        (store::Select { limit, offset, ..select }, shape)
    };
    let params = [Value::Int(2), Value::Int(1)];
    assert_eq!(social.list(page(Some(0), None), &params), json!([{"id": "u1"}, {"id": "u2"}]));
    assert_eq!(social.list(page(Some(0), Some(1)), &params), json!([{"id": "u2"}, {"id": "u3"}]));
    assert_eq!(social.list(page(None, Some(0)), &params), json!([{"id": "u3"}, {"id": "u4"}]));
    assert_eq!(social.list(page(Some(0), None), &[Value::Int(0)]), json!([]));
}

#[test]
fn every_kind_of_cell() {
    let social = Social::new();
    let items =
        [user::ID, user::NICK, user::AGE, user::SCORE, user::ACTIVE, user::TAGS, user::DATA, user::COMPANY];
    let items = items.into_iter().map(|id| stored(USER, id)).collect();
    let by_id = filtered(all(USER, items), equal(field(USER, user::ID), param(0)));
    let ann = social.list(by_id.clone(), &[text("u1")]);
    assert_eq!(ann[0]["score"], json!(1.5));
    assert_eq!(ann[0]["active"], json!(true));
    assert_eq!(ann[0]["tags"], json!(["a", "b"]));
    assert_eq!(ann[0]["data"]["l"], json!([10, "t"]));
    assert_eq!(ann[0]["nick"], json!(null));
    let dee = social.list(by_id, &[text("u4")]);
    assert_eq!((&dee[0]["age"], &dee[0]["company"]), (&json!(20), &json!(null)));
    let sum = Operand::Arithmetic(
        contract::Arithmetic::Add,
        Box::new(field(USER, user::AGE)),
        Box::new(field(USER, user::AGE)),
    );
    let computed = all(
        USER,
        vec![
            value("double", sum, Scalar::Float),
            value(
                "grown",
                Operand::Test(Box::new(Predicate::IsNull(field(USER, user::AGE)))),
                Scalar::Boolean,
            ),
        ],
    );
    assert_eq!(social.list(computed, &[])[0], json!({"double": 60, "grown": false}));
}

#[test]
fn one_record_has_a_version_and_may_not_be_there() {
    let social = Social::new();
    let by_id = filtered(all(USER, vec![stored(USER, user::NAME)]), equal(field(USER, user::ID), param(0)));
    let plan = social.plan(by_id, Root::One);
    let found = social.read(&plan, &[text("u1")]).unwrap();
    assert_eq!((found.rows, found.version, found.statements), (1, Some(7), 1));
    assert_eq!(found.body, br#"{"name":"Ann"}"#);
    let none = social.read(&plan, &[text("zz")]).unwrap();
    assert_eq!((none.rows, none.version, none.body), (0, None, Vec::new()));
}

#[test]
fn three_levels_with_order_and_limit() {
    let social = Social::new();
    let author = all(USER, vec![stored(USER, user::NAME)]);
    let comments = all(COMMENT, vec![stored(COMMENT, comment::TEXT), one("author", comment::AUTHOR, author)]);
    let comments = limited(ordered(comments, vec![descending(field(COMMENT, comment::ID))]), 0);
    let posts = all(POST, vec![stored(POST, post::ID), many("comments", post::COMMENTS, comments)]);
    let posts = limited(ordered(posts, vec![descending(field(POST, post::CREATED_AT))]), 1);
    let followers = all(USER, vec![stored(USER, user::ID)]);
    let page = all(
        USER,
        vec![
            many("posts", user::POSTS, posts),
            stored(USER, user::NAME),
            many("followers", user::FOLLOWERS, followers),
        ],
    );
    let plan = social.plan(filtered(page, equal(field(USER, user::ID), param(2))), Root::One);
    let reply = social.read(&plan, &[Value::Int(1), Value::Int(3), text("u1")]).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let wanted = json!({
        "posts": [
            {"id": "p2", "comments": []},
            {"id": "p3", "comments": []},
            {"id": "p1", "comments": [{"text": "hm", "author": {"name": "Cid"}}]},
        ],
        "name": "Ann",
        "followers": [{"id": "u2"}, {"id": "u3"}, {"id": "u4"}],
    });
    assert_eq!(body, wanted);
    assert_eq!(reply.statements, 1 + 1 + 3 + 1);
}

#[test]
fn the_fields_stand_in_the_order_of_the_shape() {
    let social = Social::new();
    let boss = || all(USER, vec![stored(USER, user::NAME)]);
    let rows = all(
        USER,
        vec![
            one("a", user::BOSS, boss()),
            stored(USER, user::NAME),
            many("b", user::REPORTS, boss()),
            stored(USER, user::ID),
        ],
    );
    let plan = social.plan(filtered(rows, equal(field(USER, user::ID), param(0))), Root::One);
    let body = social.read(&plan, &[text("u2")]).unwrap().body;
    let wanted = r#"{"a":{"name":"Ann"},"name":"Bob","b":[{"name":"Dä \"q\"; --"}],"id":"u2"}"#;
    assert_eq!(String::from_utf8(body).unwrap(), wanted);
}

#[test]
fn to_one_is_null_where_there_is_none_or_its_rule_hides_it() {
    let social = Social::new();
    let boss = |filter| filtered(all(USER, vec![stored(USER, user::ID)]), filter);
    let rows = |filter| all(USER, vec![one("boss", user::BOSS, boss(filter))]);
    let seen = social.list(rows(Predicate::True), &[]);
    assert_eq!(
        seen,
        json!([{"boss": null}, {"boss": {"id": "u1"}}, {"boss": {"id": "u1"}}, {"boss": {"id": "u2"}}])
    );
    let active = Predicate::IsTrue(field(USER, user::ACTIVE));
    assert_eq!(social.list(rows(active), &[])[3], json!({"boss": null}));
    assert_eq!(social.list(rows(Predicate::Unknown), &[])[1], json!({"boss": null}));
}

#[test]
fn cycles_and_self_relations() {
    let social = Social::new();
    let owner = all(USER, vec![stored(USER, user::NAME), one("boss", user::BOSS, all(USER, vec![]))]);
    let company = all(COMPANY, vec![stored(COMPANY, company::NAME), one("owner", company::OWNER, owner)]);
    let boss = all(USER, vec![one("company", user::COMPANY, company)]);
    let rows = all(USER, vec![one("boss", user::BOSS, boss)]);
    let found = social.list(rows, &[]);
    let wanted = json!({"boss": {"company": {"name": "Acme", "owner": {"name": "Ann", "boss": null}}}});
    assert_eq!(found[1], wanted);
    assert_eq!(found[0], json!({"boss": null}));
}

#[test]
fn a_spread_record() {
    let social = Social::new();
    let company = all(COMPANY, vec![stored(COMPANY, company::NAME)]);
    let boss = all(
        USER,
        vec![
            stored(USER, user::NICK),
            one("company", user::COMPANY, company.clone()),
            spread("_", user::COMPANY, company),
            many("reports", user::REPORTS, all(USER, vec![stored(USER, user::ID)])),
        ],
    );
    let rows = all(USER, vec![stored(USER, user::ID), spread("_", user::BOSS, boss)]);
    let found = social.list(rows, &[]);
    let nothing = json!({"id": "u1", "nick": null, "company": null, "name": null, "reports": null});
    assert_eq!(found[0], nothing);
    let bob = json!({
        "id": "u4", "nick": "bobby", "company": {"name": "Acme"}, "name": "Acme", "reports": [{"id": "u4"}],
    });
    assert_eq!(found[3], bob);
}

#[test]
fn through_a_join_that_is_no_set_each_row_comes_once() {
    let social = Social::new();
    let labels = all(LABEL, vec![stored(LABEL, label::NAME)]);
    let rows = all(
        POST,
        vec![
            stored(POST, post::ID),
            many("labels", post::LABELS, labels),
            count("labelCount", post::LABELS, Predicate::True),
        ],
    );
    let found = social.list(rows, &[]);
    let first = json!({"id": "p1", "labels": [{"name": "new"}, {"name": "hot"}], "labelCount": 2});
    assert_eq!(found[0], first);
    assert_eq!(found[1]["labels"], json!([]));
}

#[test]
fn through_a_set_of_pairs_with_a_filter_and_an_order() {
    let social = Social::new();
    let older = Predicate::Compare(Compare::Greater, field(USER, user::AGE), param(0));
    let followers = filtered(all(USER, vec![stored(USER, user::NAME)]), older.clone());
    let followers = ordered(followers, vec![descending(field(USER, user::AGE))]);
    let rows = all(
        USER,
        vec![
            many("followers", user::FOLLOWERS, followers),
            count("older", user::FOLLOWERS, older),
            count("all", user::FOLLOWERS, Predicate::True),
        ],
    );
    let found = social.list(rows, &[Value::Int(15)]);
    let names = json!([{"name": "Bob"}, {"name": "Dä \"q\"; --"}]);
    assert_eq!(found[0], json!({"followers": names, "older": 2, "all": 3}));
}

#[test]
fn inner_leaves_out_parents() {
    let social = Social::new();
    let id = || stored(USER, user::ID);
    let found = |items| {
        let rows = social.list(all(USER, items), &[text("Bob writes")]);
        let ids: Vec<_> =
            rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.join(" ")
    };
    let company = || all(COMPANY, vec![stored(COMPANY, company::NAME)]);
    assert_eq!(found(vec![id(), inner(one("company", user::COMPANY, company()))]), "u1 u2");
    let titled = |filter| filtered(all(POST, vec![stored(POST, post::ID)]), filter);
    let bobs = || equal(field(POST, post::TITLE), param(0));
    assert_eq!(found(vec![id(), inner(many("posts", user::POSTS, titled(Predicate::True)))]), "u1 u2");
    assert_eq!(found(vec![id(), inner(many("posts", user::POSTS, titled(bobs())))]), "u2");
    // A nested inner relation leaves out the record it is in, and with that record's own also the root.
    let boss = || all(USER, vec![id(), inner(one("boss", user::BOSS, all(USER, vec![id()])))]);
    assert_eq!(found(vec![id(), inner(one("boss", user::BOSS, boss()))]), "u4");
    let nested = social.list(all(USER, vec![id(), one("boss", user::BOSS, boss())]), &[]);
    assert_eq!(nested[1], json!({"id": "u2", "boss": null}));
    assert_eq!(nested[3], json!({"id": "u4", "boss": {"id": "u2", "boss": {"id": "u1"}}}));
    let writers = all(USER, vec![id(), inner(many("posts", user::POSTS, titled(bobs())))]);
    assert_eq!(found(vec![id(), inner(one("boss", user::BOSS, writers))]), "u4");
}

#[test]
fn a_deleted_row_is_nowhere() {
    let social = Social::new();
    let name = || stored(COMPANY, company::NAME);
    assert_eq!(social.list(all(COMPANY, vec![name()]), &[]), json!([{"name": "Acme"}]));
    let by_id = filtered(all(COMPANY, vec![name()]), equal(field(COMPANY, company::ID), param(0)));
    let plan = social.plan(by_id, Root::One);
    assert_eq!(social.read(&plan, &[Value::Int(2)]).unwrap().rows, 0);
    assert_eq!(social.read(&plan, &[Value::Int(1)]).unwrap().rows, 1);
    let rows = social.list(all(USER, vec![one("company", user::COMPANY, all(COMPANY, vec![name()]))]), &[]);
    assert_eq!(rows[2], json!({"company": null}));
    let comments = all(COMMENT, vec![stored(COMMENT, comment::ID)]);
    let posts = all(
        POST,
        vec![
            many("comments", post::COMMENTS, comments),
            count("commentCount", post::COMMENTS, Predicate::True),
        ],
    );
    let first = json!({"comments": [{"id": "c1"}, {"id": "c2"}], "commentCount": 2});
    assert_eq!(social.list(posts, &[])[0], first);
}

#[test]
fn counts() {
    let social = Social::new();
    let counted = |(select, _): (store::Select, wire::Shape), params: Vec<Value>| {
        let plan = std::sync::Arc::new(social.store.plan_count(&select).unwrap());
        support::block(social.store.count(&plan, params, support::bounds())).unwrap()
    };
    assert_eq!(counted(all(USER, vec![]), vec![]), 4);
    assert_eq!(counted(all(COMPANY, vec![]), vec![]), 1);
    assert_eq!(
        counted(filtered(all(USER, vec![]), equal(field(USER, user::ID), param(0))), vec![text("u1")]),
        1
    );
    assert_eq!(counted(limited(all(USER, vec![]), 0), vec![Value::Int(1)]), 4);
    let company = inner(one("company", user::COMPANY, all(COMPANY, vec![])));
    assert_eq!(counted(all(USER, vec![company]), vec![]), 2);
}

#[test]
fn type_names_versions_and_groups_in_every_record() {
    let social = Social::new();
    let version = || value("v", Operand::Version, Scalar::Long);
    let node = || {
        let company = all(COMPANY, vec![type_name("t"), version()]);
        group("node", "Person", vec![type_name("t"), version(), one("company", user::COMPANY, company)])
    };
    let people = || {
        let boss = all(USER, vec![node(), type_name("t"), version(), stored(USER, user::ID)]);
        vec![node(), one("boss", user::BOSS, boss)]
    };
    let followers = all(USER, vec![many("followers", user::FOLLOWERS, all(USER, people()))]);
    let ann = json!({"t": "Person", "v": "7", "company": {"t": "Company", "v": "1"}});
    let bob = json!({"t": "Person", "v": "1", "company": {"t": "Company", "v": "1"}});
    let bobs = json!({"node": bob, "boss": {"node": ann, "t": "User", "v": "7", "id": "u1"}});
    assert_eq!(social.list(all(USER, people()), &[])[1], bobs);
    assert_eq!(social.list(followers, &[])[0]["followers"][0], bobs);
    let by_id = filtered(all(USER, people()), equal(field(USER, user::ID), param(0)));
    let plan = social.plan(by_id, Root::One);
    let body = social.read(&plan, &[text("u2")]).unwrap().body;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), bobs);
    let spread = all(USER, vec![spread("_", user::BOSS, all(USER, vec![type_name("t"), node()]))]);
    assert_eq!(social.list(spread.clone(), &[])[0], json!({"t": null, "node": null}));
    assert_eq!(social.list(spread, &[])[1], json!({"t": "User", "node": ann}));
}

#[test]
fn rows_and_what_is_inner_in_a_group() {
    let social = Social::new();
    let posts = || many("posts", user::POSTS, all(POST, vec![stored(POST, post::ID)]));
    let rows = all(USER, vec![group("a", "A", vec![group("b", "B", vec![inner(posts())])]), posts()]);
    let bobs = json!([{"id": "p4"}]);
    let found = social.list(rows.clone(), &[]);
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[1], json!({"a": {"b": {"posts": bobs}}, "posts": bobs}));
    let plan = std::sync::Arc::new(social.store.plan_count(&rows.0).unwrap());
    let counted = support::block(social.store.count(&plan, vec![], support::bounds()));
    assert_eq!(counted, Ok(2));
    // The boss of somebody without posts is as none.
    let boss = all(USER, vec![group("a", "A", vec![inner(posts())])]);
    let bosses = social.list(all(USER, vec![one("boss", user::BOSS, boss)]), &[]);
    assert_eq!(bosses[3], json!({"boss": {"a": {"posts": bobs}}}));
    let deep = (0..100).fold(type_name("t"), |item, _| group("g", "G", vec![item]));
    let (select, shape) = all(USER, vec![deep]);
    assert!(social.store.plan_read(&select, shape, Root::List).is_err());
}

#[test]
fn one_relation_under_several_names() {
    let social = Social::new();
    let reports = |filter, limit| {
        let reports = all(USER, vec![stored(USER, user::ID), many("posts", user::POSTS, posts(limit))]);
        limited(ordered(filtered(reports, filter), vec![descending(field(USER, user::ID))]), limit)
    };
    let active = Predicate::IsTrue(field(USER, user::ACTIVE));
    let boss = |name, of| one(name, user::BOSS, all(USER, vec![stored(USER, of)]));
    let rows = all(
        USER,
        vec![
            many("a", user::REPORTS, reports(Predicate::True, 0)),
            many("b", user::REPORTS, reports(not(active.clone()), 1)),
            many("c", user::REPORTS, reports(active, 1)),
            boss("d", user::ID),
            boss("e", user::NAME),
        ],
    );
    let found = social.list(rows, &[Value::Int(1), Value::Int(5)]);
    let bob = json!({"id": "u2", "posts": [{"id": "p4"}]});
    let cid = json!({"id": "u3", "posts": []});
    assert_eq!(found[0], json!({"a": [cid], "b": [bob], "c": [cid], "d": null, "e": null}));
    let last = &found[3];
    assert_eq!(*last, json!({"a": [], "b": [], "c": [], "d": {"id": "u2"}, "e": {"name": "Bob"}}));
}

fn posts(limit: store::Param) -> (store::Select, wire::Shape) {
    limited(all(POST, vec![stored(POST, post::ID)]), limit)
}

#[test]
fn as_many_joins_and_statements_as_are_allowed() {
    let social = Social::new();
    let planned = |(select, shape): (store::Select, wire::Shape)| {
        social.store.plan_read(&select, shape, Root::List).map(std::sync::Arc::new)
    };
    let joins = |count| {
        let boss = |at| one(&format!("b{at}"), user::BOSS, all(USER, vec![stored(USER, user::NAME)]));
        let followers = all(USER, (0..count).map(boss).collect());
        planned(all(USER, vec![many("followers", user::FOLLOWERS, followers)]))
    };
    let reply = social.read(&joins(store::JOINS_MAX).unwrap(), &[]).unwrap();
    assert_eq!((reply.rows, reply.statements), (4, 5));
    assert!(joins(store::JOINS_MAX + 1).is_err());
    let lists = |count| {
        let list = |at| many(&format!("p{at}"), user::POSTS, posts(0));
        planned(all(USER, (0..count).map(list).collect()))
    };
    let most = store::STATEMENTS_MAX - 1;
    let plan = lists(most).unwrap();
    let texts: std::collections::HashSet<&str> = plan.statements().collect();
    assert_eq!(texts.len(), most + 1, "each is prepared once");
    let reply = social.read(&plan, &[Value::Int(1)]).unwrap();
    assert_eq!(reply.statements as usize, 1 + 4 * most);
    assert!(lists(most + 1).is_err());
}

#[test]
fn a_shape_that_does_not_fit_is_an_error_of_the_plan() {
    let social = Social::new();
    let (select, mut shape) =
        all(USER, vec![stored(USER, user::ID), many("posts", user::POSTS, all(POST, vec![]))]);
    shape.fields.reverse();
    assert!(social.store.plan_read(&select, shape.clone(), Root::List).is_err());
    shape.fields.pop();
    assert!(social.store.plan_read(&select, shape, Root::List).is_err());
    let (select, shape) = all(USER, vec![many("posts", user::POSTS, all(USER, vec![]))]);
    assert!(social.store.plan_read(&select, shape, Root::List).is_err());
}
