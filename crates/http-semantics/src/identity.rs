//! `Authorization` and `Idempotency-Key`.

use crate::invalid;
use crate::list::single;
use engine::{Credentials, Fault};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Bytes of a token at the most.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Characters of an idempotency key at the most.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The bearer token of a request (RFC 6750, section 2.1). Anything else in its place is malformed, not
/// absent.
pub fn credentials(headers: &HeaderMap) -> Credentials {
    match single(headers, AUTHORIZATION) {
        Ok(None) => Credentials::None,
        Ok(Some(value)) => {
            bearer(value).map_or(Credentials::Malformed, |t| Credentials::Bearer(t.to_owned()))
        }
        Err(_) => Credentials::Malformed,
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let sound = scheme.eq_ignore_ascii_case("bearer") && is_token68(token);
    (sound && token.len() <= TOKEN_BYTES_MAX).then_some(token)
}

/// RFC 9110, section 11.2.
fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| TOKEN68[usize::from(b)])
}

const TOKEN68: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] =
            (b as u8).is_ascii_alphanumeric() || matches!(b as u8, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        b += 1;
    }
    table
};

/// The idempotency key (draft-ietf-httpapi-idempotency-key-header: a structured-field string), with or
/// without its quotes.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    const NAME: &str = "Idempotency-Key";
    let Some(value) = single(headers, NAME).map_err(|_| invalid(NAME, "SYNTAX", "expected one key"))? else {
        return Ok(None);
    };
    let key = match value.strip_prefix('"') {
        Some(rest) => sf_string(rest),
        None => value.bytes().all(|b| b.is_ascii_graphic()).then(|| value.to_owned()),
    };
    match key {
        Some(key) if (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) => Ok(Some(key)),
        Some(_) => {
            let text = format!("a key has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} characters");
            Err(invalid(NAME, "LENGTH", text))
        }
        None => Err(invalid(NAME, "SYNTAX", "expected a quoted key, or one without spaces")),
    }
}

/// What follows the opening quote of a structured-field string (RFC 9651, section 3.3.3).
fn sf_string(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(key),
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
}
