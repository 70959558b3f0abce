//! Running a contract's SQL: parameters, expectations, answers under the caller's rules.

#![allow(clippy::unwrap_used)]

mod support;

use contract::*;
use std::sync::Arc;
use std::time::Instant;
use store::{
    Column, Error, Mutation, Operand, Output, Predicate, Root as ReadRoot, Select, SqlAnswer, SqlField,
    SqlParameter, SqlPlan, Step, Store, Written,
};
use support::*;
use wire::{Format, Layout, Name, Shape, ShapeField, Value};

const TRANSFER: OperationId = OperationId(0);
const CHANGE: OperationId = OperationId(1);
const RICH: OperationId = OperationId(2);
const TOTAL: OperationId = OperationId(3);
const MADE: OperationId = OperationId(4);

fn with_operations() -> Contract {
    let mut contract = contract();
    let run = |statements| SqlBinding { each: None, statements };
    let id = |name: &str| argument(name, Base::Scalar(Scalar::Id));
    let amount = argument("amount", Base::Scalar(Scalar::Decimal { scale: 2 }));
    let int = argument("least", Base::Scalar(Scalar::Int));
    let take = "UPDATE account SET balance = balance - :amount WHERE id = :from AND balance >= :amount";
    let give = "UPDATE account SET balance = balance + :amount WHERE id = :to";
    let transfer = run(vec![
        statement("SELECT 1 FROM account WHERE id = :from", Some(expect(RowCount::One, "ACCOUNT_NOT_FOUND"))),
        statement(take, Some(expect(RowCount::One, "INSUFFICIENT_FUNDS"))),
        statement(give, Some(expect(RowCount::One, ""))),
        statement(
            "SELECT :_changes AS total, :_now AS at, owner, id AS account FROM account WHERE id = :from",
            None,
        ),
    ]);
    let change = SqlBinding {
        each: Some(SqlEach {
            argument: 0,
            statements: vec![statement(
                "UPDATE account SET balance = balance + :amount WHERE id = :id",
                Some(expect(RowCount::One, "ACCOUNT_NOT_FOUND")),
            )],
            atomicity: contract::Atomicity::All,
        }),
        statements: vec![statement("SELECT :_changes AS total", None)],
    };
    let rich = "SELECT id FROM account WHERE balance >= :least ORDER BY balance DESC";
    let total = "SELECT sum(balance) FROM account";
    let made = "INSERT INTO account (id, owner, balance) VALUES (:_new_id, :_caller_id, 7) RETURNING id";
    let result = nullable_result();
    contract.operations = vec![
        sql_operation("transfer", Root::Mutation, transfer, vec![id("from"), id("to"), amount], result),
        sql_operation("change", Root::Mutation, change, vec![], result),
        sql_operation("rich", Root::Query, run(vec![statement(rich, None)]), vec![int], result),
        sql_operation("total", Root::Query, run(vec![statement(total, None)]), vec![], result),
        sql_operation("made", Root::Mutation, run(vec![statement(made, None)]), vec![], result),
    ];
    contract
}

fn world() -> Store {
    let (store, contract) = (open(with_operations()), with_operations());
    for (id, owner, balance) in [("a1", "ann", 500), ("a2", "bob", 900), ("a3", "cai", 100)] {
        let values = [("id", text(id)), ("owner", text(owner)), ("balance", Value::Int(balance))];
        block(store.write(mutation(vec![insert(&store, &contract, ACCOUNT, &values)]))).unwrap();
    }
    store
}

fn shape(fields: Vec<(&str, Layout)>) -> Shape {
    let field = |(name, layout)| ShapeField::new(Name::new(name, 1, Xml::Element), layout);
    Shape { type_name: "Reply".into(), fields: fields.into_iter().map(field).collect() }
}

fn record_shape() -> Shape {
    shape(vec![("id", Layout::Scalar(Scalar::Id)), ("owner", Layout::Scalar(Scalar::String))])
}

fn column(name: &str) -> Operand {
    let field = at(&contract(), ACCOUNT, name);
    Operand::Column(Column { scope: 0, resource: ACCOUNT, hops: vec![], field })
}

/// An account by its key, of those that are not bob's.
fn record() -> Select {
    Select {
        from: ACCOUNT,
        outputs: vec![Output::Value(column("id")), Output::Value(column("owner"))],
        filter: Predicate::And(vec![
            Predicate::Compare(Compare::Equal, column("id"), Operand::Param(0)),
            Predicate::Compare(Compare::NotEqual, column("owner"), Operand::Param(1)),
        ]),
        order: vec![],
        limit: None,
        offset: None,
        edges: None,
    }
}

