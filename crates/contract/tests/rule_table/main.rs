//! Rules as they are compiled, and what is wrong with the others and where. `cases.txt` has a rule per block:
//! its text, and, indented, the compiled rule or the errors with their bytes, the text there and the
//! suggestion.
#![allow(clippy::unwrap_used)]

use contract::rule::sample::{Sample, sample};
use contract::rule::{Expect, Scope, compile};
use contract::{Arity, Base, Scalar, TypeRef};

const CASES: &str = include_str!("cases.txt");
const DOCUMENTATION: &str = include_str!("../../../../docs/rules.md");

fn scope<'a>(sample: &'a Sample, section: &str) -> Scope<'a> {
    let all = sample.scope();
    let value =
        |scalar| Expect::Type(TypeRef { base: Base::Scalar(scalar), arity: Arity::One, required: false });
    match section {
        "rules of a post" => all,
        "rules of an operation" => Scope { record: None, ..all },
        "rules of a channel" => Scope { record: None, message: &sample.message, arguments: &[], ..all },
        "a decimal of a post" => Scope { expect: value(Scalar::Decimal { scale: 2 }), arguments: &[], ..all },
        "a text of a post" => Scope { expect: value(Scalar::String), arguments: &[], ..all },
        "a boolean of a post" => Scope { expect: value(Scalar::Boolean), arguments: &[], ..all },
        other => panic!("no section {other:?}"),
    }
}

/// The compiled rule, or each error with the text it is about.
fn outcome(sample: &Sample, source: &str, scope: &Scope<'_>) -> String {
    let errors = match compile(source, scope) {
        Ok(expr) => return format!("    {}\n", expr.named(&sample.resources)),
        Err(errors) => errors,
    };
    let lines = errors.iter().map(|error| {
        let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let text = &source[error.start..error.end];
        format!("    ! {}..{} `{text}`: {}{help}\n", error.start, error.end, error.message)
    });
    lines.collect()
}

#[test]
fn cases() {
    let sample = sample();
    let mut section = "";
    let mut found = String::new();
    for line in CASES.lines().filter(|line| !line.starts_with("    ")) {
        found += &format!("{line}\n");
        match line.strip_prefix("## ") {
            Some(name) => section = name,
            None if line.is_empty() => {}
            None => found += &outcome(&sample, line, &scope(&sample, section)),
        }
    }
    for (at, (found, wanted)) in found.lines().zip(CASES.lines()).enumerate() {
        assert_eq!(found, wanted, "line {} of cases.txt", at + 1);
    }
    assert_eq!(found.lines().count(), CASES.lines().count());
}

/// Every example of the documentation.
#[test]
fn documented_examples_compile() {
    let sample = sample();
    let mut count = 0;
    for block in DOCUMENTATION.split("```cel").skip(1) {
        let (kind, rest) = block.split_once('\n').unwrap();
        let section = match kind.trim() {
            "" => "rules of a post",
            "operation" => "rules of an operation",
            "channel" => "rules of a channel",
            "decimal" => "a decimal of a post",
            other => panic!("no kind {other:?}"),
        };
        let source = rest.split("```").next().unwrap().trim();
        if let Err(errors) = compile(source, &scope(&sample, section)) {
            panic!("{source}: {errors:?}");
        }
        count += 1;
    }
    assert!(count >= 15, "only {count} examples");
}

#[test]
fn sizes_are_bounded() {
    use contract::rule::compile::{DEPTH_MAX, ERRORS_MAX, NODES_MAX, RULE_BYTES_MAX};
    let sample = sample();
    let errors = |source: &str| compile(source, &sample.scope()).unwrap_err();
    let first = |source: &str| errors(source).swap_remove(0).message;
    let deep = format!("{}true{}", "(".repeat(DEPTH_MAX + 1), ")".repeat(DEPTH_MAX + 1));
    assert!(first(&deep).contains("levels deep"));
    assert!(first(&format!("rank == 1{}", " + 1".repeat(DEPTH_MAX))).contains("levels deep"));
    assert!(first(&format!("{}published", "!".repeat(DEPTH_MAX))).contains("levels deep"));
    assert!(first(&"[".repeat(5000)).contains("levels deep"));
    assert!(first(&format!("published{}", " || published".repeat(RULE_BYTES_MAX / 13))).contains("bytes"));
    assert!(first(&format!("1 in [1{}]", ",1".repeat(NODES_MAX))).contains("parts"));
    assert!(
        first(&format!("{}published ? 1 : 2{}) == 1", "(".repeat(30), ") == 1 ? 1 : 2".repeat(29)))
            .contains("written out")
    );
    assert_eq!(errors(&"x + ".repeat(60)).len(), ERRORS_MAX);
    assert!(compile(&format!("published{}", " || archived".repeat(400)), &sample.scope()).is_ok());
}
