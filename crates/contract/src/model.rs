//! The compiled contract: plain data, fully resolved.

use crate::diagnostic::{Sources, Span};
use crate::numbers::Numbers;
use crate::rule::Rule;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u16);
        impl $name {
            /// The position in its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id! {
    /// A resource, by its position in [`Contract::resources`].
    ResourceId,
    /// A field, by its position in [`Resource::fields`] or [`Object::fields`].
    FieldId,
    /// An operation, by its position in [`Contract::operations`].
    OperationId,
    /// An enum, by its position in [`Contract::enums`].
    EnumId,
    /// An output type that is not stored, by its position in [`Contract::objects`].
    ObjectId,
    /// An input type, by its position in [`Contract::inputs`].
    InputId,
    /// An interface or union, by its position in [`Contract::abstracts`].
    AbstractId,
    /// A channel, by its position in [`Contract::channels`].
    ChannelId,
}

/// The protobuf field number of a record's version.
pub const VERSION_NUMBER: u32 = 9_999;
/// The protobuf field number of a relation's count is the relation's own and this.
const COUNT_NUMBERS_FROM: u32 = 10_000;
/// Protocol buffers keep 19,000 to 19,999 to themselves.
const KEPT_NUMBERS: (u32, u32) = (19_000, 1_000);

/// The protobuf field number of the count of a relation of this number.
pub fn count_number(relation: u32) -> u32 {
    let number = COUNT_NUMBERS_FROM + relation;
    if number < KEPT_NUMBERS.0 { number } else { number + KEPT_NUMBERS.1 }
}

/// The protobuf field number of the number of records that a value is over.
pub const COUNT_NUMBER: u32 = 1;

/// A whole API, checked. Immutable; a reload makes a new one.
#[derive(Debug, Clone)]
pub struct Contract {
    /// `@contract(name:)`.
    pub name: String,
    /// `@contract(version:)`, a semantic version.
    pub version: String,
    /// The schema's description.
    pub description: Option<String>,
    /// Stored types, in the order of the files.
    pub resources: Vec<Resource>,
    /// Output types that are not stored.
    pub objects: Vec<Object>,
    /// Input types.
    pub inputs: Vec<Input>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Interfaces and unions.
    pub abstracts: Vec<Abstract>,
    /// Everything callable: the standard operations of every resource, then the contract's own.
    pub operations: Vec<Operation>,
    /// Typed message channels.
    pub channels: Vec<Channel>,
    /// The protobuf numbers that there are and ever were.
    pub numbers: Numbers,
    /// The texts, for diagnostics found after loading (SQL is checked by the store).
    pub sources: Sources,
}

/// A named type with its place in a list and whether it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeRef {
    /// The named type.
    pub base: Base,
    /// Whether it is one or many.
    pub arity: Arity,
    /// `!` at the outside: the value (or the list) is never null.
    pub required: bool,
}

/// One value or a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arity {
    /// One value.
    One,
    /// A list.
    List {
        /// `!` inside the brackets: no item is null.
        item_required: bool,
    },
}

/// A named type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// A built-in scalar.
    Scalar(Scalar),
    /// An enum.
    Enum(EnumId),
    /// A stored type: as a field this is a relation.
    Resource(ResourceId),
    /// An output type that is not stored; as a resource's field it is kept as JSON.
    Object(ObjectId),
    /// An input type (arguments only).
    Input(InputId),
    /// An interface or union (results only).
    Abstract(AbstractId),
}

/// Digits of a decimal at the most.
pub const DECIMAL_DIGITS_MAX: u32 = 18;
/// Microseconds of a duration at the most, either way: what `google.protobuf.Duration` allows, about 10,000 years.
pub const DURATION_MICROS_MAX: i64 = 315_576_000_000 * 1_000_000;
/// Characters of a key at the most.
pub const ID_CHARS_MAX: usize = 255;

