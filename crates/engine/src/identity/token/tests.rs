#![allow(clippy::unwrap_used)]

use super::*;
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
