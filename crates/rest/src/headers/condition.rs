//! Entity tags (RFC 9110, sections 8.8.3 and 13.1): `"v3"` is version 3 of a record, `"v3-<hash>"` the same
//! where the answer also depends on other rows or on who reads.

use contract::Method;
use engine::{Fault, Kind, codes};
use http::HeaderMap;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http_semantics::invalid;
use http_semantics::list::members;
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

/// Refuses `If-Match` of a batch, whose records have a version each.
pub(crate) fn refuse_if_match(headers: &HeaderMap) -> Result<(), Fault> {
    if headers.contains_key(IF_MATCH) {
        return Err(invalid(
            "If-Match",
            "UNSUPPORTED",
            "each operation of a batch says its own version, as `ifVersion`",
        ));
    }
    Ok(())
}

/// Refuses `If-None-Match` on a write, where leaving it out of account could overwrite what it guards.
pub(crate) fn refuse_if_none_match(headers: &HeaderMap) -> Result<(), Fault> {
    if headers.contains_key(IF_NONE_MATCH) {
        return Err(invalid("If-None-Match", "UNSUPPORTED", "it can be asked of reads only"));
    }
    Ok(())
}
