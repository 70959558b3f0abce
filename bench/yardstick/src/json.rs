//! Rows as JSON, straight into the body.

/// The escape of each byte that cannot stand for itself in a JSON string (RFC 8259 section 7): the letter after the
/// backslash, `u` for the long form; 0 for all other bytes.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends a JSON string.
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| ESCAPES[usize::from(*byte)] != 0) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        escape(out, special[0]);
        rest = &special[1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', ESCAPES[usize::from(byte)]]);
    if ESCAPES[usize::from(byte)] == b'u' {
        let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
        out.extend_from_slice(&[b'0', b'0', high, low]);
    }
}

/// Appends an object of texts; each name comes with what stands before the value: `{"id":`, `,"name":`.
pub fn object<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'static str, &'a [u8])>) {
    for (name, value) in members {
        out.extend_from_slice(name.as_bytes());
        string(out, value);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_what_an_independent_encoder_makes_of_it() {
        let every: String = (0..=0x7f_u8).map(char::from).chain("é€🦀".chars()).collect();
        for text in ["", "plain", "\"", "a\\b\nc", &every] {
            let mut out = Vec::new();
            string(&mut out, text.as_bytes());
            let expected = serde_json::to_vec(text).expect("text is JSON");
            assert_eq!(out, expected, "{text:?}");
        }
    }
}
