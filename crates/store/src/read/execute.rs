//! Running a read: rows go cell by cell from the statements into an encoder.

use super::cursor::{self, Cursor, Values, own};
use super::failure::{encoding, failure};
use super::kept::Kept;
use super::outlet::{PIECE_BYTES, Pouring};
use super::plan::{Answer, Output, Page, Read, ReadPlan, Record};
use crate::face::{Error, PageEdges, Reply, Root};
use crate::functions;
use crate::query::{End, Param};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use wire::{Cell, EncodeError, Encoder, Format, Layout, Shape, ShapeField, Value, WriteReply};

/// Bytes that a reply's buffer holds before it grows.
const REPLY_BYTES_START: usize = 512;
/// As much for a reply in pieces: a piece and what the item that completes it has too much.
const PIECE_BYTES_START: usize = PIECE_BYTES + PIECE_BYTES / 16;

/// Bytes of a value whose writing is counted as work: it is no step of the database's.
const LARGE_BYTES: usize = 1024;

/// What a reply is written to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub format: Format,
    /// Bytes that are held of it at the most.
    pub bytes_max: usize,
    /// Where the items of a list are poured, if anywhere: they are not in the reply then.
    pub pouring: Option<&'a Pouring<'a>>,
}

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
    let mut statements = cursor::prepare(conn, plan)?;
    let statements = statements.iter_mut().map(cursor::Prepared::statement);
    let cursors = cursor::bind(statements, plan, params.into())?;
    let target = Target { format, bytes_max: reply_bytes_max, pouring: None };
    counted(cursors, plan, params, target).map(|(reply, _)| reply)
}

/// Runs a read as [`run`] does, with statements that are kept for the next one of its plan.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_kept<'c>(
    conn: &'c Connection,
    kept: &mut Kept<'c>,
    plan: &ReadPlan,
    params: &[Value],
    format: Format,
    reply_bytes_max: usize,
) -> Result<Reply, Error> {
    let target = Target { format, bytes_max: reply_bytes_max, pouring: None };
    run_found(conn, kept, plan, params.into(), target).map(|(reply, _)| reply)
}

/// Runs a read of [`ReadPlan::found`], and says how many rows its statement found, seen or not.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_found<'c>(
    conn: &'c Connection,
    kept: &mut Kept<'c>,
    plan: &ReadPlan,
    values: Values<'_>,
    target: Target<'_>,
) -> Result<(Reply, u64), Error> {
    let statements = kept.of(conn, plan).map_err(failure)?;
    let answered = cursor::bind(statements.iter_mut(), plan, values)
        .and_then(|cursors| counted(cursors, plan, values.params, target));
    // What was bound may be large.
    statements.iter_mut().for_each(Statement::clear_bindings);
    answered
}

fn counted(
    cursors: Vec<Cursor<'_, '_>>,
    plan: &ReadPlan,
    params: &[Value],
    target: Target<'_>,
) -> Result<(Reply, u64), Error> {
    let Target { format, bytes_max, pouring } = target;
    let buffer = Vec::with_capacity(if pouring.is_some() { PIECE_BYTES_START } else { REPLY_BYTES_START });
    format.write(buffer, bytes_max, XML_LIST, Answering { cursors, plan, params, pouring })
}

/// A read whose statements are bound.
struct Answering<'c, 's, 'p> {
    cursors: Vec<Cursor<'c, 's>>,
    plan: &'p ReadPlan,
    params: &'p [Value],
    pouring: Option<&'p Pouring<'p>>,
}

impl WriteReply for Answering<'_, '_, '_> {
    /// The reply, and the rows that were found.
    type Output = Result<(Reply, u64), Error>;

    fn write<E: Encoder>(mut self, mut encoder: E) -> Self::Output {
        let mut walk = Walk { pouring: self.pouring, ..Walk::new(&mut encoder, self.params) };
        let found = walk.answer(&mut self.cursors, &self.plan.answer)?;
        let (statements, all) = (walk.statements, found.all);
        let (body, nulls) = encoder.into_reply();
        Ok((Reply { nulls, ..found.reply(statements, body) }, all))
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
    record_into(encoder, conn, plan, params, before).map(|reply| reply.version)
}

/// Writes one record as an item of a list that is being written; the reply has no body. Nothing is written when there
/// is no such record.
///
/// # Errors
/// As [`run`].
pub(crate) fn item_into<E: Encoder>(
    encoder: &mut E,
    conn: &Connection,
    plan: &ReadPlan,
    params: &[Value],
) -> Result<Reply, Error> {
    let reply = record_into(encoder, conn, plan, params, Encoder::begin_item)?;
    if reply.rows > 0 {
        encoder.end_item().map_err(encoding)?;
    }
    Ok(reply)
}

