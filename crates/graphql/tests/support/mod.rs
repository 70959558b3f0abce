//! The tour, served in memory to requests that are made by hand.
#![allow(dead_code, reason = "each test uses its part")]

use edge::{Request, Response};
use engine::identity::{Key, Rules, Verifier};
use engine::{Engine, Observer, Silent, SystemClock};
use graphql::{Graphql, Service, Settings, StartError};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Durability, Options, Place, Store};

/// What tokens are signed with.
const SECRET: &[u8] = b"a secret of thirty-two bytes, or";

/// A token of somebody with a role, without a word before it.
pub fn token(role: &str) -> String {
    let claims = serde_json::json!({"sub": "somebody", "roles": [role], "exp": 4_000_000_000_u32});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("claims can be signed")
}

pub fn contract() -> Arc<contract::Contract> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tour");
    Arc::new(contract::load(&folder).map_err(|found| found.to_string()).expect("the tour is valid").contract)
}

pub fn face(settings: Settings) -> Result<Graphql, StartError> {
    face_of(contract(), settings)
}

fn face_of(contract: Arc<contract::Contract>, settings: Settings) -> Result<Graphql, StartError> {
    let sdl = describe::graphql::sdl(&contract);
    Graphql::new(contract, &sdl, settings)
}

pub fn service(settings: Settings) -> Service {
    service_of(settings, engine::Settings::default())
}

pub fn service_of(settings: Settings, engine: engine::Settings) -> Service {
    service_with(contract(), settings, engine, Arc::new(Silent))
}

/// The tour without limits, and who sees how its calls end.
pub fn service_seen_by(observer: Arc<dyn Observer>) -> Service {
    let unlimited =
        engine::Settings { caller_units_per_min: 0, address_units_per_min: 0, ..engine::Settings::default() };
    service_with(contract(), Settings::default(), unlimited, observer)
}

/// The same for a contract that is a text.
pub fn service_of_text(text: &str) -> Service {
    let mut sources = contract::Sources::default();
    sources.add("test.graphql", text);
    let loaded = contract::compile(sources, &|_| Err("no files".into()));
    let loaded = loaded.map_err(|found| found.to_string()).expect("the contract is valid");
    let settings = (Settings::default(), engine::Settings::default());
    service_with(Arc::new(loaded.contract), settings.0, settings.1, Arc::new(Silent))
}

fn service_with(
    contract: Arc<contract::Contract>,
    settings: Settings,
    engine: engine::Settings,
    observer: Arc<dyn Observer>,
) -> Service {
    let options = Options {
        place: Place::Memory,
        durability: Durability::Process,
        group_writes_max: 8,
        queue_writes_max: 8,
        slow_readers: 1,
        stream_readers: 2,
        gathered_bytes_max: 64 << 20,
        queue_reads_max: 8,
        inline_steps_max: 10_000,
        writer_hold_max: std::time::Duration::from_secs(30),
        writer_answer_steps_max: 1_000_000,
        outbox: store::OutboxKept { keep_s: 604_800, bytes_max: 256 << 20 },
    };
    let store = Store::open(Arc::clone(&contract), &options).map_err(|e| e.0).expect("it is in memory");
    let rules =
        Rules { issuers: vec![], audiences: vec![], leeway: Duration::ZERO, roles_claim: "roles".into() };
    let key = Key::hs256(SECRET).expect("it is long enough");
    let verifier = Verifier::new(vec![key], rules, 10);
    let clock = Arc::new(SystemClock);
    let face = face_of(Arc::clone(&contract), settings).expect("the settings are sound");
    let engine = Engine::new(contract, store, engine, verifier, clock, observer);
    Service::new(face, Arc::new(engine))
}

/// Sends a request as its parts, and waits for the answer.
pub async fn send(
    service: &Service,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    service.handle(request(method, target, headers, body), || "r1".to_owned()).await
}

/// A request of its parts.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        map.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    Request {
        method: Method::from_bytes(method.as_bytes()).expect("a method"),
        uri: target.parse().expect("a target"),
        version: http::Version::HTTP_11,
        headers: map,
        peer: "127.0.0.1:1".parse().expect("an address"),
        body: body.to_vec().into(),
        overload: None,
    }
}

/// Posts a document with the media type of its own; the status and the body.
pub async fn post(service: &Service, body: &str) -> (u16, String) {
    let headers = [("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    let response = send(service, "POST", "/graphql", &headers, body.as_bytes()).await;
    (response.status().as_u16(), text(response))
}

/// The body; what is no text is replaced.
pub fn text(response: Response) -> String {
    String::from_utf8_lossy(&response.into_body().into_bytes()).into_owned()
}

/// A text as JSON.
pub fn json(text: &str) -> String {
    wire::Value::Text(text.to_owned()).json_text()
}
