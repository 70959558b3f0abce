//! Nulls that bubble, against a tree of values that is completed as the specification says.

use crate::model::field;
use crate::source::Source;
use contract::{Scalar, Xml};
use serde_json::{Value, json};
use wire::{
    Cell, EncodeError, Encoder, GraphqlEncoder, JsonEncoder, Layout, NULLS_MAX, Name, NullAt, PathPart,
    Shape, ShapeField,
};

const BYTES_MAX: usize = 1 << 20;
const REPLIES: u64 = 20_000;

/// A record's values, by its shape.
#[derive(Debug, Clone)]
enum Datum {
    Null,
    Int(i64),
    Record(Vec<Datum>),
    Records(Vec<Datum>),
}

/// A name with what JSON escapes.
fn name(number: usize) -> String {
    format!("f{number}{}", ["", "\"", "\\\n", "é"][number % 4])
}

fn shape(source: &mut Source, depth: usize) -> Box<Shape> {
    let fields = (0..source.below(6)).map(|number| {
        let layout = match source.below(if depth == 0 { 1 } else { 3 }) {
            0 => Layout::Scalar(Scalar::Int),
            1 => Layout::One(shape(source, depth - 1)),
            _ => Layout::Many(shape(source, depth - 1)),
        };
        let required = source.chance(2);
        ShapeField { required, ..field(&name(number), 1, layout) }
    });
    Box::new(Shape { type_name: "T".into(), fields: fields.collect() })
}

fn record(shape: &Shape, source: &mut Source, null_one_in: usize) -> Datum {
    let value = |field: &ShapeField| match &field.layout {
        _ if source.chance(null_one_in) => Datum::Null,
        Layout::One(shape) => record(shape, source, null_one_in),
        Layout::Many(shape) => records(shape, source, null_one_in),
        _ => Datum::Int(source.integer() as i32 as i64),
    };
    Datum::Record(shape.fields.iter().map(value).collect())
}

fn records(shape: &Shape, source: &mut Source, null_one_in: usize) -> Datum {
    Datum::Records((0..source.below(4)).map(|_| record(shape, source, null_one_in)).collect())
}

fn push(encoder: &mut impl Encoder, shape: &Shape, datum: &Datum) -> Result<(), EncodeError> {
    match datum {
        Datum::Record(values) => {
            encoder.begin_record(shape)?;
            for (field, value) in shape.fields.iter().zip(values) {
                push_field(encoder, field, value)?;
            }
            encoder.end_record(shape)
        }
        Datum::Records(records) => {
            encoder.begin_list(shape)?;
            records.iter().try_for_each(|record| push(encoder, shape, record))?;
            encoder.end_list(shape)
        }
        Datum::Null | Datum::Int(_) => panic!("no record"),
    }
}

fn push_field(encoder: &mut impl Encoder, field: &ShapeField, value: &Datum) -> Result<(), EncodeError> {
    match (&field.layout, value) {
        (Layout::Scalar(_), Datum::Int(number)) => encoder.cell(field, Cell::Int(*number)),
        (Layout::Scalar(_), _) => encoder.cell(field, Cell::Null),
        (Layout::One(_) | Layout::Many(_), Datum::Null) => encoder.null(field),
        (Layout::One(shape) | Layout::Many(shape), value) => {
            encoder.begin_field(field)?;
            push(encoder, shape, value)?;
            encoder.end_field(field)
        }
        (layout, _) => panic!("{layout:?}"),
    }
}

/// Something around is null instead.
struct Bubbled;

/// `CompleteValue()` and `HandleFieldError()` (GraphQL, sections 6.4.3 and 6.4.4): of the errors beside one that has
/// bubbled none is added.
struct Oracle {
    path: Vec<PathPart>,
    nulls: Vec<NullAt>,
}

impl Oracle {
    fn reply(shape: &Shape, datum: &Datum) -> (Value, Vec<NullAt>) {
        let mut oracle = Self { path: Vec::new(), nulls: Vec::new() };
        let value = oracle.complete(shape, datum).unwrap_or(Value::Null);
        (value, oracle.nulls)
    }

    fn complete(&mut self, shape: &Shape, datum: &Datum) -> Result<Value, Bubbled> {
        match datum {
            Datum::Record(values) => {
                let fields = shape.fields.iter().zip(values);
                fields.map(|(field, value)| self.field(field, value)).collect()
            }
            Datum::Records(records) => {
                let items = records.iter().enumerate();
                let items = items.map(|(item, record)| {
                    self.at(PathPart::Item(item), |oracle| oracle.complete(shape, record))
                });
                items.collect()
            }
            Datum::Null | Datum::Int(_) => panic!("no record"),
        }
    }