/// The built-in scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// A key. How it is made is [`Resource::key_kind`]; on every wire it is text.
    Id,
    /// UTF-8 text.
    String,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer; text in JSON, because JSON readers lose digits above 2^53.
    Long,
    /// IEEE 754 double, finite.
    Float,
    /// true or false.
    Boolean,
    /// An exact decimal with this many digits after the point (`@decimal(scale:)`, 2 when not given);
    /// 18 digits in all; text in JSON.
    Decimal {
        /// Digits after the point, 0 to 18.
        scale: u8,
    },
    /// An instant, RFC 3339, kept in UTC with microseconds.
    DateTime,
    /// A calendar date, `2026-11-22`.
    Date,
    /// A time of day with microseconds, `18:32:34.000000`.
    Time,
    /// A length of time, ISO 8601 in hours and smaller (`PT1H30M`), kept in microseconds.
    Duration,
    /// A UUID, lower case with hyphens.
    Uuid,
    /// Any JSON value.
    Json,
    /// Bytes; base64 in JSON.
    Bytes,
    /// An absolute URL.
    Url,
    /// An e-mail address.
    Email,
}

impl Scalar {
    /// All of them; a decimal has the digits that it has when the contract does not say.
    pub const ALL: [Self; 16] = [
        Self::Id,
        Self::String,
        Self::Int,
        Self::Long,
        Self::Float,
        Self::Boolean,
        Self::Decimal { scale: 2 },
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::Uuid,
        Self::Json,
        Self::Bytes,
        Self::Url,
        Self::Email,
    ];

    /// Its name in contracts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::String => "String",
            Self::Int => "Int",
            Self::Long => "Long",
            Self::Float => "Float",
            Self::Boolean => "Boolean",
            Self::Decimal { .. } => "Decimal",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::Duration => "Duration",
            Self::Uuid => "UUID",
            Self::Json => "JSON",
            Self::Bytes => "Bytes",
            Self::Url => "URL",
            Self::Email => "Email",
        }
    }
}

/// An enum.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its values in the order written.
    pub values: Vec<EnumValue>,
    /// The type's name in the text.
    pub span: Span,
}

/// One value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// Its name, which is also how it is stored.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Its protobuf number, from 1: 0 stands for no value.
    pub number: u32,
    /// The value's name in the text.
    pub span: Span,
}

/// A stored type.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The type's name, `User`.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The collection's name in paths and plural root fields, `users`.
    pub plural: String,
    /// The table, `user`.
    pub table: String,
    /// All fields in the order written.
    pub fields: Vec<Field>,
    /// The key: always a required scalar field of type `ID`.
    pub key: FieldId,
    /// How keys come to be.
    pub key_kind: KeyKind,
    /// `@unique(fields:)` on the type: sets of fields that are unique together.
    pub unique: Vec<Vec<FieldId>>,
    /// `@index(fields:)` on the type.
    pub indexes: Vec<Vec<FieldId>>,
    /// Rows are marked as deleted and hidden rather than removed.
    pub soft_delete: bool,
    /// Who may do what. An absent rule means nobody.
    pub access: Access,
    /// `@login`: which fields identify and prove a person.
    pub login: Option<Login>,
    /// `@cache`.
    pub cache: Option<Cache>,
    /// `@cost`, 1 when not given.
    pub cost: u32,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// The interfaces it implements.
    pub implements: Vec<AbstractId>,
    /// The type's name in the text.
    pub span: Span,
}

/// How a resource's keys come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A UUIDv7 made by the server unless a client with the right to create gives one on upsert or load.
    Uuid,
    /// A growing integer made by the database.
    Integer,
    /// Text that the client must give.
    Client,
}

/// The rules of a resource, one per action; `None` is closed.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Which rows may be read.
    pub read: Option<Rule>,
    /// Which rows may be created (the new row is judged).
    pub create: Option<Rule>,
    /// Which rows may be changed (the row is judged before and after).
    pub update: Option<Rule>,
    /// Which rows may be deleted.
    pub delete: Option<Rule>,
}

/// `@login(identity:, secret:)`.
#[derive(Debug, Clone, Copy)]
pub struct Login {
    /// The unique field that names the person.
    pub identity: FieldId,
    /// The `@secret` field.
    pub secret: FieldId,
}

