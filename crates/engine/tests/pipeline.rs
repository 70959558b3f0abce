//! The pipeline as a whole, in virtual time: one observation per call on every path, and the limits.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use contract::Sources;
use engine::identity::{Key, Rules, Verifier};
use engine::{
    Activity, Call, Clock, Context, Credentials, Engine, Finished, Input, Kind, Moment, Observer, Settings,
};
use engine::{Item, JsonPath, ListArgs, Selected, Selection};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{Durability, Options, Place, Store};
use wire::{Format, Value};

const CONTRACT: &str = r#"
extend schema @contract(name: "notes", version: "1.0.0")
type Note @resource @access(read: "true", create: "caller.id != null") {
  id: ID!
  text: String! @length(max: 10)
  place: Place
  places: [Place!]
}
type Place { city: String! code: String geo: Geo }
type Geo { lat: Float! }
type Query {
  slow: Int! @sql(run: "SELECT 1") @access(call: "true") @limit(calls: 2, per: 60)
  numbers: [Number!]! @access(call: "true")
    @sql(run: "WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 90000) SELECT i AS n FROM c")
}
type Word @channel(path: "words") @access(publish: "true", subscribe: "true") { text: String! }
input WordInput { text: String! }
type Mutation {
  talk(words: [WordInput!]! @stream): [Word!]! @stream @publish(channel: "Word")
  tell(words: [WordInput!]! @stream): [Word!]! @publish(channel: "Word") @access(call: "true")
  keep(notes: [NoteLine!]! @stream): Int! @access(call: "true")
    @sql(each: "INSERT INTO note (id, text) VALUES (:id, :text)", run: "SELECT count(*) FROM note")
  keepApart(notes: [NoteLine!]! @stream): Int! @access(call: "true")
    @sql(atomic: false, each: "INSERT INTO note (id, text) VALUES (:id, :text)", run: "SELECT count(*) FROM note")
}
type Number { n: Int! }
input NoteLine { id: ID! text: String! }
"#;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const START: Duration = Duration::from_secs(1_700_000_000);

/// A clock that stands until it is moved.
#[derive(Debug)]
struct Hand {
    zero: Instant,
    passed_ms: AtomicU64,
}

impl Hand {
    fn passed(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::Relaxed))
    }
}

impl Clock for Hand {
    fn now(&self) -> Moment {
        Moment { instant: self.instant(), since_epoch: START + self.passed() }
    }

    fn instant(&self) -> Instant {
        self.zero + self.passed()
    }
}

#[derive(Debug, Default)]
struct Seen(Mutex<Vec<(String, Option<Kind>)>>);

impl Observer for Seen {
    fn finished(&self, call: &Finished<'_>) {
        self.0.lock().unwrap().push((call.operation.to_owned(), call.kind()));
    }
}

struct Bench {
    engine: Arc<Engine>,
    clock: Arc<Hand>,
    seen: Arc<Seen>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let mut sources = Sources::default();
        sources.add("notes.graphql", CONTRACT);
        let loaded =
            contract::compile(sources, &|_| Err("no files".into())).map_err(|e| e.to_string()).unwrap();
        let contract = Arc::new(loaded.contract);
        let options = Options {
            place: Place::Memory,
            durability: Durability::Process,
            group_writes_max: 8,
            queue_writes_max: 8,
            slow_readers: 1,
            stream_readers: 2,
            gathered_bytes_max: 64 << 20,
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
        let clock = Arc::new(Hand { zero: Instant::now(), passed_ms: AtomicU64::new(0) });
        let seen = Arc::new(Seen::default());
        let engine = Engine::new(contract, store, settings, verifier, clock.clone(), seen.clone());
        Self { engine: Arc::new(engine), clock, seen }
    }

    fn call(&self, operation: &str, credentials: Credentials, input: Input) -> Call {
        let context = Context {
            protocol: "test",
            request_id: "1".into(),
            traceparent: None,
            peer: "127.0.0.1".parse().unwrap(),
            credentials,
            idempotency_key: None,
            timeout: None,
            version: None,
            reply_bytes_max: None,
        };
        let operation = self.engine.contract().operation_named(operation).unwrap();
        Call { operation, input, selection: engine::Selected::Default, format: Format::Json, context }
    }

