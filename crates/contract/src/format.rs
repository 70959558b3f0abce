//! The formats of `@format`, as predicates on texts.

use crate::model::Format;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest e-mail address, RFC 5321 section 4.5.3.1.3 without the angle brackets.
pub const EMAIL_BYTES_MAX: usize = 254;
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

/// Whether a text is an e-mail address by the rule of the HTML standard (section 4.10.5.1.5), which browsers
/// apply.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let is_short = text.len() <= EMAIL_BYTES_MAX;
    is_short && !local.is_empty() && local.bytes().all(local_fits) && domain.split('.').all(is_label)
}

/// Whether a text is an absolute URL: a scheme and what the scheme needs (RFC 3986, sections 3 and 4.3),
/// characters outside ASCII allowed as in RFC 3987.
///
/// A check by hand, not the `url` crate: URLs are stored as they were written, so nothing of a parser's
/// result would be used, and the parser's normalisation (it accepts `http:\\x`, tabs and spaces) is more
/// lenient than a server should be about what it hands to other clients.
fn is_url(text: &str) -> bool {
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
    text.len() <= HOSTNAME_BYTES_MAX && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
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
    fn uuids_have_their_hyphens() {
        assert!(is_uuid("0190163D-8694-739b-aea5-966c26f8ad90"));
        for text in ["", "0190163d8694739baea5966c26f8ad90", "0190163d-8694-739b-aea5-966c26f8ad9g"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
