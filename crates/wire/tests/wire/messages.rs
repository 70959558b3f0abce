//! The rules of protocol buffers and ProtoJSON that readers meet, one by one; and what is refused, with its place.

use crate::fuzz::varint;
use crate::request::{REQUEST, messages};
use contract::Scalar;
use wire::{
    Absent, DecodeBounds, EnumValue, Kind, Label, MessageError, MessageField, Messages, Value,
    decode_protobuf, decode_protobuf_json,
};

fn binary(bytes: &[u8]) -> Result<Value, MessageError> {
    decode_protobuf(&table(), 0, bytes, &DecodeBounds::default())
}

fn json(text: &str) -> Result<String, MessageError> {
    decode_protobuf_json(&table(), 0, text.as_bytes(), &DecodeBounds::default())
        .map(|value| value.json_text())
}

fn field(number: u32, name: &str, label: Label, kind: Kind) -> MessageField {
    let (name, proto, json) = match name.split_once('/') {
        Some((proto, json)) => (json, proto, json),
        None => (name, name, name),
    };
    let (name, proto, json) = (name.into(), proto.into(), json.into());
    MessageField { number, name, proto, json, label, kind, absent: Absent::LeftOut, one_of: None }
}

/// A message of each kind of field, and one with a key.
fn table() -> Messages {
    let scalar = Kind::Scalar;
    let one = |number, name, kind| field(number, name, Label::One, kind);
    let many = |number, name, kind| field(number, name, Label::Repeated, kind);
    let mut fields = vec![
        one(1, "int", scalar(Scalar::Int)),
        one(2, "some_text/someText", scalar(Scalar::String)),
        many(3, "ints", scalar(Scalar::Int)),
        one(4, "inner", Kind::Message(0)),
        many(5, "inners", Kind::Message(0)),
        one(6, "color", Kind::Enum(0)),
        many(7, "colors", Kind::Enum(0)),
        one(8, "author", Kind::Reference { message: 1, key: 1 }),
        one(9, "mask", Kind::FieldMask),
        one(10, "at", scalar(Scalar::DateTime)),
        one(11, "span", scalar(Scalar::Duration)),
        one(12, "float", scalar(Scalar::Float)),
        one(13, "data", scalar(Scalar::Json)),
        one(14, "long", scalar(Scalar::Long)),
        one(15, "flag", scalar(Scalar::Boolean)),
        one(100, "blob", scalar(Scalar::Bytes)),
        one(21, "left", scalar(Scalar::Int)),
        one(22, "right", Kind::Message(0)),
    ];
    for field in &mut fields[16..] {
        field.one_of = Some(0);
    }
    let other = vec![one(1, "id", scalar(Scalar::Id)), one(2, "text", scalar(Scalar::String))];
    let colors = [(0, "", "COLOR_UNSPECIFIED"), (1, "RED", "COLOR_RED"), (2, "blue", "COLOR_BLUE")];
    let colors = colors.map(|(number, name, proto)| EnumValue::new(name, number, proto));
    Messages::new(vec![fields, other], vec![colors.to_vec()]).unwrap()
}