/// `@cache(maxAge:, scope:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cache {
    /// Seconds an answer stays fresh.
    pub max_age_s: u32,
    /// Whether shared caches may keep it.
    pub scope: CacheScope,
}

/// Who may keep a cached answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// Any cache.
    Public,
    /// The caller's own cache only.
    Private,
}

/// A field of a resource or of an output object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the contract, which is its JSON key and GraphQL name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Its type.
    pub ty: TypeRef,
    /// Where its value comes from.
    pub source: Source,
    /// `@access(read:)` on the field: rows for which it is false show null. `None`: as the row.
    pub read: Option<Rule>,
    /// `@access(write:)` on the field: who may set it. `None`: as the row.
    pub write: Option<Rule>,
    /// `@length`, `@range`, `@pattern`, `@format`.
    pub checks: Checks,
    /// Its protobuf field number.
    pub number: u32,
    /// `@xml`.
    pub xml: Xml,
    /// The field's name in the text.
    pub span: Span,
}

impl Field {
    /// The column, where the field is kept in one (its own value or the key of the one it points to).
    pub fn column(&self) -> Option<&Column> {
        match &self.source {
            Source::Column(column) => Some(column),
            Source::Relation(_) | Source::Computed(_) | Source::Result => None,
        }
    }

    /// The resource the field points to or lists.
    pub fn target(&self) -> Option<ResourceId> {
        match self.ty.base {
            Base::Resource(id) => Some(id),
            Base::Scalar(_) | Base::Enum(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => None,
        }
    }

    /// Whether the field can ever be in a reply.
    pub fn is_secret(&self) -> bool {
        self.column().is_some_and(|c| c.secret)
    }
}

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A column of the row. When the type is a resource (a to-one relation) it holds the other row's key,
    /// and the field read without a selection of its own is that key.
    Column(Column),
    /// Rows of another resource (to-many).
    Relation(Relation),
    /// `@computed(expr:)`: a rule-language expression over the row.
    Computed(Rule),
    /// A field of an output object: filled by the operation's result.
    Result,
}

/// How a field is kept.
#[derive(Debug, Clone)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// `@unique`.
    pub unique: bool,
    /// `@index` (relations are indexed always).
    pub index: bool,
    /// `@default(value:)`: used when a create leaves the field out.
    pub default: Option<Literal>,
    /// `@assign(from:)`: always set by the server, never by a client.
    pub assign: Option<Assign>,
    /// `@immutable`: set at creation, refused afterwards.
    pub immutable: bool,
    /// `@secret`: hashed with argon2id when written, never readable.
    pub secret: bool,
    /// What happens to this row when the row it points to is deleted (to-one only).
    pub on_delete: OnDelete,
}

/// `@relation(onDelete:)` on a to-one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnDelete {
    /// The delete is refused with a conflict.
    Restrict,
    /// This row is deleted too.
    Cascade,
    /// The field becomes null (it must be nullable).
    SetNull,
}

/// What the server puts into an assigned field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assign {
    /// `caller.id`, at creation.
    CallerId,
    /// `now`, at creation.
    Now,
    /// `now`, at creation and at each change (`@assign(from: "now", on: [CREATE, UPDATE])`).
    NowOnChange,
}

/// A to-many relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `@relation(by:)`: rows of the target whose to-one `field` is this row.
    By {
        /// A field of the target.
        field: FieldId,
    },
    /// `@relation(through:, from:, to:)`: rows of the target joined by rows of `join`.
    Through {
        /// The join resource.
        join: ResourceId,
        /// The join's to-one field that is this row.
        from: FieldId,
        /// The join's to-one field that is the target's row.
        to: FieldId,
    },
}

/// Validation of one value; every failure names the field.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// `@length`: characters of a text, bytes of `Bytes`, items of a list.
    pub length: Option<Bounds<u32>>,
    /// `@range`: of a number, a decimal or a date, as written.
    pub range: Option<Bounds<Literal>>,
    /// `@pattern(regex:)`: must match somewhere; anchored by its own `^` and `$`. Linear time.
    pub pattern: Option<String>,
    /// `@format(as:)`.
    pub format: Option<Format>,
}

