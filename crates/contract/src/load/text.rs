//! String literals: their value, and where each byte of it stands in the source.

use crate::diagnostic::{FileId, Span};
use crate::model::Places;

/// A text of the contract with its places.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// The value, unescaped.
    pub(crate) value: String,
    /// Where its bytes stand.
    pub(crate) places: Places,
}

impl Text {
    /// A text that stands in the source as it is.
    pub(crate) fn plain(value: &str, file: FileId, start: u32) -> Self {
        let end = start + offset(value.len());
        Self { value: value.to_owned(), places: Places { span: Span { file, start, end }, map: Vec::new() } }
    }

    /// The whole text's place.
    pub(crate) fn span(&self) -> Span {
        self.places.span
    }

    /// The value of the literal `raw`, a GraphQL string or block string that begins at byte `start` of
    /// `file`.
    ///
    /// The literal has passed the lexer; of one that has not, what can be read is returned.
    pub(crate) fn unescape(raw: &str, file: FileId, start: u32) -> Self {
        match raw.strip_prefix("\"\"\"") {
            Some(body) => unescape_block(body.strip_suffix("\"\"\"").unwrap_or(body), file, start + 3),
            None => {
                let body = raw.strip_prefix('"').unwrap_or(raw);
                unescape_line(body.strip_suffix('"').unwrap_or(body), file, start + 1)
            }
        }
    }

    /// Bytes `start..end` as a text of their own.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        let map = match self.places.map.is_empty() {
            true => Vec::new(),
            false => self.places.map[start..=end].to_vec(),
        };
        Self {
            value: self.value[start..end].to_owned(),
            places: Places { span: self.places.span(start, end), map },
        }
    }
}

/// Offsets are 32 bits: files are bounded far below that.
pub(crate) fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("files are bounded by FILE_BYTES_MAX")
}

/// Collects a value and the place of each of its bytes.
struct Builder {
    value: String,
    map: Vec<u32>,
}

impl Builder {
    fn push(&mut self, c: char, at: u32) {
        self.value.push(c);
        self.map.resize(self.value.len(), at);
    }

    fn finish(mut self, file: FileId, start: u32, end: u32) -> Text {
        self.map.push(end);
        let as_it_is = self.map.iter().zip(start..).all(|(place, i)| *place == i);
        let map = if as_it_is { Vec::new() } else { self.map };
        Text { value: self.value, places: Places { span: Span { file, start, end }, map } }
    }
}

fn unescape_line(body: &str, file: FileId, start: u32) -> Text {
    let mut out =
        Builder { value: String::with_capacity(body.len()), map: Vec::with_capacity(body.len() + 1) };
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let at = start + offset(body.len() - rest.len());
        let (c, bytes) = if c == '\\' { escape(rest) } else { (Some(c), c.len_utf8()) };
        if let Some(c) = c {
            // Each byte of a character that stands as it is has its own place; all of an escaped one have the
            // same.
            let escaped = bytes != c.len_utf8();
            let first = out.map.len();
            out.push(c, at);
            if !escaped {
                for (i, place) in out.map[first..].iter_mut().enumerate() {
                    *place = at + offset(i);
                }
            }
        }
        rest = &rest[bytes..];
    }
    out.finish(file, start, start + offset(body.len()))
}

/// The character that the escape at the start of `rest` stands for, and the escape's length in bytes.
/// GraphQL, September 2025, section 2.9.4.
fn escape(rest: &str) -> (Option<char>, usize) {
    let Some(kind) = rest[1..].chars().next() else { return (None, 1) };
    let c = match kind {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode_escape(rest),
        other => other,
    };
    (Some(c), 1 + kind.len_utf8())
}

fn unicode_escape(rest: &str) -> (Option<char>, usize) {
    let hex = |digits: Option<&str>| digits.and_then(|d| u32::from_str_radix(d, 16).ok());
    if let Some(braced) = rest[2..].strip_prefix('{') {
        let digits = braced.split('}').next().unwrap_or("");
        return (hex(Some(digits)).and_then(char::from_u32), (4 + digits.len()).min(rest.len()));
    }
    let Some(first) = hex(rest.get(2..6)) else { return (None, 2) };
    if !(0xD800..0xDC00).contains(&first) {
        return (char::from_u32(first), 6);
    }
    match hex(rest.get(8..12)) {
        Some(second @ 0xDC00..0xE000) => {
            (char::from_u32((first - 0xD800) * 0x400 + (second - 0xDC00) + 0x10000), 12)
        }
        Some(_) | None => (None, 6),
    }
}

