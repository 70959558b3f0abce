//! What the schema lets clients give to writes is what the engine takes, of every resource of every contract.
#![allow(clippy::unwrap_used)]

mod support;

use contract::{Binding, Contract, Operation, Resource};
use describe::graphql::{Argument, Meaning, Write};
use engine::identity::{Key, Rules, Verifier};
use engine::{
    Call, Context, Credentials, Engine, Fault, FieldFault, Input, Selected, Settings, Silent, SystemClock,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::{Durability, Options, Place, Store};
use support::{FOLDERS, example};
use wire::{Format, Value};

const SECRET: &[u8] = b"a secret of the tests, 32 bytes or more";
/// Somebody who is known, and an admin, until 2100, signed with the secret: who is not known learns nothing of fields.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsInJvbGVzIjpbImFkbWluIl0sImV4cCI6NDEwMjQ0NDgwMH0.c1NTilUAUJ74g0Cxr0EWB-zy8sWuK9VYmEZA-VhIwRk";

fn engine(contract: Contract) -> Engine {
    let contract = Arc::new(contract);
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
    let store = Store::open(Arc::clone(&contract), &options).map_err(|e| e.0).unwrap();
    let rules =
        Rules { issuers: vec![], audiences: vec![], leeway: Duration::ZERO, roles_claim: "roles".into() };
    let verifier = Verifier::new(vec![Key::hs256(SECRET).unwrap()], rules, 1);
    Engine::new(contract, store, Settings::default(), verifier, Arc::new(SystemClock), Arc::new(Silent))
}

/// What the engine finds wrong with the fields of a write.
async fn faults(
    engine: &Engine,
    name: &str,
    key: Option<&str>,
    data: Vec<(String, Value)>,
) -> Vec<FieldFault> {
    let context = Context {
        protocol: "test",
        request_id: "1".into(),
        traceparent: None,
        peer: "127.0.0.1".parse().unwrap(),
        credentials: Credentials::Bearer(TOKEN.into()),
        idempotency_key: None,
        timeout: None,
        version: None,
        reply_bytes_max: None,
    };
    let input = Input { key: key.map(str::to_owned), data: Some(Value::Object(data)), ..Input::default() };
    let operation = engine.contract().operation_named(name).unwrap();
    let call = Call { operation, input, selection: Selected::Default, format: Format::Json, context };
    engine.call(call).await.err().map(|fault: Fault| fault.fields).unwrap_or_default()
}

/// The standard writes that take fields.
fn writes(contract: &Contract) -> Vec<(Write, &Resource, &Operation)> {
    let write = |operation: &Operation| match operation.binding {
        Binding::Create(id) => Some((Write::Create, id)),
        Binding::Update(id) => Some((Write::Update, id)),
        Binding::Upsert(id) => Some((Write::Upsert, id)),
        _ => None,
    };
    let all = contract.operations.iter().filter_map(|operation| {
        let (write, id) = write(operation)?;
        let resource = contract.resource(id);
        (resource.span == operation.span).then_some((write, resource, operation))
    });
    all.collect()
}

fn key_for(write: Write, resource: &Resource) -> Option<&'static str> {
    match (write, resource.key_kind) {
        (Write::Create, _) => None,
        (Write::Update | Write::Upsert | Write::Delete, _) => Some("1"),
    }
}

/// Whether the argument is a member of what the engine calls data: the key of an update stands beside it.
fn is_member(write: Write, argument: &Argument<'_>) -> bool {
    match argument.meaning {
        Meaning::Field(_) => true,
        Meaning::Key => write == Write::Create,
        Meaning::IfVersion => false,
    }
}

#[tokio::test]
async fn what_is_required_is_what_the_engine_asks_for() {
    for folder in FOLDERS {
        let engine = engine(example(folder));
        for (write, resource, operation) in writes(engine.contract()) {
            let arguments = write.arguments(resource);
            let required = arguments.iter().filter(|a| a.ty.required && is_member(write, a));
            let expected: BTreeSet<String> = required.map(|argument| argument.name.to_owned()).collect();
            let found = faults(&engine, &operation.name, key_for(write, resource), vec![]).await;
            let asked = found.into_iter().filter(|fault| fault.code == "REQUIRED").map(|fault| fault.field);
            assert_eq!(asked.collect::<BTreeSet<String>>(), expected, "{folder}: {}", operation.name);
        }
    }
}

#[tokio::test]
async fn what_can_be_given_is_what_the_engine_takes() {
    for folder in FOLDERS {
        let engine = engine(example(folder));
        for (write, resource, operation) in writes(engine.contract()) {
            let arguments = write.arguments(resource);
            for field in &resource.fields {
                let given = arguments.iter().any(|a| a.name == field.name && is_member(write, a));
                let data = vec![(field.name.clone(), Value::Null)];
                let found = faults(&engine, &operation.name, key_for(write, resource), data).await;
                let refused = |code: &str| ["READ_ONLY", "IMMUTABLE"].contains(&code);
                let taken = !found.iter().any(|fault| fault.field == field.name && refused(fault.code));
                // An upsert may repeat the key that stands beside its data.
                let is_repeated_key = write == Write::Upsert && field.name == resource.key_field().name;
                assert_eq!(taken, given || is_repeated_key, "{folder}: {} {}", operation.name, field.name);
            }
        }
    }
}