impl Checks {
    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.length.is_none() && self.range.is_none() && self.pattern.is_none() && self.format.is_none()
    }
}

/// Inclusive bounds.
#[derive(Debug, Clone, Default)]
pub struct Bounds<T> {
    /// The least allowed.
    pub min: Option<T>,
    /// The greatest allowed.
    pub max: Option<T>,
}

/// `@format(as:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An e-mail address.
    Email,
    /// An absolute URL.
    Url,
    /// A UUID.
    Uuid,
    /// A host name.
    Hostname,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// ASCII letters, digits and hyphens.
    Slug,
    /// An E.164 telephone number.
    Phone,
}

/// `@xml(attribute:, text:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Xml {
    /// A child element.
    #[default]
    Element,
    /// An attribute of the parent element.
    Attribute,
    /// The parent element's text.
    Text,
}

/// An output type that is not stored.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its fields; their [`Source`] is [`Source::Result`].
    pub fields: Vec<Field>,
    /// The interfaces it implements.
    pub implements: Vec<AbstractId>,
    /// The type's name in the text.
    pub span: Span,
}

/// An input type.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its fields.
    pub fields: Vec<Argument>,
    /// `@oneOf`: exactly one field is given and it is not null.
    pub one_of: bool,
    /// The type's name in the text.
    pub span: Span,
}

/// An interface or a union.
#[derive(Debug, Clone)]
pub struct Abstract {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// An interface's fields; empty for a union.
    pub fields: Vec<Field>,
    /// The types it can be.
    pub members: Vec<Base>,
    /// The type's name in the text.
    pub span: Span,
}

/// An argument of an operation or a field of an input type.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Its type.
    pub ty: TypeRef,
    /// Used when the argument is absent.
    pub default: Option<Literal>,
    /// Validation.
    pub checks: Checks,
    /// `@stream`: arrives item by item (lists only).
    pub stream: bool,
    /// For a storage binding: the field of the bound resource that the argument is for.
    pub field: Option<FieldId>,
    /// Its protobuf field number.
    pub number: u32,
    /// `@xml`.
    pub xml: Xml,
    /// The argument's name in the text.
    pub span: Span,
}

/// A constant written in the contract.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// null.
    Null,
    /// true or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a point or exponent, as written.
    Number(String),
    /// Text.
    Text(String),
    /// An enum value's name.
    Enum(String),
    /// A list.
    List(Vec<Literal>),
    /// An object.
    Object(Vec<(String, Literal)>),
}

/// One callable thing.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name: the GraphQL root field, `transferFunds`.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Whether it reads, writes or subscribes.
    pub root: Root,
    /// Its own arguments. Standard operations have none here: their inputs follow from the binding.
    pub arguments: Vec<Argument>,
    /// What it answers.
    pub result: TypeRef,
    /// A list result is sent item by item where the wire can (`@stream` on the field).
    pub stream: bool,
    /// What it does.
    pub binding: Binding,
    /// `@access(call:)` of an own operation, over `caller`, the arguments and `now`. Standard operations and
    /// storage bindings are judged by the resource's rules, and by this one too when it is there.
    pub rule: Option<Rule>,
    /// `@cost`.
    pub cost: u32,
    /// `@limit(calls:, per:)`: this operation's own bucket per caller.
    pub limit: Option<CallLimit>,
    /// `@cache`.
    pub cache: Option<Cache>,
    /// `@idempotent`: an idempotency key is honoured.
    pub idempotent: bool,
    /// `@emits`.
    pub emits: Vec<Emit>,
    /// `@inbound`: the verified incoming webhook that calls the operation.
    pub inbound: Option<Inbound>,
    /// `@error`: the refusals the operation may answer with.
    pub errors: Vec<ErrorCode>,
    /// Its place in REST; `None` where `@rest(off: true)` or the binding has none.
    pub rest: Option<RestRoute>,
    /// Its place in gRPC.
    pub rpc: Option<RpcMethod>,
    /// Its place in SOAP.
    pub soap: Option<SoapOperation>,
    /// The operation's name in the text, or the resource's for a standard operation.
    pub span: Span,
}

