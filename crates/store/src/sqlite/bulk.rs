//! Rows that are brought in as one transaction, piece by piece and in any order.
//!
//! What points to a row may come before it, in another piece or in a circle: references are judged when all pieces are
//! there. SQLite writes what does not fit its cache into the log, so that memory is bounded however many rows come. It
//! has a connection of its own, for the operator, while nothing else is written.

use super::allowance::Allowance;
use super::open::writing;
use super::{Generation, Store};
use crate::face::{Durability, Error, Failed, Mutation};
use crate::functions;
use crate::sql::{DELETED_AT, Dialect, column};
use crate::write::{Violations, bring_in, dangles};
use contract::{Arity, Contract, FieldId, Resource, ResourceId};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// Pieces that wait for the thread at the most: while one is written the next is made.
const PIECES_MAX: usize = 1;

/// A transaction that takes pieces. Nothing of it is there when it is dropped unfinished.
#[derive(Debug)]
pub struct Bulk {
    pieces: SyncSender<Piece>,
}

/// A reference to a row that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// Whose field.
    pub resource: ResourceId,
    /// Which field.
    pub field: FieldId,
    /// The key that it holds, as text.
    pub key: String,
}

/// Why what was brought in is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKept {
    /// Something points to a row that is not there.
    Dangling(Dangling),
    /// Anything else.
    Failed(Error),
}

#[derive(Debug)]
enum Piece {
    Rows(Box<Mutation>, oneshot::Sender<Result<(), Failed>>),
    End(oneshot::Sender<Result<(), NotKept>>),
}

impl Store {
    /// Begins to bring in rows.
    ///
    /// # Errors
    /// The database cannot be written now.
    pub fn bulk(&self) -> Result<Bulk, Error> {
        let contract = Arc::clone(&self.inner.contract);
        let allowance = Allowance::default();
        let failed = |error| Violations(&contract).error(error);
        let conn = writing(self.inner.database.path(), Durability::Full, &allowance).map_err(failed)?;
        conn.execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys=ON").map_err(failed)?;
        let (pieces, taken) = sync_channel(PIECES_MAX);
        let generation = Arc::clone(self.inner.readers.generation());
        let work = Work { conn, contract, allowance, generation };
        let thread = std::thread::Builder::new().name("septet-bulk".to_owned());
        thread
            .spawn(move || work.run(&taken))
            .map(|_| Bulk { pieces })
            .map_err(|error| Error::Internal(error.to_string()))
    }
}

impl Bulk {
    /// Brings in the rows of a mutation's steps. After a failure nothing more is taken.
    ///
    /// # Errors
    /// The step that was refused; what it points to is not judged yet.
    pub async fn add(&self, mutation: Mutation) -> Result<(), Failed> {
        let (done, outcome) = oneshot::channel();
        let sent = self.pieces.send(Piece::Rows(Box::new(mutation), done));
        sent.map_err(|_| Failed::from(gone()))?;
        outcome.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// Keeps all of it, durably.
    ///
    /// # Errors
    /// A reference that dangles, or what the database says. Then nothing is kept.
    pub async fn finish(self) -> Result<(), NotKept> {
        let (done, outcome) = oneshot::channel();
        self.pieces.send(Piece::End(done)).map_err(|_| NotKept::Failed(gone()))?;
        outcome.await.unwrap_or_else(|_| Err(NotKept::Failed(gone())))
    }
}

fn gone() -> Error {
    Error::Internal("the thread that brings in rows has ended".to_owned())
}

/// What the thread works with.
struct Work {
    conn: Connection,
    contract: Arc<Contract>,
    allowance: Allowance,
    generation: Arc<Generation>,
}

impl Work {
    /// Takes pieces until one is refused or the end has come. Without an end the connection takes all back.
    fn run(self, pieces: &Receiver<Piece>) {
        let allowance = self.allowance.clone();
        functions::watch(move |_| allowance.must_stop());
        while let Ok(piece) = pieces.recv() {
            match piece {
                Piece::Rows(mutation, done) => {
                    let begun = self.allowance.begin(mutation.bounds.deadline, None, 0);
                    let outcome = bring_in(&self.conn, &self.contract, &mutation, &self.allowance);
                    drop(begun);
                    let is_over = outcome.is_err();
                    if is_over {
                        self.take_back();
                    }
                    // Who has stopped waiting is not told.
                    let _ = done.send(outcome);
                    if is_over {
                        return;
                    }
                }
                Piece::End(done) => {
                    let outcome = self.keep();
                    if outcome.is_err() {
                        self.take_back();
                    }
                    let _ = done.send(outcome);
                    return;
                }
            }
        }
    }

    /// Others may write again before the failure is told.
    fn take_back(&self) {
        // Where it fails, closing the connection does the same.
        let _ = self.conn.execute_batch("ROLLBACK");
    }

    fn keep(&self) -> Result<(), NotKept> {
        let failed = |error| NotKept::Failed(Violations(&self.contract).error(error));
        if dangles(&self.conn) {
            let found = self.dangling().map_err(failed)?;
            let unknown = || NotKept::Failed(Error::DanglingReference(None));
            return Err(found.map_or_else(unknown, NotKept::Dangling));
        }
        self.conn.execute_batch("COMMIT").map_err(failed)?;
        self.generation.advance();
        // The rows are there; how large the log is, is for the next one to see to.
        let _ = self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        Ok(())
    }

    /// The first reference that dangles, by the contract's order.
    fn dangling(&self) -> rusqlite::Result<Option<Dangling>> {
        for (id, resource) in self.contract.resources() {
            for (field, of) in resource.fields() {
                let points = of.column().is_some() && of.ty.arity == Arity::One;
                let Some(target) = of.target().filter(|_| points) else { continue };
                if let Some(key) = self.missing(resource, field, self.contract.resource(target))? {
                    return Ok(Some(Dangling { resource: id, field, key }));
                }
            }
        }
        Ok(None)
    }

    fn missing(
        &self,
        resource: &Resource,
        field: FieldId,
        target: &Resource,
    ) -> rusqlite::Result<Option<String>> {
        let quoted = |name: &str| Dialect::Sqlite.quoted(name);
        let (Ok(from), Ok(key)) = (column(resource, field), column(target, target.key)) else {
            return Ok(None);
        };
        let live = match resource.soft_delete {
            true => format!(" AND row.{} IS NULL", quoted(DELETED_AT)),
            false => String::new(),
        };
        let sql = format!(
            "SELECT row.{from} FROM {} AS row WHERE row.{from} IS NOT NULL{live} \
             AND NOT EXISTS (SELECT 1 FROM {} AS target WHERE target.{} = row.{from}) LIMIT 1",
            quoted(&resource.table),
            quoted(&target.table),
            quoted(key),
            from = quoted(from),
        );
        let mut statement = self.conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(match row.get_ref(0)? {
            ValueRef::Integer(number) => number.to_string(),
            other => other.as_str()?.to_owned(),
        }))
    }
}
