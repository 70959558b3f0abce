//! The rows of an operation's answering statement become its answer.

use super::plan::{Answer, Keyed, Source};
use super::run::Running;
use crate::face::{Error, Root};
use crate::read;
use contract::Scalar;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Row};
use wire::{Cell, EncodeError, Encoder, Layout, Shape, ShapeField, Value};

impl Answer {
    pub(super) fn is_list(&self) -> bool {
        match self {
            Self::Object { root, .. } | Self::Records { root, .. } => *root == Root::List,
            Self::Nothing | Self::Scalar(_) => false,
        }
    }

    fn shape(&self) -> Option<&Shape> {
        match self {
            Self::Nothing => None,
            Self::Scalar(shape) | Self::Object { shape, .. } | Self::Records { shape, .. } => Some(shape),
        }
    }

    /// The positions of the columns that the sources take, in their order.
    pub(super) fn columns(&self, statement: &CachedStatement<'_>) -> Result<Vec<Option<usize>>, Error> {
        let names: Vec<&str> = statement.column_names().collect();
        let find = |name: &str| {
            let at = names.iter().position(|n| n.eq_ignore_ascii_case(name));
            at.map(Some).ok_or_else(|| Error::Internal(format!("the result has no column {name}")))
        };
        match self {
            Self::Nothing => Ok(Vec::new()),
            Self::Scalar(_) => Ok(vec![Some(0)]),
            Self::Records { read, .. } => Ok(vec![find(&read.column)?]),
            Self::Object { sources, .. } => {
                let column = |source: &Source| match source {
                    Source::Column(name) | Source::Record(Keyed { column: name, .. }) => find(name),
                    Source::Hidden | Source::TypeName => Ok(None),
                };
                sources.iter().map(column).collect()
            }
        }
    }
}

/// Writing the rows of the answering statement.
pub(super) struct Writing<'r, 'a, E> {
    pub running: &'r Running<'a>,
    pub columns: Vec<Option<usize>>,
    pub encoder: E,
    /// Records written.
    pub found: u64,
    /// The version of the record that is the answer.
    pub version: Option<i64>,
}

impl<E: Encoder> Writing<'_, '_, E> {
    /// Runs the statement to its end, writes what of its rows is the answer, and counts them.
    pub fn rows(&mut self, prepared: &mut CachedStatement<'_>, answer: &Answer) -> Result<u64, Error> {
        let list = answer.shape().filter(|_| answer.is_list());
        if let Some(shape) = list {
            self.encoder.begin_list(shape).map_err(read::encoding)?;
        }
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while let Some(row) = rows.next().map_err(|e| self.running.violations.error(e))? {
            count += 1;
            // A list takes all rows, one record the first; the others are counted.
            if list.is_some() || count == 1 {
                self.row(row, answer)?;
            }
            if let (Some(pouring), true) = (self.running.target.pouring, list.is_some()) {
                pouring.pour(&mut self.encoder)?;
            }
        }
        if let Some(shape) = list {
            self.encoder.end_list(shape).map_err(read::encoding)?;
        }
        Ok(count)
    }

    fn row(&mut self, row: &Row<'_>, answer: &Answer) -> Result<(), Error> {
        match answer {
            Answer::Nothing => Ok(()),
            Answer::Scalar(shape) => self.scalar(row, shape),
            Answer::Object { shape, sources, .. } => self.record(row, shape, sources),
            Answer::Records { read, .. } => self.keyed(row, 0, read, |_| Ok(())).map(drop),
        }
    }

    fn scalar(&mut self, row: &Row<'_>, shape: &Shape) -> Result<(), Error> {
        let layout = shape.fields.first().map(|field| &field.layout);
        let layout = layout.ok_or_else(|| Error::Internal("a scalar answer without a field".to_owned()))?;
        let cell = cell(self.value(row, 0)?, layout)?;
        self.found += 1;
        self.encoder.scalar(shape, cell).map_err(read::encoding)
    }

