//! Bodies for fuzzing: nothing that a peer sends may panic, hang, or grow without bound.

use crate::{form, identity, media, prefer::Preferences, tags, trace};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Reads every header this crate looks at; lines of the data are their values in turn.
pub fn fuzz_headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for (at, line) in data.split(|b| *b == b'\n').take(64).enumerate() {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name(at), value);
        }
    }
    let _ = media::check_accept(&headers, "application/json");
    let wish = media::wish(&headers, "application/graphql-response+json");
    assert!(wish.is_none_or(|wish| (0.0..=1.0).contains(&wish.weight)));
    let _ = media::content_type(&headers);
    let _ = tags::is_known(&tags::known_tags(&headers), "\"v3\"");
    let _ = identity::credentials(&headers);
    let key = identity::idempotency_key(&headers).ok().flatten();
    assert!(key.is_none_or(|key| (1..=255).contains(&key.len())));
    let _ = Preferences::of(&headers);
    let _ = trace::request_id(&headers);
    assert!(trace::traceparent(&headers).is_none_or(|t| t.len() >= 55));
}

/// Reads a form. What is read is not longer than what was written.
pub fn fuzz_form(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (name, value) in form::split(&text) {
        assert!(form::decode(name).is_ok_and(|read| read.len() <= name.len()) || name.contains('%'));
        let _ = form::decode_segment(value);
    }
}

fn name(at: usize) -> HeaderName {
    const OWN: [&str; 5] = ["prefer", "x-request-id", "traceparent", "idempotency-key", "prefer"];
    const KNOWN: [HeaderName; 4] = [ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH];
    if at.is_multiple_of(2) { KNOWN[at / 2 % 4].clone() } else { HeaderName::from_static(OWN[at / 2 % 5]) }
}

/// Mutations of each kind of input.
const MUTATIONS: usize = 20_000;
/// Bytes an input grows to.
const INPUT_BYTES_MAX: usize = 4096;

/// xorshift64*: the same sequence in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// Runs a body with seeds that were changed, doubled, cut, joined, and had words put into them, again and again from
/// fresh ones.
pub fn mutate(seeds: &[&str], words: &[&str], mut run: impl FnMut(&[u8])) {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut input = Vec::new();
    for round in 0..MUTATIONS {
        if round % 16 == 0 || input.len() > INPUT_BYTES_MAX {
            input = seeds[chance.below(seeds.len())].as_bytes().to_vec();
        }
        let at = chance.below(input.len() + 1);
        match chance.below(6) {
            0 if at < input.len() => input[at] = chance.below(256) as u8,
            1 => input.truncate(at),
            2 => input.extend_from_within(at..),
            3 => drop(input.splice(at..at, words[chance.below(words.len())].bytes())),
            4 => drop(input.splice(at..at, [chance.below(128) as u8])),
            _ => input.extend_from_slice(seeds[chance.below(seeds.len())].as_bytes()),
        }
        run(&input);
    }
}
