//! What the engine sees of the store: plans made from intentions, and running them.

use crate::lane::Lane;
use crate::meter::Meter;
use crate::query::{Aggregate, Param, Select, Write};
pub use crate::read::ReadPlan;
use crate::read::{Target, Values};
use crate::sql::Dialect;
pub use crate::sql_operation::SqlPlan;
pub use crate::sqlite::{Flow, Store};
use crate::storage;
pub use crate::storage::StorageFault;
use crate::write::{Answered, References};
pub use crate::write::{Event, OutboxKept, WritePlan};
use contract::{FieldId, OperationId, ResourceId};
use quota::Reservation;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use wire::NULLS_MAX;
use wire::{Format, NullAt, Shape, Value};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database.
    pub place: Place,
    /// Whether an acknowledged write survives power loss.
    pub durability: Durability,
    /// Writes committed as one group at the most.
    pub group_writes_max: usize,
    /// Writes waiting for the writer at the most; above it a write is refused as unavailable.
    pub queue_writes_max: usize,
    /// Threads for reads that prove too long to run where they were asked for.
    pub slow_readers: usize,
    /// Threads for long replies that are taken piece by piece.
    pub stream_readers: usize,
    /// Bytes of such replies that gather while their takers are slow, of all of them together.
    pub gathered_bytes_max: usize,
    /// Long reads waiting for a thread of either kind at the most.
    pub queue_reads_max: usize,
    /// Virtual-machine steps after which a read moves to such a thread.
    pub inline_steps_max: u32,
    /// How long one mutation may hold the writer, which all others wait for.
    pub writer_hold_max: Duration,
    /// Virtual-machine steps that reading the answer of a change may take on the writer: a longer one is read when the
    /// change is committed, elsewhere.
    pub writer_answer_steps_max: u32,
    /// How much of the outbox is kept.
    pub outbox: OutboxKept,
}

/// Where the data is. A closed set: PostgreSQL joins it.
#[derive(Debug, Clone)]
pub enum Place {
    /// An SQLite file, made when it is not there.
    File(PathBuf),
    /// A database in memory, gone with the store (tests).
    Memory,
}

/// Whether an acknowledged write survives power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Yes (`synchronous=FULL`).
    Full,
    /// It survives the end of the process, but the last commits may be gone after power loss
    /// (`synchronous=NORMAL`).
    Process,
}

/// Whether a read answers with one record or with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// The first row, or nothing.
    One,
    /// All rows.
    List,
}

/// What a read may use.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// When to give up.
    pub deadline: Instant,
    /// Bytes of the reply at the most.
    pub reply_bytes_max: usize,
    /// What work on other threads than that which asks is added to.
    pub meter: Arc<dyn Meter>,
    /// Whose turn it is, where it has to wait.
    pub lane: Lane,
}

/// What a read answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The encoded record or list; empty when nothing was found.
    pub body: Vec<u8>,
    /// Rows of the root: 0 or 1 for [`Root::One`].
    pub rows: u64,
    /// The version of the row of a [`Root::One`].
    pub version: Option<i64>,
    /// Statements that were run, once per parent row for nested ones.
    pub statements: u32,
    /// What is null although its shape says it never is ([`Format::Graphql`] only); at most [`NULLS_MAX`] of them.
    pub nulls: Vec<NullAt>,
    /// Of a page between cursors ([`crate::Edges`]).
    pub edges: Option<PageEdges>,
}

/// What is known of a page between cursors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageEdges {
    /// Whether there are rows beyond it, on the side that it was read towards.
    pub has_more: bool,
    /// The first row's cursor.
    pub first: Option<String>,
    /// The last row's cursor.
    pub last: Option<String>,
}

/// Why a mutation was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The step that failed, when one did.
    pub step: Option<usize>,
    /// Why.
    pub error: Error,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { step: None, error }
    }
}

/// Changes to make in one transaction, and what to answer.
#[derive(Debug)]
pub struct Mutation {
    /// What to do, in order. All of it happens, or nothing.
    pub steps: Vec<Step>,
    /// What to read for the answer, in the same transaction.
    pub answer: Answering,
    /// Events to add to the outbox when it is done, or when it is refused.
    pub emits: Vec<EmitEvent>,
    /// Answer with what an earlier call with this key answered.
    pub idempotency: Option<Idempotency>,
    /// Format of the answer.
    pub format: Format,
    /// Bounds of the answer.
    pub bounds: Bounds,
    /// The time of the call, RFC 3339 in UTC with microseconds.
    pub now: String,
    /// What the answer is held by. It grows before the change is committed: what cannot be answered is not done.
    pub room: Option<Arc<Reservation>>,
}