    fn record(&mut self, row: &Row<'_>, shape: &Shape, sources: &[Source]) -> Result<(), Error> {
        self.encoder.begin_record(shape).map_err(read::encoding)?;
        for (at, (field, source)) in shape.fields.iter().zip(sources).enumerate() {
            match source {
                Source::Column(_) => {
                    let cell = cell(self.value(row, at)?, &field.layout)?;
                    self.encoder.cell(field, cell).map_err(read::encoding)?;
                }
                Source::Hidden => self.null(field)?,
                Source::TypeName => {
                    self.encoder.cell(field, Cell::Text(&shape.type_name)).map_err(read::encoding)?;
                }
                Source::Record(read) => self.field(row, at, field, read)?,
            }
        }
        self.found += 1;
        self.encoder.end_record(shape).map_err(read::encoding)
    }

    fn field(&mut self, row: &Row<'_>, at: usize, field: &ShapeField, read: &Keyed) -> Result<(), Error> {
        let (found, version) = (self.found, self.version);
        let is_found = self.keyed(row, at, read, |encoder| encoder.begin_field(field))?;
        // Only records of the answer itself count.
        (self.found, self.version) = (found, version);
        match is_found {
            true => self.encoder.end_field(field).map_err(read::encoding),
            false => self.null(field),
        }
    }

    /// Writes the record whose key is in a column, unless there is none or the caller may not see it.
    fn keyed(
        &mut self,
        row: &Row<'_>,
        at: usize,
        read: &Keyed,
        before: impl FnOnce(&mut E) -> Result<(), EncodeError>,
    ) -> Result<bool, Error> {
        let key = match self.value(row, at)? {
            ValueRef::Null => return Ok(false),
            ValueRef::Integer(key) => Value::Int(key),
            ValueRef::Text(key) => Value::Text(String::from_utf8_lossy(key).into_owned()),
            ValueRef::Real(_) | ValueRef::Blob(_) => {
                return Err(Error::Internal("a key that is neither text nor integer".to_owned()));
            }
        };
        let mut params = self.running.answer_params.to_vec();
        match params.get_mut(usize::from(read.key)) {
            Some(param) => *param = key,
            None => return Err(Error::Internal("an answer's key is not one of its parameters".to_owned())),
        }
        let one = || read::one_into(&mut self.encoder, self.running.conn, &read.plan, &params, before);
        let version = match self.running.allowance {
            Some(allowance) => allowance.answering_here(one)?,
            None => one()?,
        };
        if version.is_some() {
            (self.found, self.version) = (self.found + 1, version);
        }
        Ok(version.is_some())
    }

    fn value<'r>(&self, row: &'r Row<'_>, at: usize) -> Result<ValueRef<'r>, Error> {
        match self.columns.get(at) {
            Some(Some(column)) => row.get_ref(*column).map_err(|e| self.running.violations.error(e)),
            Some(None) | None => Ok(ValueRef::Null),
        }
    }

    fn null(&mut self, field: &ShapeField) -> Result<(), Error> {
        let written = match &field.layout {
            Layout::One(_) | Layout::Many(_) | Layout::Spread(_) => self.encoder.null(field),
            Layout::Scalar(_)
            | Layout::Reference(_)
            | Layout::Enum(_)
            | Layout::List(_)
            | Layout::Object(_)
            | Layout::Chosen(_) => self.encoder.cell(field, Cell::Null),
        };
        written.map_err(read::encoding)
    }
}

/// A value of a row in the place of a field.
fn cell<'v>(value: ValueRef<'v>, layout: &Layout) -> Result<Cell<'v>, Error> {
    Ok(match (value, layout) {
        (ValueRef::Null, _) => Cell::Null,
        (ValueRef::Integer(value), Layout::Scalar(Scalar::Boolean)) => Cell::Bool(value != 0),
        (ValueRef::Integer(value), Layout::Scalar(Scalar::Float)) => Cell::Float(value as f64),
        (ValueRef::Integer(value), _) => Cell::Int(value),
        (ValueRef::Real(value), _) => Cell::Float(value),
        (ValueRef::Blob(bytes), _) => Cell::Bytes(bytes),
        (ValueRef::Text(text), _) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text),
            Err(_) => return Err(Error::Internal("a text in the database is not UTF-8".to_owned())),
        },
    })
}
