//! Running a read: rows go cell by cell from the statements into an encoder.

use super::failure::{encoding, failure};
use super::plan::{Answer, Output, Read, ReadPlan, Record};
use crate::face::{Error, Reply};
use crate::sql::{Bind, Statement};
use crate::write::bind_value;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row};
use wire::{
    Cell, EncodeError, Encoder, Format, JsonEncoder, Layout, ProtobufEncoder, Shape, ShapeField, Value,
    XmlEncoder,
};

/// Bytes that a reply's buffer holds before it grows.
const REPLY_BYTES_START: usize = 512;

/// Runs a read on a connection: inside the transaction of that connection, if there is one.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Timeout`] when the connection's progress handler stops it,
/// [`Error::BadValue`] when a parameter is not what a function takes, [`Error::Unavailable`],
/// [`Error::Internal`].
pub(crate) fn run(
    conn: &Connection,
    plan: &ReadPlan,
    params: &[Value],
    format: Format,
    reply_bytes_max: usize,
) -> Result<Reply, Error> {
    let mut cursors = cursors(conn, plan, params)?;
    let buffer = Vec::with_capacity(REPLY_BYTES_START);
    match format {
        Format::Json | Format::Graphql => {
            let mut encoder = JsonEncoder::new(buffer, reply_bytes_max);
            let mut walk = Walk::new(&mut encoder);
            let found = walk.answer(&mut cursors, &plan.answer)?;
            Ok(found.reply(walk.statements, encoder.finish()))
        }
        Format::Protobuf => {
            let mut encoder = ProtobufEncoder::new(buffer, reply_bytes_max);
            let mut walk = Walk::new(&mut encoder);
            let found = walk.answer(&mut cursors, &plan.answer)?;
            Ok(found.reply(walk.statements, encoder.finish()))
        }
        Format::Xml => {
            let mut encoder = XmlEncoder::new(buffer, reply_bytes_max, xml_root(&plan.answer));
            let mut walk = Walk::new(&mut encoder);
            let found = walk.answer(&mut cursors, &plan.answer)?;
            Ok(found.reply(walk.statements, encoder.finish()))
        }
    }
}

/// Writes one record into a reply that is being written, and gives its version; `before` comes ahead of it.
/// Nothing is written when there is no such record.
///
/// # Errors
/// As [`run`].
pub(crate) fn one_into<E: Encoder>(
    encoder: &mut E,
    conn: &Connection,
    plan: &ReadPlan,
    params: &[Value],
    before: impl FnOnce(&mut E) -> Result<(), EncodeError>,
) -> Result<Option<i64>, Error> {
    let mut cursors = cursors(conn, plan, params)?;
    let Answer::One { shape, record, version } = &plan.answer else {
        return Err(Error::Internal("a list in the place of a record".to_owned()));
    };
    let (own, below) = own(&mut cursors);
    let mut rows = own.statement.raw_query();
    let Some(row) = rows.next().map_err(failure)? else { return Ok(None) };
    before(encoder).map_err(encoding)?;
    Walk::new(encoder).record(row, below, shape, record)?;
    row.get(*version).map(Some).map_err(failure)
}

/// The element around a list.
fn xml_root(answer: &Answer) -> &str {
    match answer {
        Answer::List { .. } => "List",
        Answer::One { shape, .. } => &shape.type_name,
        Answer::Count => "Count",
    }
}

/// A statement ready to run, with what its parent's row gives it.
struct Cursor<'c> {
    statement: CachedStatement<'c>,
    /// Positions of parameters, and the columns of the parent's row that they take.
    from_parent: Option<(usize, usize)>,
}

/// All statements of a plan, with the parameters of the read bound: they stay so when a statement runs again.
fn cursors<'c>(conn: &'c Connection, plan: &ReadPlan, params: &[Value]) -> Result<Vec<Cursor<'c>>, Error> {
    plan.statements.iter().map(|statement| cursor(conn, statement, params).map_err(failure)).collect()
}

