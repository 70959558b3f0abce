//! As much of SQL's grammar of words as it takes to find parameters and names.

/// A word of a statement that matters here, and its bytes `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// A parameter's or identifier's name without its marks.
    pub name: &'t str,
}

/// Which kind of word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `:name`.
    Parameter,
    /// `?`, `?1`, `@name`, `$name`: other ways to write one, which are not taken.
    OtherParameter,
    /// A bare or quoted identifier or a keyword.
    Name,
    /// A semicolon.
    Semicolon,
    /// A string, a number, an operator.
    Other,
}

/// The words of a statement, without comments and spaces.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (end, word) = next(text, at);
        words.extend(word);
        at = end;
    }
    words
}

/// The word or space at a byte, and where it ends.
fn next(text: &str, at: usize) -> (usize, Option<Word<'_>>) {
    let bytes = text.as_bytes();
    let word = |kind, end: usize, name| (end, Some(Word { kind, start: at, end, name }));
    match bytes[at] {
        byte if byte.is_ascii_whitespace() => (at + 1, None),
        b'-' if bytes[at..].starts_with(b"--") => (find(bytes, at, b"\n"), None),
        b'/' if bytes[at..].starts_with(b"/*") => (find(bytes, at + 2, b"*/"), None),
        b'\'' => word(Kind::Other, quoted(bytes, at, b'\''), ""),
        quote @ (b'"' | b'`') => {
            let end = quoted(bytes, at, quote);
            word(Kind::Name, end, text.get(at + 1..end - 1).unwrap_or_default())
        }
        b'[' => {
            let end = find(bytes, at, b"]");
            word(Kind::Name, end, text.get(at + 1..end - 1).unwrap_or_default())
        }
        b':' if bytes.get(at + 1).is_some_and(|b| is_word(*b)) => {
            let end = word_end(bytes, at + 1);
            word(Kind::Parameter, end, &text[at + 1..end])
        }
        b'?' | b'@' | b'$' => word(Kind::OtherParameter, word_end(bytes, at + 1), ""),
        b';' => word(Kind::Semicolon, at + 1, ""),
        byte if byte.is_ascii_digit() => word(Kind::Other, word_end(bytes, at), ""),
        byte if is_word(byte) => {
            let end = word_end(bytes, at);
            word(Kind::Name, end, &text[at..end])
        }
        _ => word(Kind::Other, at + 1, ""),
    }
}

/// SQLite takes every byte above ASCII for a letter.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let length = bytes[from..].iter().position(|b| !is_word(*b));
    length.map_or(bytes.len(), |n| from + n)
}

/// One past the next `mark`, or the end.
fn find(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let at = rest.windows(mark.len()).position(|window| window == mark);
    at.map_or(bytes.len(), |n| from + n + mark.len())
}

/// One past the closing quote; a doubled quote stands for itself.
fn quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from + 1;
    while at < bytes.len() {
        if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// The names of the parameters in the order SQLite numbers them: by their first mention.
pub(super) fn parameters(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for word in words(text).iter().filter(|word| word.kind == Kind::Parameter) {
        if !names.contains(&word.name) {
            names.push(word.name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_parameters_where_sqlite_does() {
        let text = "SELECT ':a', \":b\", :c /* :d */ -- :e\n, [:f], x.`:g`, :c + :_now, 'it''s :h', :ü2 ;";
        assert_eq!(parameters(text), ["c", "_now", "ü2"]);
        let conn = rusqlite::Connection::open_in_memory().expect("memory");
        let text = "SELECT ':a', :c /* :d */ -- :e\n, :c + :_now, 'it''s :h', :ü2 ;";
        let statement = conn.prepare(text).expect("valid");
        let names: Vec<_> =
            (1..=statement.parameter_count()).filter_map(|i| statement.parameter_name(i)).collect();
        assert_eq!(names, [":c", ":_now", ":ü2"]);
    }

    #[test]
    fn never_panics_on_unfinished_text() {
        for text in
            ["'", "\"", "`", "[", "[é", "\"é", ":", "/*", "/", "--", "?", "é", "a:", "''", "\"\"", "/*/"]
        {
            let words = words(text);
            assert!(words.iter().all(|w| w.start < w.end && text.get(w.start..w.end).is_some()), "{text}");
        }
    }

    /// Pieces of statements in any order, most of them no SQL at all.
    fn pieces() -> impl Strategy<Value = String> {
        const PIECES: [&str; 27] = [
            "SELECT ", ":a", ":b_1", ":ü", ",", "'", "''", "\"", "`", "[", "]", "--", "/*", "*/", "\n", " ",
            "x", "é", "1", ":", "::", "?", "$", "@", ";", "(", ")",
        ];
        prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_sqlite_or_finds_other_parameters(pieces in pieces()) {
            let text = format!("SELECT {pieces}");
            let words = words(&text);
            prop_assert!(words.iter().all(|w| w.start < w.end && text.get(w.start..w.end).is_some()));
            let is_plain = words.iter().all(|w| !matches!(w.kind, Kind::OtherParameter | Kind::Semicolon));
            thread_local!(static CONN: rusqlite::Connection = rusqlite::Connection::open_in_memory().expect("memory"));
            CONN.with(|conn| {
                if let Some(statement) = conn.prepare(&text).ok().filter(|_| is_plain) {
                    let names: Vec<_> = (1..=statement.parameter_count())
                        .filter_map(|i| statement.parameter_name(i)).map(|name| &name[1..]).collect();
                    // SQLite also takes `:a::b` and `:a(b)` for names; `check` refuses what is not understood alike.
                    if names.iter().all(|name| !name.contains([':', '('])) {
                        prop_assert_eq!(parameters(&text), names, "{}", text);
                    }
                }
                Ok(())
            })?;
        }
    }
}