/// One thing to do.
#[derive(Debug)]
pub enum Step {
    /// Changes of rows.
    Write {
        /// What.
        plan: Arc<WritePlan>,
        /// With what.
        params: Vec<Value>,
    },
    /// The statements of an `@sql` operation.
    Sql {
        /// What.
        plan: Arc<SqlPlan>,
        /// The parameters of the `each:` statements by [`SqlPlan::each_parameters`], once per item.
        each: Vec<Vec<Value>>,
        /// The parameters of the other statements by [`SqlPlan::parameters`].
        run: Vec<Value>,
        /// Parameters of the plan's answer selects.
        answer_params: Vec<Value>,
        /// Rows changed by items that were applied before ([`Step::Items`]).
        changes: i64,
    },
    /// The `each:` statements of an `@sql` operation, for each item by itself: those before one that fails are kept.
    Items {
        /// What.
        plan: Arc<SqlPlan>,
        /// As in [`Step::Sql`].
        each: Vec<Vec<Value>>,
    },
}

/// What a mutation answers.
#[derive(Debug, Default)]
pub enum Answering {
    /// What its last step answers by itself (an `@sql` operation), or nothing.
    #[default]
    Steps,
    /// The row of the last step, after it.
    After(AnswerRead),
    /// The row of the first step, before it (a delete).
    Before(AnswerRead),
    /// A list: the row of each step, after it; null where a step has none.
    Each(Vec<Option<AnswerRead>>),
}

/// What a mutation by [`Write`] reads for its answer.
#[derive(Debug)]
pub struct AnswerRead {
    /// The record under the caller's rules.
    pub plan: Arc<ReadPlan>,
    /// Its parameters.
    pub params: Vec<Value>,
    /// Which parameter, of either read, is the key of the row that its step is about.
    pub key: Param,
    /// What to read instead when the rules hide the row: what the caller itself gave.
    pub otherwise: Option<(Arc<ReadPlan>, Vec<Value>)>,
}

/// An event of an operation.
#[derive(Debug, Clone)]
pub struct EmitEvent {
    /// Its name.
    pub event: String,
    /// Whether it is for success or refusal.
    pub on: contract::Outcome,
    /// The operation's arguments as JSON, secrets left out.
    pub arguments_json: String,
}

/// An idempotency key and what it stands for.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Who and what: caller and operation.
    pub scope: String,
    /// The key the client gave.
    pub key: String,
    /// A digest of the input.
    pub fingerprint: [u8; 32],
    /// Seconds it is kept.
    pub keep_s: u32,
}

/// What a mutation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The answer.
    pub reply: Reply,
    /// The key of the row that the last write was about, as text.
    pub key: Option<String>,
    /// Whether an upsert or insert made a new row.
    pub created: bool,
    /// The answer is an earlier call's.
    pub replayed: bool,
    /// What was done item by item ([`Step::Items`]).
    pub items: Option<Box<Items>>,
}

/// What came of items that are applied each by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items {
    /// Rows that they changed.
    pub changes: i64,
    /// The first that failed, and why: it and those after it are not applied.
    pub failed: Option<(usize, Error)>,
}

/// Why a read or write was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The row to change is not there, or the caller cannot see it.
    NotFound,
    /// The rule for the row before or after the change does not hold.
    Denied,
    /// The row has another version than the caller said.
    VersionMismatch,
    /// Another row has the same values in these fields.
    Unique {
        /// Whose.
        resource: ResourceId,
        /// Which fields.
        fields: Vec<FieldId>,
    },
    /// What was given for these fields cannot be written.
    Unfit {
        /// Whose.
        resource: ResourceId,
        /// Which fields.
        fields: Vec<FieldId>,
        /// Why.
        why: Unfit,
    },
    /// A to-one field points to a row that is not there.
    DanglingReference,
    /// The row cannot be deleted because others point to it.
    StillReferenced,
    /// An expectation of an `@sql` statement did not hold: its error code.
    Refused(String),
    /// The idempotency key was used with another input.
    IdempotencyMismatch,
    /// It was done before, with the same idempotency key; its answer was too large to be kept.
    AnswerNotKept,
    /// The reply would be larger than allowed.
    TooLarge,
    /// The reply was taken too slowly, and what was left of it would be larger than allowed.
    TooSlow,
    /// The deadline passed.
    Timeout,
    /// The changes take longer than one mutation may hold the writer; nothing was done.
    WriteTooLong,
    /// What is answered takes longer to read than it may before the changes are committed; nothing was done.
    AnswerTooLong,
    /// The changes are made, but what is answered could not be read.
    Unanswered(Box<Error>),
    /// A queue is full or the database cannot be reached; nothing was done.
    Unavailable(&'static str),
    /// The disk or the file fails: coming again does not help by itself.
    Storage(StorageFault),
    /// A value does not fit a field: of another type, not of its form, missing, or not passing its checks.
    Misfit {
        /// Whose.
        resource: ResourceId,
        /// Which field.
        field: FieldId,
        /// What is wrong, said of the field: "must have a value".
        what: String,
    },
    /// A value does not fit (an overflow in SQL): the public part says what.
    BadValue(String),
    /// Anything else; the text is private.
    Internal(String),
}

