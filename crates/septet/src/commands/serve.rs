//! `septet serve`: a contract on its database, on its addresses, until it is asked to stop.

use super::{Failure, load};
use crate::cli::ServeArgs;
use crate::config::Config;
use crate::front::{Front, RequestIds};
use crate::{log, open, process};
use engine::Engine;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use store::{Place, Store};
use tokio::net::TcpListener;
use wire::DecodeBounds;

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
    let file = args.settings.file(&args.dir);
    let config = Config::load(file.as_deref(), environment, &args.arguments())?;
    log::start(config.log).map_err(Failure::Other)?;
    let (contract, warnings) = open::contract(&args.dir)?;
    for warning in warnings {
        tracing::warn!("{}", warning.trim_end());
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
        let addresses: Result<Vec<SocketAddr>, _> = listeners.iter().map(TcpListener::local_addr).collect();
        open::lock(&config.data)?;
        let is_new = is_new(&config);
        let store = open::store(&contract, &config)?;
        let _ = holder.set(store.clone());
        let engine = Arc::new(open::engine(contract, store, &config)?);
        if is_new && let Err(failure) = sample(&engine, &args.dir).await {
            // A database with some of its rows would be taken for a finished one at the next start.
            remove_database(&config);
            return Err(failure);
        }
        let greeting = greeting(&addresses.map_err(failed)?, &config, file.as_deref(), &args.dir);
        write!(out, "{greeting}").and_then(|()| out.flush()).map_err(failed)?;
        let front = Arc::new(front(engine, &config)?);
        let drained = edge::serve(listeners, front, config.edge, config.compression, stop).await;
        tracing::info!(connections_cut = drained.cut, "stopped");
        Ok(())
    })
}

fn front(engine: Arc<Engine>, config: &Config) -> Result<Front, Failure> {
    let api = &config.api;
    let decode = DecodeBounds {
        depth_max: api.input_depth_max,
        values_max: api.input_values_max,
        ..DecodeBounds::default()
    };
    let settings = rest::Settings {
        base_path: api.base_path.clone(),
        body_bytes_max: api.body_bytes_max,
        // The edge bounds the whole target; its query cannot be longer.
        query_bytes_max: config.edge.uri_bytes_max,
        decode,
    };
    let rest = rest::Rest::new(Arc::clone(engine.contract()), settings).map_err(|e| Failure::Other(e.0))?;
    let random = getrandom::u64().map_err(|error| Failure::Other(format!("no random numbers: {error}")))?;
    let graphql = graphql(&engine)?;
    let service = rest::Service::new(rest, engine);
    Ok(Front::new(service, graphql, api.cors_origins.clone(), RequestIds::new(random)))
}

fn graphql(engine: &Arc<Engine>) -> Result<graphql::Service, Failure> {
    let sdl = describe::graphql::sdl(engine.contract());
    let face = graphql::Graphql::new(Arc::clone(engine.contract()), &sdl, graphql::Settings::default());
    let face = face.map_err(|error| Failure::Other(error.0))?;
    Ok(graphql::Service::new(face, Arc::clone(engine), Box::new(|_, _| Ok(true))))
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

/// Where the API is and how to get a token for it. `contract` and `listening` are as they turned out,
/// `config` as it was read from `config_file`.
pub fn greeting(
    listening: &[SocketAddr],
    config: &Config,
    config_file: Option<&Path>,
    contract: &Path,
) -> String {
    let base = &config.api.base_path;
    let mut text = String::new();
    for address in listening {
        text += &format!("listening on http://{address}\napi    http://{address}{base}\n");
    }
    // With public keys alone, tokens come from whoever has the private key.
    if config.identity.jwt_secret.is_some() || !config.identity.has_keys() {
        text += &format!("token  {}\n", token_line(config, config_file, contract));
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
        let address = "127.0.0.1:8080".parse().unwrap();
        let tour = Path::new("examples/tour");
        let text = greeting(&[address], &config(&[]), None, tour);
        assert_eq!(
            text,
            "listening on http://127.0.0.1:8080\n\
             api    http://127.0.0.1:8080/api\n\
             token  septet token --sub ID --role ROLE --contract examples/tour --data septet-data\n"
        );
        let own = tour.join("septet.toml");
        assert!(!greeting(&[address], &config(&[]), Some(&own), tour).contains("--config"));
        let other = config(&[("SEPTET_DATA", "it's here")]);
        let text = greeting(&[address], &other, Some(Path::new("x.toml")), tour);
        assert!(text.ends_with("--data 'it'\\''s here' --config x.toml\n"), "{text}");
        let public = config(&[("SEPTET_IDENTITY_JWKS_FILE", "keys.json")]);
        assert!(!greeting(&[address], &public, None, tour).contains("token"));
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let taken = first[0].local_addr().unwrap();
        let failure = bind(&[taken]).await.unwrap_err().to_string();
        assert!(failure.starts_with(&format!("error: cannot listen on {taken}")), "{failure}");
    }
}
