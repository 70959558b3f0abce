//! Every setting, once: its path, what it may be, where it goes.

use super::{Config, Level, LogFormat, Secret};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// A setting.
pub(super) struct Setting {
    /// `section.key`, or `key` alone.
    pub path: &'static str,
    pub kind: Kind,
}

/// What a setting may be, and where it goes. A text that cannot be read tells what it should be.
pub(super) enum Kind {
    Count(RangeInclusive<u64>, fn(&mut Config, u64)),
    Switch(fn(&mut Config, bool)),
    Choice(&'static [&'static str], fn(&mut Config, usize)),
    Text(fn(&mut Config, String) -> Result<(), &'static str>),
    Texts(fn(&mut Config, Vec<String>) -> Result<(), &'static str>),
}

impl Setting {
    /// The setting's name in the environment.
    pub fn variable(&self) -> String {
        format!("SEPTET_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The section, empty for none, and the key.
    pub fn place(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Count(range, _) => write!(f, "an integer from {} to {}", range.start(), range.end()),
            Kind::Switch(_) => f.write_str("true or false"),
            Kind::Choice(names, _) => write!(f, "one of \"{}\"", names.join("\", \"")),
            Kind::Text(_) => f.write_str("a text"),
            Kind::Texts(_) => f.write_str("a list of texts"),
        }
    }
}

/// An hour: no wait on a peer is longer.
const WAIT_MS: RangeInclusive<u64> = 1..=3_600_000;
/// Things held in memory.
const MANY: RangeInclusive<u64> = 1..=10_000_000;
/// Bytes held in memory for one request.
const BYTES: RangeInclusive<u64> = 1..=1 << 30;
/// Bytes held in memory for all.
const HELD_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 40;
/// Parts of one document.
const ITEMS: RangeInclusive<u64> = 1..=100_000;
/// Units a minute; 0 for no limit.
const UNITS: RangeInclusive<u64> = 0..=1_000_000_000;

/// What an address is.
const ADDRESS: &str = "an address with a port, such as \"127.0.0.1:9464\"";

const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];
const FORMATS: &[&str] = &["text", "json"];
const DURABILITIES: &[&str] = &["full", "process"];

/// All settings in the order of the reference file.
pub(super) fn all() -> impl Iterator<Item = Setting> {
    [general(), edge(), api(), graphql(), grpc(), identity(), limits(), store(), log(), metrics()]
        .into_iter()
        .flatten()
}

fn count(path: &'static str, range: RangeInclusive<u64>, set: fn(&mut Config, u64)) -> Setting {
    Setting { path, kind: Kind::Count(range, set) }
}

fn text(path: &'static str, set: fn(&mut Config, String) -> Result<(), &'static str>) -> Setting {
    Setting { path, kind: Kind::Text(set) }
}

fn texts(path: &'static str, set: fn(&mut Config, Vec<String>) -> Result<(), &'static str>) -> Setting {
    Setting { path, kind: Kind::Texts(set) }
}

fn general() -> Vec<Setting> {
    vec![
        texts("listen", |c, v| {
            let addresses = v.iter().map(|address| address.parse()).collect::<Result<Vec<_>, _>>();
            c.listen = addresses.map_err(|_| "addresses with a port, such as \"127.0.0.1:8080\"")?;
            if c.listen.is_empty() { Err("at least one address") } else { Ok(()) }
        }),
        text("data", |c, v| {
            c.data = PathBuf::from(v);
            if c.data.as_os_str().is_empty() { Err("a folder") } else { Ok(()) }
        }),
        Setting { path: "production", kind: Kind::Switch(|c, v| c.production = v) },
    ]
}

fn edge() -> Vec<Setting> {
    vec![
        count("edge.connections_max", 1..=1_000_000, |c, v| c.edge.connections_max = v as usize),
        count("edge.connections_per_address_max", 1..=1_000_000, |c, v| {
            c.edge.connections_per_address_max = v as usize;
        }),
        count("edge.headers_max", 1..=1000, |c, v| c.edge.headers_max = v as usize),
        count("edge.header_bytes_max", 8192..=1 << 20, |c, v| c.edge.header_bytes_max = v as usize),
        // What hyper itself takes as a target ends at 65,534.
        count("edge.uri_bytes_max", 64..=65_534, |c, v| c.edge.uri_bytes_max = v as usize),
        count("edge.header_read_ms_max", WAIT_MS, |c, v| c.edge.header_read_ms_max = v),
        count("edge.body_read_ms_max", WAIT_MS, |c, v| c.edge.body_read_ms_max = v),
        count("edge.write_stall_ms_max", WAIT_MS, |c, v| c.edge.write_stall_ms_max = v),
        count("edge.idle_ms_max", WAIT_MS, |c, v| c.edge.idle_ms_max = v),
        count("edge.linger_ms_max", WAIT_MS, |c, v| c.edge.linger_ms_max = v),
        count("edge.drain_ms_max", 0..=3_600_000, |c, v| c.edge.drain_ms_max = v),
        count("edge.connection_age_ms_max", 0..=86_400_000, |c, v| c.edge.connection_age_ms_max = v),
        count("edge.connection_age_grace_ms_max", WAIT_MS, |c, v| c.edge.connection_age_grace_ms_max = v),
        count("edge.streams_max", 1..=10_000, |c, v| c.edge.streams_max = v as u32),
        count("edge.stream_resets_max", 1..=10_000, |c, v| c.edge.stream_resets_max = v as usize),
        count("edge.stream_errors_max", 1..=10_000, |c, v| c.edge.stream_errors_max = v as usize),
        count("edge.ping_interval_ms", WAIT_MS, |c, v| c.edge.ping_interval_ms = v),
        count("edge.ping_answer_ms_max", WAIT_MS, |c, v| c.edge.ping_answer_ms_max = v),
        Setting {
            path: "edge.compression",
            kind: Kind::Switch(|c, v| {
                c.compression = if v { edge::Compression::On } else { edge::Compression::Off };
            }),
        },
    ]
}

fn api() -> Vec<Setting> {
    vec![
        text("api.base_path", |c, v| {
            let is_path = v.is_empty() || v.starts_with('/') && !v.ends_with('/');
            c.api.base_path = v;
            if is_path { Ok(()) } else { Err("a path with a slash before and none after, such as \"/api\"") }
        }),
        count("api.page_rows_default", MANY, |c, v| c.engine.page_rows_default = v as u32),
        count("api.page_rows_max", MANY, |c, v| c.engine.page_rows_max = v as u32),
        count("api.body_bytes_max", BYTES, |c, v| c.api.body_bytes_max = v as usize),
        count("api.reply_bytes_max", BYTES, |c, v| c.engine.reply_bytes_max = v as usize),
        count("api.input_depth_max", 1..=wire::DEPTH_MAX as u64, |c, v| c.api.input_depth_max = v as usize),
        count("api.input_values_max", MANY, |c, v| c.api.input_values_max = v as usize),
        count("api.list_items_max", MANY, |c, v| c.engine.list_items_max = v as usize),
        count("api.batch_items_max", 1..=10_000, |c, v| c.engine.batch_items_max = v as usize),
        count("api.stream_items_max", MANY, |c, v| c.engine.stream_items_max = v as usize),
        count("api.stream_bytes_max", BYTES, |c, v| c.engine.stream_bytes_max = v as usize),
        count("api.channel_paths_max", MANY, |c, v| c.engine.channel_paths_max = v as usize),
        count("api.channel_waiting_max", MANY, |c, v| c.engine.channel_waiting_max = v as usize),
        count("api.channel_waiting_bytes_max", BYTES, |c, v| {
            c.engine.channel_waiting_bytes_max = v as usize;
        }),
        count("api.channel_held_bytes_max", HELD_BYTES, |c, v| c.engine.channel_held_bytes_max = v as usize),
        count("api.selection_depth_max", 1..=64, |c, v| c.engine.selection_depth_max = v as usize),
        count("api.selection_items_max", 1..=10_000, |c, v| c.engine.selection_items_max = v as usize),
        count("api.filter_nodes_max", 1..=10_000, |c, v| c.engine.filter_nodes_max = v as usize),
        count("api.filter_values_max", 1..=100_000, |c, v| c.engine.filter_values_max = v as usize),
        count("api.deadline_ms_default", WAIT_MS, |c, v| {
            c.engine.deadline_default = Duration::from_millis(v)
        }),
        count("api.deadline_ms_max", WAIT_MS, |c, v| c.engine.deadline_max = Duration::from_millis(v)),
        count("api.idempotency_keep_s", 1..=31_536_000, |c, v| c.engine.idempotency_keep_s = v as u32),
        count("api.plans_max", MANY, |c, v| c.engine.plans_max = v as usize),
        count("api.plans_bytes_max", HELD_BYTES, |c, v| c.engine.plans_bytes_max = v as usize),
        texts("api.cors_origins", |c, v| {
            let are_origins = v.iter().all(|origin| is_origin(origin));
            c.api.cors_origins = v;
            if are_origins { Ok(()) } else { Err("origins such as \"https://app.example.com\", or \"*\"") }
        }),
    ]
}

fn graphql() -> Vec<Setting> {
    let mut settings = graphql_documents();
    settings.extend([
        text("graphql.path", |c, v| {
            c.graphql.settings.path = given(v);
            absent_or_path(c.graphql.settings.path.as_deref())
        }),
        text("graphql.graphiql_path", |c, v| {
            c.graphql.settings.graphiql_path = given(v);
            absent_or_path(c.graphql.settings.graphiql_path.as_deref())
        }),
        count("graphql.cached_documents_max", MANY, |c, v| c.graphql.settings.cache.entries_max = v as usize),
        count("graphql.cached_bytes_max", BYTES, |c, v| c.graphql.settings.cache.bytes_max = v as usize),
        count("graphql.persisted_documents_max", 0..=10_000_000, |c, v| {
            c.graphql.settings.persisted.entries_max = v as usize;
        }),
        count("graphql.persisted_bytes_max", BYTES, |c, v| {
            c.graphql.settings.persisted.bytes_max = v as usize;
        }),
        text("graphql.trusted_folder", |c, v| {
            c.graphql.trusted_folder = given(v).map(PathBuf::from);
            Ok(())
        }),
        Setting {
            path: "graphql.trusted_only",
            kind: Kind::Switch(|c, v| {
                c.graphql.settings.trust = if v { graphql::Trust::Listed } else { graphql::Trust::Anything };
            }),
        },
        texts("graphql.introspection_roles", |c, v| {
            c.graphql.introspection_roles = v;
            Ok(())
        }),
    ]);
    settings
}

fn grpc() -> Vec<Setting> {
    vec![
        Setting { path: "grpc.enabled", kind: Kind::Switch(|c, v| c.grpc.enabled = v) },
        count("grpc.message_bytes_max", BYTES, |c, v| c.grpc.settings.message_bytes_max = v as usize),
        count("grpc.stream_idle_ms_max", WAIT_MS, |c, v| {
            c.grpc.settings.stream_idle_max = Duration::from_millis(v);
        }),
        texts("grpc.reflection_roles", |c, v| {
            c.grpc.reflection_roles = v;
            Ok(())
        }),
    ]
}

fn graphql_documents() -> Vec<Setting> {
    vec![
        count("graphql.document_bytes_max", BYTES, |c, v| {
            c.graphql.settings.documents.bytes_max = v as usize;
        }),
        count("graphql.tokens_max", MANY, |c, v| c.graphql.settings.documents.tokens_max = v as usize),
        count("graphql.depth_max", 1..=100, |c, v| c.graphql.settings.documents.depth_max = v as usize),
        count("graphql.breadth_max", ITEMS, |c, v| c.graphql.settings.documents.breadth_max = v as usize),
        count("graphql.fields_max", ITEMS, |c, v| c.graphql.settings.documents.fields_max = v as usize),
        count("graphql.root_fields_max", ITEMS, |c, v| {
            c.graphql.settings.documents.root_fields_max = v as usize;
        }),
        count("graphql.aliases_max", 0..=100_000, |c, v| {
            c.graphql.settings.documents.aliases_max = v as usize;
        }),
        count("graphql.directives_max", 0..=100_000, |c, v| {
            c.graphql.settings.documents.directives_max = v as usize;
        }),
        count("graphql.fragments_max", 0..=100_000, |c, v| {
            c.graphql.settings.documents.fragments_max = v as usize;
        }),
    ]
}

fn absent_or_path(path: Option<&str>) -> Result<(), &'static str> {
    let is_path = |path: &str| path.starts_with('/') && !path.ends_with('/') && !path.contains(['?', '#']);
    if path.is_none_or(is_path) { Ok(()) } else { Err("a path such as \"/graphql\", or \"\" for none") }
}