fn cursor<'c>(conn: &'c Connection, statement: &Statement, params: &[Value]) -> rusqlite::Result<Cursor<'c>> {
    let mut cursor = Cursor { statement: conn.prepare_cached(&statement.sql)?, from_parent: None };
    for (at, bind) in statement.binds.iter().enumerate() {
        match bind {
            Bind::Param(param) => {
                let param = usize::from(*param);
                let given = params.get(param);
                let given = given.ok_or(rusqlite::Error::InvalidParameterCount(param + 1, params.len()))?;
                bind_value(&mut cursor.statement, at + 1, given)?;
            }
            Bind::Parent(column) => cursor.from_parent = Some((at + 1, *column)),
        }
    }
    Ok(cursor)
}

impl Cursor<'_> {
    /// Binds what the parent's row gives.
    fn follow(&mut self, parent: &Row<'_>) -> rusqlite::Result<()> {
        match self.from_parent {
            Some((position, column)) => {
                let value = ToSqlOutput::Borrowed(parent.get_ref(column)?);
                self.statement.raw_bind_parameter(position, value)
            }
            None => Ok(()),
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    rows: u64,
    version: Option<i64>,
    body: Body,
}

/// Whether what was written is a reply.
#[derive(Debug, Default)]
enum Body {
    #[default]
    Nothing,
    Written,
}

impl Found {
    fn reply(self, statements: u32, written: Vec<u8>) -> Reply {
        let body = match self.body {
            Body::Nothing => Vec::new(),
            Body::Written => written,
        };
        Reply { body, rows: self.rows, version: self.version, statements, ..Reply::default() }
    }
}

/// A walk over the rows of a read.
struct Walk<'e, E> {
    encoder: &'e mut E,
    statements: u32,
}

impl<'e, E: Encoder> Walk<'e, E> {
    fn new(encoder: &'e mut E) -> Self {
        Self { encoder, statements: 0 }
    }

