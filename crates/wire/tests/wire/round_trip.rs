//! Generated replies, written in every format and read back by an independent reader.

use crate::model::{Datum, everything, push, record};
use crate::read;
use crate::source::Source;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::de::DeserializeSeed;
use wire::{Encoder, JsonEncoder, Layout, ProtoJsonEncoder, ProtobufEncoder, Shape, Wrapped, XmlEncoder};

const REPLIES: u64 = 1500;
const BYTES_MAX: usize = 1 << 26;

/// Leaves' empty texts as nulls: in XML the two are the same where the text is the element's own.
fn without_empty_texts(shape: &Shape, record: &mut Datum) {
    let Datum::Record(values) = record else { return };
    for (field, value) in shape.fields.iter().zip(values) {
        let is_text = field.name.xml == contract::Xml::Text;
        match (&field.layout, value) {
            (_, value @ Datum::Text(_)) if is_text && *value == Datum::Text(String::new()) => {
                *value = Datum::Null
            }
            (Layout::List(item), Datum::List(items)) => {
                if let Layout::Object(shape) = &**item {
                    items.iter_mut().for_each(|item| without_empty_texts(shape, item));
                }
            }
            (Layout::Many(shape), Datum::List(items)) => {
                items.iter_mut().for_each(|item| without_empty_texts(shape, item));
            }
            (Layout::One(shape) | Layout::Object(shape), value) => without_empty_texts(shape, value),
            _ => {}
        }
    }
}

fn replies() -> impl Iterator<Item = (u64, Box<Shape>, Datum)> {
    (0..REPLIES).map(|seed| {
        let mut source = Source(seed);
        let shape = everything((seed % 3) as usize);
        let mut reply = record(&shape, &mut source);
        without_empty_texts(&shape, &mut reply);
        (seed, shape, reply)
    })
}

#[test]
fn json_is_read_back_by_serde_json() {
    for (seed, shape, reply) in replies() {
        let mut encoder = JsonEncoder::new(Vec::new(), BYTES_MAX);
        push(&mut encoder, &shape, &reply).unwrap();
        let bytes = encoder.finish();
        let read = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read::json_record(&shape, &read), reply, "seed {seed}");
    }
}

fn pool() -> DescriptorPool {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
    let mut compiler = protox::Compiler::new([directory]).unwrap();
    compiler.include_imports(true).open_file("reply.proto").unwrap();
    compiler.descriptor_pool()
}

#[test]
fn protobuf_is_read_back_by_prost() {
    let message = pool().get_message_by_name("Everything").unwrap();
    for (seed, shape, reply) in replies() {
        let mut encoder = ProtobufEncoder::new(Vec::new(), BYTES_MAX);
        push(&mut encoder, &shape, &reply).unwrap();
        let bytes = encoder.finish();
        let read = DynamicMessage::decode(message.clone(), &bytes[..]).unwrap();
        assert_eq!(read::protobuf_record(&shape, &read), reply, "seed {seed}");
    }
}

fn from_proto_json(message: &MessageDescriptor, bytes: &[u8]) -> DynamicMessage {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = message.clone().deserialize(&mut json).unwrap();
    json.end().unwrap();
    read
}

#[test]
fn proto_json_is_read_back_by_prost() {
    let message = pool().get_message_by_name("Everything").unwrap();
    for (seed, shape, reply) in replies() {
        let mut encoder = ProtoJsonEncoder::new(Vec::new(), BYTES_MAX);
        push(&mut encoder, &shape, &reply).unwrap();
        let read = from_proto_json(&message, &encoder.finish());
        assert_eq!(read::protobuf_record(&shape, &read), reply, "seed {seed}");
    }
}

/// The messages of a sequence of envelopes.
fn enveloped(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
        assert_eq!(head[0], 0);
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        messages.push(&rest[..length]);
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty());
    messages
}

#[test]
fn items_are_read_back_by_prost() {
    let (shape, pool) = (everything(1), pool());
    let bare = pool.get_message_by_name("Everything").unwrap();
    let around = pool.get_message_by_name("Item").unwrap();
    let unwrap = |read: DynamicMessage| {
        let field = read.get_field_by_number(1).unwrap().into_owned();
        field.as_message().unwrap().clone()
    };
    for length in [0, 1, 2, 50] {
        let mut source = Source(length);
        let records: Vec<_> = (0..length).map(|_| record(&shape, &mut source)).collect();
        let check = |read: Vec<DynamicMessage>| {
            let read: Vec<_> = read.iter().map(|read| read::protobuf_record(&shape, read)).collect();
            assert_eq!(read, records);
        };
        let before = b"before".to_vec();
        let written = |mut encoder: ProtobufEncoder| {
            push_list(&mut encoder, &shape, &records);
            encoder.finish().split_off(before.len())
        };
        let bytes = written(ProtobufEncoder::of_items(before.clone(), BYTES_MAX, Wrapped::Bare));
        let read = |bytes: &&[u8]| DynamicMessage::decode(bare.clone(), *bytes).unwrap();
        check(enveloped(&bytes).iter().map(read).collect());
        let bytes = written(ProtobufEncoder::of_items(before.clone(), BYTES_MAX, Wrapped::Field("item")));
        let read = |bytes: &&[u8]| unwrap(DynamicMessage::decode(around.clone(), *bytes).unwrap());
        check(enveloped(&bytes).iter().map(read).collect());

        let written = |mut encoder: ProtoJsonEncoder| {
            push_list(&mut encoder, &shape, &records);
            encoder.finish().split_off(before.len())
        };
        let bytes = written(ProtoJsonEncoder::of_items(before.clone(), BYTES_MAX, Wrapped::Bare));
        check(enveloped(&bytes).iter().map(|bytes| from_proto_json(&bare, bytes)).collect());
        let bytes = written(ProtoJsonEncoder::of_items(before.clone(), BYTES_MAX, Wrapped::Field("theItem")));
        check(enveloped(&bytes).iter().map(|bytes| unwrap(from_proto_json(&around, bytes))).collect());
    }
}

