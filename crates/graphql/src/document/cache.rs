//! Documents by their text: parsed, checked and planned once.

use super::Document;
use foldhash::fast::RandomState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory of a document beside what grows with its text.
const DOCUMENT_BYTES: u64 = 3 << 10;
/// Memory of a document for each byte of its text, as measured: the text twice, its tree, its plans.
const BYTES_PER_TEXT_BYTE: u64 = 45;
/// Parts of a cache that are locked on their own. An entry must fit into one, so there are few.
const PARTS: usize = 4;

/// A cache whose entries have a weight.
pub(crate) type Bounded<K, V, W> = Cache<K, V, W, RandomState>;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBounds {
    /// How many.
    pub entries_max: usize,
    /// Bytes of all of them together, estimated.
    pub bytes_max: usize,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self { entries_max: 4096, bytes_max: 32 << 20 }
    }
}

impl CacheBounds {
    /// A cache within these bounds.
    pub(crate) fn cache<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone>(
        self,
        weight: W,
    ) -> Bounded<K, V, W> {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(self.entries_max)
            .weight_capacity(self.bytes_max as u64)
            .shards(PARTS)
            .build()
            .expect("both capacities are given");
        Cache::with_options(options, weight, RandomState::default(), DefaultLifecycle::default())
    }

    /// An entry counts as this much at the least, so that the bound on bytes is one on their number too.
    pub(crate) fn weight_min(&self) -> u64 {
        (self.bytes_max / self.entries_max.max(1)).max(1) as u64
    }
}

/// How the cache of documents does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Documents that were there.
    pub hits: u64,
    /// Documents that had to be parsed.
    pub misses: u64,
    /// Documents that are there.
    pub entries: u64,
}

/// Documents that are valid, by their text.
#[derive(Debug)]
pub(crate) struct Documents {
    cache: Bounded<Box<str>, Arc<Document>, Weight>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug, Clone)]
struct Weight {
    min: u64,
}

impl Weighter<Box<str>, Arc<Document>> for Weight {
    fn weight(&self, text: &Box<str>, _: &Arc<Document>) -> u64 {
        (DOCUMENT_BYTES + text.len() as u64 * BYTES_PER_TEXT_BYTE).max(self.min)
    }
}

impl Documents {
    pub(crate) fn new(bounds: CacheBounds) -> Self {
        let cache = bounds.cache(Weight { min: bounds.weight_min() });
        Self { cache, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// The document of a text, counted as hit or miss.
    pub(crate) fn get(&self, text: &str) -> Option<Arc<Document>> {
        let found = self.cache.get(text);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(crate) fn insert(&self, text: &str, document: Arc<Document>) {
        self.cache.insert(text.into(), document);
    }

    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.cache.len() as u64,
        }
    }
}
