//! Independent readers: serde_json, prost-reflect and quick-xml back to plain data.

use crate::model::{Datum, base64_decode};
use contract::{Scalar, Xml};
use prost_reflect::{DynamicMessage, ReflectMessage};
use quick_xml::events::Event;
use wire::{Layout, Shape, ShapeField};

fn micros_of_instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn micros_of_span(text: &str) -> i64 {
    let span = text.parse::<jiff::SignedDuration>().unwrap();
    span.as_micros().try_into().unwrap()
}

fn units(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{text}");
    format!("{whole}{fraction}").parse().unwrap()
}

/// A scalar from the text it has in JSON strings and in XML.
fn scalar_text(scalar: Scalar, text: &str) -> Datum {
    match scalar {
        Scalar::Int | Scalar::Long => Datum::Int(text.parse().unwrap()),
        Scalar::Float => Datum::Float(text.parse().unwrap()),
        Scalar::Boolean => Datum::Bool(text.parse().unwrap()),
        Scalar::Decimal { .. } => Datum::Int(units(text)),
        Scalar::DateTime => Datum::Int(micros_of_instant(text)),
        Scalar::Duration => Datum::Int(micros_of_span(text)),
        Scalar::Bytes => Datum::Bytes(base64_decode(text)),
        Scalar::Json => Datum::Json(serde_json::from_str(text).unwrap()),
        _ => Datum::Text(text.to_owned()),
    }
}

pub fn json(layout: &Layout, value: &serde_json::Value) -> Datum {
    use serde_json::Value;
    match (layout, value) {
        (Layout::Scalar(Scalar::Json), value) if !value.is_null() => Datum::Json(value.clone()),
        (_, Value::Null) => Datum::Null,
        (Layout::List(item), Value::Array(items)) => {
            Datum::List(items.iter().map(|value| json(item, value)).collect())
        }
        (Layout::Many(shape), Value::Array(items)) => {
            Datum::List(items.iter().map(|value| json_record(shape, value)).collect())
        }
        (Layout::Object(shape) | Layout::One(shape), value) => json_record(shape, value),
        (Layout::Scalar(Scalar::Boolean), value) => Datum::Bool(value.as_bool().unwrap()),
        (Layout::Scalar(Scalar::Int), value) => Datum::Int(value.as_i64().unwrap()),
        (Layout::Scalar(Scalar::Float), value) => Datum::Float(value.as_f64().unwrap()),
        (Layout::Scalar(scalar), value) => scalar_text(*scalar, value.as_str().unwrap()),
        (_, value) => Datum::Text(value.as_str().unwrap().to_owned()),
    }
}

pub fn json_record(shape: &Shape, value: &serde_json::Value) -> Datum {
    let members = value.as_object().unwrap();
    assert_eq!(members.len(), shape.fields.len());
    Datum::Record(shape.fields.iter().map(|field| json(&field.layout, &members[&*field.name.text])).collect())
}

pub fn protobuf_record(shape: &Shape, message: &DynamicMessage) -> Datum {
    assert_eq!(message.unknown_fields().count(), 0);
    Datum::Record(shape.fields.iter().map(|field| protobuf_field(field, message)).collect())
}

fn protobuf_field(field: &ShapeField, message: &DynamicMessage) -> Datum {
    let descriptor = message.descriptor().get_field(field.name.number).unwrap();
    assert_eq!(descriptor.json_name(), &*field.name.text);
    let value = message.get_field(&descriptor);
    match (&field.layout, value.as_list()) {
        (Layout::List(item), Some(items)) => {
            Datum::List(items.iter().map(|value| protobuf(item, value)).collect())
        }
        (Layout::Many(shape), Some(items)) => {
            let records = items.iter().map(|value| protobuf_record(shape, value.as_message().unwrap()));
            Datum::List(records.collect())
        }
        _ if !message.has_field(&descriptor) => Datum::Null,
        (layout, _) => protobuf(layout, &value),
    }
}

