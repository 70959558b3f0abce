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
fn fuzz_protobuf() {
    let mut source = Source(4);
    for _ in 0..RUNS {
        wire::fuzz::fuzz_protobuf(&message(&mut source, 3));
    }
}

/// Fields of the fuzz body's numbers, framed rightly for the most part.
fn message(source: &mut Source, depth: usize) -> Vec<u8> {
    let mut data = Vec::new();
    for _ in 0..source.below(6) {
        let number = source.below(84) as u64;
        let wire = source.pick(&[0, 0, 1, 2, 2, 2, 2, 2, 3, 4, 5]);
        varint(&mut data, number << 3 | wire);
        match wire {
            0 => varint(&mut data, source.integer() as u64),
            1 => data.extend(source.double().to_le_bytes()),
            2 => {
                let inner = match source.below(4) {
                    0 if depth > 0 => message(source, depth - 1),
                    1 => source.bytes(),
                    2 => source.pick(&JSON).as_bytes().to_vec(),
                    _ => b"\x08\x05\x10\x07".to_vec(),
                };
                varint(&mut data, inner.len() as u64);
                data.extend(inner);
            }
            _ => {}
        }
    }
    if source.chance(4) && !data.is_empty() {
        let at = source.below(data.len());
        data[at] ^= 1 << source.below(8);
    }
    data
}

pub fn varint(data: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

#[test]
fn fuzz_protobuf_json() {
    const SEEDS: [&str; 8] = [
        "{\"f1\":\"p1\",\"f_2\":\"text\",\"f3\":1,\"f4\":\"-9\",\"f5\":1.5e3,\"f6\":true,\"f7\":\"1.50\"}",
        "{\"f9\":\"2026-11-22T18:32:34.123456789+02:00\",\"f12\":\"-1.500000001s\",\"f14\":\"[1,{}]\"}",
        "{\"f18\":\"COLOR_RED\",\"f20\":\"aB,c.dE\",\"f21\":{\"f1\":\"k\"},\"f15\":\"-_8=\"}",
        "{\"f19\":{\"f19\":{\"f49\":[{\"f31\":[\"a\"]},{}]}}}",
        "{\"f48\":[1,\"COLOR_RED\"],\"f44\":[\"{\\\"a\\\":1}\"],\"f51\":[{\"f_1\":\"k\"}]}",
        "{\"f61\":\"\",\"f62\":\"\",\"f74\":\"\",\"f78\":0,\"f79\":null}",
        "{\"f91\":1,\"f92\":2,\"f1\":null}",
        "{}",
    ];
    let mut source = Source(5);
    (0..RUNS).for_each(|_| wire::fuzz::fuzz_protobuf_json(&mutated(&SEEDS, &mut source)));
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