fn answer_params() -> Vec<Value> {
    vec![Value::Null, text("bob")]
}

fn write(
    store: &Store,
    plan: &Arc<SqlPlan>,
    each: Vec<Vec<Value>>,
    run: Vec<Value>,
) -> Result<Written, Error> {
    let step = Step::Sql { plan: Arc::clone(plan), each, run, answer_params: answer_params(), changes: 0 };
    let written = block(store.write(Mutation { format: Format::Json, ..mutation(vec![step]) }));
    written.map_err(|failed| failed.error)
}

fn body(written: &Written) -> &str {
    std::str::from_utf8(&written.reply.body).unwrap()
}

fn nothing(store: &Store, operation: OperationId) -> Arc<SqlPlan> {
    Arc::new(store.plan_sql(operation, &SqlAnswer::Nothing, None, ReadRoot::One).unwrap())
}

#[test]
fn parameters_are_named_in_order() {
    let store = world();
    let argument = |name: &str| SqlParameter::Argument(name.into());
    let transfer = nothing(&store, TRANSFER);
    let expected =
        [argument("from"), argument("amount"), argument("to"), SqlParameter::Changes, SqlParameter::Now];
    assert_eq!(transfer.parameters(), expected);
    let change = nothing(&store, CHANGE);
    assert_eq!(change.each_parameters(), [argument("amount"), argument("id")]);
    assert_eq!(nothing(&store, MADE).parameters(), [SqlParameter::NewId, SqlParameter::CallerId]);
}

#[test]
fn expectations_refuse_and_undo() {
    let store = world();
    let plan = nothing(&store, TRANSFER);
    let transfer = |from: &str, to: &str, amount| {
        let run = vec![text(from), Value::Int(amount), text(to), Value::Null, text(NOW)];
        write(&store, &plan, vec![], run).map(drop)
    };
    let seeded = store.events(0, 100).unwrap().len();
    assert_eq!(transfer("a9", "a2", 1), Err(Error::Refused("ACCOUNT_NOT_FOUND".into())));
    assert_eq!(transfer("a1", "a2", 501), Err(Error::Refused("INSUFFICIENT_FUNDS".into())));
    assert_eq!(transfer("a1", "a9", 1), Err(Error::NotFound), "without a code it is simply not there");
    assert_eq!(store.events(0, 100).unwrap().len(), seeded, "what was taken is given back");
    assert_eq!(transfer("a1", "a2", 500), Ok(()));
    let events = store.events(i64::try_from(seeded).unwrap(), 100).unwrap();
    let changed: Vec<_> = events.iter().map(|e| (e.kind.as_str(), e.key.as_deref().unwrap())).collect();
    assert_eq!(changed, [("Account.updated", "a1"), ("Account.updated", "a2")]);
}

