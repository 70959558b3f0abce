//! Bringing rows in as the operator: checked like any input, but past the rules and with keys kept.

use crate::engine::Engine;
use crate::fault::Fault;
use crate::input::{self, Purpose, assigned};
use crate::secret;
use contract::{FieldId, KeyKind, ResourceId};
use std::sync::Arc;
use std::time::Duration;
use store::{Bounds, Bulk, Lane, Mutation, Param, Predicate, Step, Unmetered, Write};
use wire::{Format, Value};

/// Records that are taken at once at the most.
pub const CHUNK_RECORDS_MAX: usize = 1000;
/// Time one chunk may take.
const CHUNK_TIME_MAX: Duration = Duration::from_secs(60);

/// A record that could not be brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct NotImported {
    /// Its position in the chunk; `None` when the chunk as a whole was refused.
    pub record: Option<usize>,
    /// Why.
    pub fault: Fault,
}

/// Records that are brought in together: all or none, whichever points to which.
#[derive(Debug)]
pub struct Import<'e> {
    engine: &'e Engine,
    bulk: Bulk,
}

/// Why nothing of what was brought in is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum NotKept {
    /// A field points to a record that is not there.
    Dangling {
        /// Whose field.
        resource: ResourceId,
        /// Which.
        field: FieldId,
        /// The key that it holds.
        key: String,
    },
    /// Anything else.
    Failed(Fault),
}

impl Import<'_> {
    /// Takes up to [`CHUNK_RECORDS_MAX`] records of a resource.
    ///
    /// Every field may be given, also the key and what the server assigns; texts of secret fields that are argon2id
    /// hashes already are kept as they are.
    ///
    /// # Errors
    /// The record that is refused. What it points to is judged in the end.
    pub async fn add(&self, resource: ResourceId, records: &[Value]) -> Result<(), NotImported> {
        let engine = self.engine;
        let moment = engine.now();
        let now = moment.rfc3339();
        let mut steps = Vec::with_capacity(records.len().min(CHUNK_RECORDS_MAX));
        for (i, record) in records.iter().take(CHUNK_RECORDS_MAX).enumerate() {
            let at = |fault| NotImported { record: Some(i), fault };
            steps.push(engine.import_step(resource, record, &now).map_err(at)?);
        }
        let mutation = Mutation {
            steps,
            answer: store::Answering::Steps,
            emits: Vec::new(),
            idempotency: None,
            format: Format::Json,
            bounds: Bounds {
                deadline: moment.instant + CHUNK_TIME_MAX,
                reply_bytes_max: 0,
                meter: Arc::new(Unmetered),
                lane: Lane::OPERATOR,
            },
            now,
            room: None,
        };
        self.bulk.add(mutation).await.map_err(|failed| NotImported {
            record: failed.step,
            fault: engine.import_fault(Some(resource), failed.error),
        })
    }

    /// Keeps all of it.
    ///
    /// # Errors
    /// A reference that dangles, or what the database says; nothing is kept then.
    pub async fn finish(self) -> Result<(), NotKept> {
        self.bulk.finish().await.map_err(|why| match why {
            store::NotKept::Dangling(store::Dangling { resource, field, key }) => {
                NotKept::Dangling { resource, field, key }
            }
            store::NotKept::Failed(error) => NotKept::Failed(self.engine.import_fault(None, error)),
        })
    }
}

impl Engine {
    /// Begins to bring in records, in any order.
    ///
    /// # Errors
    /// The database cannot be written now.
    pub fn import(&self) -> Result<Import<'_>, Fault> {
        let bulk = self.store.bulk().map_err(|error| self.import_fault(None, error))?;
        Ok(Import { engine: self, bulk })
    }

    fn import_step(&self, id: ResourceId, record: &Value, now: &str) -> Result<Step, Fault> {
        let given = input::record(&self.contract, &self.patterns, id, record, Purpose::Import)?;
        let resource = self.contract.resource(id);
        let mut set: Vec<(FieldId, Value)> = given.values.into_iter().chain(given.defaults).collect();
        for (field, _) in assigned(resource, Purpose::Import) {
            if !set.iter().any(|(known, _)| *known == field) {
                set.push((field, Value::Text(now.to_owned())));
            }
        }
        if resource.key_kind == KeyKind::Uuid && !set.iter().any(|(field, _)| *field == resource.key) {
            set.push((resource.key, Value::Text(uuid::Uuid::now_v7().to_string())));
        }
        for (field, value) in &mut set {
            if let Value::Text(text) = value
                && resource.field(*field).is_secret()
                && !secret::is_hash(text)
            {
                *text = secret::hash_now(text)?;
            }
        }
        set.sort_by_key(|(field, _)| *field);
        let fields: Vec<(FieldId, Param)> = set.iter().map(|(field, _)| *field).zip(0..).collect();
        let plan = self.write_plan(Write::Insert { resource: id, set: fields, check: Predicate::True })?;
        Ok(Step::Write { plan, params: set.into_iter().map(|(_, value)| value).collect() })
    }
}
