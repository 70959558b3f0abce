//! The pipeline itself: one straight line from a call to an answer or a fault.

use crate::call::{Answer, Call};
use crate::clock::{Clock, Moment};
use crate::fault::{Fault, Kind, codes};
use crate::identity::{Caller, Verifier};
use crate::input::Patterns;
use crate::limit::Buckets;
use crate::observe::{Finished, Observer};
use crate::secret::Hashing;
use crate::select::{MemberWhat, Resolver, Totals, TotalsItem, TotalsWhat, Wanted, WantedMember, What};
use crate::settings::Settings;
use crate::stage::{Chosen, Planned};
use contract::{Contract, OperationId};
use quick_cache::sync::Cache;
use std::net::IpAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use store::{Aggregate, ReadPlan, Root, Select, SqlAnswer, SqlPlan, Store, Write, WritePlan};
use wire::Shape;

/// Everything a call goes through, for one contract and one store.
#[derive(Debug)]
pub struct Engine {
    pub(crate) contract: Arc<Contract>,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) verifier: Verifier,
    pub(crate) anonymous: Arc<Caller>,
    pub(crate) patterns: Patterns,
    /// What `*` stands for, by resource.
    pub(crate) stars: Vec<Arc<Wanted>>,
    /// Plans of whole records, by resource; none where a field is computed, which may be another for each call.
    pub(crate) whole_records: Vec<Option<Memos>>,
    pub(crate) addresses: Buckets<IpAddr>,
    pub(crate) callers: Buckets<String>,
    /// Buckets of operations with a limit of their own, by operation and caller.
    pub(crate) limited: Buckets<String>,
    pub(crate) under_way: Arc<AtomicUsize>,
    pub(crate) hashing: Hashing,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    reads: Cache<ReadKey, Arc<ReadPlan>>,
    counts: Cache<Select, Arc<ReadPlan>>,
    totals: Cache<TotalsKey, Arc<ReadPlan>>,
    writes: Cache<Write, Arc<WritePlan>>,
    operations: Cache<SqlKey, Arc<SqlPlan>>,
}

/// A selection whose names were checked, to be used by many calls.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) operation: OperationId,
    pub(crate) chosen: Chosen,
    memos: Option<Memos>,
}

/// Plans of a selection that is planned alike for everybody whom no rule keeps anything from.
#[derive(Debug, Default)]
pub(crate) struct Memos {
    /// One record by its key.
    pub get: OnceLock<Memo>,
    /// The first records of all.
    pub list: OnceLock<Memo>,
}

/// A plan, and the parameters it was made with: the last one is the key or the limit.
#[derive(Debug)]
pub(crate) struct Memo {
    pub plan: Arc<ReadPlan>,
    pub params: Vec<wire::Value>,
}

impl Prepared {
    pub(crate) fn new(contract: &Contract, operation: OperationId, chosen: Chosen) -> Self {
        let is_constant = match &chosen {
            Chosen::Records(wanted) => wanted.is_constant(contract),
            Chosen::Result(..) | Chosen::Totals(_) | Chosen::Nothing => false,
        };
        Self { operation, chosen, memos: is_constant.then(Memos::default) }
    }

