//! Values over rows: against the same done by hand, in every format, by parameters, and by indexes.
#![allow(clippy::unwrap_used)]

mod aggregates;
mod social;
mod support;

use aggregates::by_hand::{Person, assert_same, by_hand, everything, made_up, world};
use aggregates::*;
use contract::{Arithmetic, Compare, FieldId, Quantifier, Scalar, Xml};
use serde_json::json;
use social::intent::{column, equal, field, hop, param, related};
use social::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::{Aggregate, AggregateOutput, Bounds, Error, Measure, Operand, Param, Predicate, Root};
use support::{block, bounds, text};
use wire::{Format, Layout, Name, Shape, Value};

#[test]
fn of_all_rows_as_by_hand() {
    for (seed, number) in [(1, 0), (2, 1), (3, 2), (4, 7), (5, 100), (6, 300)] {
        let people_here = made_up(seed, number);
        let social = world(&people_here);
        let active = || Predicate::IsTrue(field(USER, user::ACTIVE));
        let found = read(&social, people(Predicate::True, everything(|of| of)), Root::One, &[]);
        assert_same(&found, &by_hand(&people_here, |_| true), "all");

        let older = Predicate::SqlCompare(Compare::Greater, field(USER, user::AGE), param(0));
        let old: Vec<Person> = people_here.iter().filter(|p| p.age.is_some_and(|a| a > 3)).cloned().collect();
        let found = read(&social, people(older, everything(|of| of)), Root::One, &[Value::Int(3)]);
        assert_same(&found, &by_hand(&old, |_| true), "filtered");

        let masked = |of| Operand::Masked(Box::new(active()), Box::new(of));
        let found = read(&social, people(Predicate::True, everything(masked)), Root::One, &[]);
        assert_same(&found, &by_hand(&people_here, |person| person.active), "masked");
    }
}

#[test]
fn of_groups_as_by_hand() {
    for (seed, number) in [(7, 0), (8, 1), (9, 40), (10, 300)] {
        let people_here = made_up(seed, number);
        let social = world(&people_here);
        let masked =
            |of| Operand::Masked(Box::new(Predicate::IsTrue(field(USER, user::ACTIVE))), Box::new(of));
        let keys = [
            key("nick", field(USER, user::NICK), Scalar::String),
            key("company", field(USER, user::COMPANY), Scalar::Id),
            key("known age", masked(field(USER, user::AGE)), Scalar::Int),
        ];
        for count in 1..=keys.len() {
            let mut items = vec![group("keys", keys[..count].to_vec())];
            items.extend(everything(|of| of));
            let found = read(&social, people(Predicate::True, items), Root::List, &[]);
            let found = found.as_array().unwrap();
            // Nulls come last: of `Option`s they come first.
            let last = |of: Option<i64>| (of.is_none(), of);
            let mut groups: BTreeMap<_, Vec<Person>> = BTreeMap::new();
            for person in &people_here {
                let nick = (person.nick.is_none(), person.nick.clone());
                let company = (count > 1).then(|| last(person.company));
                let age = (count > 2).then(|| last(person.age.filter(|_| person.active)));
                groups.entry((nick, company, age)).or_default().push(person.clone());
            }
            assert_eq!(found.len(), groups.len());
            for (found, (keys, people)) in found.iter().zip(&groups) {
                let ((_, nick), company, age) = keys;
                let mut expected = serde_json::Map::from_iter([("nick".to_owned(), json!(nick))]);
                let company = company.map(|(_, id)| json!(id.map(|id| id.to_string())));
                expected.extend(company.map(|id| ("company".to_owned(), id)));
                expected.extend(age.map(|(_, age)| ("known age".to_owned(), json!(age))));
                let mut expected = BTreeMap::from([("keys".to_owned(), expected.into())]);
                expected.extend(by_hand(people, |_| true));
                assert_same(found, &expected, "group");
            }
        }
    }
}

