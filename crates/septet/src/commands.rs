//! One file per command.

pub mod backup;
pub mod check;
pub mod export;
pub mod load;
pub mod lock;
pub mod serve;
pub mod token;

use crate::config::ConfigProblem;
use std::fmt;

/// Why a command was not done: what is printed before it ends with exit status 1.
#[derive(Debug)]
pub enum Failure {
    /// The configuration is not in order.
    Config(Vec<ConfigProblem>),
    /// The contract cannot be served: everything found in it.
    Contract(Box<contract::Diagnostics>),
    /// Anything else, in a sentence.
    Other(String),
}

impl From<Vec<ConfigProblem>> for Failure {
    fn from(problems: Vec<ConfigProblem>) -> Self {
        Failure::Config(problems)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Config(problems) => {
                let lines: Vec<String> = problems.iter().map(|problem| format!("error: {problem}")).collect();
                f.write_str(&lines.join("\n"))
            }
            Failure::Contract(found) => write!(f, "{}", found.to_string().trim_end()),
            Failure::Other(what) => write!(f, "error: {what}"),
        }
    }
}

impl std::error::Error for Failure {}
