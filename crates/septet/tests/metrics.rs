//! A server as it is started, asked, scraped and stopped.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/tour");

/// A server with a database of its own. It is killed when this is dropped.
struct Server {
    child: Child,
    api: String,
    metrics: Option<String>,
    _data: tempfile::TempDir,
}

impl Server {
    fn start(variables: &[(&str, &str)]) -> Server {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_septet"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SEPTET_") {
                command.env_remove(name);
            }
        }
        command.args(["serve", CONTRACT, "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The line about tokens is the last one.
        let told: Vec<String> =
            lines.map(Result::unwrap).take_while(|line| !line.starts_with("token")).collect();
        let after = |start: &str| told.iter().find_map(|line| line.strip_prefix(start)).map(str::to_owned);
        let api = after("listening on http://").expect("an address");
        let metrics =
            after("metrics  http://").map(|place| place.strip_suffix("/metrics").unwrap().to_owned());
        Server { child, api, metrics, _data: data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head and the body of an answer.
fn exchange(address: &str, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

/// The samples of a text in the format of OpenMetrics 1.0, all of it checked: families are declared before their
/// samples, stand together, and have the samples that their types have.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let (mut types, mut samples) = (BTreeMap::new(), BTreeMap::new());
    let mut family = ("", "");
    for line in body.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let words: Vec<&str> = about.splitn(3, ' ').collect();
            match words[..] {
                ["HELP", _, help] => assert!(help.ends_with('.'), "{line}"),
                ["TYPE", name, kind] => {
                    family = (name, kind);
                    assert!(types.insert(name, kind).is_none(), "{name} is declared twice");
                }
                ["UNIT", name, unit] => assert!(name == family.0 && name.ends_with(unit), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        let suffix = name.strip_prefix(family.0).unwrap_or_else(|| panic!("{line} is in {}", family.0));
        let suffixes: &[&str] = match family.1 {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{other}"),
        };
        assert!(suffixes.contains(&suffix), "{line}");
        assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line} is there twice");
    }
    samples
}

#[test]
fn calls_are_seen_by_who_scrapes() {
    let server = Server::start(&[("SEPTET_METRICS_LISTEN", "127.0.0.1:0")]);
    let metrics = server.metrics.as_deref().expect("metrics are on");
    let connect =
        "GET /tour.v1.ProductService/Get?connect=v1&encoding=json&message=%7B%22id%22%3A%22p1%22%7D";
    for (line, status) in [
        ("GET /api/products/p1", 200),
        ("GET /api/products/p1", 200),
        ("GET /api/products/none", 404),
        (connect, 200),
    ] {
        let (head, _) = exchange(&server.api, line);
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
    }
    let (head, text) = exchange(metrics, "GET /metrics");
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    let samples = samples(&text);
    let product = "operation=\"product\",protocol=\"rest\"";
    for (name, value) in [
        (format!("septet_calls_total{{{product},kind=\"ok\"}}"), 2.0),
        (format!("septet_calls_total{{{product},kind=\"not_found\"}}"), 1.0),
        (format!("septet_calls_total{{{product},kind=\"internal\"}}"), 0.0),
        (format!("septet_call_duration_seconds_count{{{product}}}"), 3.0),
        (format!("septet_call_rows_total{{{product}}}"), 2.0),
        ("septet_calls_total{operation=\"product\",protocol=\"connect\",kind=\"ok\"}".to_owned(), 1.0),
        ("septet_connections_total".to_owned(), 4.0),
        ("septet_calls_under_way".to_owned(), 0.0),
        ("septet_streams_under_way".to_owned(), 0.0),
        ("septet_channel_members".to_owned(), 0.0),
        ("septet_channel_paths".to_owned(), 0.0),
        ("septet_channel_messages_published_total".to_owned(), 0.0),
        ("septet_channel_messages_delivered_total".to_owned(), 0.0),
    ] {
        assert_eq!(samples.get(&name), Some(&value), "{name}\n{text}");
    }
    assert!(samples["septet_call_reply_bytes_total{operation=\"product\",protocol=\"rest\"}"] > 100.0);
    assert!(samples["process_start_time_seconds"] > 1.7e9);
}

/// What is there, and that none of it is on the public port.
#[test]
fn there_is_one_path_on_one_port() {
    let server = Server::start(&[("SEPTET_METRICS_LISTEN", "127.0.0.1:0")]);
    let metrics = server.metrics.as_deref().expect("metrics are on");
    for (address, line, status, has_body) in [
        (metrics, "GET /metrics?name=x", "200", true),
        (metrics, "HEAD /metrics", "200", false),
        (metrics, "POST /metrics", "405", false),
        (metrics, "GET /", "404", false),
        (metrics, "GET /api/products", "404", false),
        (&server.api, "GET /metrics", "404", true),
        (&server.api, "GET /api/metrics", "404", true),
    ] {
        let (head, body) = exchange(address, line);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{line}: {head}");
        assert_eq!(body.is_empty(), !has_body, "{line}: {body}");
        assert!(status == "200" || !body.contains("septet_"), "{line}: {body}");
    }
}

#[test]
fn by_default_nothing_is_shown() {
    assert_eq!(Server::start(&[]).metrics, None);
}
