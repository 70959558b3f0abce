//! A selection after its names and values were checked against the contract.

use crate::call::{Is, Measure, Paging, Related, Scalarwise, TestOperator};
use contract::{Arity, Base, Compare, Contract, Field, FieldId, KeyKind, ResourceId, Scalar, Source};
use store::{Direction, End, JsonTest, Nulls, SearchMode, TextTest};
use wire::Value;

/// What is wanted of the records of one resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub resource: ResourceId,
    pub items: Vec<WantedItem>,
    /// The name of the type, where it is not the resource's.
    pub type_name: Option<Box<str>>,
}

impl Wanted {
    /// Nothing of a resource's records.
    pub fn nothing(resource: ResourceId) -> Self {
        Self { resource, items: Vec::new(), type_name: None }
    }
}

impl Wanted {
    /// Whether nothing but the key is wanted, which stands in the record that points to it.
    pub fn names_only_key(&self, contract: &Contract) -> bool {
        let key = contract.resource(self.resource).key;
        self.items.iter().all(|item| match &item.what {
            What::Field { field, json, .. } => *field == key && json.is_empty(),
            What::TypeName => true,
            What::One { .. } | What::Many { .. } | What::Count { .. } | What::Object { .. } => false,
            What::Version | What::Cursor | What::Group { .. } => false,
        })
    }

    /// Whether it is planned alike whoever calls, as far as no rule keeps anything from the caller: nothing in it is
    /// computed by an expression, which may ask who calls and when.
    pub fn is_constant(&self, contract: &Contract) -> bool {
        self.items.iter().all(|item| match &item.what {
            What::Field { field, .. } | What::Object { field, .. } => {
                is_kept(contract, self.resource, *field)
            }
            What::One { wanted, condition, .. } => {
                wanted.is_constant(contract) && condition.as_ref().is_none_or(|c| c.is_constant(contract))
            }
            What::Many { wanted, page, .. } => wanted.is_constant(contract) && page.is_constant(contract),
            What::Count { condition, .. } => condition.as_ref().is_none_or(|c| c.is_constant(contract)),
            What::Group { wanted, .. } => wanted.is_constant(contract),
            What::TypeName | What::Version | What::Cursor => true,
        })
    }
}

impl Page {
    fn is_constant(&self, contract: &Contract) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.is_constant(contract))
            && self.order.iter().all(|by| by.target.is_kept(contract))
    }
}

impl Condition {
    fn is_constant(&self, contract: &Contract) -> bool {
        match self {
            Condition::And(all) | Condition::Or(all) => all.iter().all(|c| c.is_constant(contract)),
            Condition::Not(inner) => inner.is_constant(contract),
            Condition::Test { target, .. } => target.is_kept(contract),
            Condition::Related { condition, .. } => {
                condition.as_ref().is_none_or(|condition| condition.is_constant(contract))
            }
        }
    }
}

impl Target {
    fn is_kept(&self, contract: &Contract) -> bool {
        is_kept(contract, self.resource, self.field)
    }
}

fn is_kept(contract: &Contract, id: ResourceId, field: FieldId) -> bool {
    !matches!(contract.resource(id).field(field).source, Source::Computed(_))
}

/// One thing wanted of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WantedItem {
    /// Its name in the answer, when it is not the field's own.
    pub alias: Option<Box<str>>,
    pub asked: Asked,
    pub what: What,
}

/// Whether somebody named a field: what a caller may never see is left out of `*` and refused by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    ByName,
    ByStar,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// A value of the record's own, or a part of a JSON value.
    Field { field: FieldId, json: Vec<JsonStepValue>, as_text: bool },
    /// Members of the object that is kept in a field, or of each one of a list.
    Object { field: FieldId, members: Vec<WantedMember> },
    /// The record a to-one field points to.
    One { field: FieldId, wanted: Wanted, condition: Option<Condition>, inner: bool, spread: bool },
    /// The records of a to-many field.
    Many { field: FieldId, wanted: Wanted, page: Page, inner: bool },
    /// How many there are.
    Count { field: FieldId, condition: Option<Condition> },
    /// The name of the record's type.
    TypeName,
    /// The record's version.
    Version,
    /// The record's place in the order of its list.
    Cursor,
    /// More of the same record, as a record of its own.
    Group { wanted: Wanted },
}

