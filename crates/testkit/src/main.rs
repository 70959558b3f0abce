//! Runs the real server and asks it things: cases over every protocol, kills, storms.
//!
//! ```text
//! testkit cases [FILTER]      every case over every protocol and store
//! testkit parity FILE         the same, and when nothing failed the table of the results as Markdown
//! testkit kill [ROUNDS]       kill -9 amid concurrent writes: nothing acknowledged is lost, nothing is half there
//! testkit fresh [SEED]        random questions: a server that was asked before answers as a fresh one
//! testkit shares              one caller takes all it can get: another is served in time
//! testkit storm [REQUESTS]    random and mutated requests: no 5xx, no lost connection, bounded memory; strangers are told no names
//! testkit strangers REQUESTS  the latter alone
//! testkit worst [--markdown]  the most expensive requests: each pays for what it uses and leaves its neighbours alone
//! testkit siege               the worst that peers can do to memory: it stays bounded, and others are answered
//! ```
//!
//! It is run in the project's folder. The server is the `septet` beside this binary, or the one that `TESTKIT_SERVER` names.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what it is for")]

mod case;
mod chance;
mod client;
mod corpus;
mod driver;
mod expect;
mod fresh;
mod graphql;
mod grpc;
mod kill;
mod mutate;
mod operation;
mod parse;
mod query;
mod raw;
mod report;
mod rest;
mod run;
mod server;
mod shares;
mod siege;
mod stage;
mod storm;
mod strangers;
mod wire_case;
mod worst;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The folder of the project when the tests run, which is another than the one they are run in.
#[cfg(test)]
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("testkit: {message}");
            ExitCode::from(2)
        }
    }
}

/// Runs what the words ask for and tells whether all went well.
fn dispatch(words: &[&str]) -> Result<bool, String> {
    let project = project()?;
    match words {
        ["cases"] => Ok(run::cases(&project, "")?.print()),
        ["cases", filter] => Ok(run::cases(&project, filter)?.print()),
        ["parity", file] => {
            let report = run::cases(&project, "")?;
            let passed = report.print();
            // A table of failures is no table of what the protocols have in common.
            if passed {
                std::fs::write(file, report.parity()).map_err(|e| format!("{file}: {e}"))?;
            }
            Ok(passed)
        }
        ["kill"] => kill::run(&project, kill::ROUNDS),
        ["kill", rounds] => kill::run(&project, number(rounds)?),
        ["fresh"] => fresh::run(fresh::SEED),
        ["fresh", seed] => fresh::run(u64::from(number(seed)?)),
        ["shares"] => shares::run(&project),
        ["siege"] => siege::run(&project),
        ["storm"] => stormed(&project, storm::REQUESTS),
        ["storm", requests] => stormed(&project, number(requests)?),
        ["strangers", requests] => strangers::run(&project, number(requests)?),
        ["worst"] => worst::run(worst::Form::Text),
        ["worst", "--markdown"] => worst::run(worst::Form::Markdown),
        _ => {
            let usage =
                "cases [FILTER] | parity FILE | fresh [SEED] | kill [ROUNDS] | shares | storm [REQUESTS]";
            Err(format!("usage: testkit {usage} | strangers REQUESTS | worst [--markdown] | siege"))
        }
    }
}

/// A storm, and a smaller one of strangers.
fn stormed(project: &Path, requests: u32) -> Result<bool, String> {
    Ok(storm::run(project, requests)? & strangers::run(project, requests / strangers::SHARE)?)
}

/// The folder it is run in, where `cases` and `examples` are.
fn project() -> Result<PathBuf, String> {
    let here = std::env::current_dir().map_err(|e| format!("the current folder: {e}"))?;
    match here.join("cases").is_dir() {
        true => Ok(here),
        false => Err(format!("{} has no `cases`: run it in the project's folder", here.display())),
    }
}

fn number(word: &str) -> Result<u32, String> {
    word.parse().map_err(|_| format!("`{word}` is not a number"))
}