fn protobuf(layout: &Layout, value: &prost_reflect::Value) -> Datum {
    match layout {
        Layout::Object(shape) | Layout::One(shape) => protobuf_record(shape, value.as_message().unwrap()),
        Layout::Reference(key) => {
            let other = value.as_message().unwrap();
            assert_eq!(other.fields().count(), 1);
            scalar_text(Scalar::Id, other.get_field_by_number(key.number).unwrap().as_str().unwrap())
        }
        Layout::Enum(values) => {
            let number = value.as_enum_number().unwrap();
            Datum::Text(values.iter().find(|value| value.number as i32 == number).unwrap().name.to_string())
        }
        Layout::Scalar(Scalar::Int) => Datum::Int(value.as_i32().unwrap().into()),
        Layout::Scalar(Scalar::Long) => Datum::Int(value.as_i64().unwrap()),
        Layout::Scalar(Scalar::Float) => Datum::Float(value.as_f64().unwrap()),
        Layout::Scalar(Scalar::Boolean) => Datum::Bool(value.as_bool().unwrap()),
        Layout::Scalar(Scalar::Bytes) => Datum::Bytes(value.as_bytes().unwrap().to_vec()),
        Layout::Scalar(Scalar::DateTime) => {
            let (seconds, nanos) = seconds_and_nanos(value);
            assert!((0..1_000_000_000).contains(&nanos));
            Datum::Int(seconds * 1_000_000 + i64::from(nanos) / 1000)
        }
        Layout::Scalar(Scalar::Duration) => {
            let (seconds, nanos) = seconds_and_nanos(value);
            assert!(seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0));
            Datum::Int(seconds * 1_000_000 + i64::from(nanos) / 1000)
        }
        Layout::Scalar(scalar) => scalar_text(*scalar, value.as_str().unwrap()),
        Layout::List(_) | Layout::Chosen(_) | Layout::Many(_) | Layout::Spread(_) => {
            panic!("no single value")
        }
    }
}

fn seconds_and_nanos(value: &prost_reflect::Value) -> (i64, i32) {
    let message = value.as_message().unwrap();
    let part = |name| message.get_field_by_name(name).unwrap().into_owned();
    (part("seconds").as_i64().unwrap(), part("nanos").as_i32().unwrap())
}

/// An element as it was written.
#[derive(Debug, Default, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

/// Reads one element with all in it.
pub fn element(xml: &[u8]) -> Element {
    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(begun(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(begun(&start)),
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(name) => {
                let character = match name.resolve_char_ref().unwrap() {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&name).unwrap().to_owned(),
                };
                open.last_mut().unwrap().text.push_str(&character);
            }
            Event::End(_) => {
                let ended = open.pop().unwrap();
                open.last_mut().unwrap().children.push(ended);
            }
            Event::Eof => break,
            other => panic!("{other:?} in a reply"),
        }
    }
    assert_eq!(open.len(), 1);
    let mut outside = open.pop().unwrap();
    assert_eq!((outside.text.as_str(), outside.children.len()), ("", 1));
    outside.children.pop().unwrap()
}

fn begun(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let attribute = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let attribute = attribute.unwrap();
        let value = attribute.value.into_owned();
        // A reader turns white space that is not a reference into spaces.
        assert!(!value.contains(['\t', '\n', '\r']));
        let name = attribute.key.as_ref().to_owned();
        (name, quick_xml::escape::unescape(&value).unwrap().into_owned())
    };
    Element {
        name: start.name().as_ref().to_owned(),
        attributes: start.attributes().map(attribute).collect(),
        ..Element::default()
    }
}

pub fn xml_record(shape: &Shape, element: &Element) -> Datum {
    Datum::Record(shape.fields.iter().map(|field| xml_field(field, element)).collect())
}

fn xml_field(field: &ShapeField, element: &Element) -> Datum {
    let name = &*field.name.text;
    let children: Vec<_> = element.children.iter().filter(|child| child.name == name).collect();
    match (&field.layout, field.name.xml) {
        (_, Xml::Attribute) => match element.attributes.iter().find(|(key, _)| key == name) {
            Some((_, text)) => xml_text(&field.layout, text),
            None => Datum::Null,
        },
        // Null and empty text are the same when the text is the element's own.
        (_, Xml::Text) if element.text.is_empty() => Datum::Null,
        (layout, Xml::Text) => xml_text(layout, &element.text),
        (Layout::List(item), _) => Datum::List(children.iter().map(|child| xml_item(item, child)).collect()),
        (Layout::Many(shape), _) => {
            Datum::List(children.iter().map(|child| xml_record(shape, child)).collect())
        }
        (layout, _) => match children[..] {
            [] => Datum::Null,
            [child] => xml_item(layout, child),
            _ => panic!("{name} more than once"),
        },
    }
}

fn xml_item(layout: &Layout, element: &Element) -> Datum {
    match layout {
        Layout::Object(shape) | Layout::One(shape) => xml_record(shape, element),
        layout => xml_text(layout, &element.text),
    }
}

fn xml_text(layout: &Layout, text: &str) -> Datum {
    match layout {
        Layout::Scalar(scalar) => scalar_text(*scalar, text),
        _ => Datum::Text(text.to_owned()),
    }
}
