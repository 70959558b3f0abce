//! `septet token`: signs a token for development and scripts.

use super::Failure;
use crate::cli::TokenArgs;
use crate::config::{Config, Identity};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};
use std::path::Path;
use std::time::Duration;

/// A token is valid for ten years at the most: longer is a mistake.
const TTL_S_MAX: u64 = 10 * 365 * 86_400;

/// The signed token. `now` is the time since 1970.
///
/// # Errors
/// A configuration that is not in order, a claim or time that cannot be read, or no key to sign with.
pub fn token(
    args: &TokenArgs,
    environment: impl Iterator<Item = (String, String)>,
    now: Duration,
) -> Result<String, Failure> {
    let file = args.settings.file(&args.contract);
    let config = Config::load(file.as_deref(), environment, &args.settings.arguments())?;
    let claims = claims(args, &config.identity, now.as_secs()).map_err(Failure::Other)?;
    let (algorithm, key) = match &args.key {
        Some(path) => private_key(path).map_err(Failure::Other)?,
        None => (Algorithm::HS256, shared_secret(&config)?),
    };
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &key)
        .map_err(|error| Failure::Other(format!("cannot sign with {algorithm:?}: {error}")))
}

fn shared_secret(config: &Config) -> Result<EncodingKey, Failure> {
    let keys = config.identity.known_keys(&config.data)?;
    let secret = keys.secret.ok_or_else(|| {
        Failure::Other(
            "only public keys are configured: name the private key to sign with by --key FILE".into(),
        )
    })?;
    Ok(EncodingKey::from_secret(secret.expose()))
}

/// A private key in PEM; which algorithm it is for, it says itself.
fn private_key(path: &Path) -> Result<(Algorithm, EncodingKey), String> {
    let pem = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    type Read = fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>;
    let kinds: [(Algorithm, Read); 3] = [
        (Algorithm::RS256, EncodingKey::from_rsa_pem),
        (Algorithm::ES256, EncodingKey::from_ec_pem),
        (Algorithm::EdDSA, EncodingKey::from_ed_pem),
    ];
    let mut readable = kinds.into_iter().filter_map(|(algorithm, read)| Some((algorithm, read(&pem).ok()?)));
    readable.next().ok_or_else(|| {
        format!("{} is not an RSA, P-256 or Ed25519 private key in PEM (PKCS#8)", path.display())
    })
}

/// The claims of RFC 7519 section 4.1, `scope` of RFC 8693 section 4.2, the roles where the configuration has
/// them, and what else was given; that may replace any of them.
fn claims(args: &TokenArgs, identity: &Identity, now_s: u64) -> Result<Map<String, Value>, String> {
    let mut claims = Map::new();
    claims.insert("sub".into(), args.sub.clone().into());
    claims.insert("iat".into(), now_s.into());
    claims.insert("exp".into(), (now_s + seconds(&args.ttl)?).into());
    if let Some(issuer) = identity.issuers.first() {
        claims.insert("iss".into(), issuer.clone().into());
    }
    if let Some(audience) = identity.audience.first() {
        claims.insert("aud".into(), audience.clone().into());
    }
    if !args.role.is_empty() {
        claims.insert(identity.roles_claim.clone(), args.role.clone().into());
    }
    if !args.scope.is_empty() {
        claims.insert("scope".into(), args.scope.join(" ").into());
    }
    for claim in &args.claim {
        let (name, json) =
            claim.split_once('=').ok_or_else(|| format!("--claim {claim} is not NAME=JSON"))?;
        let value = serde_json::from_str(json)
            .map_err(|error| format!("--claim {name}: {error} (a text needs quotes: {name}='\"text\"')"))?;
        claims.insert(name.to_owned(), value);
    }
    Ok(claims)
}

/// A time such as `90s`, `15m`, `1h`, `7d`.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("--ttl {text} is not a time such as 90s, 15m, 1h or 7d, of ten years at the most");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit_s).filter(|s| (1..=TTL_S_MAX).contains(s)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
