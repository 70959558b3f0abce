//! A compiled read: statements, and where each field of the reply comes from.

use crate::face::{PlanError, Root};
use crate::query::{Aggregate, End, Param, Select};
use crate::sql::select::{self, Compiled, From};
use crate::sql::{Dialect, Draft, Statement, aggregate, defect};
use crate::sqlite::Proved;
use contract::{Contract, Scalar};
use std::sync::atomic::{AtomicU64, Ordering};
use wire::{Layout, Shape};

/// A compiled read.
#[derive(Debug)]
pub struct ReadPlan {
    /// Tells it from all other plans of the process.
    pub(super) number: u64,
    /// A parent stands before its children.
    pub(super) statements: Vec<Statement>,
    pub(super) answer: Answer,
    pub(crate) proved: Proved,
}

/// What becomes of the rows of the first statement.
#[derive(Debug)]
pub(super) enum Answer {
    /// The first one is the reply.
    One {
        shape: Shape,
        record: Record,
        /// The column of its version.
        version: usize,
    },
    /// The only one is the reply, and is about many rows.
    Whole { shape: Shape, record: Record },
    /// All of them are the reply.
    List { shape: Shape, record: Record },
    /// All but one that is more than the page has are the reply.
    Page { shape: Shape, record: Record, page: Page },
    /// Those that are seen are the reply, or the first of them is; all of them are counted.
    Found {
        shape: Shape,
        record: Record,
        /// The column of a record's version, where the first alone is answered.
        version: Option<usize>,
        /// The column that says whether a row is seen; all are where there is none.
        visible: Option<usize>,
        root: Root,
    },
    /// The first one holds their number.
    Count,
}

/// A page between cursors.
#[derive(Debug)]
pub(super) struct Page {
    /// The column of a row's cursor.
    pub cursor: usize,
    /// Which end of the rows they are read from.
    pub end: End,
    /// The parameter that says how many rows it has at the most.
    pub limit: Option<Param>,
}

/// Where the fields of a shape come from, one by one.
#[derive(Debug)]
pub(super) struct Record {
    pub outputs: Box<[Output]>,
}

/// Where a field comes from.
#[derive(Debug)]
pub(super) enum Output {
    /// A column of the statement.
    Cell { column: usize, read: Read },
    /// A record that was joined: null when the column of its key is.
    Joined { key: usize, record: Record },
    /// The rows of a statement `below` places after this one.
    Rows { below: usize, record: Record },
    /// The name of the record's type.
    TypeName,
    /// More of the same row, as a record.
    Group(Record),
}

/// How an integer that is stored is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Stored,
    Boolean,
    Double,
}

impl ReadPlan {
    fn new(statements: Vec<Statement>, answer: Answer) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), statements, answer, proved: Proved::default() }
    }

    /// Compiles reading one record or a list of them.
    pub(crate) fn records(
        contract: &Contract,
        select: &Select,
        shape: Shape,
        root: Root,
    ) -> Result<Self, PlanError> {
        let Compiled { statements, record, version, cursor, visible: _ } =
            select::records(contract, Dialect::Sqlite, select, root)?;
        let record = Record::new(record, &shape, 0)?;
        let page = cursor.zip(select.edges.as_ref());
        let page = page.map(|(cursor, edges)| Page { cursor, end: edges.end, limit: select.limit });
        let answer = match (root, version, page) {
            (Root::One, Some(version), _) => Answer::One { shape, record, version },
            (Root::One, None, _) => return defect("a record without its version"),
            (Root::List, _, None) => Answer::List { shape, record },
            (Root::List, _, Some(page)) => Answer::Page { shape, record, page },
        };
        Ok(Self::new(statements, answer))
    }

    /// Compiles reading records in the statement that finds them; `None` where that cannot be.
    pub(crate) fn found(
        contract: &Contract,
        select: &Select,
        shape: Shape,
        root: Root,
        tail: impl FnOnce(&mut Draft<'_>) -> String,
    ) -> Result<Option<Self>, PlanError> {
        let compiled = select::found(contract, Dialect::Sqlite, select, root, tail)?;
        let Some(Compiled { statements, record, version, visible, .. }) = compiled else {
            return Ok(None);
        };
        let record = Record::new(record, &shape, 0)?;
        Ok(Some(Self::new(statements, Answer::Found { shape, record, version, visible, root })))
    }

    /// Compiles values over rows.
    pub(crate) fn aggregate(
        contract: &Contract,
        aggregate: &Aggregate,
        shape: Shape,
        root: Root,
    ) -> Result<Self, PlanError> {
        let (statement, record) = aggregate::aggregate(contract, Dialect::Sqlite, aggregate, &shape, root)?;
        let record = Record::new(record, &shape, 0)?;
        let answer = match root {
            Root::One => Answer::Whole { shape, record },
            Root::List => Answer::List { shape, record },
        };
        Ok(Self::new(vec![statement], answer))
    }

    /// Compiles counting.
    pub(crate) fn count(contract: &Contract, select: &Select) -> Result<Self, PlanError> {
        let statement = select::count(contract, Dialect::Sqlite, select)?;
        Ok(Self::new(vec![statement], Answer::Count))
    }

    /// The name of the type of its records.
    pub(crate) fn type_name(&self) -> Option<&str> {
        match &self.answer {
            Answer::One { shape, .. }
            | Answer::Whole { shape, .. }
            | Answer::List { shape, .. }
            | Answer::Page { shape, .. }
            | Answer::Found { shape, .. } => Some(&shape.type_name),
            Answer::Count => None,
        }
    }

    /// Bytes of the texts of its statements.
    pub(crate) fn text_bytes(&self) -> usize {
        self.statements.iter().map(|statement| statement.sql.len()).sum()
    }

    /// Bytes of memory that it takes with the intention that it was made from, more or less.
    pub fn memory_bytes(&self) -> usize {
        memory_bytes(self.text_bytes())
    }

    /// The texts of its statements, for tests of how they are run.
    #[doc(hidden)]
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(|statement| &*statement.sql)
    }
}

