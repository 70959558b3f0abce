#![allow(clippy::unwrap_used)]

use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
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
        (json!({}), 130, Some("has expired (`exp`)")),
        (json!({"exp": null}), 0, Some("has no `exp`")),
        (json!({"exp": "soon"}), 0, Some("has a time that is none")),
        (json!({"exp": -1}), 0, Some("has a time that is none")),
        (json!({"nbf": 1_700_000_030}), 0, None),
        (json!({"nbf": 1_700_000_031}), 0, Some("is not valid yet (`nbf`)")),
        (
            json!({"iss": "https://other.example"}),
            0,
            Some("is of an issuer that is not accepted here (`iss`)"),
        ),
        (json!({"iss": null}), 0, Some("is of an issuer that is not accepted here (`iss`)")),
        (json!({"aud": ["x", "other"]}), 0, None),
        (json!({"aud": ["x"]}), 0, Some("is for another audience (`aud`)")),
        (json!({"aud": {"x": "api"}}), 0, Some("has an `aud` that is not a text or a list of them")),
        (json!({"aud": ["api", 7]}), 0, Some("has an `aud` that is not a text or a list of them")),
        (
            json!({"iss": ["https://issuer.example"]}),
            0,
            Some("has a claim that is no text and has to be one"),
        ),
        (json!({"iat": 1_700_000_030}), 0, None),
        (json!({"iat": 1_700_000_031}), 0, Some("is not valid yet (`nbf`)")),
        (json!({"iat": 1_700_000_031}), 1, None),
        (json!({"iat": 1_600_000_000, "nbf": 1_700_000_031}), 0, Some("is not valid yet (`nbf`)")),
        (json!({"iat": "now"}), 0, Some("has a time that is none")),
        (json!({"exp": 1e300}), 0, Some("has a time that is none")),
        (json!({"exp": 1_700_000_100.5}), 130, None),
        (json!({"sub": "x".repeat(255)}), 0, None),
        (json!({"sub": "ß".repeat(255)}), 0, None),
        (json!({"sub": "x".repeat(256)}), 0, Some("has no `sub` that is an id")),
        (json!({"sub": "x".repeat(5000)}), 0, Some("has no `sub` that is an id")),
        (json!({"sub": ""}), 0, Some("has no `sub` that is an id")),
        (json!({"sub": null}), 0, Some("has no `sub` that is an id")),
        (json!({"sub": 7}), 0, Some("has a claim that is no text and has to be one")),
        (json!({"sub": "u1\u{0}"}), 0, Some("has no `sub` that is an id")),
        (json!({"roles": {"admin": true}}), 0, Some("has roles or scopes that are not texts")),
        (json!({"roles": ["admin", 7]}), 0, Some("has roles or scopes that are not texts")),
        (json!({"scope": 7}), 0, Some("has roles or scopes that are not texts")),
        (json!({"roles": vec!["a"; 257]}), 0, Some("has too many roles or scopes")),
        (json!({"roles": "a ".repeat(257)}), 0, Some("has too many roles or scopes")),
    ];
    for (change, later_s, expected) in cases {
        let got = verify(Algorithm::HS256, &claims(change.clone()), NOW + Duration::from_secs(later_s));
        assert_eq!(got.err().map(|r| r.0), expected, "{change} after {later_s} s");
    }
}

