//! Running an operation's statements, and their rows into its answer.

use super::plan::{Answer, Keyed, Source, SqlPlan, Statement};
use crate::face::{Bounds, Error, Reply, Root, SqlParameter};
use crate::read;
use crate::write::{Violations, bind_value};
use contract::{Contract, Expectation, RowCount, Scalar};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row};
use wire::{
    Cell, EncodeError, Encoder, Format, JsonEncoder, Layout, ProtobufEncoder, Shape, ShapeField, Value, XmlEncoder,
};

/// An operation and where it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running<'a> {
    pub conn: &'a Connection,
    pub violations: Violations<'a>,
    pub plan: &'a SqlPlan,
    /// The parameters of the answer's reads.
    pub answer_params: &'a [Value],
    pub format: Format,
    pub reply_bytes_max: usize,
}

/// What a run's statements are given.
struct Given<'a> {
    parameters: &'a [SqlParameter],
    values: &'a [Value],
    /// Rows changed so far.
    changes: i64,
}

impl SqlPlan {
    /// Runs an operation that only reads.
    pub(crate) fn read(
        &self,
        conn: &Connection,
        contract: &Contract,
        run: &[Value],
        answer_params: &[Value],
        format: Format,
        bounds: Bounds,
    ) -> Result<Reply, Error> {
        let reply_bytes_max = bounds.reply_bytes_max;
        let violations = Violations(contract);
        Running { conn, violations, plan: self, answer_params, format, reply_bytes_max }.run(&[], run)
    }
}

impl<'a> Running<'a> {
    /// Runs the `each:` statements for every item and then the others; the last one with rows answers.
    pub fn run(&self, each: &[Vec<Value>], run: &[Value]) -> Result<Reply, Error> {
        let changes = self.each(each)?;
        let mut given = Given { parameters: &self.plan.parameters, values: run, changes };
        let mut statements = self.prepare(&self.plan.run)?;
        let answering = statements.iter().rposition(|s| s.column_count() > 0);
        let mut reply = Reply::default();
        for (at, (statement, prepared)) in self.plan.run.iter().zip(&mut statements).enumerate() {
            self.bind(statement, prepared, &given)?;
            let rows = match Some(at) == answering {
                true => self.answer(prepared, &mut reply)?,
                false => self.count(prepared)?,
            };
            given.changes += self.finish(statement, prepared, rows)?;
            reply.statements += 1;
        }
        Ok(reply)
    }

    fn each(&self, items: &[Vec<Value>]) -> Result<i64, Error> {
        let mut statements = self.prepare(&self.plan.each)?;
        let mut changes = 0;
        for values in items {
            for (statement, prepared) in self.plan.each.iter().zip(&mut statements) {
                let given = Given { parameters: &self.plan.each_parameters, values, changes };
                self.bind(statement, prepared, &given)?;
                let rows = self.count(prepared)?;
                changes += self.finish(statement, prepared, rows)?;
            }
        }
        Ok(changes)
    }

