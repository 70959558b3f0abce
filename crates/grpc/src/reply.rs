//! The one message of an answer: what the engine wrote, with what stands around and beside it.

use crate::protocol::Codec;
use crate::routes::{Rpc, Wrap};
use bytes::{BufMut, BytesMut};
use describe::proto::Does;
use engine::Answer;

/// Wire types (<https://protobuf.dev/programming-guides/encoding/#structure>).
const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;

/// A field beside the answer.
enum Beside {
    Int(u64, &'static str, i64),
    Bool(u64, &'static str, bool),
    Text(u64, &'static str, String),
}

/// The response message of an answer.
pub(crate) fn message(rpc: &Rpc, codec: Codec, answer: Answer) -> Vec<u8> {
    let beside = beside(rpc, &answer);
    match codec {
        Codec::Proto => proto(rpc, answer, &beside),
        Codec::Json => json(rpc, answer, &beside),
    }
}

/// What the responses of standard methods say beside the record or records.
fn beside(rpc: &Rpc, answer: &Answer) -> Vec<Beside> {
    let version = answer.version.map(|version| Beside::Int(2, "rowVersion", version));
    match rpc.does {
        Does::Get(_) | Does::Create(_) | Does::Update(_) => version.into_iter().collect(),
        Does::Upsert(_) => version.into_iter().chain([Beside::Bool(3, "created", answer.created)]).collect(),
        Does::List(_) | Does::Related { .. } => {
            let next =
                answer.edges.as_ref().filter(|edges| edges.has_more).and_then(|edges| edges.last.clone());
            let token = next.map(|token| Beside::Text(2, "nextPageToken", token));
            let total = answer.total.and_then(|total| i64::try_from(total).ok());
            token.into_iter().chain(total.map(|total| Beside::Int(3, "totalSize", total))).collect()
        }
        Does::Stream(_) | Does::Count(_) | Does::Aggregate(_) | Does::Group(_) => Vec::new(),
        Does::Delete(_) | Does::Batch(_) | Does::Own => Vec::new(),
    }
}

fn proto(rpc: &Rpc, answer: Answer, beside: &[Beside]) -> Vec<u8> {
    let body = answer.body;
    let mut out = match &rpc.wrap {
        // A list is written as field 1 of its message, a scalar as the field of one.
        Wrap::Bare | Wrap::List(_) | Wrap::Scalar(_) => body,
        Wrap::Nothing => Vec::new(),
        Wrap::Field(_) if body.is_empty() && answer.rows == 0 => Vec::new(),
        Wrap::Field(_) => {
            let mut out = Vec::with_capacity(body.len() + 8);
            tag(&mut out, 1, LENGTH_DELIMITED);
            varint(&mut out, body.len() as u64);
            out.extend_from_slice(&body);
            out
        }
        Wrap::Count(_) => {
            let mut out = Vec::with_capacity(8);
            tag(&mut out, 1, VARINT);
            varint(&mut out, answer.total.unwrap_or_default());
            out
        }
    };
    for field in beside {
        match field {
            Beside::Int(number, _, value) => {
                tag(&mut out, *number, VARINT);
                varint(&mut out, *value as u64);
            }
            Beside::Bool(_, _, false) => {}
            Beside::Bool(number, _, true) => {
                tag(&mut out, *number, VARINT);
                varint(&mut out, 1);
            }
            Beside::Text(number, _, text) => {
                tag(&mut out, *number, LENGTH_DELIMITED);
                varint(&mut out, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    out
}

fn tag(out: &mut Vec<u8>, number: u64, wire: u64) {
    varint(out, number << 3 | wire);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn json(rpc: &Rpc, answer: Answer, beside: &[Beside]) -> Vec<u8> {
    let Answer { body, rows, total, .. } = answer;
    let mut out = BytesMut::with_capacity(body.len() + 64);
    match &rpc.wrap {
        Wrap::Bare => return if body.is_empty() { b"{}".to_vec() } else { body },
        Wrap::Nothing => out.put_u8(b'{'),
        Wrap::Field(_) | Wrap::Scalar(_) if body.is_empty() && rows == 0 => out.put_u8(b'{'),
        Wrap::Field(name) | Wrap::Scalar(name) | Wrap::List(name) => {
            member(&mut out, name);
            out.put_slice(if body.is_empty() { b"[]" } else { &body });
        }
        Wrap::Count(name) => {
            member(&mut out, name);
            out.put_slice(format!("\"{}\"", total.unwrap_or_default()).as_bytes());
        }
    }
    for field in beside {
        match field {
            Beside::Int(_, name, value) => {
                member(&mut out, name);
                out.put_slice(format!("\"{value}\"").as_bytes());
            }
            Beside::Bool(_, name, value) => {
                member(&mut out, name);
                out.put_slice(value.to_string().as_bytes());
            }
            Beside::Text(_, name, text) => {
                member(&mut out, name);
                out.put_slice(serde_json::Value::from(text.as_str()).to_string().as_bytes());
            }
        }
    }
    out.put_u8(b'}');
    out.into()
}

/// Begins a member of an object, or the object with it. Names are of letters, digits and `_`.
fn member(out: &mut BytesMut, name: &str) {
    out.put_u8(if out.is_empty() || out.last() == Some(&b'{') && out.len() == 1 { b'{' } else { b',' });
    if out.len() == 2 && out[0] == b'{' {
        out.truncate(1);
    }
    out.put_u8(b'"');
    out.put_slice(name.as_bytes());
    out.put_slice(b"\":");
}
