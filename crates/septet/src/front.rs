//! The one port: which adapter a request is for, and what browsers have to be told first.

use crate::log;
use crate::metrics::Traffic;
use edge::{Around, Connection, Handler, Notice, Piece, Request, Response, ResponseBody, Source};
use engine::{Account, Engine, Scope};
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW,
    CONTENT_TYPE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{self, Poll};
use store::StorageFault;

/// Where a load balancer asks whether the server answers.
const HEALTH_PATH: &str = "/healthz";
/// Request headers that pages may send.
const HEADERS_ALLOWED: &str = "authorization, content-type, accept, prefer, range, range-unit, if-match, \
    if-none-match, idempotency-key, x-request-id, traceparent, x-requested-with, x-apollo-operation-name, \
    apollo-require-preflight, graphql-require-preflight, x-grpc-web, x-user-agent, grpc-timeout, \
    grpc-accept-encoding, connect-protocol-version, connect-timeout-ms, connect-accept-encoding";
/// Response headers that pages may read.
const HEADERS_EXPOSED: &str = "location, link, etag, content-range, range-unit, retry-after, ratelimit, ratelimit-policy, \
    preference-applied, idempotent-replayed, x-request-id, grpc-status, grpc-message, grpc-status-details-bin, \
    grpc-encoding, grpc-accept-encoding, connect-content-encoding, connect-accept-encoding";
/// How long a browser may remember that it may.
const PREFLIGHT_S: &str = "600";

/// All adapters behind one port.
#[derive(Debug)]
pub struct Front {
    rest: rest::Service,
    graphql: graphql::Service,
    grpc: Option<grpc::Service>,
    engine: Arc<Engine>,
    origins: Vec<String>,
    ids: RequestIds,
    traffic: Arc<Traffic>,
}

/// Request ids: the process's own random part and a count.
#[derive(Debug)]
pub struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids that begin with `process`, which should be random.
    pub fn new(process: u64) -> Self {
        Self { process, next: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        let mut id = [0; 33];
        hex(&mut id[..16], self.process);
        id[16] = b'-';
        hex(&mut id[17..], self.next.fetch_add(1, Ordering::Relaxed));
        String::from_utf8(id.to_vec()).expect("hexadecimal digits are ASCII")
    }
}

/// By hand because it is done for every request.
fn hex(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

impl Front {
    /// A front for pages of `origins` (`*` for any) that counts its connections.
    pub fn new(
        rest: rest::Service,
        graphql: graphql::Service,
        grpc: Option<grpc::Service>,
        engine: Arc<Engine>,
        origins: Vec<String>,
        ids: RequestIds,
        traffic: Arc<Traffic>,
    ) -> Self {
        Self { rest, graphql, grpc, engine, origins, ids, traffic }
    }

    /// How the cache of GraphQL's documents does.
    pub fn documents(&self) -> graphql::CacheStats {
        self.graphql.graphql().cache_stats()
    }

    /// Says to those who wait for the end of something that the server is about to end.
    pub fn drain(&self) {
        self.grpc.iter().for_each(grpc::Service::drain);
    }

    /// Says to those who watch what is wrong with the storage.
    pub fn storage(&self, fault: Option<StorageFault>) {
        self.grpc.iter().for_each(|grpc| grpc.keeps_data(fault.is_none()));
    }

    /// The gRPC adapter, where it answers this request.
    fn grpc_for(&self, request: &Request) -> Option<&grpc::Service> {
        self.grpc.as_ref().filter(|grpc| grpc.is_mine(request.uri.path(), &request.headers))
    }

    /// The origin of the page that asks, when it may (WHATWG Fetch, section 3.2).
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let is_allowed = self.origins.iter().any(|allowed| allowed == "*" || origin == allowed.as_str());
        is_allowed.then(|| origin.clone())
    }
}

