//! What `septet serve` does around the server itself: its sockets and its first words.

use super::Failure;
use crate::config::Config;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

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

/// Where the API is and how to get a token for it. `contract` and `listening` are as they turned out, `config` as it was
/// read from `config_file`.
pub fn greeting(
    listening: &[SocketAddr],
    config: &Config,
    config_file: Option<&Path>,
    contract: &Path,
) -> String {
    let base = &config.api.base_path;
    let mut text = String::new();
    for address in listening {
        text += &format!("api    http://{address}{base}\n");
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
            "api    http://127.0.0.1:8080/api\n\
             token  septet token --sub ID --role ROLE --contract examples/tour --data septet-data\n"
        );
        let own = tour.join("septet.toml");
        assert!(!greeting(&[address], &config(&[]), Some(&own), tour).contains("--config"));
        let other = config(&[("SEPTET_DATA", "it's here")]);
        let text = greeting(&[address], &other, Some(Path::new("x.toml")), tour);
        assert!(
            text.ends_with(r"--data 'it'\''s here' --config x.toml")
                || text.contains(r"'it'\''s here' --config x.toml")
        );
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
