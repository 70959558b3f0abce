//! Verification of JSON Web Tokens (RFC 7519, RFC 8725). The signature is the library's work; which key may be used
//! with which algorithm, and the registered claims against the clock, are checked here with the time as an argument.
//!
//! The library's way from a token to its claims reads the header twice and the claims twice, which is as much work as the
//! signature: they are read here, once each.

use super::caller::{Caller, Validity};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::rule::Value;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey};
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a token at the most.
const TOKEN_BYTES_MAX: usize = 8192;
/// Bytes of a token that is remembered at the most; a longer one is verified anew on each call.
const TOKEN_KEPT_BYTES_MAX: usize = 2048;
/// Levels of nesting in the claims at the most.
const CLAIMS_DEPTH_MAX: usize = 16;
/// Roles or scopes of one token at the most.
const GRANTS_MAX: usize = 256;
/// Keys of one key set at the most.
const KEYS_MAX: usize = 64;

/// A key and the algorithm it may be used with: a public key can never be taken for a shared secret.
#[derive(Debug, Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub String);

impl Key {
    /// A shared secret for HS256, at least 32 bytes long (RFC 7518 section 3.2).
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError("an HS256 secret has at least 32 bytes (RFC 7518 section 3.2)".into()));
        }
        Ok(Self { id: None, algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) })
    }

    /// A public key in PEM: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA.
    pub fn pem(pem: &[u8]) -> Result<Self, KeyError> {
        type Read = fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>;
        let kinds: [(Algorithm, Read); 3] = [
            (Algorithm::RS256, DecodingKey::from_rsa_pem),
            (Algorithm::ES256, DecodingKey::from_ec_pem),
            (Algorithm::EdDSA, DecodingKey::from_ed_pem),
        ];
        kinds
            .into_iter()
            .find_map(|(algorithm, read)| Some(Self { id: None, algorithm, key: read(pem).ok()? }))
            .ok_or_else(|| KeyError("not an RSA, P-256 or Ed25519 public key in PEM".into()))
    }

    /// All usable keys of a JSON Web Key Set (RFC 7517).
    pub fn set(json: &str) -> Result<Vec<Self>, KeyError> {
        let set: JwkSet = serde_json::from_str(json).map_err(|e| KeyError(format!("not a key set: {e}")))?;
        if set.keys.len() > KEYS_MAX {
            return Err(KeyError(format!("more than {KEYS_MAX} keys")));
        }
        let keys: Vec<Self> = set.keys.iter().filter_map(Self::of_jwk).collect();
        if keys.is_empty() {
            return Err(KeyError("no RS256, ES256 or EdDSA key in the set".into()));
        }
        Ok(keys)
    }

    fn of_jwk(jwk: &jsonwebtoken::jwk::Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return None,
        };
        let named = match jwk.common.key_algorithm {
            None => true,
            Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
            Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
            Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDSA,
            Some(_) => false,
        };
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| named)?;
        Some(Self { id: jwk.common.key_id.clone(), algorithm, key })
    }
}

/// What a token must say besides being signed.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `iss` must be one of these, when any are given.
    pub issuers: Vec<String>,
    /// `aud` must contain one of these, when any are given.
    pub audiences: Vec<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// The claim that lists roles (a list of texts, or texts separated by spaces), `roles`.
    pub roles_claim: String,
}

/// Why a token is not accepted. The peer is told only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected(pub &'static str);

/// Checks tokens and remembers the ones it has verified.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<Key>,
    rules: Rules,
    verified: Cache<String, Arc<Caller>>,
}

impl Verifier {
    /// A verifier; without keys it accepts nothing.
    pub fn new(keys: Vec<Key>, rules: Rules, tokens_max: usize) -> Self {
        Self { keys, rules, verified: Cache::new(tokens_max.max(1)) }
    }

    /// The caller that `token` proves, at `now` (time since 1970).
    ///
    /// A signature is checked once; the times it is valid for are checked on every use.
    pub fn verify(&self, token: &str, now: Duration) -> Result<Arc<Caller>, Rejected> {
        if let Some(caller) = self.verified.get(token) {
            return in_time(caller, now);
        }
        let caller = Arc::new(self.caller(token)?);
        if token.len() <= TOKEN_KEPT_BYTES_MAX {
            self.verified.insert(token.to_owned(), Arc::clone(&caller));
        }
        in_time(caller, now)
    }

