//! REST as the edge sees it: a request is read, called and answered.

use crate::fault::BODY_TOO_LARGE;
use crate::{About, Arrival, Decoded, Head, Rest, Route, request_id};
use bytes::Bytes;
use edge::{Body, BodyError, Request, Response};
use engine::{Engine, Fault, Kind, codes};
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
    pub async fn handle(&self, request: Request, new_id: impl FnOnce() -> String) -> Response {
        let Request { method, uri, headers, peer, body, .. } = request;
        let id = request_id(&headers).map_or_else(new_id, str::to_owned);
        let about = About { method: &method, path: uri.path(), request_id: &id };
        let matched = match self.rest.route(&method, uri.path()) {
            Route::Operation(matched) => matched,
            other => return self.elsewhere(&other, &about),
        };
        let bytes = match self.body(body).await {
            Ok(bytes) => bytes,
            Err(fault) => return self.rest.fault(&fault, &about).map(Into::into),
        };
        let arrival = Arrival { peer: peer.ip(), request_id: id.clone() };
        let decoded = self.rest.decode(matched, Head { uri: &uri, headers: &headers }, &bytes, arrival);
        drop((bytes, headers));
        let response = match decoded {
            Err(fault) => self.rest.fault(&fault, &about),
            Ok(Decoded { call, manner }) => match self.engine.call(call).await {
                Ok(answer) => self.rest.reply(answer, &manner, &about),
                Err(fault) => self.rest.fault(&fault, &about),
            },
        };
        response.map(Into::into)
    }

    fn elsewhere(&self, route: &Route, about: &About<'_>) -> Response {
        let response = match route {
            Route::Options(allow) => self.rest.options(*allow, about),
            Route::MethodNotAllowed(allow) => self.rest.method_not_allowed(*allow, about),
            Route::NotFound | Route::NotMine | Route::Operation(_) => self.rest.not_found(about),
        };
        response.map(Into::into)
    }

    async fn body(&self, body: Body) -> Result<Bytes, Fault> {
        if body.is_empty() {
            return Ok(Bytes::new());
        }
        // In a box: most requests have no body, and every request's future would have room for its reading.
        Box::pin(body.read(self.rest.body_bytes_max())).await.map_err(body_fault)
    }
}

fn body_fault(error: BodyError) -> Fault {
    match error {
        BodyError::TooLarge => Fault::new(Kind::TooLarge, BODY_TOO_LARGE, error.to_string()),
        BodyError::Timeout => Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, error.to_string()),
        BodyError::Incomplete => Fault::new(Kind::Invalid, codes::INVALID_INPUT, error.to_string()),
    }
}
