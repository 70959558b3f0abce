#![allow(clippy::unwrap_used)]

use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn rules() -> Rules {
    Rules {
        issuers: vec!["https://issuer.example".into()],
        audiences: vec!["api".into(), "other".into()],
        leeway: Duration::from_secs(30),
        roles_claim: "roles".into(),
    }
}

fn claims(change: serde_json::Value) -> serde_json::Value {
    let mut claims =
        json!({"sub": "u1", "iss": "https://issuer.example", "aud": "api", "exp": 1_700_000_100});
    for (key, value) in change.as_object().unwrap() {
        claims[key] = value.clone();
    }
    claims
}

fn verify(algorithm: Algorithm, claims: &serde_json::Value, now: Duration) -> Result<Arc<Caller>, Rejected> {
    let token =
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET)).unwrap();
    Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10).verify(&token, now)
}

#[test]
fn registered_claims_are_checked_against_the_given_time() {
    let cases = [
        (json!({}), 0, None),
        (json!({}), 129, None),
        (json!({}), 130, Some("expired")),
        (json!({"exp": null}), 0, Some("no `exp`")),
        (json!({"exp": "soon"}), 0, Some("a time claim is not a time")),
        (json!({"exp": -1}), 0, Some("a time claim is not a time")),
        (json!({"nbf": 1_700_000_030}), 0, None),
        (json!({"nbf": 1_700_000_031}), 0, Some("not valid yet")),
        (json!({"iss": "https://other.example"}), 0, Some("`iss` is not accepted")),
        (json!({"iss": null}), 0, Some("`iss` is not accepted")),
        (json!({"aud": ["x", "other"]}), 0, None),
        (json!({"aud": ["x"]}), 0, Some("`aud` is not accepted")),
        (json!({"sub": ""}), 0, Some("no `sub`")),
        (json!({"sub": 7}), 0, Some("no `sub`")),
        (json!({"sub": "u1\u{0}"}), 0, Some("no `sub`")),
    ];
    for (change, later_s, expected) in cases {
        let got = verify(Algorithm::HS256, &claims(change.clone()), NOW + Duration::from_secs(later_s));
        assert_eq!(got.err().map(|r| r.0), expected, "{change} after {later_s} s");
    }
}

#[test]
fn roles_and_scopes_come_as_lists_or_as_words() {
    let caller =
        verify(Algorithm::HS256, &claims(json!({"roles": ["a", "b"], "scope": "x y"})), NOW).unwrap();
    let facts = caller.facts("", &[]);
    assert_eq!(facts.caller_id, Some("u1"));
    assert_eq!(facts.roles, ["a", "b"]);
    assert_eq!(facts.scopes, ["x", "y"]);
}

#[test]
fn another_algorithm_or_key_is_refused() {
    assert_eq!(verify(Algorithm::HS512, &claims(json!({})), NOW).err(), Some(Rejected("no key verifies it")));
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1MSIsImV4cCI6MTgwMDAwMDAwMH0.";
    let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10);
    assert!(verifier.verify(none, NOW).is_err());
    assert!(Key::hs256(b"short").is_err());
}

/// A private and a public key in PEM.
struct Pair {
    private: String,
    public: String,
}

impl Pair {
    fn new(private: &[u8], public: &[u8]) -> Self {
        let pem = |kind: &str, der: &[u8]| {
            format!("-----BEGIN {kind} KEY-----\n{}\n-----END {kind} KEY-----\n", STANDARD.encode(der))
        };
        Self { private: pem("PRIVATE", private), public: pem("PUBLIC", public) }
    }

    fn rsa() -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        Self::new(
            private.as_ref(),
            AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref(),
        )
    }

    fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        Self::new(pair.to_pkcs8v1().unwrap().as_ref(), public.as_ref())
    }

    fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        Self::new(pair.to_pkcs8v1().unwrap().as_ref(), public.as_ref())
    }
}

/// Every kind of key accepts what its own private key has signed, and nothing else: not what another key of its kind
/// has, and not what somebody has who takes the public key for a shared secret (RFC 8725 section 2.1).
#[test]
fn a_key_of_each_kind_verifies_its_own() {
    type Kind = (Algorithm, fn() -> Pair, fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>);
    let kinds: [Kind; 3] = [
        (Algorithm::RS256, Pair::rsa, EncodingKey::from_rsa_pem),
        (Algorithm::ES256, Pair::p256, EncodingKey::from_ec_pem),
        (Algorithm::EdDSA, Pair::ed25519, EncodingKey::from_ed_pem),
    ];
    let mut all = vec![Key::hs256(SECRET).unwrap()];
    let mut tokens = Vec::new();
    for (algorithm, pair, read) in kinds {
        let (own, other) = (pair(), pair());
        let signed = |algorithm, key: &EncodingKey| {
            jsonwebtoken::encode(&Header::new(algorithm), &claims(json!({})), key).unwrap()
        };
        let token = signed(algorithm, &read(own.private.as_bytes()).unwrap());
        let forged = signed(Algorithm::HS256, &EncodingKey::from_secret(own.public.as_bytes()));
        let verify = |pair: &Pair, token: &str| {
            let verifier = Verifier::new(vec![Key::pem(pair.public.as_bytes()).unwrap()], rules(), 10);
            verifier.verify(token, NOW).map(|caller| caller.id().map(str::to_owned))
        };
        assert_eq!(verify(&own, &token), Ok(Some("u1".to_owned())), "{algorithm:?}");
        for (pair, token) in [(&other, &token), (&own, &forged)] {
            assert_eq!(verify(pair, token), Err(Rejected("no key verifies it")), "{algorithm:?}");
        }
        // What is not signed by it is not read: claims of another token, and none.
        let (_, signature) = token.rsplit_once('.').unwrap();
        let changed = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
        for token in [changed, token.replace(signature, ""), token.replacen('.', "", 1), format!("{token}.")]
        {
            assert!(verify(&own, &token).is_err(), "{algorithm:?}: {token}");
        }
        all.push(Key::pem(own.public.as_bytes()).unwrap());
        tokens.push(token);
    }
    let verifier = Verifier::new(all, rules(), 10);
    assert!(tokens.iter().all(|token| verifier.verify(token, NOW).is_ok()));
}

#[test]
fn what_a_token_calls_critical_is_not_passed_over() {
    for extension in ["b64", "exp"] {
        let header = Header { crit: Some(vec![extension.to_owned()]), ..Header::new(Algorithm::HS256) };
        let token =
            jsonwebtoken::encode(&header, &claims(json!({})), &EncodingKey::from_secret(SECRET)).unwrap();
        let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10);
        assert_eq!(verifier.verify(&token, NOW).err(), Some(Rejected("`crit` names an extension")));
    }
}

#[test]
fn a_remembered_token_still_expires() {
    let token = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims(json!({})),
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap();
    let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10);
    assert!(verifier.verify(&token, NOW).is_ok());
    assert!(verifier.verify(&token, NOW).is_ok());
    assert_eq!(verifier.verify(&token, NOW + Duration::from_secs(1000)).err(), Some(Rejected("expired")));
}

#[test]
fn hostile_tokens_and_key_sets_are_refused_without_a_panic() {
    let token = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims(json!({})),
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap();
    let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    assert_eq!(Key::set(set).unwrap().len(), 1);
    let mut state = 1u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..20_000 {
        for (text, body) in [(&token[..], fuzz::fuzz_token as fn(&[u8])), (set, fuzz::fuzz_key_set)] {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            bytes.truncate(1 + random(bytes.len()));
            body(&bytes);
        }
    }
}
