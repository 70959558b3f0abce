//! Long answers of a contract's SQL, in pieces.

#![allow(clippy::unwrap_used)]

mod support;

use contract::*;
use std::sync::Arc;
use store::{
    Bounds, Column, Error, Flow, Operand, Output, Predicate, Reply, Root as ReadRoot, Select, SqlAnswer,
    SqlField, SqlPlan, Store,
};
use support::*;
use wire::{Format, Layout, Name, Shape, ShapeField, Value, Wrapped};

/// Records, read in the statement that finds them.
const FOUND: OperationId = OperationId(0);
/// Records, read each by its key.
const KEYED: OperationId = OperationId(1);
/// Columns.
const COLUMNS: OperationId = OperationId(2);
/// Columns of rows that are more than expected.
const UNEXPECTED: OperationId = OperationId(3);

const ITEMS: Format = Format::ProtobufItems(Wrapped::Bare);
/// Accounts there are.
const ACCOUNTS: u64 = 100;
/// Bytes of an account's owner: some accounts make a piece.
const OWNER_BYTES: usize = 10_000;
/// Bytes that are no more than a piece is with the item that completes it.
const PIECE_MOST: usize = 56 * 1024 + OWNER_BYTES + 100;

fn with_operations() -> Contract {
    let mut contract = contract();
    let columns = "SELECT a.id AS id, a.owner AS owner FROM account a ORDER BY a.id";
    let statements = [
        statement("SELECT id FROM account ORDER BY id", None),
        statement("SELECT a.id AS id FROM account a ORDER BY a.id", None),
        statement(columns, None),
        statement(columns, Some(expect(RowCount::One, "TOO_MANY"))),
    ];
    let operation = |(at, statement)| {
        let run = SqlBinding { each: None, statements: vec![statement] };
        sql_operation(&format!("list{at}"), Root::Query, run, vec![], nullable_result())
    };
    contract.operations = statements.into_iter().enumerate().map(operation).collect();
    contract
}

/// A store whose reads all go to other threads, of which so many stream.
fn world(stream_readers: usize) -> Store {
    let contract = Arc::new(with_operations());
    let mut options = options(store::Place::Memory);
    (options.inline_steps_max, options.stream_readers) = (0, stream_readers);
    let store = Store::open(Arc::clone(&contract), &options).unwrap();
    let steps = (0..ACCOUNTS).map(|number| {
        let owner = char::from(b'a' + (number % 26) as u8).to_string().repeat(OWNER_BYTES);
        let values =
            [("id", text(&format!("a{number:05}"))), ("owner", text(&owner)), ("balance", Value::Int(1))];
        insert(&store, &contract, ACCOUNT, &values)
    });
    write(&store, mutation(steps.collect())).unwrap();
    store
}

fn shape() -> Shape {
    let field = |(name, number, scalar)| {
        ShapeField::new(Name::new(name, number, Xml::Element), Layout::Scalar(scalar))
    };
    let fields = [("id", 1, Scalar::Id), ("owner", 2, Scalar::String)].into_iter().map(field).collect();
    Shape { type_name: "Account".into(), fields }
}

fn column(name: &str) -> Operand {
    let field = at(&contract(), ACCOUNT, name);
    Operand::Column(Column { scope: 0, resource: ACCOUNT, hops: vec![], field })
}

/// The record of a key.
fn select(outputs: Vec<Output>) -> Select {
    Select {
        from: ACCOUNT,
        outputs,
        filter: Predicate::Compare(Compare::Equal, column("id"), Operand::Param(0)),
        order: vec![],
        limit: None,
        offset: None,
        edges: None,
    }
}

fn plan(store: &Store, operation: OperationId) -> Arc<SqlPlan> {
    let record = select(vec![Output::Value(column("id")), Output::Value(column("owner"))]);
    let columns = ["id", "owner"].map(|name| SqlField::Column(name.into()));
    let answer = match operation {
        FOUND | KEYED => SqlAnswer::Records { select: Box::new(record), key: 0, column: "id".into() },
        _ => SqlAnswer::Object(columns.into()),
    };
    Arc::new(store.plan_sql(operation, &answer, Some(shape()), ReadRoot::List).unwrap())
}

