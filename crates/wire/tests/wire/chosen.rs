//! What is chosen of stored objects, against a tree of values from which it is taken.

use crate::model::field;
use crate::source::Source;
use contract::Scalar;
use serde_json::{Map, Value, json};
use wire::{
    Cell, Chosen, EncodeError, Encoder, GraphqlEncoder, Items, JsonEncoder, Layout, MemberOf, NullAt,
    PathPart, ProtobufEncoder, Shape, ShapeField, XmlEncoder,
};

const BYTES_MAX: usize = 1 << 20;
const REPLIES: u64 = 20_000;

/// What is chosen, as the oracle reads it.
#[derive(Debug, Clone)]
struct Choice {
    items: Items,
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    /// The stored member, or the name of the type.
    from: Option<&'static str>,
    name: String,
    required: bool,
    inside: Option<Choice>,
}

const STORED: [&str; 4] = ["a", "b\"", "é", "d"];

impl Choice {
    fn generate(source: &mut Source, depth: usize) -> Self {
        let items = source.pick(&[Items::None, Items::Nullable, Items::Required]);
        let count = source.below(5);
        let member = |at| {
            let from = (!source.chance(6)).then(|| source.pick(&STORED));
            let inside = from.is_some() && depth > 0 && source.chance(2);
            Member {
                from,
                name: format!("n{at}\\"),
                required: source.chance(2),
                inside: inside.then(|| Self::generate(source, depth - 1)),
            }
        };
        Self { items, members: (0..count).map(member).collect() }
    }

    fn layout(&self) -> Layout {
        let member = |member: &Member| {
            let from = member.from.map_or(MemberOf::TypeName, MemberOf::Stored);
            let scalar = if member.from.is_some() { Scalar::Json } else { Scalar::String };
            let layout = member.inside.as_ref().map_or(Layout::Scalar(scalar), Self::layout);
            (from, ShapeField { required: member.required, ..field(&member.name, 1, layout) })
        };
        Layout::Chosen(Box::new(Chosen::new("T\"", self.items, self.members.iter().map(member).collect())))
    }
}

/// A value that fits some choices inside, in JSON that has each member at most once.
fn stored(choice: &Choice, source: &mut Source) -> Value {
    if source.chance(8) {
        return Value::Null;
    }
    match choice.items {
        Items::None => object(choice, source),
        Items::Nullable | Items::Required => {
            let count = source.below(4);
            let item = |_| if source.chance(8) { Value::Null } else { object(choice, source) };
            (0..count).map(item).collect()
        }
    }
}

fn object(choice: &Choice, source: &mut Source) -> Value {
    let mut members = Map::new();
    for name in STORED.iter().filter(|_| !source.chance(8)).collect::<Vec<_>>() {
        // Of several choices inside one member the last one fits it: the others find their members missing or refuse.
        let inside = choice.members.iter().rfind(|member| member.from == Some(*name));
        let value = match inside.and_then(|member| member.inside.as_ref()) {
            Some(inside) => stored(inside, source),
            None if source.chance(6) => Value::Null,
            None => json!(source.integer()),
        };
        members.insert((*name).to_owned(), value);
    }
    Value::Object(members)
}

/// Why a value is not answered.
enum Not {
    Fits,
    /// Something around is null instead.
    Bubbled,
}

struct Oracle {
    bubbles: bool,
    path: Vec<PathPart>,
    nulls: Vec<NullAt>,
}

