//! REST as the edge sees it: a request is read, called and answered.

use crate::{About, Arrival, Decoded, Head, Matched, Rest, Route};
use edge::{Body, Request, Response, ResponseBody};
use engine::{Engine, Fault, Kind, no_room};
use http::{HeaderMap, Method, Uri};
use http_semantics::discretion::{Discretion, Said};
use http_semantics::trace::request_id;
use http_semantics::{body_fault, identity};
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
        let Request { method, uri, headers, peer, body, overload, .. } = request;
        let id = request_id(&headers).map_or_else(new_id, str::to_owned);
        // In a box, and only where a refusal has to be in a stranger's words.
        let said = self.rest.discretion().of(&headers).map(|_| Box::new(Said::of(&uri)));
        let mut told = Told { method, uri, id, peer: peer.ip(), said };
        let begun = match overload {
            Some(exceeded) => Begun::Decoded(Err(no_room(exceeded))),
            None => self.begin(&told, headers, body),
        };
        async move {
            let decoded = match begun {
                Begun::Elsewhere(response) => return response,
                Begun::Decoded(decoded) => decoded,
                // In a box: most requests have no body.
                Begun::Unread(unread) => Box::pin(self.read(&mut told, *unread)).await,
            };
            let mut held = None;
            let response = match decoded {
                Err(fault) => self.refusal(fault, &told),
                Ok(decoded) => match self.engine.call(decoded.call).await {
                    Ok(mut answer) => {
                        held = answer.held.take();
                        self.rest.reply(answer, &decoded.manner, &told.about())
                    }
                    Err(fault) => self.refusal(fault, &told),
                },
            };
            response.map(|body| ResponseBody::from(body).held(held))
        }
    }

    fn refusal(&self, fault: Fault, told: &Told) -> http::Response<Vec<u8>> {
        let fault = match (self.rest.discretion(), &told.said) {
            (Discretion::Strangers(untold), Some(said)) => untold.fault(fault, said),
            (Discretion::Open | Discretion::Strangers(_), _) => fault,
        };
        self.rest.fault(&fault, &told.about())
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

    async fn read(&self, told: &mut Told, unread: Unread) -> Result<Box<Decoded>, Fault> {
        self.engine.ask(told.peer, &identity::credentials(&unread.headers))?;
        let bytes = unread.body.read(self.rest.body_bytes_max()).await.map_err(body_fault)?;
        if let Some(said) = &mut told.said {
            said.push(bytes.clone());
        }
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
        let operation = matched.id;
        let decoded = self.rest.decode(matched, Head { uri: &told.uri, headers }, bytes, arrival);
        decoded.map_err(|fault| match fault.kind {
            Kind::Invalid => {
                self.engine.identity_first([operation], &identity::credentials(headers)).unwrap_or(fault)
            }
            _ => fault,
        })
    }
}

/// What is kept of a request until it is answered.
struct Told {
    method: Method,
    uri: Uri,
    id: String,
    peer: IpAddr,
    /// What a stranger said, where refusals are to be in such words.
    said: Option<Box<Said>>,
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
