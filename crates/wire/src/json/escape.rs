//! Strings: finding and escaping what a JSON string cannot hold as it is.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// What stands for each control character (RFC 8259, section 7).
const CONTROLS: [&str; 0x20] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b", "\\t",
    "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
    "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c",
    "\\u001d", "\\u001e", "\\u001f",
];

/// Hands `text` to `put` piece by piece, escaped for the inside of a JSON string.
#[inline]
pub(crate) fn escape(text: &str, mut put: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        put(&rest[..at]);
        put(match rest.as_bytes()[at] {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            control => CONTROLS[usize::from(control & 0x1f)],
        });
        rest = &rest[at + 1..];
    }
    put(rest);
}

/// Where the first quote, backslash or control character is: eight bytes at a time, because almost all texts
/// have none and the scan is then the whole cost.
#[inline]
pub(crate) fn first_special(bytes: &[u8]) -> Option<usize> {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().position(|byte| is_special(*byte));
    };
    let (chunks, _) = bytes.as_chunks::<8>();
    for (i, chunk) in chunks.iter().enumerate() {
        if let Some(at) = special_in(*chunk) {
            return Some(i * 8 + at);
        }
    }
    // The last eight bytes overlap those already found clean, which is cheaper than a loop over the
    // remainder.
    special_in(*last).map(|at| bytes.len() - 8 + at)
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first special byte of eight. Borrows between the bytes only ever reach bytes behind a true hit, so the
/// lowest bit set is exact.
#[inline]
fn special_in(chunk: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(chunk);
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let hits = (below_space | zero_bytes(quote) | zero_bytes(backslash)) & HIGHS;
    (hits != 0).then(|| hits.trailing_zeros() as usize / 8)
}

#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_every_place_and_length() {
        for length in 0..40 {
            assert_eq!(first_special(&vec![b'a'; length]), None);
            assert_eq!(first_special(&vec![0xff; length]), None);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![b'z'; length];
                    bytes[at] = byte;
                    bytes[length - 1] = if at == length - 1 { byte } else { b'\n' };
                    let expected = bytes.iter().position(|byte| is_special(*byte));
                    assert_eq!(first_special(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }
}
