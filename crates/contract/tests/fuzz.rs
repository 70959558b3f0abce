//! Hostile and mutated texts: whatever they say, loading ends with an answer.
#![allow(clippy::unwrap_used)]

use contract::fuzz::{fuzz_lock, fuzz_sdl};
use contract::{Sources, bounds, compile};
use std::path::Path;

/// Xorshift: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

fn good() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let tour =
        format!("{}\n{}", read("contracts/tour/1_social.graphql"), read("contracts/tour/2_rest.graphql"));
    let small = "extend schema @contract(name: \"a\", version: \"1.0.0\")
        type A @resource @access(read: \"true\") { id: ID! b: A c: [A!]! @relation(by: \"b\") d: Int @default(value: 1) }
        type Mutation { e(x: Int, y: [Int]): A @sql(run: \"\"\"-- expect: one else E\n update a; b\"\"\" file: \"x.sql\")
        @error(code: \"E\", kind: INVALID, message: \"\\u00e4\") @rest(path: \"/e/{x}\") f(id: ID!): A @delete }";
    vec![
        tour,
        small.to_owned(),
        small.to_owned(),
        read("diagnostics/sql.graphql"),
        read("diagnostics/checks.graphql"),
    ]
}

/// Pieces of the language, so that mutations stay near of it.
const PIECES: &[&str] = &[
    "\"",
    "\"\"\"",
    "\\",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "!",
    "@",
    ":",
    "#",
    "\n",
    "null",
    "$x",
    "{x}",
    "-",
    "1e9",
    "ä",
    "@resource",
    "@relation(by: \"b\")",
    "@default(value: [{a: 1}])",
    "@get",
    "@list",
    "@unique(fields: [\"id\"])",
    "@assign(from: \"now\")",
    "@channel(path: \"a/{b}\")",
    "@range(min: 1.5)",
    "type A",
    "extend type Query { a: A @get }",
    "input I { i: I! }",
    "union U = A | U",
    "interface N { n: N }",
    "enum E { A B }",
    "99999999999999999999",
    "\u{0}",
    "schema { query: A }",
    "-- expect: 1 else E\n",
    "'",
    ";",
    "\\u{110000}",
    "\\uD800",
    "_",
    "__a",
    "implements N",
];

fn mutate(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let (at, length) = (random.below(bytes.len()), random.below(40));
        let end = (at + length).min(bytes.len());
        match random.below(5) {
            0 => bytes[at] = random.next().to_le_bytes()[0],
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                // At a word's edge a piece makes a new token rather than a longer one.
                let edge = bytes[at..].iter().position(|b| *b == b' ').map_or(at, |found| at + found);
                bytes.splice(edge..edge, piece.bytes());
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn mutated_contracts_have_an_answer() {
    let (mut random, good) = (Random(0x9E37_79B9_7F4A_7C15), good());
    for i in 0..12_000 {
        // The great one costs as much as all others together.
        let text = if i % 40 == 0 { &good[0] } else { &good[1 + i % (good.len() - 1)] };
        fuzz_sdl(&mutate(text, &mut random));
    }
}

#[test]
fn arbitrary_bytes_have_an_answer() {
    let mut random = Random(7);
    for _ in 0..4_000 {
        let length = random.below(200);
        let bytes: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[0]).collect();
        fuzz_sdl(&bytes);
        let text: String = (0..random.below(30)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        fuzz_sdl(text.as_bytes());
    }
}

#[test]
fn mutated_lock_files_have_an_answer() {
    let mut random = Random(11);
    let pieces =
        ["type ", "enum ", "operation ", "reserved ", "  ", "\n", "User", "Mood", "one", "1", "9998", "#"];
    let good = "# numbers\nenum Mood\n  1 GOOD\n  2 BAD\n\noperation one\n  1 a\n  2 reserved b\n  3 b\n\n\
                reserved type Gone\n  1 x\n\ntype User\n  1 id\n  4 name\n  5 reserved mood\n";
    for i in 0..20_000 {
        fuzz_lock(&mutate(good, &mut random));
        if i % 4 == 0 {
            let text: String = (0..random.below(20)).map(|_| pieces[random.below(pieces.len())]).collect();
            fuzz_lock(text.as_bytes());
        }
    }
}

fn refused(text: String) -> String {
    let mut sources = Sources::default();
    sources.add("a.graphql", format!("extend schema @contract(name: \"a\", version: \"1.0.0\")\n{text}"));
    compile(sources, &|_| Err("none".to_owned())).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn what_is_too_much_is_refused_by_name() {
    let deep = format!("type A {{ a: {}Int{} }}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refused(deep).contains("nest too deep"));
    let open = format!("type A {{ a: Int @b(c: {}", "{a: ".repeat(100_000));
    assert!(refused(open).contains("nest too deep"));
    let fields: String = (0..=bounds::MEMBERS_MAX).map(|i| format!("f{i}: Int ")).collect();
    assert!(refused(format!("type A {{ {fields} }}")).contains("at most 1000 fields"));
    assert!(refused(format!("input A {{ {fields} }}")).contains("at most 1000 fields"));
    let arguments: String = (0..=bounds::MEMBERS_MAX).map(|i| format!("f{i}: Int ")).collect();
    assert!(refused(format!("type Query {{ a({arguments}): Int }}")).contains("at most 1000 arguments"));
    let tokens = "a:B ".repeat(bounds::TOKENS_MAX / 4);
    assert!(refused(format!("type A {{ {tokens} }}")).contains("too many tokens"));
    assert!(refused("#".repeat(bounds::FILE_BYTES_MAX)).contains("are allowed"));
    let statements = ";a".repeat(bounds::STATEMENTS_MAX + 1);
    assert!(
        refused(format!("type Query {{ a: Int @sql(run: \"{statements}\") }}"))
            .contains("at most 100 statements")
    );
    let enums: String = (0..=bounds::ITEMS_MAX).map(|i| format!("enum E{i}{{A}}")).collect();
    assert!(refused(enums).contains("types of a kind"));
    let interfaces: Vec<String> = (0..=bounds::INTERFACES_MAX).map(|i| format!("I{i}")).collect();
    assert!(
        refused(format!("type A implements {} {{ a: Int }}", interfaces.join(" & ")))
            .contains("100 interfaces")
    );
    let resources = (0..8_192).map(|i| format!("type A{i} @resource {{ id: ID! }}"));
    assert!(refused(resources.collect()).contains("65535 operations"));
    let patterns = (0..=bounds::PATTERNS_MAX).map(|i| format!("f{i}: String @pattern(regex: \"{i}\") "));
    let types: Vec<String> = patterns.collect();
    let two = types.chunks(600).enumerate().map(|(i, part)| format!("input A{i} {{ {} }} ", part.concat()));
    assert!(refused(two.collect()).contains("1000 different patterns"));
    let mistakes: String = (0..10_000).map(|i| format!("f{i}: X ")).collect();
    assert!(refused(format!("interface A {{ {mistakes} }}")).contains("more findings are not shown"));
}

/// Thirty types whose required fields fan out: two to the thirtieth ways, which nobody may walk.
#[test]
fn inputs_that_fan_out_are_refused_at_once() {
    let inputs: String =
        (0..30).map(|i| format!("input I{i} {{ a: I{n}! b: I{n}! c: [I{n}] }}", n = i + 1)).collect();
    assert!(refused(format!("{inputs} input I30 {{ x: Int }}")).contains("too deep"));
    let clique: String = (0..20)
        .map(|i| {
            let fields: String = (0..20).map(|j| format!("f{j}: C{j}! ")).collect();
            format!("input C{i} {{ {fields} }}")
        })
        .collect();
    assert!(refused(format!("input R {{ a: C0! }} {clique}")).contains("without end"));
}
