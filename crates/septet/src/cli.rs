//! The command line.

use crate::config::{Argument, FILE_VARIABLE};
use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};

/// The name of a contract's own configuration in its folder.
const CONFIG_FILE: &str = "septet.toml";

/// A contract becomes an API.
#[derive(Debug, Parser)]
#[command(name = "septet", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do. Made once in a process: its size is no matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a contract
    Serve(ServeArgs),
    /// Say everything that is wrong with a contract
    Check(CheckArgs),
    /// Write the numbers of a contract's fields into its numbers.lock, so that they never change
    Lock(LockArgs),
    /// Bring rows in, as the operator: past the rules, with keys kept
    Load(LoadArgs),
    /// Write a checked copy of the database, while the server runs
    Backup(BackupArgs),
    /// Put a copy in the place of the database, with the server stopped
    Restore(RestoreArgs),
    /// Print the directive definitions that contracts are written with, for editors
    Definitions,
    /// Print what clients are told of a contract
    Export(ExportArgs),
    /// Sign a token for development and scripts; prints the token and nothing else
    Token(TokenArgs),
    /// Print every setting with its default and its meaning
    Config,
}

/// `septet serve [DIR]`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The contract's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Address to listen on, such as 127.0.0.1:8080; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<String>,
    /// Make a database that belongs to another contract this contract's own
    #[arg(long)]
    pub adopt: bool,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `septet check DIR`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The contract's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Configuration file to check as well; the contract's own septet.toml when none is named
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE)]
    pub config: Option<PathBuf>,
}

/// `septet lock DIR`.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// The contract's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// `septet load DIR`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The folder with one NDJSON file per resource, such as User.ndjson
    pub dir: PathBuf,
    /// The contract's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub contract: PathBuf,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `septet backup FILE`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write; one that is there is never written over
    pub file: PathBuf,
    /// The contract's folder, for its own septet.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub contract: PathBuf,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `septet restore FILE`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A file that `septet backup` wrote
    pub file: PathBuf,
    /// The contract's folder, for its own septet.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub contract: PathBuf,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `septet export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to print.
    #[command(subcommand)]
    pub what: Export,
}

/// What can be exported.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// The GraphQL schema, in the Schema Definition Language
    Sdl(ExportTarget),
    /// The gRPC services and their messages, in the language of protocol buffers
    Proto(ProtoTarget),
}

/// Of what, and where to.
#[derive(Debug, Args)]
pub struct ExportTarget {
    /// The contract's folder
    #[arg(default_value = ".")]
    pub contract: PathBuf,
    /// File to write instead of printing
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Of what, and into which folder.
#[derive(Debug, Args)]
pub struct ProtoTarget {
    /// The contract's folder
    #[arg(default_value = ".")]
    pub contract: PathBuf,
    /// Folder to write the files into, with a buf.yaml, instead of printing them
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// `septet token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Whom the token is for: the caller's id
    #[arg(long, value_name = "ID")]
    pub sub: String,
    /// A role; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub role: Vec<String>,
    /// A scope; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub scope: Vec<String>,
    /// Another claim, its value in JSON: tenant='"acme"'; may be given more than once
    #[arg(long, value_name = "NAME=JSON")]
    pub claim: Vec<String>,
    /// How long it is valid, such as 90s, 15m, 1h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub ttl: String,
    /// Private key in PEM to sign with (RS256, ES256, EdDSA) instead of the shared secret
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The contract's folder, for its own septet.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub contract: PathBuf,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Where the settings come from.
#[derive(Debug, Default, Args)]
pub struct SettingsArgs {
    /// The folder for the database and the development secret
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Configuration file; the contract's own septet.toml when none is named
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE)]
    pub config: Option<PathBuf>,
}

impl SettingsArgs {
    /// The configuration file: the one that was named, else the one in the contract's folder, if it is there.
    pub fn file(&self, contract: &Path) -> Option<PathBuf> {
        config_file(self.config.as_deref(), contract)
    }

    /// The settings that were given.
    pub fn arguments(&self) -> Vec<Argument> {
        let data =
            self.data.iter().map(|value| Argument { option: "--data", path: "data", value: value.clone() });
        data.collect()
    }
}

impl ServeArgs {
    /// The settings that were given.
    pub fn arguments(&self) -> Vec<Argument> {
        let mut arguments = self.settings.arguments();
        if !self.listen.is_empty() {
            arguments.push(Argument { option: "--listen", path: "listen", value: self.listen.join(",") });
        }
        arguments
    }
}

impl CheckArgs {
    /// The configuration file, as [`SettingsArgs::file`].
    pub fn file(&self) -> Option<PathBuf> {
        config_file(self.config.as_deref(), &self.dir)
    }
}

fn config_file(named: Option<&Path>, contract: &Path) -> Option<PathBuf> {
    let own = contract.join(CONFIG_FILE);
    named.map(Path::to_owned).or_else(|| own.is_file().then_some(own))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory;

    #[derive(Debug, Parser)]
    struct Of<A: Args> {
        #[command(flatten)]
        args: A,
    }

    #[test]
    fn definitions_are_sound() {
        Cli::command().debug_assert();
        for command in [Of::<ServeArgs>::command(), Of::<CheckArgs>::command(), Of::<LoadArgs>::command()] {
            command.debug_assert();
        }
    }

    #[test]
    fn options_become_settings() {
        let line = ["serve", "tour", "--listen", "[::1]:1", "--listen", "127.0.0.1:1", "--data", "d"];
        let serve = Of::<ServeArgs>::try_parse_from(line).unwrap().args;
        let given: Vec<_> = serve.arguments().into_iter().map(|a| (a.path, a.value)).collect();
        assert_eq!(given, [("data", "d".to_owned()), ("listen", "[::1]:1,127.0.0.1:1".to_owned())]);
        assert_eq!(serve.dir, Path::new("tour"));
        let load = Of::<LoadArgs>::try_parse_from(["load", "rows", "--contract", "tour"]).unwrap().args;
        assert_eq!((load.dir.as_path(), load.contract.as_path()), (Path::new("rows"), Path::new("tour")));
        assert!(load.settings.arguments().is_empty());
    }

    #[test]
    fn a_contract_has_its_own_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let settings = SettingsArgs::default();
        assert_eq!(settings.file(folder.path()), None);
        std::fs::write(folder.path().join(CONFIG_FILE), "").unwrap();
        assert_eq!(settings.file(folder.path()), Some(folder.path().join(CONFIG_FILE)));
        let named = SettingsArgs { config: Some("other.toml".into()), data: None };
        assert_eq!(named.file(folder.path()), Some("other.toml".into()));
    }
}
