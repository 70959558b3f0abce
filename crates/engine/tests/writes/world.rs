//! An engine over a database of its own, which can be looked at past every rule.

use contract::Sources;
use engine::identity::{Key, Rules, Verifier};
use engine::{
    Call, Clock, Context, Credentials, Engine, Finished, Input, Moment, Observer, Selected, Settings,
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::{Durability, Options, Place, Store};
use wire::{Format, Value};

const CONTRACT: &str = include_str!("writes.graphql");
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const START: Duration = Duration::from_secs(1_700_000_000);

/// A clock that moves a second with each call.
#[derive(Debug)]
struct Steps {
    zero: Instant,
    passed_s: AtomicU64,
}

impl Clock for Steps {
    fn now(&self) -> Moment {
        let passed = Duration::from_secs(self.passed_s.load(Ordering::Relaxed));
        Moment { instant: self.instant(), since_epoch: START + passed }
    }

    fn instant(&self) -> Instant {
        // Deadlines are the machine's: only what is written down has to be the same in two worlds.
        self.zero + self.zero.elapsed()
    }
}

#[derive(Debug)]
struct Nobody;

impl Observer for Nobody {
    fn finished(&self, _: &Finished<'_>) {}
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    Ann,
    Ben,
    Admin,
}

impl Who {
    pub fn id(self) -> Option<&'static str> {
        match self {
            Who::Anonymous => None,
            Who::Ann => Some("ann"),
            Who::Ben => Some("ben"),
            Who::Admin => Some("root"),
        }
    }

    fn credentials(self) -> Credentials {
        let Some(id) = self.id() else { return Credentials::None };
        let roles: &[&str] = if self == Who::Admin { &["admin"] } else { &[] };
        let claims = serde_json::json!({"sub": id, "exp": START.as_secs() + 1_000_000, "roles": roles});
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
        Credentials::Bearer(jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap())
    }
}

/// One thing to call.
#[derive(Debug, Clone)]
pub struct Doing {
    pub who: Who,
    pub operation: &'static str,
    pub input: Input,
    pub selection: Selected,
    pub format: Format,
    pub version: Option<i64>,
    pub idempotency: Option<String>,
}

/// The tables of the contract: by table and key, the columns.
pub type Tables = BTreeMap<(&'static str, String), BTreeMap<String, String>>;

pub struct World {
    engine: Engine,
    clock: Arc<Steps>,
    data: Connection,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let mut sources = Sources::default();
        sources.add("writes.graphql", CONTRACT);
        let loaded =
            contract::compile(sources, &|_| Err("no files".into())).map_err(|e| e.to_string()).unwrap();
        let contract = Arc::new(loaded.contract);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.db");
        let options = Options {
            place: Place::File(path.clone()),
            durability: Durability::Process,
            group_writes_max: 8,
            queue_writes_max: 8,
            slow_readers: 1,
            stream_readers: 1,
            gathered_bytes_max: 1 << 20,
            queue_reads_max: 8,
            inline_steps_max: 10_000,
            writer_hold_max: std::time::Duration::from_secs(30),
            writer_answer_steps_max: 1_000_000,
            outbox: store::OutboxKept { keep_s: 604_800, bytes_max: 256 << 20 },
        };
        let store = Store::open(Arc::clone(&contract), &options).map_err(|e| e.0).unwrap();
        let rules =
            Rules { issuers: vec![], audiences: vec![], leeway: Duration::ZERO, roles_claim: "roles".into() };
        let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules, 10);
        let clock = Arc::new(Steps { zero: Instant::now(), passed_s: AtomicU64::new(0) });
        let settings = Settings { caller_units_per_min: 0, address_units_per_min: 0, ..Settings::default() };
        let engine = Engine::new(contract, store, settings, verifier, clock.clone(), Arc::new(Nobody));
        let data = Connection::open(path).unwrap();
        Self { engine, clock, data, _folder: folder }
    }

    /// Everything that a caller gets.
    pub async fn call(&self, doing: &Doing) -> Result<String, String> {
        self.clock.passed_s.fetch_add(1, Ordering::Relaxed);
        let context = Context {
            protocol: "test",
            request_id: "1".into(),
            traceparent: None,
            peer: "127.0.0.1".parse().unwrap(),
            credentials: doing.who.credentials(),
            idempotency_key: doing.idempotency.clone(),
            timeout: None,
            version: doing.version,
            reply_bytes_max: None,
        };
        let operation =
            self.engine.contract().operation_named(doing.operation).expect("it is in the contract");
        let Doing { input, selection, format, .. } = doing.clone();
        let answer = self.engine.call(Call { operation, input, selection, format, context }).await;
        // What a call cost in statements is no secret, and what the budget has left is the caller's own.
        match answer {
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                let engine::Answer { rows, total, nulls, key, version, created, replayed, .. } = answer;
                Ok(format!("{body} {:?}", (rows, total, nulls, key, version, created, replayed)))
            }
            Err(fault) => {
                let engine::Fault { kind, code, message, fields, detail, .. } = fault;
                assert_ne!(kind, engine::Kind::Internal, "{doing:?}: {detail:?}");
                Err(format!("{kind:?} {code} {message} {fields:?}"))
            }
        }
    }

    /// The rows as they are kept.
    pub fn tables(&self) -> Tables {
        ["doc", "memo"].into_iter().flat_map(|table| self.table(table)).collect()
    }

    fn table(&self, table: &'static str) -> Tables {
        let mut statement = self.data.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let rows = statement.query_map([], |row| {
            let value = |at: usize| row.get(at).map(|value: rusqlite::types::Value| format!("{value:?}"));
            let columns = names.iter().enumerate().map(|(at, name)| Ok((name.clone(), value(at)?)));
            Ok(((table, row.get(0)?), columns.collect::<rusqlite::Result<_>>()?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The events of operations, as they are kept.
    pub fn events(&self) -> String {
        let sql = "SELECT coalesce(group_concat(after), '') FROM _septet_outbox WHERE resource IS NULL";
        self.data.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn object(members: &[(&str, Value)]) -> Value {
    Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}
