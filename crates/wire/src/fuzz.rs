//! Bodies for fuzzers: hostile bytes into every decoder of outside input, with what must hold whatever they
//! are.

use crate::decode::json::{DecodeBounds, Problem, decode_json};
use crate::json::parts;
use crate::{
    Absent, Kind, Label, MessageField, Messages, ProtoJsonEncoder, XmlEncoder, decode_protobuf,
    decode_protobuf_json, text_to_stored, to_stored, to_stored_item,
};
use crate::{
    Cell, Chosen, EncodeError, Encoder, EnumValue, GraphqlEncoder, Items, JsonEncoder, Layout, MemberOf,
    Name, ProtobufEncoder, Shape, ShapeField, Value,
};
use contract::{Scalar, Xml};
use std::sync::LazyLock;

const REPLY_BYTES_MAX: usize = 1 << 20;

const SCALARS: [Scalar; 17] = [
    Scalar::Id,
    Scalar::String,
    Scalar::Int,
    Scalar::Long,
    Scalar::Float,
    Scalar::Boolean,
    Scalar::Decimal { scale: 2 },
    Scalar::Decimal { scale: 18 },
    Scalar::DateTime,
    Scalar::Date,
    Scalar::Time,
    Scalar::Duration,
    Scalar::Uuid,
    Scalar::Json,
    Scalar::Bytes,
    Scalar::Url,
    Scalar::Email,
];

/// What is decoded reads back from its own text; the walk over JSON text accepts what the decoder accepts,
/// and refuses what it refuses for its grammar.
pub fn fuzz_json(data: &[u8]) {
    let bounds = DecodeBounds { values_max: 10_000, ..DecodeBounds::default() };
    let walked = std::str::from_utf8(data).is_ok_and(|text| parts::check(text).is_ok());
    match decode_json(data, &bounds) {
        Ok(value) => {
            assert!(walked);
            assert_eq!(decode_json(value.json_text().as_bytes(), &bounds), Ok(value));
        }
        Err(error) => {
            assert!(error.line > 0 && error.column > 0 && error.byte <= data.len());
            assert!(!error.to_string().is_empty());
            assert!(!walked || is_bound(error.problem), "{error}");
        }
    }
}

/// What the decoder refuses beyond the grammar.
fn is_bound(problem: Problem) -> bool {
    match problem {
        Problem::DuplicateKey
        | Problem::TooDeep
        | Problem::TooManyValues
        | Problem::NumberTooLong
        | Problem::NumberTooLarge => true,
        Problem::NotUtf8
        | Problem::ByteOrderMark
        | Problem::ExpectedValue
        | Problem::ExpectedKey
        | Problem::ExpectedColon
        | Problem::ExpectedCommaOrBracket
        | Problem::ExpectedCommaOrBrace
        | Problem::TrailingData
        | Problem::UnterminatedString
        | Problem::ControlCharacter
        | Problem::BadEscape
        | Problem::LoneSurrogate
        | Problem::BadNumber => false,
    }
}

/// The first byte chooses a scalar, the others are its text. What is accepted is written in every format, and
/// its stored form and its form in a stored list stand for the same.
pub fn fuzz_scalar(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let scalar = SCALARS[usize::from(*first) % SCALARS.len()];
    let Ok(stored) = text_to_stored(scalar, text) else { return };
    if let (Value::Text(text), true) = (&stored, scalar != Scalar::Json) {
        assert_eq!(text_to_stored(scalar, text).as_ref(), Ok(&stored));
    }
    let field = field(1, Layout::Scalar(scalar));
    let shape = Shape { type_name: "Record".into(), fields: vec![field] };
    write_everywhere(&shape, cell_of(&stored)).iter().for_each(accept_unless_xml_cannot);
    if let Ok(item) = to_stored_item(scalar, &Value::Text(text.to_owned())) {
        assert_eq!(to_stored(scalar, &item).ok(), to_stored(scalar, &Value::Text(text.to_owned())).ok());
        let list = Value::List(vec![item]).json_text();
        let field = self::field(1, Layout::List(Box::new(Layout::Scalar(scalar))));
        let shape = Shape { type_name: "Record".into(), fields: vec![field] };
        write_everywhere(&shape, Cell::Text(&list)).iter().for_each(accept_unless_xml_cannot);
    }
}

