//! What the tests write and read back: rows as plain data, and the shape that has every layout.

use crate::source::Source;
use contract::{Scalar, Xml};
use serde_json::json;
use wire::{Cell, EncodeError, Encoder, EnumValue, Layout, Name, Shape, ShapeField};

/// A field's meaning, apart from any format.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    Null,
    Bool(bool),
    /// `Int`, `Long`; units of a decimal; microseconds of a duration and of an instant since 1970; an integer
    /// key.
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Json(serde_json::Value),
    List(Vec<Datum>),
    Record(Vec<Datum>),
}

pub const SCALE: u8 = 2;

pub fn field(name: &str, number: u32, layout: Layout) -> ShapeField {
    ShapeField::new(Name::new(name, number, Xml::Element), layout)
}

pub fn colors() -> Layout {
    let value = |name: &str, number| EnumValue::new(name, number, &format!("COLOR_{name}"));
    Layout::Enum(vec![value("RED", 1), value("GREEN", 2), value("BLUE", 300)])
}

fn list(layout: Layout) -> Layout {
    Layout::List(Box::new(layout))
}

fn shape(type_name: &str, fields: Vec<ShapeField>) -> Box<Shape> {
    Box::new(Shape { type_name: type_name.into(), fields })
}

fn leaf() -> Box<Shape> {
    let mut id = field("id", 1, Layout::Scalar(Scalar::Id));
    id.name.xml = Xml::Attribute;
    let mut text = field("text", 2, Layout::Scalar(Scalar::String));
    text.name.xml = Xml::Text;
    shape("Leaf", vec![id, text])
}

/// The key of a [`leaf`].
fn reference() -> Layout {
    Layout::Reference(Box::new(Name::new("id", 1, Xml::Element)))
}

fn address() -> Box<Shape> {
    let mut zip = field("zip", 2, Layout::Scalar(Scalar::Int));
    zip.name.xml = Xml::Attribute;
    let fields = vec![
        field("street", 1, Layout::Scalar(Scalar::String)),
        zip,
        field("marks", 3, list(Layout::Scalar(Scalar::Int))),
        field("color", 4, colors()),
        field("since", 5, Layout::Scalar(Scalar::DateTime)),
        field("leaves", 6, list(Layout::Object(leaf()))),
        field("owner", 7, reference()),
        field("users", 8, list(reference())),
        field("note", 9, Layout::Scalar(Scalar::Json)),
        field("took", 10, Layout::Scalar(Scalar::Duration)),
    ];
    shape("Address", fields)
}

/// Every layout; `depth` times nested in itself.
pub fn everything(depth: usize) -> Box<Shape> {
    let scalars = [
        ("id", 1, Scalar::Id),
        ("text", 2, Scalar::String),
        ("int", 3, Scalar::Int),
        ("long", 4, Scalar::Long),
        ("float", 5, Scalar::Float),
        ("flag", 6, Scalar::Boolean),
        ("price", 7, Scalar::Decimal { scale: SCALE }),
        ("at", 8, Scalar::DateTime),
        ("day", 9, Scalar::Date),
        ("clock", 10, Scalar::Time),
        ("span", 11, Scalar::Duration),
        ("uuid", 12, Scalar::Uuid),
        ("json", 13, Scalar::Json),
        ("blob", 14, Scalar::Bytes),
        ("url", 15, Scalar::Url),
        ("email", 16, Scalar::Email),
    ];
    let lists = [
        ("texts", 21, Scalar::String),
        ("ints", 22, Scalar::Int),
        ("longs", 23, Scalar::Long),
        ("floats", 24, Scalar::Float),
        ("flags", 25, Scalar::Boolean),
        ("prices", 26, Scalar::Decimal { scale: SCALE }),
        ("ats", 27, Scalar::DateTime),
        ("spans", 28, Scalar::Duration),
        ("blobs", 29, Scalar::Bytes),
        ("jsons", 31, Scalar::Json),
        ("days", 32, Scalar::Date),
    ];
    let mut fields: Vec<_> =
        scalars.map(|(name, number, scalar)| field(name, number, Layout::Scalar(scalar))).into();
    fields.push(field("color", 17, colors()));
    fields.push(field("firstSeen", 19, Layout::Scalar(Scalar::DateTime)));
    fields.push(field("key", 18, Layout::Scalar(Scalar::Id)));
    fields.extend(lists.map(|(name, number, scalar)| field(name, number, list(Layout::Scalar(scalar)))));
    fields.push(field("colors", 30, list(colors())));
    fields.push(field("address", 41, Layout::Object(address())));
    fields.push(field("addresses", 42, list(Layout::Object(address()))));
    fields.push(field("parent", 43, Layout::One(leaf())));
    fields.push(field("children", 44, Layout::Many(leaf())));
    fields.push(field("author", 45, reference()));
    fields.push(field("coAuthors", 46, list(reference())));
    if depth > 0 {
        fields.push(field("nested", 536_870_911, Layout::One(everything(depth - 1))));
    }
    // Attributes among the elements, so that late ones are tried too.
    for i in [1, 4, 14] {
        fields[i].name.xml = Xml::Attribute;
    }
    shape("Everything", fields)
}

