//! Hostile rules: mutations of good and bad ones, run through compiling, printing and reducing.

use contract::rule::fuzz::fuzz_rule;
use contract::rule::sample::sample;
use std::time::{Duration, Instant};

const CASES: &str = include_str!("rule_table/cases.txt");
const INPUTS: usize = 20_000;
/// Every input is bounded in bytes, parts and depth, so each takes well under a millisecond.
const TOTAL_MAX: Duration = Duration::from_secs(20);

/// A small generator (xorshift), so that every run is the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count as u64) as usize
    }
}

fn seeds() -> Vec<&'static [u8]> {
    let rules =
        CASES.lines().filter(|line| !line.starts_with("    ") && !line.starts_with("##") && !line.is_empty());
    rules.map(str::as_bytes).collect()
}

const PIECES: [&str; 24] = [
    "(",
    ")",
    "[",
    "]",
    "!",
    "-",
    "&&",
    "||",
    "?",
    ":",
    ".",
    ",",
    "'",
    "\"",
    "\\",
    "\\u",
    "null",
    "true",
    "rank",
    "price",
    "comments.exists(x, ",
    "caller.claims.a",
    " in ",
    "é",
];

fn mutate(seeds: &[&[u8]], chance: &mut Chance) -> Vec<u8> {
    let mut rule = seeds[chance.below(seeds.len())].to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(rule.len() + 1);
        match chance.below(6) {
            0 if at < rule.len() => drop(rule.remove(at)),
            1 if at < rule.len() => rule[at] = chance.below(256) as u8,
            2 => drop(rule.splice(at..at, PIECES[chance.below(PIECES.len())].bytes())),
            3 => rule.truncate(at),
            4 => drop(rule.splice(at..at, seeds[chance.below(seeds.len())].iter().copied())),
            _ => {
                let times = chance.below(200);
                let piece = PIECES[chance.below(PIECES.len())].repeat(times);
                drop(rule.splice(at..at, piece.bytes()));
            }
        }
    }
    rule
}

#[test]
fn mutated_rules_do_no_harm() {
    let seeds = seeds();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let start = Instant::now();
    for seed in &seeds {
        fuzz_rule(seed);
    }
    for _ in 0..INPUTS {
        fuzz_rule(&mutate(&seeds, &mut chance));
    }
    assert!(start.elapsed() < TOTAL_MAX, "took {:?}", start.elapsed());
}

#[test]
fn what_compiles_prints_as_a_rule_that_compiles_to_the_same() {
    let sample = sample();
    let mut checked = 0;
    for seed in seeds() {
        let source = std::str::from_utf8(seed).expect("the cases are text");
        let Ok(expr) = contract::rule::compile(source, &sample.scope()) else { continue };
        let printed = expr.named(&sample.resources).to_string();
        // Arguments print by number, constants in their stored form, errors and conversions as what they are
        // not; and guards against errors are written out again.
        let unlike = ["args[", "as(", "error", ".000000", ": ", "exists_one", " != null &&", "(null in"];
        if unlike.iter().any(|part| printed.contains(part)) {
            continue;
        }
        let again = contract::rule::compile(&printed, &sample.scope());
        assert_eq!(again.as_ref(), Ok(&expr), "{source}\n{printed}");
        checked += 1;
    }
    assert!(checked > 50, "only {checked}");
}
