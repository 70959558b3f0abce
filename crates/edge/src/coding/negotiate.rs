//! `Accept-Encoding` (RFC 9110 section 12.5.3).

use super::Coding;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, HeaderName, HeaderValue};

/// Members of the list that are looked at.
const MEMBERS_MAX: usize = 32;
/// A weight of 1, in thousandths.
const WEIGHT_MAX: u16 = 1000;

/// What a peer takes, as far as we can give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Replies as they are.
    Plain,
    /// This coding rather than none, but both.
    Either(Coding),
    /// This coding and not a reply as it is (`identity;q=0`).
    Only(Coding),
    /// Nothing that can be given.
    Nothing,
}

/// The weights that were stated, in thousandths.
#[derive(Debug, Default)]
struct Weights {
    codings: [Option<u16>; Coding::BY_PREFERENCE.len()],
    identity: Option<u16>,
    others: Option<u16>,
}

impl Takes {
    /// What the peer says of it.
    pub(crate) fn of(headers: &HeaderMap) -> Takes {
        // Most peers that are programs say nothing.
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Takes::Plain;
        }
        Weights::of(members(headers)).judged()
    }

    /// The coding that a reply is sent in where it is worth it.
    pub(crate) fn coding(self) -> Option<Coding> {
        match self {
            Takes::Either(coding) | Takes::Only(coding) => Some(coding),
            Takes::Plain | Takes::Nothing => None,
        }
    }
}

/// The members of the list over all its lines.
fn members(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    let members = lines.flat_map(|line| line.split(',')).map(str::trim);
    members.filter(|member| !member.is_empty()).take(MEMBERS_MAX)
}

impl Weights {
    /// What cannot be read names nothing. Of a coding that is named twice, the last weight counts.
    fn of<'a>(members: impl Iterator<Item = &'a str>) -> Weights {
        let mut weights = Weights::default();
        for (name, weight) in members.filter_map(member) {
            if let Some(place) = weights.place(name) {
                *place = Some(weight);
            }
        }
        weights
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<u16>> {
        let is = |token: &str| name.eq_ignore_ascii_case(token);
        let known = |coding: &Coding| is(coding.token()) || *coding == Coding::Gzip && is("x-gzip");
        if let Some(at) = Coding::BY_PREFERENCE.iter().position(known) {
            return Some(&mut self.codings[at]);
        }
        match name {
            "*" => Some(&mut self.others),
            _ if is("identity") => Some(&mut self.identity),
            _ => None,
        }
    }

    /// The coding of the greatest weight, ours among equals. A reply as it is comes after every coding that is named,
    /// unless it has a greater weight of its own.
    fn judged(&self) -> Takes {
        let weighed = self.codings.iter().zip(Coding::BY_PREFERENCE).rev();
        let named = weighed.filter_map(|(weight, coding)| Some((weight.or(self.others)?, coding)));
        // Of equals it is the last, so the order is turned around.
        let best = named.filter(|(weight, _)| *weight > 0).max_by_key(|(weight, _)| *weight);
        match (best, self.identity.or(self.others)) {
            (Some((_, coding)), Some(0)) => Takes::Only(coding),
            (None, Some(0)) => Takes::Nothing,
            (Some((weight, _)), Some(plain)) if plain > weight => Takes::Plain,
            (Some((_, coding)), _) => Takes::Either(coding),
            (None, _) => Takes::Plain,
        }
    }
}

/// A coding's name and its weight.
fn member(text: &str) -> Option<(&str, u16)> {
    match text.split_once(';') {
        None => Some((text, WEIGHT_MAX)),
        Some((name, weight)) => Some((name.trim_end(), qvalue(weight.trim_start())?)),
    }
}

/// RFC 9110 section 12.4.2: `q=` and at most three decimals, from 0 to 1. In thousandths.
fn qvalue(text: &str) -> Option<u16> {
    let number = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="))?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = thousandths.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WEIGHT_MAX),
        _ => None,
    }
}

