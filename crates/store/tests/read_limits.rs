//! What a read may use, what it sees, and what becomes of one that takes too long.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::Quantifier;
use social::intent::*;
use social::*;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use store::{Bounds, Error, ReadPlan, Reply, Root, TextTest};
use support::{block, bounds, text};
use wire::{Format, Value};

/// People who all follow one another.
const CROWD: &str = "
INSERT INTO user(id, name, email, active, _version)
 WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 139)
 SELECT 'x' || i, 'x', i || '@z.test', 1, 1 FROM n;
INSERT INTO follow(id, followee, follower, _version)
 SELECT a.id || b.id, a.id, b.id, 1 FROM user a, user b WHERE a.id > 'x' AND b.id > 'x';
";

/// Somebody with a name of a million characters.
const LONG: &str = "
INSERT INTO user(id, name, email, active, _version)
 VALUES ('long', replace(hex(zeroblob(500000)), '0', 'a'), 'long@z.test', 1, 1);
";

/// A read that would take some 40^10 steps in the crowd.
fn endless(social: &Social) -> Arc<ReadPlan> {
    let mut filter = store::Predicate::True;
    for _ in 0..10 {
        filter = related(Quantifier::All, column(USER, &[], user::FOLLOWERS), filter);
    }
    social.plan(filtered(all(USER, vec![stored(USER, user::ID)]), filter), Root::List)
}

/// A read that has not been answered.
type Waiting<'s> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + 's>>;

fn users(social: &Social) -> Arc<ReadPlan> {
    social.plan(all(USER, vec![stored(USER, user::ID), stored(USER, user::EMAIL)]), Root::List)
}

fn within(time: Duration) -> Bounds {
    Bounds { deadline: Instant::now() + time, ..bounds() }
}

fn read(social: &Social, plan: &Arc<ReadPlan>, bounds: Bounds) -> Result<Reply, Error> {
    block(social.store.read(plan, Vec::new(), Format::Json, bounds))
}

#[test]
fn a_reply_is_not_larger_than_allowed() {
    let social = Social::new();
    let plan = users(&social);
    let size = read(&social, &plan, bounds()).unwrap().body.len();
    let of = |reply_bytes_max| read(&social, &plan, Bounds { reply_bytes_max, ..bounds() });
    assert_eq!(of(size + 16).map(|reply| reply.body.len()), Ok(size));
    assert_eq!(of(size - 1), Err(Error::TooLarge));
    assert_eq!(of(0), Err(Error::TooLarge));
    assert_eq!(read(&social, &plan, bounds()).unwrap().body.len(), size);
}

#[test]
fn a_read_ends_at_its_deadline_on_whichever_thread() {
    for inline_steps_max in [u32::MAX, 1_000, 1, 0] {
        let social = Social::with(|options| options.inline_steps_max = inline_steps_max);
        social.execute(CROWD);
        let plan = endless(&social);
        let began = Instant::now();
        assert_eq!(read(&social, &plan, within(Duration::from_millis(30))), Err(Error::Timeout));
        assert!(began.elapsed() < Duration::from_secs(20));
        assert_eq!(read(&social, &users(&social), within(Duration::ZERO)), Err(Error::Timeout));
        assert_eq!(read(&social, &users(&social), bounds()).unwrap().rows, 44);
    }
}

#[test]
fn a_long_read_gives_the_same_elsewhere() {
    let here = Social::new();
    let there = Social::with(|options| options.inline_steps_max = 0);
    let posts = all(POST, vec![stored(POST, post::ID), stored(POST, post::TITLE)]);
    let page = all(USER, vec![stored(USER, user::NAME), many("posts", user::POSTS, posts)]);
    let replies = [&here, &there].map(|social| {
        social.execute(CROWD);
        read(social, &social.plan(page.clone(), Root::List), bounds()).unwrap()
    });
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0].rows, 44);
}

