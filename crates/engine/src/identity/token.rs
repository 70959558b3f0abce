//! Verification of JSON Web Tokens (RFC 7519, RFC 8725). The signature is the library's work; which key may be used
//! with which algorithm, and the registered claims against the clock, are checked here with the time as an argument.
//!
//! The library's way from a token to its claims reads the header twice and the claims twice, which is as much work as the
//! signature, and takes what RFC 7515 and RFC 8725 have refused: they are read here, once each.

use super::caller::{Caller, Validity};
use super::claims::{self, Header};
use super::key::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a token at the most.
const TOKEN_BYTES_MAX: usize = 8192;
/// Bytes of a token that is remembered at the most; a longer one is verified anew on each call.
const TOKEN_KEPT_BYTES_MAX: usize = 2048;
/// Memory of a token that is remembered beside what grows with it.
const TOKEN_BYTES: u64 = 256;
/// Memory of such a token for each of its bytes: itself, and its claims, which are values.
const BYTES_PER_TOKEN_BYTE: u64 = 8;
/// Bytes of memory of all tokens that are remembered, estimated.
const TOKENS_BYTES_MAX: u64 = 16 << 20;

/// What a token must say besides being signed.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `iss` must be one of these, when any are given.
    pub issuers: Vec<String>,
    /// `aud` must contain one of these, when any are given.
    pub audiences: Vec<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// The claim that lists roles (a list of texts, or one text with spaces between them), `roles`.
    pub roles_claim: String,
}

/// Why a token is not accepted, as what is said of it: "has expired". It tells nothing that its bearer could not know:
/// nothing of its claims is looked at before its signature is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected(pub &'static str);

/// Checks tokens and remembers the ones it has verified.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<Key>,
    rules: Rules,
    verified: Cache<String, Arc<Caller>, Weight>,
}

/// What a token counts for among those that are remembered.
#[derive(Debug, Clone)]
struct Weight {
    /// At the least, so that the bound in bytes is one in numbers too.
    min: u64,
}

impl Weighter<String, Arc<Caller>> for Weight {
    fn weight(&self, token: &String, _: &Arc<Caller>) -> u64 {
        (TOKEN_BYTES + token.len() as u64 * BYTES_PER_TOKEN_BYTE).max(self.min)
    }
}

impl Verifier {
    /// A verifier; without keys it accepts nothing.
    pub fn new(keys: Vec<Key>, rules: Rules, tokens_max: usize) -> Self {
        let tokens_max = tokens_max.max(1);
        let weight = Weight { min: TOKENS_BYTES_MAX / tokens_max as u64 };
        Self { keys, rules, verified: Cache::with_weighter(tokens_max, TOKENS_BYTES_MAX, weight) }
    }

    /// The caller that `token` proves, at `now` (time since 1970).
    ///
    /// A signature is checked once; the times it is valid for are checked on every use.
    pub fn verify(&self, token: &str, now: Duration) -> Result<Arc<Caller>, Rejected> {
        if let Some(caller) = self.verified.get(token) {
            in_time(&caller, now)?;
            return Ok(caller);
        }
        let caller = Arc::new(self.caller(token)?);
        in_time(&caller, now)?;
        if token.len() <= TOKEN_KEPT_BYTES_MAX {
            self.verified.insert(token.to_owned(), Arc::clone(&caller));
        }
        Ok(caller)
    }

    fn caller(&self, token: &str) -> Result<Caller, Rejected> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Rejected("is too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Rejected("is not a signed JSON Web Token"))?;
        let (header, claims) = signed.split_once('.').ok_or(Rejected("is not a signed JSON Web Token"))?;
        let header = Header::read(&decoded(header)?)?;
        let is_usable = |key: &&Key| key.is_of(&header.algorithm, header.key_id.as_deref());
        if !self.keys.iter().filter(is_usable).any(|key| key.verifies(signature, signed.as_bytes())) {
            return Err(Rejected("is not signed by a key that is accepted here"));
        }
        claims::caller(&decoded(claims)?, &self.rules)
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, Rejected> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected("is not base64url"))
}

/// Whether a caller's token may still, and already, be used.
pub(crate) fn in_time(caller: &Caller, now: Duration) -> Result<(), Rejected> {
    let Validity { from, until } = caller.valid();
    if now < from {
        return Err(Rejected("is not valid yet (`nbf`)"));
    }
    if now >= until {
        return Err(Rejected("has expired (`exp`)"));
    }
    Ok(())
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