/// Why a value cannot be written that makes sense by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// The field is set when the record is created, and the record is there with another value, or with one that the
    /// caller may not read.
    Immutable,
    /// A new record cannot have an integer key above [`KEY_MAX`].
    KeyTooLarge,
    /// A new record whose keys are UUIDs cannot have another key.
    KeyNotUuid,
}

/// The greatest integer key that a new record can be given. Keys that the database counts go on above the greatest that is
/// there, so one at the end of the range would leave none. This one is exact in every number of JSON, and leaves a
/// thousand times as many.
pub const KEY_MAX: i64 = (1 << 53) - 1;

/// Why a plan could not be made. Only a defect in the caller or in `@sql` makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub String);

/// How the rows of an `@sql` operation's last statement become its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlAnswer {
    /// Nothing is answered but that it was done.
    Nothing,
    /// One scalar: the first column of the first row.
    Scalar,
    /// Columns become fields of an output object by name, in the order of the shape.
    Object(Vec<SqlField>),
    /// The column named as the key field gives the keys of records that are read under the caller's rules.
    Records {
        /// What to read of each; the filter compares the key with `key`.
        select: Box<Select>,
        /// The parameter of `select` that takes the key.
        key: Param,
        /// The column.
        column: String,
    },
}

/// One field of an `@sql` operation's output object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlField {
    /// The column of this name.
    Column(String),
    /// The record whose key is in the column of this name, read under the caller's rules.
    Record {
        /// The column.
        column: String,
        /// What to read.
        select: Box<Select>,
        /// The parameter of `select` that takes the key.
        key: Param,
    },
    /// The caller may not see it: null.
    Hidden,
    /// The name of the object's type.
    TypeName,
}

/// Who supplies a named parameter of an `@sql` operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlParameter {
    /// An argument, or a member of the `each:` item, by name.
    Argument(String),
    /// `:_caller_id`: the caller's id or null.
    CallerId,
    /// `:_now`: the time of the call.
    Now,
    /// `:_changes`: rows changed so far by this operation. The store fills it in; the value given is not
    /// used.
    Changes,
    /// `:_new_id`: a new UUIDv7, the same in all statements of a run.
    NewId,
}

impl Store {
    /// Compiles a read. `shape.fields` corresponds to `select.outputs` one to one, at every level.
    pub fn plan_read(&self, select: &Select, shape: Shape, root: Root) -> Result<ReadPlan, PlanError> {
        ReadPlan::records(&self.inner.contract, select, shape, root)
    }

    /// Compiles counting the rows of a select. Its order, limit and offset do not matter, and its outputs
    /// only by what is `inner` in them.
    pub fn plan_count(&self, select: &Select) -> Result<ReadPlan, PlanError> {
        ReadPlan::count(&self.inner.contract, select)
    }

    /// Compiles values over rows: [`Root::One`] of all of them, [`Root::List`] of each group.
    pub fn plan_aggregate(
        &self,
        aggregate: &Aggregate,
        shape: Shape,
        root: Root,
    ) -> Result<ReadPlan, PlanError> {
        ReadPlan::aggregate(&self.inner.contract, aggregate, shape, root)
    }

    /// Compiles a write.
    pub fn plan_write(&self, write: &Write) -> Result<WritePlan, PlanError> {
        WritePlan::new(&self.inner.contract, Dialect::Sqlite, write)
    }

    /// Compiles the statements and the answer of an `@sql` operation.
    pub fn plan_sql(
        &self,
        operation: OperationId,
        answer: &SqlAnswer,
        shape: Option<Shape>,
        root: Root,
    ) -> Result<SqlPlan, PlanError> {
        SqlPlan::new(&self.inner.contract, operation, answer, shape, root)
    }

    /// Runs a read.
    pub async fn read(
        &self,
        plan: &Arc<ReadPlan>,
        params: Vec<Value>,
        format: Format,
        bounds: Bounds,
    ) -> Result<Reply, Error> {
        self.noted(self.inner.readers.read(plan, params, format, bounds).await)
    }

