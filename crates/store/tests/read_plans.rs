//! How SQLite goes about the statements that matter: no scan where there is a key or an index, no sort where
//! an index has the order.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::{Compare, Quantifier};
use social::intent::*;
use social::*;
use store::{Direction, Edges, End, Nulls, Operand, Predicate, Root, Select, TextTest};

/// What the plan of one statement must and must not say.
fn check(name: &str, plan: &str, must: &[&str], must_not: &[&str]) {
    for part in must {
        assert!(plan.contains(part), "{name}: no {part:?} in {plan}");
    }
    for part in must_not {
        assert!(!plan.contains(part), "{name}: {part:?} in {plan}");
    }
}

const NO_WORK: [&str; 2] = ["SCAN", "TEMP B-TREE"];

#[test]
fn a_row_by_its_key() {
    let social = Social::new();
    let by_key = |filter| filtered(all(USER, vec![stored(USER, user::NAME)]), filter);
    let key = || field(USER, user::ID);
    let cases = [
        ("is", equal(key(), param(0))),
        ("equals", Predicate::SqlCompare(contract::Compare::Equal, key(), param(0))),
        ("in a list", Predicate::InList(key(), 0)),
        ("among operands", Predicate::InOperands(key(), vec![param(0), param(1)])),
        (
            "with a rule",
            Predicate::And(vec![
                equal(key(), param(0)),
                Predicate::Or(vec![Predicate::IsTrue(field(USER, user::ACTIVE)), equal(key(), param(1))]),
            ]),
        ),
    ];
    for (name, filter) in cases {
        let plan = social.plan(by_key(filter), Root::One);
        check(
            name,
            &social.explain(&plan)[0],
            &["SEARCH t0 USING INDEX", "(id=?)"],
            &["SCAN t", "TEMP B-TREE"],
        );
    }
    let by_number = filtered(all(COMPANY, vec![]), equal(field(COMPANY, company::ID), param(0)));
    let plan = social.plan(by_number, Root::One);
    check("number", &social.explain(&plan)[0], &["SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)"], &NO_WORK);
}

#[test]
fn a_nested_page() {
    let social = Social::new();
    let author = all(USER, vec![stored(USER, user::NAME)]);
    let comments = all(COMMENT, vec![stored(COMMENT, comment::TEXT), one("author", comment::AUTHOR, author)]);
    let posts = all(POST, vec![many("comments", post::COMMENTS, limited(comments, 0))]);
    let followers = limited(all(USER, vec![stored(USER, user::NAME)]), 0);
    let page = all(
        USER,
        vec![
            many("posts", user::POSTS, limited(posts, 0)),
            many("followers", user::FOLLOWERS, followers),
            one("boss", user::BOSS, all(USER, vec![stored(USER, user::NAME)])),
        ],
    );
    let plan = social.plan(filtered(page, equal(field(USER, user::ID), param(1))), Root::One);
    let [root, posts, comments, followers] = <[String; 4]>::try_from(social.explain(&plan)).unwrap();
    check("root", &root, &["SEARCH t0 USING INDEX", "SEARCH t1 USING INDEX", "LEFT-JOIN"], &NO_WORK);
    check("posts", &posts, &["SEARCH t0 USING", "(author=?)"], &NO_WORK);
    let no_work = [&NO_WORK[..], &["LEFT-JOIN"]].concat();
    check("comments", &comments, &["SEARCH t0 USING INDEX comment.post.index (post=?); SEARCH t1"], &no_work);
    check("followers", &followers, &["SEARCH t0 USING", "(followee=?)", "SEARCH t1 USING INDEX"], &NO_WORK);
}

