//! What made the parser stumble, where that is known better than by the place at which it did.

use crate::code;
use crate::diagnostic::{Diagnostic, Span};
use crate::load::text::offset;

/// The directives whose arguments are texts of the rule language.
const RULES: [&str; 2] = ["@access", "@computed"];

/// The cause of a mistake that the parser found at `found`.
pub(crate) fn cause(text: &str, found: Span) -> Option<Diagnostic> {
    let tokens = tokens(text, found.end.max(found.start + 1) as usize);
    let (at, before) = tokens.split_last()?;
    bare_rule(text, found, &tokens).or_else(|| (at.text == "}").then(|| stray_brace(text, found, before))?)
}

/// A piece of the text that is no string and no comment.
#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    text: &'t str,
    start: usize,
}

/// Words and signs up to a byte; a string is one sign, `"`.
fn tokens(text: &str, end: usize) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next().filter(|_| at < end) {
        let rest = &text[at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match first {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => string_length(rest),
            '@' => 1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        match first {
            '#' => {}
            '"' => tokens.push(Token { text: &rest[..1], start: at }),
            c if c.is_whitespace() || c == ',' => {}
            _ => tokens.push(Token { text: &rest[..length], start: at }),
        }
        at += length;
    }
    tokens
}

fn string_length(rest: &str) -> usize {
    let (quote, ends_at_line) = if rest.starts_with("\"\"\"") { ("\"\"\"", false) } else { ("\"", true) };
    let mut at = quote.len();
    while let Some(c) = rest[at..].chars().next() {
        match c {
            _ if rest[at..].starts_with(quote) => return at + quote.len(),
            '\n' | '\r' if ends_at_line => return at,
            '\\' => at += 1 + rest[at + 1..].chars().next().map_or(0, char::len_utf8),
            c => at += c.len_utf8(),
        }
    }
    rest.len()
}

/// `@access(read: members.exists(m, …))`: a rule is a text, and the parser stumbles somewhere inside of it.
fn bare_rule(text: &str, found: Span, tokens: &[Token<'_>]) -> Option<Diagnostic> {
    let directive = tokens.iter().rposition(|token| token.text.starts_with('@'))?;
    let [name, open, arguments @ ..] = &tokens[directive..] else { return None };
    if !RULES.contains(&name.text) || open.text != "(" {
        return None;
    }
    let mut rest = arguments;
    while let [argument, colon, value, more @ ..] = rest
        && colon.text == ":"
    {
        if value.text == "\"" {
            rest = more;
            continue;
        }
        let start = offset(value.start);
        let span = Span { start, end: start + offset(value.text.len()), ..found };
        let line = text[value.start..].lines().next().unwrap_or_default();
        let begins: String = line.chars().take_while(|c| !matches!(c, ',' | '{' | '"')).take(40).collect();
        let message = format!("a rule is a text in quotes: `{}: \"{}…\"`", argument.text, begins.trim_end());
        return Some(Diagnostic::error(code::SYNTAX, span, message));
    }
    None
}

/// A brace that closes nothing: what looks as if it went on has ended before.
fn stray_brace(text: &str, found: Span, before: &[Token<'_>]) -> Option<Diagnostic> {
    let last = before.last().filter(|last| last.text == "}")?;
    let mut depth = 0_usize;
    let opening = before.iter().rposition(|token| {
        match token.text {
            "}" => depth += 1,
            "{" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    const KEYWORDS: [&str; 6] = ["type", "input", "enum", "interface", "schema", "extend"];
    let keyword = before[..opening].iter().rposition(|token| KEYWORDS.contains(&token.text))?;
    let named = before[keyword..opening].get(..2)?;
    let ended = match named {
        [keyword, name] if name.start < before[opening].start => format!("{} {}", keyword.text, name.text),
        _ => return None,
    };
    let line = text[..last.start].matches('\n').count() + 1;
    let message = format!("this closes nothing: the `}}` on line {line} ended `{ended}` already");
    Some(Diagnostic::error(code::SYNTAX, found, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;

    fn said(text: &str, at: &str) -> Option<(u32, String)> {
        let start = offset(text.rfind(at).expect("the place is in the text"));
        let found = Span { file: FileId(0), start, end: start + offset(at.len()) };
        cause(text, found).map(|found| (found.span.start, found.message))
    }

    #[test]
    fn a_rule_without_quotes_is_said_to_be_a_text() {
        let text = "type A @access(create: \"true\", read: members.exists(m, m.id == 1)) { id: ID! }";
        let message = "a rule is a text in quotes: `read: \"members.exists(m…\"`";
        assert_eq!(said(text, ".exists"), Some((37, message.to_owned())));
        assert_eq!(said("type A @access(read: \"true\") { id: ID! ... }", "..."), None);
    }

    #[test]
    fn a_brace_too_many_is_said_to_be_one() {
        let text = "type A { id: ID! @x(a: {b: 1}) } # }\ntype B @resource {\n  id: ID!\n}\n}\n";
        let message = "this closes nothing: the `}` on line 4 ended `type B` already";
        assert_eq!(said(text, "}"), Some((68, message.to_owned())));
        assert_eq!(said("type A { id: ID! }\n\"}\" x }", "x }"), None);
    }

    #[test]
    fn any_text_has_tokens() {
        for text in ["\"", "\"\"\"", "\"\\", "@", "#", "ä@ä\"ä", "\"\"\"\\\"\"\"", "a\u{feff}}"] {
            let found = Span { file: FileId(0), start: 0, end: offset(text.len()) };
            let _ = cause(text, found);
            assert!(tokens(text, text.len()).iter().all(|t| text[t.start..].starts_with(t.text)), "{text}");
        }
    }
}
