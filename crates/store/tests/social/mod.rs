//! A contract with every kind of relation, rows for it, and reading them.
#![allow(dead_code, clippy::unwrap_used)]

pub mod intent;

use crate::support::{
    Scratch, block, bounds, empty, indexed, list, nullable, options, resource, scalar, to_many, to_one,
    unique, with,
};
use contract::{Contract, FieldId, KeyKind, OnDelete, Relation, Resource, ResourceId, Scalar};
use rusqlite::config::DbConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Durability, Error, Options, ReadPlan, Reply, Root, Select, Store};
use wire::{Format, Shape, Value};

pub const USER: ResourceId = ResourceId(0);
pub const COMPANY: ResourceId = ResourceId(1);
pub const POST: ResourceId = ResourceId(2);
pub const COMMENT: ResourceId = ResourceId(3);
pub const FOLLOW: ResourceId = ResourceId(4);
pub const LABEL: ResourceId = ResourceId(5);
pub const POST_LABEL: ResourceId = ResourceId(6);

/// Positions of fields.
macro_rules! fields {
    ($($module:ident: $($name:ident)*;)*) => {$(
        pub mod $module {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum At { $($name),* }
            $(pub const $name: contract::FieldId = contract::FieldId(At::$name as u16);)*
        }
    )*};
}

fields! {
    user: ID NAME EMAIL NICK AGE SCORE ACTIVE TAGS DATA COMPANY BOSS POSTS REPORTS FOLLOWERS;
    company: ID NAME OWNER EMPLOYEES;
    post: ID TITLE PUBLISHED AUTHOR CREATED_AT COMMENTS LABELS;
    comment: ID TEXT AUTHOR POST;
    label: ID NAME;
}

fn by(field: FieldId) -> Relation {
    Relation::By { field }
}

/// A join resource's fields after its key.
fn through(join: ResourceId) -> Relation {
    Relation::Through { join, from: FieldId(1), to: FieldId(2) }
}

fn person() -> Resource {
    let fields = vec![
        scalar("name", Scalar::String),
        unique(scalar("email", Scalar::String)),
        nullable(scalar("nick", Scalar::String)),
        nullable(indexed(scalar("age", Scalar::Int))),
        nullable(scalar("score", Scalar::Float)),
        scalar("active", Scalar::Boolean),
        nullable(list(scalar("tags", Scalar::String))),
        nullable(scalar("data", Scalar::Json)),
        nullable(to_one("company", 1, OnDelete::Restrict)),
        nullable(to_one("boss", 0, OnDelete::Restrict)),
        to_many("posts", 2, by(post::AUTHOR)),
        to_many("reports", 0, by(user::BOSS)),
        to_many("followers", 0, through(FOLLOW)),
    ];
    resource("User", KeyKind::Client, fields)
}

fn employer() -> Resource {
    let fields = vec![
        scalar("name", Scalar::String),
        nullable(to_one("owner", 0, OnDelete::Restrict)),
        to_many("employees", 0, by(user::COMPANY)),
    ];
    Resource { soft_delete: true, ..resource("Company", KeyKind::Integer, fields) }
}

fn article() -> Resource {
    let fields = vec![
        scalar("title", Scalar::String),
        scalar("published", Scalar::Boolean),
        to_one("author", 0, OnDelete::Restrict),
        with(indexed(scalar("createdAt", Scalar::DateTime)), |column| column.name = "created_at".into()),
        to_many("comments", 3, by(comment::POST)),
        to_many("labels", 5, through(POST_LABEL)),
    ];
    resource("Post", KeyKind::Client, fields)
}

fn remark() -> Resource {
    let to_one = |name, target| to_one(name, target, OnDelete::Restrict);
    let fields = vec![scalar("text", Scalar::String), to_one("author", 0), to_one("post", 2)];
    Resource { soft_delete: true, ..resource("Comment", KeyKind::Client, fields) }
}

/// People who write, comment and follow, and work for companies. Pairs of [`FOLLOW`] are a set, those of
/// [`POST_LABEL`] are not, and its table has a name that must be quoted.
pub fn contract() -> Contract {
    let to_one = |name, target| to_one(name, target, OnDelete::Restrict);
    let follow = resource("Follow", KeyKind::Client, vec![to_one("followee", 0), to_one("follower", 0)]);
    let follow = Resource { unique: vec![vec![FieldId(1), FieldId(2)]], ..follow };
    let label = resource("Label", KeyKind::Client, vec![scalar("name", Scalar::String)]);
    let post_label = resource("PostLabel", KeyKind::Client, vec![to_one("post", 2), to_one("label", 5)]);
    let post_label = Resource { table: "post \"label\"".into(), ..post_label };
    let resources = vec![person(), employer(), article(), remark(), follow, label, post_label];
    Contract { resources, ..empty() }
}

