//! A contract whose rows have a field of every type, and messages with the same fields.

use crate::channel::Draft;
use crate::input::stored;
use crate::select::Params;
use contract::rule::Value as RuleValue;
use contract::{Contract, FieldId, Resource, ResourceId, Sources};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    Answering, Bounds, Column, Durability, Mutation, Operand, Options, Output, Place, Predicate, Root,
    Select, Step, Store, Unmetered, Write,
};
use wire::{DecodeBounds, Format, Layout, Name, Shape, ShapeField, Value, decode_json};

pub(crate) const NOW: &str = "2026-11-22T18:32:34.000000Z";

/// The fields of rows and messages.
const FIELDS: &str = "text: String word: String uuid: UUID url: URL email: Email int: Int other: Int long: Long
  float: Float flag: Boolean dec: Decimal @decimal(scale: 2) moment: DateTime date: Date time: Time span: Duration
  data: JSON bytes: Bytes colour: Colour ident: ID named: Named counted: Counted
  texts: [String] ints: [Int] longs: [Long] floats: [Float] flags: [Boolean] decs: [Decimal] @decimal(scale: 2)
  moments: [DateTime] dates: [Date] times: [Time] spans: [Duration] colours: [Colour] idents: [ID] uuids: [UUID]";

fn sdl() -> String {
    format!(
        r#"
extend schema @contract(name: "oracle", version: "1.0.0")
enum Colour {{ RED GREEN BLUE }}
type Named @resource(id: CLIENT) {{ id: ID! }}
type Counted @resource(id: INTEGER) {{ id: ID! }}
type Parent @resource(id: CLIENT) {{ id: ID! rows: [Row!]! @relation(by: "parent") }}
type Row @resource(id: CLIENT) {{ id: ID! parent: Parent! {FIELDS} }}
type Message @channel(path: "m") {{ {FIELDS} }}
"#
    )
}

/// Rows: bounds, usual values, nulls and empty lists.
pub(crate) const ROWS: [&str; 5] = [
    "{}",
    r#"{"text":"a","word":"A","uuid":"0190163d-8694-739b-aea5-966c26f8ad90","url":"https://a.example/","email":"a@a.example",
    "int":2147483647,"other":0,"long":"9223372036854775807","float":1.5,"flag":true,"dec":"9999999999999999.99",
    "moment":"9999-12-31T23:59:59.999999Z","date":"9999-12-31","time":"23:59:59.999999","span":"PT87660000H",
    "data":{"a":1},"bytes":"AA==","colour":"RED","ident":"7","named":"7","counted":7,
    "texts":[],"ints":[],"longs":[],"floats":[],"flags":[],"decs":[],"moments":[],"dates":[],"times":[],"spans":[],
    "colours":[],"idents":[],"uuids":[]}"#,
    r#"{"text":"","word":"a","int":-2147483648,"other":-1,"long":"-9223372036854775808","float":-1e308,"flag":false,
    "dec":"-9999999999999999.99","moment":"0001-01-01T00:00:00Z","date":"0001-01-01","time":"00:00:00",
    "span":"-PT87660000H","data":null,"colour":"GREEN","ident":"07","named":"07","counted":-7,
    "texts":[null],"ints":[null],"longs":[null],"floats":[null],"flags":[null],"decs":[null],"moments":[null],
    "dates":[null],"times":[null],"spans":[null],"colours":[null],"idents":[null],"uuids":[null]}"#,
    r#"{"text":"é\"\\ a","word":"ä","uuid":"0190163d-8694-739b-aea5-966c26f8ad91","int":5,"other":2,"long":"5","float":5,
    "flag":true,"dec":"1.50","moment":"2026-11-22T18:32:34Z","date":"2026-11-22","time":"18:32:34","span":"PT1H",
    "data":[1],"bytes":"","colour":"BLUE","ident":"a","named":"a","counted":7,
    "texts":["a","","é\"\\ a","RED"],"ints":[5,0,2147483647],"longs":["5","9223372036854775807"],"floats":[5,1.5,-1e308],
    "flags":[true,null],"decs":["1.50","-0.05"],"moments":["2026-11-22T19:32:34+01:00"],"dates":["2026-11-22"],
    "times":["18:32:34"],"spans":["PT60M","-PT1S"],"colours":["RED","BLUE"],"idents":["7","a"],
    "uuids":["0190163d-8694-739b-aea5-966c26f8ad91"]}"#,
    r#"{"text":"a","word":"a","int":0,"other":0,"long":"0","float":0,"flag":null,"dec":"0","span":"PT0S","ident":"7",
    "named":"a","texts":["b",null],"ints":[1,null],"decs":[null,"0"],"flags":[false]}"#,
];

/// Everything that tests need.
pub(crate) struct World {
    pub contract: Arc<Contract>,
    store: Store,
    runtime: tokio::runtime::Runtime,
    /// The rows as messages.
    pub messages: Vec<Vec<RuleValue>>,
    /// What SQLite decided otherwise than the evaluator.
    pub wrong: RefCell<Vec<String>>,
}

/// Which rows the parents have; each row of a parent is a record of its own.
pub(super) const PARENTS: [&[usize]; 6] = [&[], &[0, 1, 2, 3, 4], &[0], &[3], &[1, 4], &[3, 4]];

pub(super) fn key(parent: usize, row: usize) -> String {
    format!("{parent}-{row}")
}

