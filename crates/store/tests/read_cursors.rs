//! Cursors, and pages between them.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::{Compare, Scalar};
use social::intent::*;
use social::*;
use store::{
    Direction, Edges, End, Error, Nulls, Operand, Order, Output, PageEdges, Predicate, Root, Select,
};
use support::{block, bounds, text};
use wire::{Format, Layout, PathPart, Shape, Value, Wrapped};

#[test]
fn a_cursor_holds_the_values_it_was_made_of() {
    let social = Social::new();
    let columns = [user::ID, user::AGE, user::SCORE, user::ACTIVE, user::NICK].map(|id| field(USER, id));
    let values = [columns.to_vec(), vec![param(0), Operand::Version]].concat();
    let cursor = value("cursor", Operand::Cursor(values), Scalar::String);
    let rows = social.list(all(USER, vec![cursor]), &[Value::Bytes(vec![0, 255])]);
    let read = |row: usize| store::cursor::read(rows[row]["cursor"].as_str().unwrap()).unwrap();
    let int = Value::Int;
    let bytes = || Value::Bytes(vec![0, 255]);
    assert_eq!(read(0), [text("u1"), int(30), Value::Float(1.5), int(1), Value::Null, bytes(), int(7)]);
    assert_eq!(read(1), [text("u2"), int(40), Value::Null, int(0), text("bobby"), bytes(), int(1)]);
}

#[test]
fn a_value_too_long_for_a_cursor_is_the_requests_fault() {
    let social = Social::new();
    let cursor = value("cursor", Operand::Cursor(vec![param(0)]), Scalar::String);
    let plan = social.plan(all(USER, vec![cursor]), Root::List);
    assert_eq!(social.read(&plan, &[text(&"a".repeat(3_000))]).unwrap().rows, 4);
    let refused = social.read(&plan, &[text(&"a".repeat(4_000))]);
    assert!(matches!(&refused, Err(Error::BadValue(what)) if what.contains("cursor")), "{refused:?}");
    let (select, shape) = all(USER, vec![value("c", Operand::Cursor(vec![param(0); 33]), Scalar::String)]);
    assert!(social.store.plan_read(&select, shape, Root::List).is_err());
}

/// People of equal ages and of none.
const MORE: &str = "
INSERT INTO user(id, name, email, age, active, score, _version) VALUES
 ('u5', 'E', 'e', 30, 1, 1.5, 1), ('u6', 'F', 'f', NULL, 0, 1.5, 1), ('u7', 'G', 'g', 30, 0, NULL, 1),
 ('u8', 'H', 'h', NULL, 1, 0.1, 1), ('u9', 'I', 'i', 20, 0, -0.1, 1);
";

const LIMIT: store::Param = 0;

/// The order with what makes it total.
fn with_key(order: &[Order]) -> Vec<Order> {
    let direction = order.last().map_or(Direction::Ascending, |term| term.direction);
    let key = Order { by: field(USER, user::ID), direction, nulls: Nulls::Last };
    order.iter().cloned().chain([key]).collect()
}

/// The opposite order.
fn opposite(order: &[Order]) -> Vec<Order> {
    let turned = |term: &Order| Order {
        by: term.by.clone(),
        direction: match term.direction {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        },
        nulls: match term.nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        },
    };
    order.iter().map(turned).collect()
}

/// The rows that stand after the one with these values, which are the parameters from `at` on. The least that the first
/// term can be is said by itself, because that is what an index helps with.
fn after(terms: &[Order], values: &[Value], at: store::Param) -> Predicate {
    let (Some((term, terms)), Some((value, values))) = (terms.split_first(), values.split_first()) else {
        return Predicate::False;
    };
    let rest = after(terms, values, at + 1);
    let by = || term.by.clone();
    let (beyond, from) = match term.direction {
        Direction::Ascending => (Compare::Greater, Compare::GreaterOrEqual),
        Direction::Descending => (Compare::Less, Compare::LessOrEqual),
    };
    let compare = |compare| Predicate::SqlCompare(compare, by(), param(at));
    match (value, term.nulls) {
        (Value::Null, Nulls::First) => Predicate::Or(vec![not(Predicate::IsNull(by())), rest]),
        (Value::Null, Nulls::Last) => Predicate::And(vec![Predicate::IsNull(by()), rest]),
        (_, Nulls::First) => Predicate::And(vec![compare(from), Predicate::Or(vec![compare(beyond), rest])]),
        (_, Nulls::Last) => {
            let known = Predicate::And(vec![compare(from), Predicate::Or(vec![compare(beyond), rest])]);
            Predicate::Or(vec![known, Predicate::IsNull(by())])
        }
    }
}

