//! Messages and envelopes that no proper client sends, made from ones that it does.

use super::{Request, hostile};
use crate::chance::Chance;
use crate::corpus::grpc::{HEADERS, MEDIA_TYPES};
use serde_json::{Value, json};

/// Levels of what is nested too deep.
const LEVELS_MAX: usize = 2000;
/// Bytes of messages that are noise.
const NOISE_BYTES_MAX: usize = 2000;

/// Another message, another envelope, other terms.
pub fn request(chance: &mut Chance, request: &mut Request) {
    match chance.below(8) {
        0..4 => request.body = message(chance, &request.body),
        4 => request.headers.push((*chance.pick(HEADERS)).to_owned()),
        5 => {
            request.headers.retain(|header| !header.starts_with("content-type"));
            request.headers.push(format!("content-type: {}", chance.pick(MEDIA_TYPES)));
            request.body = enveloped(chance, &request.body);
        }
        6 => {
            request.headers.retain(|header| !header.starts_with("content-type"));
            request.headers.push("content-type: application/proto".to_owned());
            request.body = noise(chance);
        }
        _ => {
            let name = *chance.pick(&["Get", "List", "Stream", "Delete", "Nothing", ""]);
            let service = request.target.rsplit_once('/').map_or("", |(service, _)| service);
            request.target = format!("{service}/{name}");
        }
    }
}

/// A message in an envelope, which may lie about it.
fn enveloped(chance: &mut Chance, message: &[u8]) -> Vec<u8> {
    let length = match chance.below(4) {
        0 => chance.next() as u32,
        1 => message.len() as u32 + 1,
        _ => message.len() as u32,
    };
    let flags = if chance.one_in(3) { chance.next() as u8 } else { 0 };
    let once = [&[flags][..], &length.to_be_bytes(), message].concat();
    once.repeat(1 + chance.below(3))
}

/// Bytes that look like fields now and then.
fn noise(chance: &mut Chance) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    let length = chance.below(NOISE_BYTES_MAX);
    while bytes.len() < length {
        match chance.below(3) {
            0 => bytes.extend([(1 + chance.below(12) as u8) << 3 | 2, chance.below(9) as u8]),
            1 => bytes.extend([0x0a].repeat(chance.below(200))),
            _ => bytes.push(chance.next() as u8),
        }
    }
    bytes
}

/// The same message with another value somewhere, or too much of it.
fn message(chance: &mut Chance, body: &[u8]) -> Vec<u8> {
    let Ok(mut whole) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    let levels = 1 + chance.below(LEVELS_MAX);
    match chance.below(8) {
        0 => {
            format!("{{\"filter\":{}{{}}{}", "{\"not\":".repeat(levels), "}".repeat(levels + 1)).into_bytes()
        }
        1 => {
            let path = "posts.author.".repeat(levels.min(200));
            json!({ "readMask": format!("{path}id,{}", hostile(chance)) }).to_string().into_bytes()
        }
        2 => json!({ "operations": vec![json!({"delete": {"id": hostile(chance)}}); levels] })
            .to_string()
            .into_bytes(),
        3 => json!({ "filter": {"id": {"in": {"values": vec!["x"; levels]}}} }).to_string().into_bytes(),
        _ => {
            let value = match chance.below(6) {
                0 => Value::Null,
                1 => json!([null, {}, []]),
                2 => json!({"values": [hostile(chance)]}),
                3 => json!(-1e300),
                4 => json!(u64::MAX),
                _ => hostile(chance).into(),
            };
            replace(chance, &mut whole, value);
            whole.to_string().into_bytes()
        }
    }
}

/// Puts a value in the place of another.
fn replace(chance: &mut Chance, whole: &mut Value, value: Value) {
    let place = match whole {
        Value::Object(members) if !members.is_empty() => {
            let at = chance.below(members.len());
            members.values_mut().nth(at)
        }
        Value::Array(items) if !items.is_empty() => {
            let at = chance.below(items.len());
            items.get_mut(at)
        }
        _ => None,
    };
    match place {
        Some(inner) if !chance.one_in(3) => replace(chance, inner, value),
        Some(inner) => *inner = value,
        None => *whole = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::grpc::CALLS;

    /// Calls stay calls, and all changes change something.
    #[test]
    fn calls_stay_calls() {
        let mut chance = Chance::new(5);
        for (target, body) in CALLS {
            assert!(serde_json::from_str::<Value>(body).is_ok(), "{body}");
            let proper = || Request {
                method: "POST".to_owned(),
                target: (*target).to_owned(),
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            };
            let mut changed = 0;
            for _ in 0..50 {
                let mut call = proper();
                request(&mut chance, &mut call);
                assert!(call.target.starts_with('/'), "{}", call.target);
                changed += u32::from(call != proper());
            }
            assert!(changed > 40, "{target}: {changed}");
        }
    }
}