/// Memory of a plan beside what grows with its statements.
const PLAN_BYTES: usize = 1024;
/// Memory of a plan for each byte of its statements' texts: the text, where its parameters and columns are, its shape,
/// and the intention, whose predicates are trees. An estimate.
const BYTES_PER_TEXT_BYTE: usize = 16;

pub(crate) fn memory_bytes(text_bytes: usize) -> usize {
    PLAN_BYTES + text_bytes * BYTES_PER_TEXT_BYTE
}

impl Record {
    /// Fits the outputs of the statement at `place` to a shape.
    fn new(record: select::Record, shape: &Shape, place: usize) -> Result<Self, PlanError> {
        if record.outputs.len() != shape.fields.len() {
            return defect(format!("{} outputs for {} fields", record.outputs.len(), shape.fields.len()));
        }
        let fields = record.outputs.into_iter().zip(&shape.fields);
        let outputs: Result<_, _> = fields.map(|(from, field)| output(from, &field.layout, place)).collect();
        Ok(Self { outputs: outputs? })
    }
}

fn output(from: From, layout: &Layout, place: usize) -> Result<Output, PlanError> {
    Ok(match (from, layout) {
        (From::Joined { key, record }, Layout::One(shape) | Layout::Spread(shape)) => {
            Output::Joined { key, record: Record::new(record, shape, place)? }
        }
        (From::Statement { statement, record }, Layout::Many(shape)) => {
            Output::Rows { below: statement - place, record: Record::new(record, shape, statement)? }
        }
        (From::TypeName, Layout::Scalar(Scalar::String)) => Output::TypeName,
        (From::Group(record), Layout::One(shape) | Layout::Spread(shape)) => {
            Output::Group(Record::new(record, shape, place)?)
        }
        (From::Column(column), Layout::Scalar(scalar)) => Output::Cell { column, read: read(*scalar) },
        (
            From::Column(column),
            Layout::Reference(_) | Layout::Enum(_) | Layout::List(_) | Layout::Object(_) | Layout::Chosen(_),
        ) => Output::Cell { column, read: Read::Stored },
        (From::Column(_), Layout::One(_) | Layout::Many(_) | Layout::Spread(_))
        | (From::Joined { .. } | From::Statement { .. } | From::TypeName | From::Group(_), _) => {
            return defect("an output of another layout than its field");
        }
    })
}

fn read(scalar: Scalar) -> Read {
    match scalar {
        Scalar::Boolean => Read::Boolean,
        Scalar::Float => Read::Double,
        Scalar::Id
        | Scalar::String
        | Scalar::Int
        | Scalar::Long
        | Scalar::Decimal { .. }
        | Scalar::DateTime
        | Scalar::Date
        | Scalar::Time
        | Scalar::Duration
        | Scalar::Uuid
        | Scalar::Json
        | Scalar::Bytes
        | Scalar::Url
        | Scalar::Email => Read::Stored,
    }
}