/// Only a claim that is one text is split: an item of a list is a role, whatever is in it.
#[test]
fn roles_and_scopes_come_as_lists_or_as_words() {
    type Texts = &'static [&'static str];
    let cases: [(serde_json::Value, Texts, Texts); 10] = [
        (json!({}), &[], &[]),
        (json!({"roles": null, "scope": null}), &[], &[]),
        (json!({"roles": ["a", "b"], "scope": "x y"}), &["a", "b"], &["x", "y"]),
        (json!({"roles": "a  b "}), &["a", "b"], &[]),
        (json!({"roles": ["not an admin"]}), &["not an admin"], &[]),
        (json!({"roles": ["not an admin", " admin", ""]}), &["not an admin", " admin", ""], &[]),
        (json!({"scope": ["read all"]}), &[], &["read all"]),
        (json!({"scp": ["read", "write all"]}), &[], &["read", "write all"]),
        (json!({"scp": "read write"}), &[], &["read", "write"]),
        (json!({"scope": "read", "scp": ["write"]}), &[], &["read"]),
    ];
    for (change, roles, scopes) in cases {
        let caller = verify(Algorithm::HS256, &claims(change.clone()), NOW).unwrap();
        let facts = caller.facts("", &[]);
        assert_eq!(facts.caller_id, Some("u1"));
        assert_eq!((facts.roles, facts.scopes), (&owned(roles)[..], &owned(scopes)[..]), "{change}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A token of any header and claims, as texts, signed with the secret.
fn signed(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

fn verify_text(header: &str, claims: &str) -> Option<&'static str> {
    let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10);
    verifier.verify(&signed(header, claims), NOW).err().map(|rejected| rejected.0)
}

/// What a header asks for is understood, or the token is refused, though its signature is right.
#[test]
fn headers_are_understood_or_refused() {
    let claims = claims(json!({})).to_string();
    let otherwise = Some("has claims that are encoded in another way");
    let typ = Some("has a `typ` that is not of a token for access");
    let header = Some("has a header that is not JSON with unique names");
    let no_text = Some("has a claim that is no text and has to be one");
    let no_key = Some("is not signed by a key that is accepted here");
    let cases = [
        (r#"{"alg":"HS256"}"#, None),
        (r#"{"alg":"HS256","typ":"JWT"}"#, None),
        (r#"{"alg":"HS256","typ":"jwt"}"#, None),
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, None),
        (r#"{"alg":"HS256","typ":"application/at+JWT"}"#, None),
        (r#"{"alg":"HS256","typ":null,"kid":"any","x5t":"x"}"#, None),
        (r#"{"alg":"HS256","b64":true}"#, None),
        (r#"{"alg":"HS256","typ":"JOSE"}"#, typ),
        (r#"{"alg":"HS256","typ":"logout+jwt"}"#, typ),
        (r#"{"alg":"HS256","typ":"dpop+jwt"}"#, typ),
        (r#"{"alg":"HS256","typ":""}"#, typ),
        (r#"{"alg":"HS256","typ":7}"#, no_text),
        (r#"{"alg":"HS256","kid":["a"]}"#, no_text),
        (r#"{"alg":["HS256"]}"#, no_text),
        (r#"{"alg":"HS256","b64":false}"#, otherwise),
        (r#"{"alg":"HS256","b64":null}"#, otherwise),
        (r#"{"alg":"HS256","zip":"DEF"}"#, otherwise),
        (r#"{"alg":"HS256","enc":"A128GCM"}"#, otherwise),
        (r#"{"alg":"HS256","crit":[]}"#, Some("names an extension in `crit`")),
        (r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, Some("names an extension in `crit`")),
        (r#"{"alg":"HS256","alg":"none"}"#, header),
        (r#"{"alg":"none","alg":"HS256"}"#, header),
        (r#"{"alg":"HS256","kid":"a","kid":"b"}"#, header),
        (r#"{"alg":"HS256"} "#, None),
        (r#"{"alg":"HS256"}x"#, header),
        (r#"["HS256"]"#, Some("has no `alg`")),
        (r#"{"typ":"JWT"}"#, Some("has no `alg`")),
        (r#"{"alg":"hs256"}"#, no_key),
        (r#"{"alg":"none"}"#, no_key),
        (r#"{"alg":"HS384"}"#, no_key),
        (r#"{"alg":"RS256"}"#, no_key),
    ];
    for (header, expected) in cases {
        assert_eq!(verify_text(header, &claims), expected, "{header}");
    }
}

/// Of two claims of one name each reader could take another, so neither is taken (RFC 8725 section 2.4).
#[test]
fn claims_are_unique_and_within_bounds() {
    let header = r#"{"alg":"HS256"}"#;
    let with = |more: &str| {
        let claims = claims(json!({})).to_string();
        verify_text(header, &format!("{}{more}}}", claims.strip_suffix('}').unwrap()))
    };
    let refused = Some("has claims that are not JSON with unique names");
    assert_eq!(with(""), None);
    assert_eq!(with(r#","x":{"a":1,"b":[1.5,18446744073709551615]}"#), None);
    for doubled in [r#","sub":"root""#, r#","exp":9999999999"#, r#","roles":[],"roles":["admin"]"#] {
        assert_eq!(with(doubled), refused, "{doubled}");
    }
    assert_eq!(with(r#","x":{"a":1,"a":2}"#), refused);
    assert_eq!(with(&format!(r#","x":{}{}"#, "[".repeat(16), "]".repeat(16))), refused);
    assert_eq!(verify_text(header, "[]"), Some("has no `sub` that is an id"));
    assert_eq!(verify_text(header, ""), refused);
}

#[test]
fn another_algorithm_or_key_is_refused() {
    assert_eq!(
        verify(Algorithm::HS512, &claims(json!({})), NOW).err(),
        Some(Rejected("is not signed by a key that is accepted here"))
    );
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
            assert_eq!(
                verify(pair, token),
                Err(Rejected("is not signed by a key that is accepted here")),
                "{algorithm:?}"
            );
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

/// A key of a set is used for what it says it is for, and of several keys with one id each is tried.
#[test]
fn keys_of_a_set_are_used_for_what_they_say() {
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let usable = |more: &str| {
        Key::set(&format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{X}"{more}}}]}}"#)).is_ok()
    };
    for more in
        ["", r#","use":"sig""#, r#","key_ops":["verify"]"#, r#","use":"sig","key_ops":["sign","verify"]"#]
    {
        assert!(usable(more), "{more}");
    }
    for more in [
        r#","use":"enc""#,
        r#","use":"other""#,
        r#","key_ops":[]"#,
        r#","key_ops":["encrypt"]"#,
        r#","use":"sig","key_ops":["sign"]"#,
        r#","use":"enc","key_ops":["verify"]"#,
        r#","alg":"ES256""#,
        r#","alg":"unknown""#,
    ] {
        assert!(!usable(more), "{more}");
    }
    let (first, second) = (Ed25519KeyPair::generate().unwrap(), Ed25519KeyPair::generate().unwrap());
    let jwk = |pair: &Ed25519KeyPair, id: &str| {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id})
    };
    let set = json!({"keys": [jwk(&first, "k"), jwk(&second, "k"), jwk(&first, "other")]}).to_string();
    let verifier = Verifier::new(Key::set(&set).unwrap(), rules(), 10);
    let sign = |pair: &Ed25519KeyPair, id: &str| {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        jsonwebtoken::encode(&header, &claims(json!({})), &key).unwrap()
    };
    for (pair, id, is_taken) in
        [(&first, "k", true), (&second, "k", true), (&second, "other", false), (&first, "none", false)]
    {
        assert_eq!(verifier.verify(&sign(pair, id), NOW).is_ok(), is_taken, "{id}");
    }
}

#[test]
fn what_a_token_calls_critical_is_not_passed_over() {
    for extension in ["b64", "exp"] {
        let header = Header { crit: Some(vec![extension.to_owned()]), ..Header::new(Algorithm::HS256) };
        let token =
            jsonwebtoken::encode(&header, &claims(json!({})), &EncodingKey::from_secret(SECRET)).unwrap();
        let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules(), 10);
        assert_eq!(verifier.verify(&token, NOW).err(), Some(Rejected("names an extension in `crit`")));
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
    assert_eq!(
        verifier.verify(&token, NOW + Duration::from_secs(1000)).err(),
        Some(Rejected("has expired (`exp`)"))
    );
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
