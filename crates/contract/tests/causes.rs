//! One mistake is one finding, at the place of the mistake: what only follows from it is held back.
#![allow(clippy::unwrap_used)]

use contract::{Diagnostic, Severity, Sources, compile};
use std::path::{Path, PathBuf};

const HEAD: &str = "extend schema @contract(name: \"c\", version: \"1.0.0\")\n";

/// The errors of a contract of one text.
fn errors(text: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    sources.add("c.graphql", text);
    let found = match compile(sources, &|_| Err("there are no files".to_owned())) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.found,
    };
    found.into_iter().filter(|found| found.severity == Severity::Error).collect()
}

/// Code, the text that is marked, and the message of each.
fn said(text: &str) -> Vec<(String, String, String)> {
    let text = format!("{HEAD}{text}");
    let marked = |found: &Diagnostic| text[found.span.start as usize..found.span.end as usize].to_owned();
    errors(&text).iter().map(|found| (found.code.to_string(), marked(found), found.message.clone())).collect()
}

#[test]
fn a_cause_is_said_and_what_follows_from_it_is_not() {
    let rest = "enum Colour { RED GREEN }
        type Car @resource @access(read: \"colour == 'RED'\", update: \"colour != 'GREEN'\") {
          id: ID! colour: Colour! @access(write: \"colour == 'RED'\") red: Boolean @computed(expr: \"colour == 'RED'\")
        }";
    for (text, code, marked, message) in [
        (
            format!("{rest} enum Colour {{ BLUE }}"),
            "DUPLICATE",
            "Colour",
            "",
        ),
        (
            "type P @resource @access(read: members.exists(m, m.id == caller.id)) { id: ID! }".to_owned(),
            "SYNTAX",
            "members",
            "a rule is a text in quotes: `read: \"members.exists(m…\"`",
        ),
        (
            "type Member @resource { id: ID! }\n}\ntype B @resource { id: ID! }".to_owned(),
            "SYNTAX",
            "}",
            "this closes nothing: the `}` on line 2 ended `type Member` already",
        ),
        (
            "type P @resource @access(read: \"bornOn < date\") { id: ID! bornOn: Dat! date: Date! }
             type Mutation { add(bornOn: Date!, date: Date!): P! @create @access(call: \"true\") }"
                .to_owned(),
            "UNKNOWN_TYPE",
            "Dat",
            "there is no type `Dat`",
        ),
        (
            "type P @resource @access(read: \"a > 1 && c\") {
               id: ID! a: Int! @computed(expr: \"b + 1\") b: Int! @computed(expr: \"a + 1\")
               c: Boolean! @computed(expr: \"a > 2\")
             }"
            .to_owned(),
            "RULE",
            "b",
            "the computed field depends on itself: P.a → P.b → P.a",
        ),
        (
            "type P @resource @access(read: \"b > 1\") { id: ID! b: Int @computed(expr: \"x + 1\") }".to_owned(),
            "RULE",
            "x",
            "there is nothing called `x` here",
        ),
        (
            "type P @resource(softDelete: true) { id: ID! } type F @resource { id: ID! p: P! @relation(onDelete: CASCADE) }"
                .to_owned(),
            "CONFLICT",
            "p",
            "a `P` that is deleted is kept, and each `F` of it would be removed for good",
        ),
        (
            "type P @resource @access(update: \"old.a < a\") { id: ID! a: Int! }".to_owned(),
            "RULE",
            "old.a < a",
            "a comparison with `old` or `new` in it says of each field which of them it means",
        ),
        (
            "type P @resource @access(read: \"old.a < 1\") { id: ID! a: Int! }".to_owned(),
            "RULE",
            "old",
            "there is nothing called `old` here",
        ),
    ] {
        let found = said(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let (said_code, said_marked, said_message) = &found[0];
        assert_eq!((said_code.as_str(), said_marked.as_str()), (code, marked), "{text}: {said_message}");
        assert!(message.is_empty() || said_message == message, "{text}: {said_message}");
    }
}

/// Wherever a rule may stand, it may name a computed field, which may name others, whatever the order.
#[test]
fn computed_fields_are_known_in_every_rule() {
    let item = "type Item @resource { id: ID! price: Int! dear: Boolean @computed(expr: \"twice > 10\")
                twice: Int @computed(expr: \"price * 2\") owner: Person shop: Shop }
                type Shop @resource @access(read: \"items.exists(i, i.dear)\", create: \"items.all(i, !i.dear)\") {
                  id: ID! items: [Item!]! @relation(by: \"shop\") open: Boolean @computed(expr: \"items.exists(i, i.dear)\")
                }
                type Person @resource { id: ID! rich: Boolean @computed(expr: \"items.exists_one(i, i.shop.open)\")
                  items: [Item!]! @relation(by: \"owner\") }";
    let rules = [
        "dear",
        "twice > 4",
        "this.dear",
        "owner.rich",
        "!has(owner.rich) || shop.open",
        "dear ? twice > 1 : true",
    ];
    let states = ["old.dear && new.twice > 3", "old.twice < new.twice", "new.shop.open"];
    let places = |rule: &str| {
        let mut places: Vec<String> = ["read", "create", "update", "delete"]
            .map(|action| item.replacen("@resource", &format!("@resource @access({action}: \"{rule}\")"), 1))
            .to_vec();
        for action in ["read", "write"] {
            places.push(item.replacen(
                "price: Int!",
                &format!("price: Int! @access({action}: \"{rule}\")"),
                1,
            ));
        }
        places.push(item.replacen(
            "price: Int!",
            &format!("price: Int! also: Boolean @computed(expr: \"{rule}\")"),
            1,
        ));
        places
    };
    for rule in rules {
        for text in places(rule) {
            assert_eq!(said(&text), [], "{text}");
        }
    }
    for rule in states {
        let text = item.replacen("@resource", &format!("@resource @access(update: \"{rule}\")"), 1);
        assert_eq!(said(&text), [], "{text}");
    }
}

#[test]
fn related_rows_have_no_state_before() {
    let text = "type A @resource @access(update: \"old.bs.exists(b, b.n > 1)\") { id: ID! bs: [B!]! @relation(by: \"a\") }
                type B @resource { id: ID! n: Int! a: A! }";
    let found = said(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("RULE", "bs"));
}

/// Errors that one mistake may have: its own, and what stands where it is used.
const FINDINGS_MAX: usize = 4;

/// A small generator: the same mistakes each time.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Words that are uses of a name, not its definition: `word` is at a byte of the text.
fn uses(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| is_word(b)).count();
        let before = text[..at].trim_end_matches(['[', ' ', '\n']).chars().last();
        // A type, a directive, or a value of an enum.
        if length > 3 && matches!(before, Some(':' | '@')) && !bytes[at].is_ascii_digit() {
            found.push((at, length));
        }
        at += length.max(1);
    }
    found
}

fn contracts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/contracts");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|e| e == "graphql"))
        .collect();
    files.sort();
    files
}

#[test]
fn one_mistake_in_a_contract_is_found_where_it_is_and_little_besides() {
    let mut wrong = Vec::new();
    for path in contracts() {
        let text = std::fs::read_to_string(&path).unwrap();
        if !errors(&text).is_empty() {
            // One that has its SQL in other files.
            continue;
        }
        let uses = uses(&text);
        let mut choices = Choices(7);
        for _ in 0..60 {
            let (at, length) = uses[choices.below(uses.len())];
            let cut = at + 1 + choices.below(length - 1);
            let mistaken = match choices.below(2) {
                0 => format!("{}{}", &text[..cut], &text[cut + 1..]),
                _ => format!("{}q{}", &text[..cut], &text[cut..]),
            };
            let found = errors(&mistaken);
            let line = |byte: usize| mistaken[..byte.min(mistaken.len())].matches('\n').count();
            let there = found.iter().any(|found| line(found.span.start as usize) == line(at));
            if !found.is_empty() && (!there || found.len() > FINDINGS_MAX) {
                let name = &mistaken[at..at + length];
                wrong.push(format!("{}:{}: {name}: {found:#?}", path.display(), line(at) + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn one_mistake_in_the_grammar_is_one_finding() {
    for path in contracts() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut choices = Choices(11);
        for _ in 0..40 {
            let signs: Vec<usize> = text.match_indices(['}', '{', '(', ')', '"']).map(|(at, _)| at).collect();
            let at = signs[choices.below(signs.len())];
            let mistaken = match choices.below(2) {
                0 => format!("{}{}", &text[..at], &text[at + 1..]),
                _ => format!("{}{}{}", &text[..at], &text[at..=at], &text[at..]),
            };
            let syntax = errors(&mistaken).iter().filter(|found| found.code.as_str() == "SYNTAX").count();
            assert!(syntax <= 1, "{}: {:#?}", path.display(), errors(&mistaken));
        }
    }
}
