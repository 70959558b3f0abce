//! The fuzz bodies over generated and mutated inputs.

use crate::source::Source;

const RUNS: u64 = 20_000;

/// A text that is nearly right: one of the seeds with some bytes changed, dropped, doubled, or joined with
/// another's.
pub fn mutated(seeds: &[&str], source: &mut Source) -> Vec<u8> {
    const BYTES: &[u8] =
        b"\"\\{}[],:0123456789eE+-.TZPHMStrufalsn \n\x00\x1f\x7f\xc3\xa9\xed\xa0\x80\xff\xef\xbb\xbf";
    let mut data = source.pick(seeds).as_bytes().to_vec();
    for _ in 0..source.below(4) {
        let at = source.below(data.len() + 1);
        match source.below(5) {
            0 => data.insert(at, source.pick(BYTES)),
            1 if at < data.len() => data[at] = source.pick(BYTES),
            2 => data.truncate(at),
            3 => data.extend_from_within(at..),
            _ => data.splice(at.., source.pick(seeds).bytes()).for_each(drop),
        }
    }
    data
}

pub const JSON: [&str; 14] = [
    "null",
    "{\"id\":\"p1\",\"name\":\"Laptop\",\"price\":999.99}",
    "[1,-2,3.5e10,0.1,-0,-0.0,1E+2,12345678901234567890]",
    "{\"a\":{\"b\":[{\"c\":[]}]},\"d\":true,\"e\":false}",
    "\"\\u00e9\\ud83e\\udd80\\n\\\"\\\\\\/\"",
    "[\"a\",\"bcdefghijklmnop\",\"é例🦀\"]",
    " [ 1 , 2 ] ",
    "[[[[[[[[]]]]]]]]",
    "{\"f1\":\"x\",\"f2\":[{\"f1\":[],\"f2\":\"RED\"}],\"f3\":{\"f2\":\"GREEN\"}}",
    "[\"RED\",\"GREEN\"]",
    "[{\"f1\":1,\"f3\":null}]",
    "[\"1.50\",\"PT1H\",\"2026-11-22T18:32:34.000000Z\",\"Zm9v\"]",
    "1e400",
    "{\"a\":1,\"a\":2}",
];

const TEXTS: [&str; 16] = [
    "p1",
    "-2147483648",
    "9223372036854775807",
    "-0.05",
    "1e3",
    "true",
    "2026-11-22T18:32:34.123456+02:00",
    "2026-11-22",
    "18:32:34.5",
    "P1DT1H30M0.5S",
    "0190163d-8694-739b-aea5-966c26f8ad90",
    "{\"a\":[1,null]}",
    "-_8=",
    "https://user@example.com:80/%20?a#b",
    "ada@example.com",
    "é\u{1}\u{ffff}",
];

#[test]
fn fuzz_json() {
    let mut source = Source(1);
    (0..RUNS).for_each(|_| wire::fuzz::fuzz_json(&mutated(&JSON, &mut source)));
}

#[test]
fn fuzz_scalar() {
    let mut source = Source(2);
    for _ in 0..RUNS * 2 {
        let mut data = mutated(&TEXTS, &mut source);
        data.insert(0, source.next() as u8);
        wire::fuzz::fuzz_scalar(&data);
    }
}

#[test]
fn fuzz_stored() {
    let mut source = Source(3);
    for _ in 0..RUNS * 2 {
        let mut data = mutated(&JSON, &mut source);
        data.insert(0, source.next() as u8);
        wire::fuzz::fuzz_stored(&data);
    }
}