    fn field(&mut self, field: &ShapeField, value: &Datum) -> Result<(String, Value), Bubbled> {
        let completed = self.at(PathPart::Field(field.name.text.clone()), |oracle| match value {
            Datum::Null if field.required => {
                oracle.nulls.push(NullAt { path: oracle.path.clone() });
                Err(Bubbled)
            }
            Datum::Null => Ok(Value::Null),
            Datum::Int(number) => Ok(json!(number)),
            Datum::Record(_) | Datum::Records(_) => match &field.layout {
                Layout::One(shape) | Layout::Many(shape) => oracle.complete(shape, value),
                layout => panic!("{layout:?}"),
            },
        });
        match completed {
            Err(Bubbled) if !field.required => Ok((field.name.text.to_string(), Value::Null)),
            completed => completed.map(|value| (field.name.text.to_string(), value)),
        }
    }

    fn at<T>(&mut self, part: PathPart, what: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(part);
        let done = what(self);
        self.path.pop();
        done
    }
}

fn written(shape: &Shape, datum: &Datum) -> (Value, Vec<NullAt>) {
    let before = b"before".to_vec();
    let mut encoder = GraphqlEncoder::new(before.clone(), BYTES_MAX);
    push(&mut encoder, shape, datum).unwrap();
    let (bytes, nulls) = encoder.finish();
    assert!(bytes.starts_with(&before));
    (serde_json::from_slice(&bytes[before.len()..]).unwrap(), nulls)
}

#[test]
fn nulls_bubble_as_the_specification_says() {
    let mut bubbled = 0;
    for seed in 0..REPLIES {
        let mut source = Source(seed);
        let shape = shape(&mut source, (seed % 4) as usize);
        let null_one_in = 2 + source.below(12);
        let datum = match source.chance(2) {
            true => record(&shape, &mut source, null_one_in),
            false => records(&shape, &mut source, null_one_in),
        };
        let (value, mut nulls) = Oracle::reply(&shape, &datum);
        bubbled += usize::from(!nulls.is_empty());
        nulls.truncate(NULLS_MAX);
        assert_eq!(written(&shape, &datum), (value, nulls), "seed {seed}: {shape:?} {datum:?}");
    }
    assert!((REPLIES as usize / 4..REPLIES as usize).contains(&bubbled), "{bubbled}");
}

#[test]
fn items_that_may_be_null_are_the_nearest_position() {
    for seed in 0..2_000 {
        let mut source = Source(seed);
        let shape = shape(&mut source, 2);
        let items: Vec<Datum> = (0..source.below(5))
            .map(|_| match source.chance(4) {
                true => Datum::Null,
                false => record(&shape, &mut source, 5),
            })
            .collect();
        let mut encoder = GraphqlEncoder::new(Vec::new(), BYTES_MAX);
        encoder.begin_list(&shape).unwrap();
        for item in &items {
            if let Datum::Null = item {
                encoder.null_item(&shape).unwrap();
                continue;
            }
            encoder.begin_item().unwrap();
            push(&mut encoder, &shape, item).unwrap();
            encoder.end_item().unwrap();
        }
        encoder.end_list(&shape).unwrap();
        let (bytes, nulls) = encoder.finish();
        let mut oracle = Oracle { path: Vec::new(), nulls: Vec::new() };
        let completed = items.iter().enumerate().map(|(at, item)| match item {
            Datum::Null => Value::Null,
            item => {
                oracle.at(PathPart::Item(at), |oracle| oracle.complete(&shape, item)).unwrap_or(Value::Null)
            }
        });
        let completed: Value = completed.collect();
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((written, nulls), (completed, oracle.nulls), "seed {seed}");
    }
}

#[test]
fn without_required_nulls_it_is_the_json_encoder() {
    for seed in 0..1_000 {
        let mut source = Source(seed);
        let shape = crate::model::everything((seed % 3) as usize);
        let reply = crate::model::record(&shape, &mut source);
        let mut json = JsonEncoder::new(Vec::new(), BYTES_MAX);
        crate::model::push(&mut json, &shape, &reply).unwrap();
        let mut graphql = GraphqlEncoder::new(Vec::new(), BYTES_MAX);
        crate::model::push(&mut graphql, &shape, &reply).unwrap();
        assert_eq!(graphql.finish(), (json.finish(), Vec::new()), "seed {seed}");
    }
}

fn required(name: &str, layout: Layout) -> ShapeField {
    ShapeField::required(Name::new(name, 1, Xml::Element), layout)
}

/// Records of one required number.
fn numbers() -> Box<Shape> {
    let fields = vec![required("n", Layout::Scalar(Scalar::Int))];
    Box::new(Shape { type_name: "Number".into(), fields })
}

