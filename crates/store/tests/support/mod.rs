//! Small contracts made by hand, and what tests do with a store.

#![allow(dead_code, clippy::unwrap_used)]

use contract::*;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use store::{
    Answering, Bounds, Durability, EmitEvent, Error, Idempotency, Lane, Mutation, Options, Place, Predicate,
    Step, Store, Unmetered, Write, Written,
};
use wire::{Format, Value};

/// The time of every call in these tests.
pub const NOW: &str = "2026-11-22T18:32:34.000000Z";

pub const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

/// A field that is kept in a column of its own name.
pub fn field(name: &str, base: Base) -> Field {
    Field {
        name: name.into(),
        description: None,
        deprecated: None,
        ty: TypeRef { base, arity: Arity::One, required: true },
        source: Source::Column(Column {
            name: name.into(),
            unique: false,
            index: false,
            default: None,
            assign: None,
            immutable: false,
            secret: false,
            on_delete: OnDelete::Restrict,
        }),
        read: None,
        write: None,
        checks: Checks::default(),
        number: 0,
        xml: Xml::Element,
        span: NOWHERE,
    }
}

pub fn scalar(name: &str, scalar: Scalar) -> Field {
    field(name, Base::Scalar(scalar))
}

/// A to-one field.
pub fn to_one(name: &str, target: u16, on_delete: OnDelete) -> Field {
    with(field(name, Base::Resource(ResourceId(target))), |c| c.on_delete = on_delete)
}

/// A to-many field.
pub fn to_many(name: &str, target: u16, relation: Relation) -> Field {
    let mut made = field(name, Base::Resource(ResourceId(target)));
    made.ty.arity = Arity::List { item_required: true };
    made.source = Source::Relation(relation);
    made
}

/// The field with another column.
pub fn with(mut field: Field, change: impl FnOnce(&mut Column)) -> Field {
    match &mut field.source {
        Source::Column(column) => change(column),
        _ => panic!("{} has no column", field.name),
    }
    field
}

pub fn nullable(mut field: Field) -> Field {
    field.ty.required = false;
    field
}

pub fn list(mut field: Field) -> Field {
    field.ty.arity = Arity::List { item_required: true };
    field
}

pub fn unique(field: Field) -> Field {
    with(field, |c| c.unique = true)
}

pub fn indexed(field: Field) -> Field {
    with(field, |c| c.index = true)
}

pub fn defaulted(field: Field, default: Literal) -> Field {
    with(field, |c| c.default = Some(default))
}

/// A resource whose key is its first field.
pub fn resource(name: &str, key_kind: KeyKind, mut fields: Vec<Field>) -> Resource {
    fields.insert(0, scalar("id", Scalar::Id));
    Resource {
        name: name.into(),
        description: None,
        plural: format!("{}s", name.to_lowercase()),
        table: name.to_lowercase(),
        fields,
        key: FieldId(0),
        key_kind,
        unique: Vec::new(),
        indexes: Vec::new(),
        soft_delete: false,
        access: Access::default(),
        login: None,
        cache: None,
        cost: 1,
        deprecated: None,
        implements: Vec::new(),
        span: NOWHERE,
    }
}

pub fn empty() -> Contract {
    Contract {
        name: "test".into(),
        version: "1.0.0".into(),
        description: None,
        resources: Vec::new(),
        objects: Vec::new(),
        inputs: Vec::new(),
        enums: Vec::new(),
        abstracts: Vec::new(),
        operations: Vec::new(),
        channels: Vec::new(),
        numbers: contract::Numbers::default(),
        sources: Sources::default(),
    }
}

pub const USER: ResourceId = ResourceId(0);
pub const POST: ResourceId = ResourceId(1);
pub const COMMENT: ResourceId = ResourceId(2);
pub const NOTE: ResourceId = ResourceId(3);
pub const LINE: ResourceId = ResourceId(4);
pub const ACCOUNT: ResourceId = ResourceId(5);

