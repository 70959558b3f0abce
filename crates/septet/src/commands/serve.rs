//! `septet serve`: a contract on its database, on its addresses, until it is asked to stop.

use super::{Failure, load};
use crate::cli::ServeArgs;
use crate::config::Config;
use crate::front::{Front, RequestIds};
use crate::metrics::{self, Endpoint, Metrics, Traffic};
use crate::{graphql, grpc, log, open, process, storage};
use engine::{Activity, Engine, Observer};
use quota::Pool;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;
use store::{Place, Store};
use tokio::net::TcpListener;

/// Bytes that are held for those who ask for metrics at the most.
const METRICS_HELD_BYTES_MAX: usize = 16 << 20;

/// The folder in a contract's own with the rows that a new database begins with.
const SAMPLE_FOLDER: &str = "data";

/// Serves until the process is asked to stop; what is said goes to `out`.
///
/// # Errors
/// Whatever keeps the server from starting.
pub fn serve(
    args: &ServeArgs,
    environment: impl Iterator<Item = (String, String)>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let started = SystemTime::now();
    let file = args.settings.file(&args.dir);
    let config = Config::load(file.as_deref(), environment, &args.arguments())?;
    log::start(config.log).map_err(Failure::Other)?;
    let (contract, warnings) = open::contract(&args.dir)?;
    for warning in warnings {
        tracing::warn!("{}", warning.trim_end());
    }
    for warning in engine::histories_too_long(&contract, config.engine.channel_held_bytes_max) {
        tracing::warn!("{warning}");
    }
    let contract = Arc::new(contract);
    let failed = |error: std::io::Error| Failure::Other(error.to_string());
    let holder: Arc<OnceLock<Store>> = Arc::default();
    let parked = Arc::clone(&holder);
    let runtime =
        process::runtime(move || parked.get().into_iter().for_each(Store::release_thread)).map_err(failed)?;
    runtime.block_on(async {
        let stop = process::asked_to_stop().map_err(failed)?;
        // First of all the addresses: without them nothing should be made or filled.
        let listeners = bind(&config.listen).await?;
        let scraped = bind(config.metrics_listen.as_slice()).await?;
        let places =
            Places { api: local(&listeners).map_err(failed)?, metrics: local(&scraped).map_err(failed)? };
        open::lock(&config.data)?;
        let is_new = is_new(&config);
        if args.adopt {
            store::adopt(&contract, &config.store.place).map_err(|error| Failure::Other(error.0))?;
        }
        let store = open::store(&contract, &config)?;
        let _ = holder.set(store.clone());
        let counted = config.metrics_listen.map(|_| Arc::new(metrics::Calls::of(&contract)));
        let observer: Arc<dyn Observer> = match &counted {
            Some(calls) => Arc::clone(calls) as _,
            None => Arc::new(log::Calls),
        };
        let looked_after = store.clone();
        let engine = Arc::new(open::observed_engine(contract, store, &config, observer)?);
        if is_new && let Err(failure) = sample(&engine, &args.dir).await {
            // A database with some of its rows would be taken for a finished one at the next start.
            remove_database(&config);
            return Err(failure);
        }
        let traffic = Arc::<Traffic>::default();
        let front = Arc::new(front(Arc::clone(&engine), Arc::clone(&traffic), &config, &args.dir)?);
        let greeting = greeting(&places, &config, file.as_deref(), &args.dir);
        write!(out, "{greeting}").and_then(|()| out.flush()).map_err(failed)?;
        if let Some(calls) = counted {
            let mut metrics = Metrics::new(calls, traffic, started);
            documents(&mut metrics, &front);
            activity(&mut metrics, &engine);
            show(metrics, scraped, &config);
        }
        let told = Arc::clone(&front);
        tokio::spawn(storage::look_after(looked_after, move |fault| told.storage(fault)));
        let draining = Arc::clone(&front);
        let held = Arc::clone(engine.held());
        let stop = async move {
            stop.await;
            draining.drain();
        };
        let drained = edge::serve(listeners, front, config.edge, config.compression, held, stop).await;
        tracing::info!(connections_cut = drained.cut, "stopped");
        Ok(())
    })
}

