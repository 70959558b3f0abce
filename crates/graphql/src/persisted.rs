//! Automatic persisted queries: documents by their digest, as clients have sent them.

use crate::digest::Digest;
use crate::document::CacheBounds;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::sync::Arc;

/// Memory of an entry beside its text.
const ENTRY_BYTES: u64 = 128;

/// Texts by their digest. What is not asked for goes first when there are too many.
#[derive(Debug)]
pub(crate) struct Persisted {
    texts: Cache<Digest, Arc<str>, Weight, foldhash::fast::RandomState>,
}

#[derive(Debug, Clone)]
struct Weight {
    min: u64,
}

impl Weighter<Digest, Arc<str>> for Weight {
    fn weight(&self, _: &Digest, text: &Arc<str>) -> u64 {
        (ENTRY_BYTES + text.len() as u64).max(self.min)
    }
}

impl Persisted {
    pub(crate) fn new(bounds: CacheBounds) -> Self {
        let weight = Weight { min: bounds.weight_min() };
        let (hasher, lifecycle) = (foldhash::fast::RandomState::default(), DefaultLifecycle::default());
        Self { texts: Cache::with(bounds.entries_max, bounds.bytes_max as u64, weight, hasher, lifecycle) }
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<str>> {
        self.texts.get(digest)
    }

    /// Keeps the text of a digest that was checked.
    pub(crate) fn keep(&self, digest: Digest, text: &str) {
        if self.texts.peek(&digest).is_none() {
            self.texts.insert(digest, text.into());
        }
    }
}
