//! `Range: 0-24` with `Range-Unit: items`, PostgREST's; also `Range: items=0-24` (RFC 9110, section 14.2).

use engine::{Fault, ListArgs};
use http::HeaderMap;
use http::header::RANGE;
use http_semantics::invalid;
use http_semantics::list::single;

/// Sets limit and offset from the range, if one of rows is asked for. Ranges of other units are left out of
/// account.
pub(crate) fn apply(headers: &HeaderMap, list: &mut ListArgs) -> Result<Asked, Fault> {
    let Some(range) = single(headers, RANGE).map_err(|_| invalid("Range", "SYNTAX", "expected one range"))?
    else {
        return Ok(Asked::Everything);
    };
    let unit = single(headers, "range-unit").ok().flatten().unwrap_or("items");
    let (unit, range) = range.split_once('=').unwrap_or((unit, range));
    if !unit.trim().eq_ignore_ascii_case("items") {
        return Ok(Asked::Everything);
    }
    if list.limit.is_some() || list.offset.is_some() {
        return Err(invalid("Range", "CONFLICT", "give either a range or `limit` and `offset`"));
    }
    if list.end.is_some() {
        return Err(invalid("Range", "CONFLICT", "give either a range or a cursor with `limit`"));
    }
    let (first, last) =
        bounds(range.trim()).ok_or_else(|| invalid("Range", "SYNTAX", "expected `0-24` or `10-`"))?;
    list.offset = Some(first);
    list.limit = match last {
        Some(last) => {
            let past = last.checked_sub(first).and_then(|rows| rows.checked_add(1));
            Some(past.ok_or_else(|| invalid("Range", "RANGE", "it is not a range of rows"))?)
        }
        None => None,
    };
    Ok(Asked::Range)
}

/// Whether a range was asked for, which decides between 200 and 206.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// No.
    Everything,
    /// Yes.
    Range,
}

fn bounds(range: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = range.split_once('-')?;
    let last = if last.is_empty() { None } else { Some(number(last)?) };
    Some((number(first)?, last))
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
