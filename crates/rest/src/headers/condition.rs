//! Entity tags (RFC 9110, sections 8.8.3 and 13.1): `"v3"` is version 3 of a record, `"v3-<hash>"` the same
//! where the answer also depends on other rows or on who reads.

use crate::operation::Answers;
use contract::{Binding, Method};
use engine::{Fault, Kind, codes};
use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderValue};
use http_semantics::list::members;
use http_semantics::precondition::refuse;
use http_semantics::{invalid, tags};
use std::hash::{DefaultHasher, Hasher};

/// The tag of a version, or of a version and what was answered.
pub(crate) fn tag(version: i64, body: Option<&[u8]>) -> String {
    match body {
        None => format!("\"v{version}\""),
        Some(body) => {
            let mut hasher = DefaultHasher::new();
            hasher.write(body);
            format!("\"v{version}-{:016x}\"", hasher.finish())
        }
    }
}

/// The version a strong tag of ours names.
fn version(tag: &str) -> Option<i64> {
    let inner = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    let digits = inner.split_once('-').map_or(inner, |(version, _)| version);
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The version that `If-Match` asks for. Tags are compared strongly: a weak one never matches.
pub(crate) fn if_match(headers: &HeaderMap, method: Method) -> Result<Option<i64>, Fault> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(None);
    }
    let mut versions = Vec::new();
    for member in members(headers, IF_MATCH) {
        match member {
            "*" if method == Method::Put => {
                return Err(invalid(
                    "If-Match",
                    "UNSUPPORTED",
                    "`*` cannot be asked of PUT: send the record's tag",
                ));
            }
            "*" => return Ok(None),
            _ if !is_tag(member) => {
                return Err(invalid("If-Match", "SYNTAX", "expected `*` or entity tags in double quotes"));
            }
            _ => versions.extend(version(member)),
        }
    }
    versions.dedup();
    match versions[..] {
        [version] => Ok(Some(version)),
        [] => Err(Fault::new(
            Kind::Precondition,
            codes::VERSION_MISMATCH,
            "no tag in `If-Match` can be the record's",
        )),
        _ => Err(invalid("If-Match", "UNSUPPORTED", "only one version can be asked for")),
    }
}

fn is_tag(member: &str) -> bool {
    let opaque = member.strip_prefix("W/").unwrap_or(member);
    opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
}

/// The version that a request's preconditions ask for. What cannot be compared is refused.
pub(crate) fn asked_version(
    headers: &HeaderMap,
    binding: &Binding,
    method: Method,
) -> Result<Option<i64>, Fault> {
    refuse(
        headers,
        &[IF_UNMODIFIED_SINCE, IF_RANGE],
        "records have no time of change: send a tag in `If-Match`",
    )?;
    match binding {
        Binding::Update(_) | Binding::Upsert(_) | Binding::Delete(_) => return if_match(headers, method),
        Binding::Batch(_) => {
            refuse(headers, &[IF_MATCH], "each operation of a batch says its own version, as `ifVersion`")?;
        }
        Binding::Get(_)
        | Binding::List(_)
        | Binding::Related { .. }
        | Binding::Count(_)
        | Binding::Aggregate(_)
        | Binding::Create(_)
        | Binding::Sql(_)
        | Binding::Http(_)
        | Binding::Grpc(_)
        | Binding::Channel(_)
        | Binding::Event(_) => {
            refuse(headers, &[IF_MATCH], "it can be asked of updates and deletes of one record only")?;
        }
    }
    Ok(None)
}

/// The tags that a reader of one record has. Of anything else they are refused: leaving them out of account could
/// overwrite what they guard, and a list has none.
pub(crate) fn known_tags(
    headers: &HeaderMap,
    method: Method,
    answers: Answers,
) -> Result<Vec<HeaderValue>, Fault> {
    match (method, answers) {
        (Method::Get, Answers::One) => return Ok(tags::known_tags(headers)),
        (Method::Get, Answers::List) => refuse(headers, &[IF_NONE_MATCH], "a list has no tag")?,
        (Method::Post | Method::Put | Method::Patch | Method::Delete, _) => {
            refuse(headers, &[IF_NONE_MATCH], "it can be asked of reads only")?;
        }
    }
    Ok(Vec::new())
}