/// Four people, two companies (one of them deleted), and some of everything else.
const ROWS: &str = r#"
DROP TRIGGER "_septet_company.update"; -- Nothing may point to a deleted row, but here something must.
INSERT INTO company(id, name, owner, _version) VALUES (1, 'Acme', NULL, 1), (2, 'Gone', NULL, 1);
INSERT INTO user(id, name, email, nick, age, score, active, tags, data, company, boss, _version) VALUES
 ('u1', 'Ann', 'ann@x.test', NULL, 30, 1.5, 1, '["a","b"]', '{"k":1,"$.k":2,"l":[10,"t"]}', 1, NULL, 7),
 ('u2', 'Bob', 'bob@x.test', 'bobby', 40, NULL, 0, '[]', NULL, 1, 'u1', 1),
 ('u3', 'Cid', 'cid@y.test', 'C_d', NULL, -2.5, 1, NULL, '{"k":"x"}', 2, 'u1', 1),
 ('u4', 'Dä "q"; --', 'dee@y.test', NULL, 20, 0.0, 0, '["b"]', '[1,2]', NULL, 'u2', 1);
UPDATE company SET owner = 'u1' WHERE id = 1;
UPDATE company SET _deleted_at = '2026-01-01T00:00:00.000000Z' WHERE id = 2;
INSERT INTO post(id, title, published, author, created_at, _version) VALUES
 ('p1', 'First words', 1, 'u1', '2026-01-01T00:00:00.000000Z', 1),
 ('p2', 'Second thoughts', 0, 'u1', '2026-01-03T00:00:00.000000Z', 1),
 ('p3', 'Third time', 1, 'u1', '2026-01-02T00:00:00.000000Z', 1),
 ('p4', 'Bob writes', 1, 'u2', '2026-01-02T00:00:00.000000Z', 1);
INSERT INTO comment(id, text, author, post, _version) VALUES
 ('c1', 'nice', 'u2', 'p1', 1), ('c2', 'hm', 'u3', 'p1', 1), ('c3', 'spam', 'u4', 'p1', 1),
 ('c4', 'yes', 'u1', 'p4', 1);
UPDATE comment SET _deleted_at = '2026-01-01T00:00:00.000000Z' WHERE id = 'c3';
INSERT INTO follow(id, followee, follower, _version) VALUES
 ('f1', 'u1', 'u4', 1), ('f2', 'u1', 'u2', 1), ('f3', 'u1', 'u3', 1), ('f4', 'u2', 'u1', 1), ('f5', 'u3', 'u3', 1);
INSERT INTO label(id, name, _version) VALUES ('l1', 'new', 1), ('l2', 'hot', 1);
INSERT INTO "post ""label"""(id, post, label, _version) VALUES
 ('x1', 'p1', 'l2', 1), ('x2', 'p1', 'l1', 1), ('x3', 'p1', 'l1', 1), ('x4', 'p4', 'l2', 1);
"#;

/// A store with rows, in a file that is gone afterwards.
pub struct Social {
    pub store: Store,
    pub file: Scratch,
}

impl Social {
    /// With the default options.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other options.
    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let file = Scratch::new(&format!("read-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let mut options = Options { durability: Durability::Process, ..options(file.place()) };
        change(&mut options);
        let store = Store::open(Arc::new(contract()), &options).unwrap();
        let social = Self { store, file };
        social.execute(ROWS);
        social
    }

    /// Runs SQL behind the store's back, before anything has been read.
    pub fn execute(&self, sql: &str) {
        self.file.connection().execute_batch(sql).unwrap();
    }

    pub fn plan(&self, (select, shape): (Select, Shape), root: Root) -> Arc<ReadPlan> {
        Arc::new(self.store.plan_read(&select, shape, root).unwrap())
    }

    pub fn read(&self, plan: &Arc<ReadPlan>, params: &[Value]) -> Result<Reply, Error> {
        block(self.store.read(plan, params.to_vec(), Format::Json, bounds()))
    }

    /// A list as JSON.
    pub fn list(&self, wanted: (Select, Shape), params: &[Value]) -> serde_json::Value {
        let plan = self.plan(wanted, Root::List);
        serde_json::from_slice(&self.read(&plan, params).unwrap().body).unwrap()
    }

    /// How SQLite goes about each statement, one line for each.
    pub fn explain(&self, plan: &ReadPlan) -> Vec<String> {
        let conn = self.file.connection();
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        let explain = |sql: &str| {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let lines = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            lines.map(Result::unwrap).collect::<Vec<_>>().join("; ")
        };
        plan.statements().map(explain).collect()
    }
}
