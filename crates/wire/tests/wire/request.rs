//! Generated requests, written by prost and read by the table.

use crate::source::Source;
use contract::Scalar;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, SerializeOptions, Value as Theirs,
};
use wire::{
    Absent, DecodeBounds, EnumValue, Kind, Label, MessageError, MessageField, Messages, Value,
    decode_protobuf, decode_protobuf_json,
};

const REQUESTS: u64 = 1000;

pub const LEAF: usize = 0;
pub const REQUEST: usize = 1;

fn descriptors() -> DescriptorPool {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
    let mut compiler = protox::Compiler::new([directory]).unwrap();
    compiler.include_imports(true).open_file("request.proto").unwrap();
    compiler.descriptor_pool()
}

fn request() -> MessageDescriptor {
    descriptors().get_message_by_name("Request").unwrap()
}

/// What a field of the proto file means to a contract.
fn scalar(field: &FieldDescriptor) -> Scalar {
    use prost_reflect::Kind as Their;
    match (field.name(), field.kind()) {
        ("price", _) => Scalar::Decimal { scale: 2 },
        ("day", _) => Scalar::Date,
        ("json" | "jsons" | "plain_json", _) => Scalar::Json,
        ("id" | "plain_id", _) => Scalar::Id,
        (_, Their::String) => Scalar::String,
        (_, Their::Int32) => Scalar::Int,
        (_, Their::Int64) => Scalar::Long,
        (_, Their::Double) => Scalar::Float,
        (_, Their::Bool) => Scalar::Boolean,
        (_, Their::Bytes) => Scalar::Bytes,
        (name, kind) => panic!("{name} is {kind:?}"),
    }
}

fn kind(field: &FieldDescriptor) -> Kind {
    use prost_reflect::Kind as Their;
    match field.kind() {
        Their::Enum(_) => Kind::Enum(0),
        Their::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => Kind::Scalar(Scalar::DateTime),
            "google.protobuf.Duration" => Kind::Scalar(Scalar::Duration),
            "google.protobuf.FieldMask" => Kind::FieldMask,
            "Leaf" => Kind::Reference { message: LEAF, key: 1 },
            "Request" => Kind::Message(REQUEST),
            name => panic!("{name}"),
        },
        _ => Kind::Scalar(scalar(field)),
    }
}

fn message_fields(message: &MessageDescriptor) -> Vec<MessageField> {
    let field = |field: FieldDescriptor| MessageField {
        number: field.number(),
        name: format!("the {}", field.name()).into(),
        proto: field.name().into(),
        json: field.json_name().into(),
        label: if field.is_list() { Label::Repeated } else { Label::One },
        kind: kind(&field),
        absent: if field.supports_presence() { Absent::LeftOut } else { Absent::Zero },
        one_of: field.containing_oneof().filter(|one_of| !one_of.is_synthetic()).map(|_| 0),
    };
    message.fields().map(field).collect()
}

pub fn messages() -> Messages {
    let pool = descriptors();
    let of = |name| message_fields(&pool.get_message_by_name(name).unwrap());
    let value = |name: &str, number, proto: &str| EnumValue::new(name, number, proto);
    let colors = vec![
        value("BLUE", 300, "COLOR_BLUE"),
        value("", 0, "COLOR_UNSPECIFIED"),
        value("RED", 1, "COLOR_RED"),
        value("GREEN", 2, "COLOR_GREEN"),
    ];
    Messages::new(vec![of("Leaf"), of("Request")], vec![colors]).unwrap()
}

/// A message, and the object it stands for.
fn generate(source: &mut Source, message: &MessageDescriptor, depth: usize) -> (DynamicMessage, Value) {
    let mut theirs = DynamicMessage::new(message.clone());
    let mut ours = Vec::new();
    let chosen = source.pick(&[61, 62, 63, 64, 65]);
    for field in message.fields() {
        let key = format!("the {}", field.name());
        let is_recursive = field.kind().as_message().is_some_and(|of| of.full_name() == "Request");
        let is_chosen = field.number() <= 60 || field.number() == chosen;
        let is_given = is_chosen && !source.chance(3) && (depth > 0 || !is_recursive);
        match (is_given, field.is_list()) {
            (false, true) => ours.push((key, Value::List(Vec::new()))),
            (false, false) if field.supports_presence() => {}
            (false, false) => ours.extend(zero(&field).map(|zero| (key, zero))),
            (true, true) => {
                let items = (0..source.below(5)).map(|_| item(source, &field, depth));
                let (their_items, our_items) = items.unzip();
                theirs.set_field(&field, Theirs::List(their_items));
                ours.push((key, Value::List(our_items)));
            }
            (true, false) => {
                let (their_value, our_value) = item(source, &field, depth);
                // What is the zero of its type is as good as absent.
                let is_zero = !field.supports_presence() && their_value.is_default(&field.kind());
                theirs.set_field(&field, their_value);
                let value = if is_zero { zero(&field) } else { Some(our_value) };
                ours.extend(value.map(|value| (key, value)));
            }
        }
    }
    (theirs, Value::Object(ours))
}