#[test]
fn columns_become_an_object_with_records_under_rules() {
    let store = world();
    let field = |column: &str| SqlField::Column(column.into());
    let keyed = SqlField::Record { column: "account".into(), select: Box::new(record()), key: 0 };
    let fields = vec![field("total"), field("AT"), SqlField::Hidden, keyed];
    let layout = shape(vec![
        ("total", Layout::Scalar(Scalar::Int)),
        ("at", Layout::Scalar(Scalar::DateTime)),
        ("owner", Layout::Scalar(Scalar::String)),
        ("account", Layout::One(Box::new(record_shape()))),
    ]);
    let plan = store.plan_sql(TRANSFER, &SqlAnswer::Object(fields), Some(layout), ReadRoot::One).unwrap();
    let plan = Arc::new(plan);
    let transfer = |from: &str, to: &str| {
        let run = vec![text(from), Value::Int(1), text(to), Value::Null, text(NOW)];
        write(&store, &plan, vec![], run).unwrap()
    };
    let mine = transfer("a1", "a2");
    let seen =
        r#"{"total":2,"at":"2026-11-22T18:32:34.000000Z","owner":null,"account":{"id":"a1","owner":"ann"}}"#;
    assert_eq!((body(&mine), mine.reply.rows), (seen, 1));
    let others = transfer("a2", "a1");
    assert!(body(&others).ends_with(r#""account":null}"#), "{}", body(&others));
}

#[test]
fn nulls_of_an_object_bubble() {
    let store = world();
    let keyed = SqlField::Record { column: "account".into(), select: Box::new(record()), key: 0 };
    let fields = vec![SqlField::TypeName, keyed];
    let mut layout = shape(vec![
        ("__typename", Layout::Scalar(Scalar::String)),
        ("account", Layout::One(Box::new(record_shape()))),
    ]);
    layout.fields[1].required = true;
    let plan = store.plan_sql(TRANSFER, &SqlAnswer::Object(fields), Some(layout), ReadRoot::One).unwrap();
    let plan = Arc::new(plan);
    let transfer = |from: &str, to: &str| {
        let run = vec![text(from), Value::Int(1), text(to), Value::Null, text(NOW)];
        let step = Step::Sql {
            plan: Arc::clone(&plan),
            each: vec![],
            run,
            answer_params: answer_params(),
            changes: 0,
        };
        block(store.write(Mutation { format: Format::Graphql, ..mutation(vec![step]) })).unwrap()
    };
    let mine = transfer("a1", "a2");
    let seen = r#"{"__typename":"Reply","account":{"id":"a1","owner":"ann"}}"#;
    assert_eq!((body(&mine), mine.reply.nulls.len()), (seen, 0));
    let others = transfer("a2", "a1");
    let path = vec![wire::PathPart::Field("account".into())];
    assert_eq!(body(&others), "null");
    assert_eq!(others.reply.nulls, [wire::NullAt { path }]);
}

#[test]
fn a_column_of_keys_becomes_records_under_rules_in_its_order() {
    let store = world();
    let answer = SqlAnswer::Records { select: Box::new(record()), key: 0, column: "id".into() };
    let read = |root, least| {
        let plan = Arc::new(store.plan_sql(RICH, &answer, Some(record_shape()), root).unwrap());
        let reply =
            block(store.read_sql(&plan, vec![Value::Int(least)], answer_params(), Format::Json, bounds()));
        let reply = reply.unwrap();
        (String::from_utf8(reply.body).unwrap(), reply.rows, reply.version)
    };
    let all = r#"[{"id":"a1","owner":"ann"},{"id":"a3","owner":"cai"}]"#;
    assert_eq!(read(ReadRoot::List, 0), (all.into(), 2, None));
    assert_eq!(read(ReadRoot::List, 1000), ("[]".into(), 0, None));
    assert_eq!(read(ReadRoot::One, 600), (String::new(), 0, None), "the first is bob's");
    let plan = Arc::new(store.plan_sql(MADE, &answer, Some(record_shape()), ReadRoot::One).unwrap());
    let made = write(&store, &plan, vec![], vec![text("n1"), text("dan")]).unwrap();
    assert_eq!((body(&made), made.reply.version), (r#"{"id":"n1","owner":"dan"}"#, Some(1)));
}

#[test]
fn a_scalar_is_answered_bare() {
    let store = world();
    let layout = shape(vec![("total", Layout::Scalar(Scalar::Int))]);
    let plan = Arc::new(store.plan_sql(TOTAL, &SqlAnswer::Scalar, Some(layout), ReadRoot::One).unwrap());
    let reply = block(store.read_sql(&plan, vec![], vec![], Format::Json, bounds())).unwrap();
    assert_eq!((reply.body.as_slice(), reply.rows), (b"1500".as_slice(), 1));
}

#[test]
fn ten_thousand_items_run_fast() {
    let store = world();
    let total = shape(vec![("total", Layout::Scalar(Scalar::Int))]);
    let answer = SqlAnswer::Object(vec![SqlField::Column("total".into())]);
    let plan = Arc::new(store.plan_sql(CHANGE, &answer, Some(total), ReadRoot::One).unwrap());
    let items = |last: &str| -> Vec<Vec<Value>> {
        let item = |n: u32| vec![Value::Int(1), text(if n < 9_999 { "a1" } else { last })];
        (0..10_000).map(item).collect()
    };
    let start = Instant::now();
    let done = write(&store, &plan, items("a2"), vec![Value::Null]).unwrap();
    assert_eq!(body(&done), r#"{"total":10000}"#);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let refused = write(&store, &plan, items("a9"), vec![Value::Null]);
    assert_eq!(refused, Err(Error::Refused("ACCOUNT_NOT_FOUND".into())));
}

#[test]
fn a_reply_is_bounded_and_its_failure_undoes_the_work() {
    let store = world();
    let answer = SqlAnswer::Records { select: Box::new(record()), key: 0, column: "id".into() };
    let plan = Arc::new(store.plan_sql(MADE, &answer, Some(record_shape()), ReadRoot::One).unwrap());
    let step = Step::Sql {
        plan,
        each: vec![],
        run: vec![text("n1"), text("dan")],
        answer_params: answer_params(),
        changes: 0,
    };
    let small = store::Bounds { reply_bytes_max: 10, ..bounds() };
    let written = block(store.write(Mutation { bounds: small, ..mutation(vec![step]) }));
    assert_eq!(written.map_err(|failed| failed.error), Err(Error::TooLarge));
    assert_eq!(store.events(0, 100).unwrap().len(), 3);
}
