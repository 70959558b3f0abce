//! A process that is killed while it writes loses nothing that it acknowledged, and leaves nothing half.
//!
//! The test runs itself: as the child it writes from several threads and prints each key once it is acknowledged;
//! the parent kills it at a random moment and looks at what is left.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use support::*;
use wire::Value;

const PATH: &str = "SEPTET_TEST_CRASH_PATH";
const ROUND: &str = "SEPTET_TEST_CRASH_ROUND";
const ROUNDS: u64 = 50;
const WRITERS: u32 = 8;

#[test]
fn acknowledged_writes_survive_a_kill() {
    if let Ok(path) = std::env::var(PATH) {
        return write_for_ever(path, &std::env::var(ROUND).unwrap());
    }
    let scratch = Scratch::new("crash");
    let contract = contract();
    drop(Store::open(Arc::new(contract.clone()), &options(scratch.place())).unwrap());
    let mut acknowledged = BTreeSet::new();
    let mut random = 0x5eed_u64;
    for round in 0..ROUNDS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let before = acknowledged.len();
        acknowledged.extend(killed_after(&scratch, round, Duration::from_millis(50 + (random >> 33) % 100)));
        assert!(acknowledged.len() > before, "round {round}: nothing was acknowledged");
        check(&scratch, &contract, &acknowledged);
    }
}

/// The keys that a child acknowledged before it was killed. Its time begins with its first line.
fn killed_after(scratch: &Scratch, round: u64, time: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["acknowledged_writes_survive_a_kill", "--exact", "--nocapture", "--test-threads=1"])
        .env(PATH, scratch.path())
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    while !first.starts_with("key ") {
        first.clear();
        assert!(lines.read_line(&mut first).unwrap() > 0, "the child ended by itself");
    }
    let killer = std::thread::spawn(move || {
        std::thread::sleep(time);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let mut written = first;
    // A key may be cut off by the end; only whole lines were acknowledged for sure.
    std::io::Read::read_to_string(&mut lines, &mut written).unwrap();
    killer.join().unwrap();
    let whole = written.rfind('\n').map_or("", |end| &written[..end]);
    whole.lines().filter_map(|line| line.strip_prefix("key ")).map(str::to_owned).collect()
}

fn write_for_ever(path: String, round: &str) {
    let contract = contract();
    let store = Store::open(Arc::new(contract.clone()), &options(store::Place::File(path.into()))).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, contract) = (&store, &contract);
            scope.spawn(move || {
                for number in 0_u64.. {
                    let key = format!("{round}-{writer}-{number}");
                    write(store, twins(store, contract, &key)).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "key {key}").and_then(|()| out.flush()).unwrap();
                }
            });
        }
    });
}

const FULL_PATH: &str = "SEPTET_TEST_FULL_PATH";

/// The child may write files of 2 MiB at the most, which to SQLite is a disk that fails.
#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    if let Ok(path) = std::env::var(FULL_PATH) {
        return write_until_full(path);
    }
    let scratch = Scratch::new("full");
    let child = Command::new("sh")
        .args(["-c", "ulimit -f 4096; trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["a_full_disk_refuses_and_loses_nothing", "--exact", "--nocapture", "--test-threads=1"])
        .env(FULL_PATH, scratch.path())
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    let acknowledged: BTreeSet<String> =
        said.lines().filter_map(|line| line.strip_prefix("key ")).map(str::to_owned).collect();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    check(&scratch, &contract(), &acknowledged);
}

fn write_until_full(path: String) {
    let contract = contract();
    let store = Store::open(Arc::new(contract.clone()), &options(store::Place::File(path.into()))).unwrap();
    let mut refused = 0;
    for number in 0.. {
        let key = format!("k{number}");
        let done = write(&store, twins(&store, &contract, &key));
        match done {
            Ok(_) => println!("key {key}"),
            Err(store::Error::Storage(_)) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
        if refused == 10 {
            break;
        }
    }
    assert!(store.events(0, 10).is_ok(), "what is there can still be read");
}

/// Two rows in one mutation: never one without the other.
fn twins(store: &Store, contract: &contract::Contract, key: &str) -> store::Mutation {
    let account = |id: &str| {
        insert(
            store,
            contract,
            ACCOUNT,
            &[("id", text(id)), ("owner", text("ann")), ("balance", Value::Int(1))],
        )
    };
    mutation(vec![account(key), account(&format!("{key}-twin"))])
}

fn check(scratch: &Scratch, contract: &contract::Contract, acknowledged: &BTreeSet<String>) {
    // Opening it as the server does is what recovers it.
    drop(Store::open(Arc::new(contract.clone()), &options(scratch.place())).unwrap());
    let conn = scratch.connection();
    let one = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, String>(0)).unwrap();
    assert_eq!(one("PRAGMA integrity_check"), "ok");
    let all = |sql: &str| {
        let mut statement = conn.prepare(sql).unwrap();
        statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect::<BTreeSet<String>>()
    };
    let rows = all("SELECT id FROM account");
    assert_eq!(rows, all("SELECT key FROM _septet_outbox"), "rows and events");
    assert!(acknowledged.is_subset(&rows), "lost: {:?}", acknowledged.difference(&rows));
    let half = rows.iter().find(|key| {
        !rows.contains(key.strip_suffix("-twin").map_or(format!("{key}-twin"), str::to_owned).as_str())
    });
    assert_eq!(half, None, "half of a mutation");
}
