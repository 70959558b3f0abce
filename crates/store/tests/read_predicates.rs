//! What each predicate and operand means, by the people it finds.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::{Arithmetic, Compare, Quantifier};
use social::intent::*;
use social::*;
use store::*;
use support::text;
use wire::Value;

/// A predicate, its parameters, and whom it finds.
type Case = (&'static str, Predicate, Vec<Value>, &'static str);

fn check(cases: Vec<Case>) {
    let social = Social::new();
    for (name, predicate, params, wanted) in cases {
        let wanted_rows = filtered(all(USER, vec![stored(USER, user::ID)]), predicate);
        let found = social.list(wanted_rows, &params);
        let ids: Vec<&str> =
            found.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.join(" "), wanted, "{name}");
    }
}

fn of(id: contract::FieldId) -> Operand {
    field(USER, id)
}

fn compare(compare: Compare, left: Operand, right: Operand) -> Predicate {
    Predicate::Compare(compare, left, right)
}

fn sql_compare(compare: Compare, left: Operand, right: Operand) -> Predicate {
    Predicate::SqlCompare(compare, left, right)
}

#[test]
fn constants_and_logic_have_three_values() {
    use Predicate::{And, False, Or, True, Unknown};
    check(vec![
        ("true", True, vec![], "u1 u2 u3 u4"),
        ("false", False, vec![], ""),
        ("unknown", Unknown, vec![], ""),
        ("not unknown", not(Unknown), vec![], ""),
        ("not false", not(False), vec![], "u1 u2 u3 u4"),
        ("all of none", And(vec![]), vec![], "u1 u2 u3 u4"),
        ("some of none", Or(vec![]), vec![], ""),
        ("and", And(vec![True, False]), vec![], ""),
        ("false and unknown", not(And(vec![Unknown, False])), vec![], "u1 u2 u3 u4"),
        ("true or unknown", Or(vec![Unknown, True]), vec![], "u1 u2 u3 u4"),
        ("many", Or(vec![equal(of(user::ID), param(0)); 5_000]), vec![text("u2")], "u2"),
    ]);
}

#[test]
fn comparisons() {
    use Compare::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let (age, thirty) = (|| of(user::AGE), || vec![Value::Int(30)]);
    check(vec![
        ("equal", compare(Equal, age(), param(0)), thirty(), "u1"),
        ("not equal", compare(NotEqual, age(), param(0)), thirty(), "u2 u3 u4"),
        ("not not equal", not(compare(NotEqual, age(), param(0))), thirty(), "u1"),
        ("equal to null", compare(Equal, age(), Operand::Null), vec![], "u3"),
        ("equal to a null parameter", compare(Equal, age(), param(0)), vec![Value::Null], "u3"),
        ("not equal to null", compare(NotEqual, age(), Operand::Null), vec![], "u1 u2 u4"),
        ("less", compare(Less, age(), param(0)), thirty(), "u4"),
        ("not less", not(compare(Less, age(), param(0))), thirty(), "u1 u2"),
        ("less or equal", compare(LessOrEqual, age(), param(0)), thirty(), "u1 u4"),
        ("greater", compare(Greater, age(), param(0)), thirty(), "u2"),
        ("greater or equal", compare(GreaterOrEqual, age(), param(0)), thirty(), "u1 u2"),
        ("sql equal", sql_compare(Equal, age(), param(0)), thirty(), "u1"),
        ("sql equal to null", sql_compare(Equal, age(), Operand::Null), vec![], ""),
        ("sql not equal", sql_compare(NotEqual, age(), param(0)), thirty(), "u2 u4"),
        ("two columns", compare(Equal, of(user::NAME), of(user::NAME)), vec![], "u1 u2 u3 u4"),
        ("a double", compare(Less, of(user::SCORE), param(0)), vec![Value::Float(0.5)], "u3 u4"),
        ("a boolean", compare(Equal, of(user::ACTIVE), Operand::Bool(true)), vec![], "u1 u3"),
        (
            "a boolean parameter",
            compare(Equal, of(user::ACTIVE), param(0)),
            vec![Value::Bool(false)],
            "u2 u4",
        ),
        ("is null", Predicate::IsNull(of(user::NICK)), vec![], "u1 u4"),
        ("is true", Predicate::IsTrue(of(user::ACTIVE)), vec![], "u1 u3"),
        ("is not true", not(Predicate::IsTrue(of(user::ACTIVE))), vec![], "u2 u4"),
        ("null is unknown", not(Predicate::IsTrue(Operand::Null)), vec![], ""),
        ("the version", compare(Equal, Operand::Version, param(0)), vec![Value::Int(7)], "u1"),
    ]);
}