    pub(crate) fn memos_of(&self, wanted: &Wanted) -> Option<&Memos> {
        match &self.chosen {
            Chosen::Records(own) if std::ptr::eq(Arc::as_ptr(own), wanted) => self.memos.as_ref(),
            Chosen::Records(_) | Chosen::Result(..) | Chosen::Totals(_) | Chosen::Nothing => None,
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
        if let TotalsWhat::Group { items, type_name } = &item.what {
            names.push(type_name.clone());
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
    /// An engine. The verifier decides who callers are, the observer learns of every call.
    pub fn new(
        contract: Arc<Contract>,
        store: Store,
        settings: Settings,
        verifier: Verifier,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let start = clock.now().instant;
        let stars: Vec<Arc<Wanted>> =
            contract.resources().map(|(id, _)| Arc::new(Resolver::star(&contract, id))).collect();
        let whole = stars.iter().map(|star| star.is_constant(&contract).then(Memos::default));
        Self {
            patterns: Patterns::of(&contract),
            whole_records: whole.collect(),
            stars: stars.clone(),
            addresses: Buckets::new(settings.buckets_max, start),
            callers: Buckets::new(settings.buckets_max, start),
            limited: Buckets::new(settings.buckets_max, start),
            under_way: Arc::new(AtomicUsize::new(0)),
            hashing: Hashing::new(settings.hashes_concurrent_max),
            reads: Cache::new(settings.plans_max),
            counts: Cache::new(settings.plans_max),
            totals: Cache::new(settings.plans_max),
            writes: Cache::new(settings.plans_max),
            operations: Cache::new(settings.plans_max),
            anonymous: Arc::new(Caller::anonymous()),
            contract,
            store,
            settings,
            verifier,
            clock,
            observer,
        }
    }

    /// The contract that is served.
    pub fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Does what a call wants, or says why not. Exactly one [`Finished`] is observed, also when the future is dropped.
    ///
    /// What waits for nothing is done at once; the future is only what may have to wait for the store.
    pub fn call(&self, call: Call) -> impl Future<Output = Result<Answer, Fault>> + Send + '_ {
        let moment = self.clock.now();
        let mut watch = Watch::new(self, &call, moment);
        let prepared = self.prepare(call, moment, &mut watch);
        async move {
            let result = match prepared {
                Ok(planned) => self.run(planned).await,
                Err(fault) => Err(fault),
            };
            watch.finish(&result);
            result
        }
    }

    /// Everything before the store is asked.
    fn prepare(&self, call: Call, moment: Moment, watch: &mut Watch<'_>) -> Result<Box<Planned>, Fault> {
        let admitted = self.admit(call, moment)?;
        let identified = self.identify(admitted)?;
        watch.caller(&identified);
        let checked = self.validate(identified)?;
        let permitted = self.permit(checked)?;
        let planned = self.plan(permitted)?;
        watch.prepared();
        Ok(Box::new(planned))
    }

    pub(crate) fn read_plan(
        &self,
        key: ReadKey,
        shape: impl FnOnce() -> Shape,
    ) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.reads.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_read(&key.select, shape(), key.root).map_err(|e| Fault::internal(e.0))?;
        let plan = Arc::new(plan);
        self.reads.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn count_plan(&self, select: Select) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.counts.get(&select) {
            return Ok(plan);
        }
        let plan = Arc::new(self.store.plan_count(&select).map_err(|e| Fault::internal(e.0))?);
        self.counts.insert(select, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn totals_plan(
        &self,
        key: TotalsKey,
        shape: impl FnOnce() -> Shape,
    ) -> Result<Arc<ReadPlan>, Fault> {
        if let Some(plan) = self.totals.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_aggregate(&key.aggregate, shape(), key.root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.totals.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    pub(crate) fn write_plan(&self, write: Write) -> Result<Arc<WritePlan>, Fault> {
        if let Some(plan) = self.writes.get(&write) {
            return Ok(plan);
        }
        let plan = Arc::new(self.store.plan_write(&write).map_err(|e| Fault::internal(e.0))?);
        self.writes.insert(write, Arc::clone(&plan));
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
        if let Some(plan) = self.operations.get(&key) {
            return Ok(plan);
        }
        let plan = self.store.plan_sql(operation, &key.answer, key.shape.clone(), root);
        let plan = Arc::new(plan.map_err(|e| Fault::internal(e.0))?);
        self.operations.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}

/// Watches one call to its end, whichever way it ends.
struct Watch<'a> {
    engine: &'a Engine,
    operation: OperationId,
    protocol: &'static str,
    request_id: String,
    traceparent: Option<String>,
    caller: Option<Arc<Caller>>,
    start: Instant,
    prepared_in: Duration,
    is_finished: bool,
}

impl<'a> Watch<'a> {
    fn new(engine: &'a Engine, call: &Call, moment: Moment) -> Self {
        Self {
            engine,
            operation: call.operation,
            protocol: call.context.protocol,
            request_id: call.context.request_id.clone(),
            traceparent: call.context.traceparent.clone(),
            caller: None,
            start: moment.instant,
            prepared_in: Duration::ZERO,
            is_finished: false,
        }
    }

    fn caller(&mut self, identified: &crate::stage::Identified) {
        self.caller = Some(identified.caller());
    }

    fn prepared(&mut self) {
        self.prepared_in = self.elapsed();
    }

    fn elapsed(&self) -> Duration {
        self.engine.clock.instant().saturating_duration_since(self.start)
    }

    fn finish(&mut self, result: &Result<Answer, Fault>) {
        self.is_finished = true;
        match result {
            Ok(answer) => self.tell(None, answer),
            Err(fault) => self.tell(Some(fault), &Answer::default()),
        }
    }

    fn tell(&self, fault: Option<&Fault>, answer: &Answer) {
        self.engine.observer.finished(&Finished {
            operation: &self.engine.contract.operation(self.operation).name,
            protocol: self.protocol,
            request_id: &self.request_id,
            traceparent: self.traceparent.as_deref(),
            caller: self.caller.as_ref().and_then(|caller| caller.id()),
            fault,
            rows: answer.rows,
            bytes: answer.body.len() as u64,
            statements: answer.statements,
            round_trips: answer.round_trips,
            prepared_in: self.prepared_in,
            took: self.elapsed(),
        });
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            let fault = Fault::new(Kind::Cancelled, codes::CANCELLED, "the caller went away");
            self.tell(Some(&fault), &Answer::default());
        }
    }
}