/// Whether an operation reads, writes or subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// Changes nothing.
    Query,
    /// Changes data in one transaction.
    Mutation,
    /// Delivers events as they happen.
    Subscription,
}

/// What an operation does.
#[derive(Debug, Clone)]
pub enum Binding {
    /// One row by key, or by the arguments' fields.
    Get(ResourceId),
    /// Rows of a resource.
    List(ResourceId),
    /// How many rows there are.
    Count(ResourceId),
    /// A new row.
    Create(ResourceId),
    /// Changes some fields of a row.
    Update(ResourceId),
    /// Creates the row with this key, or sets the given fields of it.
    Upsert(ResourceId),
    /// Removes a row.
    Delete(ResourceId),
    /// Many creates, updates, upserts and deletes of one resource in one transaction.
    Batch(ResourceId),
    /// Counts, sums, averages, least and greatest values of rows, also by group.
    Aggregate(ResourceId),
    /// The rows of a to-many relation of one row (a nested collection).
    Related {
        /// The parent.
        parent: ResourceId,
        /// The parent's to-many field.
        field: FieldId,
    },
    /// SQL in one transaction.
    Sql(SqlBinding),
    /// An upstream over HTTP.
    Http(HttpBinding),
    /// An upstream over gRPC.
    Grpc(GrpcBinding),
    /// Publishes to or subscribes to a channel.
    Channel(ChannelId),
    /// `@on(event:)`: events of a resource, or emitted ones.
    Event(EventBinding),
}

impl Binding {
    /// The resource whose fields the operation's arguments, or the members of its input, are for.
    pub fn resource(&self) -> Option<ResourceId> {
        match self {
            Binding::Get(id)
            | Binding::List(id)
            | Binding::Count(id)
            | Binding::Create(id)
            | Binding::Update(id)
            | Binding::Upsert(id)
            | Binding::Delete(id)
            | Binding::Batch(id)
            | Binding::Aggregate(id) => Some(*id),
            Binding::Related { .. } | Binding::Sql(_) | Binding::Http(_) | Binding::Grpc(_) => None,
            Binding::Channel(_) | Binding::Event(_) => None,
        }
    }
}

/// `@sql`.
#[derive(Debug, Clone)]
pub struct SqlBinding {
    /// `each:`: run once per item of a list argument, before the others.
    pub each: Option<SqlEach>,
    /// `run:` or `file:`: run in order; the last one that returns rows makes the answer.
    pub statements: Vec<SqlStatement>,
}

/// Statements that run once per item of a list argument.
#[derive(Debug, Clone)]
pub struct SqlEach {
    /// The position of the list argument.
    pub argument: usize,
    /// The statements; their parameters are the item's members, or `:item` when the item is a scalar.
    pub statements: Vec<SqlStatement>,
    /// Whether items stand and fall together.
    pub atomicity: Atomicity,
}

/// Whether the items of a list are applied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Atomicity {
    /// All of them, or none.
    All,
    /// Each by itself: those before one that is refused stay.
    EachItem,
}

/// One statement with what it must do.
#[derive(Debug, Clone)]
pub struct SqlStatement {
    /// The statement's text, with `:name` parameters.
    pub text: String,
    /// For every byte of `text`, where that byte stands in the source (so a finding inside an escaped or block
    /// string is shown at its own place).
    pub places: Places,
    /// What must hold after it ran.
    pub expect: Option<Expectation>,
}

/// Maps bytes of an unescaped string to its source.
#[derive(Debug, Clone)]
pub struct Places {
    /// The span of the whole literal or statement.
    pub span: Span,
    /// Source byte per text byte, with one more at the end; empty when the text stands in the source as it is,
    /// beginning at `span.start`.
    pub map: Vec<u32>,
}

impl Places {
    /// The source span of bytes `start..end` of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let at = |i: usize| match self.map.get(i).or(self.map.last()) {
            Some(byte) => *byte,
            None => self.span.start + u32::try_from(i).unwrap_or(0),
        };
        Span { file: self.span.file, start: at(start), end: at(end).max(at(start)) }
    }
}