#[test]
fn membership() {
    let in_list = |id| Predicate::InList(of(id), 0);
    let among = Predicate::InOperands(of(user::AGE), vec![param(0), of(user::AGE)]);
    check(vec![
        ("texts", in_list(user::ID), vec![text(r#"["u1","u3","zz"]"#)], "u1 u3"),
        ("numbers", in_list(user::AGE), vec![text("[20,40]")], "u2 u4"),
        ("none", in_list(user::ID), vec![text("[]")], ""),
        ("not in none", not(in_list(user::AGE)), vec![text("[]")], "u1 u2 u3 u4"),
        ("null is in nothing known", not(in_list(user::AGE)), vec![text("[20]")], "u1 u2"),
        ("a null list", in_list(user::ID), vec![Value::Null], ""),
        ("operands", among, vec![Value::Int(1)], "u1 u2 u4"),
        ("no operands", Predicate::InOperands(of(user::ID), vec![]), vec![], ""),
    ]);
}

#[test]
fn texts() {
    use TextTest::*;
    let name = |test| Predicate::Text(test, of(user::NAME), param(0));
    let nick = |test| Predicate::Text(test, of(user::NICK), param(0));
    let operand = |test| Predicate::Text(test, Operand::Lower(Box::new(of(user::NAME))), param(0));
    let hopped = Predicate::Text(StartsWith, hop(USER, &[user::BOSS], user::NAME), param(0));
    check(vec![
        ("like", name(Like), vec![text("%b")], "u2"),
        ("like is case sensitive", name(Like), vec![text("ANN")], ""),
        ("like with an escape", nick(Like), vec![text("C\\_d")], "u3"),
        ("like a character", name(Like), vec![text("D_ %")], "u4"),
        ("not like leaves out null", not(nick(Like)), vec![text("b%")], "u3"),
        ("like ignoring case", name(LikeIgnoringCase), vec![text("dÄ%")], "u4"),
        ("matches", name(Matches), vec![text("^[A-C]")], "u1 u2 u3"),
        ("matches ignoring case", name(MatchesIgnoringCase), vec![text("^[a-b]")], "u1 u2"),
        ("starts with", name(StartsWith), vec![text("D")], "u4"),
        ("starts with all of it", name(StartsWith), vec![text("Bob")], "u2"),
        ("starts with more", name(StartsWith), vec![text("Bobb")], ""),
        ("starts with nothing", name(StartsWith), vec![text("")], "u1 u2 u3 u4"),
        ("starts with two bytes", name(StartsWith), vec![text("Dä")], "u4"),
        ("starts with is case sensitive", name(StartsWith), vec![text("b")], ""),
        ("null starts with nothing", not(nick(StartsWith)), vec![text("b")], "u3"),
        ("an operand starts with", operand(StartsWith), vec![text("b")], "u2"),
        ("a hop starts with", hopped, vec![text("A")], "u2 u3"),
        ("ends with", name(EndsWith), vec![text("--")], "u4"),
        ("contains", name(Contains), vec![text("\"q\"; -")], "u4"),
        ("contains nothing", name(Contains), vec![text("")], "u1 u2 u3 u4"),
        ("null contains nothing", not(nick(Contains)), vec![text("o")], "u3"),
        ("no wildcards", name(Contains), vec![text("%")], ""),
    ]);
}

#[test]
fn json_and_search() {
    use JsonTest::{ContainedIn, Contains, Overlaps};
    let tags = |test| Predicate::Json(test, of(user::TAGS), param(0));
    let part = |path: Vec<Param>, as_text| Operand::Json { of: Box::new(of(user::DATA)), path, as_text };
    let email = |mode| Predicate::Search(mode, of(user::EMAIL), param(0));
    check(vec![
        ("contains", tags(Contains), vec![text(r#"["b"]"#)], "u1 u4"),
        ("contained in", tags(ContainedIn), vec![text(r#"["b","c"]"#)], "u2 u4"),
        ("not contained in", not(tags(ContainedIn)), vec![text(r#"["b","c"]"#)], "u1"),
        ("overlaps", tags(Overlaps), vec![text(r#"["a","z"]"#)], "u1"),
        ("an object", Predicate::Json(Contains, of(user::DATA), param(0)), vec![text(r#"{"k":1}"#)], "u1"),
        ("as text", equal(part(vec![0], true), param(1)), vec![text("k"), text("1")], "u1"),
        ("as JSON", equal(part(vec![0], false), param(1)), vec![text("k"), text("\"x\"")], "u3"),
        ("a path is one name", equal(part(vec![0], true), param(1)), vec![text("$.k"), text("2")], "u1"),
        (
            "an item",
            equal(part(vec![0, 1], true), param(2)),
            vec![text("l"), Value::Int(-1), text("t")],
            "u1",
        ),
        ("an item of the whole", equal(part(vec![0], true), param(1)), vec![Value::Int(0), text("1")], "u4"),
        ("no path", equal(part(vec![], false), param(0)), vec![text("[1,2]")], "u4"),
        ("nothing there", not(Predicate::IsNull(part(vec![0], false))), vec![text("none")], ""),
        ("query", email(SearchMode::Query), vec![text("(ANN | bob) & x:*")], "u1 u2"),
        ("plain", email(SearchMode::Plain), vec![text("test ann")], "u1"),
        ("phrase", email(SearchMode::Phrase), vec![text("y test")], "u3 u4"),
        ("web", email(SearchMode::Web), vec![text("test -\"x test\" or bob")], "u2 u3 u4"),
    ]);
}

#[test]
fn operands() {
    use Operand::{Concat, If, Lower, Masked, Size, Test, Upper};
    let boxed = |operand| Box::new(operand);
    let active = || Box::new(Predicate::IsTrue(of(user::ACTIVE)));
    let young = || Box::new(compare(Compare::Less, of(user::AGE), param(0)));
    let arithmetic = |operator| Operand::Arithmetic(operator, Box::new(of(user::AGE)), Box::new(param(0)));
    let chosen = If(young(), boxed(param(1)), boxed(param(2)));
    let is = |operand, wanted| equal(operand, param(wanted));
    let choice = || vec![Value::Int(35), text("young"), text("old")];
    check(vec![
        ("masked", is(Masked(active(), boxed(of(user::NAME))), 0), vec![text("Bob")], ""),
        ("masked and seen", is(Masked(active(), boxed(of(user::NAME))), 0), vec![text("Ann")], "u1"),
        ("masked is null", Predicate::IsNull(Masked(active(), boxed(of(user::NAME)))), vec![], "u2 u4"),
        ("then", is(chosen.clone(), 1), choice(), "u1 u4"),
        ("else, but not when unknown", is(chosen.clone(), 2), choice(), "u2"),
        ("unknown chooses nothing", Predicate::IsNull(chosen), choice(), "u3"),
        ("test", is(Test(active()), 0), vec![Value::Bool(false)], "u2 u4"),
        ("add", is(arithmetic(Arithmetic::Add), 1), vec![Value::Int(5), Value::Int(25)], "u4"),
        ("subtract", is(arithmetic(Arithmetic::Subtract), 1), vec![Value::Int(5), Value::Int(25)], "u1"),
        ("multiply", is(arithmetic(Arithmetic::Multiply), 1), vec![Value::Int(2), Value::Int(80)], "u2"),
        ("divide", is(arithmetic(Arithmetic::Divide), 1), vec![Value::Int(7), Value::Int(4)], "u1"),
        ("remainder", is(arithmetic(Arithmetic::Remainder), 1), vec![Value::Int(7), Value::Int(5)], "u2"),
        (
            "overflow is null",
            Predicate::IsNull(arithmetic(Arithmetic::Add)),
            vec![Value::Int(i64::MAX)],
            "u1 u2 u3 u4",
        ),
        (
            "division by zero is null",
            Predicate::IsNull(arithmetic(Arithmetic::Divide)),
            vec![Value::Int(0)],
            "u1 u2 u3 u4",
        ),
        ("concat", is(Concat(boxed(of(user::ID)), boxed(of(user::NAME))), 0), vec![text("u1Ann")], "u1"),
        ("lower", is(Lower(boxed(of(user::NAME))), 0), vec![text("bob")], "u2"),
        ("upper", is(Upper(boxed(of(user::NAME))), 0), vec![text("CID")], "u3"),
        ("size of a text", is(Size(boxed(of(user::NAME))), 0), vec![Value::Int(10)], "u4"),
        ("size of a list", is(Size(boxed(of(user::TAGS))), 0), vec![Value::Int(1)], "u4"),
        ("count", is(Operand::Count(column(USER, &[], user::POSTS)), 0), vec![Value::Int(3)], "u1"),
        (
            "count of a hop",
            is(Operand::Count(column(USER, &[user::BOSS], user::REPORTS)), 0),
            vec![Value::Int(2)],
            "u2 u3",
        ),
        (
            "count of no hop is null",
            Predicate::IsNull(Operand::Count(column(USER, &[user::BOSS], user::REPORTS))),
            vec![],
            "u1",
        ),
        (
            "count through a join",
            is(Operand::Count(column(USER, &[], user::FOLLOWERS)), 0),
            vec![Value::Int(3)],
            "u1",
        ),
    ]);
}

#[test]
fn hops() {
    let boss = |field| hop(USER, &[user::BOSS], field);
    let company = |field| hop(USER, &[user::COMPANY], field);
    let owner = |field| hop(USER, &[user::COMPANY, company::OWNER], field);
    check(vec![
        ("the key of a hop", equal(boss(user::ID), param(0)), vec![text("u1")], "u2 u3"),
        ("a field of a hop", equal(boss(user::NAME), param(0)), vec![text("Bob")], "u4"),
        ("a hop that is null", equal(boss(user::NAME), Operand::Null), vec![], "u1"),
        ("two hops", equal(owner(user::NAME), param(0)), vec![text("Ann")], "u1 u2"),
        ("the key of two hops", equal(owner(user::ID), param(0)), vec![text("u1")], "u1 u2"),
        ("a hop to a deleted row", Predicate::IsNull(company(company::NAME)), vec![], "u3 u4"),
        ("the key of a deleted row", Predicate::IsNull(company(company::ID)), vec![], "u3 u4"),
        ("the column itself", Predicate::IsNull(of(user::COMPANY)), vec![], "u4"),
        ("an integer key", equal(company(company::ID), param(0)), vec![Value::Int(1)], "u1 u2"),
    ]);
}

#[test]
fn relations() {
    use Quantifier::{All, Exists, ExistsOne};
    let posts = || column(USER, &[], user::POSTS);
    let published = || Predicate::IsTrue(field(POST, post::PUBLISHED));
    let title = || equal(field(POST, post::TITLE), param(0));
    let spam =
        related(Exists, column(POST, &[], post::COMMENTS), equal(field(COMMENT, comment::TEXT), param(0)));
    let by_boss = equal(
        field(COMMENT, comment::AUTHOR),
        Operand::Column(Column { scope: 2, ..column(USER, &[], user::BOSS) }),
    );
    let heard_by_boss = related(Exists, posts(), related(Exists, column(POST, &[], post::COMMENTS), by_boss));
    let own_comment = equal(field(COMMENT, comment::AUTHOR), outer(POST, post::AUTHOR));
    let talks_to_self =
        related(Exists, posts(), related(Exists, column(POST, &[], post::COMMENTS), own_comment));
    let followed = |name: Predicate| related(Exists, column(USER, &[], user::FOLLOWERS), name);
    check(vec![
        ("some", related(Exists, posts(), title()), vec![text("Bob writes")], "u2"),
        ("not some", not(related(Exists, posts(), Predicate::True)), vec![], "u3 u4"),
        ("all", related(All, posts(), published()), vec![], "u2 u3 u4"),
        ("all of unknown", related(All, posts(), Predicate::Unknown), vec![], "u3 u4"),
        ("exactly one", related(ExistsOne, posts(), published()), vec![], "u2"),
        ("exactly one that is not", related(ExistsOne, posts(), not(published())), vec![], "u1"),
        ("through a join", followed(equal(of(user::NAME), param(0))), vec![text("Cid")], "u1 u3"),
        ("itself through a join", followed(equal(of(user::ID), outer(USER, user::ID))), vec![], "u3"),
        (
            "exactly one through a join",
            related(ExistsOne, column(USER, &[], user::FOLLOWERS), Predicate::True),
            vec![],
            "u2 u3",
        ),
        ("a deleted row is none", related(Exists, posts(), spam), vec![text("spam")], ""),
        ("two scopes out", heard_by_boss, vec![], "u2"),
        ("one scope out", talks_to_self, vec![], ""),
        (
            "of a hop",
            related(Exists, column(USER, &[user::BOSS], user::POSTS), title()),
            vec![text("Bob writes")],
            "u4",
        ),
        (
            "of no hop is unknown",
            not(related(Exists, column(USER, &[user::BOSS], user::POSTS), Predicate::False)),
            vec![],
            "u2 u3 u4",
        ),
        (
            "reached",
            reached(column(USER, &[], user::BOSS), equal(of(user::NAME), param(0))),
            vec![text("Ann")],
            "u2 u3",
        ),
        (
            "reached from a hop",
            reached(column(USER, &[user::BOSS], user::BOSS), Predicate::True),
            vec![],
            "u4",
        ),
        (
            "a deleted row is not reached",
            reached(column(USER, &[], user::COMPANY), Predicate::True),
            vec![],
            "u1 u2",
        ),
        ("not reached", not(reached(column(USER, &[], user::COMPANY), Predicate::True)), vec![], "u3 u4"),
        (
            "reached sees the row around it",
            reached(
                column(USER, &[], user::BOSS),
                compare(Compare::Greater, outer(USER, user::AGE), of(user::AGE)),
            ),
            vec![],
            "u2",
        ),
        (
            "labels",
            related(
                Exists,
                posts(),
                related(
                    ExistsOne,
                    column(POST, &[], post::LABELS),
                    equal(field(LABEL, label::NAME), param(0)),
                ),
            ),
            vec![text("new")],
            "u1",
        ),
    ]);
}

#[test]
fn only_parameters_carry_what_a_request_says() {
    let social = Social::new();
    let nasty =
        ["' OR 1=1 --", "\"; DROP TABLE user; --", "u1' UNION SELECT * FROM user --", "%", "?1", "\0", "$.x"];
    let name = Predicate::Or(vec![
        equal(of(user::NAME), param(0)),
        Predicate::Text(TextTest::StartsWith, of(user::NAME), param(0)),
        Predicate::Text(TextTest::Contains, of(user::NAME), param(0)),
        Predicate::Text(TextTest::EndsWith, of(user::NAME), param(0)),
        Predicate::Json(JsonTest::Contains, of(user::DATA), param(0)),
        equal(Operand::Json { of: Box::new(of(user::DATA)), path: vec![0], as_text: true }, param(0)),
    ]);
    let plan = social.plan(filtered(all(USER, vec![stored(USER, user::ID)]), name), Root::List);
    let before: Vec<String> = plan.statements().map(str::to_owned).collect();
    for value in nasty {
        assert_eq!(social.read(&plan, &[text(value)]).unwrap().body, b"[]", "{value}");
        assert!(plan.statements().all(|sql| !sql.contains(value) || value == "?1"), "{value}");
    }
    assert_eq!(plan.statements().collect::<Vec<_>>(), before);
    assert_eq!(social.list(all(USER, vec![stored(USER, user::ID)]), &[]).as_array().unwrap().len(), 4);
}

#[test]
fn a_defect_above_is_an_error_of_the_plan() {
    let social = Social::new();
    let mut deep = Predicate::True;
    for _ in 0..1_000 {
        deep = not(deep);
    }
    let defects = [
        ("a scope that is not there", equal(outer(USER, user::ID), param(0))),
        ("another resource", equal(field(POST, post::ID), param(0))),
        ("no such field", equal(field(USER, contract::FieldId(99)), param(0))),
        ("no column", equal(field(USER, user::POSTS), param(0))),
        ("not to-one", equal(hop(USER, &[user::NAME], user::ID), param(0))),
        ("not to-many", related(Quantifier::All, column(USER, &[], user::BOSS), Predicate::True)),
        ("too deep", deep),
    ];
    for (name, predicate) in defects {
        let (select, shape) = filtered(all(USER, vec![stored(USER, user::ID)]), predicate);
        assert!(social.store.plan_read(&select, shape, Root::List).is_err(), "{name}");
    }
}
