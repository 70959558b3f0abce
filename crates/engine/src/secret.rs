//! Hashing of `@secret` fields: argon2id (RFC 9106) with the crate's defaults (19 MiB, two passes, one lane), kept as
//! a PHC string.

use crate::fault::{Fault, Kind, codes};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use std::sync::Arc;
use store::{Meter, Metering};
use tokio::sync::Semaphore;

/// Bytes of a secret at the most: a longer one only costs time.
const SECRET_BYTES_MAX: usize = 1024;
/// Secrets waiting to be hashed at the most, for each that is being hashed.
const WAITING_PER_PERMIT_MAX: usize = 64;

/// The bound on hashing at once.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    permits: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Hashing {
    pub fn new(concurrent_max: usize) -> Self {
        let concurrent_max = concurrent_max.max(1);
        Self {
            permits: Arc::new(Semaphore::new(concurrent_max)),
            queue: Arc::new(Semaphore::new(concurrent_max * (WAITING_PER_PERMIT_MAX + 1))),
        }
    }
}

/// The hash of a secret, made on the blocking pool.
pub(crate) async fn hash(hashing: &Hashing, clear: String, meter: &Arc<dyn Meter>) -> Result<String, Fault> {
    let overloaded = || {
        let fault = Fault::new(Kind::Unavailable, codes::OVERLOADED, "too many passwords are being hashed");
        Fault { retry_after_s: Some(1), ..fault }
    };
    let _queued = hashing.queue.try_acquire().map_err(|_| overloaded())?;
    let permit = Arc::clone(&hashing.permits).acquire_owned().await.map_err(|_| overloaded())?;
    let meter = Arc::clone(meter);
    let hashed = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _metering = Metering::begin(&*meter);
        hash_now(&clear)
    });
    hashed.await.map_err(|e| Fault::internal(format!("hashing: {e}")))?
}

/// The hash of a secret, made here.
pub(crate) fn hash_now(clear: &str) -> Result<String, Fault> {
    if clear.len() > SECRET_BYTES_MAX {
        let message = format!("a secret has at most {SECRET_BYTES_MAX} bytes");
        return Err(Fault::new(Kind::Invalid, codes::INVALID_INPUT, message));
    }
    let hash = Argon2::default().hash_password(clear.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| Fault::internal(format!("hashing: {e}")))
}

/// Whether a text is already an argon2id hash (a data set may bring its hashes along).
pub(crate) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}