fn zero(field: &FieldDescriptor) -> Option<Value> {
    match field.name() {
        "plain_text" => Some(Value::Text(String::new())),
        "plain_int" | "plain_long" => Some(Value::Int(0)),
        "plain_float" => Some(Value::Float(0.0)),
        "plain_flag" => Some(Value::Bool(false)),
        "plain_blob" => Some(Value::Bytes(Vec::new())),
        "plain_color" | "plain_id" | "plain_json" => None,
        name => panic!("{name} has presence"),
    }
}

fn item(source: &mut Source, field: &FieldDescriptor, depth: usize) -> (Theirs, Value) {
    match kind(field) {
        Kind::Scalar(scalar) => scalar_value(source, field, scalar),
        Kind::Enum(_) => {
            let (number, name) = source.pick(&[(1, "RED"), (2, "GREEN"), (300, "BLUE")]);
            (Theirs::EnumNumber(number), Value::Text(name.into()))
        }
        Kind::Message(_) => {
            let (theirs, ours) = generate(source, field.kind().as_message().unwrap(), depth - 1);
            (Theirs::Message(theirs), ours)
        }
        Kind::Reference { .. } => {
            let mut leaf = DynamicMessage::new(field.kind().as_message().unwrap().clone());
            let key = source.text();
            leaf.set_field_by_name("id", Theirs::String(key.clone()));
            if source.chance(2) {
                leaf.set_field_by_name("text", Theirs::String(source.text()));
            }
            (Theirs::Message(leaf), Value::Text(key))
        }
        Kind::FieldMask => {
            let paths = ["name", "posts.title", "created_at", "*", "a_b.c_d"];
            let paths: Vec<_> = (0..source.below(4)).map(|_| source.pick(&paths).to_owned()).collect();
            let mut mask = DynamicMessage::new(field.kind().as_message().unwrap().clone());
            mask.set_field_by_name(
                "paths",
                Theirs::List(paths.iter().cloned().map(Theirs::String).collect()),
            );
            (Theirs::Message(mask), Value::List(paths.into_iter().map(Value::Text).collect()))
        }
    }
}

fn scalar_value(source: &mut Source, field: &FieldDescriptor, scalar: Scalar) -> (Theirs, Value) {
    match scalar {
        Scalar::Int => {
            let number = source.integer() as i32;
            (Theirs::I32(number), Value::Int(number.into()))
        }
        Scalar::Long => {
            let number = source.integer();
            (Theirs::I64(number), Value::Int(number))
        }
        Scalar::Float => {
            let number = source.double();
            (Theirs::F64(number), Value::Float(number))
        }
        Scalar::Boolean => {
            let value = source.chance(2);
            (Theirs::Bool(value), Value::Bool(value))
        }
        Scalar::Bytes => {
            let bytes = source.bytes();
            (Theirs::Bytes(bytes.clone().into()), Value::Bytes(bytes))
        }
        Scalar::Json => {
            let (text, value) = match source.below(4) {
                0 => ("null", Value::Null),
                1 => (" [1, \"2\"] ", Value::List(vec![Value::Int(1), Value::Text("2".into())])),
                2 => ("{\"a\":1.5}", Value::Object(vec![("a".into(), Value::Number("1.5".into()))])),
                _ => ("\"\"", Value::Text(String::new())),
            };
            (Theirs::String(text.into()), value)
        }
        Scalar::DateTime => instant(source, field),
        Scalar::Duration => span(source, field),
        _ => {
            let text = source.text();
            (Theirs::String(text.clone()), Value::Text(text))
        }
    }
}

fn seconds(field: &FieldDescriptor, seconds: i64, nanos: i32) -> Theirs {
    let mut message = DynamicMessage::new(field.kind().as_message().unwrap().clone());
    message.set_field_by_name("seconds", Theirs::I64(seconds));
    message.set_field_by_name("nanos", Theirs::I32(nanos));
    Theirs::Message(message)
}

fn instant(source: &mut Source, field: &FieldDescriptor) -> (Theirs, Value) {
    let (first, all) = (-62_135_596_800, 9999 * 365 * 86_400);
    let at = match source.below(4) {
        0 => source.pick(&[first, -1, 0, 253_402_300_799]),
        _ => first + source.integer().rem_euclid(all),
    };
    let micros = source.pick(&[0, 1, 250_000, 999_999]);
    // Beyond what jiff takes for all time zones.
    let text = match at {
        253_402_300_799 => "9999-12-31T23:59:59Z".to_owned(),
        _ => jiff::Timestamp::from_second(at).unwrap().to_string(),
    };
    let text = format!("{}.{micros:06}Z", &text[..19]);
    (seconds(field, at, micros * 1000), Value::Text(text))
}

fn span(source: &mut Source, field: &FieldDescriptor) -> (Theirs, Value) {
    let micros = match source.below(3) {
        0 => source.pick(&[0, 1, -1, wire::DURATION_MICROS_MAX, -wire::DURATION_MICROS_MAX]),
        _ => source.integer() % wire::DURATION_MICROS_MAX,
    };
    let nanos = i32::try_from(micros % 1_000_000 * 1000).unwrap();
    (seconds(field, micros / 1_000_000, nanos), Value::Int(micros))
}