fn accept_unless_xml_cannot(result: &Result<Vec<u8>, EncodeError>) {
    match result {
        Ok(_) => {}
        Err(EncodeError::Mismatch { found, .. }) => assert_eq!(*found, "a character that XML cannot hold"),
        Err(EncodeError::TooLarge(_)) => panic!("far below the bound"),
    }
}

/// The first byte chooses what is stored, the others are its text. What is no JSON is refused by every
/// format, and what the JSON encoder copies is JSON.
pub fn fuzz_stored(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let shape = Shape { type_name: "Record".into(), fields: vec![field(1, stored_layout(*first))] };
    let results = write_everywhere(&shape, Cell::Text(text));
    match parts::check(text) {
        Ok(()) => results[0].iter().chain(&results[3]).for_each(|json| {
            let text = std::str::from_utf8(json).expect("JSON of text is text");
            assert!(parts::check(text).is_ok());
        }),
        Err(_) => assert!(results.iter().all(Result::is_err)),
    }
}

fn stored_layout(choice: u8) -> Layout {
    let scalar = Layout::Scalar(SCALARS[usize::from(choice / 6) % SCALARS.len()]);
    let colors =
        Layout::Enum(vec![EnumValue::new("RED", 1, "COLOR_RED"), EnumValue::new("GREEN", 2, "COLOR_GREEN")]);
    let list = |layout: &Layout| Layout::List(Box::new(layout.clone()));
    let key = Layout::Reference(Box::new(Name::new("id", 1, Xml::Element)));
    let fields = vec![field(1, list(&scalar)), field(2, colors.clone()), field(3, list(&key))];
    let inner = Shape { type_name: "Inner".into(), fields };
    let inner = Layout::Object(Box::new(inner));
    let mut outer =
        vec![field(1, scalar.clone()), field(2, list(&inner)), field(3, inner), field(4, key.clone())];
    outer[0].name.xml = Xml::Attribute;
    let chosen = |items| {
        let member = |(at, field): (usize, &ShapeField)| {
            let stored = ["f1", "f2", "f3", "f4"][at];
            let field = ShapeField::new(Name::new(&format!("g{at}"), 1, Xml::Element), field.layout.clone());
            (MemberOf::Stored(stored), field)
        };
        let members = outer.iter().enumerate().map(member).collect();
        Layout::Chosen(Box::new(Chosen::new("Outer", items, members)))
    };
    match choice % 6 {
        0 => list(&scalar),
        1 => list(&colors),
        2 => list(&Layout::Object(Box::new(Shape { type_name: "Outer".into(), fields: outer }))),
        3 => chosen(Items::None),
        4 => chosen(Items::Nullable),
        _ => Layout::Object(Box::new(Shape { type_name: "Outer".into(), fields: outer })),
    }
}

/// Every kind of field, in a message that holds itself.
fn messages() -> Messages {
    let colors = vec![EnumValue::new("", 0, "NONE"), EnumValue::new("RED", 1, "COLOR_RED")];
    let kinds = SCALARS.map(Kind::Scalar).into_iter().chain([
        Kind::Enum(0),
        Kind::Message(0),
        Kind::FieldMask,
        Kind::Reference { message: 0, key: 1 },
    ]);
    let field = |(number, kind): (u32, Kind), label, absent, one_of| {
        let name = format!("f_{number}");
        MessageField {
            number,
            name: name.as_str().into(),
            json: format!("f{number}").into(),
            proto: name.into(),
            label,
            kind,
            absent,
            one_of,
        }
    };
    let fields = kinds.zip(1..).flat_map(|(kind, number)| {
        let one_of = (number > 10).then_some(number % 2);
        [
            field((number, kind), Label::One, Absent::LeftOut, None),
            field((number + 30, kind), Label::Repeated, Absent::Zero, None),
            field((number + 60, kind), Label::One, Absent::Zero, one_of),
        ]
    });
    Messages::new(vec![fields.collect()], vec![colors]).expect("a sound table")
}