/// A value for a layout; null now and then where `null_one_in` says so.
pub fn generate(layout: &Layout, source: &mut Source, null_one_in: Option<usize>) -> Datum {
    if null_one_in.is_some_and(|one_in| source.chance(one_in)) {
        return match layout {
            // Lists cannot be told from empty ones where null is absent.
            Layout::List(_) | Layout::Many(_) => Datum::List(Vec::new()),
            _ => Datum::Null,
        };
    }
    match layout {
        Layout::Scalar(scalar) => generate_scalar(*scalar, source),
        Layout::Reference(_) => generate_scalar(Scalar::Id, source),
        Layout::Enum(values) => Datum::Text(values[source.below(values.len())].name.to_string()),
        Layout::List(item) => {
            Datum::List((0..source.below(5)).map(|_| generate(item, source, None)).collect())
        }
        Layout::Object(shape) | Layout::One(shape) => record(shape, source),
        Layout::Many(shape) => Datum::List((0..source.below(4)).map(|_| record(shape, source)).collect()),
        Layout::Chosen(_) | Layout::Spread(_) => unreachable!("not in these shapes"),
    }
}

pub fn record(shape: &Shape, source: &mut Source) -> Datum {
    Datum::Record(shape.fields.iter().map(|field| generate(&field.layout, source, Some(4))).collect())
}

fn generate_scalar(scalar: Scalar, source: &mut Source) -> Datum {
    let micros_of_year_one = -62_135_596_800_000_000;
    let micros_of_all_years = 9999 * 365 * 86_400_000_000;
    match scalar {
        Scalar::Id | Scalar::String | Scalar::Url | Scalar::Email | Scalar::Uuid => {
            Datum::Text(source.text())
        }
        Scalar::Int => Datum::Int((source.integer() as i32).into()),
        Scalar::Long => Datum::Int(source.integer()),
        Scalar::Float => Datum::Float(source.double()),
        Scalar::Boolean => Datum::Bool(source.chance(2)),
        Scalar::Decimal { .. } => Datum::Int(source.integer() % 1_000_000_000_000_000_000),
        Scalar::DateTime => Datum::Int(micros_of_year_one + source.integer().rem_euclid(micros_of_all_years)),
        Scalar::Date => Datum::Text(source.pick(&["2026-11-22", "0001-01-01", "2024-02-29"]).into()),
        Scalar::Time => Datum::Text(source.pick(&["00:00:00.000000", "23:59:59.999999"]).into()),
        Scalar::Duration => Datum::Int(source.integer() / 30),
        Scalar::Json => Datum::Json(json_value(source, 3)),
        Scalar::Bytes => Datum::Bytes(source.bytes()),
    }
}

fn json_value(source: &mut Source, depth: usize) -> serde_json::Value {
    match source.below(if depth == 0 { 4 } else { 6 }) {
        0 => json!(source.text()),
        1 => json!(source.integer()),
        2 => json!(source.double()),
        3 => json!(source.chance(2)),
        4 => (0..source.below(4)).map(|_| json_value(source, depth - 1)).collect(),
        _ => (0..source.below(4)).map(|i| (format!("k{i}\""), json_value(source, depth - 1))).collect(),
    }
}

/// Walks a record into an encoder as the store does.
pub fn push(encoder: &mut impl Encoder, shape: &Shape, record: &Datum) -> Result<(), EncodeError> {
    let Datum::Record(values) = record else { panic!("{record:?} is no record") };
    encoder.begin_record(shape)?;
    for (field, value) in shape.fields.iter().zip(values) {
        push_field(encoder, field, value)?;
    }
    encoder.end_record(shape)
}