fn identity() -> Vec<Setting> {
    vec![
        text("identity.jwt_secret", |c, v| {
            c.identity.jwt_secret = given(v).map(|secret| Secret::new(secret.into_bytes()));
            Ok(())
        }),
        text("identity.jwt_secret_file", |c, v| {
            c.identity.jwt_secret_file = given(v).map(PathBuf::from);
            Ok(())
        }),
        texts("identity.public_key_files", |c, v| {
            c.identity.public_key_files = v.into_iter().map(PathBuf::from).collect();
            Ok(())
        }),
        text("identity.jwks_file", |c, v| {
            c.identity.jwks_file = given(v).map(PathBuf::from);
            Ok(())
        }),
        texts("identity.issuers", |c, v| {
            c.identity.issuers = v;
            Ok(())
        }),
        texts("identity.audience", |c, v| {
            c.identity.audience = v;
            Ok(())
        }),
        count("identity.leeway_s", 0..=3600, |c, v| c.identity.leeway_s = v),
        text("identity.roles_claim", |c, v| {
            c.identity.roles_claim = v;
            if c.identity.roles_claim.is_empty() { Err("the name of a claim") } else { Ok(()) }
        }),
        Setting { path: "identity.development", kind: Kind::Switch(|c, v| c.identity.development = v) },
        count("identity.token_cache_entries", MANY, |c, v| c.engine.tokens_max = v as usize),
    ]
}