fn record_into<E: Encoder>(
    encoder: &mut E,
    conn: &Connection,
    plan: &ReadPlan,
    params: &[Value],
    before: impl FnOnce(&mut E) -> Result<(), EncodeError>,
) -> Result<Reply, Error> {
    let mut statements = cursor::prepare(conn, plan)?;
    let statements = statements.iter_mut().map(cursor::Prepared::statement);
    let mut cursors = cursor::bind(statements, plan, params.into())?;
    let Answer::One { shape, record, version } = &plan.answer else {
        return Err(Error::Internal("a list in the place of a record".to_owned()));
    };
    let (own, below) = own(&mut cursors);
    let mut rows = own.statement.raw_query();
    let Some(row) = rows.next().map_err(failure)? else {
        return Ok(Reply { statements: 1, ..Reply::default() });
    };
    before(encoder).map_err(encoding)?;
    let mut walk = Walk::new(encoder, params);
    walk.record(row, below, shape, record)?;
    let version = row.get(*version).map(Some).map_err(failure)?;
    Ok(Reply { rows: 1, version, statements: 1 + walk.statements, ..Reply::default() })
}

/// The element around a list.
pub(crate) const XML_LIST: &str = "List";

/// What was found.
#[derive(Debug, Default)]
struct Found {
    rows: u64,
    version: Option<i64>,
    body: Body,
    edges: Option<PageEdges>,
    /// Rows that were found, seen or not, where that is counted.
    all: u64,
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
        let Self { rows, version, edges, .. } = self;
        Reply { body, rows, version, statements, edges, nulls: Vec::new() }
    }
}

/// A walk over the rows of a read.
struct Walk<'e, E> {
    encoder: &'e mut E,
    params: &'e [Value],
    statements: u32,
    /// Where the rows of a list that is the reply are poured, if anywhere.
    pouring: Option<&'e Pouring<'e>>,
}

impl<'e, E: Encoder> Walk<'e, E> {
    fn new(encoder: &'e mut E, params: &'e [Value]) -> Self {
        Self { encoder, params, statements: 0, pouring: None }
    }

    fn answer(&mut self, cursors: &mut [Cursor<'_, '_>], answer: &Answer) -> Result<Found, Error> {
        match answer {
            Answer::One { shape, record, version } => self.one(cursors, shape, record, Some(*version)),
            Answer::Whole { shape, record } => self.one(cursors, shape, record, None),
            Answer::List { shape, record } => {
                let rows = self.list(cursors, shape, record)?;
                Ok(Found { rows, body: Body::Written, ..Found::default() })
            }
            Answer::Page { shape, record, page } => self.page(cursors, shape, record, page),
            Answer::Found { shape, record, version, visible, root } => {
                self.found(cursors, (shape, record), *version, *visible, *root)
            }
            Answer::Count => self.count(cursors),
        }
    }

    /// All rows that are seen, or the first of them.
    fn found(
        &mut self,
        cursors: &mut [Cursor<'_, '_>],
        (shape, record): (&Shape, &Record),
        version: Option<usize>,
        visible: Option<usize>,
        root: Root,
    ) -> Result<Found, Error> {
        let (own, below) = own(cursors);
        self.statements += 1;
        let is_list = root == Root::List;
        if is_list {
            self.encoder.begin_list(shape).map_err(encoding)?;
        }
        let mut rows = own.statement.raw_query();
        let mut found = Found::default();
        while let Some(row) = rows.next().map_err(failure)? {
            found.all += 1;
            // One record is that of the first row, if it is seen.
            if !is_list && found.all > 1 {
                continue;
            }
            let is_seen = |column| row.get::<_, Option<bool>>(column).map_err(failure);
            if !visible.map_or(Ok(Some(true)), is_seen)?.unwrap_or(false) {
                continue;
            }
            self.record(row, below, shape, record)?;
            found.rows += 1;
            found.version = version.map(|column| row.get(column)).transpose().map_err(failure)?;
            if let (true, Some(pouring)) = (is_list, self.pouring) {
                pouring.pour(self.encoder)?;
            }
        }
        if is_list {
            self.encoder.end_list(shape).map_err(encoding)?;
        }
        if is_list || found.rows > 0 {
            found.body = Body::Written;
        }
        Ok(found)
    }

    fn one(
        &mut self,
        cursors: &mut [Cursor<'_, '_>],
        shape: &Shape,
        record: &Record,
        version: Option<usize>,
    ) -> Result<Found, Error> {
        let (own, below) = own(cursors);
        self.statements += 1;
        let mut rows = own.statement.raw_query();
        let Some(row) = rows.next().map_err(failure)? else { return Ok(Found::default()) };
        self.record(row, below, shape, record)?;
        let version = version.map(|column| row.get(column)).transpose().map_err(failure)?;
        Ok(Found { rows: 1, version, body: Body::Written, ..Found::default() })
    }