/// People with one field of every scalar, their posts and comments, notes that are deleted softly, and accounts.
pub fn contract() -> Contract {
    let value = |(name, number): (&str, u32)| EnumValue {
        name: name.into(),
        description: None,
        deprecated: None,
        number,
        span: NOWHERE,
    };
    let values = [("ADMIN", 1), ("MEMBER", 2)].map(value).into();
    let role = Enum { name: "Role".into(), description: None, values, span: NOWHERE };
    let mut notes = resource(
        "Note",
        KeyKind::Client,
        vec![unique(scalar("slug", Scalar::String)), to_one("owner", 0, OnDelete::Restrict)],
    );
    notes.soft_delete = true;
    let mut lines = resource(
        "Line",
        KeyKind::Client,
        vec![
            to_one("note", 3, OnDelete::Cascade),
            scalar("at", Scalar::Int),
            nullable(to_one("see", 3, OnDelete::SetNull)),
        ],
    );
    lines.unique = vec![vec![FieldId(1), FieldId(2)]];
    Contract {
        enums: vec![role],
        resources: vec![users(), posts(), comments(), notes, lines, accounts()],
        ..empty()
    }
}

fn users() -> Resource {
    let role = defaulted(field("role", Base::Enum(EnumId(0))), Literal::Enum("MEMBER".into()));
    resource(
        "User",
        KeyKind::Uuid,
        vec![
            scalar("name", Scalar::String),
            unique(scalar("email", Scalar::Email)),
            nullable(with(scalar("password", Scalar::String), |c| c.secret = true)),
            role,
            defaulted(scalar("active", Scalar::Boolean), Literal::Bool(true)),
            defaulted(scalar("balance", Scalar::Decimal { scale: 2 }), Literal::Int(0)),
            nullable(scalar("age", Scalar::Int)),
            nullable(scalar("views", Scalar::Long)),
            nullable(scalar("score", Scalar::Float)),
            nullable(scalar("joined", Scalar::DateTime)),
            nullable(scalar("born", Scalar::Date)),
            nullable(scalar("wakes", Scalar::Time)),
            nullable(scalar("sleeps", Scalar::Duration)),
            nullable(scalar("photo", Scalar::Bytes)),
            nullable(scalar("settings", Scalar::Json)),
            nullable(list(scalar("tags", Scalar::String))),
            to_many("posts", 1, Relation::By { field: FieldId(2) }),
        ],
    )
}

fn posts() -> Resource {
    let created = with(indexed(scalar("createdAt", Scalar::DateTime)), |c| c.name = "created_at".into());
    resource(
        "Post",
        KeyKind::Uuid,
        vec![scalar("title", Scalar::String), to_one("author", 0, OnDelete::Cascade), created],
    )
}

fn comments() -> Resource {
    resource(
        "Comment",
        KeyKind::Integer,
        vec![
            scalar("text", Scalar::String),
            to_one("post", 1, OnDelete::Restrict),
            nullable(to_one("author", 0, OnDelete::SetNull)),
        ],
    )
}

fn accounts() -> Resource {
    resource(
        "Account",
        KeyKind::Client,
        vec![scalar("owner", Scalar::String), scalar("balance", Scalar::Decimal { scale: 2 })],
    )
}

/// The position of a field.
pub fn at(contract: &Contract, resource: ResourceId, name: &str) -> FieldId {
    let fields = &contract.resource(resource).fields;
    FieldId(u16::try_from(fields.iter().position(|f| f.name == name).unwrap()).unwrap())
}

/// An operation that runs SQL.
pub fn sql_operation(
    name: &str,
    root: Root,
    binding: SqlBinding,
    arguments: Vec<Argument>,
    result: TypeRef,
) -> Operation {
    Operation {
        name: name.into(),
        description: None,
        deprecated: None,
        root,
        arguments,
        result,
        stream: false,
        binding: Binding::Sql(binding),
        rule: None,
        cost: 1,
        limit: None,
        cache: None,
        idempotent: false,
        emits: Vec::new(),
        inbound: None,
        errors: Vec::new(),
        rest: None,
        rpc: None,
        soap: None,
        span: NOWHERE,
    }
}

pub fn argument(name: &str, base: Base) -> Argument {
    Argument {
        name: name.into(),
        description: None,
        deprecated: None,
        ty: TypeRef { base, arity: Arity::One, required: true },
        default: None,
        checks: Checks::default(),
        stream: false,
        field: None,
        number: 0,
        xml: Xml::Element,
        span: NOWHERE,
    }
}