/// Shows the metrics until the process ends, its drain included.
fn show(metrics: Metrics, listeners: Vec<TcpListener>, config: &Config) {
    let endpoint = Arc::new(Endpoint::new(metrics));
    let limits = Endpoint::limits(&config.edge);
    let held = Arc::new(Pool::new(METRICS_HELD_BYTES_MAX));
    let never = std::future::pending::<()>();
    tokio::spawn(edge::serve(listeners, endpoint, limits, config.compression, held, never));
}

fn front(
    engine: Arc<Engine>,
    traffic: Arc<Traffic>,
    config: &Config,
    contract: &Path,
) -> Result<Front, Failure> {
    let api = &config.api;
    let settings = rest::Settings {
        base_path: api.base_path.clone(),
        body_bytes_max: api.body_bytes_max,
        // The edge bounds the whole target; its query cannot be longer.
        query_bytes_max: config.edge.uri_bytes_max,
        decode: api.decode(),
        names: config.names(),
    };
    let rest = rest::Rest::new(Arc::clone(engine.contract()), settings).map_err(|e| Failure::Other(e.0))?;
    let random = getrandom::u64().map_err(|error| Failure::Other(format!("no random numbers: {error}")))?;
    let graphql = graphql::service(&engine, config, contract)?;
    let grpc = grpc::service(&engine, config)?;
    let service = rest::Service::new(rest, Arc::clone(&engine));
    let ids = RequestIds::new(random);
    Ok(Front::new(service, graphql, grpc, engine, api.cors_origins.clone(), ids, traffic))
}

/// What the metrics tell of GraphQL's documents.
fn documents(metrics: &mut Metrics, front: &Arc<Front>) {
    let of = |read: fn(::graphql::CacheStats) -> u64| {
        let front = Arc::clone(front);
        move || read(front.documents())
    };
    let hits = of(|stats| stats.hits);
    metrics.counter("graphql_documents_hits", "Documents found in the cache.", hits);
    let misses = of(|stats| stats.misses);
    metrics.counter("graphql_documents_misses", "Documents read because the cache had them not.", misses);
    metrics.gauge("graphql_documents", "Documents in the cache.", of(|stats| stats.entries));
}

/// What the metrics tell of what is under way, and of channels.
fn activity(metrics: &mut Metrics, engine: &Arc<Engine>) {
    let of = |read: fn(Activity) -> u64| {
        let engine = Arc::clone(engine);
        move || read(engine.activity())
    };
    metrics.gauge("calls_under_way", "Calls under way.", of(|now| now.calls));
    metrics.gauge(
        "streams_under_way",
        "Streams under way, members of channels among them.",
        of(|now| now.streams),
    );
    metrics.gauge("channel_members", "Members of channels.", of(|now| now.channel_members));
    let paths = of(|now| now.channel_paths);
    metrics.gauge("channel_paths", "Paths of channels with members or a history.", paths);
    metrics.gauge("held_bytes", "Bytes that are held for callers.", of(|now| now.held_bytes));
    let of_channels = of(|now| now.channel_held_bytes);
    metrics.gauge("channel_held_bytes", "Bytes of messages that channels hold.", of_channels);
    let published = of(|now| now.messages_published);
    metrics.counter("channel_messages_published", "Messages published to channels.", published);
    let delivered = of(|now| now.messages_delivered);
    metrics.counter(
        "channel_messages_delivered",
        "Messages given to members, one for each of them.",
        delivered,
    );
}

/// Whether the database is not there yet.
fn is_new(config: &Config) -> bool {
    match &config.store.place {
        Place::File(path) => !path.exists(),
        Place::Memory => true,
    }
}

/// Takes away the files of a database that was just made.
fn remove_database(config: &Config) {
    if let Place::File(path) = &config.store.place {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
    }
}

