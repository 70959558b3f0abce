//! Which host a request names (RFC 9112 section 3.2, RFC 9113 section 8.3.1).

use http::{HeaderMap, HeaderValue, Uri, Version, header};
use std::net::Ipv6Addr;

/// Whether a request names one host, and what it names is one.
///
/// HTTP/1.1 names it in one `Host`; a target in absolute form takes its place, and both have to make sense. HTTP/2 names it
/// in `:authority`, in `Host`, or alike in both. In HTTP/1.0 it may be missing.
pub(crate) fn names_a_host(version: Version, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::HOST).iter();
    let (host, second) = (lines.next(), lines.next());
    let is_sound = second.is_none() && host.is_none_or(|host| is_host(host.as_bytes()));
    let authority = uri.authority().map(http::uri::Authority::as_str);
    if !is_sound || !authority.is_none_or(|authority| is_host(authority.as_bytes())) {
        return false;
    }
    match version {
        Version::HTTP_2 => match (authority, host) {
            (Some(authority), Some(host)) => authority.as_bytes().eq_ignore_ascii_case(host.as_bytes()),
            (authority, host) => authority.is_some() || host.is_some(),
        },
        Version::HTTP_11 => host.is_some(),
        _ => true,
    }
}

/// `uri-host [ ":" port ]` (RFC 3986 section 3.2.2). A comma, which the grammar has among the characters of names, is where
/// two lines were joined, and no name of a host has one.
fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.strip_prefix(b"[") {
        Some(rest) => match split_at(rest, b']') {
            Some((address, rest)) if is_address(address) => (&b""[..], rest),
            Some(_) | None => return false,
        },
        None => text.iter().position(|byte| *byte == b':').map_or((text, &b""[..]), |at| text.split_at(at)),
    };
    is_name(host) && is_port(port)
}

fn split_at(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == at)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Nothing, or a colon and a number, which may be missing.
fn is_port(text: &[u8]) -> bool {
    match text.strip_prefix(b":") {
        None => text.is_empty(),
        Some(digits) => {
            let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u16>().ok());
            digits.is_empty() || (digits.iter().all(u8::is_ascii_digit) && number.is_some())
        }
    }
}

/// What stands in brackets: an address of IP version 6, or of a version to come.
fn is_address(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let is_future = || {
        let (version, address) = text.strip_prefix(['v', 'V'])?.split_once('.')?;
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_address =
            !address.is_empty() && address.bytes().all(|byte| byte == b':' || is_name_byte(byte));
        Some(is_version && is_address)
    };
    text.parse::<Ipv6Addr>().is_ok() || is_future() == Some(true)
}

/// `reg-name`: may be empty.
fn is_name(text: &[u8]) -> bool {
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let is_fine = match byte {
            b'%' => {
                let digits = [rest.next(), rest.next()];
                digits.iter().all(|digit| digit.is_some_and(u8::is_ascii_hexdigit))
            }
            byte => is_name_byte(*byte),
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// `unreserved`, and `sub-delims` but for the comma.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&byte)
}

/// Whether a field's value has white space around it, which HTTP/1 takes off and HTTP/2 forbids (RFC 9113 section 8.2.1).
pub(crate) fn is_padded(value: &HeaderValue) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_blank(value.as_bytes().first()) || is_blank(value.as_bytes().last())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn hosts() {
        let hosts = "a|a.example|a:80|a:|:80||127.0.0.1:8080|[::1]|[::1]:80|[::ffff:1.2.3.4]|[v1.a:b]|x%20y|a_b|a~b|A-1.|xn--a";
        for host in hosts.split('|') {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        let others = "a b/user@x/u:p@x/x:abc/x:80:80/x:99999/x:+1/[::1/::1/[::1]x/[::1]:x/[]/[a]/[v.a]/[v1.]/[fe80::1%25e]/\
            a,b/a\\b/a?b/a#b/<a>/\"a\"/%/%2/%zz/a^b/a`b/{a}/a|b/ä/a\u{7f}/a\t";
        for host in others.split('/').chain(["a/b", "a b/c", " a", "a "]) {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
        assert!(!is_host(b"a\xff"));
    }

    #[test]
    fn one_host_is_named() {
        let check = |version, uri: &'static str, lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::HOST, HeaderValue::from_static(line));
            }
            names_a_host(version, &Uri::from_static(uri), &headers)
        };
        for (uri, hosts, in_10, in_11, in_2) in [
            ("/", &["a"][..], true, true, true),
            ("/", &[""], true, true, true),
            ("/", &[], true, false, false),
            ("/", &["a", "a"], false, false, false),
            ("/", &["a b"], false, false, false),
            ("http://a/", &["a"], true, true, true),
            ("http://a/", &["A"], true, true, true),
            ("http://a/", &["b"], true, true, false),
            ("http://a/", &[], true, false, true),
            ("http://a/", &["a", "a"], false, false, false),
            ("http://u@a/", &["a"], false, false, false),
            ("http://u@a/", &["u@a"], false, false, false),
            ("http://a:x/", &["a"], false, false, false),
        ] {
            for (version, expected) in
                [(Version::HTTP_10, in_10), (Version::HTTP_11, in_11), (Version::HTTP_2, in_2)]
            {
                // The library refuses some authorities by itself.
                if uri.parse::<Uri>().is_ok() {
                    assert_eq!(check(version, uri, hosts), expected, "{version:?} {uri} {hosts:?}");
                }
            }
        }
    }
}