/// What a statement must do, or the operation is refused and rolled back.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Rows returned (by a `SELECT` or `RETURNING`) or changed (otherwise).
    pub rows: RowCount,
    /// The refusal: an `@error` of the operation.
    pub error: String,
}

/// A number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCount {
    /// Exactly one.
    One,
    /// At least one.
    Some,
    /// None.
    None,
    /// Exactly this many.
    Exactly(u32),
}

/// `@error(code:, kind:, message:)`: a refusal an operation may answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// The stable code, `INSUFFICIENT_FUNDS`.
    pub code: String,
    /// Its kind, from those a contract may use.
    pub kind: ErrorKind,
    /// The public message.
    pub message: String,
}

/// The kinds of refusal a contract may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Who calls is known and may not.
    Denied,
    /// The input makes no sense.
    Invalid,
    /// Something named is not there.
    NotFound,
    /// The state of things does not allow it.
    Conflict,
    /// A condition the caller stated does not hold.
    Precondition,
}

/// `@http(method:, url:)`.
#[derive(Debug, Clone)]
pub struct HttpBinding {
    /// The method.
    pub method: Method,
    /// A URL template with `{argument}` places.
    pub url: String,
}

/// `@grpc(url:, service:, method:)`.
#[derive(Debug, Clone)]
pub struct GrpcBinding {
    /// The upstream's URL.
    pub url: String,
    /// The full service name.
    pub service: String,
    /// The method.
    pub method: String,
}

/// `@on(event:)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBinding {
    /// A change of rows.
    Change {
        /// Whose rows.
        resource: ResourceId,
        /// Which change.
        change: Change,
    },
    /// An event named in some operation's `@emits`.
    Emitted(String),
}

/// A change of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It was created.
    Created,
    /// Some fields changed.
    Updated,
    /// It was deleted.
    Deleted,
}

/// `@emits(event:, on:)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emit {
    /// The event's dotted name, `payment.succeeded`.
    pub event: String,
    /// Whether it is for success or for a refusal by one of the operation's own `@error`s.
    pub on: Outcome,
}

/// `@inbound(source:, event:, args:)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The configured source, `stripe`.
    pub source: String,
    /// The event's type, `payment_intent.succeeded`.
    pub event: String,
    /// For each argument the path of its value in the event, `data.object.id`.
    pub args: Vec<(String, String)>,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused by one of its own errors.
    Failure,
}

/// `@limit(calls:, per:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimit {
    /// How many calls.
    pub calls: u32,
    /// In how many seconds.
    pub per_s: u32,
}

/// Where an operation is in REST, relative to the API's base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRoute {
    /// The method.
    pub method: Method,
    /// The path template, `/users/{id}`.
    pub path: String,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// Where an operation is in gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcMethod {
    /// The package of the service.
    pub package: RpcPackage,
    /// The service without its package, `ProductService`.
    pub service: String,
    /// The method, `GetProduct`.
    pub method: String,
    /// The request message's name, when `@rpc(request:)` says it.
    pub request: Option<String>,
    /// The response message's name, when `@rpc(response:)` says it.
    pub response: Option<String>,
}

/// The package of a service, which decides how messages are named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RpcPackage {
    /// The contract's own, [`Contract::rpc_package`]: names follow from the contract.
    Own,
    /// The one that `@rpc(service:)` names, or none where the service has no dot: names are as the contract has them.
    Named(String),
}

/// Where an operation is in SOAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapOperation {
    /// The operation, `TransferFunds`.
    pub operation: String,
    /// The namespace.
    pub namespace: String,
}

/// `@channel`: a typed message under a path pattern.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The message type's name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The path pattern, `chat/{room}`.
    pub path: String,
    /// The message's fields; their [`Source`] is [`Source::Column`], whose `default` and `assign` hold for messages
    /// as they do for rows.
    pub fields: Vec<Field>,
    /// How many messages are kept per path.
    pub history: u32,
    /// Whether who is there is told.
    pub presence: bool,
    /// Messages a minute per member, when limited.
    pub rate_per_min: Option<u32>,
    /// Who may publish, over `caller`, the message's fields, the path's places and `now`. In a channel's rules the
    /// arguments are [`Channel::places`], in their order.
    pub publish: Option<Rule>,
    /// Who may subscribe.
    pub subscribe: Option<Rule>,
    /// The type's name in the text.
    pub span: Span,
}

