//! Every scalar in every format, byte by byte; and cells that do not fit.

use crate::model::{colors, field};
use contract::{Scalar, Xml};
use wire::{
    Cell, EncodeError, Encoder, JsonEncoder, Layout, Name, ProtoJsonEncoder, ProtobufEncoder, Shape,
    XmlEncoder,
};

const BYTES_MAX: usize = 1 << 20;

fn write(encoder: &mut impl Encoder, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
    encoder.begin_record(shape)?;
    encoder.cell(&shape.fields[0], cell)?;
    encoder.end_record(shape)
}

fn shape(layout: Layout, xml: Xml) -> Shape {
    let mut field = field("f", 1, layout);
    field.name.xml = xml;
    Shape { type_name: "T".into(), fields: vec![field] }
}

fn json(layout: &Layout, cell: Cell<'_>) -> Result<String, EncodeError> {
    let mut encoder = JsonEncoder::new(Vec::new(), BYTES_MAX);
    write(&mut encoder, &shape(layout.clone(), Xml::Element), cell)?;
    Ok(String::from_utf8(encoder.finish()).unwrap())
}

fn protobuf(layout: &Layout, cell: Cell<'_>) -> Result<String, EncodeError> {
    let mut encoder = ProtobufEncoder::new(Vec::new(), BYTES_MAX);
    write(&mut encoder, &shape(layout.clone(), Xml::Element), cell)?;
    Ok(encoder.finish().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn proto_json(layout: &Layout, cell: Cell<'_>) -> Result<String, EncodeError> {
    let mut encoder = ProtoJsonEncoder::new(Vec::new(), BYTES_MAX);
    write(&mut encoder, &shape(layout.clone(), Xml::Element), cell)?;
    Ok(String::from_utf8(encoder.finish()).unwrap())
}

/// Where ProtoJSON is not as JSON is.
#[test]
fn proto_json_has_forms_of_its_own() {
    let scalar = Layout::Scalar;
    let list = |layout| Layout::List(Box::new(layout));
    let reference = || Layout::Reference(Box::new(Name::new("id", 1, Xml::Element)));
    let object = Layout::Object(Box::new(shape(scalar(Scalar::Duration), Xml::Element)));
    let rows = [
        (scalar(Scalar::Duration), Cell::Int(5_400_500_000), r#""5400.500s""#),
        (scalar(Scalar::Duration), Cell::Int(-1), r#""-0.000001s""#),
        (scalar(Scalar::Duration), Cell::Int(0), r#""0s""#),
        (
            scalar(Scalar::DateTime),
            Cell::Text("2026-11-22T18:32:34+02:00"),
            r#""2026-11-22T16:32:34.000000Z""#,
        ),
        (scalar(Scalar::Json), Cell::Text(r#"{"a":["é\n"]}"#), r#""{\"a\":[\"é\\n\"]}""#),
        (scalar(Scalar::Json), Cell::Text("null"), r#""null""#),
        (colors(), Cell::Text("BLUE"), r#""COLOR_BLUE""#),
        (reference(), Cell::Text("a\""), r#"{"id":"a\""}"#),
        (reference(), Cell::Int(7), r#"{"id":"7"}"#),
        (list(reference()), Cell::Text(r#"["a",7]"#), r#"[{"id":"a"},{"id":"7"}]"#),
        (list(colors()), Cell::Text(r#"["RED"]"#), r#"["COLOR_RED"]"#),
        (list(colors()), Cell::Text("[]"), "[]"),
        (list(scalar(Scalar::Long)), Cell::Text(r#"["5",6]"#), r#"["5","6"]"#),
        (list(scalar(Scalar::Json)), Cell::Text(r#"[null,{"a":1}]"#), r#"["null","{\"a\":1}"]"#),
        (object.clone(), Cell::Text(r#"{"other":1,"f":"PT1M"}"#), r#"{"f":"60s"}"#),
        (object.clone(), Cell::Text(r#"{"f":null}"#), "{}"),
        (list(object), Cell::Text(r#"[{"f":"PT0.001S"},{}]"#), r#"[{"f":"0.001s"},{}]"#),
    ];
    for (layout, cell, expected) in rows {
        assert_eq!(proto_json(&layout, cell), Ok(format!("{{\"f\":{expected}}}")), "{layout:?}");
        assert_eq!(proto_json(&layout, Cell::Null).as_deref(), Ok("{}"), "{layout:?}");
        let field = &shape(layout.clone(), Xml::Element);
        for (cell, expected) in [(cell, expected), (Cell::Null, "null")] {
            let mut encoder = ProtoJsonEncoder::new(Vec::new(), BYTES_MAX);
            encoder.scalar(field, cell).unwrap();
            assert_eq!(String::from_utf8(encoder.finish()).unwrap(), expected);
        }
    }
    for (layout, cell) in [(list(colors()), "[null]"), (list(reference()), "[{}]")] {
        assert!(proto_json(&layout, Cell::Text(cell)).is_err());
        assert!(protobuf(&layout, Cell::Text(cell)).is_err());
    }
}

#[test]
fn references_are_messages_in_protocol_buffers_alone() {
    let reference = Layout::Reference(Box::new(Name::new("id", 3, Xml::Attribute)));
    for (cell, key, message) in [(Cell::Text("p1"), "p1", "0a041a027031"), (Cell::Int(7), "7", "0a031a0137")]
    {
        assert_eq!(json(&reference, cell), Ok(format!("{{\"f\":\"{key}\"}}")));
        assert_eq!(xml(&reference, Xml::Element, cell), Ok(format!("<T><f>{key}</f></T>")));
        assert_eq!(xml(&reference, Xml::Attribute, cell), Ok(format!("<T f=\"{key}\"></T>")));
        assert_eq!(protobuf(&reference, cell).as_deref(), Ok(message));
    }
    let without_number = Layout::Reference(Box::new(Name::new("id", 0, Xml::Element)));
    assert!(protobuf(&without_number, Cell::Int(7)).is_err());
    assert!(proto_json(&without_number, Cell::Int(7)).is_err());
    let renamed = Shape { type_name: "T".into(), fields: vec![field("f", 0, reference)] };
    let mut encoder = ProtoJsonEncoder::new(Vec::new(), BYTES_MAX);
    assert!(write(&mut encoder, &renamed, Cell::Int(7)).is_err());
}

fn xml(layout: &Layout, place: Xml, cell: Cell<'_>) -> Result<String, EncodeError> {
    let mut encoder = XmlEncoder::new(Vec::new(), BYTES_MAX, "list");
    write(&mut encoder, &shape(layout.clone(), place), cell)?;
    Ok(String::from_utf8(encoder.finish()).unwrap())
}

/// Layout, cell, JSON value, protobuf in hexadecimal, XML content.
type Row = (Layout, Cell<'static>, &'static str, &'static str, &'static str);

fn scalars() -> Vec<Row> {
    let row = |scalar, cell, json, protobuf, xml| (Layout::Scalar(scalar), cell, json, protobuf, xml);
    let two = Scalar::Decimal { scale: 2 };
    vec![
        row(Scalar::Id, Cell::Text("p1"), r#""p1""#, "0a027031", "p1"),
        row(Scalar::Id, Cell::Int(-7), r#""-7""#, "0a022d37", "-7"),
        row(Scalar::String, Cell::Text(""), r#""""#, "0a00", ""),
        row(
            Scalar::String,
            Cell::Text("a\"\\\n<&>"),
            r#""a\"\\\n<&>""#,
            "0a0761225c0a3c263e",
            "a&quot;\\\n&lt;&amp;&gt;",
        ),
        row(Scalar::String, Cell::Text("é\r\t"), r#""é\r\t""#, "0a04c3a90d09", "é&#13;\t"),
        row(Scalar::Int, Cell::Int(0), "0", "0800", "0"),
        row(Scalar::Int, Cell::Int(300), "300", "08ac02", "300"),
        row(Scalar::Int, Cell::Int(-1), "-1", "08ffffffffffffffffff01", "-1"),
        row(
            Scalar::Long,
            Cell::Int(i64::MAX),
            r#""9223372036854775807""#,
            "08ffffffffffffffff7f",
            "9223372036854775807",
        ),
        row(Scalar::Float, Cell::Float(50.0), "50", "090000000000004940", "50"),
        row(Scalar::Float, Cell::Float(-0.1), "-0.1", "099a9999999999b9bf", "-0.1"),
        row(Scalar::Float, Cell::Float(1e21), "1e+21", "0950efe2d6e41a4b44", "1e+21"),
        row(Scalar::Float, Cell::Int(3), "3", "090000000000000840", "3"),
        row(Scalar::Boolean, Cell::Bool(true), "true", "0801", "true"),
        row(Scalar::Boolean, Cell::Int(0), "false", "0800", "false"),
        row(two, Cell::Int(-5), r#""-0.05""#, "0a052d302e3035", "-0.05"),
        row(two, Cell::Int(99999), r#""999.99""#, "0a063939392e3939", "999.99"),
        row(
            Scalar::DateTime,
            Cell::Text("1969-12-31T23:59:59.500000Z"),
            r#""1969-12-31T23:59:59.500000Z""#,
            "0a1108ffffffffffffffffff011080cab5ee01",
            "1969-12-31T23:59:59.500000Z",
        ),
        row(
            Scalar::DateTime,
            Cell::Text("1970-01-01T00:00:00.000000Z"),
            r#""1970-01-01T00:00:00.000000Z""#,
            "0a00",
            "1970-01-01T00:00:00.000000Z",
        ),
        row(
            Scalar::Date,
            Cell::Text("2026-11-22"),
            r#""2026-11-22""#,
            "0a0a323032362d31312d3232",
            "2026-11-22",
        ),
        row(
            Scalar::Time,
            Cell::Text("18:32:34.000000"),
            r#""18:32:34.000000""#,
            "0a0f31383a33323a33342e303030303030",
            "18:32:34.000000",
        ),
        row(
            Scalar::Duration,
            Cell::Int(5_400_500_000),
            r#""PT1H30M0.5S""#,
            "0a0908982a1080cab5ee01",
            "PT1H30M0.5S",
        ),
        row(Scalar::Duration, Cell::Int(-1_000_000), r#""-PT1S""#, "0a0b08ffffffffffffffffff01", "-PT1S"),
        row(Scalar::Uuid, Cell::Text("0190"), r#""0190""#, "0a0430313930", "0190"),
        row(
            Scalar::Json,
            Cell::Text(r#"{"a":[1]}"#),
            r#"{"a":[1]}"#,
            "0a097b2261223a5b315d7d",
            "{&quot;a&quot;:[1]}",
        ),
        row(Scalar::Json, Cell::Text("null"), "null", "0a046e756c6c", "null"),
        row(Scalar::Json, Cell::Int(5), "5", "0a0135", "5"),
        row(Scalar::Json, Cell::Float(0.5), "0.5", "0a03302e35", "0.5"),
        row(Scalar::Json, Cell::Bool(true), "true", "0a0474727565", "true"),
        row(Scalar::Bytes, Cell::Bytes(b"foob"), r#""Zm9vYg==""#, "0a04666f6f62", "Zm9vYg=="),
        row(Scalar::Bytes, Cell::Bytes(b""), r#""""#, "0a00", ""),
        row(
            Scalar::Url,
            Cell::Text("http://h/?a&b"),
            r#""http://h/?a&b""#,
            "0a0d687474703a2f2f682f3f612662",
            "http://h/?a&amp;b",
        ),
        row(Scalar::Email, Cell::Text("a@b"), r#""a@b""#, "0a03614062", "a@b"),
    ]
}

#[test]
fn every_scalar_in_every_format() {
    let mut rows = scalars();
    rows.push((colors(), Cell::Text("BLUE"), r#""BLUE""#, "08ac02", "BLUE"));
    for (layout, cell, in_json, in_protobuf, in_xml) in rows {
        assert_eq!(json(&layout, cell), Ok(format!("{{\"f\":{in_json}}}")));
        assert_eq!(protobuf(&layout, cell).as_deref(), Ok(in_protobuf), "{layout:?} {cell:?}");
        assert_eq!(xml(&layout, Xml::Element, cell), Ok(format!("<T><f>{in_xml}</f></T>")));
        assert_eq!(xml(&layout, Xml::Text, cell), Ok(format!("<T>{in_xml}</T>")));
        let in_attribute = in_xml.replace('\n', "&#10;").replace('\t', "&#9;");
        assert_eq!(xml(&layout, Xml::Attribute, cell), Ok(format!("<T f=\"{in_attribute}\"></T>")));
    }
}

#[test]
fn nulls_in_every_format() {
    let mut layouts: Vec<_> = scalars().into_iter().map(|(layout, ..)| layout).collect();
    layouts.push(colors());
    layouts.push(Layout::List(Box::new(colors())));
    layouts.push(Layout::Object(Box::new(shape(colors(), Xml::Element))));
    for layout in layouts {
        assert_eq!(json(&layout, Cell::Null).as_deref(), Ok(r#"{"f":null}"#));
        assert_eq!(protobuf(&layout, Cell::Null).as_deref(), Ok(""));
        for place in [Xml::Element, Xml::Attribute, Xml::Text] {
            assert_eq!(xml(&layout, place, Cell::Null).as_deref(), Ok("<T></T>"));
        }
    }
}

#[test]
fn stored_lists_and_objects_in_every_format() {
    let list = |scalar| Layout::List(Box::new(Layout::Scalar(scalar)));
    let object = Layout::Object(Box::new(shape(list(Scalar::Int), Xml::Element)));
    for (layout, text, in_protobuf, in_xml) in [
        (list(Scalar::Int), "[]", "", ""),
        (list(Scalar::Int), "[1,-1]", "0a0b01ffffffffffffffffff01", "<f>1</f><f>-1</f>"),
        (list(Scalar::Long), r#"["1",2]"#, "0a020102", "<f>1</f><f>2</f>"),
        (list(Scalar::Boolean), "[true,false]", "0a020100", "<f>true</f><f>false</f>"),
        (list(Scalar::String), r#"["a\u0041","\ud83e\udd80"]"#, "0a0261410a04f09fa680", "<f>aA</f><f>🦀</f>"),
        (
            list(Scalar::Json),
            r#"[null,{"a":1}]"#,
            "0a046e756c6c0a077b2261223a317d",
            "<f>null</f><f>{&quot;a&quot;:1}</f>",
        ),
        (list(Scalar::Bytes), r#"["Zm9v",""]"#, "0a03666f6f0a00", "<f>Zm9v</f><f></f>"),
        (
            list(Scalar::Decimal { scale: 2 }),
            r#"["1.5",2]"#,
            "0a04312e35300a04322e3030",
            "<f>1.50</f><f>2.00</f>",
        ),
        (Layout::List(Box::new(colors())), r#"["RED","BLUE"]"#, "0a0301ac02", "<f>RED</f><f>BLUE</f>"),
        (object.clone(), r#"{"gone":[{}],"f":[1]}"#, "0a030a0101", "<f><f>1</f></f>"),
        (object.clone(), r#"{"f":null}"#, "0a00", "<f></f>"),
        (
            Layout::List(Box::new(object)),
            r#"[{},{"\u0066":[2]}]"#,
            "0a000a030a0102",
            "<f></f><f><f>2</f></f>",
        ),
    ] {
        let cell = Cell::Text(text);
        assert_eq!(json(&layout, cell), Ok(format!("{{\"f\":{text}}}")));
        assert_eq!(protobuf(&layout, cell).as_deref(), Ok(in_protobuf), "{layout:?} {text}");
        assert_eq!(xml(&layout, Xml::Element, cell), Ok(format!("<T>{in_xml}</T>")));
    }
}

#[test]
fn a_null_in_a_list_keeps_its_place_or_is_refused() {
    let layout = Layout::List(Box::new(Layout::Scalar(Scalar::Int)));
    let cell = Cell::Text("[1,null]");
    assert_eq!(json(&layout, cell).as_deref(), Ok(r#"{"f":[1,null]}"#));
    assert!(protobuf(&layout, cell).is_err());
    let nil = r#"<T><f>1</f><f xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></T>"#;
    assert_eq!(xml(&layout, Xml::Element, cell).as_deref(), Ok(nil));
}

#[test]
fn a_list_of_records_has_a_place_for_null_or_an_empty_record() {
    let shape = shape(Layout::Scalar(Scalar::Int), Xml::Element);
    let push = |encoder: &mut dyn Encoder| -> Result<(), EncodeError> {
        encoder.begin_list(&shape)?;
        encoder.null_item(&shape)?;
        encoder.begin_item()?;
        encoder.begin_record(&shape)?;
        encoder.cell(&shape.fields[0], Cell::Int(1))?;
        encoder.end_record(&shape)?;
        encoder.end_item()?;
        encoder.null_item(&shape)?;
        encoder.end_list(&shape)
    };
    let (mut json, mut protobuf) = (JsonEncoder::new(Vec::new(), 19), ProtobufEncoder::new(Vec::new(), 8));
    push(&mut json).unwrap();
    assert_eq!(json.finish(), br#"[null,{"f":1},null]"#);
    assert_eq!(push(&mut JsonEncoder::new(Vec::new(), 18)), Err(EncodeError::TooLarge(18)));
    push(&mut protobuf).unwrap();
    assert_eq!(protobuf.finish(), [0x0a, 0, 0x0a, 2, 0x08, 1, 0x0a, 0]);
    let mut xml = XmlEncoder::new(Vec::new(), BYTES_MAX, "list");
    push(&mut xml).unwrap();
    assert_eq!(xml.finish(), b"<list><T></T><T><f>1</f></T><T></T></list>");
}

#[test]
fn what_does_not_fit_is_refused_by_every_format() {
    let scalar = Layout::Scalar;
    let list = Layout::List(Box::new(scalar(Scalar::Int)));
    let object = Layout::Object(Box::new(shape(scalar(Scalar::Int), Xml::Element)));
    let rows = [
        (scalar(Scalar::Id), Cell::Float(1.0)),
        (scalar(Scalar::Id), Cell::Bytes(b"a")),
        (scalar(Scalar::String), Cell::Int(1)),
        (scalar(Scalar::String), Cell::Bytes(b"a")),
        (scalar(Scalar::Int), Cell::Int(1 << 31)),
        (scalar(Scalar::Int), Cell::Float(1.0)),
        (scalar(Scalar::Int), Cell::Text("1")),
        (scalar(Scalar::Long), Cell::Text("1")),
        (scalar(Scalar::Float), Cell::Float(f64::NAN)),
        (scalar(Scalar::Float), Cell::Float(f64::INFINITY)),
        (scalar(Scalar::Float), Cell::Int((1 << 53) + 1)),
        (scalar(Scalar::Boolean), Cell::Int(2)),
        (scalar(Scalar::Boolean), Cell::Text("true")),
        (scalar(Scalar::Decimal { scale: 2 }), Cell::Float(1.5)),
        (scalar(Scalar::Decimal { scale: 2 }), Cell::Text("1.50")),
        (scalar(Scalar::DateTime), Cell::Text("2026-01-01 00:00:00")),
        (scalar(Scalar::DateTime), Cell::Text("0001-01-01T00:00:00+01:00")),
        (scalar(Scalar::DateTime), Cell::Int(0)),
        (scalar(Scalar::Date), Cell::Text("2026-02-30")),
        (scalar(Scalar::Time), Cell::Text("24:00:00")),
        (scalar(Scalar::Duration), Cell::Int(i64::MAX)),
        (scalar(Scalar::Duration), Cell::Text("PT1S")),
        (scalar(Scalar::Uuid), Cell::Bytes(b"0123456789abcdef")),
        (scalar(Scalar::Json), Cell::Text("{")),
        (scalar(Scalar::Json), Cell::Text("1,\"admin\":true")),
        (scalar(Scalar::Json), Cell::Float(f64::NAN)),
        (scalar(Scalar::Json), Cell::Bytes(b"1")),
        (scalar(Scalar::Bytes), Cell::Text("Zm9v")),
        (colors(), Cell::Text("PINK")),
        (colors(), Cell::Int(1)),
        (list.clone(), Cell::Text("{}")),
        (list.clone(), Cell::Text("[1")),
        (list.clone(), Cell::Text("[1],[2]")),
        (list, Cell::Int(1)),
        (object.clone(), Cell::Text("[]")),
        (object.clone(), Cell::Text(r#"{"f":1"#)),
        (object, Cell::Bytes(b"{}")),
        (Layout::Spread(Box::new(shape(scalar(Scalar::Int), Xml::Element))), Cell::Text("{}")),
    ];
    for (layout, cell) in rows {
        let results = [json(&layout, cell), protobuf(&layout, cell), xml(&layout, Xml::Element, cell)];
        let refused = |result: &Result<_, _>| match result {
            Err(EncodeError::Mismatch { field, .. }) => **field == *"f",
            Ok(_) | Err(EncodeError::TooLarge(_)) => false,
        };
        assert!(results.iter().all(refused), "{layout:?} {cell:?}: {results:?}");
    }
}

#[test]
fn stored_items_that_do_not_fit_are_refused_when_they_are_read() {
    let list = |scalar| Layout::List(Box::new(Layout::Scalar(scalar)));
    let object = Layout::Object(Box::new(shape(Layout::Scalar(Scalar::Int), Xml::Element)));
    for (layout, text) in [
        (list(Scalar::Int), "[2147483648]"),
        (list(Scalar::Int), r#"["1"]"#),
        (list(Scalar::Int), "[1.5]"),
        (list(Scalar::Int), "[[1]]"),
        (list(Scalar::Float), "[1e999]"),
        (list(Scalar::String), "[1]"),
        (list(Scalar::String), "[true]"),
        (list(Scalar::Decimal { scale: 2 }), r#"["1.005"]"#),
        (list(Scalar::DateTime), r#"["yesterday"]"#),
        (list(Scalar::Duration), r#"["P1Y"]"#),
        (list(Scalar::Bytes), r#"["%"]"#),
        (Layout::List(Box::new(colors())), r#"["PINK"]"#),
        (Layout::List(Box::new(colors())), "[1]"),
        (Layout::List(Box::new(object.clone())), "[[]]"),
        (object.clone(), r#"{"f":"x"}"#),
        (object, r#"{"f":1,"f":2}"#),
    ] {
        assert!(protobuf(&layout, Cell::Text(text)).is_err(), "{layout:?} {text}");
        assert!(xml(&layout, Xml::Element, Cell::Text(text)).is_err(), "{layout:?} {text}");
    }
}

#[test]
fn xml_refuses_what_it_cannot_hold() {
    let text = Layout::Scalar(Scalar::String);
    for character in ["\0", "\u{1}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        let cell = format!("a{character}");
        assert!(json(&text, Cell::Text(&cell)).is_ok());
        for place in [Xml::Element, Xml::Attribute, Xml::Text] {
            assert!(xml(&text, place, Cell::Text(&cell)).is_err(), "{character:?}");
        }
    }
    for character in ["\u{7f}", "\u{fffd}", "\u{ef00}", "\u{10ffff}", "\u{ffbe}"] {
        assert_eq!(xml(&text, Xml::Text, Cell::Text(character)), Ok(format!("<T>{character}</T>")));
    }
    let list = Layout::List(Box::new(text));
    assert!(xml(&list, Xml::Attribute, Cell::Text(r#"["a"]"#)).is_err());
}

#[test]
fn names_are_escaped_in_json_and_refused_where_a_wire_has_no_such_name() {
    let mut shape = shape(Layout::Scalar(Scalar::Int), Xml::Element);
    shape.fields[0].name = wire::Name::new("a\"b \n<é>", 0, Xml::Element);
    let mut encoder = JsonEncoder::new(Vec::new(), BYTES_MAX);
    write(&mut encoder, &shape, Cell::Int(1)).unwrap();
    assert_eq!(encoder.finish(), "{\"a\\\"b \\n<é>\":1}".as_bytes());
    assert!(write(&mut XmlEncoder::new(Vec::new(), BYTES_MAX, "list"), &shape, Cell::Int(1)).is_err());
    assert!(write(&mut ProtobufEncoder::new(Vec::new(), BYTES_MAX), &shape, Cell::Int(1)).is_err());
}

#[test]
fn a_buffer_is_appended_to() {
    let shape = shape(Layout::Scalar(Scalar::Int), Xml::Element);
    let mut encoder = JsonEncoder::new(b"[0,".to_vec(), BYTES_MAX);
    write(&mut encoder, &shape, Cell::Int(1)).unwrap();
    assert_eq!(encoder.finish(), br#"[0,{"f":1}"#);
    assert_eq!(JsonEncoder::new(b"[0,".to_vec(), BYTES_MAX).finish(), b"[0,");
}
