//! Bringing rows in as the operator: checked like any input, but past the rules and with keys kept.

use crate::engine::Engine;
use crate::fault::Fault;
use crate::input::{self, Purpose, assigned};
use crate::secret;
use contract::{FieldId, KeyKind, ResourceId};
use std::sync::Arc;
use std::time::Duration;
use store::{Bounds, Lane, Mutation, Param, Predicate, Step, Unmetered, Write};
use wire::{Format, Value};

/// Records of one transaction at the most.
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

impl Engine {
    /// Brings in up to [`CHUNK_RECORDS_MAX`] records of a resource in one transaction: all or none.
    ///
    /// Every field may be given, also the key and what the server assigns; texts of secret fields that are argon2id
    /// hashes already are kept as they are.
    pub async fn import(&self, resource: ResourceId, records: &[Value]) -> Result<(), NotImported> {
        let moment = self.now();
        let now = moment.rfc3339();
        let mut steps = Vec::with_capacity(records.len().min(CHUNK_RECORDS_MAX));
        for (i, record) in records.iter().take(CHUNK_RECORDS_MAX).enumerate() {
            let at = |fault| NotImported { record: Some(i), fault };
            steps.push(self.import_step(resource, record, &now).map_err(at)?);
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
        let written = self.store.import(mutation).await;
        written.map(|_| ()).map_err(|failed| NotImported {
            record: failed.step,
            fault: self.import_fault(resource, failed.error),
        })
    }

    fn import_step(&self, id: ResourceId, record: &Value, now: &str) -> Result<Step, Fault> {
        let given = input::record(&self.contract, &self.patterns, id, record, Purpose::Import)?;
        let resource = self.contract.resource(id);
        let mut set: Vec<(FieldId, Value)> = given.of_operator().collect();
        for (field, _) in assigned(resource, Purpose::Import) {
            if !set.iter().any(|(known, _)| *known == field) {
                set.push((field, Value::Text(now.to_owned())));
            }
        }
        if resource.key_kind == KeyKind::Uuid && !set.iter().any(|(field, _)| *field == resource.key) {
            set.push((resource.key, Value::Text(uuid::Uuid::now_v7().to_string())));
        }
        for (_, value) in &mut set {
            if let Value::Secret(given) = value {
                let clear = given.expose().unwrap_or_default();
                *value = Value::Text(match secret::is_hash(clear) {
                    true => clear.to_owned(),
                    false => secret::hash_now(clear)?,
                });
            }
        }
        set.sort_by_key(|(field, _)| *field);
        let fields: Vec<(FieldId, Param)> = set.iter().map(|(field, _)| *field).zip(0..).collect();
        let plan = self.write_plan(Write::Insert { resource: id, set: fields, check: Predicate::True })?;
        Ok(Step::Write { plan, params: set.into_iter().map(|(_, value)| value).collect() })
    }
}
