//! Executing operations: root fields become calls, answers become `data`.

mod answer;
mod call;
mod connection;
mod node;

pub(crate) use crate::plan::Planned;

use crate::Graphql;
use crate::error::Problem;
use crate::introspect::Answers;
use crate::plan::{Kind as Asked, RootField, Translate, root_fields};
use crate::values::Variables;
use answer::Part;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, OperationType};
use apollo_compiler::validation::Valid;
use contract::{Cache, CacheScope};
use engine::{Budget, Context, Engine, Kind, codes};
use quota::Reservation;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use wire::Value;

/// One request for a planned operation.
pub(crate) struct Run<'a> {
    /// The document it is in.
    pub document: &'a Valid<ExecutableDocument>,
    /// The operation that was planned.
    pub operation: &'a Operation,
    /// An object, as it came.
    pub variables: &'a Value,
    /// Who, from where, until when.
    pub context: Context,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// `data` as JSON; `None` when the request itself was refused.
    pub data: Option<Vec<u8>>,
    /// `errors`.
    pub problems: Vec<Problem>,
    /// Units of the caller's budget that it took.
    pub cost: u32,
    /// What is left of it.
    pub budget: Option<Budget>,
    /// How long it stays fresh.
    pub cache: Option<Cache>,
    /// Rows in it.
    pub rows: u64,
    /// Statements that were run.
    pub statements: u32,
    /// Times that the store was asked.
    pub round_trips: u32,
    /// What `data` is held by.
    pub held: Option<Arc<Reservation>>,
}

impl Graphql {
    /// Runs an operation: its root fields one after the other, each mutation in a transaction of its own.
    ///
    /// # Errors
    /// Variables that do not fit: nothing was begun.
    pub(crate) async fn execute(
        &self,
        engine: &Engine,
        planned: &Planned,
        run: Run<'_>,
    ) -> Result<Outcome, Vec<Problem>> {
        let Run { document, operation, variables: given, context } = run;
        let variables = Variables::new(&self.schema, document, operation, given).map_err(|problems| {
            let asked = planned.fields().into_iter().flatten().filter_map(|field| field.target.operation());
            let unknown = engine.identity_first(asked, &context.credentials);
            unknown.map_or(problems, |fault| vec![Problem::from(fault)])
        })?;
        let made;
        let fields = match planned.fields() {
            Some(fields) => fields,
            None => {
                let fields = root_fields(self, document, operation, &variables);
                made = fields.map_err(|problem| vec![problem])?;
                &made
            }
        };
        let introspected = self.introspected(fields, document, operation, given)?;
        let request = Request {
            engine,
            translate: Translate { face: self, document, variables: &variables },
            context: &context,
            mutations: fields.len(),
            begun: Instant::now(),
            bytes_left: AtomicUsize::new(engine.reply_bytes_max()),
        };
        let mut writing = Writing::new(fields.len());
        for field in fields {
            let part = match field.target.kind {
                Asked::Introspection => request.json(known(&introspected, &field.key)),
                Asked::Field(asked) => request.field(field, asked).await,
            };
            writing.part(field, part);
        }
        Ok(writing.outcome(planned.kind()))
    }

    fn introspected(
        &self,
        fields: &[RootField],
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &Value,
    ) -> Result<Answers, Vec<Problem>> {
        match fields.iter().any(|field| field.target.kind == Asked::Introspection) {
            true => self.introspect(document, operation, variables).map_err(|problem| vec![problem]),
            false => Ok(Vec::new()),
        }
    }
}

fn known(introspected: &[(Box<str>, Vec<u8>)], key: &str) -> Vec<u8> {
    let found = introspected.iter().find(|(known, _)| **known == *key);
    found.map_or_else(|| b"null".to_vec(), |(_, json)| json.clone())
}

/// What the root fields of one request share.
struct Request<'a> {
    engine: &'a Engine,
    translate: Translate<'a>,
    context: &'a Context,
    /// How many fields the root has.
    mutations: usize,
    begun: Instant,
    /// Bytes that may still be answered: one document has one bound, however many calls it makes.
    bytes_left: AtomicUsize,
}

