//! Running a write's statements.

use super::bind::{Own, bind};
use super::plan::{Action, Change, Insert, NewKey};
use super::{Key, Violations, WritePlan};
use crate::face::{Error, KEY_MAX, Unfit};
use crate::sql::Statement;
use contract::{FieldId, KeyKind, Scalar};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use wire::Value;

/// What a write did.
#[derive(Debug)]
pub(super) struct Done {
    pub key: Key,
    pub made: Made,
}

/// Whether a write made a new row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    New,
    Changed,
}

/// The circumstances of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'a> {
    pub conn: &'a Connection,
    pub violations: Violations<'a>,
    pub params: &'a [Value],
    /// The time of the call, RFC 3339 in UTC with microseconds.
    pub now: &'a str,
}

/// What a write is about, once that is known: nothing has been done yet.
#[derive(Debug)]
pub(super) enum Judged<'p> {
    /// A row that is not there yet.
    New(&'p Insert),
    /// The row with this key, which may be changed, and what is kept of it.
    There(&'p Change, Key, Vec<Value>),
}

/// The row that a change is about.
struct Found {
    key: Key,
    version: i64,
    visible: bool,
    allowed: bool,
    /// Fields that cannot change, and are given otherwise than they are.
    changed: Vec<FieldId>,
    kept: Vec<Value>,
}

impl Writing<'_> {
    /// Finds the row of a write and judges it.
    pub fn judge<'p>(&self, plan: &'p WritePlan) -> Result<Judged<'p>, Error> {
        match &plan.action {
            Action::Insert(insert) => Ok(Judged::New(insert)),
            Action::Change(change) => match self.find(change)? {
                Some(found) => self.allow(change, found),
                None => Err(Error::NotFound),
            },
            Action::Upsert(insert, change) => match self.find(change)? {
                Some(found) => self.allow(change, found),
                None if self.version(change)?.is_some() => Err(Error::VersionMismatch),
                None => Ok(Judged::New(insert)),
            },
        }
    }

    /// Does what was judged; what it leaves behind when it fails is for the savepoint to undo.
    pub fn perform(&self, judged: Judged<'_>) -> Result<Done, Error> {
        match judged {
            Judged::New(insert) => self.insert(insert),
            Judged::There(change, key, kept) => self.change(change, key, kept),
        }
    }

    fn insert(&self, insert: &Insert) -> Result<Done, Error> {
        let given = self.new_key(insert)?;
        self.execute(&insert.statement, None)?;
        let key = given.unwrap_or_else(|| Key::Integer(self.conn.last_insert_rowid()));
        self.require(insert.check.as_ref(), &key)?;
        Ok(Done { key, made: Made::New })
    }

    /// The key that a new row is given, if it is one that it may have.
    fn new_key(&self, insert: &Insert) -> Result<Option<Key>, Error> {
        let unfit = |why| Error::Unfit { resource: insert.of.0, fields: vec![insert.of.1], why };
        let (param, chosen) = match insert.key {
            NewKey::Made => return Ok(None),
            NewKey::Given(param) => (param, None),
            NewKey::Chosen(param, kind) => (param, Some(kind)),
        };
        match (self.params.get(usize::from(param)), chosen) {
            (Some(Value::Text(text)), Some(KeyKind::Uuid)) if !is_uuid(text) => Err(unfit(Unfit::KeyNotUuid)),
            (Some(Value::Int(number)), _) if *number > KEY_MAX => Err(unfit(Unfit::KeyTooLarge)),
            (Some(Value::Text(text)), _) => Ok(Some(Key::Text(text.clone()))),
            (Some(Value::Int(number)), _) => Ok(Some(Key::Integer(*number))),
            _ => Err(Error::Internal("the key of a new row is neither text nor integer".to_owned())),
        }
    }

    fn allow<'p>(&self, change: &'p Change, found: Found) -> Result<Judged<'p>, Error> {
        if !found.visible {
            return Err(Error::NotFound);
        }
        if self.version(change)?.is_some_and(|seen| seen != found.version) {
            return Err(Error::VersionMismatch);
        }
        if !found.allowed {
            return Err(Error::Denied);
        }
        if !found.changed.is_empty() {
            let (resource, fields) = (change.resource, found.changed);
            return Err(Error::Unfit { resource, fields, why: Unfit::Immutable });
        }
        Ok(Judged::There(change, found.key, found.kept))
    }

    fn change(&self, change: &Change, key: Key, kept: Vec<Value>) -> Result<Done, Error> {
        if let Some(statement) = &change.statement {
            self.execute(statement, Some(&key))?;
        }
        if kept.is_empty() {
            self.require(change.after.as_ref(), &key)?;
        } else {
            let mut params = self.params.to_vec();
            for (param, value) in change.kept.iter().zip(kept) {
                let place = params.get_mut(usize::from(*param));
                *place.ok_or_else(|| Error::Internal("what is kept has no parameter".to_owned()))? = value;
            }
            Writing { params: &params, ..*self }.require(change.after.as_ref(), &key)?;
        }
        Ok(Done { key, made: Made::Changed })
    }

    fn version(&self, change: &Change) -> Result<Option<i64>, Error> {
        let Some(param) = change.version else { return Ok(None) };
        match self.params.get(usize::from(param)) {
            Some(Value::Int(version)) => Ok(Some(*version)),
            Some(Value::Null) => Ok(None),
            _ => Err(Error::Internal("a version that is not an integer".to_owned())),
        }
    }

    fn find(&self, change: &Change) -> Result<Option<Found>, Error> {
        self.first(&change.find, None, |row| {
            let holds = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<bool>>(at)?.unwrap_or(false));
            let key = match row.get_ref(0)? {
                ValueRef::Integer(number) => Key::Integer(number),
                text => Key::Text(text.as_str()?.to_owned()),
            };
            let mut changed = Vec::new();
            for (at, field) in change.fixed.iter().enumerate() {
                if !holds(4 + at)? {
                    changed.push(*field);
                }
            }
            let first = 4 + change.fixed.len();
            let kept = (first..first + change.kept.len()).map(|at| Ok(kept(row.get_ref(at)?)));
            let kept = kept.collect::<rusqlite::Result<_>>()?;
            Ok(Found { key, version: row.get(1)?, visible: holds(2)?, allowed: holds(3)?, changed, kept })
        })
    }

    fn require(&self, check: Option<&Statement>, key: &Key) -> Result<(), Error> {
        let Some(check) = check else { return Ok(()) };
        self.first(check, Some(key), |_| Ok(()))?.ok_or(Error::Denied)
    }

    fn execute(&self, statement: &Statement, key: Option<&Key>) -> Result<(), Error> {
        let run = || {
            let mut prepared = self.conn.prepare_cached(&statement.sql)?;
            bind(&mut prepared, &statement.binds, self.params, &Own { key, now: self.now })?;
            prepared.raw_execute()
        };
        run().map(drop).map_err(|e| self.violations.error(e))
    }

    fn first<T>(
        &self,
        statement: &Statement,
        key: Option<&Key>,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        let run = || {
            let mut prepared = self.conn.prepare_cached(&statement.sql)?;
            bind(&mut prepared, &statement.binds, self.params, &Own { key, now: self.now })?;
            let mut rows = prepared.raw_query();
            rows.next()?.map(read).transpose()
        };
        run().map_err(|e| self.violations.error(e))
    }
}

/// A value of a row, to be given to a statement as it is.
fn kept(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// Whether a text is a UUID as the server writes it.
fn is_uuid(text: &str) -> bool {
    matches!(wire::text_to_stored(Scalar::Uuid, text), Ok(Value::Text(written)) if written == text)
}