/// A page of users in an order, on one side of a cursor.
fn page(order: &[Order], end: End, beyond: Option<&[Value]>) -> (Select, Shape) {
    let total = with_key(order);
    let cursor = Operand::Cursor(total.iter().map(|term| term.by.clone()).collect());
    let filter = match (beyond, end) {
        (None, _) => Predicate::True,
        (Some(values), End::First) => after(&total, values, 1),
        (Some(values), End::Last) => after(&opposite(&total), values, 1),
    };
    let items = vec![stored(USER, user::ID), value("cursor", cursor.clone(), Scalar::String)];
    let (select, shape) = filtered(ordered(all(USER, items), order.to_vec()), filter);
    (Select { edges: Some(Edges { cursor, end }), limit: Some(LIMIT), ..select }, shape)
}

struct Read {
    ids: Vec<String>,
    cursors: Vec<String>,
    edges: PageEdges,
}

fn read(social: &Social, wanted: (Select, Shape), params: &[Value]) -> Read {
    let reply = social.read(&social.plan(wanted, Root::List), params).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let rows = body.as_array().unwrap();
    let texts = |name: &str| rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect();
    assert_eq!(reply.rows, rows.len() as u64);
    Read { ids: texts("id"), cursors: texts("cursor"), edges: reply.edges.unwrap() }
}

fn orders() -> Vec<Vec<Order>> {
    let columns = [user::AGE, user::SCORE, user::ACTIVE, user::ID].map(|id| field(USER, id));
    let mut orders = vec![vec![]];
    for by in columns {
        for direction in [Direction::Ascending, Direction::Descending] {
            for nulls in [Nulls::First, Nulls::Last] {
                let term = order(by.clone(), direction, nulls);
                orders.push(vec![term.clone()]);
                orders.push(vec![term.clone(), order(field(USER, user::NICK), direction, Nulls::First)]);
                let other = order(field(USER, user::SCORE), Direction::Descending, nulls);
                orders.push(vec![term, other]);
            }
        }
    }
    orders
}

#[test]
fn pages_from_either_end_are_the_rows_in_their_order() {
    let social = Social::new();
    social.execute(MORE);
    for order in orders() {
        let plain = ordered(all(USER, vec![stored(USER, user::ID)]), order.clone());
        let rows = social.list(plain, &[]);
        let all: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        for end in [End::First, End::Last] {
            for size in 1..=all.len() + 1 {
                assert_eq!(walked(&social, &order, end, size), all, "{end:?} {size} {order:?}");
            }
        }
    }
}

/// The ids of all pages of a size, in the order of all rows.
fn walked(social: &Social, order: &[Order], end: End, size: usize) -> Vec<String> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut beyond: Option<Vec<Value>> = None;
    loop {
        let limit = Value::Int(i64::try_from(size).unwrap());
        let params = [vec![limit], beyond.clone().unwrap_or_default()].concat();
        let Read { ids, cursors, edges } = read(social, page(order, end, beyond.as_deref()), &params);
        assert_eq!((edges.first.as_ref(), edges.last.as_ref()), (cursors.first(), cursors.last()));
        assert!(ids.len() <= size && (ids.len() == size || !edges.has_more));
        let next = match end {
            End::First => edges.last,
            End::Last => edges.first,
        };
        pages.push(ids);
        if !edges.has_more {
            break;
        }
        beyond = store::cursor::read(&next.unwrap());
    }
    if end == End::Last {
        pages.reverse();
    }
    pages.concat()
}

