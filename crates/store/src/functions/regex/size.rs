//! How large an expression is when it is compiled, told without compiling it: from what is written, before anything is
//! made of it whose size is not bounded by the text's.

use super::{COMPILED_BYTES_MAX, REGEX_BYTES_MAX, REGEX_DEPTH_MAX};
use regex_syntax::ast::{
    Ast, ClassPerlKind, ClassSet, ClassSetItem, RepetitionKind, RepetitionRange, parse::ParserBuilder,
};
use regex_syntax::hir::translate::Translator;

/// What an expression takes beside its parts: what is made around the compiled program, and its automaton.
const BASE_BYTES: usize = 64 << 10;
/// A character, or an assertion.
const ONE_BYTES: usize = 64;
/// Any character: all of UTF-8.
const ANY_BYTES: usize = 2 << 10;
/// A range of characters.
const RANGE_BYTES: usize = 256;
/// Digits of all scripts.
const DIGITS_BYTES: usize = 8 << 10;
/// Letters of all scripts, and other classes of Unicode.
const LETTERS_BYTES: usize = 56 << 10;

/// About how many bytes an expression takes when it is compiled; `None` for one that is not valid, or larger than any may
/// be.
pub fn regex_bytes(pattern: &str) -> Option<usize> {
    if pattern.len() > REGEX_BYTES_MAX {
        return None;
    }
    let ast = ParserBuilder::new().nest_limit(REGEX_DEPTH_MAX).build().parse(pattern).ok()?;
    let bytes = of(&ast);
    // Only what is not too large is looked at closely.
    if bytes > COMPILED_BYTES_MAX || Translator::new().translate(pattern, &ast).is_err() {
        return None;
    }
    Some(bytes.saturating_add(BASE_BYTES))
}

fn of(ast: &Ast) -> usize {
    let all = |parts: &[Ast]| parts.iter().fold(0_usize, |sum, part| sum.saturating_add(of(part)));
    match ast {
        Ast::Empty(_) | Ast::Flags(_) | Ast::Literal(_) | Ast::Assertion(_) => ONE_BYTES,
        Ast::Dot(_) => ANY_BYTES,
        Ast::ClassUnicode(_) => LETTERS_BYTES,
        Ast::ClassPerl(class) => perl(&class.kind),
        Ast::ClassBracketed(class) if class.negated => ANY_BYTES.saturating_add(set(&class.kind)),
        Ast::ClassBracketed(class) => set(&class.kind),
        Ast::Repetition(repetition) => of(&repetition.ast).saturating_mul(times(&repetition.op.kind)),
        Ast::Group(group) => of(&group.ast).saturating_add(2 * ONE_BYTES),
        Ast::Alternation(alternation) => all(&alternation.asts),
        Ast::Concat(concat) => all(&concat.asts),
    }
}

fn perl(kind: &ClassPerlKind) -> usize {
    match kind {
        ClassPerlKind::Digit => DIGITS_BYTES,
        ClassPerlKind::Space => ANY_BYTES,
        ClassPerlKind::Word => LETTERS_BYTES,
    }
}

/// How often a part is written out.
fn times(kind: &RepetitionKind) -> usize {
    let count = match kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 1,
        RepetitionKind::Range(RepetitionRange::Exactly(count) | RepetitionRange::AtLeast(count)) => *count,
        RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
    };
    usize::try_from(count).unwrap_or(usize::MAX).max(1)
}

fn set(set: &ClassSet) -> usize {
    match set {
        ClassSet::Item(item) => one(item),
        ClassSet::BinaryOp(operation) => self::set(&operation.lhs).saturating_add(self::set(&operation.rhs)),
    }
}

fn one(item: &ClassSetItem) -> usize {
    match item {
        ClassSetItem::Empty(_) => 0,
        ClassSetItem::Literal(_) => ONE_BYTES,
        ClassSetItem::Range(_) => RANGE_BYTES,
        ClassSetItem::Ascii(_) => RANGE_BYTES,
        ClassSetItem::Unicode(_) => LETTERS_BYTES,
        ClassSetItem::Perl(class) => perl(&class.kind),
        ClassSetItem::Bracketed(class) => set(&class.kind),
        ClassSetItem::Union(union) => {
            union.items.iter().fold(0, |sum: usize, item| sum.saturating_add(one(item)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use regex::RegexBuilder;

    /// The estimate is no less than half of what the library counts, and for ordinary expressions not much more.
    #[test]
    fn the_estimate_bounds_what_is_compiled() {
        let patterns = [
            "abc",
            r"\w+",
            r"\w{18}0",
            r"^[\w.]+@[\w.]+\.\w{2,4}$",
            r"\d{4}-\d{2}",
            "[a-z]{100}",
            r"\p{L}{10}",
            "(a|b|c|d|e|f){50}",
            "[01]*1[01]{500}$",
            ".{100}",
            "(?s:.){100}",
            "[^a]{50}",
            r"[\W&&[^\d]]{3}",
            r"\S{20}",
            r"\D{9}",
            r"(?i)\w{5}",
            "(?:(?:(?:a{5}){5}){5}){5}",
            r"\p{Greek}{9}",
            r"[\p{L}\p{N}]{5}",
            "[äöü]{30}",
            r"[^\p{L}]{6}",
            r"\b\w{3}\b",
            "(?i)straße",
        ];
        for pattern in patterns {
            let estimate = regex_bytes(pattern).unwrap_or_else(|| panic!("{pattern}"));
            let compiles = RegexBuilder::new(pattern).size_limit(2 * estimate).build().is_ok();
            assert!(compiles, "{pattern}: {estimate}");
        }
    }

    #[test]
    fn what_is_large_is_told_before_it_is_made() {
        for pattern in
            [r"\w{20}0", r"\w{1000}", "(?:a{1000}){1000}", &r"[\w&&\pL]".repeat(100), r"(?:\w{5}){5}"]
        {
            assert_eq!(regex_bytes(pattern), None, "{pattern}");
        }
        assert!(regex_bytes(r"\p{Nothing}").is_none() && regex_bytes("[z-a]").is_none());
    }
}
