//! Base64.

use base64::alphabet;
use base64::engine::{
    DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD,
};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Reads base64 (RFC 4648, sections 4 and 5): either alphabet, padded or not.
pub(crate) fn base64_bytes(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE_LENIENT } else { &STANDARD_LENIENT };
    engine.decode_vec(text, out).ok()
}

/// Appends bytes in base64, standard alphabet, padded.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("the room is exact");
}

/// Bytes in base64, standard alphabet, padded.
pub(crate) fn push_base64(out: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_both_alphabets() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            let mut out = Vec::new();
            assert_eq!(base64_bytes(text, &mut out), Some(()), "{text}");
            assert_eq!(out, [0xfb, 0xff]);
        }
        for text in ["+_8=", "+/9", "a", "+/8==", "+/ 8", "ü"] {
            assert_eq!(base64_bytes(text, &mut Vec::new()), None, "{text}");
        }
    }
}
