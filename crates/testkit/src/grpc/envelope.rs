//! Messages in their envelopes: a byte of flags, four bytes of length, the message.

/// Bytes in front of a message.
const PREFIX_BYTES: usize = 5;
/// The flag of gRPC-Web's trailers.
pub const TRAILERS: u8 = 0x80;
/// The flag of the end of a Connect stream.
pub const END_STREAM: u8 = 0x02;

/// A message in its envelope.
pub fn sealed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("messages of cases are small");
    [&[0][..], &length.to_be_bytes(), message].concat()
}

/// The envelopes of a body: flags and contents.
pub fn opened(mut body: &[u8]) -> Result<Vec<(u8, &[u8])>, String> {
    let mut found = Vec::new();
    while let Some((prefix, rest)) = body.split_first_chunk::<PREFIX_BYTES>() {
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        let (message, rest) = rest.split_at_checked(length).ok_or("an envelope is cut off")?;
        found.push((prefix[0], message));
        body = rest;
    }
    if body.is_empty() { Ok(found) } else { Err("an envelope is cut off in its prefix".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened() {
        let body = [sealed(b"ab"), sealed(b"")].concat();
        assert_eq!(opened(&body), Ok(vec![(0, &b"ab"[..]), (0, &b""[..])]));
        assert_eq!(opened(&[0x80, 0, 0, 0, 1, b'x']), Ok(vec![(TRAILERS, &b"x"[..])]));
        for cut in [1, 6, 9] {
            assert!(opened(&body[..cut]).is_err(), "{cut}");
        }
    }
}
