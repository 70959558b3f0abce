//! Rules as they are compiled, and what is wrong with the others and where.
#![allow(clippy::unwrap_used)]

use contract::rule::sample::{Sample, sample};
use contract::rule::{Expect, Scope, compile};
use contract::{Arity, Base, Scalar, TypeRef};

/// The compiled rule, or each error with the text it is about.
fn outcome(sample: &Sample, source: &str, scope: &Scope<'_>) -> String {
    match compile(source, scope) {
        Ok(expr) => expr.named(&sample.resources).to_string(),
        Err(errors) => {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| {
                    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                    format!(
                        "{}..{} `{}`: {}{help}",
                        error.start,
                        error.end,
                        &source[error.start..error.end],
                        error.message
                    )
                })
                .collect();
            lines.join("\n")
        }
    }
}

#[test]
fn explore() {
    let sample = sample();
    for line in std::fs::read_to_string("/tmp/rules.txt").unwrap().lines() {
        eprintln!("{line}\n    => {}", outcome(&sample, line, &sample.scope()).replace('\n', "\n       "));
    }
    let ty = TypeRef { base: Base::Scalar(Scalar::Decimal { scale: 2 }), arity: Arity::One, required: false };
    let scope = Scope { expect: Expect::Type(ty), ..sample.scope() };
    for s in [
        "price * 2",
        "price * rank",
        "price",
        "5",
        "1.005",
        "fee",
        "title",
        "published ? price : 0",
        "archived ? price : price + 1.5",
    ] {
        eprintln!("{s}\n    => {}", outcome(&sample, s, &scope).replace('\n', "\n       "));
    }
}