/// A selection that needs no column, of records that are read in the statement that finds them.
#[test]
fn records_of_which_nothing_is_selected_are_there() {
    let store = world(2);
    let record = select(vec![Output::TypeName]);
    let name = ShapeField::new(Name::new("__typename", 0, Xml::Element), Layout::Scalar(Scalar::String));
    let shape = Shape { type_name: "Account".into(), fields: vec![name] };
    let answer = SqlAnswer::Records { select: Box::new(record), key: 0, column: "id".into() };
    for operation in [FOUND, KEYED] {
        let plan = Arc::new(store.plan_sql(operation, &answer, Some(shape.clone()), ReadRoot::List).unwrap());
        let reply =
            block(store.read_sql(&plan, Vec::new(), vec![Value::Null], Format::Json, large())).unwrap();
        assert_eq!(reply.rows, ACCOUNTS);
        assert!(reply.body.starts_with(br#"[{"__typename":"Account"},"#));
    }
}

fn flow(store: &Store, operation: OperationId, format: Format, bounds: Bounds) -> Flow {
    store.flow_sql(&plan(store, operation), Vec::new(), vec![Value::Null], format, bounds).unwrap()
}

/// All that comes of it.
fn taken(mut flow: Flow) -> Vec<Result<Reply, Error>> {
    std::iter::from_fn(|| block(flow.next())).collect()
}

fn large() -> Bounds {
    Bounds { reply_bytes_max: 8 << 20, ..bounds() }
}

#[test]
fn pieces_are_the_answer() {
    let store = world(2);
    for format in [ITEMS, Format::ProtoJsonItems(Wrapped::Field("account"))] {
        for operation in [FOUND, KEYED, COLUMNS] {
            let plan = plan(&store, operation);
            let whole = block(store.read_sql(&plan, Vec::new(), vec![Value::Null], format, large())).unwrap();
            assert_eq!(whole.rows, ACCOUNTS);
            let parts = taken(flow(&store, operation, format, large()));
            let parts: Vec<Reply> = parts.into_iter().map(Result::unwrap).collect();
            assert!(parts.len() > 10, "{}", parts.len());
            assert!(parts.iter().all(|part| part.body.len() <= PIECE_MOST));
            let bytes: Vec<u8> = parts.iter().flat_map(|part| part.body.iter().copied()).collect();
            assert!(bytes == whole.body);
            assert_eq!(parts.iter().map(|part| part.rows).sum::<u64>(), ACCOUNTS);
            assert_eq!(parts.iter().map(|part| part.statements).sum::<u32>(), whole.statements);
        }
    }
}

#[test]
fn an_answer_that_is_taken_may_be_larger_than_what_is_held() {
    let store = world(2);
    let small = || Bounds { reply_bytes_max: 2 * PIECE_MOST, ..bounds() };
    let plan = plan(&store, COLUMNS);
    let whole = block(store.read_sql(&plan, Vec::new(), vec![Value::Null], ITEMS, small()));
    assert_eq!(whole, Err(Error::TooLarge));
    let parts = taken(flow(&store, COLUMNS, ITEMS, small()));
    assert!(parts.iter().all(Result::is_ok));
}

#[test]
fn a_format_without_envelopes_is_answered_whole() {
    let store = world(2);
    let parts = taken(flow(&store, COLUMNS, Format::Json, large()));
    assert_eq!(parts.len(), 1);
    let small = Bounds { reply_bytes_max: 1000, ..bounds() };
    assert_eq!(taken(flow(&store, COLUMNS, Format::Json, small)), [Err(Error::TooLarge)]);
}

#[test]
fn what_fails_late_says_so_last() {
    let store = world(2);
    let mut parts = taken(flow(&store, UNEXPECTED, ITEMS, large()));
    assert_eq!(parts.pop(), Some(Err(Error::Refused("TOO_MANY".into()))));
    assert!(parts.len() > 10 && parts.iter().all(Result::is_ok));
}

/// A reader whose pieces nobody takes makes way for another, and ends when it holds as much as it may.
#[test]
fn who_does_not_take_holds_up_nobody() {
    let store = world(1);
    let small = Bounds { reply_bytes_max: 4 * PIECE_MOST, ..bounds() };
    let slow = flow(&store, COLUMNS, ITEMS, small);
    let slow_but_small = flow(&store, COLUMNS, ITEMS, large());
    let gone = flow(&store, COLUMNS, ITEMS, large());
    drop(gone);
    let other = taken(flow(&store, COLUMNS, ITEMS, large()));
    assert!(other.iter().all(Result::is_ok));
    let mut slow = taken(slow);
    assert_eq!(slow.pop(), Some(Err(Error::TooSlow)));
    assert!(slow.len() <= 3 && slow.iter().all(Result::is_ok));
    let slow_but_small: Vec<Reply> = taken(slow_but_small).into_iter().map(Result::unwrap).collect();
    assert_eq!(slow_but_small.iter().map(|part| part.rows).sum::<u64>(), ACCOUNTS);
}

#[test]
fn more_than_may_wait_are_refused() {
    let contract = Arc::new(with_operations());
    let mut options = options(store::Place::Memory);
    (options.inline_steps_max, options.stream_readers, options.queue_reads_max) = (0, 1, 1);
    let store = Store::open(Arc::clone(&contract), &options).unwrap();
    let plan = plan(&store, COLUMNS);
    let flows = || store.flow_sql(&plan, Vec::new(), vec![Value::Null], ITEMS, large());
    // Each runs as soon as there is a thread; of many at once some find the queue full.
    let outcomes: Vec<_> = (0..1000).map(|_| flows()).collect();
    let refused = outcomes.iter().filter(|flow| matches!(flow, Err(Error::Unavailable(_)))).count();
    assert!(refused < 1000);
    assert_eq!(outcomes.iter().filter(|flow| flow.is_err()).count(), refused);
    for flow in outcomes.into_iter().flatten() {
        assert!(taken(flow).iter().all(Result::is_ok));
    }
    assert!(taken(flows().unwrap()).iter().all(Result::is_ok));
}