/// Who answers a request. Futures are moved, so the larger ones are in boxes.
enum Answered<R, G, P> {
    Here(Response),
    ByRest(R),
    ByGraphql(Pin<Box<G>>),
    ByGrpc(Pin<Box<P>>),
}

impl Front {
    /// What an adapter answers. All that is done for it is added to the request's account.
    fn adapted(
        &self,
        request: Request,
        account: Account,
    ) -> Answered<
        Scope<impl Future<Output = Response> + Send>,
        Scope<impl Future<Output = Response> + Send>,
        Scope<impl Future<Output = Response> + Send>,
    > {
        if self.graphql.is_mine(request.uri.path()) {
            let response = self.graphql.handle(request, || self.ids.next());
            return Answered::ByGraphql(Box::pin(account.scope(response)));
        }
        match self.grpc_for(&request) {
            Some(grpc) => Answered::ByGrpc(Box::pin(account.scope(grpc.handle(request, || self.ids.next())))),
            None => Answered::ByRest(account.scope(self.rest.handle(request, || self.ids.next()))),
        }
    }
}

/// What is still to be done for a response is added to the account, too.
fn metered(mut response: Response, account: Account, takes_coded: bool) -> Response {
    if response.body().is_stream() {
        let (head, body) = response.into_parts();
        return Response::from_parts(head, ResponseBody::stream(Streamed { body, account }));
    }
    if takes_coded {
        response.extensions_mut().insert(Around::new(move |work| account.run(work)));
    }
    response
}

/// A body that is made while it is sent.
struct Streamed {
    body: ResponseBody,
    account: Account,
}

impl Source for Streamed {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Piece>> {
        let Self { body, account } = &mut *self;
        account.run(|| Pin::new(body).poll_piece(cx))
    }
}

impl Handler for Front {
    /// What no adapter knows is answered by REST: in the form that the rest of the API uses.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send {
        let tells_browsers = !self.origins.is_empty();
        let origin = if tells_browsers { self.allowed_origin(&request.headers) } else { None };
        let asks_first =
            request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let path = request.uri.path();
        let own = if asks_first && origin.is_some() {
            Some(preflight())
        } else if path == HEALTH_PATH && !self.rest.is_mine(path) {
            Some(health(&request.method, self.engine.storage_fault()))
        } else {
            None
        };
        let takes_coded = request.headers.contains_key(ACCEPT_ENCODING);
        let (answered, account) = match own {
            Some(response) => (Answered::Here(response), None),
            None => {
                let account = self.engine.account(request.peer.ip());
                (account.run(|| self.adapted(request, account.clone())), Some(account))
            }
        };
        async move {
            let mut response = match answered {
                Answered::ByRest(response) => response.await,
                Answered::ByGraphql(response) => response.await,
                Answered::ByGrpc(response) => response.await,
                Answered::Here(response) => response,
            };
            if let Some(account) = account {
                response = metered(response, account, takes_coded);
            }
            if tells_browsers {
                tell_browser(response.headers_mut(), origin);
            }
            response
        }
    }

    fn takes_coded(&self, path: &str) -> bool {
        self.grpc.as_ref().is_some_and(|grpc| grpc.has(path))
    }

    fn notice(&self, notice: Notice) {
        self.traffic.notice(&notice);
        log::notice(&notice);
    }

    fn connection(&self, change: Connection) {
        self.traffic.connection(change);
    }
}

/// Whether the page's origin may read the answer; caches must not give it to other origins. Cookies mean nothing here,
/// so a page is not allowed to send any.
fn tell_browser(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(HEADERS_EXPOSED));
    }
}

fn preflight() -> Response {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS_ALLOWED));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_S));
    response
}

/// Whether the server can do its work. It answers, so what is left to say is whether it can keep data.
fn health(method: &Method, fault: Option<StorageFault>) -> Response {
    let is_read = *method == Method::GET || *method == Method::HEAD;
    if !is_read {
        let mut response = Response::new(ResponseBody::empty());
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let (status, text) = match fault {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("failing: {fault}\n")),
    };
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