#[test]
fn nulls_are_reported_up_to_a_bound() {
    let item = Shape { type_name: "T".into(), fields: vec![field("a", 1, Layout::One(numbers()))] };
    let nulls = |count| {
        let record = || Datum::Record(vec![Datum::Record(vec![Datum::Null])]);
        written(&item, &Datum::Records((0..count).map(|_| record()).collect()))
    };
    let (value, reported) = nulls(NULLS_MAX + 1);
    assert_eq!(value, json!(vec![json!({"a": null}); NULLS_MAX + 1]));
    assert_eq!(reported.len(), NULLS_MAX);
    assert_eq!(reported, nulls(NULLS_MAX).1);
}

#[test]
fn a_scalar_reply_may_be_null() {
    let shape = numbers();
    let scalar = |cell| {
        let mut encoder = GraphqlEncoder::new(Vec::new(), BYTES_MAX);
        encoder.scalar(&shape, cell).unwrap();
        let (bytes, nulls) = encoder.finish();
        (String::from_utf8(bytes).unwrap(), nulls)
    };
    assert_eq!(scalar(Cell::Int(1)), ("1".to_owned(), vec![]));
    assert_eq!(scalar(Cell::Null), ("null".to_owned(), vec![NullAt { path: vec![] }]));
}

#[test]
fn a_reply_that_becomes_null_is_bounded_too() {
    let shape = numbers();
    for (bytes_max, wanted) in [(4, Ok(())), (3, Err(EncodeError::TooLarge(3)))] {
        let mut encoder = GraphqlEncoder::new(Vec::new(), bytes_max);
        assert_eq!(push(&mut encoder, &shape, &Datum::Record(vec![Datum::Null])), wanted);
    }
}

/// Pushes a list and turns it around.
fn turned<E: Encoder>(mut encoder: E, shape: &Shape, items: &[Datum]) -> E {
    encoder.begin_list(shape).unwrap();
    let mut starts = Vec::new();
    for item in items {
        starts.push(encoder.position());
        push(&mut encoder, shape, item).unwrap();
    }
    encoder.turn_items(&starts);
    encoder.end_list(shape).unwrap();
    encoder
}

#[test]
fn a_turned_list_is_the_list_of_the_items_in_the_opposite_order() {
    for seed in 0..2_000 {
        let mut source = Source(seed);
        let shape = shape(&mut source, 2);
        let Datum::Records(items) = records(&shape, &mut source, 4) else { panic!("a list") };
        let forwards = Datum::Records(items.iter().rev().cloned().collect());
        let encoder = || GraphqlEncoder::new(b"x".to_vec(), BYTES_MAX);
        let (bytes, mut nulls) = turned(encoder(), &shape, &items).finish();
        let mut wanted = encoder();
        push(&mut wanted, &shape, &forwards).unwrap();
        let (wanted_bytes, mut wanted_nulls) = wanted.finish();
        assert_eq!(bytes, wanted_bytes, "seed {seed}");
        if bytes != b"xnull" {
            nulls.sort_by_key(|null| format!("{null:?}"));
            wanted_nulls.sort_by_key(|null| format!("{null:?}"));
            assert_eq!(nulls, wanted_nulls, "seed {seed}");
        }
    }
}

#[test]
fn lists_of_every_format_can_be_turned() {
    let shape = crate::model::everything(1);
    for length in [0, 1, 2, 5] {
        let mut source = Source(length);
        let records: Vec<_> = (0..length).map(|_| crate::model::record(&shape, &mut source)).collect();
        check(|| JsonEncoder::new(Vec::new(), BYTES_MAX), JsonEncoder::finish, &shape, &records);
        let protobuf = || wire::ProtobufEncoder::new(Vec::new(), BYTES_MAX);
        check(protobuf, wire::ProtobufEncoder::finish, &shape, &records);
        let xml = || wire::XmlEncoder::new(Vec::new(), BYTES_MAX, "list");
        check(xml, wire::XmlEncoder::finish, &shape, &records);
    }
}

fn check<E: Encoder>(
    new: impl Fn() -> E,
    finish: impl Fn(E) -> Vec<u8>,
    shape: &Shape,
    records: &[crate::model::Datum],
) {
    let list = |records: &mut dyn Iterator<Item = &crate::model::Datum>, end: fn(&mut E, &[usize])| {
        let mut encoder = new();
        encoder.begin_list(shape).unwrap();
        let mut starts = Vec::new();
        for record in records {
            starts.push(encoder.position());
            crate::model::push(&mut encoder, shape, record).unwrap();
        }
        end(&mut encoder, &starts);
        encoder.end_list(shape).unwrap();
        finish(encoder)
    };
    let turned = list(&mut records.iter().rev(), |encoder, starts| encoder.turn_items(starts));
    assert_eq!(turned, list(&mut records.iter(), |_, _| {}));
}