    /// Counts.
    pub async fn count(
        &self,
        plan: &Arc<ReadPlan>,
        params: Vec<Value>,
        bounds: Bounds,
    ) -> Result<u64, Error> {
        self.noted(self.inner.readers.count(plan, params, bounds).await)
    }

    /// Runs the statements of a reading `@sql` operation.
    pub async fn read_sql(
        &self,
        plan: &Arc<SqlPlan>,
        run: Vec<Value>,
        answer_params: Vec<Value>,
        format: Format,
        bounds: Bounds,
    ) -> Result<Reply, Error> {
        let (contract, own) = (Arc::clone(&self.inner.contract), Arc::clone(plan));
        let read = self.inner.readers.run_kept(&plan.proved, bounds.clone(), move |conn, kept| {
            let values = Values { params: &answer_params, given: &run };
            let target = Target { format, bytes_max: bounds.reply_bytes_max, pouring: None };
            own.read(conn, kept, &contract, values, target)
        });
        self.noted(read.await)
    }

    /// Runs the statements of a reading `@sql` operation as [`Store::read_sql`] does, and gives a long reply in pieces: of
    /// a list in a format of envelopes those that have been written, while the rest is read. `bounds` are then those of
    /// what is held. The snapshot is one.
    ///
    /// # Errors
    /// As [`Store::read_sql`]; what comes after the first pieces says it later. [`Error::TooSlow`].
    pub fn flow_sql(
        &self,
        plan: &Arc<SqlPlan>,
        run: Vec<Value>,
        answer_params: Vec<Value>,
        format: Format,
        bounds: Bounds,
    ) -> Result<Flow, Error> {
        let (contract, own) = (Arc::clone(&self.inner.contract), Arc::clone(plan));
        let flow = self.inner.readers.flow(&plan.proved, bounds.clone(), move |conn, kept, pouring| {
            let values = Values { params: &answer_params, given: &run };
            let target = Target { format, bytes_max: bounds.reply_bytes_max, pouring };
            own.read(conn, kept, &contract, values, target)
        });
        self.noted(flow)
    }

    /// Makes changes: all or nothing, durable when it returns `Ok`. At the deadline it is answered whether its turn has
    /// come or not; a change that has not begun by then is not made.
    ///
    /// An answer that takes long to read is read when the changes are committed: it is then the record as it is after
    /// them, or later.
    pub async fn write(&self, mutation: Mutation) -> Result<Written, Failed> {
        self.noted_write(self.written(mutation).await)
    }

    async fn written(&self, mutation: Mutation) -> Result<Written, Failed> {
        let Answered { written, later } =
            self.inner.writer.write(mutation, References::EachStatement).await?;
        let Some(later) = later else { return Ok(written) };
        let bounds = later.bounds.clone();
        let read = self.inner.readers.elsewhere(bounds, move |conn, kept| later.read(conn, kept));
        let reply = Box::pin(read).await.map_err(|error| Error::Unanswered(Box::new(error)))?;
        Ok(Written { reply, ..written })
    }

    /// Makes changes as [`Store::write`] does, but a step may point to rows that only a later one makes: references are
    /// judged when all steps are done, and one that dangles then is no step's failure.
    pub async fn import(&self, mutation: Mutation) -> Result<Written, Failed> {
        let written = self.inner.writer.write(mutation, References::AllSteps).await;
        self.noted_write(written.map(|answered| answered.written))
    }

    /// Events of the outbox after a place in their order, the oldest first, at most `limit` (and 10,000) of
    /// them.
    pub fn events(&self, after_seq: i64, limit: u32) -> Result<Vec<Event>, Error> {
        self.inner.writer.events(after_seq, limit)
    }

    /// What is wrong with the disk or the file, as far as reads and writes have shown.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        self.inner.health.fault()
    }

    /// Tries whether the file can be written, which [`Store::storage_fault`] then says. Blocks for a moment.
    pub fn probe_storage(&self) {
        storage::probe(self.inner.database.path(), &self.inner.health);
    }

    fn noted<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Storage(fault)) = &result {
            self.inner.health.failed(*fault);
        }
        result
    }

    fn noted_write(&self, result: Result<Written, Failed>) -> Result<Written, Failed> {
        match &result {
            Ok(_) => self.inner.health.written(),
            Err(Failed { error: Error::Storage(fault), .. }) => self.inner.health.failed(*fault),
            Err(_) => {}
        }
        result
    }

    /// Ends the calling thread's held read snapshot. To be called whenever a thread that reads goes to sleep.
    pub fn release_thread(&self) {
        self.inner.readers.release_thread();
    }
}

/// Why a store could not be opened.
#[derive(Debug)]
pub struct OpenError(pub String);
