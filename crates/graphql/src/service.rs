//! GraphQL as the edge sees it: a request is read, executed and answered.

use crate::codes::{CSRF_REFUSED, INTROSPECTION_DISABLED};
use crate::document::Subject;
use crate::error::Problem;
use crate::execute::{Outcome, Run};
use crate::media::Media;
use crate::request::{self, Asked};
use crate::response::{self, About, Refused};
use crate::{Graphql, Introspection};
use apollo_compiler::executable::OperationType;
use edge::{Body, Request, Response, ResponseBody};
use engine::{Caller, Context, Engine, Fault, Kind};
use http::header::{ALLOW, IF_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_semantics::codes::{METHOD_NOT_ALLOWED, NOT_FOUND};
use http_semantics::cross_site;
use http_semantics::discretion::{Discretion, Said};
use http_semantics::prefer::Preferences;
use http_semantics::reply::{common_headers, respond, set};
use http_semantics::{body_fault, identity, precondition, tags, trace};
use std::net::IpAddr;
use std::sync::Arc;

/// What is said to a request that may be a cross-site one.
const REFUSAL: &str = "a page of another site could have sent this: \
    send the content type application/json, or a header graphql-require-preflight";

/// What the endpoint takes.
const METHODS: &str = "GET, HEAD, POST, OPTIONS";
/// What an operation that changes something is taken by.
const CHANGING_METHODS: &str = "POST";

/// Units of a caller's budget for a document that has to be read: parsing and validation come before any call.
const DOCUMENT_UNITS: u32 = 1;
/// Bytes of a document for each unit beyond the first: twenty milliseconds' worth of parsing and validation.
const DOCUMENT_BYTES_PER_UNIT: usize = 32 << 10;
/// Units for an operation that asks for nothing but the name of its root type.
const TYPE_NAME_UNITS: u32 = 1;
/// Units for an operation that asks about the schema, whose answer may be large.
const SCHEMA_UNITS: u32 = 10;

/// The GraphQL adapter over an engine.
#[derive(Debug)]
pub struct Service {
    graphql: Graphql,
    engine: Arc<Engine>,
}

impl Service {
    /// Serves `graphql` with `engine`; both are of the same contract.
    pub fn new(graphql: Graphql, engine: Arc<Engine>) -> Self {
        Self { graphql, engine }
    }

    /// Whether a path is this adapter's.
    pub fn is_mine(&self, path: &str) -> bool {
        self.graphql.is_endpoint(path) || self.graphql.graphiql.as_ref().is_some_and(|g| g.is_mine(path))
    }

    /// The adapter's own part.
    pub fn graphql(&self) -> &Graphql {
        &self.graphql
    }

    /// Answers a request. `new_id` makes a request id where the peer gave none.
    ///
    /// What waits for nothing is done at once: futures are moved, and this one is of every request.
    pub fn handle(
        &self,
        request: Request,
        new_id: impl FnOnce() -> String,
    ) -> impl Future<Output = Response> + Send + '_ {
        let Request { method, uri, headers, peer, body, overload, .. } = request;
        let id = trace::request_id(&headers).map_or_else(new_id, str::to_owned);
        let page = self.graphql.graphiql.as_ref().filter(|_| !self.graphql.is_endpoint(uri.path()));
        let page = page.map(|page| page.answer(&method, &uri, &headers, &id));
        // In a box, and only where a refusal has to be in a stranger's words.
        let said = self.graphql.discretion.of(&headers).map(|_| Box::new(Said::of(&uri)));
        let told = Told { said, ..Told::new(method, headers, id, peer.ip()) };
        async move {
            match (overload, page) {
                (Some(exceeded), _) => told.refuse(engine::no_room(exceeded)).map(Into::into),
                (None, Some(page)) => page,
                (None, None) => self.answer(told, uri, body).await,
            }
        }
    }

    async fn answer(&self, mut told: Told, uri: Uri, body: Body) -> Response {
        if !self.graphql.is_endpoint(uri.path()) {
            let fault = Fault::new(Kind::NotFound, NOT_FOUND, "nothing is at this path");
            return told.refuse(fault).map(Into::into);
        }
        if told.method == Method::OPTIONS {
            return told.options().map(Into::into);
        }
        let asked = match self.read(&mut told, &uri, body).await {
            Ok(asked) => asked,
            Err(fault) => return told.refuse(self.discreet(fault, &told)).map(Into::into),
        };
        match self.run(&told, &asked).await {
            Ok(mut outcome) => {
                self.hold_back(&mut outcome.problems, &told);
                let held = outcome.held.take();
                let response = response::outcome(outcome, asked.cost, &told.about());
                response.map(|body| ResponseBody::from(body).held(held))
            }
            Err(Refusal::Head(fault)) => told.refuse(self.discreet(fault, &told)).map(Into::into),
            Err(Refusal::Operation(mut problems)) => {
                self.hold_back(&mut problems, &told);
                told.refuse_operation(Refusal::Operation(problems)).map(Into::into)
            }
            Err(refusal @ Refusal::Method(_)) => told.refuse_operation(refusal).map(Into::into),
        }
    }

    /// A fault in words that its reader may be told.
    fn discreet(&self, fault: Fault, told: &Told) -> Fault {
        match (&self.graphql.discretion, &told.said) {
            (Discretion::Strangers(untold), Some(said)) => untold.fault(fault, said),
            (Discretion::Open | Discretion::Strangers(_), _) => fault,
        }
    }

    /// The same for problems.
    fn hold_back(&self, problems: &mut [Problem], told: &Told) {
        let (Discretion::Strangers(untold), Some(said)) = (&self.graphql.discretion, &told.said) else {
            return;
        };
        for problem in problems {
            untold.hold_back(problem.kind, &problem.code, &mut problem.message, said);
            untold.hold_back_of(&mut problem.fields, said);
        }
    }

    /// What is asked, if it is asked in a way that may be answered.
    async fn read(&self, told: &mut Told, uri: &Uri, body: Body) -> Result<Asked, Fault> {
        told.media = Media::negotiate(&told.headers)?;
        self.engine.ask(told.peer, &identity::credentials(&told.headers))?;
        let settings = &self.graphql.settings;
        match told.method {
            Method::POST => {
                request::refuse_multipart(&told.headers)?;
                told.refuse_cross_site()?;
                request::check_content_type(&told.headers)?;
                let bytes = body.read(settings.body_bytes_max).await.map_err(body_fault)?;
                if let Some(said) = &mut told.said {
                    said.push(bytes.clone());
                }
                request::from_body(&bytes, &settings.decode)
            }
            Method::GET | Method::HEAD => {
                told.refuse_cross_site()?;
                let query = uri.query().unwrap_or_default();
                request::from_query(query, settings.query_bytes_max, &settings.decode)
            }
            _ => {
                let message = format!("the path has only {METHODS}");
                Err(Fault::new(Kind::Unsupported, METHOD_NOT_ALLOWED, message))
            }
        }
    }

    async fn run(&self, told: &Told, asked: &Asked) -> Result<Outcome, Refusal> {
        let context = told.context()?;
        let pay = |text: &str| {
            let units = u32::try_from(text.len() / DOCUMENT_BYTES_PER_UNIT).unwrap_or(u32::MAX);
            self.engine.take_from_address(told.peer, units.saturating_add(DOCUMENT_UNITS))
        };
        let document = self.graphql.document(&asked.source, pay)?;
        let chosen = document.choose(asked.operation.as_deref())?;
        if told.method != Method::POST && chosen.operation.operation_type != OperationType::Query {
            let message = "an operation that changes something is sent by POST";
            return Err(Refusal::Method(Problem::new(Kind::Unsupported, METHOD_NOT_ALLOWED, message)));
        }
        self.allow(chosen.subject, &context)?;
        let planned = chosen.planned(&self.graphql)?;
        let (document, operation) = (&document.executable, &**chosen.operation);
        let run = Run { document, operation, variables: &asked.variables, context };
        Ok(self.graphql.execute(&self.engine, &planned, run).await?)
    }

    /// What no call asks for is asked for here: who it is, whether they may, and units of their budget.
    fn allow(&self, subject: &Subject, context: &Context) -> Result<(), Refusal> {
        let enter = |units| {
            let entered = self.engine.enter(context, units);
            entered.map(|(caller, _)| caller).map_err(|fault| Problem::from(&fault))
        };
        match subject {
            Subject::Data => Ok(()),
            Subject::TypeName => enter(TYPE_NAME_UNITS).map(drop).map_err(Refusal::from),
            Subject::Schema => self.allow_schema(&*enter(SCHEMA_UNITS)?),
            Subject::EndlessSchema(problem) => {
                self.allow_schema(&*enter(SCHEMA_UNITS)?)?;
                Err(problem.clone().into())
            }
        }
    }

    fn allow_schema(&self, caller: &Caller) -> Result<(), Refusal> {
        let is_allowed = match &self.graphql.settings.introspection {
            Introspection::Everyone => true,
            Introspection::Roles(roles) => caller.has_one_of(roles),
        };
        let message = "the schema is not told to this caller";
        let refusal = || Problem::new(Kind::Denied, INTROSPECTION_DISABLED, message).into();
        if is_allowed { Ok(()) } else { Err(refusal()) }
    }
}

