//! Plans that read: one record, lists, counts.

use super::{Plan, Planner, Read, key_predicate};
use crate::call::{Grouping, Total};
use crate::engine::Memo;
use crate::fault::Fault;
use crate::plans::TotalsKey;
use crate::select::{Builder, Condition, Page, Totals, Wanted, and};
use crate::stage::validate::{KeyFilter, Parent};
use contract::ResourceId;
use std::sync::Arc;
use store::Predicate;
use wire::Value;

impl Planner<'_> {
    /// The commonest reads, a whole record or a selection that was prepared, by key and with no rule in the way, have
    /// their plan with them: it need not be looked up by its intention.
    pub(super) fn get(
        &self,
        resource: ResourceId,
        key: &KeyFilter,
        condition: Option<&Condition>,
        wanted: &Wanted,
    ) -> Result<Read, Fault> {
        let by_key = match (key.as_slice(), condition) {
            ([(_, value)], None) => Some(value),
            _ => None,
        };
        let memo = self.memo(resource, wanted).map(|memos| &memos.get);
        let Some((value, slot)) = by_key.zip(memo) else {
            return self.get_as_planned(resource, key, condition, wanted);
        };
        if let Some(Memo { plan, params }) = slot.get() {
            let mut params = params.clone();
            // The key is the last of the parameters.
            if let Some(last) = params.last_mut() {
                *last = value.clone();
            }
            return Ok(Read { plan: Arc::clone(plan), params });
        }
        let read = self.get_as_planned(resource, key, None, wanted)?;
        let _ = slot.set(Memo { plan: Arc::clone(&read.plan), params: read.params.clone() });
        Ok(read)
    }

    /// Where the plans of a selection are kept, if it is always planned alike: no rule is in the way, and it holds
    /// nothing that is computed of the call.
    fn memo(&self, resource: ResourceId, wanted: &Wanted) -> Option<&crate::engine::Memos> {
        if !self.permitted.decisions.are_open() {
            return None;
        }
        match &self.permitted.prepared {
            Some(prepared) => prepared.memos_of(wanted),
            None if std::ptr::eq(wanted, Arc::as_ptr(&self.engine.stars[resource.index()])) => {
                self.engine.whole_records[resource.index()].as_ref()
            }
            None => None,
        }
    }

    fn get_as_planned(
        &self,
        resource: ResourceId,
        key: &KeyFilter,
        condition: Option<&Condition>,
        wanted: &Wanted,
    ) -> Result<Read, Fault> {
        let (select, params) = self.with_builder(|builder| {
            let mut select = builder.records(wanted);
            select.filter = and(builder.condition_of(resource, condition), select.filter);
            select.filter = and(key_predicate(resource, key, &mut builder.params), select.filter);
            select
        });
        self.read(select, wanted, store::Root::One, params)
    }

    pub(super) fn list(
        &self,
        parent: Option<&Parent>,
        wanted: &Wanted,
        page: &Page,
        total: Total,
    ) -> Result<Plan, Fault> {
        let read = self.rows(parent, wanted, page)?;
        let count = match total {
            Total::Unwanted => None,
            Total::Exact => Some(self.count(wanted, parent, page)?),
        };
        let parent = parent.map(|parent| Ok((parent.resource, self.parent(parent)?))).transpose()?;
        Ok(Plan::List { parent, read, count, offset: page.offset })
    }

    fn rows(&self, parent: Option<&Parent>, wanted: &Wanted, page: &Page) -> Result<Read, Fault> {
        let is_plain = parent.is_none()
            && page.condition.is_none()
            && page.order.is_empty()
            && page.keyset.is_none()
            && page.offset == 0;
        let memo = self.memo(wanted.resource, wanted).filter(|_| is_plain).map(|memos| &memos.list);
        if let Some(Memo { plan, params }) = memo.and_then(|slot| slot.get()) {
            let mut params = params.clone();
            // The limit is the last of the parameters.
            if let Some(last) = params.last_mut() {
                *last = Value::Int(i64::from(page.limit));
            }
            return Ok(Read { plan: Arc::clone(plan), params });
        }
        let (select, params) = self.with_builder(|builder| {
            let mut select = builder.list(wanted, page);
            if let Some(parent) = parent {
                select.filter = and(related_to(parent, builder), select.filter);
            }
            select
        });
        let read = self.read(select, wanted, store::Root::List, params)?;
        if let Some(slot) = memo {
            let _ = slot.set(Memo { plan: Arc::clone(&read.plan), params: read.params.clone() });
        }
        Ok(read)
    }

    /// Values over rows.
    pub(super) fn aggregate(
        &self,
        totals: &Arc<Totals>,
        page: &Page,
        grouping: Grouping,
    ) -> Result<Plan, Fault> {
        let (aggregate, params) = self.with_builder(|builder| builder.aggregate(totals, page));
        let root = match grouping {
            Grouping::Whole => store::Root::One,
            Grouping::ByFields => store::Root::List,
        };
        let plan = self.engine.totals_plan(TotalsKey { aggregate, totals: Arc::clone(totals), root })?;
        let read = Read { plan, params: params.into_values() };
        Ok(Plan::Aggregate { read, grouping, offset: page.offset })
    }

    /// Whether the row whose relation is listed is there and seen.
    fn parent(&self, parent: &Parent) -> Result<Read, Fault> {
        let nothing = Wanted::nothing(parent.resource);
        let key = vec![(self.engine.contract.resource(parent.resource).key, parent.key.clone())];
        self.get(parent.resource, &key, None, &nothing)
    }

    /// How many rows a list has in all: its condition and its inner relations count, its page does not.
    pub(super) fn count(&self, wanted: &Wanted, parent: Option<&Parent>, page: &Page) -> Result<Read, Fault> {
        let nothing = Wanted::nothing(wanted.resource);
        let everything = Page { condition: page.condition.clone(), ..Page::default() };
        let (mut select, params) = self.with_builder(|builder| {
            let mut select = builder.list(&nothing, &everything);
            select.filter = and(builder.inner_relations(wanted), select.filter);
            if let Some(parent) = parent {
                select.filter = and(related_to(parent, builder), select.filter);
            }
            select
        });
        select.limit = None;
        let plan = self.engine.count_plan(select)?;
        Ok(Read { plan, params: params.into_values() })
    }
}

fn related_to(parent: &Parent, builder: &mut Builder<'_>) -> Predicate {
    builder.related_to(parent.resource, parent.field, parent.key.clone())
}
