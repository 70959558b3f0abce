//! The resolved model: what is printed, what requests are read by, and what methods are found by.

use contract::{FieldId, OperationId, ResourceId, Scalar};

/// Everything that a contract offers as protocol buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The contract's name, as it is written there: that of files.
    pub contract: String,
    /// In the order of their names; the one without a name first.
    pub packages: Vec<Package>,
    /// All messages, by [`MessageId`].
    pub messages: Vec<Message>,
    /// All enums, by [`EnumId`].
    pub enums: Vec<Enum>,
}

/// A package, which is one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `tour.v1`, or nothing.
    pub name: String,
    /// In the order of their names.
    pub services: Vec<Service>,
    /// Its messages, in the order in which they are printed.
    pub messages: Vec<MessageId>,
    /// Its enums.
    pub enums: Vec<EnumId>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// With its package: `tour.v1.UserService`.
    pub full_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// In the order of the contract's operations.
    pub methods: Vec<Method>,
}

/// A method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// `GetProduct`.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// The operation that it calls.
    pub operation: OperationId,
    /// What it does.
    pub does: Does,
    /// Which sides send many messages.
    pub streaming: Streaming,
    /// What is sent to it (of which many, where the client streams).
    pub request: MessageId,
    /// What it answers (with many of which, where the server streams).
    pub response: MessageId,
    /// How the operation's answer stands in the response.
    pub reply: Reply,
    /// It changes nothing (`idempotency_level = NO_SIDE_EFFECTS`).
    pub is_read: bool,
}

/// What a method does, which is how its request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Does {
    /// One record, by its key.
    Get(ResourceId),
    /// A page of records.
    List(ResourceId),
    /// A page of the records of a relation: `resource` is that of the records.
    Related {
        /// Whose records are answered.
        resource: ResourceId,
        /// Whose relation it is.
        parent: ResourceId,
    },
    /// All records, one message each.
    Stream(ResourceId),
    /// How many records.
    Count(ResourceId),
    /// Values over all records.
    Aggregate(ResourceId),
    /// Values over each group of records; the operation is that of the aggregate.
    Group(ResourceId),
    /// A new record.
    Create(ResourceId),
    /// A change of a record.
    Update(ResourceId),
    /// A record with this key, there or not.
    Upsert(ResourceId),
    /// The end of a record.
    Delete(ResourceId),
    /// Many of the last four.
    Batch(ResourceId),
    /// An operation of the contract's own, with its own arguments.
    Own,
}

/// Which sides send many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Streaming {
    /// Neither.
    Unary,
    /// The server.
    Server,
    /// The client.
    Client,
    /// Both.
    Bidirectional,
}

/// How an operation's answer stands in the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It is the response.
    Bare,
    /// It is the response's field of number 1: one message, or a list of them.
    Wrapped,
    /// It is the response's field of number 1, a scalar or many scalars.
    Scalar,
    /// There is none: the response is empty.
    Nothing,
}

/// A message, by its position in [`Schema::messages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u32);

/// An enum, by its position in [`Schema::enums`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnumId(pub u32);

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// With its package: `tour.v1.User`.
    pub full_name: String,
    /// What it is.
    pub description: Option<String>,
    /// In the order in which they are printed.
    pub fields: Vec<Field>,
    /// Whether exactly one of its fields is given: they are a `oneof` of this name.
    pub one_of: Option<&'static str>,
    /// Numbers of fields that are no more.
    pub reserved: Vec<u32>,
    /// Names of fields that are no more.
    pub reserved_names: Vec<String>,
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `created_at`.
    pub name: String,
    /// Its name in ProtoJSON, `createdAt`.
    pub json_name: String,
    /// Its number.
    pub number: u32,
    /// What it is.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// One or many.
    pub label: Label,
    /// Its type.
    pub ty: Type,
    /// What it means to the contract.
    pub meaning: Meaning,
}

/// One or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// One.
    One(Presence),
    /// `repeated`.
    Repeated,
}

/// Whether an absent value is told from a zero. Messages always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// `optional`, a message, or part of a `oneof`.
    Explicit,
    /// An absent value is a zero.
    Implicit,
}

/// A field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A scalar of the contract.
    Scalar(Scalar),
    /// An enum.
    Enum(EnumId),
    /// A message.
    Message(MessageId),
    /// A record in whose place its key stands, unless more of it is asked for: of what is given only the key is read.
    Record {
        /// The record's message.
        message: MessageId,
        /// The number of the key in it.
        key: u32,
    },
    /// `google.protobuf.FieldMask`.
    FieldMask,
}

/// What a field means to the contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A field of the contract's, of this name there: of a record or stored object, or an argument or its member.
    Named(String),
    /// What methods have alike, known by the field's own name: `filter`, `page_size`.
    Fixed,
    /// The number of records of a relation: `posts_count`.
    CountOf(FieldId),
    /// The version of a record.
    Version,
}

impl Schema {
    /// A message by its id.
    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.0 as usize]
    }

    /// An enum by its id.
    pub fn enumeration(&self, id: EnumId) -> &Enum {
        &self.enums[id.0 as usize]
    }
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// With its package: `tour.v1.OrderStatus`.
    pub full_name: String,
    /// What it is.
    pub description: Option<String>,
    /// The first is number 0, which stands for no value.
    pub values: Vec<EnumValue>,
    /// Numbers of values that are no more.
    pub reserved: Vec<u32>,
    /// Names of values that are no more.
    pub reserved_names: Vec<String>,
}

/// A value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// `ORDER_STATUS_OPEN`.
    pub name: String,
    /// Its number.
    pub number: u32,
    /// What the contract calls it, `OPEN`; nothing for number 0. Of `Direction`: as GraphQL calls it.
    pub key: String,
    /// What it is.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
}