/// A new database begins with the rows that the contract brings along.
async fn sample(engine: &Engine, contract: &Path) -> Result<(), Failure> {
    let folder = contract.join(SAMPLE_FOLDER);
    if folder.is_dir() {
        let rows = load::folder(engine, &folder).await?;
        tracing::info!("a new database with sample rows: {rows}");
    }
    Ok(())
}

/// Listens on all addresses.
///
/// # Errors
/// The first address that cannot be listened on.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let bound = TcpListener::bind(address).await;
        listeners
            .push(bound.map_err(|error| Failure::Other(format!("cannot listen on {address}: {error}")))?);
    }
    Ok(listeners)
}

fn local(listeners: &[TcpListener]) -> std::io::Result<Vec<SocketAddr>> {
    listeners.iter().map(TcpListener::local_addr).collect()
}

/// The addresses that are listened on, as they turned out.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Of the API.
    pub api: Vec<SocketAddr>,
    /// Of the metrics.
    pub metrics: Vec<SocketAddr>,
}

/// Where the API is and how to get a token for it. `contract` is as it turned out, `config` as it was read from
/// `config_file`.
pub fn greeting(places: &Places, config: &Config, config_file: Option<&Path>, contract: &Path) -> String {
    let base = &config.api.base_path;
    let mut text = String::new();
    for address in &places.api {
        text += &format!("listening on http://{address}\napi      http://{address}{base}\n");
        for (what, path) in graphql::places(config) {
            text += &format!("{what:<8} http://{address}{path}\n");
        }
    }
    for address in &places.metrics {
        text += &format!("metrics  http://{address}{}\n", metrics::PATH);
    }
    // With public keys alone, tokens come from whoever has the private key.
    if config.identity.jwt_secret.is_some() || !config.identity.has_keys() {
        text += &format!("token    {}\n", token_line(config, config_file, contract));
    }
    text
}

fn token_line(config: &Config, config_file: Option<&Path>, contract: &Path) -> String {
    let mut line = format!("septet token --sub ID --role ROLE --contract {}", quoted(contract));
    line += &format!(" --data {}", quoted(&config.data));
    // The contract's own file is found again without being named.
    if let Some(file) = config_file.filter(|file| file.parent() != Some(contract)) {
        line += &format!(" --config {}", quoted(file));
    }
    line
}

/// As a shell reads it back.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Config {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Config::load(None, variables, &[]).unwrap()
    }

    #[test]
    fn the_greeting_says_where_and_how() {
        let api = vec!["127.0.0.1:8080".parse().unwrap()];
        let places = Places { api, metrics: Vec::new() };
        let tour = Path::new("examples/tour");
        let text = greeting(&places, &config(&[]), None, tour);
        assert_eq!(
            text,
            "listening on http://127.0.0.1:8080\n\
             api      http://127.0.0.1:8080/api\n\
             graphql  http://127.0.0.1:8080/graphql\n\
             graphiql http://127.0.0.1:8080/graphiql\n\
             token    septet token --sub ID --role ROLE --contract examples/tour --data septet-data\n"
        );
        let shown = Places { metrics: vec!["127.0.0.1:9464".parse().unwrap()], ..places.clone() };
        let text = greeting(&shown, &config(&[]), None, tour);
        assert!(text.contains("\nmetrics  http://127.0.0.1:9464/metrics\n"), "{text}");
        let own = tour.join("septet.toml");
        assert!(!greeting(&places, &config(&[]), Some(&own), tour).contains("--config"));
        let other = config(&[("SEPTET_DATA", "it's here")]);
        let text = greeting(&places, &other, Some(Path::new("x.toml")), tour);
        assert!(text.ends_with("--data 'it'\\''s here' --config x.toml\n"), "{text}");
        let public = config(&[("SEPTET_IDENTITY_JWKS_FILE", "keys.json")]);
        assert!(!greeting(&places, &public, None, tour).contains("token"));
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let taken = first[0].local_addr().unwrap();
        let failure = bind(&[taken]).await.unwrap_err().to_string();
        assert!(failure.starts_with(&format!("error: cannot listen on {taken}")), "{failure}");
    }
}
