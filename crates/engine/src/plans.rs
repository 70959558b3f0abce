//! Compiled plans, found again by the intentions that they are of.

use crate::engine::Engine;
use crate::fault::Fault;
use crate::select::{Outline, Totals, shape, shape_of_totals};
use crate::settings::Settings;
use contract::OperationId;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::hash::Hash;
use std::sync::Arc;
use store::{Aggregate, ReadPlan, Root, Select, SqlAnswer, SqlPlan, Write, WritePlan};
use wire::Shape;

/// Everything that was compiled so far, as far as there is room.
#[derive(Debug)]
pub(crate) struct Plans {
    reads: Weighed<ReadKey, ReadPlan>,
    counts: Weighed<Select, ReadPlan>,
    totals: Weighed<TotalsKey, ReadPlan>,
    writes: Weighed<Write, WritePlan>,
    operations: Weighed<SqlKey, SqlPlan>,
}

/// Plans by their keys, within a bound in bytes.
type Weighed<K, P> = Cache<K, Arc<P>, Weight>;

/// What a plan counts for.
#[derive(Debug, Clone)]
struct Weight {
    /// At the least, so that the bound in bytes is one in numbers too.
    min: u64,
}

/// A plan as memory.
trait Memory {
    fn bytes(&self) -> usize;
}

impl<K, P: Memory> Weighter<K, Arc<P>> for Weight {
    fn weight(&self, _: &K, plan: &Arc<P>) -> u64 {
        (plan.bytes() as u64).max(self.min)
    }
}

impl Memory for ReadPlan {
    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

impl Memory for WritePlan {
    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

impl Memory for SqlPlan {
    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

/// Of the bytes of all plans, those of reads have half and each other kind an eighth.
const READS_SHARE: usize = 2;
const OTHERS_SHARE: usize = 8;

impl Plans {
    pub fn new(settings: &Settings) -> Self {
        Self {
            reads: weighed(settings, READS_SHARE),
            counts: weighed(settings, OTHERS_SHARE),
            totals: weighed(settings, OTHERS_SHARE),
            writes: weighed(settings, OTHERS_SHARE),
            operations: weighed(settings, OTHERS_SHARE),
        }
    }
}

/// A cache with its part of the bytes. A plan that is larger than a part of the cache that is locked on its own is not
/// kept: it is made anew each time.
fn weighed<K: Eq + Hash, P: Memory>(settings: &Settings, share: usize) -> Weighed<K, P> {
    let (plans_max, bytes_max) = (settings.plans_max.max(1), settings.plans_bytes_max / share);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(plans_max)
        .weight_capacity(bytes_max as u64)
        .shards(PARTS)
        .build()
        .expect("both capacities are given");
    let weight = Weight { min: (bytes_max / plans_max) as u64 };
    Cache::with_options(options, weight, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

/// Parts of a cache that are locked on their own.
const PARTS: usize = 16;

/// All that a compiled read is made of, but for the contract and the store, of which an engine has one each: the
/// intention, and the outline of the reply. [`Engine::read_plan`] is given nothing else, so whatever is told by a plan
/// is told by its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReadKey {
    pub select: Select,
    pub outline: Outline,
    pub root: Root,
}

/// All that a compiled aggregate is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TotalsKey {
    pub aggregate: Aggregate,
    pub totals: Arc<Totals>,
    pub root: Root,
}

/// All that a compiled operation is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SqlKey {
    operation: OperationId,
    answer: SqlAnswer,
    shape: Option<Shape>,
    root: Root,
}

impl Engine {
    pub(crate) fn read_plan(&self, key: ReadKey) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.plans.reads.get(&key) {
            return Ok(plan);
        }
        let shape = shape(&self.contract, &key.outline);
        let plan = self.store.plan_read(&key.select, shape, key.root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.plans.reads.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn count_plan(&self, select: Select) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.plans.counts.get(&select) {
            return Ok(plan);
        }
        let plan = Arc::new(self.store.plan_count(&select).map_err(|e| Fault::internal(e.0))?);
        self.plans.counts.insert(select, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn totals_plan(&self, key: TotalsKey) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.plans.totals.get(&key) {
            return Ok(plan);
        }
        let shape = shape_of_totals(&self.contract, &key.totals);
        let plan = self.store.plan_aggregate(&key.aggregate, shape, key.root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.plans.totals.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn write_plan(&self, write: Write) -> Result<Arc<WritePlan>, Fault> {
        if let Some(plan) = self.plans.writes.get(&write) {
            return Ok(plan);
        }
        let plan = Arc::new(self.store.plan_write(&write).map_err(|e| Fault::internal(e.0))?);
        self.plans.writes.insert(write, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn sql_plan(
        &self,
        operation: OperationId,
        answer: SqlAnswer,
        shape: Option<Shape>,
        root: Root,
    ) -> Result<Arc<SqlPlan>, Fault> {
        let key = SqlKey { operation, answer, shape, root };
        if let Some(plan) = self.plans.operations.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_sql(operation, &key.answer, key.shape.clone(), key.root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.plans.operations.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}
