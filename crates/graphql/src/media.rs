//! The media type of an answer (GraphQL over HTTP, "Accept").

use engine::{Fault, Kind};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use http_semantics::codes::NOT_ACCEPTABLE;
use http_semantics::media::{Range, Wish, wish};

/// In which media type a response goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`: the status says how the request went.
    Graphql,
    /// `application/json`, for clients that know no other: what is well-formed is answered 200.
    Json,
}

impl Media {
    const GRAPHQL: &str = "application/graphql-response+json";
    const JSON: &str = "application/json";

    /// What the caller wants most. The type of its own wins a draw, but only by name: who takes anything is taken to
    /// know `application/json` alone.
    ///
    /// # Errors
    /// `NOT_ACCEPTABLE` when it is neither.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Result<Self, Fault> {
        if !headers.contains_key(ACCEPT) {
            return Ok(Media::Json);
        }
        let wanted = |essence| wish(headers, essence).filter(|wish| wish.weight > 0.0);
        match (wanted(Self::GRAPHQL), wanted(Self::JSON)) {
            (Some(graphql), Some(json)) if prefers(graphql, json) => Ok(Media::Graphql),
            (Some(_), None) => Ok(Media::Graphql),
            (_, Some(_)) => Ok(Media::Json),
            (None, None) => {
                let message = format!("answers are {} or {}", Self::GRAPHQL, Self::JSON);
                Err(Fault::new(Kind::Unsupported, NOT_ACCEPTABLE, message))
            }
        }
    }

    /// The value of `Content-Type`.
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Media::Graphql => "application/graphql-response+json; charset=utf-8",
            Media::Json => "application/json; charset=utf-8",
        })
    }
}

fn prefers(graphql: Wish, json: Wish) -> bool {
    graphql.weight > json.weight || graphql.weight == json.weight && graphql.range == Range::Exact
}