#[test]
fn a_list_in_an_order() {
    let social = Social::new();
    let newest = |direction| {
        let author = all(USER, vec![stored(USER, user::NAME)]);
        let posts = all(POST, vec![stored(POST, post::TITLE), one("author", post::AUTHOR, author)]);
        let by = order(field(POST, post::CREATED_AT), direction, Nulls::Last);
        limited(ordered(posts, vec![by]), 0)
    };
    for direction in [Direction::Ascending, Direction::Descending] {
        let plan = social.plan(newest(direction), Root::List);
        let index = "SCAN t0 USING INDEX post.createdAt.index";
        let index = index.replace("createdAt", "created_at");
        check("newest", &social.explain(&plan)[0], &[&index], &["TEMP B-TREE"]);
        let direct = filtered(newest(direction), equal(field(POST, post::AUTHOR), param(1)));
        check(
            "of an author",
            &social.explain(&social.plan(direct, Root::List))[0],
            &["(author=?)"],
            &["SCAN"],
        );
    }
    let by_key = limited(all(USER, vec![stored(USER, user::NAME)]), 0);
    check("by key", &social.explain(&social.plan(by_key, Root::List))[0], &["USING INDEX"], &["TEMP B-TREE"]);
    let email = order(field(USER, user::EMAIL), Direction::Ascending, Nulls::Last);
    let by_email = ordered(all(USER, vec![stored(USER, user::NAME)]), vec![email]);
    check(
        "by email",
        &social.explain(&social.plan(by_email, Root::List))[0],
        &["user.email.unique"],
        &["TEMP B-TREE"],
    );
    // SQLite's own place for nulls needs no sort; the other one is an index read in two parts.
    for (direction, nulls) in [(Direction::Ascending, Nulls::First), (Direction::Descending, Nulls::Last)] {
        let age = order(field(USER, user::AGE), direction, nulls);
        let by_age = ordered(all(USER, vec![stored(USER, user::NAME)]), vec![age]);
        check(
            "by age",
            &social.explain(&social.plan(by_age, Root::List))[0],
            &["user.age.index"],
            &["TEMP B-TREE"],
        );
    }
}

#[test]
fn a_page_between_cursors() {
    let social = Social::new();
    let (created, id) = (|| field(POST, post::CREATED_AT), || field(POST, post::ID));
    let page = |direction, end, filter| {
        let by = order(created(), direction, Nulls::Last);
        let posts = ordered(all(POST, vec![stored(POST, post::TITLE)]), vec![by]);
        let (select, shape) = limited(filtered(posts, filter), 0);
        // The connection that explains does not know the function that makes cursors, which changes nothing here.
        let edges = Some(Edges { cursor: id(), end });
        (Select { edges, ..select }, shape)
    };
    let beyond = |than, from| {
        let than_this = |by, at| Predicate::SqlCompare(than, by, param(at));
        let further = Predicate::Or(vec![than_this(created(), 1), than_this(id(), 2)]);
        Predicate::And(vec![Predicate::SqlCompare(from, created(), param(1)), further])
    };
    let before = || beyond(Compare::Less, Compare::LessOrEqual);
    let after = || beyond(Compare::Greater, Compare::GreaterOrEqual);
    let (up, down) = (Direction::Ascending, Direction::Descending);
    let cases = [
        ("first", up, End::First, Predicate::True, "SCAN t0 USING INDEX post.created_at.index"),
        ("last", up, End::Last, Predicate::True, "SCAN t0 USING INDEX post.created_at.index"),
        ("after", up, End::First, after(), "post.created_at.index (created_at>?)"),
        ("before", up, End::Last, before(), "post.created_at.index (created_at<?)"),
        ("last downwards", down, End::Last, Predicate::True, "SCAN t0 USING INDEX post.created_at.index"),
        ("after downwards", down, End::First, before(), "post.created_at.index (created_at<?)"),
        ("before downwards", down, End::Last, after(), "post.created_at.index (created_at>?)"),
    ];
    for (name, direction, end, filter, must) in cases {
        let plan = social.plan(page(direction, end, filter), Root::List);
        check(name, &social.explain(&plan)[0], &[must], &["TEMP B-TREE"]);
    }
}

#[test]
fn filters() {
    let social = Social::new();
    let users = |filter| filtered(all(USER, vec![stored(USER, user::NAME)]), filter);
    let posts = related(
        Quantifier::Exists,
        column(USER, &[], user::POSTS),
        equal(field(POST, post::TITLE), param(1)),
    );
    let cases = [
        ("unique", equal(field(USER, user::EMAIL), param(0)), "(email=?)"),
        ("nullable", equal(field(USER, user::AGE), param(0)), "(age=?)"),
        ("list", Predicate::InList(field(USER, user::AGE), 0), "(age=?)"),
        (
            "prefix",
            Predicate::Text(TextTest::StartsWith, field(USER, user::EMAIL), param(0)),
            "(email>? AND email<?)",
        ),
        ("relation", posts, "USING INDEX post.author.index (author=?)"),
        ("hop", equal(hop(USER, &[user::BOSS], user::ID), param(0)), "(boss=?)"),
    ];
    for (name, filter, must) in cases {
        let plan = social.plan(users(filter), Root::List);
        check(name, &social.explain(&plan)[0], &[must], &[]);
    }
    let count = Operand::Count(column(USER, &[], user::FOLLOWERS));
    let counted = all(USER, vec![value("followers", count, contract::Scalar::Int)]);
    check(
        "count",
        &social.explain(&social.plan(counted, Root::List))[0],
        &["(followee=?)"],
        &["SCAN t1", "SCAN t2"],
    );
}
