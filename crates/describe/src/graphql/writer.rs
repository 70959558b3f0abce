//! Definitions as text (GraphQL, September 2025, section 3 and appendix B).

use contract::Literal;
use std::fmt::Write;

/// A definition of a type.
#[derive(Debug, Default)]
pub(super) struct Definition {
    pub(super) description: Option<String>,
    /// What stands before the braces: `type User implements Node`.
    pub(super) head: String,
    /// What stands between them; a type without has none.
    pub(super) members: Vec<Member>,
}

/// A field, an argument, or a value of an enum.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) description: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Vec<Member>,
    /// `[User!]!`; none for a value of an enum.
    pub(super) ty: Option<String>,
    pub(super) default: Option<String>,
    /// The reason of `@deprecated`.
    pub(super) deprecated: Option<String>,
}

impl Member {
    /// A member of a type.
    pub(super) fn new(name: impl Into<String>, ty: impl Into<String>) -> Self {
        Self { name: name.into(), ty: Some(ty.into()), ..Self::default() }
    }

    /// A value of an enum.
    pub(super) fn value(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same with a description.
    pub(super) fn described(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// The same with arguments.
    pub(super) fn with(self, arguments: Vec<Member>) -> Self {
        Self { arguments, ..self }
    }

    /// Whether it fits in a row with others.
    fn is_plain(&self) -> bool {
        self.description.is_none() && self.deprecated.is_none()
    }
}

/// What a block string begins and ends with.
const FENCE: &str = "\"\"\"";

/// Characters of a row at the most: longer ones are broken.
const ROW_MAX: usize = 110;

/// Writes a definition, with a line break at its end.
pub(super) fn definition(definition: &Definition) -> String {
    let mut out = String::new();
    describe(&mut out, definition.description.as_deref(), 0);
    out.push_str(&definition.head);
    if !definition.members.is_empty() {
        out.push_str(" {\n");
        for one in &definition.members {
            member(&mut out, one, 1);
        }
        out.push('}');
    }
    out.push('\n');
    out
}

fn member(out: &mut String, member: &Member, depth: usize) {
    describe(out, member.description.as_deref(), depth);
    indent(out, depth);
    let short = inline(member);
    let is_short = short.chars().count() + 2 * depth <= ROW_MAX;
    if member.arguments.iter().all(Member::is_plain) && (is_short || member.arguments.is_empty()) {
        out.push_str(&short);
    } else {
        out.push_str(&member.name);
        out.push_str("(\n");
        for argument in &member.arguments {
            self::member(out, argument, depth + 1);
        }
        indent(out, depth);
        out.push(')');
        tail(out, member);
    }
    out.push('\n');
}

fn inline(member: &Member) -> String {
    let mut out = member.name.clone();
    if !member.arguments.is_empty() {
        let arguments: Vec<String> = member.arguments.iter().map(inline).collect();
        let _ = write!(out, "({})", arguments.join(", "));
    }
    tail(&mut out, member);
    out
}

/// What follows the name and the arguments.
fn tail(out: &mut String, member: &Member) {
    if let Some(ty) = &member.ty {
        let _ = write!(out, ": {ty}");
    }
    if let Some(default) = &member.default {
        let _ = write!(out, " = {default}");
    }
    if let Some(reason) = &member.deprecated {
        let _ = write!(out, " @deprecated(reason: {})", string(reason));
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn describe(out: &mut String, description: Option<&str>, depth: usize) {
    let Some(text) = description.filter(|text| !text.is_empty()) else { return };
    if !is_block(text) {
        indent(out, depth);
        out.push_str(&string(text));
        out.push('\n');
        return;
    }
    let mut line = |line: &str| {
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
        out.push('\n');
    };
    line(FENCE);
    for one in text.split('\n') {
        line(&one.replace(FENCE, "\\\"\"\""));
    }
    line(FENCE);
}

/// Whether a block string says the text as it is (section 2.9.4, `BlockStringValue`): several lines, the first and last
/// of them not blank, no blank one with spaces, and not all of them indented.
fn is_block(text: &str) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    let is_blank = |line: &&str| line.trim_start_matches([' ', '\t']).is_empty();
    let is_indented = |line: &&str| line.starts_with([' ', '\t']);
    let ends = [lines.first(), lines.last()];
    lines.len() > 1
        && text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t')
        && ends.into_iter().flatten().all(|line| !is_blank(line))
        && lines.iter().all(|line| line.is_empty() || !is_blank(line))
        && lines.iter().any(|line| !line.is_empty() && !is_indented(line))
}

/// A string in quotes (section 2.9.4).
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A constant. Constants nest as deep as the contract's bounds allow.
pub(super) fn literal(value: &Literal) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(bool) => bool.to_string(),
        Literal::Int(int) => int.to_string(),
        Literal::Number(number) => number.clone(),
        Literal::Text(text) => string(text),
        Literal::Enum(name) => name.clone(),
        Literal::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Literal::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}: {}", literal(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use apollo_compiler::Schema;
    use proptest::prelude::*;

    fn field(description: &str, deprecated: &str) -> String {
        let field = Member::new("field", "Int").described(description);
        let field = Member { deprecated: Some(deprecated.to_owned()), ..field };
        let head = "type Query".to_owned();
        definition(&Definition { description: Some(description.to_owned()), head, members: vec![field] })
    }

    /// Every text is read back as it was, in a type and further inside.
    fn comes_back(text: &str) {
        let printed = field(text, text);
        let schema = Schema::parse_and_validate(printed.as_str(), "").unwrap_or_else(|found| {
            panic!("{}\n{printed}", found.errors);
        });
        let query = schema.get_object("Query").unwrap();
        let found = &query.fields["field"];
        let expected = Some(text).filter(|text| !text.is_empty());
        assert_eq!(query.description.as_deref(), expected, "{printed}");
        assert_eq!(found.description.as_deref(), expected, "{printed}");
        let reason =
            found.directives.get("deprecated").unwrap().specified_argument_by_name("reason").unwrap();
        assert_eq!(reason.as_str(), Some(text), "{printed}");
    }

    #[test]
    fn odd_texts_come_back() {
        let odd = [
            "",
            " ",
            "a",
            "a\nb",
            " a\nb",
            "a\n b",
            " a\n b",
            "a\n\nb",
            "a\n \nb",
            "\na",
            "a\n",
            "a\"",
            "\"\"\"",
            "a\n\"\"\"\nb",
            "a\n\\\"\"\"",
            "a\\\nb\\",
            "a\r\nb",
            "\u{0}\u{1f}\u{7f}\u{85}\u{feff}",
            "\u{2028}\n\u{1f600}",
            "a\n\tb",
            "\ta\n\tb",
            "#\n,",
        ];
        odd.into_iter().for_each(comes_back);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_texts_come_back(text in "[ a\"\\\\\n\r\t\u{0}\u{e9}#,{}]{0,12}") {
            comes_back(&text);
        }
    }
}
