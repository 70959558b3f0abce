//! Where the clauses of a statement are. SQLite says what a statement means; this finds the places where the store has
//! something to add, and what a column is given.

use super::lexer::{Kind, Word, words};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Select,
    Insert,
    Update,
    Delete,
}

/// A statement's words, and what they are.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    pub text: &'t str,
    pub words: Vec<Word<'t>>,
    /// How many parentheses are around each word.
    depths: Vec<usize>,
    /// What is done, and the word that says so.
    pub verb: Verb,
    pub at: usize,
}

/// The table that a statement changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// The word that names it.
    pub table: usize,
    /// The word by which columns name it.
    pub called: usize,
}

/// What a column is given: the words of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    pub from: usize,
    pub to: usize,
}

/// What a statement says of a column of the table that it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It gives it one of these values.
    Values(Vec<Given>),
    /// It leaves it out.
    Nothing,
    /// It cannot be told from the words.
    Unclear,
}

impl<'t> Outline<'t> {
    /// The outline of one statement; `None` for what is none.
    pub fn of(text: &'t str) -> Option<Self> {
        let words = words(text);
        let mut depth = 0_usize;
        let mut depths = Vec::with_capacity(words.len());
        for word in &words {
            let sign = &text[word.start..word.end];
            if sign == ")" {
                depth = depth.saturating_sub(1);
            }
            depths.push(depth);
            if sign == "(" {
                depth += 1;
            }
        }
        let mut outline = Self { text, words, depths, verb: Verb::Select, at: 0 };
        let found = (0..outline.words.len()).find_map(|at| Some((outline.verb_of(at)?, at)))?;
        (outline.verb, outline.at) = found;
        Some(outline)
    }

    fn verb_of(&self, at: usize) -> Option<Verb> {
        if self.depths[at] > 0 {
            return None;
        }
        const VERBS: [(&str, Verb); 6] = [
            ("select", Verb::Select),
            ("values", Verb::Select),
            ("insert", Verb::Insert),
            ("replace", Verb::Insert),
            ("update", Verb::Update),
            ("delete", Verb::Delete),
        ];
        VERBS.iter().find(|(name, _)| self.is(at, name)).map(|(_, verb)| *verb)
    }

    /// Whether a word is this bare name, a keyword or an identifier.
    pub fn is(&self, at: usize, name: &str) -> bool {
        self.words.get(at).is_some_and(|word| {
            word.kind == Kind::Name && self.sign(at) == word.name && word.name.eq_ignore_ascii_case(name)
        })
    }