    fn answer(&mut self, cursors: &mut [Cursor<'_>], answer: &Answer) -> Result<Found, Error> {
        match answer {
            Answer::One { shape, record, version } => self.one(cursors, shape, record, *version),
            Answer::List { shape, record } => {
                let rows = self.list(cursors, shape, record)?;
                Ok(Found { rows, version: None, body: Body::Written })
            }
            Answer::Count => self.count(cursors),
        }
    }

    fn one(
        &mut self,
        cursors: &mut [Cursor<'_>],
        shape: &Shape,
        record: &Record,
        version: usize,
    ) -> Result<Found, Error> {
        let (own, below) = own(cursors);
        self.statements += 1;
        let mut rows = own.statement.raw_query();
        let Some(row) = rows.next().map_err(failure)? else { return Ok(Found::default()) };
        self.record(row, below, shape, record)?;
        let version = row.get(version).map_err(failure)?;
        Ok(Found { rows: 1, version: Some(version), body: Body::Written })
    }

    fn count(&mut self, cursors: &mut [Cursor<'_>]) -> Result<Found, Error> {
        let (own, _) = own(cursors);
        self.statements += 1;
        let mut rows = own.statement.raw_query();
        let Some(row) = rows.next().map_err(failure)? else { return Ok(Found::default()) };
        let count: i64 = row.get(0).map_err(failure)?;
        Ok(Found { rows: u64::try_from(count).unwrap_or(0), ..Found::default() })
    }

    /// All rows of the first of the statements.
    fn list(&mut self, cursors: &mut [Cursor<'_>], shape: &Shape, record: &Record) -> Result<u64, Error> {
        let (own, below) = own(cursors);
        self.statements += 1;
        self.encoder.begin_list(shape).map_err(encoding)?;
        let mut rows = own.statement.raw_query();
        let mut count = 0;
        while let Some(row) = rows.next().map_err(failure)? {
            self.record(row, below, shape, record)?;
            count += 1;
        }
        self.encoder.end_list(shape).map_err(encoding)?;
        Ok(count)
    }

    fn record(
        &mut self,
        row: &Row<'_>,
        below: &mut [Cursor<'_>],
        shape: &Shape,
        record: &Record,
    ) -> Result<(), Error> {
        self.encoder.begin_record(shape).map_err(encoding)?;
        self.fields(row, below, shape, record)?;
        self.encoder.end_record(shape).map_err(encoding)
    }

    fn fields(
        &mut self,
        row: &Row<'_>,
        below: &mut [Cursor<'_>],
        shape: &Shape,
        record: &Record,
    ) -> Result<(), Error> {
        for (field, output) in shape.fields.iter().zip(&record.outputs) {
            match output {
                Output::Cell { column, read } => {
                    let cell = cell(row.get_ref(*column).map_err(failure)?, *read)?;
                    self.encoder.cell(field, cell).map_err(encoding)?;
                }
                Output::Joined { key, record } => match row.get_ref(*key).map_err(failure)? {
                    ValueRef::Null => self.nothing(field)?,
                    _ => self.joined(row, below, field, record)?,
                },
                Output::Rows { below: at, record } => {
                    let cursors = &mut below[at - 1..];
                    cursors[0].follow(row).map_err(failure)?;
                    self.encoder.begin_field(field).map_err(encoding)?;
                    self.list(cursors, nested(field)?, record)?;
                    self.encoder.end_field(field).map_err(encoding)?;
                }
            }
        }
        Ok(())
    }

    fn joined(
        &mut self,
        row: &Row<'_>,
        below: &mut [Cursor<'_>],
        field: &ShapeField,
        record: &Record,
    ) -> Result<(), Error> {
        if let Layout::Spread(shape) = &field.layout {
            return self.fields(row, below, shape, record);
        }
        self.encoder.begin_field(field).map_err(encoding)?;
        self.record(row, below, nested(field)?, record)?;
        self.encoder.end_field(field).map_err(encoding)
    }

    /// A record that is not there: null, and so is each field of it that would be written into its parent.
    fn nothing(&mut self, field: &ShapeField) -> Result<(), Error> {
        match &field.layout {
            Layout::Spread(shape) => shape.fields.iter().try_for_each(|field| self.nothing(field)),
            Layout::One(_) | Layout::Many(_) => self.encoder.null(field).map_err(encoding),
            Layout::Scalar(_) | Layout::Enum(_) | Layout::List(_) | Layout::Object(_) => {
                self.encoder.cell(field, Cell::Null).map_err(encoding)
            }
        }
    }
}

/// The first statement and those after it.
fn own<'a, 'c>(cursors: &'a mut [Cursor<'c>]) -> (&'a mut Cursor<'c>, &'a mut [Cursor<'c>]) {
    cursors.split_first_mut().expect("a plan has a statement for each list")
}

/// The shape of a field's record or records.
fn nested(field: &ShapeField) -> Result<&Shape, Error> {
    match &field.layout {
        Layout::One(shape) | Layout::Many(shape) | Layout::Spread(shape) => Ok(shape),
        Layout::Scalar(_) | Layout::Enum(_) | Layout::List(_) | Layout::Object(_) => {
            Err(Error::Internal(format!("rows in the scalar field {}", field.name.text)))
        }
    }
}

fn cell(value: ValueRef<'_>, read: Read) -> Result<Cell<'_>, Error> {
    Ok(match (value, read) {
        (ValueRef::Null, _) => Cell::Null,
        (ValueRef::Integer(value), Read::Stored) => Cell::Int(value),
        (ValueRef::Integer(value), Read::Boolean) => Cell::Bool(value != 0),
        (ValueRef::Integer(value), Read::Double) => Cell::Float(value as f64),
        (ValueRef::Real(value), _) => Cell::Float(value),
        (ValueRef::Blob(bytes), _) => Cell::Bytes(bytes),
        (ValueRef::Text(text), _) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text),
            Err(_) => return Err(Error::Internal("a text in the database is not UTF-8".to_owned())),
        },
    })
}