/// Items that were read from the end, and a reply that is no list.
#[test]
fn items_turn_and_single_records_stay_bare() {
    let shape = everything(1);
    let records: Vec<_> = (0..5).map(|seed| record(&shape, &mut Source(seed))).collect();
    let both = |binary: &mut ProtobufEncoder, json: &mut ProtoJsonEncoder, records: &[Datum]| {
        push_list(binary, &shape, records);
        push_list(json, &shape, records);
    };
    let encoders = || {
        let wrapped = Wrapped::Field("item");
        (
            ProtobufEncoder::of_items(Vec::new(), BYTES_MAX, wrapped),
            ProtoJsonEncoder::of_items(Vec::new(), BYTES_MAX, wrapped),
        )
    };
    let (mut binary, mut json) = encoders();
    both(&mut binary, &mut json, &records);
    let (mut binary_turned, mut json_turned) = encoders();
    turned(&mut binary_turned, &shape, &records);
    turned(&mut json_turned, &shape, &records);
    assert_eq!(binary_turned.finish(), binary.finish());
    assert_eq!(json_turned.finish(), json.finish());

    let (mut binary, mut json) = encoders();
    push(&mut binary, &shape, &records[1]).unwrap();
    push(&mut json, &shape, &records[1]).unwrap();
    let mut plain_binary = ProtobufEncoder::new(Vec::new(), BYTES_MAX);
    let mut plain_json = ProtoJsonEncoder::new(Vec::new(), BYTES_MAX);
    push(&mut plain_binary, &shape, &records[1]).unwrap();
    push(&mut plain_json, &shape, &records[1]).unwrap();
    assert_eq!(binary.finish(), plain_binary.finish());
    assert_eq!(json.finish(), plain_json.finish());
}

fn turned(encoder: &mut impl Encoder, shape: &Shape, records: &[Datum]) {
    encoder.begin_list(shape).unwrap();
    let mut starts = Vec::new();
    for record in records.iter().rev() {
        starts.push(encoder.position());
        push(encoder, shape, record).unwrap();
    }
    encoder.turn_items(&starts);
    encoder.end_list(shape).unwrap();
}

#[test]
fn xml_is_read_back_by_quick_xml() {
    for (seed, shape, reply) in replies() {
        let mut encoder = XmlEncoder::new(Vec::new(), BYTES_MAX, "list");
        push(&mut encoder, &shape, &reply).unwrap();
        let bytes = encoder.finish();
        let read = read::element(&bytes);
        assert_eq!(read.name, "Everything");
        assert_eq!(read::xml_record(&shape, &read), reply, "seed {seed}");
    }
}

fn push_list(encoder: &mut impl Encoder, shape: &Shape, records: &[Datum]) {
    encoder.begin_list(shape).unwrap();
    records.iter().for_each(|record| push(encoder, shape, record).unwrap());
    encoder.end_list(shape).unwrap();
}

#[test]
fn lists_are_read_back_in_every_format() {
    let shape = everything(1);
    let message = pool().get_message_by_name("Reply").unwrap();
    for length in [0, 1, 2, 50] {
        let mut source = Source(length);
        let mut records: Vec<_> = (0..length).map(|_| record(&shape, &mut source)).collect();
        records.iter_mut().for_each(|record| without_empty_texts(&shape, record));

        let mut encoder = JsonEncoder::new(Vec::new(), BYTES_MAX);
        push_list(&mut encoder, &shape, &records);
        let items: Vec<serde_json::Value> = serde_json::from_slice(&encoder.finish()).unwrap();
        let read: Vec<_> = items.iter().map(|item| read::json_record(&shape, item)).collect();
        assert_eq!(read, records);

        let mut encoder = ProtobufEncoder::new(Vec::new(), BYTES_MAX);
        push_list(&mut encoder, &shape, &records);
        let reply = DynamicMessage::decode(message.clone(), &encoder.finish()[..]).unwrap();
        let items = reply.get_field_by_name("items").unwrap().into_owned();
        let items = items.as_list().unwrap().iter();
        let read: Vec<_> =
            items.map(|item| read::protobuf_record(&shape, item.as_message().unwrap())).collect();
        assert_eq!(read, records);

        let mut encoder = XmlEncoder::new(Vec::new(), BYTES_MAX, "everythings");
        push_list(&mut encoder, &shape, &records);
        let root = read::element(&encoder.finish());
        assert_eq!(
            (root.name.as_str(), root.children.iter().all(|item| item.name == "Everything")),
            ("everythings", true)
        );
        let read: Vec<_> = root.children.iter().map(|item| read::xml_record(&shape, item)).collect();
        assert_eq!(read, records);
    }
}
