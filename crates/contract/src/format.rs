//! The formats of `@format`, as predicates on texts.

use crate::model::Format;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest e-mail address, RFC 5321 section 4.5.3.1.3 without the angle brackets.
const EMAIL_BYTES_MAX: usize = 254;
/// The longest host name, RFC 1035 section 2.3.4 as text.
const HOSTNAME_BYTES_MAX: usize = 253;
/// The longest label of a host name, RFC 1035 section 2.3.4.
const LABEL_BYTES_MAX: usize = 63;
/// The most digits of a telephone number, E.164 section 6.
const PHONE_DIGITS_MAX: usize = 15;

impl Format {
    /// Whether `text` has this format.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Email => is_email(text),
            Self::Url => is_url(text),
            Self::Uuid => is_uuid(text),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Slug => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            Self::Phone => is_phone(text),
        }
    }
}

/// One `@` between a local part without spaces and a host name.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    text.len() <= EMAIL_BYTES_MAX && !local.is_empty() && local.chars().all(plain) && is_hostname(host)
}

/// A scheme (RFC 3986 section 3.1), `://`, and a rest without spaces.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(scheme_byte)
        && rest.starts_with(|c: char| c.is_alphanumeric() || c == '[' || (c == '/' && scheme == "file"))
        && rest.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// 8-4-4-4-12 hexadecimal digits, RFC 9562 section 4.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Labels of letters, digits and inner hyphens, RFC 1123 section 2.1.
fn is_hostname(text: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && part.len() <= LABEL_BYTES_MAX
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= HOSTNAME_BYTES_MAX && text.split('.').all(label)
}

/// `+` and up to 15 digits, the first not zero.
fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=PHONE_DIGITS_MAX).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_accept_what_they_name_and_nothing_else() {
        let table: &[(Format, &[&str], &[&str])] = &[
            (Format::Email, &["a@b.example", "a.b+c@x-y.de"], &["", "a", "a@", "@b", "a b@c.de", "a@b@c.de"]),
            (Format::Url, &["https://a.b/c?d", "ftp://x"], &["", "a.b", "http://", "http:// x", "1a://b"]),
            (
                Format::Uuid,
                &["01890a5d-ac96-774b-bcce-b302099a8057"],
                &["", "01890a5dac96774bbcceb302099a8057"],
            ),
            (Format::Hostname, &["a", "a-b.example"], &["", "-a", "a..b", "a_b", "a-"]),
            (Format::Ipv4, &["127.0.0.1"], &["", "256.0.0.1", "1.2.3"]),
            (Format::Ipv6, &["::1", "2001:db8::1"], &["", "1.2.3.4", ":::1"]),
            (Format::Slug, &["a-b-1"], &["", "a b", "ä"]),
            (Format::Phone, &["+4930123456"], &["", "030123", "+0123", "+1234567890123456"]),
        ];
        for (format, good, bad) in table {
            for text in *good {
                assert!(format.accepts(text), "{format:?} should accept {text:?}");
            }
            for text in *bad {
                assert!(!format.accepts(text), "{format:?} should refuse {text:?}");
            }
        }
    }
}
