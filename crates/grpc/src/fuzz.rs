//! Bodies for fuzzing: nothing that a peer sends may panic, hang, or grow without bound.

use crate::coding::Coding;
use crate::frame::{Deframer, envelopes};
use crate::protocol::{Protocol, Terms};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};

/// Bytes of a message at the most.
const MESSAGE_BYTES_MAX: usize = 1 << 16;

/// Cuts a body into envelopes, whole and in pieces, which must find the same, and decompresses what says it is.
pub fn fuzz_frames(data: &[u8]) {
    let whole = envelopes(Bytes::copy_from_slice(data), MESSAGE_BYTES_MAX);
    let mut deframer = Deframer::new(MESSAGE_BYTES_MAX);
    let mut found = Vec::new();
    let mut failed = false;
    for piece in data.chunks(7) {
        deframer.push(piece);
        loop {
            match deframer.next() {
                Ok(Some(envelope)) => found.push(envelope),
                Ok(None) => break,
                Err(_) => {
                    failed = true;
                    break;
                }
            }
        }
    }
    if let Ok(whole) = whole {
        assert!(!failed && deframer.end().is_ok() && whole == found);
    }
    for envelope in found {
        for coding in Coding::BY_PREFERENCE {
            if let Ok(plain) = coding.decompressed(&envelope.message, MESSAGE_BYTES_MAX) {
                assert!(plain.len() <= MESSAGE_BYTES_MAX);
            }
        }
    }
}

/// Reads what a head says of a call; lines of the data are values of the fields in turn.
pub fn fuzz_head(data: &[u8]) {
    const NAMES: [&str; 6] = [
        "content-type",
        "grpc-timeout",
        "grpc-encoding",
        "grpc-accept-encoding",
        "connect-timeout-ms",
        "connect-content-encoding",
    ];
    let mut headers = HeaderMap::new();
    for (at, line) in data.split(|byte| *byte == b'\n').take(32).enumerate() {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(NAMES[at % NAMES.len()], value);
        }
    }
    if let Some((protocol, codec)) = Terms::of(&headers) {
        let _ = Terms::new(protocol, codec, &headers);
        let _ = Terms::new(Protocol::ConnectStream, codec, &headers);
    }
}

/// Reads a Connect request by `GET`; the data is its query.
pub fn fuzz_get(data: &[u8]) {
    let query: String = String::from_utf8_lossy(data).chars().filter(|c| c.is_ascii_graphic()).collect();
    let Ok(uri) = format!("/a.B/C?{query}").parse::<Uri>() else { return };
    if let Some(codec) = crate::connect::codec(&uri) {
        let _ = crate::connect::get(&uri, &HeaderMap::new(), codec);
    }
}