pub(crate) fn resource(contract: &Contract, name: &str) -> (ResourceId, Resource) {
    let found = contract.resources().find(|(_, resource)| resource.name == name);
    found.map(|(id, resource)| (id, resource.clone())).expect("the contract has it")
}

impl World {
    pub fn new() -> Self {
        let mut sources = Sources::default();
        sources.add("oracle.graphql", sdl());
        let loaded = contract::compile(sources, &|_| Err("no files".into()));
        let contract = Arc::new(loaded.map_err(|e| e.to_string()).unwrap().contract);
        let options = Options {
            place: Place::Memory,
            durability: Durability::Process,
            group_writes_max: 8,
            queue_writes_max: 8,
            slow_readers: 1,
            stream_readers: 1,
            gathered_bytes_max: 1 << 20,
            queue_reads_max: 8,
            inline_steps_max: 1_000_000,
            writer_hold_max: std::time::Duration::from_secs(30),
            writer_answer_steps_max: 1_000_000,
            outbox: store::OutboxKept { keep_s: 604_800, bytes_max: 1 << 20 },
        };
        let store = Store::open(Arc::clone(&contract), &options).map_err(|e| e.0).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let messages = ROWS.iter().map(|row| message(&contract, row)).collect();
        let world = Self { contract, store, runtime, messages, wrong: RefCell::default() };
        world.fill();
        world
    }

    fn fill(&self) {
        let text = |text: &str| Value::Text(text.to_owned());
        ["7", "07", "a"].iter().for_each(|key| self.insert("Named", vec![("id", text(key))]));
        [7, -7].iter().for_each(|key| self.insert("Counted", vec![("id", Value::Int(*key))]));
        for (parent, rows) in PARENTS.iter().enumerate() {
            self.insert("Parent", vec![("id", text(&parent.to_string()))]);
            for row in *rows {
                let Value::Object(members) = parsed(ROWS[*row]) else { panic!("a row is an object") };
                let own = [("id", text(&key(parent, *row))), ("parent", text(&parent.to_string()))];
                let given = members.iter().map(|(name, value)| (name.as_str(), value.clone()));
                self.insert("Row", own.into_iter().chain(given).collect());
            }
        }
    }

    fn insert(&self, name: &str, members: Vec<(&str, Value)>) {
        let (id, resource) = resource(&self.contract, name);
        let (mut set, mut params) = (Vec::new(), Vec::new());
        for (name, value) in members.iter().filter(|(_, value)| *value != Value::Null) {
            let field = resource.field_named(name).unwrap();
            set.push((field, u16::try_from(params.len()).unwrap()));
            params.push(match field == resource.key {
                true => value.clone(),
                false => stored::for_column(&self.contract, resource.field(field).ty, value).unwrap(),
            });
        }
        let plan =
            self.store.plan_write(&Write::Insert { resource: id, set, check: Predicate::True }).unwrap();
        let mutation = Mutation {
            steps: vec![Step::Write { plan: Arc::new(plan), params }],
            answer: Answering::Steps,
            emits: Vec::new(),
            idempotency: None,
            format: Format::Json,
            bounds: bounds(),
            now: NOW.to_owned(),
            room: None,
        };
        self.runtime.block_on(self.store.write(mutation)).unwrap();
    }

    /// The keys of the records of a resource that a condition holds for.
    pub fn filtered(&self, name: &str, filter: Predicate, params: Params) -> BTreeSet<String> {
        let (id, resource) = resource(&self.contract, name);
        let column = |field: FieldId| Column { scope: 0, resource: id, hops: Vec::new(), field };
        let outputs = vec![Output::Value(Operand::Column(column(resource.key)))];
        let select =
            Select { from: id, outputs, filter, order: Vec::new(), limit: None, offset: None, edges: None };
        let name = Name::new("id", 1, contract::Xml::Element);
        let field = ShapeField::required(name, Layout::Scalar(contract::Scalar::Id));
        let shape = Shape { type_name: resource.name.as_str().into(), fields: vec![field] };
        let plan = Arc::new(self.store.plan_read(&select, shape, Root::List).unwrap());
        let reading = self.store.read(&plan, params.into_values(), Format::Json, bounds());
        let reply = self.runtime.block_on(reading).unwrap();
        match parsed(std::str::from_utf8(&reply.body).unwrap()) {
            Value::List(rows) => rows.iter().map(|row| row.get("id").unwrap().json_text()).collect(),
            other => panic!("not a list: {other:?}"),
        }
    }
}

fn bounds() -> Bounds {
    let deadline = Instant::now() + Duration::from_secs(60);
    Bounds { deadline, reply_bytes_max: 1 << 20, meter: Arc::new(Unmetered), lane: store::Lane::OPERATOR }
}

pub(crate) fn parsed(json: &str) -> Value {
    decode_json(json.as_bytes(), &DecodeBounds::default()).unwrap()
}

fn message(contract: &Contract, row: &str) -> Vec<RuleValue> {
    let channel = &contract.channels[0];
    let row = parsed(row);
    let value = |field: &contract::Field| match row.get(&field.name) {
        None | Some(Value::Null) => Value::Null,
        Some(value) => stored::for_column(contract, field.ty, value).unwrap(),
    };
    let values = channel.fields.iter().map(value).collect();
    Draft { path: "m".to_owned(), places: Vec::new(), values }.for_rules(contract, channel)
}