    async fn run(&self, operation: &str, credentials: Credentials, input: Input) -> Option<Kind> {
        self.engine.call(self.call(operation, credentials, input)).await.err().map(|fault| fault.kind)
    }

    fn expire(&self) {
        self.clock.passed_ms.store(LIFE_S * 1000, Ordering::Relaxed);
    }

    fn observed(&self) -> Vec<(String, Option<Kind>)> {
        std::mem::take(&mut *self.seen.0.lock().unwrap())
    }
}

/// How long a token is valid.
const LIFE_S: u64 = 3600;

fn token(subject: &str) -> Credentials {
    let claims = serde_json::json!({"sub": subject, "exp": START.as_secs() + LIFE_S});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    Credentials::Bearer(jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap())
}

fn note(text: &str) -> Input {
    let data = Value::Object(vec![("text".into(), Value::Text(text.into()))]);
    Input { data: Some(data), ..Input::default() }
}

#[tokio::test]
async fn every_call_is_observed_once_however_it_ends() {
    let bench = Bench::new(Settings::default());
    let by_key = |key: &str| Input { key: Some(key.into()), ..Input::default() };
    let calls = [
        ("notes", Credentials::None, Input::default(), None),
        ("note", Credentials::None, by_key("none"), Some(Kind::NotFound)),
        ("createNote", token("ada"), note("short"), None),
        ("createNote", token("ada"), note("longer than ten"), Some(Kind::Invalid)),
        ("createNote", Credentials::None, note("short"), Some(Kind::Unauthenticated)),
        ("deleteNote", token("ada"), by_key("none"), Some(Kind::Denied)),
        ("notes", Credentials::Malformed, Input::default(), Some(Kind::Unauthenticated)),
        ("batchNotes", token("ada"), Input::default(), Some(Kind::Invalid)),
    ];
    for (operation, credentials, input, expected) in calls {
        assert_eq!(bench.run(operation, credentials, input).await, expected, "{operation}");
        assert_eq!(bench.observed(), [(operation.to_owned(), expected)]);
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_observed_as_cancelled() {
    let bench = Bench::new(Settings::default());
    drop(bench.engine.call(bench.call("notes", Credentials::None, Input::default())));
    assert_eq!(bench.observed(), [("notes".to_owned(), Some(Kind::Cancelled))]);
}

#[tokio::test]
async fn a_token_expires_while_it_is_remembered() {
    let bench = Bench::new(Settings::default());
    assert_eq!(bench.run("notes", token("ada"), Input::default()).await, None);
    bench.clock.passed_ms.store(3_600_000, Ordering::Relaxed);
    assert_eq!(bench.run("notes", token("ada"), Input::default()).await, Some(Kind::Unauthenticated));
}

/// Every kind of stream that there is. A new one belongs here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lasting {
    Pages,
    Rows,
    Items,
    ItemsApart,
    ItemsFinished,
    ItemsPublished,
    Speaks,
    Hears,
    Silent,
}

/// Begins a stream, lets the token expire, and goes on with it.
async fn outlives_its_token(bench: &Bench, kind: Lasting) -> Result<(), engine::Fault> {
    let call = |operation: &str| bench.call(operation, token("ada"), Input::default());
    let word = Value::Object(vec![("text".into(), Value::Text("hello".into()))]);
    let line = |id: &str| {
        Value::Object(vec![("id".into(), Value::Text(id.into())), ("text".into(), Value::Text("x".into()))])
    };
    let inflow = |operation: &str, item: Value| {
        let mut inflow = bench.engine.inflow(call(operation)).unwrap();
        inflow.push(item, 10).unwrap();
        inflow
    };
    match kind {
        Lasting::Pages => {
            let mut pages = bench.engine.pages(call("notes"));
            assert_eq!(pages.next().await.unwrap().unwrap().rows, 2);
            bench.expire();
            pages.next().await.unwrap().map(drop)
        }
        Lasting::Rows => {
            let format = Format::ProtobufItems(wire::Wrapped::Bare);
            let mut parts = bench.engine.parts(Call { format, ..call("numbers") });
            parts.next().await.unwrap().unwrap();
            bench.expire();
            parts.next().await.unwrap().map(drop)
        }
        Lasting::Items => {
            let inflow = inflow("keep", line("a"));
            bench.expire();
            inflow.finish().await.map(drop)
        }
        Lasting::ItemsApart => {
            let mut inflow = inflow("keepApart", line("a"));
            inflow.settle().await.unwrap();
            inflow.push(line("b"), 10).unwrap();
            bench.expire();
            inflow.settle().await
        }
        Lasting::ItemsFinished => {
            let mut inflow = inflow("keepApart", line("c"));
            inflow.settle().await.unwrap();
            bench.expire();
            inflow.finish().await.map(drop)
        }
        Lasting::ItemsPublished => {
            let inflow = inflow("tell", word);
            bench.expire();
            inflow.finish().await.map(drop)
        }
        Lasting::Speaks => {
            let mut member = bench.engine.join(call("talk")).unwrap();
            bench.expire();
            member.publish(&word)
        }
        Lasting::Hears => {
            let mut member = bench.engine.join(call("talk")).unwrap();
            let nobody = bench.call("talk", Credentials::None, Input::default());
            bench.engine.join(nobody).unwrap().publish(&word).unwrap();
            bench.expire();
            std::future::poll_fn(|cx| member.poll_next(cx)).await.map(drop)
        }
        Lasting::Silent => {
            let mut member = bench.engine.join(call("talk")).unwrap();
            assert_eq!(member.valid_for(), Some(Duration::from_secs(LIFE_S)));
            member.stay().unwrap();
            bench.expire();
            assert_eq!(member.valid_for(), Some(Duration::ZERO));
            member.stay()
        }
    }
}

/// Nothing of a stream takes effect once the token has expired, whatever kind of stream it is.
#[tokio::test]
async fn no_stream_outlives_its_token() {
    use Lasting::*;
    let settings = || Settings { page_rows_max: 2, ..Settings::default() };
    for kind in [Pages, Rows, Items, ItemsApart, ItemsFinished, ItemsPublished, Speaks, Hears, Silent] {
        let bench = Bench::new(settings());
        for _ in 0..5 {
            assert_eq!(bench.run("createNote", token("ben"), note("x")).await, None);
        }
        let refused = outlives_its_token(&bench, kind).await.err();
        assert_eq!(refused.map(|fault| fault.kind), Some(Kind::Unauthenticated), "{kind:?}");
        let notes = bench.call("keep", Credentials::None, Input::default());
        let kept = bench.engine.inflow(notes).unwrap().finish().await.unwrap();
        let applied = match kind {
            ItemsApart | ItemsFinished => 1,
            Pages | Rows | Items | ItemsPublished | Speaks | Hears | Silent => 0,
        };
        assert_eq!(String::from_utf8(kept.body.to_vec()).unwrap(), (5 + applied).to_string(), "{kind:?}");
        let said = u64::from(kind == Hears);
        let Activity { messages_published, messages_delivered, .. } = bench.engine.activity();
        assert_eq!((messages_published, messages_delivered), (said, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn callers_and_addresses_have_budgets_that_fill_with_time() {
    let settings = Settings {
        caller_units_per_min: 60,
        address_units_per_min: 240,
        burst_units: 4,
        ..Settings::default()
    };
    let bench = Bench::new(settings);
    let list = |who: Credentials| bench.run("notes", who, Input::default());
    // The address's own bucket is as large and fills four times as fast.
    for _ in 0..4 {
        assert_eq!(list(token("ada")).await, None);
    }
    assert_eq!(list(token("ada")).await, Some(Kind::Throttled), "the address has nothing left");
    bench.clock.passed_ms.store(500, Ordering::Relaxed);
    assert_eq!(list(token("ada")).await, Some(Kind::Throttled), "the address has, ada has not");
    assert_eq!(list(token("ben")).await, None, "ben has");
    bench.clock.passed_ms.store(1500, Ordering::Relaxed);
    assert_eq!(list(token("ada")).await, None);
}

#[tokio::test]
async fn an_operation_has_a_limit_of_its_own() {
    let bench = Bench::new(Settings::default());
    let slow = |who: Credentials| bench.run("slow", who, Input::default());
    assert_eq!(slow(token("ada")).await, None);
    assert_eq!(slow(token("ada")).await, None);
    assert_eq!(slow(token("ada")).await, Some(Kind::Throttled));
    assert_eq!(slow(token("ben")).await, None);
    bench.clock.passed_ms.store(30_000, Ordering::Relaxed);
    assert_eq!(slow(token("ada")).await, None);
}

#[tokio::test]
async fn only_so_many_calls_are_under_way() {
    let bench = Bench::new(Settings { calls_concurrent_max: 1, ..Settings::default() });
    let first = bench.engine.call(bench.call("notes", Credentials::None, Input::default()));
    assert_eq!(bench.run("notes", Credentials::None, Input::default()).await, Some(Kind::Unavailable));
    first.await.unwrap();
    assert_eq!(bench.run("notes", Credentials::None, Input::default()).await, None);
}

/// A caller has so many calls under way, and reads have places of their own.
#[tokio::test]
async fn nobody_has_all_places_and_reads_are_not_writes() {
    let settings = Settings {
        caller_calls_max: 2,
        calls_concurrent_max: 4,
        writes_concurrent_max: 3,
        ..Settings::default()
    };
    let bench = Bench::new(settings);
    let begin = |operation, credentials, input| bench.engine.call(bench.call(operation, credentials, input));
    let mut held =
        vec![begin("createNote", token("ada"), note("a")), begin("createNote", token("ada"), note("b"))];
    let write = |who| bench.run("createNote", who, note("d"));
    assert_eq!(write(token("ada")).await, Some(Kind::Throttled));
    held.push(begin("createNote", token("ben"), note("c")));
    assert_eq!(write(token("ben")).await, Some(Kind::Unavailable), "all three are taken");
    // Neither is a read of the same caller's without a place, nor anybody else's.
    for who in [token("ada"), token("ben"), Credentials::None] {
        assert_eq!(bench.run("notes", who, Input::default()).await, None);
    }
    assert_eq!(bench.engine.activity().calls, 3);
    held.pop();
    assert_eq!(write(token("ben")).await, None);
    held.into_iter().for_each(drop);
    assert_eq!(bench.engine.activity().calls, 0);
}

/// A caller has so many streams, wherever they come from; callers who are not known share those of their address.
#[tokio::test]
async fn nobody_has_all_streams() {
    let bench =
        Bench::new(Settings { caller_streams_max: 2, streams_concurrent_max: 5, ..Settings::default() });
    let join = |credentials| {
        let joined = bench.engine.join(bench.call("talk", credentials, Input::default()));
        joined.map_err(|fault| fault.kind)
    };
    let of = |subject: Option<&str>| join(subject.map_or(Credentials::None, token));
    let streams = [None, Some("ada"), None, Some("ada")].map(|subject| of(subject).unwrap());
    for subject in [None, Some("ada")] {
        assert_eq!(of(subject).err(), Some(Kind::Throttled));
    }
    let other = of(Some("ben")).unwrap();
    assert_eq!(of(Some("ben")).err(), Some(Kind::Unavailable), "of all callers there are five");
    assert_eq!(bench.engine.activity().streams, 5);
    drop((streams, other));
    for subject in [None, None, Some("ada"), Some("ada")] {
        drop(of(subject).unwrap());
    }
}

/// What is under way is known while it is, and what went through channels ever after.
#[tokio::test]
async fn what_is_under_way_is_counted() {
    let bench = Bench::new(Settings::default());
    let join = || bench.engine.join(bench.call("talk", Credentials::None, Input::default())).unwrap();
    let call = bench.engine.call(bench.call("notes", Credentials::None, Input::default()));
    let (mut speaker, mut listener, silent) = (join(), join(), join());
    let word = Value::Object(vec![("text".into(), Value::Text("hello".into()))]);
    speaker.publish(&word).unwrap();
    let heard = std::future::poll_fn(|cx| listener.poll_next(cx)).await.unwrap();
    assert_eq!(heard.encoded(Format::Json).unwrap(), r#"{"text":"hello"}"#);
    let (members, done) =
        (3, Activity { messages_published: 1, messages_delivered: 1, ..Activity::default() });
    let now = Activity { calls: 1, streams: members, channel_members: members, channel_paths: 1, ..done };
    let seen = bench.engine.activity();
    // How much they are is an estimate; that it is given back is not.
    let held = Activity { held_bytes: seen.held_bytes, channel_held_bytes: seen.channel_held_bytes, ..now };
    assert!(seen == held && seen.held_bytes > 0 && seen.channel_held_bytes > 0, "{seen:?}");
    call.await.unwrap();
    drop(heard);
    drop((speaker, listener, silent));
    assert_eq!(bench.engine.activity(), done);
}

fn field(name: &str) -> Item {
    Item::Field { name: name.into(), alias: None, json: JsonPath::default() }
}

fn inside(name: &str, items: Vec<Item>) -> Item {
    let (selection, list) = (Selection { items, type_name: None }, ListArgs::default());
    Item::Relation { name: name.into(), alias: None, selection, list, inner: false, spread: false }
}

fn paged(name: &str) -> Item {
    let list = ListArgs { limit: Some(1), ..ListArgs::default() };
    let selection = Selection { items: vec![field("city")], type_name: None };
    Item::Relation { name: name.into(), alias: None, selection, list, inner: false, spread: false }
}

#[tokio::test]
async fn members_of_stored_objects_are_selected_by_name() {
    let bench = Bench::new(Settings::default());
    let place = |city: &str| {
        let geo = Value::Object(vec![("lat".into(), Value::Float(1.5))]);
        Value::Object(vec![("city".into(), Value::Text(city.into())), ("geo".into(), geo)])
    };
    let data = Value::Object(vec![
        ("text".into(), Value::Text("a".into())),
        ("place".into(), place("Rome")),
        ("places".into(), Value::List(vec![place("Oslo"), place("Bern")])),
    ]);
    let created = bench.call("createNote", token("ada"), Input { data: Some(data), ..Input::default() });
    bench.engine.call(created).await.unwrap();
    let rows = [
        (vec![inside("place", vec![field("city")])], r#"[{"place":{"city":"Rome"}}]"#),
        (
            vec![inside("places", vec![inside("geo", vec![field("lat")]), field("code")])],
            r#"[{"places":[{"geo":{"lat":1.5},"code":null},{"geo":{"lat":1.5},"code":null}]}]"#,
        ),
        (vec![inside("place", vec![field("geo")])], r#"[{"place":{"geo":{"lat":1.5}}}]"#),
        (vec![inside("place", vec![field("street")])], "UNKNOWN"),
        (vec![inside("place", vec![field("city"), field("city")])], "DUPLICATE"),
        (vec![inside("place", vec![inside("city", vec![])])], "RELATION"),
        (vec![inside("text", vec![])], "RELATION"),
        (vec![paged("places")], "RELATION"),
        (vec![inside("place", vec![Item::Version { alias: "v".into() }])], "RELATION"),
        (vec![inside("place", vec![inside("geo", vec![field("geo")])])], "UNKNOWN"),
    ];
    for (items, wanted) in rows {
        let mut call = bench.call("notes", Credentials::None, Input::default());
        call.selection = Selected::These(Selection { items, type_name: None });
        let answered = match bench.engine.call(call).await {
            Ok(answer) => String::from_utf8(answer.body.to_vec()).unwrap(),
            Err(fault) => fault.fields[0].code.to_string(),
        };
        assert_eq!(answered, wanted);
    }
}
