//! Rules over every operator and every type of operand, and who is judged by them.

use super::world::NOW;
use contract::rule::{Facts, Value as RuleValue};

/// Operands: fields, what is made of them, constants, and what the call knows. `@` is where a field's record stands.
const OPERANDS: &[&str] = &[
    "@text",
    "@word",
    "@uuid",
    "@url",
    "@email",
    "@int",
    "@other",
    "@long",
    "@float",
    "@flag",
    "@dec",
    "@moment",
    "@date",
    "@time",
    "@span",
    "@data",
    "@bytes",
    "@colour",
    "@ident",
    "@named",
    "@counted",
    "@texts",
    "@ints",
    "@longs",
    "@floats",
    "@flags",
    "@decs",
    "@moments",
    "@dates",
    "@times",
    "@spans",
    "@colours",
    "@idents",
    "@uuids",
    "null",
    "true",
    "5",
    "1.5",
    "'a'",
    "'RED'",
    "'7'",
    "'07'",
    "timestamp('2026-11-22T18:32:34Z')",
    "duration('1h')",
    "'2026-11-22'",
    "'18:32:34'",
    "now",
    "caller.id",
    "caller.roles",
    "caller.claims.text",
    "caller.claims.five",
    "caller.claims.half",
    "caller.claims.none",
    "caller.claims.missing",
    "caller.claims.list",
    "caller.claims.flag",
    "size(@text)",
    "size(@texts)",
    "@text.lowerAscii()",
    "@word.upperAscii()",
    "@text + @word",
    "@int * @other",
    "-@long",
    "@long + 1",
    "@dec + @dec",
    "@dec * 2",
    "@span + @span",
    "@float * 10.0",
    "@int / @other",
    "@int % @other",
    "(@flag ? @int : @long)",
    "(@flag ? @text : 'a')",
    "(@flag ? null : @word)",
    "(@flag ? @texts : ['a', null])",
    "(@int > 0 ? @ints : [])",
    "size(@flag ? @texts : ['a'])",
    "['a', null, 'b']",
    "[@text, 'a']",
    "[]",
    "[1, 5]",
    "(@text == 'a')",
    "@text.startsWith('a')",
    "('a' in @texts)",
];

const INFIX: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"];
const CALCULATIONS: &[&str] = &["+", "-", "*", "/", "%"];
const METHODS: &[&str] = &["startsWith", "endsWith", "contains"];

/// Every operator between all operands, as conditions.
pub(super) fn table() -> Vec<String> {
    let mut rules = Vec::new();
    for a in OPERANDS {
        rules.push((*a).to_owned());
        rules.extend(
            ["has({a})", "size({a}) == 1", "{a} == null", "{a}.matches('^a')"]
                .map(|form| form.replace("{a}", a)),
        );
        for b in OPERANDS {
            rules.extend(INFIX.iter().map(|operator| format!("{a} {operator} {b}")));
            rules.extend(METHODS.iter().map(|method| format!("{a}.{method}({b})")));
            for operator in CALCULATIONS {
                rules.push(format!("{a} {operator} {b} != null"));
                rules.push(format!("{a} {operator} {b} == {a}"));
            }
        }
    }
    rules
}

/// A generator of numbers (Knuth's MMIX), so that failures repeat.
pub(super) struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % count as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[self.below(from.len())]
    }

    pub fn condition(&mut self, leaves: &[String], depth: usize) -> String {
        let choice = if depth == 0 { 0 } else { self.below(6) };
        let inner = |chance: &mut Self| chance.condition(leaves, depth - 1);
        match choice {
            0 | 1 => self.pick(leaves).to_owned(),
            2 => format!("!({})", inner(self)),
            3 => format!("({}) && ({})", inner(self), inner(self)),
            4 => format!("({}) || ({})", inner(self), inner(self)),
            _ => format!("(({}) ? ({}) : ({}))", inner(self), inner(self), inner(self)),
        }
    }
}

/// Who asks.
pub(super) struct Caller {
    pub id: Option<&'static str>,
    roles: Vec<String>,
    claims: RuleValue,
}

impl Caller {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            caller_id: self.id,
            roles: &self.roles,
            scopes: &[],
            claims: &self.claims,
            now: NOW,
            arguments: &[],
            message: None,
        }
    }
}

pub(super) fn callers() -> [Caller; 2] {
    let text = |text: &str| RuleValue::Text(text.to_owned());
    let claims = [
        ("text", text("a")),
        ("five", RuleValue::Int(5)),
        ("half", RuleValue::Float(1.5)),
        ("none", RuleValue::Null),
        ("list", RuleValue::List(vec![text("a"), RuleValue::Null, text("RED")])),
        ("flag", RuleValue::Bool(true)),
    ];
    let claims = RuleValue::Map(claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let nothing = RuleValue::Map(Vec::new());
    [
        Caller { id: Some("7"), roles: vec!["a".to_owned(), "7".to_owned()], claims },
        Caller { id: None, roles: Vec::new(), claims: nothing },
    ]
}