    /// A word as it stands in the text.
    pub fn sign(&self, at: usize) -> &'t str {
        self.words.get(at).map_or("", |word| &self.text[word.start..word.end])
    }

    /// The first of these keywords from a word on, outside of parentheses.
    pub fn clause(&self, from: usize, names: &[&str]) -> Option<usize> {
        (from..self.words.len())
            .find(|at| self.depths[*at] == 0 && names.iter().any(|name| self.is(*at, name)))
    }

    /// One past the last word that is not a semicolon.
    pub fn end(&self) -> usize {
        self.words.iter().rposition(|word| word.kind != Kind::Semicolon).map_or(0, |last| last + 1)
    }

    /// The byte after the word before this one.
    pub fn byte_before(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.words[before].end)
    }

    /// The table that the statement changes.
    pub fn target(&self) -> Option<Target> {
        let table = match self.verb {
            Verb::Select => return None,
            Verb::Insert => self.clause(self.at, &["into"])? + 1,
            Verb::Delete => self.clause(self.at, &["from"])? + 1,
            Verb::Update if self.is(self.at + 1, "or") => self.at + 3,
            Verb::Update => self.at + 1,
        };
        let alias = match self.is(table + 1, "as") {
            true => Some(table + 2),
            // `UPDATE t x SET`, `DELETE FROM t x WHERE`.
            false => Some(table + 1).filter(|at| {
                let goes_on =
                    ["set", "where", "returning", "indexed", "not", "default", "values", "select", "with"];
                let is_name = self.words.get(*at).is_some_and(|word| word.kind == Kind::Name);
                is_name && self.verb != Verb::Insert && !goes_on.iter().any(|name| self.is(*at, name))
            }),
        };
        let called = alias.filter(|at| self.words.get(*at).is_some_and(|w| w.kind == Kind::Name));
        self.words.get(table).filter(|word| word.kind == Kind::Name)?;
        Some(Target { table, called: called.unwrap_or(table) })
    }

    /// The `SET` of an update, and those of `ON CONFLICT DO UPDATE`.
    pub fn sets(&self) -> Vec<usize> {
        match self.verb {
            Verb::Select | Verb::Delete => Vec::new(),
            Verb::Update => self.clause(self.at, &["set"]).into_iter().collect(),
            Verb::Insert => {
                let sets =
                    |at: &usize| self.is(*at, "set") && self.is(at - 1, "update") && self.is(at - 2, "do");
                (2..self.words.len()).filter(|at| self.depths[*at] == 0).filter(sets).collect()
            }
        }
    }

    /// Where a clause that began at `from` ends: at one of the clauses that can follow, or with the statement.
    pub fn clause_end(&self, from: usize) -> usize {
        let follows = ["returning", "order", "limit"];
        let next_conflict = (from..self.words.len())
            .find(|at| self.depths[*at] == 0 && self.is(*at, "on") && self.is(at + 1, "conflict"))
            .filter(|_| self.verb == Verb::Insert);
        let ends = self.clause(from, &follows).into_iter().chain(next_conflict);
        ends.min().unwrap_or_else(|| self.end()).min(self.end())
    }

    /// The word by which the list of a `SET` sets a column: `column = …` or `(a, column) = …`.
    pub fn set_in(&self, set: usize, column: &str) -> Option<usize> {
        let end = self.clause(set + 1, &["where", "from", "returning"]).unwrap_or_else(|| self.end());
        let parts = self.parts(set + 1, end.min(self.clause_end(set + 1)));
        let mut columns = parts.iter().flat_map(|part| match self.sign(part.from) {
            "(" => part.from + 1..self.closing(part.from),
            _ => part.from..part.from + 1,
        });
        columns.find(|at| self.is_column(*at, column))
    }

    /// What the statement gives a column of its table.
    pub fn said(&self, column: &str) -> Said {
        let mut values = self.set_to(column);
        match (self.verb, self.target()) {
            (Verb::Insert, Some(target)) => match self.inserted(target, column) {
                Said::Values(given) => values.extend(given),
                Said::Nothing if values.is_empty() => return Said::Nothing,
                Said::Nothing => {}
                Said::Unclear => return Said::Unclear,
            },
            (Verb::Update, _) if values.is_empty() => return Said::Unclear,
            (Verb::Insert | Verb::Update, _) => {}
            (Verb::Select | Verb::Delete, _) => return Said::Unclear,
        }
        Said::Values(values)
    }

    fn set_to(&self, column: &str) -> Vec<Given> {
        let mut found = Vec::new();
        for set in self.sets() {
            let ends = self.clause(set + 1, &["where", "from", "returning"]).unwrap_or_else(|| self.end());
            let end = ends.min(self.clause_end(set + 1));
            let is_it = |part: &Given| {
                self.is_column(part.from, column)
                    && self.sign(part.from + 1) == "="
                    && part.from + 2 < part.to
            };
            let parts = self.parts(set + 1, end).into_iter().filter(is_it);
            found.extend(parts.map(|part| Given { from: part.from + 2, to: part.to }));
        }
        found
    }

    fn is_column(&self, at: usize, column: &str) -> bool {
        self.words
            .get(at)
            .is_some_and(|word| word.kind == Kind::Name && word.name.eq_ignore_ascii_case(column))
    }

    /// What an insertion gives a column; all of them, where it lists none.
    fn inserted(&self, target: Target, column: &str) -> Said {
        let open = target.called + 1;
        if self.is(open, "default") {
            return Said::Nothing;
        }
        if self.sign(open) != "(" {
            return Said::Unclear;
        }
        let close = self.closing(open);
        let listed = self.parts(open + 1, close);
        let Some(place) = listed.iter().position(|part| self.is_column(part.from, column)) else {
            return Said::Nothing;
        };
        let end = self.clause_end(close + 1);
        if self.is(close + 1, "values") {
            let rows = self.parts(close + 2, end);
            let of = |row: &Given| self.parts(row.from + 1, self.closing(row.from)).get(place).copied();
            return rows.iter().map(of).collect::<Option<_>>().map_or(Said::Unclear, Said::Values);
        }
        if !self.is(close + 1, "select")
            || self.clause(close + 1, &["union", "intersect", "except"]).is_some()
        {
            return Said::Unclear;
        }
        let from = close + 2 + usize::from(self.is(close + 2, "distinct") || self.is(close + 2, "all"));
        let end = self.clause(from, &["from", "where", "group"]).unwrap_or(end).min(end);
        self.parts(from, end).get(place).map_or(Said::Unclear, |part| Said::Values(vec![*part]))
    }

    /// The word that closes a parenthesis.
    fn closing(&self, open: usize) -> usize {
        let depth = self.depths.get(open).copied().unwrap_or_default();
        let closes = |at: &usize| self.depths[*at] == depth && self.sign(*at) == ")";
        (open + 1..self.words.len()).find(closes).unwrap_or(self.words.len())
    }

    /// Words `from..to` split at the commas between them.
    fn parts(&self, from: usize, to: usize) -> Vec<Given> {
        let to = to.min(self.words.len());
        let Some(depth) = self.depths.get(from).copied() else { return Vec::new() };
        let mut parts = Vec::new();
        let mut start = from;
        for at in from..to {
            if self.depths[at] == depth && self.sign(at) == "," {
                parts.push(Given { from: start, to: at });
                start = at + 1;
            }
        }
        if start < to {
            parts.push(Given { from: start, to });
        }
        parts
    }

    /// The only word of an expression.
    pub fn only(&self, given: Given) -> Option<&Word<'t>> {
        let is_one = given.from + 1 == given.to;
        self.words.get(given.from).filter(|_| is_one)
    }

    /// The text of an expression that is a string.
    pub fn string(&self, given: Given) -> Option<String> {
        self.only(given)?;
        let inner = self.sign(given.from).strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inner.replace("''", "'"))
    }

    /// Whether an expression is made of constants and functions alone: no column and no parameter has a part in it.
    pub fn is_constant(&self, given: Given) -> bool {
        const WORDS: [&str; 6] =
            ["null", "true", "false", "current_timestamp", "current_date", "current_time"];
        (given.from..given.to).all(|at| match self.words[at].kind {
            Kind::Parameter | Kind::OtherParameter => false,
            Kind::Name => self.sign(at + 1) == "(" || WORDS.iter().any(|word| self.is(at, word)),
            Kind::Semicolon | Kind::Other => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Outline<'_> {
        Outline::of(text).expect("a statement")
    }

    fn target(text: &str) -> Option<(&str, &str)> {
        let outline = outline(text);
        let target = outline.target()?;
        Some((outline.sign(target.table), outline.sign(target.called)))
    }

    fn said(text: &str, column: &str) -> Option<Vec<String>> {
        let outline = outline(text);
        let written =
            |given: &Given| text[outline.words[given.from].start..outline.words[given.to - 1].end].to_owned();
        match outline.said(column) {
            Said::Values(values) => Some(values.iter().map(written).collect()),
            Said::Nothing => Some(vec!["nothing".to_owned()]),
            Said::Unclear => None,
        }
    }

    #[test]
    fn the_table_that_is_changed_is_found() {
        assert_eq!(target("SELECT 1 FROM a"), None);
        assert_eq!(
            target("WITH x AS (DELETE FROM b) INSERT OR IGNORE INTO a (b) SELECT 1"),
            Some(("a", "a"))
        );
        assert_eq!(target("REPLACE INTO \"a\" AS x DEFAULT VALUES"), Some(("\"a\"", "x")));
        assert_eq!(target("UPDATE OR FAIL a SET b = 1"), Some(("a", "a")));
        assert_eq!(target("update a x set b = 1"), Some(("a", "x")));
        assert_eq!(target("DELETE FROM a AS x WHERE 1"), Some(("a", "x")));
        assert_eq!(target("DELETE FROM a WHERE 1"), Some(("a", "a")));
        assert_eq!(target("DELETE FROM a"), Some(("a", "a")));
    }

    #[test]
    fn what_a_column_is_given_is_found() {
        let some = |values: &[&str]| Some(values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
        let insert = "INSERT INTO a (b, \"c\") VALUES (f(1, 2), 'x'), (:p, NULL) ON CONFLICT (b) DO UPDATE SET c = 1 \
                      WHERE c = 2 RETURNING b, c = 3";
        assert_eq!(said(insert, "b"), some(&["f(1, 2)", ":p"]));
        assert_eq!(said(insert, "C"), some(&["1", "'x'", "NULL"]));
        assert_eq!(said(insert, "d"), some(&["nothing"]));
        assert_eq!(
            said("INSERT INTO a (b, c) SELECT x, 'y' AS z FROM t WHERE x = 1", "c"),
            some(&["'y' AS z"])
        );
        assert_eq!(said("INSERT INTO a VALUES (1)", "b"), None);
        assert_eq!(said("INSERT INTO a DEFAULT VALUES", "b"), some(&["nothing"]));
        assert_eq!(
            said("UPDATE a SET b = b + 1, c = (SELECT max(c) FROM x) FROM y WHERE b = 2", "b"),
            some(&["b + 1"])
        );
        assert_eq!(said("UPDATE a SET (b, c) = (1, 2)", "b"), None);
    }

    #[test]
    fn constants_are_told_from_what_calls_bring() {
        for (text, is_constant) in [
            ("'x'", true),
            ("NULL", true),
            ("datetime('now', '+1 day')", true),
            ("-1.5", true),
            ("b", false),
            (":b", false),
            ("coalesce(:b, 1)", false),
        ] {
            let statement = format!("UPDATE a SET b = {text}");
            let outline = outline(&statement);
            let Said::Values(values) = outline.said("b") else { panic!("{text}") };
            assert_eq!(outline.is_constant(values[0]), is_constant, "{text}");
        }
    }
}
