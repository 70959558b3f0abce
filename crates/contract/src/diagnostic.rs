//! What is wrong with a contract, and exactly where.

use crate::code::Code;
use std::fmt;
use std::path::PathBuf;

/// A source file of the contract, by its position in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in a source file; `start == end` points between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file the range is in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Whether a diagnostic stops the contract from loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The contract cannot be served.
    Error,
    /// The contract can be served, but probably not as meant.
    Warning,
}

/// One finding: what, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable upper-case code, for example `UNKNOWN_FIELD`.
    pub code: Code,
    /// What was found and what was expected: lower case, no full stop.
    pub message: String,
    /// The place.
    pub span: Span,
    /// A suggestion ("did you mean `author`?") or the place of a related declaration.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span, help: None }
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// The same diagnostic with a suggestion.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same diagnostic with "did you mean …?" when one of `known` is close to `given`.
    #[must_use]
    pub fn suggest<'a>(self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(given, known) {
            Some(name) => self.with_help(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// How many names are looked at for a suggestion; a contract may have far more, and findings may be many.
const NAMES_MAX: usize = 10_000;

/// The name among `known` nearest to `given` by edit distance, if near enough to be a misspelling.
pub fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (given, length) = (given.to_lowercase(), given.chars().count());
    let (near_max, first) = (1 + length / 4, given.chars().next());
    known
        .into_iter()
        .take(NAMES_MAX)
        // Each character more or less is an edit, so most names need no further look.
        .filter(|name| name.chars().count().abs_diff(length) <= near_max)
        .map(|name| (name, name.to_lowercase()))
        .map(|(name, known)| (strsim::osa_distance(&given, &known), known.chars().next() != first, name))
        .filter(|(distance, ..)| *distance <= near_max)
        // Of names that are as near as one another, one that begins alike: the first letter is hardly ever wrong.
        .min_by_key(|(distance, begins_otherwise, _)| (*distance, *begins_otherwise))
        .map(|(.., name)| name)
}

/// The texts of a contract, kept so that findings can quote the line they are about.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<(PathBuf, String)>,
    lock: Option<FileId>,
}

impl Sources {
    /// Adds a file and names it.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        self.files.push((path.into(), text.into()));
        FileId(u32::try_from(self.files.len() - 1).expect("a contract has fewer than 2^32 files"))
    }

    /// Adds the lock file of numbers, which is no GraphQL.
    pub fn add_lock(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        let file = self.add(path, text);
        self.lock = Some(file);
        file
    }

    /// The lock file of numbers, if there is one.
    pub fn lock(&self) -> Option<FileId> {
        self.lock
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].1
    }

    /// The path of a file as it was given.
    pub fn path(&self, file: FileId) -> &std::path::Path {
        &self.files[file.0 as usize].0
    }

    /// All files but the lock file, in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = FileId> + use<> {
        let lock = self.lock;
        let all = (0..self.files.len()).map(|i| FileId(u32::try_from(i).expect("bounded by add")));
        all.filter(move |file| Some(*file) != lock)
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub fn position(&self, file: FileId, byte: u32) -> (usize, usize) {
        let text = self.text(file);
        let mut end = (byte as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The diagnostic as it is printed: place, message, the line with a caret, the suggestion.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let Diagnostic { severity, code, message, span, help } = diagnostic;
        let (line, column) = self.position(span.file, span.start);
        let kind = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let quoted = self.text(span.file).lines().nth(line - 1).unwrap_or("").replace('\t', " ");
        let shown = self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("");
        let room = quoted.chars().count().saturating_sub(column - 1).max(1);
        let carets = shown.lines().next().unwrap_or("").chars().count().clamp(1, room);
        let gutter = " ".repeat(line.to_string().len());
        let mut out = format!(
            "{kind}[{code}]: {message}\n{gutter}--> {}:{line}:{column}\n{gutter} |\n{line} | {quoted}\n{gutter} | {}{}\n",
            self.path(span.file).display(),
            " ".repeat(column - 1),
            "^".repeat(carets),
        );
        if let Some(help) = help {
            out.push_str(&format!("{gutter} = help: {help}\n"));
        }
        out
    }
}

/// Everything found in one load, with the texts it was found in.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    /// The texts.
    pub sources: Sources,
    /// The findings, in the order of their places.
    pub found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Whether anything found stops the contract from loading.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.found {
            writeln!(f, "{}", self.sources.render(diagnostic))?;
        }
        Ok(())
    }
}
