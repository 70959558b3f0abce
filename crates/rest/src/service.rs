//! REST as the edge sees it: a request is read, called and answered.

use crate::{About, Arrival, Decoded, Head, Matched, Rest, Route};
use edge::{Body, Request, Response};
use engine::{Engine, Fault};
use http::{HeaderMap, Method, Uri};
use http_semantics::body_fault;
use http_semantics::trace::request_id;
use std::net::IpAddr;
use std::sync::Arc;

/// The REST adapter over an engine.
#[derive(Debug)]
pub struct Service {
    rest: Rest,
    engine: Arc<Engine>,
}

impl Service {
    /// Serves `rest` with `engine`; both are of the same contract.
    pub fn new(rest: Rest, engine: Arc<Engine>) -> Self {
        Self { rest, engine }
    }

    /// Whether a path is this adapter's.
    pub fn is_mine(&self, path: &str) -> bool {
        self.rest.is_mine(path)
    }

    /// Answers a request. `new_id` makes a request id where the peer gave none.
    ///
    /// What waits for nothing is done at once: futures are moved, and this one is of every request.
    pub fn handle(
        &self,
        request: Request,
        new_id: impl FnOnce() -> String,
    ) -> impl Future<Output = Response> + Send + '_ {
        let Request { method, uri, headers, peer, body, .. } = request;
        let id = request_id(&headers).map_or_else(new_id, str::to_owned);
        let told = Told { method, uri, id, peer: peer.ip() };
        let begun = self.begin(&told, headers, body);
        async move {
            let decoded = match begun {
                Begun::Elsewhere(response) => return response,
                Begun::Decoded(decoded) => decoded,
                // In a box: most requests have no body.
                Begun::Unread(unread) => Box::pin(self.read(&told, *unread)).await,
            };
            let about = told.about();
            let response = match decoded {
                Err(fault) => self.rest.fault(&fault, &about),
                Ok(decoded) => match self.engine.call(decoded.call).await {
                    Ok(answer) => self.rest.reply(answer, &decoded.manner, &about),
                    Err(fault) => self.rest.fault(&fault, &about),
                },
            };
            response.map(Into::into)
        }
    }

    fn begin(&self, told: &Told, headers: HeaderMap, body: Body) -> Begun {
        let about = told.about();
        let response = match self.rest.route(&told.method, told.uri.path()) {
            Route::Operation(matched) if body.is_empty() => {
                return Begun::Decoded(self.decode(told, matched, &headers, &[]).map(Box::new));
            }
            Route::Operation(matched) => return Begun::Unread(Box::new(Unread { matched, headers, body })),
            Route::Options(allow) => self.rest.options(allow, &about),
            Route::MethodNotAllowed(allow) => self.rest.method_not_allowed(allow, &about),
            Route::NotFound | Route::NotMine => self.rest.not_found(&about),
        };
        Begun::Elsewhere(response.map(Into::into))
    }

    async fn read(&self, told: &Told, unread: Unread) -> Result<Box<Decoded>, Fault> {
        let bytes = unread.body.read(self.rest.body_bytes_max()).await.map_err(body_fault)?;
        self.decode(told, unread.matched, &unread.headers, &bytes).map(Box::new)
    }

    fn decode(
        &self,
        told: &Told,
        matched: Matched,
        headers: &HeaderMap,
        bytes: &[u8],
    ) -> Result<Decoded, Fault> {
        let arrival = Arrival { peer: told.peer, request_id: told.id.clone() };
        self.rest.decode(matched, Head { uri: &told.uri, headers }, bytes, arrival)
    }
}

/// What is kept of a request until it is answered.
struct Told {
    method: Method,
    uri: Uri,
    id: String,
    peer: IpAddr,
}

impl Told {
    fn about(&self) -> About<'_> {
        About { method: &self.method, path: self.uri.path(), request_id: &self.id }
    }
}

/// How far a request came without waiting.
enum Begun {
    /// It is for no operation: its answer.
    Elsewhere(Response),
    /// It was read.
    Decoded(Result<Box<Decoded>, Fault>),
    /// Its body has to be read first.
    Unread(Box<Unread>),
}

/// A request whose body is still to be read.
struct Unread {
    matched: Matched,
    headers: HeaderMap,
    body: Body,
}
