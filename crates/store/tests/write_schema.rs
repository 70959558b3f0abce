//! Tables from the contract, and from an older contract's tables to a newer one's.

#![allow(clippy::unwrap_used)]

mod support;

use contract::{Contract, EnumValue, FieldId, KeyKind, Literal, OnDelete, Scalar};
use std::sync::Arc;
use store::{Store, migration_plan};
use support::*;

#[test]
fn a_new_database_is_made_once() {
    let scratch = Scratch::new("new");
    let plan = migration_plan(&contract(), &scratch.place()).unwrap();
    assert!(plan.drift.is_empty() && plan.warnings.is_empty(), "{plan}");
    assert!(plan.to_string().contains("+ create table `user`\n"), "{plan}");
    assert!(!scratch.path().exists(), "a plan makes no file");
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    let plan = migration_plan(&contract(), &scratch.place()).unwrap();
    assert!(plan.is_done(), "{plan}");
}

#[test]
fn tables_and_indexes_say_what_the_contract_says() {
    let scratch = Scratch::new("said");
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    let conn = scratch.connection();
    let sql = |name: &str| {
        conn.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |r| r.get::<_, String>(0))
            .unwrap()
    };
    assert_eq!(
        sql("comment"),
        "CREATE TABLE \"comment\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT, \"text\" TEXT NOT NULL, \
         \"post\" TEXT NOT NULL REFERENCES \"post\" (\"id\") ON DELETE RESTRICT, \
         \"author\" TEXT REFERENCES \"user\" (\"id\") ON DELETE SET NULL, \
         \"_version\" INTEGER NOT NULL DEFAULT 1) STRICT"
    );
    let cases = [
        ("user.email.unique", "CREATE UNIQUE INDEX \"user.email.unique\" ON \"user\" (\"email\")"),
        ("post.author.index", "CREATE INDEX \"post.author.index\" ON \"post\" (\"author\", \"id\")"),
        (
            "post.created_at.index",
            "CREATE INDEX \"post.created_at.index\" ON \"post\" (\"created_at\", \"id\")",
        ),
        ("comment.post.index", "CREATE INDEX \"comment.post.index\" ON \"comment\" (\"post\")"),
        (
            "note.slug.unique",
            "CREATE UNIQUE INDEX \"note.slug.unique\" ON \"note\" (\"slug\") WHERE \"_deleted_at\" IS NULL",
        ),
        ("line.note.at.unique", "CREATE UNIQUE INDEX \"line.note.at.unique\" ON \"line\" (\"note\", \"at\")"),
    ];
    for (name, expected) in cases {
        assert_eq!(sql(name), expected);
    }
}

