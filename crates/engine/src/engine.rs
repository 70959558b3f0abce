//! The pipeline itself: one straight line from a call to an answer or a fault.

use crate::account::Budgets;
use crate::call::{Answer, Call, Credentials};
use crate::channel::{Hub, ToldWhole};
use crate::clock::{Clock, Moment};
use crate::fault::{Fault, Kind};
use crate::identity::{Caller, Verifier};
use crate::input::Secrets;
use crate::limit::Buckets;
use crate::observe::Observer;
use crate::plans::Plans;
use crate::secret::Hashing;
use crate::select::{Resolver, Wanted};
use crate::settings::Settings;
use crate::stage::{Chosen, Places, Planned};
use crate::watch::{Tally, Watch};
use contract::{Contract, OperationId};
use quota::Pool;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use store::{ReadPlan, SqlPlan, StorageFault, Store};
use wire::Patterns;

/// Everything a call goes through, for one contract and one store.
#[derive(Debug)]
pub struct Engine {
    pub(crate) contract: Arc<Contract>,
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) verifier: Verifier,
    pub(crate) anonymous: Arc<Caller>,
    pub(crate) patterns: Patterns,
    /// What of an input is a secret, by operation.
    pub(crate) secrets: Vec<Secrets>,
    /// What `*` stands for, by resource.
    pub(crate) stars: Vec<Arc<Wanted>>,
    /// Plans of whole records, by resource; none where a field is computed, which may be another for each call.
    pub(crate) whole_records: Vec<Option<Memos>>,
    /// Plans of operations that answer whole records, by operation: with the parameters of the answer's reads.
    pub(crate) whole_results: Vec<WholeResult>,
    pub(crate) budgets: Arc<Budgets>,
    /// Buckets of operations with a limit of their own, by operation and caller.
    pub(crate) limited: Buckets<String>,
    /// Calls under way that read.
    pub(crate) reads: Arc<Places>,
    /// Those that write.
    pub(crate) writes: Arc<Places>,
    pub(crate) hashing: Hashing,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) plans: Plans,
    pub(crate) hub: Hub,
    /// What is held for callers.
    pub(crate) held: Arc<Pool>,
    /// How the messages of channels are told.
    pub(crate) told: Vec<Arc<ToldWhole>>,
    /// Streams under way.
    pub(crate) streams: Arc<Places>,
}

/// A plan of an operation, and the parameters of its answer's reads.
type WholeResult = OnceLock<(Arc<SqlPlan>, Vec<wire::Value>)>;

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
            secrets: Secrets::of(&contract),
            whole_records: whole.collect(),
            whole_results: contract.operations.iter().map(|_| OnceLock::new()).collect(),
            stars: stars.clone(),
            budgets: Arc::new(Budgets::new(&settings, &clock)),
            limited: Buckets::new(settings.buckets_max, start),
            reads: Places::new("calls", settings.read_places()),
            writes: Places::new("writes", settings.write_places()),
            hashing: Hashing::new(settings.hashes_concurrent_max, settings.hashes_waiting_max),
            plans: Plans::new(&settings),
            hub: Hub::new(settings.hub()),
            held: Arc::new(Pool::new(settings.held_bytes_max)),
            told: contract.channels.iter().map(|c| Arc::new(ToldWhole::new(&contract, c))).collect(),
            streams: Places::new("streams", settings.stream_places()),
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

    /// What is wrong with the disk or the file that holds the data.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        self.store.storage_fault()
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
            watch.finish(result.as_ref().map(Tally::from));
            result
        }
    }

    /// Everything before the store is asked.
    pub(crate) fn prepare<E>(
        &self,
        call: Call,
        moment: Moment,
        watch: &mut Watch<E>,
    ) -> Result<Box<Planned>, Fault>
    where
        E: Deref<Target = Engine>,
    {
        self.accounted(call.context.peer, || self.prepare_accounted(call, moment, watch))
    }

    fn prepare_accounted<E>(
        &self,
        call: Call,
        moment: Moment,
        watch: &mut Watch<E>,
    ) -> Result<Box<Planned>, Fault>
    where
        E: Deref<Target = Engine>,
    {
        let admitted = self.admit(call, moment)?;
        let identified = self.identify(admitted)?;
        watch.caller(identified.caller());
        let (operation, is_stranger) = (identified.operation(), identified.is_stranger());
        let checked = self.validate(identified).map_err(|fault| match fault.kind {
            Kind::Invalid if is_stranger => {
                self.identity_first([operation], &Credentials::None).unwrap_or(fault)
            }
            _ => fault,
        })?;
        let permitted = self.permit(checked)?;
        let planned = self.plan(permitted)?;
        watch.prepared();
        Ok(Box::new(planned))
    }
}
