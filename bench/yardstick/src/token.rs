//! Who asks: HS256 JSON Web Tokens.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use quick_cache::sync::Cache;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds that the clocks of issuer and server may differ.
const LEEWAY_S: u64 = 30;
/// Tokens remembered at the most.
const REMEMBERED_MAX: usize = 10_000;

/// Whether a token's signature is checked once or on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// On every request.
    Off,
    /// Once; its expiry on every request.
    On,
}

/// Checks tokens.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
    remembered: Option<Cache<String, Arc<Claims>>>,
}

/// What a token says.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// The caller's id.
    pub sub: String,
    /// The caller's roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Seconds since 1970 at which it expires.
    exp: u64,
}

impl Verifier {
    /// A verifier of tokens that are signed with `secret`.
    pub fn new(secret: &str, memory: Memory) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        let remembered = match memory {
            Memory::Off => None,
            Memory::On => Some(Cache::new(REMEMBERED_MAX)),
        };
        Self { key: DecodingKey::from_secret(secret.as_bytes()), validation, remembered }
    }

    /// What a valid token says; `None` for any other.
    pub fn verify(&self, token: &str) -> Option<Arc<Claims>> {
        let Some(remembered) = &self.remembered else { return self.check(token).map(Arc::new) };
        if let Some(claims) = remembered.get(token) {
            return is_current(&claims).then_some(claims);
        }
        let claims = Arc::new(self.check(token)?);
        remembered.insert(token.to_owned(), Arc::clone(&claims));
        Some(claims)
    }

    fn check(&self, token: &str) -> Option<Claims> {
        decode::<Claims>(token, &self.key, &self.validation).ok().map(|data| data.claims)
    }
}

fn is_current(claims: &Claims) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() <= claims.exp.saturating_add(LEEWAY_S)
}