/// A field value of any bytes: what is chosen was not refused.
pub(crate) fn fuzz_negotiation(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let headers = HeaderMap::from_iter([(HeaderName::from_static("accept-encoding"), value)]);
    let weights = Weights::of(members(&headers));
    let takes = Takes::of(&headers);
    if let Some(coding) = takes.coding() {
        let at = Coding::BY_PREFERENCE.iter().position(|c| *c == coding).expect("all codings are in it");
        let weight = weights.codings[at].or(weights.others).expect("it was named");
        assert!((1..=WEIGHT_MAX).contains(&weight));
    }
    let refuses_plain = weights.identity.or(weights.others) == Some(0);
    assert_eq!(refuses_plain, matches!(takes, Takes::Only(_) | Takes::Nothing));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Coding::{Brotli, Gzip, Zstd};
    use super::Takes::{Either, Nothing, Only, Plain};
    use super::*;

    fn takes(lines: &[&str]) -> Takes {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        Takes::of(&headers)
    }

    #[test]
    fn what_is_said_and_what_is_taken() {
        let cases: &[(&str, Takes)] = &[
            ("", Plain),
            ("gzip", Either(Gzip)),
            ("x-gzip", Either(Gzip)),
            ("GZip, BR", Either(Brotli)),
            // What browsers send.
            ("gzip, deflate, br, zstd", Either(Zstd)),
            ("gzip, deflate, br", Either(Brotli)),
            ("gzip, deflate", Either(Gzip)),
            ("compress, deflate", Plain),
            // Weights go before our preference.
            ("zstd;q=0.8, br;q=0.9, gzip", Either(Gzip)),
            ("zstd;q=0.8, br;q=0.8, gzip;q=0.8", Either(Zstd)),
            ("zstd;q=0.001, gzip;q=0.002", Either(Gzip)),
            ("gzip;q=0", Plain),
            ("gzip;q=0, br", Either(Brotli)),
            ("gzip;q=0.5", Either(Gzip)),
            ("zstd ; q=0 , gzip ;\tQ=1.000", Either(Gzip)),
            // A reply as it is, named.
            ("identity", Plain),
            ("identity, gzip", Either(Gzip)),
            ("identity;q=0.5, gzip;q=0.4", Plain),
            ("identity;q=0.4, gzip;q=0.5", Either(Gzip)),
            ("identity;q=0, gzip", Only(Gzip)),
            ("identity;q=0", Nothing),
            ("identity;q=0.000, deflate", Nothing),
            // Everything that is not named.
            ("*", Either(Zstd)),
            ("*;q=0.5, zstd;q=0, br;q=0.1", Either(Gzip)),
            ("*;q=0.5, gzip;q=0.4, br;q=0, zstd;q=0", Plain),
            ("*;q=0", Nothing),
            ("*;q=0, gzip", Only(Gzip)),
            ("*;q=0, identity", Plain),
            ("*;q=0, identity, br;q=0.5", Plain),
            // What cannot be read names nothing.
            ("gzip;q=", Plain),
            ("gzip;q=2", Plain),
            ("gzip;q=1.001", Plain),
            ("gzip;q=0.0001", Plain),
            ("gzip;q=.5", Plain),
            ("gzip;q=-1", Plain),
            ("gzip;level=1", Plain),
            ("gzip;q=1;q=0", Plain),
            ("identity;q=zero, gzip", Either(Gzip)),
            (",, ,gzip,", Either(Gzip)),
            ("gzip;q=0, gzip", Either(Gzip)),
        ];
        for (said, expected) in cases {
            assert_eq!(takes(&[said]), *expected, "{said:?}");
        }
        assert_eq!(takes(&[]), Plain);
        assert_eq!(takes(&["gzip;q=0.1", "br;q=0.1, identity;q=0"]), Only(Brotli));
    }

    #[test]
    fn a_long_list_is_not_read_to_its_end() {
        let long = "x,".repeat(MEMBERS_MAX);
        assert_eq!(takes(&[&format!("{long}gzip")]), Plain);
        assert_eq!(takes(&[&format!("{}gzip", &long[2..])]), Either(Gzip));
    }
}