/// Durations as microseconds, which the contract makes of them: ISO 8601 has many forms for one.
fn counted(value: Value, is_span: bool) -> Value {
    match value {
        Value::Text(text) if is_span => {
            wire::text_to_stored(Scalar::Duration, &text).unwrap_or(Value::Text(text))
        }
        Value::List(items) => Value::List(items.into_iter().map(|item| counted(item, is_span)).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    let is_span = key == "the time_out" || key == "the spans";
                    (key, counted(value, is_span))
                })
                .collect(),
        ),
        other => other,
    }
}

fn binary(messages: &Messages, bytes: &[u8]) -> Result<Value, MessageError> {
    let bounds = DecodeBounds::default();
    decode_protobuf(messages, REQUEST, bytes, &bounds).map(|value| counted(value, false))
}

fn json(messages: &Messages, bytes: &[u8]) -> Result<Value, MessageError> {
    let bounds = DecodeBounds::default();
    decode_protobuf_json(messages, REQUEST, bytes, &bounds).map(|value| counted(value, false))
}

/// As `assert_eq`, and shows no more than what differs.
fn same(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for ((key, found), (expected_key, expected)) in found.iter().zip(expected) {
                assert_eq!(key, expected_key, "in {place}");
                same(found, expected, &format!("{place}, {key}"));
            }
            assert_eq!(found.len(), expected.len(), "{place}");
        }
        (Value::List(found), Value::List(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            found.iter().zip(expected).for_each(|(found, expected)| same(found, expected, place));
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

#[test]
fn what_prost_writes_is_read() {
    let (messages, request) = (messages(), request());
    for seed in 0..REQUESTS {
        let mut source = Source(seed);
        let (theirs, ours) = generate(&mut source, &request, 2);
        same(&binary(&messages, &theirs.encode_to_vec()).unwrap(), &ours, &format!("binary, seed {seed}"));
        let options = SerializeOptions::new()
            .stringify_64_bit_integers(source.chance(2))
            .use_enum_numbers(source.chance(2))
            .use_proto_field_name(source.chance(2))
            .skip_default_fields(source.chance(2));
        let mut bytes = serde_json::Serializer::new(Vec::new());
        theirs.serialize_with_options(&mut bytes, &options).unwrap();
        same(&json(&messages, &bytes.into_inner()).unwrap(), &ours, &format!("JSON, seed {seed}"));
    }
}

/// The order of fields and pieces of messages mean nothing.
#[test]
fn messages_in_pieces_are_merged() {
    let (messages, request) = (messages(), request());
    for seed in 0..REQUESTS {
        let mut source = Source(seed);
        let [first, second] = [(); 2].map(|()| generate(&mut source, &request, 2).0.encode_to_vec());
        let joined = [&first[..], &second[..]].concat();
        // Prost merges as the specification says; it does not know that zeros are absent.
        let merged = DynamicMessage::decode(request.clone(), &joined[..]).unwrap();
        let merged = merged.encode_to_vec();
        assert_eq!(binary(&messages, &joined), binary(&messages, &merged), "seed {seed}");
    }
}

fn mutated(seeds: &[Vec<u8>], source: &mut Source) -> Vec<u8> {
    let mut data = seeds[source.below(seeds.len())].clone();
    for _ in 0..source.below(4) {
        let at = source.below(data.len() + 1);
        match source.below(5) {
            0 => data.insert(at, source.next() as u8),
            1 if at < data.len() => data[at] ^= 1 << source.below(8),
            2 => data.truncate(at),
            3 => data.extend_from_within(at..),
            _ => {
                let other = &seeds[source.below(seeds.len())];
                data.extend_from_slice(&other[source.below(other.len() + 1)..]);
            }
        }
    }
    data
}

/// What both can read means the same; what only prost can read breaks a rule of the contract, not of the format.
#[test]
fn mutated_requests_mean_what_they_mean_to_prost() {
    let (messages, request) = (messages(), request());
    let mut source = Source(7);
    let seeds: Vec<_> = (0..300).map(|_| generate(&mut source, &request, 1).0.encode_to_vec()).collect();
    let mut both = 0;
    for _ in 0..20_000 {
        let data = mutated(&seeds, &mut source);
        let Ok(theirs) = DynamicMessage::decode(request.clone(), &data[..]) else { continue };
        match (binary(&messages, &data), binary(&messages, &theirs.encode_to_vec())) {
            (Ok(ours), Ok(theirs)) => {
                both += 1;
                assert_eq!(ours, theirs, "{data:02x?}");
            }
            (Err(error), _) => {
                let codes = ["RANGE", "FORMAT", "ENUM", "REQUIRED", "DEPTH"];
                assert!(codes.contains(&error.code), "{error:?} in {data:02x?}");
            }
            (Ok(_), Err(error)) => panic!("{error:?} in {data:02x?}"),
        }
    }
    assert!(both > 2000, "{both}");
}
