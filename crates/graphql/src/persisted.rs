//! Automatic persisted queries: documents by their digest, as clients have sent them.

use crate::digest::Digest;
use crate::document::{Bounded, CacheBounds};
use quick_cache::Weighter;
use std::sync::Arc;

/// Memory of an entry beside its text.
const ENTRY_BYTES: u64 = 128;

/// Texts by their digest. What is not asked for goes first when there are too many.
#[derive(Debug)]
pub(crate) struct Persisted {
    texts: Bounded<Digest, Arc<str>, Weight>,
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
        Self { texts: bounds.cache(Weight { min: bounds.weight_min() }) }
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
