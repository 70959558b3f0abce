//! Cursors, and pages between them.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::Scalar;
use social::intent::*;
use social::*;
use store::{Error, Operand, Root};
use support::text;
use wire::Value;

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
