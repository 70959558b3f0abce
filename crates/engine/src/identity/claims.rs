//! What a token says: its header (RFC 7515 section 4) and its registered claims (RFC 7519 section 4.1).

use super::caller::{Caller, Validity};
use super::token::{Rejected, Rules};
use crate::input::rule_value;
use contract::ID_CHARS_MAX;
use std::time::Duration;
use wire::{DecodeBounds, Value, decode_json};

/// Levels of nesting in the claims at the most, and values in all. Keys are unique (RFC 7515 section 4, RFC 8725 section
/// 2.4): of two, each reader could take another.
const BOUNDS: DecodeBounds = DecodeBounds { depth_max: 16, values_max: 4096, number_bytes_max: 64 };
/// Roles or scopes of one token at the most.
const GRANTS_MAX: usize = 256;
/// Seconds since 1970 that a time may say at the most: more than any calendar needs, less than arithmetic holds.
const SECONDS_MAX: f64 = 1e12;
/// Where scopes stand: as RFC 8693 (section 4.2) and RFC 9068 have them, and as issuers have them that are older.
const SCOPE_CLAIMS: [&str; 3] = ["scope", "scp", "scopes"];

/// What a token's header says about its signature.
pub(super) struct Header {
    pub algorithm: String,
    pub key_id: Option<String>,
}

impl Header {
    /// Reads a header, and refuses one that asks for what is not understood here.
    pub fn read(json: &[u8]) -> Result<Self, Rejected> {
        let header = decode_json(json, &BOUNDS)
            .map_err(|_| Rejected("has a header that is not JSON with unique names"))?;
        if header.get("crit").is_some() {
            // What a token says is critical has to be understood, and no extension is (RFC 7515 section 4.1.11).
            return Err(Rejected("names an extension in `crit`"));
        }
        // Its claims are then not what they seem: not encoded (RFC 7797), compressed or encrypted (RFC 7516).
        let is_plain = header.get("b64").is_none_or(|b64| *b64 == Value::Bool(true));
        if !is_plain || header.get("zip").is_some() || header.get("enc").is_some() {
            return Err(Rejected("has claims that are encoded in another way"));
        }
        if !optional_text(&header, "typ")?.is_none_or(is_jwt) {
            return Err(Rejected("has a `typ` that is not of a token for access"));
        }
        let algorithm = optional_text(&header, "alg")?.ok_or(Rejected("has no `alg`"))?.to_owned();
        let key_id = optional_text(&header, "kid")?.map(str::to_owned);
        Ok(Self { algorithm, key_id })
    }
}

/// A media type without `application/` (RFC 7515 section 4.1.9): of any JWT, or of one for access (RFC 9068 section
/// 2.1). Tokens for other uses (`logout+jwt`, `dpop+jwt`, …) are signed by the same keys.
fn is_jwt(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

/// The caller whom verified claims are about.
pub(super) fn caller(json: &[u8], rules: &Rules) -> Result<Caller, Rejected> {
    let claims =
        decode_json(json, &BOUNDS).map_err(|_| Rejected("has claims that are not JSON with unique names"))?;
    let subject = optional_text(&claims, "sub")?
        .filter(|sub| is_id(sub))
        .ok_or(Rejected("has no `sub` that is an id"))?;
    let issuer = optional_text(&claims, "iss")?;
    one_of(&rules.issuers, issuer.as_slice(), "is of an issuer that is not accepted here (`iss`)")?;
    let audience =
        texts(claims.get("aud")).ok_or(Rejected("has an `aud` that is not a text or a list of them"))?;
    one_of(&rules.audiences, &audience, "is for another audience (`aud`)")?;
    let valid = validity(&claims, rules.leeway)?;
    let roles = grants(claims.get(&rules.roles_claim))?;
    let scopes = grants(SCOPE_CLAIMS.iter().find_map(|name| claims.get(name)))?;
    Ok(Caller::verified(subject.to_owned(), roles, scopes, rule_value(&claims), valid))
}

/// An id is compared with keys and kept in columns, and both hold what an `ID` may be.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().nth(ID_CHARS_MAX).is_none() && !text.contains(char::is_control)
}

/// A member that is a text where it is there; null is none.
fn optional_text<'a>(object: &'a Value, name: &str) -> Result<Option<&'a str>, Rejected> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Rejected("has a claim that is no text and has to be one")),
    }
}

/// `exp` is required (RFC 8725 section 3.8 asks for short lives), `nbf` is honoured, and nothing is valid before it was
/// issued.
fn validity(claims: &Value, leeway: Duration) -> Result<Validity, Rejected> {
    let until = seconds(claims, "exp")?.ok_or(Rejected("has no `exp`"))? + leeway;
    let from = seconds(claims, "nbf")?.max(seconds(claims, "iat")?).unwrap_or(Duration::ZERO);
    Ok(Validity { from: from.saturating_sub(leeway), until })
}

/// A NumericDate (RFC 7519 section 2).
fn seconds(claims: &Value, name: &str) -> Result<Option<Duration>, Rejected> {
    let seconds = match claims.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Int(seconds)) => *seconds as f64,
        Some(Value::Float(seconds)) => *seconds,
        Some(Value::Number(text)) => text.parse().unwrap_or(f64::NAN),
        Some(_) => f64::NAN,
    };
    match (0.0..=SECONDS_MAX).contains(&seconds) {
        true => Ok(Some(Duration::from_secs_f64(seconds))),
        false => Err(Rejected("has a time that is none")),
    }
}

fn one_of(accepted: &[String], given: &[&str], otherwise: &'static str) -> Result<(), Rejected> {
    let holds = accepted.is_empty() || given.iter().any(|g| accepted.iter().any(|a| a == g));
    if holds { Ok(()) } else { Err(Rejected(otherwise)) }
}

/// A text, or the texts of a list; none where something else is among them.
fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    fn text(value: &Value) -> Option<&str> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::List(items)) => items.iter().map(text).collect(),
        Some(one) => Some(vec![text(one)?]),
    }
}

/// Roles or scopes: one text has them with spaces between (RFC 8693 section 4.2); an item of a list is one, whatever is
/// in it.
fn grants(value: Option<&Value>) -> Result<Vec<String>, Rejected> {
    let texts = texts(value).ok_or(Rejected("has roles or scopes that are not texts"))?;
    let granted: Vec<&str> = match value {
        Some(Value::Text(words)) => words.split_ascii_whitespace().collect(),
        _ => texts,
    };
    match granted.len() > GRANTS_MAX {
        true => Err(Rejected("has too many roles or scopes")),
        false => Ok(granted.into_iter().map(str::to_owned).collect()),
    }
}