fn limits() -> Vec<Setting> {
    vec![
        count("limits.calls_per_min", UNITS, |c, v| c.engine.caller_units_per_min = v as u32),
        count("limits.address_calls_per_min", UNITS, |c, v| c.engine.address_units_per_min = v as u32),
        count("limits.burst_calls", 1..=1_000_000_000, |c, v| c.engine.burst_units = v as u32),
        count("limits.held_bytes_max", HELD_BYTES, |c, v| c.engine.held_bytes_max = v as usize),
        count("limits.call_units_max", 1..=1_000_000_000, |c, v| c.engine.call_units_max = v as u32),
        count("limits.keys_max", MANY, |c, v| c.engine.buckets_max = v as usize),
        count("limits.concurrent_calls_max", MANY, |c, v| c.engine.calls_concurrent_max = v as usize),
        count("limits.concurrent_writes_max", MANY, |c, v| c.engine.writes_concurrent_max = v as usize),
        count("limits.caller_calls_max", MANY, |c, v| c.engine.caller_calls_max = v as usize),
        count("limits.address_calls_max", MANY, |c, v| c.engine.address_calls_max = v as usize),
        count("limits.concurrent_streams_max", MANY, |c, v| c.engine.streams_concurrent_max = v as usize),
        count("limits.caller_streams_max", MANY, |c, v| c.engine.caller_streams_max = v as usize),
        count("limits.address_streams_max", MANY, |c, v| c.engine.address_streams_max = v as usize),
        count("limits.call_secrets_max", MANY, |c, v| c.engine.call_secrets_max = v as usize),
        count("limits.queue_hashes_max", MANY, |c, v| c.engine.hashes_waiting_max = v as usize),
        count("limits.concurrent_hashes_max", 1..=1000, |c, v| c.engine.hashes_concurrent_max = v as usize),
    ]
}

