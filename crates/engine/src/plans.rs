//! Compiled plans, found again by the intentions that they are of.

use crate::engine::Engine;
use crate::fault::Fault;
use crate::select::{MemberWhat, Totals, TotalsItem, TotalsWhat, Wanted, WantedMember, What};
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

/// What tells one compiled read from another: the intention, and the names in the reply where they are not the
/// fields' own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReadKey {
    select: Select,
    names: Vec<Option<Box<str>>>,
    root: Root,
}

/// What tells one compiled aggregate from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TotalsKey {
    aggregate: Aggregate,
    names: Vec<Box<str>>,
    root: Root,
}

impl TotalsKey {
    pub fn new(aggregate: Aggregate, totals: &Totals, root: Root) -> Self {
        let mut names = Vec::new();
        totals_names(&totals.items, &mut names);
        Self { aggregate, names, root }
    }
}

fn totals_names(items: &[TotalsItem], names: &mut Vec<Box<str>>) {
    for item in items {
        names.push(item.alias.clone());
        if let TotalsWhat::Group { items, type_name, number } = &item.what {
            names.push(type_name.clone());
            names.push(number.to_string().into());
            totals_names(items, names);
            names.push("/".into());
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SqlKey {
    operation: OperationId,
    answer: SqlAnswer,
    shape: Option<Shape>,
}

impl ReadKey {
    pub fn new(select: Select, wanted: &Wanted, root: Root) -> Self {
        let mut names = Vec::new();
        if !has_plain_names(wanted) {
            collect_names(wanted, &mut names);
        }
        Self { select, names, root }
    }

    /// A key with all names of the reply.
    pub fn named(select: Select, names: Vec<Option<Box<str>>>, root: Root) -> Self {
        Self { select, names, root }
    }
}

/// Whether every field has its own name in the reply.
fn has_plain_names(wanted: &Wanted) -> bool {
    wanted.items.iter().all(|item| {
        item.alias.is_none()
            && match &item.what {
                What::Field { json, .. } => json.is_empty(),
                What::One { wanted, spread, .. } => !spread && has_plain_names(wanted),
                What::Many { wanted, .. } => has_plain_names(wanted),
                What::Count { .. } => true,
                // They have names of the call's own.
                What::Object { .. } | What::TypeName | What::Version | What::Cursor | What::Group { .. } => {
                    false
                }
            }
    })
}

fn collect_names(wanted: &Wanted, names: &mut Vec<Option<Box<str>>>) {
    names.push(wanted.type_name.clone());
    for item in &wanted.items {
        names.push(item.alias.clone());
        match &item.what {
            What::One { wanted, spread, .. } => {
                names.push(spread.then(|| "...".into()));
                collect_names(wanted, names);
                names.push(Some("/".into()));
            }
            What::Many { wanted, .. } => {
                collect_names(wanted, names);
                names.push(Some("/".into()));
            }
            What::Group { wanted } => {
                collect_names(wanted, names);
                names.push(Some("/".into()));
            }
            What::Object { members, .. } => member_names(members, names),
            What::Field { .. } | What::Count { .. } | What::TypeName | What::Version | What::Cursor => {}
        }
    }
}

/// The select has the whole object, so what is chosen of it is told apart here.
pub(crate) fn member_names(members: &[WantedMember], names: &mut Vec<Option<Box<str>>>) {
    names.push(Some(format!("{{{}", members.len()).into()));
    for member in members {
        names.push(member.alias.clone());
        match &member.what {
            MemberWhat::Whole(field) => names.push(Some(field.0.to_string().into())),
            MemberWhat::Object(field, members) => {
                names.push(Some(format!("{}{{", field.0).into()));
                member_names(members, names);
            }
            MemberWhat::TypeName => names.push(None),
        }
    }
}

impl Engine {
    pub(crate) fn read_plan(
        &self,
        key: ReadKey,
        shape: impl FnOnce() -> Shape,
    ) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.plans.reads.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_read(&key.select, shape(), key.root).map_err(|e| Fault::internal(e.0))?;
        let plan = Arc::new(plan);
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

    pub(crate) fn totals_plan(
        &self,
        key: TotalsKey,
        shape: impl FnOnce() -> Shape,
    ) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.plans.totals.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_aggregate(&key.aggregate, shape(), key.root);
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
        let key = SqlKey { operation, answer, shape };
        if let Some(plan) = self.plans.operations.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_sql(operation, &key.answer, key.shape.clone(), root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.plans.operations.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}
