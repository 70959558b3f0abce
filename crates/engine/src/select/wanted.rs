//! A selection after its names and values were checked against the contract.

use crate::call::{Is, Related, Scalarwise, TestOperator};
use contract::{Compare, FieldId, ResourceId};
use store::{Direction, JsonTest, Nulls, SearchMode, TextTest};
use wire::Value;

/// What is wanted of the records of one resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub resource: ResourceId,
    pub items: Vec<WantedItem>,
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
    /// The record a to-one field points to.
    One { field: FieldId, wanted: Wanted, condition: Option<Condition>, inner: bool, spread: bool },
    /// The records of a to-many field.
    Many { field: FieldId, wanted: Wanted, page: Page, inner: bool },
    /// How many there are.
    Count { field: FieldId },
}

/// Which rows of a list, in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Page {
    pub condition: Option<Condition>,
    pub order: Vec<OrderBy>,
    pub limit: u32,
    pub offset: u64,
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
    Is(Is),
    Distinct(Value),
    Search(SearchMode, String),
    Json(JsonTest, Value),
}