    fn count(&mut self, cursors: &mut [Cursor<'_, '_>]) -> Result<Found, Error> {
        let (own, _) = own(cursors);
        self.statements += 1;
        let mut rows = own.statement.raw_query();
        let Some(row) = rows.next().map_err(failure)? else { return Ok(Found::default()) };
        let count: i64 = row.get(0).map_err(failure)?;
        Ok(Found { rows: u64::try_from(count).unwrap_or(0), ..Found::default() })
    }

    /// All rows of the first of the statements.
    fn list(&mut self, cursors: &mut [Cursor<'_, '_>], shape: &Shape, record: &Record) -> Result<u64, Error> {
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

    /// The rows of the first of the statements but for one that is too many. Those read from the end are put into
    /// their order when all of them are written.
    fn page(
        &mut self,
        cursors: &mut [Cursor<'_, '_>],
        shape: &Shape,
        record: &Record,
        page: &Page,
    ) -> Result<Found, Error> {
        let rows_max = page.limit.map_or(Ok(usize::MAX), |limit| self.row_count(limit))?;
        let (own, below) = own(cursors);
        self.statements += 1;
        self.encoder.begin_list(shape).map_err(encoding)?;
        let mut rows = own.statement.raw_query();
        let (mut edges, mut starts) = (PageEdges::default(), Vec::new());
        while let Some(row) = rows.next().map_err(failure)? {
            edges.has_more = starts.len() == rows_max;
            if edges.has_more {
                break;
            }
            note_cursor(&mut edges, row.get_ref(page.cursor).map_err(failure)?)?;
            starts.push(self.encoder.position());
            self.record(row, below, shape, record)?;
        }
        if page.end == End::Last {
            self.encoder.turn_items(&starts);
            std::mem::swap(&mut edges.first, &mut edges.last);
        }
        self.encoder.end_list(shape).map_err(encoding)?;
        let rows = starts.len() as u64;
        Ok(Found { rows, body: Body::Written, edges: Some(edges), ..Found::default() })
    }

    /// A parameter that is a number of rows.
    fn row_count(&self, param: Param) -> Result<usize, Error> {
        match self.params.get(usize::from(param)) {
            Some(Value::Int(rows)) => usize::try_from(*rows).ok(),
            _ => None,
        }
        .ok_or_else(|| Error::Internal("a limit that is no number of rows".to_owned()))
    }

    fn record(
        &mut self,
        row: &Row<'_>,
        below: &mut [Cursor<'_, '_>],
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
        below: &mut [Cursor<'_, '_>],
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
                Output::TypeName => {
                    self.encoder.cell(field, Cell::Text(&shape.type_name)).map_err(encoding)?;
                }
                Output::Group(record) => self.joined(row, below, field, record)?,
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
        below: &mut [Cursor<'_, '_>],
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
            Layout::Scalar(_)
            | Layout::Reference(_)
            | Layout::Enum(_)
            | Layout::List(_)
            | Layout::Object(_)
            | Layout::Chosen(_) => self.encoder.cell(field, Cell::Null).map_err(encoding),
        }
    }
}

/// The cursor of another row of a page, read from its first to its last.
fn note_cursor(edges: &mut PageEdges, cursor: ValueRef<'_>) -> Result<(), Error> {
    let Cell::Text(cursor) = cell(cursor, Read::Stored)? else {
        return Err(Error::Internal("a cursor that is no text".to_owned()));
    };
    edges.first.get_or_insert_with(|| cursor.to_owned());
    let last = edges.last.get_or_insert_default();
    last.clear();
    last.push_str(cursor);
    Ok(())
}

/// The shape of a field's record or records.
fn nested(field: &ShapeField) -> Result<&Shape, Error> {
    match &field.layout {
        Layout::One(shape) | Layout::Many(shape) | Layout::Spread(shape) => Ok(shape),
        Layout::Scalar(_)
        | Layout::Reference(_)
        | Layout::Enum(_)
        | Layout::List(_)
        | Layout::Object(_)
        | Layout::Chosen(_) => Err(Error::Internal(format!("rows in the scalar field {}", field.name.text))),
    }
}

fn cell(value: ValueRef<'_>, read: Read) -> Result<Cell<'_>, Error> {
    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = value
        && bytes.len() >= LARGE_BYTES
    {
        functions::spend(bytes.len()).map_err(failure)?;
    }
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