impl Request<'_> {
    /// What was answered counts against what may be.
    fn spend(&self, bytes: usize) {
        self.bytes_left.store(self.bytes_left().saturating_sub(bytes), Ordering::Relaxed);
    }

    fn bytes_left(&self) -> usize {
        self.bytes_left.load(Ordering::Relaxed)
    }

    /// A value that took no call.
    fn json(&self, json: Vec<u8>) -> Part {
        if json.len() > self.bytes_left() {
            let message = "the answer is larger than allowed: ask for less";
            return Part::refused(Problem::new(Kind::TooLarge, codes::REPLY_TOO_LARGE, message));
        }
        self.spend(json.len());
        Part::json(json)
    }
}

/// A response in the making.
struct Writing {
    data: Vec<u8>,
    outcome: Outcome,
    /// A field that is never null could not be answered.
    is_null: bool,
    /// Some field was answered.
    has_answer: bool,
    /// Every answer so far may be kept for a while.
    keeps: bool,
}

impl Writing {
    fn new(fields: usize) -> Self {
        let data = Vec::with_capacity(64 * fields);
        Self { data, outcome: Outcome::default(), is_null: false, has_answer: false, keeps: true }
    }

    fn part(&mut self, field: &RootField, part: Part) {
        let Part { json, problems, cost, budget, cache, rows, statements, round_trips, is_refused, held } =
            part;
        self.hold(held);
        self.data.push(if self.data.is_empty() { b'{' } else { b',' });
        wire::encode::json::string(&mut self.data, &field.key);
        self.data.push(b':');
        let is_null = json.is_empty() || json == b"null";
        if is_null {
            self.data.extend_from_slice(b"null");
        } else {
            self.data.extend_from_slice(&json);
        }
        let is_required = field.nodes.first().is_some_and(|node| node.ty().is_non_null());
        self.is_null |= is_null && is_required;
        self.has_answer |= !is_refused;
        let places = |problem: Problem| problem.under(&field.key, &field.locations);
        self.outcome.problems.extend(problems.into_iter().map(places));
        self.outcome.cost = self.outcome.cost.saturating_add(cost);
        self.outcome.budget = budget.or(self.outcome.budget);
        self.outcome.rows += rows;
        self.outcome.statements = self.outcome.statements.saturating_add(statements);
        self.outcome.round_trips = self.outcome.round_trips.saturating_add(round_trips);
        self.keep(cache);
    }

    /// What holds a part holds it as a part of all.
    fn hold(&mut self, held: Option<Arc<Reservation>>) {
        match &self.outcome.held {
            Some(all) => held.iter().for_each(|held| all.absorb(held)),
            None => self.outcome.held = held,
        }
    }

    /// A response stays fresh as long as all of it does.
    fn keep(&mut self, cache: Option<Cache>) {
        match (cache, self.outcome.cache) {
            (None, _) => self.keeps = false,
            (Some(cache), None) => self.outcome.cache = Some(cache),
            (Some(cache), Some(so_far)) => {
                let scope = match (cache.scope, so_far.scope) {
                    (CacheScope::Public, CacheScope::Public) => CacheScope::Public,
                    (CacheScope::Private, _) | (_, CacheScope::Private) => CacheScope::Private,
                };
                let max_age_s = cache.max_age_s.min(so_far.max_age_s);
                self.outcome.cache = Some(Cache { max_age_s, scope });
            }
        }
    }

    fn outcome(mut self, kind: OperationType) -> Outcome {
        let is_whole = self.outcome.problems.is_empty();
        if !(self.keeps && is_whole && kind == OperationType::Query) {
            self.outcome.cache = None;
        }
        let is_refused = !self.has_answer && !is_whole && self.outcome.problems.iter().all(is_of_request);
        self.data.extend_from_slice(if self.data.is_empty() { b"{}" } else { b"}" });
        self.outcome.data = match (is_refused, self.is_null) {
            (true, _) => None,
            (false, true) => Some(b"null".to_vec()),
            (false, false) => Some(self.data),
        };
        self.outcome
    }
}

/// Whether a problem is one of the request rather than of what it asks for: nothing of it was begun.
fn is_of_request(problem: &Problem) -> bool {
    match problem.kind {
        Kind::Unauthenticated | Kind::Throttled | Kind::Unavailable => true,
        Kind::Denied
        | Kind::Invalid
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Precondition
        | Kind::Mismatch
        | Kind::TooLarge
        | Kind::Timeout
        | Kind::Cancelled
        | Kind::Unsupported
        | Kind::Internal => false,
    }
}
