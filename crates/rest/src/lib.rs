//! REST: HTTP requests to calls, answers and faults to HTTP.
//!
//! Pure functions over [`http`] types: sockets are `edge`'s, meaning is the engine's. A request goes through
//! [`Rest::route`] and [`Rest::decode`]; what the engine says goes through [`Rest::reply`] or
//! [`Rest::fault`].

mod body;
mod decode;
#[doc(hidden)]
pub mod fuzz;
mod headers;
mod operation;
mod problem;
pub mod query;
mod reply;
mod route;
mod service;

pub use decode::{Arrival, Decoded, Head, Manner};
pub use http_semantics::discretion::Names;
pub use reply::About;
pub use route::{Allow, Matched, Route, RouteError};
pub use service::Service;

use contract::{Contract, OperationId};
use http_semantics::discretion::Discretion;
use operation::Facts;
use route::Routes;
use std::sync::Arc;
use wire::DecodeBounds;

/// How REST is served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The path all routes are under, `/api`; empty for the root.
    pub base_path: String,
    /// Bytes of a body at the most.
    pub body_bytes_max: usize,
    /// Bytes of a query string at the most.
    pub query_bytes_max: usize,
    /// How deep and large the value in a body may be.
    pub decode: DecodeBounds,
    /// Who is told names that are not in the request.
    pub names: Names,
}

/// The REST face of a contract. Immutable; a reload makes a new one.
#[derive(Debug)]
pub struct Rest {
    contract: Arc<Contract>,
    settings: Settings,
    routes: Routes,
    facts: Vec<Facts>,
    discretion: Discretion,
}

impl Rest {
    /// Builds the route table.
    ///
    /// # Errors
    /// When two operations are at the same method and path, or a path cannot be one.
    pub fn new(contract: Arc<Contract>, settings: Settings) -> Result<Self, RouteError> {
        let routes = Routes::new(&settings.base_path, operation::places(&contract))?;
        let facts = operation::facts(&contract, routes.base());
        let discretion = Discretion::new(settings.names, contract.names(), contract.error_codes());
        Ok(Self { contract, settings, routes, facts, discretion })
    }

    /// Which operation a method and a path name. `path` is as it came, percent-encoded, without the query
    /// string.
    pub fn route(&self, method: &http::Method, path: &str) -> Route {
        self.routes.find(method, path)
    }

    /// Whether a path is under the base path.
    pub fn is_mine(&self, path: &str) -> bool {
        self.routes.is_mine(path)
    }

    pub(crate) fn body_bytes_max(&self) -> usize {
        self.settings.body_bytes_max
    }

    pub(crate) fn discretion(&self) -> &Discretion {
        &self.discretion
    }

    fn facts(&self, id: OperationId) -> &Facts {
        &self.facts[id.index()]
    }
}
