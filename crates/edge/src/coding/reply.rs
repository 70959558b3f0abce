//! Replies in a coding: whether, where, and what their heads then say.

use super::codec::Encoders;
use super::{Coding, Takes, tag};
use crate::message::Response;
use crate::reply::{Around, ResponseBody};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::Semaphore;

/// A shorter reply fits into one packet as it is: compressing it would save nobody any time.
const CODED_BYTES_MIN: usize = 1024;
/// A longer reply is compressed on a thread for work that takes long. Up to here it takes at most a third of
/// a millisecond, for which handing over does not pay.
const INLINE_BYTES_MAX: usize = 32 * 1024;

/// Compresses the replies of a server.
pub(crate) struct Compressor {
    encoders: Arc<Encoders>,
    /// Places for replies being compressed on other threads: as many as there are processors. Further ones
    /// wait.
    places: Arc<Semaphore>,
}

/// What a request says of codings that matters when its reply is there.
#[derive(Debug)]
pub(crate) struct Terms {
    takes: Takes,
    is_head: bool,
    /// `If-None-Match` as it came, where tags in it were of coded replies.
    known: Option<Box<[HeaderValue]>>,
}

/// A peer that takes nothing that could be replied, `identity` included.
#[derive(Debug)]
pub(crate) struct TakesNothing;

impl Terms {
    /// Reads what a request says, `None` where it wants replies as they are, and gives its conditions the
    /// tags that the handler gave.
    pub(crate) fn of<B>(request: &mut http::Request<B>) -> Result<Option<Box<Terms>>, TakesNothing> {
        let is_head = request.method() == Method::HEAD;
        let reads = is_head || request.method() == Method::GET;
        if !reads {
            tag::unmark_if_match(request.headers_mut());
        }
        let takes = Takes::of(request.headers());
        let coding = match takes {
            Takes::Plain => return Ok(None),
            Takes::Nothing => return Err(TakesNothing),
            Takes::Either(coding) | Takes::Only(coding) => coding,
        };
        let known = if reads { tag::unmark_known(request.headers_mut(), coding) } else { None };
        Ok(Some(Box::new(Terms { takes, is_head, known })))
    }
}

/// The coding that a reply is to be sent in. A reply that might have been sent in another says so. One that
/// is made while it is sent, or has trailers, is left alone.
pub(crate) fn chosen(terms: Option<&Terms>, reply: &mut Response) -> Option<Coding> {
    let plain_bytes = reply.body().as_full()?.len();
    if plain_bytes == 0 || terms.is_some_and(|terms| terms.is_head) {
        without_body(terms, reply);
        return None;
    }
    let is_worth_it = plain_bytes >= CODED_BYTES_MIN && shrinks(reply.headers());
    let coding = match terms.map_or(Takes::Plain, |terms| terms.takes) {
        Takes::Either(coding) => Some(coding).filter(|_| is_worth_it),
        Takes::Only(coding) => Some(coding),
        Takes::Plain | Takes::Nothing => None,
    };
    if !(is_worth_it || coding.is_some()) || !is_ours_to_code(reply.headers()) {
        return None;
    }
    vary(reply.headers_mut());
    coding
}

/// What is said of codings in a reply that has no body, or has one that is not sent.
fn without_body(terms: Option<&Terms>, reply: &mut Response) {
    if reply.status() == StatusCode::NOT_MODIFIED {
        // The reply that it stands for may have been long.
        vary(reply.headers_mut());
        if let Some(Terms {
            takes: Takes::Either(coding) | Takes::Only(coding), known: Some(known), ..
        }) = terms
        {
            tag::restore_tag(reply.headers_mut(), known, *coding);
        }
    } else if announced_bytes(reply) >= CODED_BYTES_MIN && shrinks(reply.headers()) {
        vary(reply.headers_mut());
        if terms.is_some() {
            // It would be another, and only coding the body would tell (RFC 9110 section 8.6).
            reply.headers_mut().remove(CONTENT_LENGTH);
            *reply.body_mut() = ResponseBody::empty();
        }
    }
}

/// How long the body is, or would be if it were there.
fn announced_bytes(reply: &Response) -> usize {
    let length = reply.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or(reply.body().as_full().map_or(0, Bytes::len))
}

impl Compressor {
    pub(crate) fn new() -> Compressor {
        let places = available_parallelism().map_or(1, usize::from);
        Compressor { encoders: Arc::default(), places: Arc::new(Semaphore::new(places)) }
    }