const REQUEST_BOUNDS: DecodeBounds =
    DecodeBounds { depth_max: 32, values_max: 10_000, number_bytes_max: 128 };

/// What is read of a message nests no deeper than allowed, and reads the same behind a field that nobody knows.
pub fn fuzz_protobuf(data: &[u8]) {
    const UNKNOWN: &[u8] = b"\xf8\x07\x01";
    static MESSAGES: LazyLock<Messages> = LazyLock::new(messages);
    let read = |data: &[u8]| decode_protobuf(&MESSAGES, 0, data, &REQUEST_BOUNDS);
    match read(data) {
        Ok(value) => {
            assert!(depth(&value) <= REQUEST_BOUNDS.depth_max);
            // As text: a double that is a zero has a sign, and one that is equal to itself is no proof of one.
            let again = read(&[UNKNOWN, data].concat()).map(|value| value.json_text());
            assert_eq!(again, Ok(value.json_text()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What is read of ProtoJSON nests no deeper than allowed.
pub fn fuzz_protobuf_json(data: &[u8]) {
    static MESSAGES: LazyLock<Messages> = LazyLock::new(messages);
    match decode_protobuf_json(&MESSAGES, 0, data, &REQUEST_BOUNDS) {
        Ok(value) => assert!(depth(&value) <= REQUEST_BOUNDS.depth_max),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Secret(_) => 0,
    }
}

fn field(number: u32, layout: Layout) -> ShapeField {
    ShapeField::new(Name::new(&format!("f{number}"), number, Xml::Element), layout)
}

fn cell_of(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Int(number) => Cell::Int(*number),
        Value::Float(number) => Cell::Float(*number),
        Value::Text(text) => Cell::Text(text),
        Value::Bytes(bytes) => Cell::Bytes(bytes),
        Value::Number(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => {
            panic!("not a stored form")
        }
    }
}

/// JSON, protobuf, XML and ProtoJSON of a record with one cell. GraphQL's JSON is the same where nothing is null.
fn write_everywhere(shape: &Shape, cell: Cell<'_>) -> [Result<Vec<u8>, EncodeError>; 4] {
    let mut json = JsonEncoder::new(Vec::new(), REPLY_BYTES_MAX);
    let mut graphql = GraphqlEncoder::new(Vec::new(), REPLY_BYTES_MAX);
    let mut protobuf = ProtobufEncoder::new(Vec::new(), REPLY_BYTES_MAX);
    let mut proto_json = ProtoJsonEncoder::new(Vec::new(), REPLY_BYTES_MAX);
    let mut xml = XmlEncoder::new(Vec::new(), REPLY_BYTES_MAX, "list");
    let json = write_record(&mut json, shape, cell).map(|()| json.finish());
    let graphql = write_record(&mut graphql, shape, cell).map(|()| graphql.finish());
    assert_eq!(graphql, json.clone().map(|bytes| (bytes, Vec::new())));
    [
        json,
        write_record(&mut protobuf, shape, cell).map(|()| protobuf.finish()),
        write_record(&mut xml, shape, cell).map(|()| xml.finish()),
        write_record(&mut proto_json, shape, cell).map(|()| proto_json.finish()),
    ]
}

fn write_record(encoder: &mut impl Encoder, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
    encoder.begin_record(shape)?;
    encoder.cell(&shape.fields[0], cell)?;
    encoder.end_record(shape)
}