/// GraphQL, September 2025, section 2.9.4, `BlockStringValue`.
fn unescape_block(body: &str, file: FileId, start: u32) -> Text {
    let lines = split_lines(body);
    let indent = common_indent(body, &lines);
    let blank = |(from, to): &(usize, usize)| body[*from..*to].bytes().all(|b| b == b' ' || b == b'\t');
    let first = lines.iter().position(|line| !blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !blank(line)).map_or(first, |at| at + 1);
    let mut out =
        Builder { value: String::with_capacity(body.len()), map: Vec::with_capacity(body.len() + 1) };
    for (i, (from, to)) in lines.iter().enumerate().take(last).skip(first) {
        if i > first {
            out.push('\n', start + offset(lines[i - 1].1));
        }
        let from = if i == 0 { *from } else { (from + indent).min(*to) };
        push_block_line(&mut out, &body[from..*to], start + offset(from));
    }
    let end = last.checked_sub(1).map_or(body.len(), |i| lines.get(i).map_or(body.len(), |line| line.1));
    let begin = out.map.first().copied().unwrap_or(start);
    out.finish(file, begin, (start + offset(end)).max(begin))
}

fn push_block_line(out: &mut Builder, line: &str, start: u32) {
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        if line[at..].starts_with("\\\"\"\"") {
            (0..3).for_each(|_| out.push('"', start + offset(at)));
            at += 4;
        } else {
            let first = out.map.len();
            out.push(c, start + offset(at));
            for (i, place) in out.map[first..].iter_mut().enumerate() {
                *place += offset(i);
            }
            at += c.len_utf8();
        }
    }
}

/// The lines of `body` as ranges without their terminators (`\n`, `\r\n` or `\r`).
fn split_lines(body: &str) -> Vec<(usize, usize)> {
    let bytes = body.as_bytes();
    let (mut lines, mut from, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let terminator = match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            (b'\r' | b'\n', _) => 1,
            _ => 0,
        };
        if terminator > 0 {
            lines.push((from, at));
            from = at + terminator;
        }
        at += terminator.max(1);
    }
    lines.push((from, bytes.len()));
    lines
}

fn common_indent(body: &str, lines: &[(usize, usize)]) -> usize {
    let indent = |(from, to): &(usize, usize)| {
        let line = &body[*from..*to];
        let indent = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        (indent < line.len()).then_some(indent)
    };
    lines.iter().skip(1).filter_map(indent).min().unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use apollo_compiler::ast::{Definition, Document, Value};

    /// The value that the GraphQL library reads.
    fn reference(raw: &str) -> String {
        let source = format!("type A {{ f: Int @d(v: {raw}) }}");
        let document = Document::parse(source, "a").unwrap();
        let Definition::ObjectTypeDefinition(def) = &document.definitions[0] else { panic!("a type") };
        match &*def.fields[0].directives[0].arguments[0].value {
            Value::String(value) => value.clone(),
            other => panic!("{other:?}"),
        }
    }

    const LITERALS: &[&str] = &[
        r#""""#,
        r#""plain""#,
        r#""a\nb\t\"q\" \\ \/ ä""#,
        r#""\u00e4 \u{1F600} \uD83D\uDCA9 x""#,
        "\"\"\"one line\"\"\"",
        "\"\"\"\n    two\n      lines\n    \"\"\"",
        "\"\"\"\r\n    crlf\r\n      lines\r    cr\n\n\"\"\"",
        "\"\"\"\n\n  ä \\\"\"\" x\n\n   y\n\"\"\"",
        "\"\"\"   \n \n\"\"\"",
        "\"\"\"first\n    second\n   third\"\"\"",
    ];

    #[test]
    fn values_are_those_of_the_library() {
        for raw in LITERALS {
            assert_eq!(Text::unescape(raw, FileId(0), 0).value, reference(raw), "{raw}");
        }
    }

    #[test]
    fn plain_characters_stand_where_the_map_says() {
        for raw in LITERALS {
            let text = Text::unescape(raw, FileId(0), 0);
            for (i, c) in text.value.char_indices().filter(|(_, c)| c.is_alphanumeric() && c.is_ascii()) {
                let span = text.places.span(i, i + 1);
                let source = &raw[span.start as usize..];
                assert!(source.starts_with(c) || source.starts_with('\\'), "{raw} at {i}: {source}");
            }
            let whole = text.places.span(0, text.value.len());
            assert!(whole.end as usize <= raw.len() && whole.start <= whole.end, "{raw}: {whole:?}");
        }
    }

    #[test]
    fn a_slice_keeps_its_places() {
        let raw = "\"\"\"\n   ab\n   cd\n\"\"\"";
        let text = Text::unescape(raw, FileId(0), 100);
        let at = text.value.find("cd").unwrap();
        let slice = text.slice(at, at + 2);
        let span = slice.places.span(0, 2);
        assert_eq!(&raw[span.start as usize - 100..span.end as usize - 100], "cd");
    }
}
