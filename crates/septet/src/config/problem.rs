//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where.
    pub source: Source,
    /// What.
    pub message: String,
    /// What might be meant.
    pub help: Option<String>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file; line and column from 1, in characters.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A file as a whole.
    WholeFile(PathBuf),
    /// A variable of the environment.
    Environment(String),
    /// An option of the command line.
    Option(&'static str),
    /// Settings that do not go together.
    Together,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Source::WholeFile(path) => write!(f, "{}", path.display()),
            Source::Environment(name) => f.write_str(name),
            Source::Option(option) => f.write_str(option),
            Source::Together => f.write_str("configuration"),
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigProblem {}

/// How alike two names must be for one to be suggested for the other.
const LIKENESS_MIN: f64 = 0.8;

/// The name most like `written`, if any is like it.
pub(super) fn likest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(written, name), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
