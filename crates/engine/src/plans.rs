//! Compiled plans, found again by the intentions that they are of.

use crate::engine::Engine;
use crate::fault::Fault;
use crate::select::{Outline, Totals, shape, shape_of_totals};
use crate::settings::Settings;
use contract::OperationId;
use quick_cache::sync::Cache;
use std::sync::Arc;
use store::{Aggregate, ReadPlan, Root, Select, SqlAnswer, SqlPlan, Write, WritePlan};
use wire::Shape;

/// Everything that was compiled so far, as far as there is room.
#[derive(Debug)]
pub(crate) struct Plans {
    reads: Cache<ReadKey, Arc<ReadPlan>>,
    counts: Cache<Select, Arc<ReadPlan>>,
    totals: Cache<TotalsKey, Arc<ReadPlan>>,
    writes: Cache<Write, Arc<WritePlan>>,
    operations: Cache<SqlKey, Arc<SqlPlan>>,
}

impl Plans {
    pub fn new(settings: &Settings) -> Self {
        Self {
            reads: Cache::new(settings.plans_max),
            counts: Cache::new(settings.plans_max),
            totals: Cache::new(settings.plans_max),
            writes: Cache::new(settings.plans_max),
            operations: Cache::new(settings.plans_max),
        }
    }
}

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
