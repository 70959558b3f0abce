//! Nothing that a peer sends panics, hangs, or grows without bound.

use grpc::fuzz::{fuzz_frames, fuzz_get, fuzz_head};
use http_semantics::fuzz::mutate;

#[test]
fn frames() {
    let seeds = [
        "\0\0\0\0\u{3}one",
        "\u{1}\0\0\0\u{5}abcde\0\0\0\0\0",
        "\u{2}\0\0\0\u{2}{}",
        "\0\u{7f}\u{7f}\u{7f}\u{7f}",
        "\u{1f}\u{8b}\u{8}",
    ];
    let words = ["\0\0\0\0\0", "\u{1}\0\0\0\u{1}", "(\u{b5}/\u{fd}", "\0\0\0\u{1}\0"];
    mutate(&seeds, &words, fuzz_frames);
}

#[test]
fn heads() {
    let seeds = [
        "application/grpc\n100m\ngzip\nzstd,gzip\n1500\nidentity",
        "application/connect+json\n\n\n\n99999999999\nzstd",
        "application/grpc-web-text\n1H\nsnappy\n\n\n",
    ];
    let words = ["application/", "+proto", "grpc", "-web", "99999999S", "gzip", "\n", ";", ","];
    mutate(&seeds, &words, fuzz_head);
}

#[test]
fn reads_by_get() {
    let seeds = [
        "connect=v1&encoding=json&message=%7B%7D",
        "encoding=proto&base64=1&message=CgJwMQ&compression=gzip",
    ];
    let words = ["encoding=json&", "message=", "base64=1", "%", "&", "=", "compression=zstd", "connect=v2"];
    mutate(&seeds, &words, fuzz_get);
}