fn push_field(encoder: &mut impl Encoder, field: &ShapeField, value: &Datum) -> Result<(), EncodeError> {
    match (&field.layout, value) {
        (Layout::One(_), Datum::Null) => encoder.null(field),
        (Layout::One(shape), record) => {
            encoder.begin_field(field)?;
            push(encoder, shape, record)?;
            encoder.end_field(field)
        }
        (Layout::Many(shape), Datum::List(records)) => {
            encoder.begin_field(field)?;
            encoder.begin_list(shape)?;
            records.iter().try_for_each(|record| push(encoder, shape, record))?;
            encoder.end_list(shape)?;
            encoder.end_field(field)
        }
        (Layout::List(_) | Layout::Object(_), Datum::Null) => encoder.cell(field, Cell::Null),
        (Layout::List(_) | Layout::Object(_), value) => {
            let text = json_form(&field.layout, value).to_string();
            encoder.cell(field, Cell::Text(&text))
        }
        (Layout::Scalar(Scalar::DateTime), Datum::Int(micros)) => {
            encoder.cell(field, Cell::Text(&instant(*micros)))
        }
        (_, Datum::Json(value)) => encoder.cell(field, Cell::Text(&value.to_string())),
        (_, value) => encoder.cell(field, plain_cell(value)),
    }
}

fn plain_cell(value: &Datum) -> Cell<'_> {
    match value {
        Datum::Null => Cell::Null,
        Datum::Bool(value) => Cell::Bool(*value),
        Datum::Int(number) => Cell::Int(*number),
        Datum::Float(number) => Cell::Float(*number),
        Datum::Text(text) => Cell::Text(text),
        Datum::Bytes(bytes) => Cell::Bytes(bytes),
        Datum::Json(_) | Datum::List(_) | Datum::Record(_) => panic!("{value:?} is no plain cell"),
    }
}

fn instant(micros: i64) -> String {
    format!("{:.6}", jiff::Timestamp::from_microsecond(micros).unwrap())
}

/// What a JSON reply shows, also what is stored in lists and objects; written here without the crate's own
/// code.
pub fn json_form(layout: &Layout, value: &Datum) -> serde_json::Value {
    match (layout, value) {
        (_, Datum::Null) => json!(null),
        (Layout::Object(shape) | Layout::One(shape), Datum::Record(values)) => {
            let member = |(field, value): (&ShapeField, _)| {
                (field.name.text.to_string(), json_form(&field.layout, value))
            };
            shape.fields.iter().zip(values).map(member).collect()
        }
        (Layout::List(item), Datum::List(items)) => {
            items.iter().map(|value| json_form(item, value)).collect()
        }
        (Layout::Many(shape), Datum::List(items)) => {
            items.iter().map(|value| json_form(&Layout::One(shape.clone()), value)).collect()
        }
        (Layout::Scalar(Scalar::DateTime), Datum::Int(micros)) => json!(instant(*micros)),
        (Layout::Scalar(Scalar::Duration), Datum::Int(micros)) => {
            // Whole and fraction in one component is another ISO form than the encoders write, on purpose.
            let size = micros.unsigned_abs();
            let sign = if *micros < 0 { "-" } else { "" };
            json!(format!("{sign}PT{}.{:06}S", size / 1_000_000, size % 1_000_000))
        }
        (Layout::Scalar(Scalar::Decimal { .. }), Datum::Int(units)) => {
            let sign = if *units < 0 { "-" } else { "" };
            json!(format!("{sign}{}.{:02}", units.unsigned_abs() / 100, units.unsigned_abs() % 100))
        }
        (Layout::Scalar(Scalar::Long), Datum::Int(number)) => json!(number.to_string()),
        (_, Datum::Bool(value)) => json!(value),
        (_, Datum::Int(number)) => json!(number),
        (_, Datum::Float(number)) => json!(number),
        (_, Datum::Text(text)) => json!(text),
        (_, Datum::Bytes(bytes)) => json!(base64(bytes)),
        (_, Datum::Json(value)) => value.clone(),
        (_, Datum::List(_) | Datum::Record(_)) => panic!("{value:?} does not fit {layout:?}"),
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        let digit = |i: usize| char::from(DIGITS[(bits >> (18 - 6 * i)) as usize & 63]);
        (0..4).map(|i| if i <= chunk.len() { digit(i) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

pub fn base64_decode(text: &str) -> Vec<u8> {
    let digits = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| DIGITS.iter().position(|digit| *digit == byte).unwrap());
    let bits: Vec<u8> = digits.flat_map(|digit| (0..6).map(move |i| (digit >> (5 - i)) as u8 & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}
