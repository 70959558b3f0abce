//! What a caller takes (RFC 9110, section 12.5.1): JSON, or one record of a list by itself, as clients of PostgREST ask
//! for it (<https://docs.postgrest.org/en/stable/references/api/resource_representation.html#singular-or-plural>).

use engine::Fault;
use http::HeaderMap;
use http_semantics::media::{Range, Wish, check_accept, wish};

const JSON: &str = "application/json";
/// One record: a list of one without its brackets.
pub(crate) const OBJECT: &str = "application/vnd.pgrst.object+json";

/// What a caller takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// What the operation answers.
    Json,
    /// One record, also of a list: it must be the only one.
    Object,
}

impl Accepted {
    /// Reads `Accept`.
    pub fn of(headers: &HeaderMap) -> Result<Self, Fault> {
        let is_taken = |wish: &Wish| wish.weight > 0.0;
        let object = wish(headers, OBJECT).filter(|wish| is_taken(wish) && wish.range == Range::Exact);
        let json = wish(headers, JSON).filter(is_taken);
        match object {
            Some(object) if json.is_none_or(|json| json.weight < object.weight) => Ok(Self::Object),
            Some(_) | None => check_accept(headers, JSON).map(|()| Self::Json),
        }
    }
}