#[test]
fn waiting_reads_are_bounded_and_end_when_nobody_waits() {
    let social = Social::with(|options| {
        options.inline_steps_max = 1;
        options.queue_reads_max = 2;
    });
    social.execute(CROWD);
    let plan = endless(&social);
    let began = Instant::now();
    let _clock = support::clock();
    let mut context = Context::from_waker(Waker::noop());
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    let mut refused = 0;
    for _ in 0..5 {
        let mut future: Waiting<'_> = Box::pin(social.store.read(&plan, Vec::new(), Format::Json, bounds()));
        match future.as_mut().poll(&mut context) {
            Poll::Pending => waiting.push(future),
            Poll::Ready(outcome) => {
                assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
                refused += 1;
            }
        }
    }
    // One runs, unless its thread has not come to it yet, and two wait.
    assert!((2..=3).contains(&refused), "{refused}");
    drop(waiting);
    // Those that were given up make way for this one, which itself may have to wait for room.
    let reply = loop {
        match read(&social, &users(&social), bounds()) {
            Err(Error::Unavailable(_)) => std::thread::yield_now(),
            outcome => break outcome.unwrap(),
        }
    };
    assert_eq!(reply.rows, 44);
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_read_sees_every_write_acknowledged_before_it() {
    let social = Social::new();
    let contract = contract();
    let labels = social.plan(all(LABEL, vec![stored(LABEL, label::ID)]), Root::List);
    for number in 3..50 {
        assert_eq!(read(&social, &labels, bounds()).unwrap().rows, number - 1);
        let values = [("id", text(&format!("n{number}"))), ("name", text("x"))];
        let step = support::insert(&social.store, &contract, LABEL, &values);
        block(social.store.write(support::mutation(vec![step]))).unwrap();
        assert_eq!(read(&social, &labels, bounds()).unwrap().rows, number);
    }
}

#[test]
fn a_released_thread_has_no_snapshot() {
    let social = Social::new();
    let labels = social.plan(all(LABEL, vec![stored(LABEL, label::ID)]), Root::List);
    assert_eq!(read(&social, &labels, bounds()).unwrap().rows, 2);
    social.store.release_thread();
    social.execute("INSERT INTO label(id, name, _version) VALUES ('l9', 'x', 1)");
    assert_eq!(read(&social, &labels, bounds()).unwrap().rows, 3);
    let checkpointed = |conn: rusqlite::Connection| {
        conn.busy_timeout(Duration::ZERO).unwrap();
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(checkpointed(social.file.connection()), 1);
    social.store.release_thread();
    assert_eq!(checkpointed(social.file.connection()), 0);
}

#[test]
fn what_a_function_does_not_take_is_the_requests_fault() {
    let social = Social::new();
    let matches = store::Predicate::Text(TextTest::Matches, field(USER, user::NAME), param(0));
    let plan = social.plan(filtered(all(USER, vec![]), matches), Root::List);
    let refused = social.read(&plan, &[text("(")]);
    assert_eq!(refused, Err(Error::BadValue("a regular expression is not valid".to_owned())));
    assert_eq!(social.read(&plan, &[text("A")]).unwrap().rows, 1);
}

/// One row, and so one step of SQLite's machine that compares some 10^9 characters.
#[test]
fn a_long_function_ends_at_the_deadline() {
    for inline_steps_max in [u32::MAX, 1_000, 0] {
        let social = Social::with(|options| options.inline_steps_max = inline_steps_max);
        social.execute(LONG);
        let pattern = format!("%{}b%", "a".repeat(900));
        for test in [TextTest::Like, TextTest::LikeIgnoringCase] {
            let like = store::Predicate::Text(test, field(USER, user::NAME), param(0));
            let plan = social.plan(filtered(all(USER, vec![]), like), Root::List);
            let params = vec![text(&pattern)];
            let reply = social.store.read(&plan, params, Format::Json, within(Duration::from_millis(30)));
            let began = Instant::now();
            assert_eq!(block(reply), Err(Error::Timeout));
            assert!(began.elapsed() < Duration::from_secs(2));
        }
    }
}

#[test]
fn a_parameter_that_is_missing_is_a_defect_and_not_a_panic() {
    let social = Social::new();
    let plan = social.plan(filtered(all(USER, vec![]), equal(field(USER, user::ID), param(1))), Root::List);
    assert!(matches!(social.read(&plan, &[text("u1")]), Err(Error::Internal(_))));
    let unread = [Value::Null, Value::List(Vec::new())];
    assert!(matches!(social.read(&plan, &unread), Err(Error::Internal(_))));
    assert_eq!(social.read(&plan, &[Value::Null, text("u1")]).unwrap().rows, 1);
}

#[test]
fn more_plans_than_are_kept_prepared() {
    let social = Social::new();
    let plans: Vec<_> = (0..40)
        .map(|number| {
            let posts = |at| {
                let posts = limited(all(POST, vec![stored(POST, post::ID)]), 0);
                many(&format!("p{number}_{at}"), user::POSTS, posts)
            };
            let by_id = equal(field(USER, user::ID), param(1));
            social.plan(filtered(all(USER, (0..20).map(posts).collect()), by_id), Root::One)
        })
        .collect();
    // Those that are used again and again, among others that make them give way.
    for round in 0..200_usize {
        let plan = &plans[if round % 3 == 0 { 0 } else { round * 7 % plans.len() }];
        let reply = social.read(plan, &[Value::Int(1), text("u2")]).unwrap();
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!((reply.statements, body.matches(r#"[{"id":"p4"}]"#).count()), (21, 20));
        let none = social.read(plan, &[Value::Int(0), text("u1")]).unwrap();
        assert!(!String::from_utf8(none.body).unwrap().contains("id"));
    }
}