impl Oracle {
    fn value(&mut self, choice: &Choice, required: bool, value: &Value) -> Result<Value, Not> {
        let done = match (choice.items, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Items::None, value) => self.object(choice, value),
            (items, Value::Array(values)) => {
                let each = values.iter().enumerate().map(|(at, value)| {
                    self.within(PathPart::Item(at), |oracle| {
                        let done = if *value == Value::Null {
                            Ok(Value::Null)
                        } else {
                            oracle.object(choice, value)
                        };
                        oracle.settle(items == Items::Required, done)
                    })
                });
                each.collect()
            }
            _ => Err(Not::Fits),
        };
        self.settle(required, done)
    }

    fn object(&mut self, choice: &Choice, value: &Value) -> Result<Value, Not> {
        let Value::Object(stored) = value else { return Err(Not::Fits) };
        let each = choice.members.iter().map(|member| {
            let value =
                member.from.map_or(json!("T\""), |name| stored.get(name).cloned().unwrap_or_default());
            let done =
                self.within(PathPart::Field(member.name.as_str().into()), |oracle| match &member.inside {
                    Some(choice) => oracle.value(choice, member.required, &value),
                    None => oracle.settle(member.required, Ok(value)),
                });
            done.map(|value| (member.name.clone(), value))
        });
        each.collect()
    }

    fn settle(&mut self, required: bool, done: Result<Value, Not>) -> Result<Value, Not> {
        match done {
            Ok(Value::Null) if required && self.bubbles => {
                self.nulls.push(NullAt { path: self.path.clone() });
                Err(Not::Bubbled)
            }
            Err(Not::Bubbled) if !required => Ok(Value::Null),
            done => done,
        }
    }

    fn within<T>(&mut self, part: PathPart, what: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(part);
        let done = what(self);
        self.path.pop();
        done
    }
}

/// What is expected of a record with this one field; `None` where the value does not fit.
fn expected(choice: &Choice, required: bool, value: &Value, bubbles: bool) -> Option<(Value, Vec<NullAt>)> {
    let path = vec![PathPart::Field("f".into())];
    let mut oracle = Oracle { bubbles, path, nulls: Vec::new() };
    match oracle.value(choice, required, value) {
        Ok(value) => Some((json!({ "f": value }), oracle.nulls)),
        Err(Not::Bubbled) => Some((Value::Null, oracle.nulls)),
        Err(Not::Fits) => None,
    }
}

fn push(encoder: &mut impl Encoder, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
    let shape = Shape { type_name: "Record".into(), fields: vec![field.clone()] };
    encoder.begin_record(&shape)?;
    encoder.cell(&shape.fields[0], cell)?;
    encoder.end_record(&shape)
}

fn json_of(field: &ShapeField, cell: Cell<'_>) -> Result<String, EncodeError> {
    let mut encoder = JsonEncoder::new(Vec::new(), BYTES_MAX);
    push(&mut encoder, field, cell).map(|()| String::from_utf8(encoder.finish()).unwrap())
}

fn graphql_of(field: &ShapeField, cell: Cell<'_>) -> Result<(String, Vec<NullAt>), EncodeError> {
    let mut encoder = GraphqlEncoder::new(Vec::new(), BYTES_MAX);
    push(&mut encoder, field, cell)?;
    let (bytes, nulls) = encoder.finish();
    Ok((String::from_utf8(bytes).unwrap(), nulls))
}

#[test]
fn what_is_chosen_is_what_a_tree_would_give() {
    let (mut fitting, mut bubbled) = (0, 0);
    for seed in 0..REPLIES {
        let mut source = Source(seed);
        let choice = Choice::generate(&mut source, (seed % 4) as usize);
        let required = source.chance(2);
        let value = stored(&choice, &mut source);
        let text = value.to_string();
        let field = ShapeField { required, ..field("f", 1, choice.layout()) };
        let cell = if value == Value::Null { Cell::Null } else { Cell::Text(&text) };
        let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let json = json_of(&field, cell).ok().map(|text| (parsed(text), Vec::new()));
        let graphql = graphql_of(&field, cell).ok().map(|(text, nulls)| (parsed(text), nulls));
        let wanted = expected(&choice, required, &value, true);
        fitting += usize::from(wanted.is_some());
        bubbled += usize::from(wanted.as_ref().is_some_and(|(_, nulls)| !nulls.is_empty()));
        assert_eq!(graphql, wanted, "seed {seed}: {choice:?} {text}");
        assert_eq!(json, expected(&choice, required, &value, false), "seed {seed}: {choice:?} {text}");
    }
    assert!(fitting > REPLIES as usize / 2 && bubbled > REPLIES as usize / 10, "{fitting} {bubbled}");
}

