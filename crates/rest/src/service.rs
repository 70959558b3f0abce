//! REST as the edge sees it: a request is read, called and answered.

use crate::fault::BODY_TOO_LARGE;
use crate::{About, Arrival, Head, Matched, Rest, Route, request_id};
use edge::{BodyError, Request, Response};
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
        let id = request_id(&request.headers).map_or_else(new_id, str::to_owned);
        let (method, uri) = (request.method.clone(), request.uri.clone());
        let about = About { method: &method, path: uri.path(), request_id: &id };
        let response = match self.rest.route(&method, uri.path()) {
            Route::Operation(matched) => match self.answer(matched, request, &about).await {
                Ok(response) => response,
                Err(fault) => self.rest.fault(&fault, &about),
            },
            Route::Options(allow) => self.rest.options(allow, &about),
            Route::MethodNotAllowed(allow) => self.rest.method_not_allowed(allow, &about),
            Route::NotFound | Route::NotMine => self.rest.not_found(&about),
        };
        response.map(Into::into)
    }

    async fn answer(
        &self,
        matched: Matched,
        request: Request,
        about: &About<'_>,
    ) -> Result<http::Response<Vec<u8>>, Fault> {
        let Request { uri, headers, peer, body, .. } = request;
        let bytes = if body.is_empty() {
            bytes::Bytes::new()
        } else {
            body.read(self.rest.body_bytes_max()).await.map_err(body_fault)?
        };
        let arrival = Arrival { peer: peer.ip(), request_id: about.request_id.to_owned() };
        let head = Head { uri: &uri, headers: &headers };
        let decoded = self.rest.decode(matched, head, &bytes, arrival)?;
        let answer = self.engine.call(decoded.call).await?;
        Ok(self.rest.reply(answer, &decoded.manner, about))
    }
}

fn body_fault(error: BodyError) -> Fault {
    match error {
        BodyError::TooLarge => Fault::new(Kind::TooLarge, BODY_TOO_LARGE, error.to_string()),
        BodyError::Timeout => Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, error.to_string()),
        BodyError::Incomplete => Fault::new(Kind::Invalid, codes::INVALID_INPUT, error.to_string()),
    }
}