#[test]
fn binary_by_the_rules_of_its_specification() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "{}"),
        // The last of a single value counts; 32 bits are the lower half of 64; ten bytes are -1.
        (b"\x08\x01\x08\x02", r#"{"int":2}"#),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", r#"{"int":-1}"#),
        (b"\x08\xff\xff\xff\xff\x0f", r#"{"int":-1}"#),
        (b"\x08\x80\x80\x80\x80\x10", r#"{"int":0}"#),
        (b"\x08\x85\x80\x00", r#"{"int":5}"#),
        (b"\x70\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", r#"{"long":-1}"#),
        (b"\x78\x00", r#"{"flag":false}"#),
        (b"\x78\x80\x80\x04", r#"{"flag":true}"#),
        // A field by a long form of its number, and members in the order of their numbers.
        (b"\x92\x80\x00\x01a\x08\x01", r#"{"int":1,"someText":"a"}"#),
        (b"\xa2\x06\x02\x00\xff\x08\x01", r#"{"int":1,"blob":"AP8="}"#),
        // Packed, not packed, and both.
        (b"\x1a\x03\x01\x02\x03", r#"{"ints":[1,2,3]}"#),
        (b"\x18\x01\x18\x02", r#"{"ints":[1,2]}"#),
        (b"\x18\x01\x1a\x02\x02\x03\x08\x07\x18\x04", r#"{"int":7,"ints":[1,2,3,4]}"#),
        (b"\x1a\x00", "{}"),
        (b"\x3a\x02\x01\x02\x38\x01", r#"{"colors":["RED","blue","RED"]}"#),
        // Unknown fields in every framing, groups in groups among them; and a known field framed as another type.
        (b"\xf8\x07\x01\xf9\x0712345678\xfa\x07\x01a\xfd\x071234\x08\x01", r#"{"int":1}"#),
        (b"\xfb\x07\x08\x09\xfb\x07\xfc\x07\x13\x14\xfc\x07\x08\x01", r#"{"int":1}"#),
        (b"\x0a\x01\x05\x09\x00\x00\x00\x00\x00\x00\x00\x00\x10\x01\x0b\x0c", "{}"),
        // Pieces of a message are merged, its lists one behind the other; items of a list are not.
        (
            b"\x22\x04\x08\x01\x18\x01\x22\x05\x12\x01a\x18\x02",
            r#"{"inner":{"int":1,"someText":"a","ints":[1,2]}}"#,
        ),
        (b"\x22\x02\x22\x00\x22\x04\x22\x02\x08\x01", r#"{"inner":{"inner":{"int":1}}}"#),
        (b"\x2a\x02\x08\x01\x2a\x00", r#"{"inners":[{"int":1},{}]}"#),
        // The last of a oneof counts, and is merged with what came of it alone.
        (b"\xa8\x01\x01\xb2\x01\x02\x08\x01", r#"{"right":{"int":1}}"#),
        (b"\xb2\x01\x02\x08\x01\xa8\x01\x01", r#"{"left":1}"#),
        (b"\xb2\x01\x02\x08\x01\xa8\x01\x01\xb2\x01\x00", r#"{"right":{}}"#),
        // Enums: the number that stands for no value is as good as absent.
        (b"\x30\x02", r#"{"color":"blue"}"#),
        (b"\x30\x02\x30\x00", "{}"),
        // Only the key of a reference is read.
        (b"\x42\x03\x0a\x01x", r#"{"author":"x"}"#),
        (b"\x42\x03\x12\x01\xff\x42\x03\x0a\x01x", r#"{"author":"x"}"#),
        (b"\x4a\x03\x0a\x01a\x4a\x05\x0a\x03b.c", r#"{"mask":["a","b.c"]}"#),
        (b"\x4a\x00", r#"{"mask":[]}"#),
        // Instants and lengths of time, in pieces too, and finer than they can be kept.
        (b"\x52\x00", r#"{"at":"1970-01-01T00:00:00.000000Z"}"#),
        (b"\x52\x02\x08\x01\x52\x03\x10\xe8\x07", r#"{"at":"1970-01-01T00:00:01.000001Z"}"#),
        (b"\x52\x02\x10\x01", r#"{"at":"1970-01-01T00:00:00.000000Z"}"#),
        (b"\x5a\x00", r#"{"span":"PT0S"}"#),
        (b"\x5a\x03\x08\x90\x1c", r#"{"span":"PT1H"}"#),
        (b"\x5a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", r#"{"span":"-PT0.000000001S"}"#),
        (b"\x6a\x08[1,null]", r#"{"data":[1,null]}"#),
    ];
    for (bytes, expected) in cases {
        let value = binary(bytes).unwrap_or_else(|error| panic!("{error:?} in {bytes:02x?}"));
        assert_eq!(value.json_text(), *expected, "{bytes:02x?}");
    }
    assert_eq!(binary(b"\xa2\x06\x01a").unwrap().get("blob"), Some(&Value::Bytes(b"a".to_vec())));
}

#[test]
fn binary_that_is_refused_names_the_field() {
    let cases: &[(&[u8], &str, &str, &str)] = &[
        (b"\x08", "MALFORMED", "int", "the message ends within a field"),
        (b"\x80", "MALFORMED", "", "the message ends within a field"),
        (b"\x12\x02a", "MALFORMED", "some_text", "the message ends within a field"),
        (b"\x61\x00", "MALFORMED", "float", "the message ends within a field"),
        (b"\x1a\x01\x80", "MALFORMED", "ints[0]", "the message ends within a field"),
        (b"\xfd\x07123", "MALFORMED", "", "the message ends within a field"),
        (b"\x0b\x08\x01", "MALFORMED", "", "the message ends within a field"),
        (
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "MALFORMED",
            "some_text",
            "the message ends within a field",
        ),
        (b"\x00\x01", "MALFORMED", "", "a field number that is none of 1 to 536870911"),
        (b"\x80\x80\x80\x80\x10\x01", "MALFORMED", "", "a field number that is none of 1 to 536870911"),
        (b"\x0e", "MALFORMED", "", "a wire type that does not exist"),
        (b"\x0c", "MALFORMED", "", "the end of a group that has not begun"),
        (b"\x0b\x14", "MALFORMED", "", "the end of a group that has not begun"),
        (
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            "MALFORMED",
            "int",
            "a varint of more than 64 bits",
        ),
        (
            b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
            "MALFORMED",
            "int",
            "a varint of more than 64 bits",
        ),
        (b"\x12\x01\xff", "MALFORMED", "some_text", "the text is not UTF-8"),
        (b"\x22\x05\x2a\x03\x12\x01\xff", "MALFORMED", "inner.inners[0].some_text", "the text is not UTF-8"),
        (b"\x2a\x00\x2a\x02\x30\x03", "ENUM", "inners[1].color", "the enum has no value of number 3"),
        (b"\x38\x00", "ENUM", "colors[0]", "expected a value of the enum other than number 0"),
        (
            b"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "ENUM",
            "color",
            "the enum has no value of number -1",
        ),
        (b"\x61\x00\x00\x00\x00\x00\x00\xf0\x7f", "RANGE", "float", "expected a finite number"),
        (b"\x61\x00\x00\x00\x00\x00\x00\xf8\x7f", "RANGE", "float", "expected a finite number"),
        (
            b"\x52\x07\x08\xff\xff\xff\xff\xff\x7f",
            "RANGE",
            "at",
            "expected an instant in the years 0001 to 9999",
        ),
        (b"\x52\x06\x10\x80\x94\xeb\xdc\x03", "RANGE", "at", "expected an instant in the years 0001 to 9999"),
        (
            b"\x5a\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "RANGE",
            "span",
            "expected at most 87660000 hours either way, and nanoseconds of the same sign",
        ),
        (b"\x42\x00", "REQUIRED", "author.id", "is required"),
        (b"\x42\x03\x12\x01a", "REQUIRED", "author.id", "is required"),
        (b"\x6a\x01[", "FORMAT", "data", "expected a value at line 1, column 2"),
    ];
    for (bytes, code, place, message) in cases {
        let error = MessageError { code, message: (*message).into(), place: (*place).into() };
        assert_eq!(binary(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn json_by_the_rules_of_its_specification() {
    let cases = [
        ("{}", "{}"),
        (r#"{"someText":"a"}"#, r#"{"someText":"a"}"#),
        (r#"{"some_text":"a"}"#, r#"{"someText":"a"}"#),
        (r#"{"int":null,"ints":null,"inner":null,"color":null,"author":null,"mask":null,"at":null}"#, "{}"),
        (r#"{"int":"-5","long":"9223372036854775807"}"#, r#"{"int":-5,"long":9223372036854775807}"#),
        (r#"{"int":1e3,"long":-9223372036854775808}"#, r#"{"int":1000,"long":-9223372036854775808}"#),
        (r#"{"float":"1.5"}"#, r#"{"float":1.5}"#),
        (r#"{"float":3}"#, r#"{"float":3}"#),
        (r#"{"blob":"-_8"}"#, r#"{"blob":"+/8="}"#),
        (r#"{"color":"COLOR_BLUE"}"#, r#"{"color":"blue"}"#),
        (r#"{"color":1,"colors":[2,"COLOR_RED"]}"#, r#"{"color":"RED","colors":["blue","RED"]}"#),
        (r#"{"color":"COLOR_UNSPECIFIED","ints":[]}"#, r#"{"ints":[]}"#),
        (r#"{"author":{"text":"b","id":"a"}}"#, r#"{"author":"a"}"#),
        (r#"{"mask":"someText,inner.someText,*"}"#, r#"{"mask":["some_text","inner.some_text","*"]}"#),
        (r#"{"mask":""}"#, r#"{"mask":[]}"#),
        (r#"{"at":"1970-01-01T01:00:01+01:00"}"#, r#"{"at":"1970-01-01T00:00:01.000000Z"}"#),
        (r#"{"at":"1970-01-01T00:00:00.000000001Z"}"#, r#"{"at":"1970-01-01T00:00:00.000000Z"}"#),
        (r#"{"at":"1970-01-01T00:00:00.1234569Z"}"#, r#"{"at":"1970-01-01T00:00:00.123456Z"}"#),
        (r#"{"at":"1970-01-01T00:00:00.1234567891Z"}"#, r#"{"at":"1970-01-01T00:00:00.1234567891Z"}"#),
        (r#"{"span":"5400.5s"}"#, r#"{"span":"PT1H30M0.5S"}"#),
        (r#"{"span":"-0.000000001s"}"#, r#"{"span":"-PT0.000000001S"}"#),
        (r#"{"data":"[1,null]"}"#, r#"{"data":[1,null]}"#),
        (r#"{"inners":[{},{"int":1}],"inner":{}}"#, r#"{"inner":{},"inners":[{},{"int":1}]}"#),
        (r#"{"left":1,"right":null}"#, r#"{"left":1}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(json(text).unwrap_or_else(|error| panic!("{error} in {text}")), expected, "{text}");
    }
}

#[test]
fn json_that_is_refused_names_the_field() {
    let cases = [
        ("", "MALFORMED", "", "expected a value at line 1, column 1"),
        ("[]", "TYPE", "", "expected an object, not a list"),
        (r#"{"int":1,"int":1}"#, "MALFORMED", "", "the key is in the object twice at line 1, column 10"),
        (
            r#"{"someText":"","some_text":""}"#,
            "MALFORMED",
            "",
            "the field some_text is there under both of its names",
        ),
        (
            r#"{"inner":{"inners":[{},{"nope":1}]}}"#,
            "UNKNOWN",
            "inner.inners[1].nope",
            "there is no such field",
        ),
        (r#"{"author":{"nope":1}}"#, "UNKNOWN", "author.nope", "there is no such field"),
        (r#"{"author":{"id":null}}"#, "REQUIRED", "author.id", "is required"),
        (r#"{"author":"a"}"#, "TYPE", "author", "expected an object with a key, not text"),
        (r#"{"int":2147483648}"#, "RANGE", "int", "expected an integer from -2147483648 to 2147483647"),
        (r#"{"int":1.5}"#, "FORMAT", "int", "expected an integer"),
        (r#"{"int":""}"#, "FORMAT", "int", "expected an integer"),
        (r#"{"int":true}"#, "TYPE", "int", "expected an integer, not a boolean"),
        (r#"{"long":"9223372036854775808"}"#, "RANGE", "long", "expected an integer of 64 bits"),
        (r#"{"float":"NaN"}"#, "RANGE", "float", "expected a finite number"),
        (r#"{"float":"Infinity"}"#, "RANGE", "float", "expected a finite number"),
        (r#"{"flag":"true"}"#, "TYPE", "flag", "expected a boolean, not text"),
        (r#"{"someText":1}"#, "TYPE", "some_text", "expected text, not a number"),
        (r#"{"ints":1}"#, "TYPE", "ints", "expected a list, not a number"),
        (r#"{"ints":[1,null]}"#, "TYPE", "ints[1]", "expected an integer, not null"),
        (r#"{"color":"RED"}"#, "ENUM", "color", "the enum has no value RED"),
        (r#"{"color":7}"#, "ENUM", "color", "the enum has no value of number 7"),
        (r#"{"colors":[0]}"#, "ENUM", "colors[0]", "expected a value of the enum other than number 0"),
        (
            r#"{"mask":"some_text"}"#,
            "FORMAT",
            "mask",
            "expected paths in lowerCamelCase, with commas between them",
        ),
        (r#"{"span":"1"}"#, "FORMAT", "span", "expected seconds such as 1.5s"),
        (
            r#"{"span":"315576000001s"}"#,
            "RANGE",
            "span",
            "expected at most 87660000 hours either way, and nanoseconds of the same sign",
        ),
        (r#"{"blob":"a"}"#, "FORMAT", "blob", "expected base64"),
        (r#"{"data":[1]}"#, "TYPE", "data", "expected JSON as text, not a list"),
        (r#"{"left":1,"right":{}}"#, "ONE_OF", "right", "expected only one of left, right"),
    ];
    for (text, code, place, message) in cases {
        let error = MessageError { code, message: message.into(), place: place.into() };
        assert_eq!(json(text), Err(error), "{text}");
    }
}

#[test]
fn what_is_refused_says_so_in_one_line() {
    let error = binary(b"\x42\x00").unwrap_err();
    assert_eq!(error.to_string(), "author.id: is required");
    assert_eq!(binary(b"\x0e").unwrap_err().to_string(), "a wire type that does not exist");
}

/// Depth and values at their bounds and one beyond.
#[test]
fn depth_and_values_have_bounds() {
    let within = |bytes: &[u8], depth_max, values_max| {
        let bounds = DecodeBounds { depth_max, values_max, ..DecodeBounds::default() };
        decode_protobuf(&table(), 0, bytes, &bounds).map(drop).map_err(|error| error.code)
    };
    let nested = |levels: usize| {
        // From the inside out, and so backwards: none is copied into the next.
        let mut message = Vec::new();
        for _ in 1..levels {
            let mut head = vec![0x22];
            varint(&mut head, message.len() as u64);
            message.extend(head.into_iter().rev());
        }
        message.reverse();
        message
    };
    assert_eq!(within(&nested(5), 5, 100), Ok(()));
    assert_eq!(within(&nested(6), 5, 100), Err("DEPTH"));
    assert_eq!(within(&nested(128), 1000, 1000), Ok(()));
    assert_eq!(within(&nested(129), 1000, 1000), Err("DEPTH"));
    assert_eq!(within(&nested(100_000), 1000, 1000), Err("DEPTH"));
    assert_eq!(within(&[0x0b; 100_000], 1000, 1000), Err("DEPTH"));
    // A list is a level of its own.
    assert_eq!(within(b"\x2a\x00", 3, 100), Ok(()));
    assert_eq!(within(b"\x2a\x00", 2, 100), Err("DEPTH"));
    assert_eq!(within(b"\x6a\x04[[]]", 3, 100), Ok(()));
    assert_eq!(within(b"\x6a\x04[[]]", 2, 100), Err("DEPTH"));

    assert_eq!(within(b"\x1a\x03\x01\x02\x03", 10, 3), Ok(()));
    assert_eq!(within(b"\x1a\x03\x01\x02\x03", 10, 2), Err("SIZE"));
    assert_eq!(within(b"\x08\x01\x08\x01\x08\x01", 10, 2), Err("SIZE"));
    assert_eq!(within(b"\x22\x00\x22\x00\x22\x00", 10, 2), Err("SIZE"));
    assert_eq!(within(b"\x6a\x05[1,2]\x08\x01", 10, 4), Ok(()));
    assert_eq!(within(b"\x6a\x05[1,2]\x08\x01", 10, 3), Err("SIZE"));
}

#[test]
fn a_table_that_is_none_is_refused() {
    let one = |number, name, kind| field(number, name, Label::One, kind);
    let text = Kind::Scalar(Scalar::String);
    let tables = [
        (vec![one(1, "a", text), one(1, "b", text)], "the message 0 has two fields of one number or name"),
        (
            vec![one(1, "a", text), one(2, "b_c/a", text)],
            "the message 0 has two fields of one number or name",
        ),
        (vec![one(0, "a", text)], "the field a of the message 0 has a number that no field can have"),
        (vec![one(1 << 29, "a", text)], "the field a of the message 0 has a number that no field can have"),
        (vec![one(1, "a", Kind::Message(1))], "the field a of the message 0 has no such message"),
        (vec![one(1, "a", Kind::Enum(0))], "the field a of the message 0 has no such enum"),
        (
            vec![one(1, "a", Kind::Reference { message: 0, key: 1 })],
            "the field a of the message 0 has no scalar for its key",
        ),
    ];
    for (fields, expected) in tables {
        assert_eq!(Messages::new(vec![fields], Vec::new()).map(drop), Err(expected.into()));
    }
    let twice = vec![EnumValue::new("A", 1, "A"), EnumValue::new("B", 1, "B")];
    let expected = "the enum 0 has two values of one number";
    assert_eq!(Messages::new(Vec::new(), vec![twice]).map(drop), Err(expected.into()));
}

/// Zeros of implicit presence stand between what was read, in the order of the numbers.
#[test]
fn absent_fields_are_zeros_where_the_table_says_so() {
    let bounds = DecodeBounds::default();
    let value = decode_protobuf(&messages(), REQUEST, b"\x18\x05", &bounds).unwrap();
    let Value::Object(members) = &value else { panic!() };
    let members: Vec<_> = members.iter().take(7).map(|(key, value)| format!("{key}={value:?}")).collect();
    let expected = [
        "the plain_text=Text(\"\")",
        "the plain_int=Int(0)",
        "the plain_long=Int(5)",
        "the plain_float=Float(0.0)",
        "the plain_flag=Bool(false)",
        "the plain_blob=Bytes([])",
        "the texts=List([])",
    ];
    assert_eq!(members, expected);
}
