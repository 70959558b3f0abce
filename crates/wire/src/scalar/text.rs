//! Texts with a form: UUIDs, URLs, e-mail addresses, base64.

use base64::alphabet;
use base64::engine::{
    DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD,
};

/// Bytes of an e-mail address at the most (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Whether a text is a UUID in hexadecimal with hyphens (RFC 9562, section 4), in either case.
pub(crate) fn is_uuid(text: &str) -> bool {
    let fits = |(i, byte): (usize, u8)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// Whether a text is an e-mail address by the rule of the HTML standard (section 4.10.5.1.5), which browsers
/// apply.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !local.is_empty() && local.bytes().all(local_fits) && domain.split('.').all(is_host_label)
}

/// A label of a host name (RFC 1034, section 3.5).
fn is_host_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(fits)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a text is an absolute URL: a scheme and what the scheme needs (RFC 3986, sections 3 and 4.3),
/// characters outside ASCII allowed as in RFC 3987.
///
/// A check by hand, not the `url` crate: URLs are stored as they were written, so nothing of a parser's
/// result would be used, and the parser's normalisation (it accepts `http:\\x`, tabs and spaces) is more
/// lenient than a server should be about what it hands to other clients.
pub(crate) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    is_scheme(scheme)
        && are_url_characters(rest)
        && match rest.strip_prefix("//") {
            Some(after) => is_authority(scheme, after.split(['/', '?', '#']).next().unwrap_or_default()),
            None => !rest.is_empty() && !needs_host(scheme),
        }
}

fn is_scheme(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(fits)
}

fn needs_host(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Every character may stand in a URL, brackets aside (they belong to the host), and each `%` has two
/// hexadecimal digits behind it; at most one `#`.
fn are_url_characters(text: &str) -> bool {
    let fits = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        _ if character.is_ascii() => "-._~:/?#[]@!$&'()*+,;=%".contains(character),
        _ => !character.is_control() && !character.is_whitespace(),
    };
    let percent_fits = |(at, _): (usize, &str)| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.chars().all(fits)
        && text.match_indices('%').all(percent_fits)
        && text.bytes().filter(|byte| *byte == b'#').count() <= 1
}

/// `user@host:port` (RFC 3986, section 3.2).
fn is_authority(scheme: &str, text: &str) -> bool {
    let host_and_port = text.rsplit_once('@').map_or(text, |(_, host)| host);
    if let Some(bracketed) = host_and_port.strip_prefix('[') {
        let Some((address, port)) = bracketed.split_once(']') else {
            return false;
        };
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse::<std::net::Ipv6Addr>().is_ok() && port_fits;
    }
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, ""));
    !text.contains(['[', ']']) && is_port(port) && (!host.is_empty() || !needs_host(scheme))
}

fn is_port(text: &str) -> bool {
    text.is_empty() || (text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

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
    fn urls_are_absolute() {
        let fit = [
            "https://example.com",
            "HTTP://example.com:8080/a/b?c=d&e[]=f#g",
            "http://[::1]:80/",
            "mailto:a@b.c",
            "urn:isbn:0451450523",
            "file:///etc/hosts",
            "https://user:pw@example.com/",
            "https://例え.jp/ü",
            "https://example.com/%20x",
            "ws://h",
            "data:text/plain,hi",
        ];
        for text in fit {
            assert!(is_url(text), "{text}");
        }
        let refused = [
            "",
            "example.com",
            "/path",
            "//example.com",
            "http:",
            "http:/x",
            "http://",
            "http:///x",
            "1http://x",
            "https://exa mple.com",
            "https://example.com/\"",
            "https://example.com/<x>",
            "http://[::1",
            "http://a]b",
            "http://h:99999",
            "http://h:x",
            "https://h/%2",
            "https://h/%zz",
            "https://h/a#b#c",
            "http:\\\\h",
            "https://h/\u{a0}",
            "https://h\n",
            ":x",
            "http://[::1]x",
            "http://:80",
        ];
        for text in refused {
            assert!(!is_url(text), "{text}");
        }
    }

    #[test]
    fn emails_are_as_in_browsers() {
        for text in ["a@b", "a.b+c@example.co.uk", "'x'@y", "..@b", "a@b-c.d"] {
            assert!(is_email(text), "{text}");
        }
        let long = format!("a@{}", "x".repeat(64));
        for text in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@-b", "a@b-", "a@b..c", "ä@b", "a@ü.de", &long]
        {
            assert!(!is_email(text), "{text}");
        }
    }

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

    #[test]
    fn uuids_have_their_hyphens() {
        assert!(is_uuid("0190163D-8694-739b-aea5-966c26f8ad90"));
        for text in ["", "0190163d8694739baea5966c26f8ad90", "0190163d-8694-739b-aea5-966c26f8ad9g"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
