//! Secrets that events hold from before secrets were left out of them.

use contract::Contract;
use rusqlite::Connection;

/// What was removed from a database when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// Events that held secret arguments of their operation.
    pub events: usize,
    /// The file was written anew without what was removed. Where that fails, for want of space, the secrets are gone from
    /// the events, and may still be found in parts of the file that are not used.
    pub is_rewritten: bool,
}

/// Removes the secret arguments of the contract's operations from events in the outbox.
pub(crate) fn remove_secrets(contract: &Contract, conn: &Connection) -> rusqlite::Result<Cleaned> {
    let mut cleaned = Cleaned::default();
    conn.execute_batch("PRAGMA secure_delete=ON")?;
    for operation in contract.operations.iter().filter(|operation| !operation.emits.is_empty()) {
        for argument in contract.secret_arguments(operation) {
            let path = format!("$.arguments.\"{argument}\"");
            for emit in &operation.emits {
                cleaned.events += conn.execute(
                    "UPDATE _septet_outbox SET after = json_remove(after, ?2) \
                     WHERE type = ?1 AND resource IS NULL AND json_type(after, ?2) IS NOT NULL",
                    (&emit.event, &path),
                )?;
            }
        }
    }
    conn.execute_batch("PRAGMA secure_delete=OFF")?;
    if cleaned.events > 0 {
        // Pages that were split or emptied before keep old bytes.
        let rewritten = conn.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
        cleaned.is_rewritten = rewritten.is_ok();
    }
    Ok(cleaned)
}
