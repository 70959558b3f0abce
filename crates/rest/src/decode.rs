//! An HTTP request becomes a call.

use crate::headers::accept::Accepted;
use crate::headers::link::Page;
use crate::headers::range::{self, Asked};
use crate::headers::{condition, content};
use crate::operation::{Answers, Tag, method};
use crate::query::{Query, Scope};
use crate::route::Matched;
use crate::{Rest, body, query};
use contract::{Binding, Method, Operation, OperationId};
use engine::{Call, Change, Context, Fault, Grouping, Input, Item, Kind, Selected, Selection};
use http::{HeaderMap, HeaderValue, Uri};
use http_semantics::codes::{BODY_TOO_LARGE, QUERY_TOO_LONG};
use http_semantics::prefer::{Preferences, Return};
use http_semantics::{identity, invalid, trace};
use std::net::IpAddr;
use wire::{Format, Value};

/// Rows that are asked for where exactly one is wanted: enough to see that there is another.
const ROWS_OF_ONE_MAX: u64 = 2;

/// The head of a request. Its method has been looked at by [`Rest::route`].
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The target.
    pub uri: &'a Uri,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

/// What is known of a request besides what it says.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The address it came from.
    pub peer: IpAddr,
    /// Its id: the peer's own, or a new one.
    pub request_id: String,
}

/// A request, read: the call, and how its answer is to be written.
#[derive(Debug)]
pub struct Decoded {
    /// What is wanted, in contract terms.
    pub call: Call,
    /// How the answer goes back.
    pub manner: Manner,
}

/// How an answer goes back, by what the request said.
#[derive(Debug, Clone)]
pub struct Manner {
    pub(crate) operation: OperationId,
    pub(crate) accepted: Accepted,
    pub(crate) returns: Option<Return>,
    pub(crate) preferences: Preferences,
    pub(crate) asked: Asked,
    pub(crate) tag: Tag,
    pub(crate) known_tags: Vec<HeaderValue>,
    pub(crate) page: Option<Page>,
}

impl Rest {
    /// Reads a request for an operation. The body has been read whole and `settings.body_bytes_max` been
    /// kept.
    ///
    /// # Errors
    /// `INVALID_INPUT`, `NOT_ACCEPTABLE`, `UNSUPPORTED_MEDIA_TYPE`, `QUERY_TOO_LONG`, `BODY_TOO_LARGE`, and
    /// `VERSION_MISMATCH` for an `If-Match` that can never hold.
    pub fn decode(
        &self,
        mut matched: Matched,
        head: Head<'_>,
        body: &[u8],
        arrival: Arrival,
    ) -> Result<Decoded, Fault> {
        let accepted = Accepted::of(head.headers)?;
        let operation = self.contract.operation(matched.id);
        let method = method(&self.contract, matched.id);
        let mut query = self.query(&matched, method, head.uri.query().unwrap_or(""))?;
        let asked = self.asked_range(&matched, head, &mut query)?;
        let change = match method {
            Method::Get | Method::Delete => Change::Replace,
            Method::Post | Method::Put | Method::Patch => content::change(head.headers, method, body)?,
        };
        if accepted == Accepted::Object && self.facts(matched.id).answers == Answers::List {
            query.list.limit =
                Some(query.list.limit.map_or(ROWS_OF_ONE_MAX, |limit| limit.min(ROWS_OF_ONE_MAX)));
        }
        let data = self.data(&mut matched, method, body, std::mem::take(&mut query.arguments))?;
        let (called, grouping) = self.called(&matched, &query)?;
        let preferences = preferences(head.headers, grouping);
        let manner = Manner { accepted, ..self.manner(&matched, method, head, &query, preferences, asked)? };
        let input = Input {
            key: matched.key,
            data,
            change,
            total: preferences.total(),
            paging: query.paging(),
            grouping,
            list: query.list,
        };
        let context = context(operation, method, head, arrival, preferences)?;
        let selection = selected(operation, query.selection, preferences.returns)?;
        let call = Call { operation: called, input, selection, format: Format::Json, context };
        Ok(Decoded { call, manner })
    }

    /// The operation that a request is for: a function in the selection makes a list an aggregate.
    fn called(&self, matched: &Matched, query: &Query) -> Result<(OperationId, Grouping), Fault> {
        if !query.selection.as_ref().is_some_and(query::is_of_groups) {
            return Ok((matched.id, Grouping::Whole));
        }
        match self.facts(matched.id).aggregate {
            Ok(id) => Ok((id, Grouping::ByFields)),
            Err(reason) => Err(invalid("select", "UNSUPPORTED", reason)),
        }
    }

    fn query(&self, matched: &Matched, method: Method, text: &str) -> Result<Query, Fault> {
        if text.is_empty() {
            return Ok(Query::default());
        }
        if text.len() > self.settings.query_bytes_max {
            let message = format!("the query string has more than {} bytes", self.settings.query_bytes_max);
            return Err(Fault::new(Kind::TooLarge, QUERY_TOO_LONG, message));
        }
        let arguments = match method {
            Method::Get | Method::Delete => &self.contract.operation(matched.id).arguments[..],
            Method::Post | Method::Put | Method::Patch => &[],
        };
        query::read(text, self.facts(matched.id).scope, arguments)
    }