    fn caller(&self, token: &str) -> Result<Caller, Rejected> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Rejected("too long"));
        }
        let claims = self.signed_claims(token)?;
        let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
        // An id is compared with keys and kept in columns, and neither holds control characters.
        let is_id = |s: &&str| !s.is_empty() && !s.contains(char::is_control);
        let subject = text("sub").filter(is_id).ok_or(Rejected("no `sub`"))?;
        one_of(&self.rules.issuers, text("iss").into_iter(), "`iss` is not accepted")?;
        one_of(&self.rules.audiences, texts(claims.get("aud")), "`aud` is not accepted")?;
        let valid = validity(&claims, self.rules.leeway)?;
        let roles = grants(claims.get(&self.rules.roles_claim))?;
        let scopes = grants(claims.get("scope").or_else(|| claims.get("scopes")))?;
        let subject = subject.to_owned();
        Ok(Caller::verified(subject, roles, scopes, rule_value(&claims, CLAIMS_DEPTH_MAX)?, valid))
    }

    fn signed_claims(&self, token: &str) -> Result<serde_json::Value, Rejected> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected("not a token"))?;
        if header.crit.is_some() {
            // What a token says is critical has to be understood, and no extension is (RFC 7515 section 4.1.11).
            return Err(Rejected("`crit` names an extension"));
        }
        let signed = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (_, claims) = signed.rsplit_once('.')?;
            Some((signed, claims, signature))
        });
        let (signed, claims, signature) = signed.ok_or(Rejected("not a token"))?;
        let is_usable = |key: &&Key| {
            key.algorithm == header.alg && (key.id.is_none() || header.kid.is_none() || key.id == header.kid)
        };
        let verifies = |key: &Key| {
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, key.algorithm) == Ok(true)
        };
        if !self.keys.iter().filter(is_usable).any(verifies) {
            return Err(Rejected("no key verifies it"));
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| Rejected("the claims are not base64url"))?;
        serde_json::from_slice(&claims).map_err(|_| Rejected("the claims are not JSON"))
    }
}

fn in_time(caller: Arc<Caller>, now: Duration) -> Result<Arc<Caller>, Rejected> {
    let Validity { from, until } = caller.valid();
    if now < from {
        return Err(Rejected("not valid yet"));
    }
    if now >= until {
        return Err(Rejected("expired"));
    }
    Ok(caller)
}

/// `exp` is required (RFC 8725 section 3.8 asks for short lives), `nbf` is honoured.
fn validity(claims: &serde_json::Value, leeway: Duration) -> Result<Validity, Rejected> {
    let seconds = |name: &str| match claims.get(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(s) if (0.0..=1e12).contains(&s) => Ok(Some(Duration::from_secs_f64(s))),
            _ => Err(Rejected("a time claim is not a time")),
        },
    };
    let until = seconds("exp")?.ok_or(Rejected("no `exp`"))? + leeway;
    let from = seconds("nbf")?.unwrap_or(Duration::ZERO).saturating_sub(leeway);
    Ok(Validity { from, until })
}

fn one_of<'a>(
    accepted: &[String],
    mut given: impl Iterator<Item = &'a str>,
    otherwise: &'static str,
) -> Result<(), Rejected> {
    let holds = accepted.is_empty() || given.any(|g| accepted.iter().any(|a| a == g));
    if holds { Ok(()) } else { Err(Rejected(otherwise)) }
}

/// A text, or the texts of a list.
fn texts(value: Option<&serde_json::Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(serde_json::Value::String(text)) => (Some(text.as_str()), None),
        Some(serde_json::Value::Array(items)) => (None, Some(items)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(serde_json::Value::as_str))
}

/// Roles or scopes: a list of texts, or one text with spaces between (RFC 8693 section 4.2).
fn grants(value: Option<&serde_json::Value>) -> Result<Vec<String>, Rejected> {
    let granted: Vec<String> =
        texts(value).flat_map(str::split_ascii_whitespace).take(GRANTS_MAX + 1).map(str::to_owned).collect();
    if granted.len() > GRANTS_MAX { Err(Rejected("too many roles or scopes")) } else { Ok(granted) }
}

fn rule_value(json: &serde_json::Value, depth_left: usize) -> Result<Value, Rejected> {
    let Some(deeper) = depth_left.checked_sub(1) else {
        return Err(Rejected("claims are nested too deeply"));
    };
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => match n.as_i64() {
            Some(i) => Value::Int(i),
            None => Value::Float(n.as_f64().ok_or(Rejected("a number is out of range"))?),
        },
        serde_json::Value::String(s) => Value::Text(s.clone()),
        serde_json::Value::Array(items) => {
            Value::List(items.iter().map(|i| rule_value(i, deeper)).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(members) => Value::Map(
            members.iter().map(|(k, v)| Ok((k.clone(), rule_value(v, deeper)?))).collect::<Result<_, _>>()?,
        ),
    })
}

/// Fuzz bodies.
#[doc(hidden)]
pub mod fuzz {
    use super::{Key, Rules, Verifier};
    use std::time::Duration;

    /// Any bytes as a token: refused, never a panic, never a caller.
    pub fn fuzz_token(data: &[u8]) {
        let rules =
            Rules { issuers: vec![], audiences: vec![], leeway: Duration::ZERO, roles_claim: "roles".into() };
        let key = Key::hs256(&[7; 32]).expect("32 bytes are enough");
        let verifier = Verifier::new(vec![key], rules, 4);
        let token = String::from_utf8_lossy(data);
        assert!(verifier.verify(&token, Duration::from_secs(1)).is_err());
    }

    /// Any bytes as a key set.
    pub fn fuzz_key_set(data: &[u8]) {
        let _ = Key::set(&String::from_utf8_lossy(data));
    }
}

#[cfg(test)]
mod tests;