pub fn options(place: Place) -> Options {
    Options {
        place,
        durability: Durability::Full,
        group_writes_max: 256,
        queue_writes_max: 4096,
        slow_readers: 1,
        stream_readers: 2,
        gathered_bytes_max: 64 << 20,
        queue_reads_max: 64,
        inline_steps_max: 1_000_000,
        writer_hold_max: std::time::Duration::from_secs(30),
        writer_answer_steps_max: 1_000_000,
        // Times of tests are long ago.
        outbox: store::OutboxKept { keep_s: u32::MAX, bytes_max: 256 << 20 },
    }
}

pub fn open(contract: Contract) -> Store {
    Store::open(Arc::new(contract), &options(Place::Memory)).unwrap()
}

pub fn bounds() -> Bounds {
    let deadline = Instant::now() + Duration::from_secs(60);
    Bounds { deadline, reply_bytes_max: 1 << 20, meter: Arc::new(Unmetered), lane: Lane::OPERATOR }
}

/// A mutation of these steps without an answer.
pub fn mutation(steps: Vec<Step>) -> Mutation {
    Mutation {
        steps,
        answer: Answering::Steps,
        emits: Vec::new(),
        idempotency: None,
        format: Format::Json,
        bounds: bounds(),
        now: NOW.into(),
        room: None,
    }
}

/// Runs a mutation; which step failed is not of interest.
pub fn write(store: &Store, mutation: Mutation) -> Result<Written, Error> {
    block(store.write(mutation)).map_err(|failed| failed.error)
}

/// A step that inserts values by field name.
pub fn insert(store: &Store, contract: &Contract, resource: ResourceId, values: &[(&str, Value)]) -> Step {
    insert_if(store, contract, resource, values, Predicate::True)
}

/// A step that inserts values, held to a rule.
pub fn insert_if(
    store: &Store,
    contract: &Contract,
    resource: ResourceId,
    values: &[(&str, Value)],
    check: Predicate,
) -> Step {
    let set = (0..).zip(values).map(|(param, (name, _))| (at(contract, resource, name), param)).collect();
    let plan = store.plan_write(&Write::Insert { resource, set, check }).unwrap();
    Step::Write { plan: Arc::new(plan), params: values.iter().map(|(_, value)| value.clone()).collect() }
}

/// A person with only the required fields.
pub fn user(store: &Store, contract: &Contract, id: &str) -> Step {
    let mail = format!("{id}@example.test");
    let values = [
        ("id", text(id)),
        ("name", text("Ann")),
        ("email", text(&mail)),
        ("role", text("MEMBER")),
        ("active", Value::Bool(true)),
        ("balance", Value::Int(0)),
    ];
    insert(store, contract, USER, &values)
}

pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub fn emit(event: &str, on: Outcome) -> EmitEvent {
    EmitEvent { event: event.into(), on, arguments_json: "{\"a\":1}".into() }
}

pub fn idempotency(key: &str, fingerprint: u8) -> Idempotency {
    Idempotency { scope: "caller/op".into(), key: key.into(), fingerprint: [fingerprint; 32], keep_s: 60 }
}

/// Runs a future on this thread.
/// The runtime by whose clock waiting ends, for as long as this is kept.
pub fn clock() -> tokio::runtime::EnterGuard<'static> {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
    });
    RUNTIME.enter()
}

pub fn block<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let _clock = clock();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A database file that is gone afterwards.
pub struct Scratch(std::path::PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("septet-test-{}-{number}-{name}.db", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        scratch.remove();
        scratch
    }

    pub fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub fn place(&self) -> Place {
        Place::File(self.0.clone())
    }

    /// The file as any other program sees it.
    pub fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.0).unwrap()
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A statement that stands in the first file as it is.
pub fn statement(text: &str, expect: Option<Expectation>) -> SqlStatement {
    SqlStatement { text: text.into(), places: Places { span: NOWHERE, map: Vec::new() }, expect }
}

pub fn expect(rows: RowCount, error: &str) -> Expectation {
    Expectation { rows, error: error.into() }
}

/// The result type of an operation that answers nothing.
pub fn nullable_result() -> TypeRef {
    TypeRef { base: Base::Scalar(Scalar::Boolean), arity: Arity::One, required: false }
}
