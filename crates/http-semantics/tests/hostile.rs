//! What nobody means: mutated input.

use http_semantics::fuzz::{fuzz_form, fuzz_headers, mutate};

#[test]
fn mutated_headers() {
    let seeds = [
        "application/json;q=0.5, */*\nreturn=minimal; x=\"a,b\", wait=10\nBearer abc.def-_~+/==",
        "application/graphql-response+json\nr-1\napplication/json; charset=utf-8",
        "*/*\nwait=5\nBearer x\n00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "a\nb\nc\nd\ntext/plain\n\"key \\\" 1\"\nW/\"v3\", \"v3\", *\ncount=exact",
    ];
    mutate(&seeds, &["\n", "\"", "\\", ",", ";", "q=", "=", "W/", "*", "-", "/", "Bearer "], fuzz_headers);
}

#[test]
fn mutated_forms() {
    let seeds = ["query=%7Ba%7D&variables=%7B%22id%22%3A1%7D", "a+b=c%2Bd&e", "x=%C3%A9&&="];
    mutate(&seeds, &["%", "%2", "%FF", "+", "&", "=", "%00"], fuzz_form);
}