    /// Gives a reply its body in the coding that was [`chosen`] for it.
    pub(crate) async fn encode(&self, terms: &Terms, coding: Coding, reply: &mut Response) {
        let Some(plain) = reply.body().as_full() else { return };
        let plain_bytes = plain.len();
        let around = reply.extensions().get::<Around>().cloned();
        let coded = match plain_bytes {
            ..=INLINE_BYTES_MAX => self.encoders.encode_around(around.as_ref(), coding, plain),
            _ => self.encoded_elsewhere(around, coding, plain.clone()).await,
        };
        let is_better = |coded: &Vec<u8>| match terms.takes {
            Takes::Only(_) => true,
            Takes::Either(_) | Takes::Plain | Takes::Nothing => coded.len() < plain_bytes,
        };
        let Some(coded) = coded.filter(is_better) else { return };
        // What was reserved and not needed is given back: the peer may take its time.
        let plain = std::mem::take(reply.body_mut());
        *reply.body_mut() = plain.coded(coded.into_boxed_slice());
        let headers = reply.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
        tag::mark_tag(headers, coding);
    }

    async fn encoded_elsewhere(
        &self,
        around: Option<Around>,
        coding: Coding,
        plain: Bytes,
    ) -> Option<Vec<u8>> {
        let place = self.places.clone().acquire_owned().await;
        let place = place.expect("the semaphore of places is never closed");
        let encoders = self.encoders.clone();
        let encoding = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, also when nobody waits for it any more.
            let _place = place;
            encoders.encode_around(around.as_ref(), coding, &plain)
        });
        encoding.await.ok().flatten()
    }
}

/// Whether a body is no coding or part of one yet: bytes of a range are those of what was coded (RFC 9110
/// section 14), and messages in envelopes are compressed one by one where that is agreed on, and by nobody
/// else.
fn is_ours_to_code(headers: &HeaderMap) -> bool {
    let is_range = headers.get(CONTENT_RANGE).is_some_and(|range| range.as_bytes().starts_with(b"bytes"));
    !is_range && !headers.contains_key(CONTENT_ENCODING) && !has_envelopes(headers)
}

/// The types of gRPC, gRPC-Web and streaming Connect, which may end in `+json`.
fn has_envelopes(headers: &HeaderMap) -> bool {
    const TYPES: [&str; 2] = ["application/grpc", "application/connect+"];
    let media = headers.get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    let begins_with =
        |name: &str| media.get(..name.len()).is_some_and(|m| m.eq_ignore_ascii_case(name.as_bytes()));
    TYPES.into_iter().any(begins_with)
}

/// Whether a body is of a type that shrinks: text, and messages of Connect, which are texts for the most part.
fn shrinks(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((kind, name)) = media.split_once('/') else { return false };
    let suffix = name.rsplit_once('+').map_or(name, |(_, suffix)| suffix);
    match kind {
        "text" => true,
        "application" => {
            ["json", "xml", "yaml", "javascript", "x-ndjson", "openmetrics-text", "proto"].contains(&suffix)
        }
        _ => suffix == "xml",
    }
}

/// Says that `Accept-Encoding` makes a difference, unless that is said already.
fn vary(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(VARY).iter().filter_map(|line| line.to_str().ok());
    let says_so = |name: &str| name == "*" || name.eq_ignore_ascii_case("accept-encoding");
    if !lines.any(|line| line.split(',').map(str::trim).any(says_so)) {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn types_that_shrink() {
        let these = [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
            "application/graphql-response+json;charset=utf-8",
            "text/plain",
            "text/html",
            "application/xml",
            "application/soap+xml",
            "image/svg+xml",
            "application/javascript",
            "application/openmetrics-text; version=1.0.0",
            "application/proto",
        ];
        let others = [
            "",
            "json",
            "image/png",
            "application/octet-stream",
            "application/grpc",
            "+json",
            "application/jsonx",
        ];
        let shrinks = |media: &str| {
            super::shrinks(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(media).unwrap())]))
        };
        for media in these {
            assert!(shrinks(media), "{media}");
        }
        for media in others {
            assert!(!shrinks(media), "{media}");
        }
        assert!(!super::shrinks(&HeaderMap::new()));
    }

    #[test]
    fn it_is_said_once_that_it_varies() {
        for (lines, expected) in [
            (&["origin"][..], &["origin", "accept-encoding"][..]),
            (&["Origin, ACCEPT-Encoding"], &["Origin, ACCEPT-Encoding"]),
            (&["origin", "*"], &["origin", "*"]),
            (&["accept"], &["accept", "accept-encoding"]),
            (&[], &["accept-encoding"]),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            vary(&mut headers);
            assert_eq!(headers.get_all(VARY).iter().collect::<Vec<_>>(), expected);
        }
    }
}