#[test]
fn records_of_groups_in_every_format() {
    let social = Social::new();
    let numbered = |items: Vec<Item>| -> Vec<Item> {
        let number = |((output, mut field), number): (Item, u32)| {
            field.name = Name::new(&field.name.text, number, Xml::Element);
            (output, field)
        };
        items.into_iter().zip(1..).map(number).collect()
    };
    let items = || {
        let sums =
            vec![measure("age", Measure::Sum(field(USER, user::AGE)), Scalar::Long), type_name("type")];
        let keys = vec![key("active", field(USER, user::ACTIVE), Scalar::Boolean)];
        (numbered(keys), vec![count(), group("sum", numbered(sums)), type_name("type")])
    };
    let whole: [(Format, &[u8]); 4] = [
        (Format::Json, br#"{"count":4,"sum":{"age":"90","type":"Ofsum"},"type":"UserAggregate"}"#),
        (Format::Graphql, br#"{"count":4,"sum":{"age":"90","type":"Ofsum"},"type":"UserAggregate"}"#),
        (Format::Protobuf, b"\x08\x04\x12\x09\x08\x5a\x12\x05Ofsum\x1a\x0dUserAggregate"),
        (
            Format::Xml,
            b"<UserAggregate><count>4</count><sum><age>90</age><type>Ofsum</type></sum>\
              <type>UserAggregate</type></UserAggregate>",
        ),
    ];
    for (format, body) in whole {
        let wanted = people(Predicate::True, numbered(items().1));
        let reply = run(&social, wanted, Root::One, &[], format).unwrap();
        assert_eq!((reply.body.as_slice(), reply.rows, reply.version), (body, 1, None), "{format:?}");
    }
    let groups: [(Format, &[u8]); 4] = [
        (Format::Json, br#"[{"active":false,"count":2},{"active":true,"count":2}]"#),
        (Format::Graphql, br#"[{"active":false,"count":2},{"active":true,"count":2}]"#),
        (Format::Protobuf, b"\x0a\x04\x08\x00\x10\x02\x0a\x04\x08\x01\x10\x02"),
        (
            Format::Xml,
            b"<List><UserAggregate><active>false</active><count>2</count></UserAggregate>\
              <UserAggregate><active>true</active><count>2</count></UserAggregate></List>",
        ),
    ];
    for (format, body) in groups {
        let (keys, _) = items();
        let wanted = people(Predicate::True, numbered([keys, vec![count()]].concat()));
        let reply = run(&social, wanted, Root::List, &[], format).unwrap();
        assert_eq!((reply.body.as_slice(), reply.rows), (body, 2), "{format:?}");
    }
}

#[test]
fn no_rows_are_one_group_without_keys_and_none_with() {
    let social = Social::new();
    let nobody = || Predicate::False;
    let score = || measure("score", Measure::Sum(field(USER, user::SCORE)), Scalar::Float);
    let of_nobody = json!({"count": 0, "score": null});
    assert_eq!(read(&social, people(nobody(), vec![count(), score()]), Root::One, &[]), of_nobody);
    assert_eq!(read(&social, people(nobody(), vec![count(), score()]), Root::List, &[]), json!([of_nobody]));
    let keyed = || vec![key("nick", field(USER, user::NICK), Scalar::String), count()];
    assert_eq!(read(&social, people(nobody(), keyed()), Root::List, &[]), json!([]));
    let page = [Value::Int(1), Value::Int(1)];
    let paged = |items| paged(people(Predicate::True, items), 0, 1);
    assert_eq!(read(&social, paged(keyed()), Root::List, &page), json!([{"nick": "bobby", "count": 1}]));
    assert_eq!(read(&social, paged(vec![count()]), Root::List, &page), json!([]), "one group, and left out");
    assert_eq!(read(&social, paged(vec![count()]), Root::One, &page), json!({"count": 4}), "not a list");
    let names = || people(nobody(), vec![type_name("a"), group("b", vec![type_name("c")])]);
    let expected = json!({"a": "UserAggregate", "b": {"c": "Ofb"}});
    assert_eq!(read(&social, names(), Root::One, &[]), expected);
    assert_eq!(read(&social, names(), Root::List, &[]), json!([expected]));
}

/// Keys that are numbers by themselves are no positions of columns.
#[test]
fn constants_are_keys() {
    let social = Social::new();
    let never = Operand::Test(Box::new(Predicate::And(vec![
        Predicate::False,
        Predicate::IsTrue(field(USER, user::ACTIVE)),
    ])));
    let items = vec![
        key("true", Operand::Bool(true), Scalar::Boolean),
        key("never", never, Scalar::Boolean),
        key("null", Operand::Null, Scalar::String),
        key("param", param(0), Scalar::Int),
        count(),
    ];
    let found = read(&social, people(Predicate::True, items), Root::List, &[Value::Int(99)]);
    assert_eq!(found, json!([{"true": true, "never": false, "null": null, "param": 99, "count": 4}]));
}

#[test]
fn parameters_stay_parameters_wherever_they_are_used() {
    let social = Social::new();
    // The same parameter in two keys, in a measure and in the filter; another one in each of them.
    let part = |step: Param| Operand::Json {
        of: Box::new(field(USER, user::DATA)),
        path: vec![step],
        as_text: true,
    };
    let at_least =
        |bound: Param| Predicate::SqlCompare(Compare::GreaterOrEqual, field(USER, user::AGE), param(bound));
    let plus = |bound: Param| {
        Operand::Arithmetic(Arithmetic::Add, Box::new(field(USER, user::AGE)), Box::new(param(bound)))
    };
    let either = Operand::If(Box::new(at_least(2)), Box::new(param(5)), Box::new(param(6)));
    let filter = Predicate::Or(vec![at_least(1), Predicate::IsNull(field(USER, user::AGE))]);
    let items = vec![
        key("k", part(0), Scalar::String),
        key("again", part(0), Scalar::String),
        key("age", either, Scalar::String),
        measure("sum", Measure::Sum(plus(1)), Scalar::Long),
        measure("most", Measure::Greatest(plus(2)), Scalar::Int),
        count(),
    ];
    let wanted = paged(people(filter, items), 3, 4);
    let run = |step: &str, page: [i64; 2]| {
        let [limit, offset] = page.map(Value::Int);
        let params = [text(step), Value::Int(25), Value::Int(35), limit, offset, text("high"), text("low")];
        read(&social, wanted.clone(), Root::List, &params)
    };
    let one = json!({"k": "1", "again": "1", "age": "low", "sum": "55", "most": 65, "count": 1});
    let x = json!({"k": "x", "again": "x", "age": null, "sum": null, "most": null, "count": 1});
    let none = json!({"k": null, "again": null, "age": "high", "sum": "65", "most": 75, "count": 1});
    assert_eq!(run("k", [9, 0]), json!([one, x, none]));
    assert_eq!(run("k", [1, 1]), json!([x]));
    assert_eq!(run("k", [0, 0]), json!([]));
    assert_eq!(run("$.k", [1, 0])[0]["k"], json!("2"));
}

#[test]
fn what_is_asked_is_never_part_of_a_statement() {
    let social = Social::new();
    let hostile = ["'", "\"", "); DROP TABLE user; --", "?1", "\0", "$.k", "1) UNION SELECT 1 --"];
    let part = || Operand::Json { of: Box::new(field(USER, user::DATA)), path: vec![0], as_text: true };
    let wanted = || {
        let items = vec![key("k", part(), Scalar::String), count()];
        people(Predicate::Not(Box::new(equal(part(), param(0)))), items)
    };
    let statements = |wanted| plan(&social, wanted, Root::List).statements().collect::<String>();
    assert!(statements(wanted()).contains("septet_json_part_text(t0.\"data\", ?1)"));
    for step in hostile {
        assert!(read(&social, wanted(), Root::List, &[text(step)]).is_array(), "{step}");
    }
    // A table and columns with names that must be quoted.
    let items = vec![key("label", field(POST_LABEL, FieldId(2)), Scalar::Id), count()];
    let (aggregate, shape) = people(Predicate::True, items);
    let labels = (Aggregate { from: POST_LABEL, ..aggregate }, shape);
    assert_eq!(
        read(&social, labels, Root::List, &[]),
        json!([{"label": "l1", "count": 2}, {"label": "l2", "count": 2}])
    );
}

#[test]
fn across_relations_and_past_what_is_deleted() {
    let social = Social::new();
    let followers = Operand::Count(column(USER, &[], user::FOLLOWERS));
    let writes = related(Quantifier::Exists, column(USER, &[], user::POSTS), Predicate::True);
    let items = vec![
        key("company", hop(USER, &[user::COMPANY], company::NAME), Scalar::String),
        measure("followers", Measure::Sum(followers), Scalar::Long),
        measure(
            "writers",
            Measure::CountOf(Operand::If(Box::new(writes), Box::new(param(0)), Box::new(Operand::Null))),
            Scalar::Int,
        ),
        measure("boss", Measure::Least(hop(USER, &[user::BOSS], user::NAME)), Scalar::String),
    ];
    // Company 2 is marked as deleted, so it has no name.
    assert_eq!(
        read(&social, people(Predicate::True, items), Root::List, &[Value::Int(1)]),
        json!([
            {"company": "Acme", "followers": "4", "writers": 2, "boss": "Ann"},
            {"company": null, "followers": "1", "writers": 0, "boss": "Ann"},
        ])
    );
    let (aggregate, shape) = people(Predicate::True, vec![count()]);
    let comments = (Aggregate { from: COMMENT, ..aggregate }, shape);
    assert_eq!(read(&social, comments, Root::One, &[]), json!({"count": 3}));
}

#[test]
fn a_sum_that_does_not_fit_is_the_request_s_fault() {
    let social = Social::new();
    social.execute("UPDATE company SET _deleted_at = NULL; UPDATE user SET score = 1e308, age = 2147483647");
    let sum = |operand, scalar| people(Predicate::True, vec![measure("sum", Measure::Sum(operand), scalar)]);
    let times = |by: i64| {
        let age = Box::new(field(USER, user::AGE));
        (Operand::Arithmetic(Arithmetic::Multiply, age, Box::new(param(0))), [Value::Int(by)])
    };
    let too_large = |what: &str| Err(Error::BadValue(format!("{what} is too large")));
    let refused = |wanted, params: &[Value]| run(&social, wanted, Root::One, params, Format::Json).map(drop);
    let score = || field(USER, user::SCORE);
    assert_eq!(refused(sum(score(), Scalar::Float), &[]), too_large("a sum"));
    let average = Measure::Average { of: score(), scale: 0 };
    let average = people(Predicate::True, vec![measure("average", average, Scalar::Float)]);
    assert_eq!(refused(average, &[]), too_large("an average"));
    assert_eq!(refused(sum(field(USER, user::AGE), Scalar::Int), &[]), too_large("a sum"));
    let (large, by) = times(1 << 32);
    assert_eq!(refused(sum(large.clone(), Scalar::Long), &by), too_large("a sum"));
    assert_eq!(refused(sum(large, Scalar::Duration), &[Value::Int(1 << 30)]), too_large("a sum"));
    let decimal = |of| sum(of, Scalar::Decimal { scale: 2 });
    let (digits, by) = times(1 << 30);
    assert_eq!(refused(decimal(digits), &by), too_large("a sum"));
    let (fits, by) = times(1 << 26);
    let found = read(&social, decimal(fits), Root::One, &by);
    assert_eq!(found, json!({"sum": "5764607520349880.32"}));
}

#[test]
fn what_does_not_go_together_is_a_defect() {
    let social = Social::new();
    let age = || field(USER, user::AGE);
    let one = |item: Item| people(Predicate::True, vec![item]);
    let mut deep = count();
    for _ in 0..60 {
        deep = group("more", vec![deep]);
    }
    let (aggregate, shape) = one(count());
    let unfit = (aggregate, Shape { fields: Vec::new(), ..shape });
    let list = item(
        "sum",
        AggregateOutput::Measure(Measure::Sum(age())),
        Layout::List(Box::new(Layout::Scalar(Scalar::Int))),
    );
    let cases = [
        one(measure("sum", Measure::Sum(field(USER, user::ACTIVE)), Scalar::Boolean)),
        one(measure("sum", Measure::Sum(age()), Scalar::String)),
        one(measure("average", Measure::Average { of: age(), scale: 0 }, Scalar::Long)),
        one(measure("count", Measure::Count, Scalar::String)),
        one(item("group", AggregateOutput::Group(vec![]), Layout::Scalar(Scalar::Json))),
        one(item("type", AggregateOutput::TypeName, Layout::Scalar(Scalar::Int))),
        one(list),
        one(deep),
        unfit,
        one(measure("x", Measure::Sum(field(USER, user::POSTS)), Scalar::Long)),
    ];
    for (at, wanted) in cases.into_iter().enumerate() {
        assert!(try_plan(&social.store, wanted, Root::List).is_err(), "{at}");
    }
    let keyed = one(key("age", age(), Scalar::Int));
    assert!(try_plan(&social.store, keyed.clone(), Root::One).is_err());
    assert!(try_plan(&social.store, keyed, Root::List).is_ok());
}

#[test]
fn indexes_are_used_and_nothing_is_sorted() {
    let social = Social::new();
    let age = || field(USER, user::AGE);
    let of = |measured| vec![measure("x", measured, Scalar::Int)];
    let email = || key("email", field(USER, user::EMAIL), Scalar::String);
    let tall = || Predicate::SqlCompare(Compare::Greater, age(), param(0));
    let cases = [
        ("count", Predicate::True, of(Measure::Count), "USING COVERING INDEX"),
        (
            "least",
            Predicate::True,
            of(Measure::Least(age())),
            "SEARCH t0 USING COVERING INDEX user.age.index",
        ),
        (
            "greatest",
            Predicate::True,
            of(Measure::Greatest(age())),
            "SEARCH t0 USING COVERING INDEX user.age.index",
        ),
        ("some", tall(), of(Measure::Count), "SEARCH t0 USING COVERING INDEX user.age.index (age>?)"),
        ("groups", Predicate::True, vec![email(), count()], "USING COVERING INDEX user.email.unique"),
    ];
    for (name, filter, items, must) in cases {
        let plan = plan(&social, people(filter, items), Root::List);
        let explained = social.explain(&plan).concat();
        assert!(explained.contains(must), "{name}: {explained}");
        assert!(!explained.contains("TEMP B-TREE"), "{name}: {explained}");
    }
    // Nulls stand last, and the index has them first: only the groups are sorted.
    let by_age =
        plan(&social, people(Predicate::True, vec![key("age", age(), Scalar::Int), count()]), Root::List);
    let explained = social.explain(&by_age).concat();
    assert!(explained.contains("USING COVERING INDEX user.age.index"), "{explained}");
    assert!(explained.contains("TEMP B-TREE FOR ORDER BY") && !explained.contains("GROUP BY"), "{explained}");
    // A number of rows is taken from the pages of an index.
    let counting = plan(&social, people(Predicate::And(vec![]), vec![count()]), Root::One);
    let sql = format!("EXPLAIN {}", counting.statements().collect::<String>());
    let conn = social.file.connection();
    let mut explain = conn.prepare(&sql).unwrap();
    let steps: Vec<String> = explain.query_map([], |row| row.get(1)).unwrap().map(Result::unwrap).collect();
    assert!(steps.iter().any(|step| step == "Count"), "{steps:?}");
}

/// People who all follow one another.
const CROWD: &str = "
INSERT INTO user(id, name, email, active, age)
 WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 139)
 SELECT 'x' || i, 'x', i || '@z.test', 1, i FROM n;
INSERT INTO follow(id, followee, follower)
 SELECT a.id || b.id, a.id, b.id FROM user a, user b WHERE a.id > 'x' AND b.id > 'x';
";

#[test]
fn a_long_aggregate_moves_to_another_thread_and_ends_at_its_deadline() {
    let mut endless = Predicate::True;
    for _ in 0..10 {
        endless = related(Quantifier::All, column(USER, &[], user::FOLLOWERS), endless);
    }
    let sum = || measure("sum", Measure::Sum(field(USER, user::AGE)), Scalar::Long);
    let cases = [
        people(endless.clone(), vec![count()]),
        people(
            Predicate::True,
            vec![measure(
                "some",
                Measure::CountOf(Operand::Masked(
                    Box::new(endless.clone()),
                    Box::new(field(USER, user::AGE)),
                )),
                Scalar::Long,
            )],
        ),
        people(Predicate::True, vec![key("key", Operand::Test(Box::new(endless)), Scalar::Boolean), sum()]),
    ];
    let mut sums = Vec::new();
    for inline_steps_max in [u32::MAX, 1_000, 0] {
        let social = Social::with(|options| options.inline_steps_max = inline_steps_max);
        social.execute(CROWD);
        for wanted in cases.clone() {
            let plan = plan(&social, wanted, Root::List);
            let soon = Bounds { deadline: Instant::now() + Duration::from_millis(30), ..bounds() };
            let began = Instant::now();
            let outcome = block(social.store.read(&plan, Vec::new(), Format::Json, soon));
            assert_eq!(outcome.map(drop), Err(Error::Timeout));
            assert!(began.elapsed() < Duration::from_secs(20));
        }
        sums.push(read(&social, people(Predicate::True, vec![sum()]), Root::One, &[]));
    }
    assert_eq!(sums, vec![json!({"sum": "4870"}); 3]);
}