    fn prepare(&self, statements: &[Statement]) -> Result<Vec<CachedStatement<'a>>, Error> {
        statements
            .iter()
            .map(|s| self.conn.prepare_cached(&s.sql).map_err(|e| self.violations.error(e)))
            .collect()
    }

    fn bind(
        &self,
        statement: &Statement,
        prepared: &mut CachedStatement<'_>,
        given: &Given<'_>,
    ) -> Result<(), Error> {
        for (at, position) in statement.binds.iter().enumerate() {
            let bound = match (given.parameters.get(*position), given.values.get(*position)) {
                (Some(SqlParameter::Changes), _) => bind_value(prepared, at + 1, &Value::Int(given.changes)),
                (Some(_), Some(value)) => bind_value(prepared, at + 1, value),
                (None, _) | (_, None) => {
                    return Err(Error::Internal("a parameter of an @sql operation is not given".to_owned()));
                }
            };
            bound.map_err(|e| self.violations.error(e))?;
        }
        Ok(())
    }

    /// Runs a statement to its end and counts its rows.
    fn count(&self, prepared: &mut CachedStatement<'_>) -> Result<u64, Error> {
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while rows.next().map_err(|e| self.violations.error(e))?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Holds a statement that has run to what was expected of it, and says how many rows it changed.
    fn finish(&self, statement: &Statement, prepared: &CachedStatement<'_>, rows: u64) -> Result<i64, Error> {
        let changed = if prepared.readonly() { 0 } else { self.conn.changes() };
        let count = if prepared.column_count() > 0 { rows } else { changed };
        if let Some(expect) = &statement.expect {
            hold(expect, count)?;
        }
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    }

    /// Runs the answering statement to its end, writes its rows, and counts them.
    fn answer(&self, prepared: &mut CachedStatement<'_>, reply: &mut Reply) -> Result<u64, Error> {
        let (buffer, bytes_max) = (Vec::new(), self.reply_bytes_max);
        match self.format {
            Format::Json => self.encode(prepared, reply, JsonEncoder::new(buffer, bytes_max), |e| e.finish()),
            Format::Protobuf => {
                self.encode(prepared, reply, ProtobufEncoder::new(buffer, bytes_max), |e| e.finish())
            }
            Format::Xml => {
                let encoder = XmlEncoder::new(buffer, bytes_max, self.plan.answer.xml_root());
                self.encode(prepared, reply, encoder, |e| e.finish())
            }
        }
    }

    fn encode<E: Encoder>(
        &self,
        prepared: &mut CachedStatement<'_>,
        reply: &mut Reply,
        encoder: E,
        finish: impl FnOnce(E) -> Vec<u8>,
    ) -> Result<u64, Error> {
        let answer = &self.plan.answer;
        let columns = answer.columns(prepared)?;
        let mut writing = Writing { running: self, columns, encoder, found: 0, version: None };
        let rows = writing.rows(prepared, answer)?;
        (reply.rows, reply.version) = (writing.found, writing.version);
        if writing.found > 0 || answer.is_list() {
            reply.body = finish(writing.encoder);
        }
        Ok(rows)
    }
}

fn hold(expect: &Expectation, count: u64) -> Result<(), Error> {
    let holds = match expect.rows {
        RowCount::One => count == 1,
        RowCount::Some => count > 0,
        RowCount::None => count == 0,
        RowCount::Exactly(wanted) => count == u64::from(wanted),
    };
    match (holds, expect.error.as_str()) {
        (true, _) => Ok(()),
        (false, "") => Err(Error::NotFound),
        (false, code) => Err(Error::Refused(code.to_owned())),
    }
}

impl Answer {
    fn is_list(&self) -> bool {
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

    fn xml_root(&self) -> &str {
        match (self.is_list(), self.shape()) {
            (false, Some(shape)) => &shape.type_name,
            (true, _) | (false, None) => "List",
        }
    }

    /// The positions of the columns that the sources take, in their order.
    fn columns(&self, statement: &CachedStatement<'_>) -> Result<Vec<Option<usize>>, Error> {
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
                    Source::Hidden => Ok(None),
                };
                sources.iter().map(column).collect()
            }
        }
    }
}

/// Writing the rows of the answering statement.
struct Writing<'r, 'a, E> {
    running: &'r Running<'a>,
    columns: Vec<Option<usize>>,
    encoder: E,
    /// Records written.
    found: u64,
    /// The version of the record that is the answer.
    version: Option<i64>,
}

impl<E: Encoder> Writing<'_, '_, E> {
    fn rows(&mut self, prepared: &mut CachedStatement<'_>, answer: &Answer) -> Result<u64, Error> {
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
        }
        if let Some(shape) = list {
            self.encoder.end_list(shape).map_err(read::encoding)?;
        }
        Ok(count)
    }

    fn row(&mut self, row: &Row<'_>, answer: &Answer) -> Result<(), Error> {
        match answer {
            Answer::Nothing => Ok(()),
            Answer::Scalar(shape) => self.record(row, shape, &[Source::Column(String::new())]),
            Answer::Object { shape, sources, .. } => self.record(row, shape, sources),
            Answer::Records { read, .. } => self.keyed(row, 0, read, |_| Ok(())).map(drop),
        }
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
        let version = read::one_into(&mut self.encoder, self.running.conn, &read.plan, &params, before)?;
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
            Layout::Scalar(_) | Layout::Enum(_) | Layout::List(_) | Layout::Object(_) => {
                self.encoder.cell(field, Cell::Null)
            }
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