/// What is kept of a request until it is answered.
struct Told {
    method: Method,
    headers: HeaderMap,
    id: String,
    peer: IpAddr,
    media: Media,
    known_tags: Vec<HeaderValue>,
    /// What a stranger said, where refusals are to be in such words.
    said: Option<Box<Said>>,
}

/// Why a request that was understood is not run.
enum Refusal {
    /// The status says so in every media type.
    Method(Problem),
    /// Something in the request's head makes no sense.
    Head(Fault),
    /// The operation cannot be run.
    Operation(Vec<Problem>),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Operation(vec![problem])
    }
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Self {
        Refusal::Operation(problems)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Head(fault)
    }
}

impl Told {
    fn new(method: Method, headers: HeaderMap, id: String, peer: IpAddr) -> Self {
        let known_tags = tags::known_tags(&headers);
        Self { method, headers, id, peer, media: Media::Json, known_tags, said: None }
    }

    fn about(&self) -> About<'_> {
        let Self { method, id, media, known_tags, .. } = self;
        About { method, request_id: id, media: *media, known_tags }
    }

    fn context(&self) -> Result<Context, Fault> {
        // A reader may have an answer's tag; a change is guarded by what its document says.
        let guards = match self.method == Method::POST {
            true => &precondition::GUARDS[..],
            false => &[IF_MATCH, IF_UNMODIFIED_SINCE],
        };
        precondition::refuse(&self.headers, guards, "a version is asked for by the argument `ifVersion`")?;
        Ok(Context {
            protocol: "graphql",
            request_id: self.id.clone(),
            traceparent: trace::traceparent(&self.headers).map(str::to_owned),
            peer: self.peer,
            credentials: identity::credentials(&self.headers),
            idempotency_key: identity::idempotency_key(&self.headers)?,
            timeout: Preferences::of(&self.headers).wait,
            version: None,
            reply_bytes_max: None,
        })
    }

    fn refuse_cross_site(&self) -> Result<(), Fault> {
        let refusal = || Fault::new(Kind::Invalid, CSRF_REFUSED, REFUSAL);
        if cross_site::may_be_cross_site(&self.headers) { Err(refusal()) } else { Ok(()) }
    }

    fn options(&self) -> http::Response<Vec<u8>> {
        let mut headers = common_headers(&self.id);
        headers.insert(ALLOW, HeaderValue::from_static(METHODS));
        respond(StatusCode::NO_CONTENT, headers, Vec::new())
    }

    fn refuse(&self, fault: Fault) -> http::Response<Vec<u8>> {
        let mut response = response::refusal(Refused::Request, &[Problem::from(&fault)], &self.about());
        if fault.code == METHOD_NOT_ALLOWED {
            set(response.headers_mut(), ALLOW, METHODS);
        }
        response
    }

    fn refuse_operation(&self, refusal: Refusal) -> http::Response<Vec<u8>> {
        match refusal {
            Refusal::Head(fault) => self.refuse(fault),
            Refusal::Operation(problems) => response::refusal(Refused::Operation, &problems, &self.about()),
            Refusal::Method(problem) => {
                let mut response = response::refusal(Refused::Request, &[problem], &self.about());
                set(response.headers_mut(), ALLOW, CHANGING_METHODS);
                response
            }
        }
    }
}
