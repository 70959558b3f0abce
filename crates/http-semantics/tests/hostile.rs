//! What nobody means: mutated input.

use http_semantics::fuzz::{fuzz_form, fuzz_headers};

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

/// Changes, doubles, cuts, joins and inserts, again and again from fresh seeds.
fn mutate(seeds: &[&str], words: &[&str], run: fn(&[u8])) {
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

#[test]
fn mutated_headers() {
    let seeds = [
        "application/json;q=0.5, */*\nreturn=minimal; x=\"a,b\", wait=10\nBearer abc.def-_~+/==",
        "application/graphql-response+json\nr-1\napplication/json; charset=utf-8",
        "*/*\nwait=5\nBearer x\n00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "a\nb\nc\nd\ntext/plain\n\"key \\\" 1\"\nW/\"v3\", \"v3\", *\ncount=exact",
    ];
    mutate(&seeds, &["\n", "\"", "\\", ",", ";", "q=", "=", "W/", "*", "-", "/", "Bearer "], fuzz_headers);
}

#[test]
fn mutated_forms() {
    let seeds = ["query=%7Ba%7D&variables=%7B%22id%22%3A1%7D", "a+b=c%2Bd&e", "x=%C3%A9&&="];
    mutate(&seeds, &["%", "%2", "%FF", "+", "&", "=", "%00"], fuzz_form);
}
