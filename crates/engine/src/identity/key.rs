//! Keys that verify signatures, from secrets, PEM and key sets (RFC 7517).

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};

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
            return Err(KeyError("no RS256, ES256 or EdDSA key in the set that is for signatures".into()));
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
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| named && is_to_verify(&jwk.common))?;
        Some(Self { id: jwk.common.key_id.clone(), algorithm, key })
    }

    /// Whether this key may have signed a token with this algorithm and, where both name one, this key's id.
    pub(super) fn is_of(&self, algorithm: &str, id: Option<&str>) -> bool {
        let is_named = match (self.id.as_deref(), id) {
            (Some(own), Some(id)) => own == id,
            (None, _) | (_, None) => true,
        };
        is_named && algorithm.parse() == Ok(self.algorithm)
    }

    pub(super) fn verifies(&self, signature: &str, signed: &[u8]) -> bool {
        jsonwebtoken::crypto::verify(signature, signed, &self.key, self.algorithm) == Ok(true)
    }
}

/// What a key says it is for (RFC 7517 sections 4.2 and 4.3): one for encryption verifies nothing.
fn is_to_verify(common: &CommonParameters) -> bool {
    let use_allows = match &common.public_key_use {
        None | Some(PublicKeyUse::Signature) => true,
        Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)) => false,
    };
    let operations = common.key_operations.as_deref();
    use_allows && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}