impl Contract {
    /// The arguments of an operation that are for secret fields.
    pub fn secret_arguments<'a>(&'a self, operation: &'a Operation) -> impl Iterator<Item = &'a str> {
        let resource = operation.binding.resource().map(|id| self.resource(id));
        let is_secret = move |argument: &&Argument| {
            argument.field.zip(resource).is_some_and(|(field, resource)| resource.field(field).is_secret())
        };
        operation.arguments.iter().filter(is_secret).map(|argument| argument.name.as_str())
    }

    /// A resource by id.
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.index()]
    }

    /// Every name that the contract gives to something that callers meet; some come more than once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for resource in &self.resources {
            names.extend([resource.name.as_str(), resource.plural.as_str()]);
            names.extend(resource.fields.iter().map(|field| field.name.as_str()));
        }
        for (name, own) in self
            .objects
            .iter()
            .map(|object| (&object.name, &object.fields))
            .chain(self.abstracts.iter().map(|one| (&one.name, &one.fields)))
            .chain(self.channels.iter().map(|channel| (&channel.name, &channel.fields)))
        {
            names.push(name);
            names.extend(own.iter().map(|field| field.name.as_str()));
        }
        for input in &self.inputs {
            names.push(&input.name);
            names.extend(input.fields.iter().map(|field| field.name.as_str()));
        }
        for of in &self.enums {
            names.push(&of.name);
            names.extend(of.values.iter().map(|value| value.name.as_str()));
        }
        for operation in &self.operations {
            names.push(&operation.name);
            names.extend(operation.arguments.iter().map(|argument| argument.name.as_str()));
        }
        names
    }

    /// The codes of the contract's own errors.
    pub fn error_codes(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().flat_map(|operation| &operation.errors).map(|error| error.code.as_str())
    }

    /// An operation by id.
    pub fn operation(&self, id: OperationId) -> &Operation {
        &self.operations[id.index()]
    }

    /// The protobuf package of what the contract does not place itself: `my_shop.v1` for version 1.4.2 of `my-shop`.
    pub fn rpc_package(&self) -> String {
        crate::names::rpc_package(&self.name, &self.version)
    }

    /// Whether a reply may hold null for a field of a record: because the contract allows it, because the field has a
    /// read rule of its own, or because the record that it points to may be hidden by a rule about rows.
    pub fn may_be_null(&self, field: &Field) -> bool {
        let hides_rows = |target: ResourceId| {
            let rule = self.resource(target).access.read.as_ref();
            rule.is_none_or(|rule| rule.expr.depends_on_record())
        };
        let is_to_one = field.ty.arity == Arity::One;
        !field.ty.required || field.read.is_some() || is_to_one && field.target().is_some_and(hides_rows)
    }

    /// An operation by its name.
    pub fn operation_named(&self, name: &str) -> Option<OperationId> {
        self.operations.iter().position(|o| o.name == name).map(|i| OperationId(i as u16))
    }

    /// A resource by its type name.
    pub fn resource_named(&self, name: &str) -> Option<ResourceId> {
        self.resources.iter().position(|r| r.name == name).map(|i| ResourceId(i as u16))
    }

    /// All operations with their ids.
    pub fn operations(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        self.operations.iter().enumerate().map(|(i, o)| (OperationId(i as u16), o))
    }

    /// All resources with their ids.
    pub fn resources(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        self.resources.iter().enumerate().map(|(i, r)| (ResourceId(i as u16), r))
    }
}

impl Channel {
    /// The names of the places in the path, in their order: `room` of `chat/{room}`.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

impl Resource {
    /// A field by id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.index()]
    }

    /// A field by name.
    pub fn field_named(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|f| f.name == name).map(|i| FieldId(i as u16))
    }

    /// The key field.
    pub fn key_field(&self) -> &Field {
        self.field(self.key)
    }

    /// All fields with their ids.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields.iter().enumerate().map(|(i, f)| (FieldId(i as u16), f))
    }
}
