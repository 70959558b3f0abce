#![allow(clippy::unwrap_used)]

use super::*;
use crate::cli::{Cli, Command};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use clap::Parser;
use engine::identity::{Key, Rules, Verifier};
use std::path::PathBuf;

const NOW: Duration = Duration::from_secs(1_800_000_000);

fn signed(line: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
    let line = ["septet", "token"].iter().chain(line);
    let Command::Token(args) = Cli::try_parse_from(line).unwrap().command else { panic!("it is `token`") };
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    token(&args, variables, NOW).map_err(|failure| failure.to_string())
}

/// What the token says, without a look at its signature.
fn told(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode_claims(token).unwrap()
}

fn verifier(key: Key) -> Verifier {
    let rules = Rules {
        issuers: vec!["me".into()],
        audiences: vec!["you".into()],
        leeway: Duration::ZERO,
        roles_claim: "groups".into(),
    };
    Verifier::new(vec![key], rules, 10)
}

const NAMED: &[(&str, &str)] = &[
    ("SEPTET_IDENTITY_ISSUERS", "me,another"),
    ("SEPTET_IDENTITY_AUDIENCE", "you"),
    ("SEPTET_IDENTITY_ROLES_CLAIM", "groups"),
];

#[test]
fn the_engine_accepts_it_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    // Without a server's secret there is nothing that it would believe.
    let refused = signed(&["--sub", "u1", "--data", data], NAMED).unwrap_err();
    assert!(refused.contains("no server has made a secret here"), "{refused}");
    assert!(!folder.path().join("jwt-secret").exists());
    Config::load(None, std::iter::empty(), &[]).unwrap().identity.keys(folder.path()).unwrap();
    let token = signed(&["--sub", "u1", "--role", "admin", "--ttl", "15m", "--data", data], NAMED).unwrap();
    let secret = std::fs::read_to_string(folder.path().join("jwt-secret")).unwrap();
    let verifier = verifier(Key::hs256(secret.trim_end().as_bytes()).unwrap());
    let caller = verifier.verify(&token, NOW).unwrap();
    assert_eq!(caller.id(), Some("u1"));
    assert!(verifier.verify(&token, NOW + Duration::from_secs(15 * 60 - 1)).is_ok());
    assert!(verifier.verify(&token, NOW + Duration::from_secs(15 * 60 + 1)).is_err());
    // The next token is signed with the same secret.
    let next = signed(&["--sub", "u2", "--data", data], NAMED).unwrap();
    assert_eq!(verifier.verify(&next, NOW).unwrap().id(), Some("u2"));
}

#[test]
fn claims_are_as_given() {
    let secret = "x".repeat(32);
    let variables = [("SEPTET_IDENTITY_JWT_SECRET", secret.as_str())];
    let cases: &[(&[&str], &str)] = &[
        (&["--sub", "a"], r#"{"sub":"a","iat":1800000000,"exp":1800003600}"#),
        (
            &["--sub", "a", "--role", "r", "--role", "s", "--scope", "p", "--scope", "q", "--ttl", "2d"],
            r#"{"sub":"a","iat":1800000000,"exp":1800172800,"roles":["r","s"],"scope":"p q"}"#,
        ),
        (
            &[
                "--sub",
                "a",
                "--claim",
                r#"tenant="acme""#,
                "--claim",
                r#"limits={"a":[1,null]}"#,
                "--claim",
                "iat=5",
            ],
            r#"{"sub":"a","iat":5,"exp":1800003600,"tenant":"acme","limits":{"a":[1,null]}}"#,
        ),
    ];
    for (line, expected) in cases {
        let token = signed(line, &variables).unwrap();
        assert_eq!(told(&token), serde_json::from_str::<Value>(expected).unwrap(), "{line:?}");
    }
}

fn write_pem(path: PathBuf, label: &str, der: &[u8]) -> String {
    std::fs::write(&path, pem::encode(&pem::Pem::new(label, der))).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A private key of each kind, and the public key it belongs to.
fn key_pairs() -> [(&'static str, Vec<u8>, Vec<u8>); 3] {
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let spki = |key: &dyn AsDer<PublicKeyX509Der<'static>>| key.as_der().unwrap().as_ref().to_vec();
    [
        ("ES256", p256.to_pkcs8v1().unwrap().as_ref().to_vec(), spki(p256.public_key())),
        ("EdDSA", ed25519.to_pkcs8v1().unwrap().as_ref().to_vec(), spki(ed25519.public_key())),
        (
            "RS256",
            AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&rsa).unwrap().as_ref().to_vec(),
            spki(rsa.public_key()),
        ),
    ]
}

#[test]
fn private_keys_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    for (algorithm, private, public) in key_pairs() {
        let key = write_pem(folder.path().join("private.pem"), "PRIVATE KEY", &private);
        let token = signed(&["--sub", "u1", "--key", &key], NAMED).unwrap();
        assert_eq!(format!("{:?}", jsonwebtoken::decode_header(&token).unwrap().alg), algorithm);
        let public = pem::encode(&pem::Pem::new("PUBLIC KEY", public));
        let verifier = verifier(Key::pem(public.as_bytes()).unwrap());
        assert_eq!(verifier.verify(&token, NOW).unwrap().id(), Some("u1"), "{algorithm}");
        // With the public key alone there is nothing to sign with.
        let variables = [("SEPTET_IDENTITY_PUBLIC_KEY_FILES", key.as_str())];
        assert!(signed(&["--sub", "u1"], &variables).unwrap_err().contains("--key FILE"));
    }
}

#[test]
fn mistakes_are_named() {
    let cases: &[(&[&str], &str)] = &[
        (&["--sub", "a", "--ttl", "soon"], "error: --ttl soon is not a time"),
        (&["--sub", "a", "--ttl", "0s"], "error: --ttl 0s is not a time"),
        (&["--sub", "a", "--ttl", "1"], "error: --ttl 1 is not a time"),
        (&["--sub", "a", "--ttl", "99999999999999999999d"], "error: --ttl 9"),
        (&["--sub", "a", "--ttl", "999999999999999999d"], "error: --ttl 9"),
        (&["--sub", "a", "--ttl", "1ü"], "error: --ttl 1ü is not a time"),
        (&["--sub", "a", "--claim", "tenant"], "error: --claim tenant is not NAME=JSON"),
        (&["--sub", "a", "--claim", "tenant=acme"], "error: --claim tenant: "),
        (&["--sub", "a", "--key", "/nowhere"], "error: /nowhere cannot be read: "),
        (&["--sub", "a", "--key", "Cargo.toml"], "error: Cargo.toml is not an RSA"),
        (&["--sub", "a", "--config", "/nowhere"], "error: /nowhere: cannot be read: "),
    ];
    for (line, expected) in cases {
        let told = signed(line, &[]).unwrap_err();
        assert!(told.starts_with(expected), "{line:?}: {told}");
    }
}