fn store() -> Vec<Setting> {
    vec![
        Setting {
            path: "store.durability",
            kind: Kind::Choice(DURABILITIES, |c, v| {
                c.store.durability = [store::Durability::Full, store::Durability::Process][v];
            }),
        },
        count("store.group_writes_max", 1..=100_000, |c, v| c.store.group_writes_max = v as usize),
        count("store.queue_writes_max", MANY, |c, v| c.store.queue_writes_max = v as usize),
        count("store.slow_readers", 1..=1000, |c, v| c.store.slow_readers = v as usize),
        count("store.stream_readers", 1..=10_000, |c, v| c.store.stream_readers = v as usize),
        count("store.gathered_bytes_max", BYTES, |c, v| c.store.gathered_bytes_max = v as usize),
        count("store.queue_reads_max", MANY, |c, v| c.store.queue_reads_max = v as usize),
        count("store.writer_hold_ms_max", 1..=3_600_000, |c, v| {
            c.store.writer_hold_max = Duration::from_millis(v);
        }),
        count("store.writer_answer_steps_max", 1..=1_000_000_000, |c, v| {
            c.store.writer_answer_steps_max = v as u32;
        }),
        count("store.outbox_keep_s", 1..=31_536_000, |c, v| c.store.outbox.keep_s = v as u32),
        count("store.outbox_bytes_max", HELD_BYTES, |c, v| c.store.outbox.bytes_max = v),
        count("store.inline_steps_max", 1..=1_000_000_000, |c, v| c.store.inline_steps_max = v as u32),
    ]
}

fn log() -> Vec<Setting> {
    vec![
        Setting {
            path: "log.level",
            kind: Kind::Choice(LEVELS, |c, v| {
                c.log.level = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace][v];
            }),
        },
        Setting {
            path: "log.format",
            kind: Kind::Choice(FORMATS, |c, v| c.log.format = [LogFormat::Text, LogFormat::Json][v]),
        },
    ]
}

fn metrics() -> Vec<Setting> {
    vec![text("metrics.listen", |c, v| {
        c.metrics_listen = given(v).map(|address| address.parse()).transpose().map_err(|_| ADDRESS)?;
        Ok(())
    })]
}

/// An empty text means "not set".
fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// RFC 6454 section 6.1: scheme, host and perhaps a port, nothing after them.
fn is_origin(text: &str) -> bool {
    let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    text == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '*', ' ']))
}