/// One thing wanted of a stored object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WantedMember {
    /// Its name in the answer, when it is not the member's own.
    pub alias: Option<Box<str>>,
    pub what: MemberWhat,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum MemberWhat {
    /// All of a member.
    Whole(FieldId),
    /// Members of the object that a member holds, or of each one of a list.
    Object(FieldId, Vec<WantedMember>),
    /// The name of the object's type.
    TypeName,
}

/// Which rows of a list, in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Page {
    pub condition: Option<Condition>,
    pub order: Vec<OrderBy>,
    pub limit: u32,
    pub offset: u64,
    pub keyset: Option<Keyset>,
}

/// A page's bounds by cursors. The order it is of ends with the key, so that no two rows stand at one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keyset {
    /// What tells cursors of this order from those of another.
    pub tag: String,
    pub after: Option<Vec<Value>>,
    pub before: Option<Vec<Value>>,
    pub end: End,
    pub paging: Paging,
}

/// What is wanted of groups of records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Totals {
    pub resource: ResourceId,
    pub items: Vec<TotalsItem>,
    /// The name of the type of a group.
    pub type_name: Box<str>,
}

/// One thing wanted of a group of records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TotalsItem {
    pub alias: Box<str>,
    pub what: TotalsWhat,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum TotalsWhat {
    /// A field whose value all records of the group share.
    Key(FieldId),
    /// How many records.
    Count,
    /// A function over the values of a field.
    Measure(Measure, FieldId),
    TypeName,
    /// More of the same group, as a record of its own.
    Group {
        items: Vec<TotalsItem>,
        type_name: Box<str>,
        /// Its protobuf field number.
        number: u32,
    },
}

/// A field of a record, or of one reached through to-one fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub hops: Vec<FieldId>,
    pub resource: ResourceId,
    pub field: FieldId,
    pub json: Vec<JsonStepValue>,
    pub as_text: bool,
}

/// What a value is kept as, where operators have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON text, which means the same in many forms: JSON values, lists, stored objects, and parts of them.
    Json,
    /// An integer that is a text on every wire: a key that the database counts, or a reference to one.
    IntegerKey,
    /// As it is compared.
    Plain,
}

impl Target {
    pub fn form(&self, contract: &Contract) -> Form {
        let resource = contract.resource(self.resource);
        let field = resource.field(self.field);
        let is_counted = |id: ResourceId| contract.resource(id).key_kind == KeyKind::Integer;
        if !self.json.is_empty() {
            return if self.as_text { Form::Plain } else { Form::Json };
        }
        if is_json(field) {
            return Form::Json;
        }
        match field.ty.base {
            Base::Resource(target) if is_counted(target) => Form::IntegerKey,
            Base::Scalar(Scalar::Id) if self.field == resource.key && is_counted(self.resource) => {
                Form::IntegerKey
            }
            Base::Scalar(_) | Base::Resource(_) | Base::Enum(_) => Form::Plain,
            Base::Object(_) | Base::Input(_) | Base::Abstract(_) => Form::Plain,
        }
    }
}

/// Whether a field's value is kept as JSON text.
pub(super) fn is_json(field: &Field) -> bool {
    let kept_as_json = matches!(field.source, Source::Column(_))
        && (matches!(field.ty.arity, Arity::List { .. }) || matches!(field.ty.base, Base::Object(_)));
    kept_as_json || matches!(field.ty.base, Base::Scalar(Scalar::Json))
}

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonStepValue {
    Member(String),
    Index(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderBy {
    pub target: Target,
    pub direction: Direction,
    pub nulls: Nulls,
}

/// A condition whose values are in stored form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test {
        target: Target,
        check: Check,
    },
    Related {
        field: FieldId,
        to_many: bool,
        resource: ResourceId,
        quantifier: Related,
        condition: Option<Box<Condition>>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    Compare(Compare, Value),
    Quantified(Scalarwise, TestOperator, Vec<Value>),
    Text(TextTest, Value),
    /// The values as a JSON array.
    In(String),
    /// Among values that JSON does not have, or not exactly.
    Among(Vec<Value>),
    Is(Is),
    Distinct(Value),
    Search(SearchMode, String),
    Json(JsonTest, Value),
}
