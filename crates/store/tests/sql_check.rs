//! What is wrong with a contract's SQL is found at load, at its own place.

#![allow(clippy::unwrap_used)]

mod support;

use contract::*;
use store::check_sql;
use support::*;

/// One operation, by default a mutation over `id` and `amount` that answers nothing.
struct Case {
    root: Root,
    each: Option<&'static str>,
    run: Vec<&'static str>,
    result: TypeRef,
    expect: Option<Expectation>,
}

fn case(run: &[&'static str]) -> Case {
    Case { root: Root::Mutation, each: None, run: run.to_vec(), result: nullable_result(), expect: None }
}

fn required(base: Base) -> TypeRef {
    TypeRef { base, arity: Arity::One, required: true }
}

/// Diagnostics as `CODE at [underlined text]: message (help)`.
fn found(case: Case) -> Vec<String> {
    let mut contract = contract();
    let mut total = scalar("total", Scalar::Long);
    total.source = Source::Result;
    let mut owner = field("owner", Base::Resource(USER));
    owner.source = Source::Result;
    contract.objects = vec![Object {
        name: "Summary".into(),
        description: None,
        fields: vec![total, owner],
        implements: Vec::new(),
        span: NOWHERE,
    }];
    contract.inputs = vec![Input {
        name: "Change".into(),
        description: None,
        fields: vec![
            argument("productId", Base::Scalar(Scalar::Id)),
            argument("quantity", Base::Scalar(Scalar::Int)),
        ],
        one_of: false,
        span: NOWHERE,
    }];
    // The statements stand in the source one after the other, behind something else.
    let mut source = "# é\n".to_owned();
    let mut place = |text: &str| {
        let start = u32::try_from(source.len()).unwrap();
        source.push_str(text);
        source.push('\n');
        Span { file: FileId(0), start, end: start + u32::try_from(text.len()).unwrap() }
    };
    let mut placed = |text: &str| SqlStatement {
        text: text.into(),
        places: Places { span: place(text), map: Vec::new() },
        expect: case.expect.clone(),
    };
    let each = case.each.map(|text| SqlEach {
        argument: 2,
        statements: vec![placed(text)],
        atomicity: contract::Atomicity::All,
    });
    let statements = case.run.iter().map(|text| placed(text)).collect();
    let mut changes = argument("changes", Base::Input(InputId(0)));
    changes.ty.arity = Arity::List { item_required: true };
    let mut arguments = vec![
        argument("id", Base::Scalar(Scalar::Id)),
        argument("amount", Base::Scalar(Scalar::Decimal { scale: 2 })),
    ];
    if each.is_some() {
        arguments.push(changes);
    }
    let mut operation =
        sql_operation("op", case.root, SqlBinding { each, statements }, arguments, case.result);
    operation.errors =
        vec![ErrorCode { code: "NO_FUNDS".into(), kind: ErrorKind::Conflict, message: "no funds".into() }];
    contract.operations = vec![operation];
    let file = contract.sources.add("c.graphql", source.clone());
    assert_eq!(file, FileId(0));
    let said = |d: &Diagnostic| {
        let text = &source[d.span.start as usize..d.span.end as usize];
        let help = d.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
        format!("{} at [{text}]: {}{help}", d.code, d.message)
    };
    check_sql(&contract).iter().filter(|d| d.severity == Severity::Error).map(said).collect()
}

#[test]
fn good_statements_are_accepted() {
    let cases = [
        case(&["UPDATE account SET balance = balance - :amount WHERE id = :id AND balance >= :amount;"]),
        case(&["DELETE FROM comment", "SELECT :_changes, :_now, :_new_id, :_caller_id"]),
        case(&[
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT count(*) FROM n",
        ]),
        case(&["SELECT value FROM json_each(:id) -- :comment\n"]),
        case(&[
            "INSERT INTO account (id, owner, balance) VALUES (:id, 'x', 1) ON CONFLICT (id) DO UPDATE SET balance = 2 RETURNING id",
        ]),
        case(&["UPDATE user SET password = :id"]),
        case(&["UPDATE note SET _deleted_at = :_now WHERE id = :id AND _version = 1"]),
        Case { root: Root::Query, ..case(&["SELECT count(*) FROM user, post"]) },
        Case {
            each: Some("UPDATE account SET balance = balance + :quantity WHERE id = :productId"),
            result: required(Base::Object(ObjectId(0))),
            ..case(&["SELECT :_changes AS total, NULL AS owner"])
        },
        Case { result: required(Base::Resource(USER)), ..case(&["SELECT id FROM user"]) },
        Case { expect: Some(expect(RowCount::One, "NO_FUNDS")), ..case(&["DELETE FROM post"]) },
        Case { result: required(Base::Scalar(Scalar::Boolean)), ..case(&["DELETE FROM post"]) },
    ];
    for case in cases {
        let text = case.run.join("; ");
        assert_eq!(found(case), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn mistakes_are_found_at_their_place() {
    let only = "only SELECT, INSERT, UPDATE and DELETE are allowed here";
    let cases: [(Case, &str); 36] = [
        (case(&["SELECT * FROM usr"]), "UNKNOWN_TABLE at [usr]: no such table: usr (did you mean `user`?)"),
        (
            case(&["SELECT * FROM users"]),
            "UNKNOWN_TABLE at [users]: no such table: users (the table of User is `user`)",
        ),
        (
            case(&["SELECT nme FROM user"]),
            "UNKNOWN_COLUMN at [nme]: no such column: nme (did you mean `name`?)",
        ),
        (
            case(&["SELECT u.emial FROM user u"]),
            "UNKNOWN_COLUMN at [emial]: no such column: u.emial (did you mean `email`?)",
        ),
        (
            case(&["SELECT createdAt FROM post"]),
            "UNKNOWN_COLUMN at [createdAt]: no such column: createdAt (the column of `createdAt` is `created_at`)",
        ),
        (
            case(&["INSERT INTO account (id, ownr) VALUES (1, 2)"]),
            "UNKNOWN_COLUMN at [ownr]: table account has no column named ownr (did you mean `owner`?)",
        ),
        (
            case(&["UPDATE account SET balanc = 1"]),
            "UNKNOWN_COLUMN at [balanc]: no such column: balanc (did you mean `balance`?)",
        ),
        (
            case(&["SELECT \"tex\" FROM account"]),
            "UNKNOWN_COLUMN at [\"tex\"]: no such column: \"tex\" - should this be a string literal in single-quotes?",
        ),
        (
            case(&["SELECT lenght(id) FROM user"]),
            "UNKNOWN_FUNCTION at [lenght]: no such function: lenght (did you mean `length`?)",
        ),
        (case(&["SELEC 1"]), "INVALID_SQL at [SELEC]: near \"SELEC\": syntax error"),
        (case(&["SELECT 1 FROM user WHERE"]), "INVALID_SQL at [SELECT 1 FROM user WHERE]: incomplete input"),
        (
            case(&["SELECT :amout, :id"]),
            "UNKNOWN_PARAMETER at [:amout]: there is no parameter `:amout` here (did you mean `amount`?)",
        ),
        (
            case(&["SELECT :zzzzzz"]),
            "UNKNOWN_PARAMETER at [:zzzzzz]: there is no parameter `:zzzzzz` here \
             (there are `:id`, `:amount`, `:_caller_id`, `:_now`, `:_changes`, `:_new_id`)",
        ),
        (
            case(&["SELECT :_nwo"]),
            "UNKNOWN_PARAMETER at [:_nwo]: there is no parameter `:_nwo` here (did you mean `_now`?)",
        ),
        (case(&["SELECT ?1"]), "INVALID_SQL at [?1]: a parameter is written `:name`"),
        (case(&["SELECT $id"]), "INVALID_SQL at [$id]: a parameter is written `:name`"),
        (
            case(&["SELECT 1; DELETE FROM user"]),
            "INVALID_SQL at [DELETE]: a second statement begins here, and this is the place of one",
        ),
        (case(&["-- nothing"]), "INVALID_SQL at [-- nothing]: there is no statement"),
        (
            case(&["EXPLAIN DELETE FROM user"]),
            "INVALID_SQL at [EXPLAIN DELETE FROM user]: EXPLAIN is not allowed here",
        ),
        (case(&["DROP TABLE user"]), &format!("SQL_NOT_ALLOWED at [DROP TABLE user]: {only}")),
        (
            case(&["PRAGMA foreign_keys=OFF"]),
            &format!("SQL_NOT_ALLOWED at [PRAGMA foreign_keys=OFF]: {only}"),
        ),
        (case(&["ATTACH 'x' AS y"]), &format!("SQL_NOT_ALLOWED at [ATTACH 'x' AS y]: {only}")),
        (case(&["COMMIT"]), &format!("SQL_NOT_ALLOWED at [COMMIT]: {only}")),
        (
            case(&["CREATE TEMP TRIGGER t AFTER INSERT ON user BEGIN SELECT 1; END"]),
            "INVALID_SQL at [END]: a second statement begins here, and this is the place of one",
        ),
        (
            case(&["DELETE FROM _septet_outbox"]),
            "UNKNOWN_TABLE at [_septet_outbox]: no such table: _septet_outbox",
        ),
        (
            case(&["SELECT count(*) FROM sqlite_schema"]),
            "SQL_NOT_ALLOWED at [sqlite_schema]: `sqlite_schema` is not a table of the contract",
        ),
        (
            case(&["SELECT name FROM pragma_table_info('user')"]),
            "SQL_NOT_ALLOWED at [pragma_table_info]: `pragma_table_info` is not a table of the contract",
        ),
        (
            case(&["SELECT load_extension('x')"]),
            "SQL_NOT_ALLOWED at [load_extension]: the function `load_extension` is not allowed",
        ),
        (
            case(&["SELECT password FROM user"]),
            "SQL_NOT_ALLOWED at [password]: `password` is secret and cannot be read",
        ),
        (
            case(&["UPDATE user SET id = 'x'"]),
            "SQL_NOT_ALLOWED at [id]: `id` is the key, and a row keeps its key",
        ),
        (
            case(&["UPDATE user SET _version = 7"]),
            "SQL_NOT_ALLOWED at [_version]: `_version` grows by itself with each change",
        ),
        (
            Case { root: Root::Query, ..case(&["DELETE FROM post RETURNING id"]) },
            "SQL_NOT_ALLOWED at [post]: a query cannot change anything: make it a mutation",
        ),
        (
            Case { expect: Some(expect(RowCount::One, "NO_FUND")), ..case(&["DELETE FROM post"]) },
            "UNKNOWN_ERROR_CODE at [DELETE FROM post]: `NO_FUND` is not an @error of `op` (did you mean `NO_FUNDS`?)",
        ),
        (
            Case {
                result: required(Base::Object(ObjectId(0))),
                ..case(&["SELECT 1 AS totl, 'u1' AS owner"])
            },
            "MISSING_RESULT_COLUMN at [SELECT 1 AS totl, 'u1' AS owner]: \
             the result has no column `total`, which `Summary.total` needs (did you mean `totl`?)",
        ),
        (
            Case { result: required(Base::Resource(USER)), ..case(&["SELECT name FROM user"]) },
            "MISSING_RESULT_COLUMN at [SELECT name FROM user]: the result has no column `id`, which reading User needs",
        ),
        (
            Case { each: Some("DELETE FROM post WHERE id = :id"), ..case(&[]) },
            "UNKNOWN_PARAMETER at [:id]: there is no parameter `:id` here \
             (there are `:productId`, `:quantity`, `:_caller_id`, `:_now`, `:_changes`, `:_new_id`)",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(found(case), [expected]);
    }
}

#[test]
fn a_result_needs_rows() {
    let case = Case { result: required(Base::Scalar(Scalar::Int)), ..case(&["DELETE FROM post"]) };
    let found = found(case);
    assert!(found[0].starts_with("NO_RESULT") && found.len() == 1, "{found:?}");
}

#[test]
fn all_mistakes_are_found_at_once() {
    assert_eq!(found(case(&["SELECT x FROM user", "SELECT 1 FROM y", "SELECT :z"])).len(), 3);
}

#[test]
fn unused_arguments_are_warned_of() {
    let mut contract = contract();
    let binding =
        SqlBinding { each: None, statements: vec![statement("DELETE FROM post WHERE id = :id", None)] };
    let arguments =
        vec![argument("id", Base::Scalar(Scalar::Id)), argument("more", Base::Scalar(Scalar::Int))];
    contract.operations = vec![sql_operation("op", Root::Mutation, binding, arguments, nullable_result())];
    let found = check_sql(&contract);
    assert_eq!(
        (found.len(), found[0].code.as_str(), found[0].severity),
        (1, "UNUSED_ARGUMENT", Severity::Warning)
    );
}