#[test]
fn whether_there_are_more_rows_is_known_without_writing_them() {
    let social = Social::new();
    let cases = [
        (0, End::First, "", true),
        (0, End::Last, "", true),
        (3, End::First, "u1 u2 u3", true),
        (3, End::Last, "u2 u3 u4", true),
        (4, End::First, "u1 u2 u3 u4", false),
        (4, End::Last, "u1 u2 u3 u4", false),
        (5, End::Last, "u1 u2 u3 u4", false),
    ];
    for (limit, end, ids, has_more) in cases {
        let found = read(&social, page(&[], end, None), &[Value::Int(limit)]);
        assert_eq!(
            (found.ids.join(" "), found.edges.has_more),
            (ids.to_owned(), has_more),
            "{limit} {end:?}"
        );
    }
    let none = filtered(page(&[], End::Last, None), Predicate::False);
    let found = read(&social, none, &[Value::Int(2)]);
    assert_eq!((found.ids.len(), found.edges), (0, PageEdges::default()));
    let (select, shape) = page(&[], End::Last, None);
    let found = read(&social, (Select { limit: None, offset: Some(0), ..select }, shape), &[Value::Int(1)]);
    assert_eq!((found.ids.join(" "), found.edges.has_more), ("u1 u2 u3".to_owned(), false));
    let plan = social.plan(page(&[], End::First, None), Root::List);
    assert!(matches!(social.read(&plan, &[Value::Int(-1)]), Err(Error::Internal(_))));
    assert!(matches!(social.read(&plan, &[text("1")]), Err(Error::Internal(_))));
}

#[test]
fn children_of_the_row_too_many_are_not_read() {
    let social = Social::new();
    let posts = many("posts", user::POSTS, all(POST, vec![stored(POST, post::ID)]));
    let (select, shape) = all(USER, vec![posts]);
    let cursor = Operand::Cursor(vec![field(USER, user::ID)]);
    let edges = Some(Edges { cursor, end: End::First });
    let plan = social.plan((Select { edges, limit: Some(LIMIT), ..select }, shape), Root::List);
    let reply = social.read(&plan, &[Value::Int(2)]).unwrap();
    assert_eq!((reply.rows, reply.statements), (2, 3));
    let last = reply.edges.unwrap().last.unwrap();
    assert_eq!(store::cursor::read(&last), Some(vec![text("u2")]));
}

#[test]
fn a_page_read_from_its_end_in_every_format() {
    let social = Social::new();
    let wanted = || {
        let posts = many("posts", user::POSTS, all(POST, vec![required(stored(POST, post::ID))]));
        let company = one("company", user::COMPANY, all(COMPANY, vec![stored(COMPANY, company::NAME)]));
        let (select, shape) = all(USER, vec![stored(USER, user::ID), required(company), posts]);
        let cursor = Operand::Cursor(vec![field(USER, user::ID)]);
        (select, shape, cursor)
    };
    for format in [
        Format::Json,
        Format::Protobuf,
        Format::ProtobufItems(Wrapped::Field("user")),
        Format::ProtoJson,
        Format::ProtoJsonItems(Wrapped::Field("user")),
        Format::Xml,
    ] {
        let answer = |edges: Option<Edges>| {
            let (select, shape, _) = wanted();
            let plan = social.plan((Select { edges, ..select }, shape), Root::List);
            block(social.store.read(&plan, vec![], format, bounds())).map(|reply| reply.body)
        };
        let edges = Edges { cursor: wanted().2, end: End::Last };
        assert_eq!(answer(Some(edges)), answer(None), "{format:?}");
    }
    // In a nullable position, so that only the item is null: its place is told in the order of the answer.
    let (select, mut shape, cursor) = wanted();
    shape.fields[1].required = false;
    let Layout::One(company) = &mut shape.fields[1].layout else { panic!("a record") };
    company.fields[0].required = true;
    let masked = Operand::Masked(
        Box::new(equal(field(COMPANY, company::ID), param(0))),
        Box::new(field(COMPANY, company::NAME)),
    );
    let mut select = Select { edges: Some(Edges { cursor, end: End::Last }), ..select };
    let Output::One { select: company, .. } = &mut select.outputs[1] else { panic!("a record") };
    company.outputs[0] = Output::Value(masked);
    let plan = social.plan((select, shape), Root::List);
    let reply = block(social.store.read(&plan, vec![Value::Int(9)], Format::Graphql, bounds())).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let ids: Vec<_> = body.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["u1", "u2", "u3", "u4"]);
    let items: Vec<_> = reply.nulls.iter().map(|null| null.path[0].clone()).collect();
    assert_eq!(items, [PathPart::Item(1), PathPart::Item(0)]);
}

#[test]
fn only_a_list_that_is_the_reply_is_a_page_between_cursors() {
    let social = Social::new();
    let (select, shape) = page(&[], End::First, None);
    assert!(social.store.plan_read(&select, shape.clone(), Root::One).is_err());
    let (select, shape) = all(USER, vec![many("reports", user::REPORTS, (select, shape))]);
    assert!(social.store.plan_read(&select, shape, Root::List).is_err());
}