#[test]
fn lists_by_an_indexed_field_need_no_sort() {
    let scratch = Scratch::new("sort");
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    let conn = scratch.connection();
    for sql in [
        "SELECT id FROM post ORDER BY created_at DESC, id DESC LIMIT 20",
        "SELECT id FROM post WHERE author = 'a' ORDER BY id",
        "SELECT id FROM comment WHERE post = 'a' ORDER BY id DESC",
    ] {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> = statement.query_map([], |r| r.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
    }
}

type Change = fn(&mut Contract);

/// What a plan says of a contract that became another one, with a person in the table.
fn planned(old: Change, new: Change) -> String {
    let scratch = Scratch::new("change");
    let (mut before, mut after) = (contract(), contract());
    old(&mut before);
    new(&mut after);
    let store = Store::open(Arc::new(before.clone()), &options(scratch.place())).unwrap();
    write(&store, mutation(vec![user(&store, &before, "u1")])).unwrap();
    drop(store);
    let plan = migration_plan(&after, &scratch.place()).unwrap();
    let opened = Store::open(Arc::new(after.clone()), &options(scratch.place()));
    assert_eq!(opened.is_ok(), plan.drift.is_empty(), "{plan}");
    match opened {
        Err(error) => assert!(plan.drift.iter().all(|drift| error.0.contains(drift)), "{error:?}"),
        Ok(store) => {
            drop(store);
            assert!(migration_plan(&after, &scratch.place()).unwrap().is_done());
        }
    }
    plan.to_string()
}

fn same(_: &mut Contract) {}

fn users(contract: &mut Contract) -> &mut Vec<contract::Field> {
    &mut contract.resources[0].fields
}

#[test]
fn what_only_adds_is_done() {
    let cases: [(Change, Change, &[&str]); 8] = [
        (same, same, &[]),
        (same, |c| users(c).push(nullable(scalar("city", Scalar::String))), &["+ add column `user.city`"]),
        (
            same,
            |c| {
                users(c).push(defaulted(
                    scalar("since", Scalar::DateTime),
                    Literal::Text("2026-01-01T00:00:00Z".into()),
                ))
            },
            &[
                "+ add column `user.since`",
                "+ drop trigger `_septet_user.update`",
                "+ create trigger `_septet_user.update`",
            ],
        ),
        (
            same,
            |c| users(c).push(nullable(to_one("boss", 0, OnDelete::SetNull))),
            &["+ create index `user.boss.index`"],
        ),
        (
            same,
            |c| c.resources.push(resource("Tag", KeyKind::Client, vec![])),
            &["+ create table `tag`", "+ create trigger `_septet_tag.insert`"],
        ),
        (
            same,
            |c| c.resources[1].indexes.push(vec![FieldId(1), FieldId(3)]),
            &["+ create index `post.title.created_at.index`"],
        ),
        (same, |c| c.resources[1].soft_delete = true, &["+ add column `post._deleted_at`"]),
        (
            same,
            |c| {
                c.enums[0].values.push(EnumValue {
                    name: "GUEST".into(),
                    description: None,
                    deprecated: None,
                    number: 3,
                    span: NOWHERE,
                })
            },
            &["+ remember that `user.role` is enum ADMIN|MEMBER|GUEST"],
        ),
    ];
    for (old, new, expected) in cases {
        let plan = planned(old, new);
        assert!(!plan.contains("! "), "{plan}");
        assert!(expected.iter().all(|line| plan.contains(line)), "{expected:?} in\n{plan}");
        assert_eq!(expected.is_empty(), plan.is_empty(), "{plan}");
    }
}

#[test]
fn what_would_lose_or_reinterpret_is_drift() {
    let cases: [(Change, Change, &str); 8] = [
        (
            same,
            |c| users(c).push(scalar("city", Scalar::String)),
            "! column `user.city` is missing, and the rows",
        ),
        (same, |c| users(c)[1].ty.base = contract::Base::Scalar(Scalar::Int), "! column `user.name` is TEXT"),
        (|c| users(c)[1].ty.required = false, same, "! column `user.name` may be null"),
        (
            same,
            |c| users(c)[6].ty.base = contract::Base::Scalar(Scalar::Decimal { scale: 3 }),
            "! column `user.balance` is kept as decimal of scale 2",
        ),
        (
            same,
            |c| drop(c.enums[0].values.pop()),
            "! column `user.role` is kept as enum ADMIN|MEMBER and the contract wants enum ADMIN",
        ),
        (
            same,
            |c| c.resources[1].fields[2] = to_one("author", 0, OnDelete::Restrict),
            "! column `post.author` points to `user.id` on delete CASCADE",
        ),
        (same, |c| c.name = "another".into(), "! the database belongs to the contract `"),
        (same, |c| c.resources[5].key_kind = KeyKind::Integer, "! column `account.id` is TEXT"),
    ];
    for (old, new, expected) in cases {
        let plan = planned(old, new);
        assert!(plan.contains(expected), "{expected} in\n{plan}");
    }
}

#[test]
fn what_only_relaxes_is_done() {
    let cases: [(Change, Change, &str); 4] = [
        (same, |c| users(c)[1].ty.required = false, "+ let column `user.name` be null"),
        (|c| users(c)[1] = unique(scalar("name", Scalar::String)), same, "+ drop index `user.name.unique`"),
        (same, |c| drop(users(c).remove(1)), "+ let column `user.name` be null"),
        (
            |c| c.resources[1].unique.push(vec![FieldId(1), FieldId(3)]),
            same,
            "+ drop index `post.title.created_at.unique`",
        ),
    ];
    for (old, new, expected) in cases {
        let plan = planned(old, new);
        assert!(plan.contains(expected) && !plan.contains("! "), "{expected} in\n{plan}");
    }
}

#[test]
fn a_column_that_was_relaxed_keeps_its_rows_and_takes_nulls() {
    let scratch = Scratch::new("relaxed");
    let (before, mut after) = (contract(), contract());
    let store = Store::open(Arc::new(before.clone()), &options(scratch.place())).unwrap();
    write(&store, mutation(vec![user(&store, &before, "u1")])).unwrap();
    drop(store);
    users(&mut after)[1].ty.required = false;
    drop(Store::open(Arc::new(after), &options(scratch.place())).unwrap());
    let conn = scratch.connection();
    let sound: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let kept: i64 = conn.query_row("SELECT count(name) FROM user", [], |r| r.get(0)).unwrap();
    assert_eq!(kept, 1);
    conn.execute_batch("PRAGMA foreign_keys=OFF; DROP TRIGGER \"_septet_user.update\"").unwrap();
    conn.execute("UPDATE user SET name = NULL", []).unwrap();
}

#[test]
fn a_database_is_of_one_contract_until_another_adopts_it() {
    let scratch = Scratch::new("owner");
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    let mut other = contract();
    other.name = "another".into();
    let error = Store::open(Arc::new(other.clone()), &options(scratch.place())).unwrap_err();
    assert!(error.0.contains("belongs to the contract") && error.0.contains("--adopt"), "{error:?}");
    store::adopt(&other, &scratch.place()).unwrap();
    drop(Store::open(Arc::new(other), &options(scratch.place())).unwrap());
    assert!(Store::open(Arc::new(contract()), &options(scratch.place())).is_err());
    // One from before contracts were remembered becomes its first contract's.
    scratch.connection().execute("DELETE FROM _septet_meta WHERE name = 'contract'", []).unwrap();
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    assert!(migration_plan(&contract(), &scratch.place()).unwrap().is_done());
}

#[test]
#[cfg(unix)]
fn files_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("closed");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for _ in 0..2 {
        let store = Store::open(Arc::new(contract()), &options(scratch.place())).unwrap();
        write(&store, mutation(vec![])).ok();
        for suffix in ["", "-wal", "-shm"] {
            let mut path = scratch.path().as_os_str().to_owned();
            path.push(suffix);
            let path = std::path::PathBuf::from(path);
            assert!(!path.exists() || mode(&path) == 0o600, "{path:?} {:o}", mode(&path));
        }
        drop(store);
        // One that an older server has made.
        std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[test]
fn what_is_no_database_is_named_with_a_way_out() {
    let scratch = Scratch::new("damaged");
    std::fs::write(scratch.path(), b"this is not a database, whatever its name says it is".repeat(100))
        .unwrap();
    let error = Store::open(Arc::new(contract()), &options(scratch.place())).unwrap_err();
    let path = scratch.path().display().to_string();
    assert!(error.0.contains(&path) && error.0.contains("septet restore"), "{error:?}");
}

#[test]
fn what_is_there_besides_is_told_and_left_alone() {
    let plan = planned(|c| users(c).push(nullable(scalar("city", Scalar::String))), same);
    assert!(plan.contains("? column `user.city` is not in the contract and is left alone"), "{plan}");
    let plan = planned(|c| c.resources.push(resource("Tag", KeyKind::Client, vec![])), same);
    assert!(plan.contains("? table `tag` is not in the contract and is left alone"), "{plan}");
    let plan = planned(same, |c| {
        users(c)[5] = defaulted(scalar("active", Scalar::Boolean), Literal::Bool(false));
    });
    assert!(plan.contains("? column `user.active` has the default 1 and the contract 0"), "{plan}");
}

#[test]
fn an_enum_may_lose_a_value_that_no_row_has() {
    let plan = planned(same, |c| drop(c.enums[0].values.remove(0)));
    assert!(!plan.contains("! "), "{plan}");
}

#[test]
fn a_newer_layout_is_not_touched() {
    let scratch = Scratch::new("newer");
    drop(Store::open(Arc::new(contract()), &options(scratch.place())).unwrap());
    scratch.connection().execute("UPDATE _septet_meta SET value = '99' WHERE name = 'layout'", []).unwrap();
    let error = Store::open(Arc::new(contract()), &options(scratch.place())).unwrap_err();
    assert!(error.0.contains("the database has layout 99"), "{error:?}");
}
