//! The configuration: defaults, file, environment and command line become one checked [`Config`], or all that
//! is wrong with them at once.
//!
//! Every setting is defined once, in [`settings`]; every default once, in the reference file.

#[doc(hidden)]
pub mod fuzz;
mod identity;
mod layer;
mod problem;
mod settings;

pub use identity::{Identity, Keys, SECRET_BYTES_MIN, Secret};
pub use problem::{ConfigProblem, Source};

use layer::Layers;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The reference file: every setting with its default and its meaning.
pub const REFERENCE: &str = include_str!("../../../septet.toml");

/// The variable that names the configuration file. The command line reads it; it is no setting.
pub const FILE_VARIABLE: &str = "SEPTET_CONFIG";

/// The database's name in the data folder.
const DATABASE_FILE: &str = "septet.db";

/// Everything that can be set, complete and within bounds.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to listen on.
    pub listen: Vec<SocketAddr>,
    /// The folder for everything that is kept.
    pub data: PathBuf,
    /// Whether strangers may reach the server.
    pub production: bool,
    /// Bounds of connections.
    pub edge: edge::Limits,
    /// Whether replies are compressed.
    pub compression: edge::Compression,
    /// Bounds of calls.
    pub engine: engine::Settings,
    /// How the API is served.
    pub api: Api,
    /// How GraphQL is served.
    pub graphql: Graphql,
    /// How gRPC, gRPC-Web and Connect are served.
    pub grpc: Grpc,
    /// Which tokens are believed.
    pub identity: Identity,
    /// The database.
    pub store: store::Options,
    /// What is written to standard error.
    pub log: Log,
    /// Where metrics are shown, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
}

/// How the API is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// The path that REST is under, `/api`; empty for the root.
    pub base_path: String,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Nested arrays and objects in an input.
    pub input_depth_max: usize,
    /// Scalars, arrays and objects in an input.
    pub input_values_max: usize,
    /// Origins that may call from a browser; `*` for any.
    pub cors_origins: Vec<String>,
}

impl Api {
    /// How deep and large an input may be.
    pub fn decode(&self) -> wire::DecodeBounds {
        wire::DecodeBounds {
            depth_max: self.input_depth_max,
            values_max: self.input_values_max,
            ..wire::DecodeBounds::default()
        }
    }
}

/// How GraphQL is served.
#[derive(Debug, Clone, Default)]
pub struct Graphql {
    /// What is set; what is in files, and what follows from other settings, is added at the start.
    pub settings: graphql::Settings,
    /// Roles that the schema is told to in production.
    pub introspection_roles: Vec<String>,
    /// The folder of trusted documents.
    pub trusted_folder: Option<PathBuf>,
}

/// How gRPC, gRPC-Web and Connect are served.
#[derive(Debug, Clone, Default)]
pub struct Grpc {
    /// Whether they are.
    pub enabled: bool,
    /// What is set; what follows from other settings is added at the start.
    pub settings: grpc::Settings,
    /// Roles that services are told to in production.
    pub reflection_roles: Vec<String>,
}

/// What is written to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least important that is written.
    pub level: Level,
    /// For whom.
    pub format: LogFormat,
}

/// How important a line is, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something may soon not work.
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Everything.
    Trace,
}

/// For whom lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines, one JSON object a line.
    Json,
}

/// A setting from the command line: the option as it was written, the setting's path, its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// `--listen`.
    pub option: &'static str,
    /// `listen`, or `store.durability`.
    pub path: &'static str,
    /// As in the environment.
    pub value: String,
}

/// The variables of the process's environment; what is not UTF-8 in one is replaced.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (lossy(name), lossy(value)))
}

impl Config {
    /// Who is told names of the contract that are not in their request.
    pub fn names(&self) -> rest::Names {
        match self.production {
            true => rest::Names::KeptFromStrangers,
            false => rest::Names::Told,
        }
    }

    /// Reads the layers, the later ones winning: reference, `file`, `environment` (only names with the prefix
    /// `SEPTET_` are looked at), `arguments`. The secret's file is read; key files are read by
    /// [`Identity::keys`].
    ///
    /// # Errors
    /// All problems of all layers at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        arguments: &[Argument],
    ) -> Result<Self, Vec<ConfigProblem>> {
        let mut layers = Layers::new(Self::blank());
        layers.reference(REFERENCE);
        if let Some(path) = file {
            layers.file(path);
        }
        layers.environment(environment);
        layers.arguments(arguments);
        layers.finish()
    }

    /// Before the reference file has filled it in.
    fn blank() -> Self {
        Config {
            listen: Vec::new(),
            data: PathBuf::new(),
            production: false,
            edge: edge::Limits::default(),
            compression: edge::Compression::default(),
            engine: engine::Settings::default(),
            api: Api::default(),
            graphql: Graphql::default(),
            grpc: Grpc::default(),
            identity: Identity::default(),
            store: store::Options {
                place: store::Place::Memory,
                durability: store::Durability::Full,
                group_writes_max: 0,
                queue_writes_max: 0,
                slow_readers: 0,
                stream_readers: 0,
                gathered_bytes_max: 0,
                queue_reads_max: 0,
                inline_steps_max: 0,
                writer_hold_max: std::time::Duration::ZERO,
                writer_answer_steps_max: 0,
                outbox: store::OutboxKept { keep_s: 604_800, bytes_max: 256 << 20 },
            },
            log: Log { level: Level::Info, format: LogFormat::Text },
            metrics_listen: None,
        }
    }
}

#[cfg(test)]
mod tests;
