//! The Septet server.

use clap::Parser;
use septet::cli::{Cli, Command};
use septet::commands::{self, Failure};
use septet::config;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Replies are buffers that one thread makes and another frees, a hundred thousand a second: mimalloc takes
/// such frees without a lock, where the system's allocator contends.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => commands::serve::serve(&args, config::environment(), &mut io::stdout()),
        Command::Check(args) => say(&commands::check::check(&args, config::environment())?),
        Command::Lock(args) => say(&commands::lock::lock(&args)?),
        Command::Load(args) => say(&commands::load::load(&args, config::environment())?),
        Command::Backup(args) => say(&commands::backup::backup(&args, config::environment())?),
        Command::Restore(args) => {
            say(&commands::backup::restore(&args, config::environment(), SystemTime::now())?)
        }
        Command::Definitions => say(contract::DEFINITIONS.trim_end()),
        Command::Export(args) => commands::export::export(&args, &mut io::stdout(), &mut io::stderr()),
        Command::Token(args) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.map_err(|_| Failure::Other("the clock is before 1970".into()))?;
            say(&commands::token::token(&args, config::environment(), now)?)
        }
        Command::Config => say(config::REFERENCE.trim_end()),
    }
}

/// Writes a line to standard output.
fn say(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(|error| Failure::Other(format!("cannot write: {error}")))
}
