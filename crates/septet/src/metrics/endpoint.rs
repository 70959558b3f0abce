//! Where the figures are read: a listener of its own, so that the public port never tells them.

use super::Metrics;
use edge::{Handler, Limits, Request, Response, ResponseBody};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};

/// The only path there is.
pub const PATH: &str = "/metrics";
/// What the answer is: OpenMetrics 1.0, section 4 ("Overall Structure").
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Whoever scrapes needs a connection or two.
const CONNECTIONS_MAX: usize = 64;

/// Answers whoever scrapes.
#[derive(Debug)]
pub struct Endpoint {
    metrics: Metrics,
}

impl Endpoint {
    /// Shows these figures.
    pub fn new(metrics: Metrics) -> Self {
        Endpoint { metrics }
    }

    /// The bounds of its listener: those of the public one, with fewer connections.
    pub fn limits(public: &Limits) -> Limits {
        Limits {
            connections_max: CONNECTIONS_MAX,
            connections_per_address_max: CONNECTIONS_MAX,
            ..public.clone()
        }
    }
}

impl Handler for Endpoint {
    async fn handle(&self, request: Request) -> Response {
        let mut response = Response::new(ResponseBody::empty());
        if request.uri.path() != PATH {
            *response.status_mut() = StatusCode::NOT_FOUND;
        } else if request.method != Method::GET && request.method != Method::HEAD {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        } else {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            *response.body_mut() = self.metrics.text().into();
        }
        response
    }
}