    /// Rows can be asked for by a range where they can be asked for by `limit` and `offset`.
    fn asked_range(&self, matched: &Matched, head: Head<'_>, query: &mut Query) -> Result<Asked, Fault> {
        match self.facts(matched.id).scope {
            Scope::Rows => range::apply(head.headers, &mut query.list),
            Scope::Count | Scope::Record | Scope::Arguments => Ok(Asked::Everything),
        }
    }

    /// Arguments, or field values. The body of a read or a delete is not looked at (RFC 9110, section 9.3.1).
    fn data(
        &self,
        matched: &mut Matched,
        method: Method,
        bytes: &[u8],
        in_query: Vec<(String, String)>,
    ) -> Result<Option<Value>, Fault> {
        let operation = self.contract.operation(matched.id);
        let bounds = &self.settings.decode;
        match method {
            Method::Get | Method::Delete if operation.arguments.is_empty() => Ok(None),
            Method::Get | Method::Delete => body::arguments(operation, matched, in_query, bounds).map(Some),
            Method::Post | Method::Put | Method::Patch => {
                if bytes.len() > self.settings.body_bytes_max {
                    let message = format!("the body has more than {} bytes", self.settings.body_bytes_max);
                    return Err(Fault::new(Kind::TooLarge, BODY_TOO_LARGE, message));
                }
                let mut data = body::decode(operation, bytes, bounds)?;
                self.drop_key(operation, matched, &mut data)?;
                body::with_path(operation, data, matched, bounds).map(Some)
            }
        }
    }

    /// The key of a standard update or upsert stands in the path; the body may repeat it.
    fn drop_key(&self, operation: &Operation, matched: &Matched, data: &mut Value) -> Result<(), Fault> {
        match (&operation.binding, &matched.key) {
            (Binding::Update(resource) | Binding::Upsert(resource), Some(key)) => {
                body::without(data, &self.contract.resource(*resource).key_field().name, key)
            }
            _ => Ok(()),
        }
    }

    fn manner(
        &self,
        matched: &Matched,
        method: Method,
        head: Head<'_>,
        query: &Query,
        preferences: Preferences,
        asked: Asked,
    ) -> Result<Manner, Fault> {
        let facts = self.facts(matched.id);
        let known_tags = condition::known_tags(head.headers, method, facts.answers)?;
        let related = query.selection.as_ref().is_some_and(has_related);
        Ok(Manner {
            operation: matched.id,
            accepted: Accepted::Json,
            returns: preferences.returns.filter(|_| method != Method::Get),
            preferences,
            asked,
            tag: if related { Tag::Content } else { facts.tag },
            known_tags,
            page: Page::of(query, head.uri.query().unwrap_or_default()),
        })
    }
}

/// Groups are not counted: all rows are no number of groups.
fn preferences(headers: &HeaderMap, grouping: Grouping) -> Preferences {
    let preferences = Preferences::of(headers);
    match grouping {
        Grouping::Whole => preferences,
        Grouping::ByFields => Preferences { count: None, ..preferences },
    }
}

/// What the answer is to hold. A delete answers nothing unless that is asked for, a batch the records that it wrote.
fn selected(
    operation: &Operation,
    selection: Option<Selection>,
    returns: Option<Return>,
) -> Result<Selected, Fault> {
    let all = || Selection { items: vec![Item::All], type_name: None };
    match (&operation.binding, returns, selection) {
        (Binding::Delete(_), Some(Return::Representation), selection) => {
            Ok(Selected::These(selection.unwrap_or_else(all)))
        }
        (Binding::Delete(_), Some(Return::Minimal) | None, Some(_)) => {
            let text = "a delete answers nothing unless `Prefer: return=representation` is sent";
            Err(invalid("select", "CONFLICT", text))
        }
        (Binding::Batch(_), _, None) => Ok(Selected::These(all())),
        (_, _, selection) => Ok(selection.map_or(Selected::Default, Selected::These)),
    }
}

/// Whether other rows are in the answer too.
fn has_related(selection: &Selection) -> bool {
    selection.items.iter().any(|item| match item {
        Item::Relation { .. } | Item::Count { .. } => true,
        Item::TypeName { .. }
        | Item::Version { .. }
        | Item::Cursor { .. }
        | Item::Measure { .. }
        | Item::Group { .. } => false,
        Item::All | Item::Field { .. } => false,
    })
}

fn context(
    operation: &Operation,
    method: Method,
    head: Head<'_>,
    arrival: Arrival,
    preferences: Preferences,
) -> Result<Context, Fault> {
    let headers = head.headers;
    let writes = operation.root == contract::Root::Mutation;
    Ok(Context {
        protocol: "rest",
        request_id: arrival.request_id,
        traceparent: trace::traceparent(headers).map(str::to_owned),
        peer: arrival.peer,
        credentials: identity::credentials(headers),
        idempotency_key: if writes { identity::idempotency_key(headers)? } else { None },
        timeout: preferences.wait,
        version: condition::asked_version(headers, &operation.binding, method)?,
        reply_bytes_max: None,
    })
}