/// `{ zip: postcode, __typename, city, geo { lat } }`.
fn address(items: Items) -> ShapeField {
    let lat = (MemberOf::Stored("lat"), field("lat", 1, Layout::Scalar(Scalar::Decimal { scale: 1 })));
    let geo = Layout::Chosen(Box::new(Chosen::new("Geo", Items::None, vec![lat])));
    let text = || Layout::Scalar(Scalar::String);
    let members = vec![
        (MemberOf::Stored("postcode"), field("zip", 1, text())),
        (MemberOf::TypeName, field("kind", 2, text())),
        (MemberOf::Stored("city"), field("city", 3, text())),
        (MemberOf::Stored("city"), field("town", 4, text())),
        (MemberOf::Stored("geo"), field("geo", 5, geo)),
    ];
    field("f", 6, Layout::Chosen(Box::new(Chosen::new("Address", items, members))))
}

const STORED_ADDRESS: &str =
    r#"{"city":"Ly\u006fn", "street":"x","postcode":"69001","geo":{"lon":1,"lat":45.70}}"#;

#[test]
fn every_format_answers_the_members_in_the_order_of_the_selection() {
    let (one, many) = (address(Items::None), address(Items::Nullable));
    let answer = r#"{"zip":"69001","kind":"Address","city":"Lyon","town":"Lyon","geo":{"lat":"45.7"}}"#;
    assert_eq!(json_of(&one, Cell::Text(STORED_ADDRESS)).unwrap(), format!(r#"{{"f":{answer}}}"#));
    let list = format!("[{STORED_ADDRESS},null,{STORED_ADDRESS}]");
    let answers = format!(r#"{{"f":[{answer},null,{answer}]}}"#);
    assert_eq!(graphql_of(&many, Cell::Text(&list)).unwrap(), (answers, vec![]));
    let mut xml = XmlEncoder::new(Vec::new(), BYTES_MAX, "list");
    push(&mut xml, &one, Cell::Text(STORED_ADDRESS)).unwrap();
    let element = "<Record><f><zip>69001</zip><kind>Address</kind><city>Lyon</city><town>Lyon</town>\
        <geo><lat>45.7</lat></geo></f></Record>";
    assert_eq!(String::from_utf8(xml.finish()).unwrap(), element);
    let mut protobuf = ProtobufEncoder::new(Vec::new(), BYTES_MAX);
    push(&mut protobuf, &one, Cell::Text(STORED_ADDRESS)).unwrap();
    let bytes = b"\x32\x24\x0a\x0569001\x12\x07Address\x1a\x04Lyon\x22\x04Lyon\x2a\x06\x0a\x0445.7";
    assert_eq!(protobuf.finish(), bytes);
}

#[test]
fn stored_values_that_are_no_such_objects_are_refused() {
    let (one, many) = (address(Items::None), address(Items::Required));
    let twice = r#"{"city":"a","city":"b"}"#;
    let rows = [
        (&one, Cell::Text("[]")),
        (&one, Cell::Text("{")),
        (&one, Cell::Text(r#"{"city":1}"#)),
        (&one, Cell::Text(twice)),
        (&one, Cell::Text(r#"{"city":"a"},"admin":{"a":1}"#)),
        (&one, Cell::Int(1)),
        (&many, Cell::Text(STORED_ADDRESS)),
        (&many, Cell::Text("[1]")),
        (&many, Cell::Text("[{}")),
    ];
    for (field, cell) in rows {
        assert!(matches!(json_of(field, cell), Err(EncodeError::Mismatch { .. })), "{cell:?}");
        assert!(matches!(graphql_of(field, cell), Err(EncodeError::Mismatch { .. })), "{cell:?}");
    }
}

#[test]
fn what_is_chosen_is_bounded_like_every_reply() {
    let field = address(Items::Nullable);
    let list = format!("[{}]", vec![STORED_ADDRESS; 1_000].join(","));
    let mut encoder = GraphqlEncoder::new(Vec::new(), 500);
    assert_eq!(push(&mut encoder, &field, Cell::Text(&list)), Err(EncodeError::TooLarge(500)));
    assert!(encoder.finish().0.len() < 1_000);
}
