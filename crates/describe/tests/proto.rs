//! Contracts as protocol buffers: the conventions, word for word (`UPDATE=1 cargo test -p describe` writes the files in
//! `proto/` anew), and that the texts mean to a compiler what the schema says.
#![allow(clippy::unwrap_used)]

mod support;

use contract::{Contract, Loaded, Scalar, Sources};
use describe::proto::{File, Label, Message, Presence, Schema, Streaming, Type, files};
use protox::file::{ChainFileResolver, FileResolver, GoogleFileResolver};
use protox::prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use support::{FOLDERS, contract, example, root};

fn schema(contract: &Contract) -> Schema {
    Schema::new(contract).unwrap_or_else(|found| {
        let said: Vec<String> = found.iter().map(|one| contract.sources.render(one)).collect();
        panic!("{}", said.concat())
    })
}

fn text(contract: &Contract, path: &str) -> String {
    let files = files(&schema(contract));
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    files.into_iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{paths:?}")).text
}

fn library() -> Contract {
    let path = root().join("crates/describe/tests/proto/library.graphql");
    let mut sources = Sources::default();
    sources.add("library.graphql", std::fs::read_to_string(path).unwrap());
    let loaded = contract::compile(sources, &|name| Err(format!("there is no {name}")));
    loaded.unwrap_or_else(|found| panic!("{found}")).contract
}

/// What clients of the tour were promised, without a package and to the letter.
const PRODUCT_SERVICE: &str = r#"syntax = "proto3";

service ProductService {
  // One product.
  rpc GetProduct(ProductRequest) returns (Product) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }

  // Products in the order of their keys; the token of the next page is the last key of this one.
  rpc ListProducts(ListRequest) returns (stream Product) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }

  // Changes what is in stock: all of the changes, or none.
  rpc UpdateInventory(stream InventoryUpdate) returns (UpdateSummary);

  // Sends messages to all other participants, and receives theirs.
  rpc BidirectionalSync(stream SyncMessage) returns (stream SyncMessage);
}

// What `GetProduct` is given.
message ProductRequest {
  string product_id = 1;
}

// What `ListProducts` is given.
message ListRequest {
  int32 page_size = 1;
  string page_token = 2;
}

// Something on sale. Keys are the store's own article numbers.
message Product {
  string id = 1;
  string name = 2;
  double price = 3;
  // How many are in stock.
  int32 inventory = 4;
}

// What a run of inventory updates did.
message UpdateSummary {
  int32 total_updated = 1;
}

// What participants of the sync send each other.
message SyncMessage {
  string data = 1;
}

// A change of what is in stock.
message InventoryUpdate {
  string product_id = 1;
  int32 quantity_change = 2;
}
"#;

#[test]
fn the_tour_has_its_product_service() {
    assert_eq!(text(&example("examples/tour"), "tour.proto"), PRODUCT_SERVICE);
}

#[test]
fn conventions_hold_word_for_word() {
    let files = files(&schema(&library()));
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["lib/my_library.proto", "my_library/v2/my_library.proto"]);
    for (file, golden) in files.iter().zip(["exact.proto", "library.proto"]) {
        let golden = root().join("crates/describe/tests/proto").join(golden);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&golden, &file.text).unwrap();
        }
        let kept = std::fs::read_to_string(&golden).unwrap();
        let line = file.text.lines().zip(kept.lines()).position(|(now, then)| now != then);
        assert!(file.text == kept, "differs from line {line:?}; UPDATE=1 writes {}", golden.display());
    }
}

/// The files of a schema, for the compiler.
struct InMemory(Vec<File>);

impl FileResolver for InMemory {
    fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
        let found = self.0.iter().find(|file| file.path == name);
        let file = found.ok_or_else(|| protox::Error::file_not_found(name))?;
        protox::file::File::from_source(name, &file.text)
    }
}

fn compiled(schema: &Schema) -> DescriptorPool {
    let files = files(schema);
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let mut resolver = ChainFileResolver::new();
    resolver.add(InMemory(files));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_files(paths).unwrap_or_else(|error| panic!("{error:?}"));
    compiler.descriptor_pool()
}

#[test]
fn texts_mean_what_the_schema_says() {
    let examples = FOLDERS.map(example);
    for contract in examples.iter().chain([&library()]) {
        let schema = schema(contract);
        let pool = compiled(&schema);
        for message in &schema.messages {
            agrees(&schema, message, &pool.get_message_by_name(&message.full_name).unwrap());
        }
        for made in &schema.enums {
            let found = pool.get_enum_by_name(&made.full_name).unwrap();
            let values: Vec<(String, i32)> =
                found.values().map(|value| (value.name().to_owned(), value.number())).collect();
            let expected = made.values.iter().map(|value| (value.name.clone(), value.number as i32));
            assert!(values.iter().cloned().eq(expected), "{values:?}");
        }
        for service in schema.packages.iter().flat_map(|package| &package.services) {
            let found = pool.get_service_by_name(&service.full_name).unwrap();
            assert_eq!(found.methods().len(), service.methods.len());
            for (method, found) in service.methods.iter().zip(found.methods()) {
                let streaming = match (found.is_client_streaming(), found.is_server_streaming()) {
                    (false, false) => Streaming::Unary,
                    (false, true) => Streaming::Server,
                    (true, false) => Streaming::Client,
                    (true, true) => Streaming::Bidirectional,
                };
                assert_eq!((method.name.as_str(), method.streaming), (found.name(), streaming));
                assert_eq!(schema.message(method.request).full_name, found.input().full_name());
                assert_eq!(schema.message(method.response).full_name, found.output().full_name());
                let options = found.method_descriptor_proto().options.clone().unwrap_or_default();
                assert_eq!(method.is_read, options.idempotency_level() as i32 == 1);
                assert_eq!(method.deprecated.is_some(), options.deprecated());
            }
        }
    }
}

fn agrees(schema: &Schema, message: &Message, found: &MessageDescriptor) {
    assert_eq!(message.fields.len(), found.fields().len());
    for field in &message.fields {
        let name = format!("{}.{}", message.full_name, field.name);
        let other = found.get_field(field.number).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((field.name.as_str(), field.json_name.as_str()), (other.name(), other.json_name()));
        assert_eq!(type_name(schema, field.ty), kind_name(&other), "{name}");
        let label = match (other.cardinality(), other.supports_presence()) {
            (Cardinality::Repeated, _) => Label::Repeated,
            (_, true) => Label::One(Presence::Explicit),
            (_, false) => Label::One(Presence::Implicit),
        };
        assert_eq!(field.label, label, "{name}");
        let one_of = other.containing_oneof().filter(|one_of| !one_of.is_synthetic());
        assert_eq!(message.one_of, one_of.as_ref().map(|one_of| one_of.name()), "{name}");
        let options = other.field_descriptor_proto().options.clone().unwrap_or_default();
        assert_eq!(field.deprecated.is_some(), options.deprecated(), "{name}");
    }
    let reserved: Vec<u32> = found.reserved_ranges().map(|range| range.start).collect();
    assert_eq!(message.reserved, reserved);
    assert!(message.reserved_names.iter().map(String::as_str).eq(found.reserved_names()));
}

fn type_name(schema: &Schema, ty: Type) -> String {
    let plain = match ty {
        Type::Enum(id) => return schema.enumeration(id).full_name.clone(),
        Type::Message(id) | Type::Record { message: id, .. } => return schema.message(id).full_name.clone(),
        Type::FieldMask => "google.protobuf.FieldMask",
        Type::Scalar(Scalar::DateTime) => "google.protobuf.Timestamp",
        Type::Scalar(Scalar::Duration) => "google.protobuf.Duration",
        Type::Scalar(Scalar::Int) => "int32",
        Type::Scalar(Scalar::Long) => "int64",
        Type::Scalar(Scalar::Float) => "double",
        Type::Scalar(Scalar::Boolean) => "bool",
        Type::Scalar(Scalar::Bytes) => "bytes",
        Type::Scalar(_) => "string",
    };
    plain.to_owned()
}

fn kind_name(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(values) => values.full_name().to_owned(),
        Kind::Int32 => "int32".to_owned(),
        Kind::Int64 => "int64".to_owned(),
        Kind::Double => "double".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::String => "string".to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_same_contract_gives_the_same_schema() {
    for folder in FOLDERS {
        let [one, other] = [example(folder), example(folder)].map(|contract| schema(&contract));
        assert_eq!(one, other);
    }
}

/// What is added steps aside for types and fields of the contract.
#[test]
fn names_of_the_contract_are_its_own() {
    let contract = contract(
        r#"
        type Customer @resource @access(read: "true") {
          id: ID!  orders: [CustomerOrder!]! @relation(by: "customer")  ordersCount: Int  rowVersion: String
          and: Int  by: Direction
        }
        type CustomerOrder @resource @access(read: "true") { id: ID!  customer: Customer! }
        enum Direction { UP DOWN }
        input GiveRequest { value: Int }
        input Choice @oneOf { value: Int  choice: Int }
        type Query {
          give(request: GiveRequest, choice: Choice, readMask: Int): Customer @sql(run: "SELECT 1") @access(call: "true")
        }
        "#,
    );
    let text = text(&contract, "test/v1/test.proto");
    compiled(&schema(&contract));
    for line in [
        "message CustomerOrder2 {\n  oneof order_by {\n    Direction2 id = 16;\n",
        "  repeated CustomerOrder orders = 2;\n  optional int32 orders_count = 3;\n  optional string row_version = 4;\n",
        "  IntFilter and = 20;\n",
        "  rpc Give(TestServiceGiveRequest) returns (GiveResponse) {\n",
        "  GiveRequest request = 1;\n  Choice choice = 2;\n  optional int32 read_mask = 3;\n",
        "message Choice {\n  oneof given {\n",
        "  DIRECTION_UP = 1;\n",
        "  DIRECTION2_ASC = 1;\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// Each contract with the place and the beginning of what is said of it.
#[test]
fn clashes_are_found_in_their_places() {
    let cases = [
        (
            "type A @resource @access(read: \"true\") { id: ID!  aB: Int  a_b: Int @column(name: \"c\") }",
            "2:6",
            "in gRPC, `a_b` of `test.v1.A` would have a name or number of `aB`",
        ),
        (
            "type A @resource @access(read: \"true\") { id: ID!  b: b_c  c: BC }\nenum b_c { X }\nenum BC { Y }",
            "4:6",
            "`test.v1.BC` would be the name of two different things in gRPC",
        ),
        (
            "type A @resource @access(read: \"true\") { id: ID!  b: B  c: BCd }\nenum B { CD_E }\nenum BCd { E }",
            "4:6",
            "`B_CD_E` would be the name of two different things in gRPC",
        ),
        (
            "type Query {\n a(x: Int): Int @sql(run: \"SELECT 1\") @access(call: \"true\") @rpc(service: \"S\", request: \"R\")\n \
             b(y: Int): Int @sql(run: \"SELECT 1\") @access(call: \"true\") @rpc(service: \"S\", request: \"R\") }",
            "4:2",
            "`R` would be the name of two different things in gRPC",
        ),
    ];
    for (text, place, message) in cases {
        let contract = contract(text);
        let found = Schema::new(&contract).err().unwrap();
        let said: Vec<String> = found.iter().map(|one| contract.sources.render(one)).collect();
        assert!(said[0].starts_with(&format!("error[PROTO]: {message}")), "{said:?}");
        assert!(said[0].contains(&format!("--> contract.graphql:{place}\n")), "{said:?}");
    }
}

/// Each of twenty objects holds all others: there are more ways around than messages.
#[test]
fn ways_around_are_bounded() {
    let fields: String = (0..20).map(|i| format!(" f{i}: O{i}")).collect();
    let objects: String = (0..20).map(|i| format!("type O{i} {{ x: Int{fields} }}\n")).collect();
    let contract =
        contract(&format!("type A @resource @access(read: \"true\") {{ id: ID!  o: O0 }}\n{objects}"));
    let found = Schema::new(&contract).err().unwrap();
    assert_eq!((found.len(), found[0].code.as_str()), (1, "TOO_MANY"));
}

fn locked(text: &str, lock: &str) -> Contract {
    let mut sources = Sources::default();
    sources.add("a.graphql", format!("extend schema @contract(name: \"test\", version: \"1.0.0\")\n{text}"));
    sources.add_lock("numbers.lock", lock);
    let Loaded { contract, .. } = contract::compile(sources, &|_| Err("none".to_owned())).unwrap();
    contract
}

#[test]
fn what_is_gone_is_reserved() {
    let text_of = |contract: &Contract| {
        compiled(&schema(contract));
        text(contract, "test/v1/test.proto")
    };
    let with = |fields: &str| {
        format!(
            "type Note @resource @access(read: \"true\") {{ id: ID!  {fields} }}\nenum Mood {{ GOOD }}\n\
             type Query {{ one(b: Int): Int @sql(run: \"SELECT :b\") @access(call: \"true\") }}"
        )
    };
    let lock = "enum Mood\n  1 BAD\n  2 GOOD\noperation one\n  1 a\n  2 b\n\
                type Note\n  1 id\n  2 oldName\n  3 title\n  4 mood\n";
    let contract = locked(&with("mood: Mood  title: String  text: String"), lock);
    let text = text_of(&contract);
    let expected = "message Note {\n  reserved 2;\n  reserved \"old_name\";\n  optional string id = 1;\n  \
                    optional Mood mood = 4;\n  optional string title = 3;\n  optional string text = 5;\n";
    assert!(text.contains(expected), "{text}");
    assert!(
        text.contains("message OneRequest {\n  reserved 1;\n  reserved \"a\";\n  optional int32 b = 2;\n")
    );
    let values =
        "enum Mood {\n  reserved 1;\n  reserved \"MOOD_BAD\";\n  MOOD_UNSPECIFIED = 0;\n  MOOD_GOOD = 2;\n";
    assert!(text.contains(values), "{text}");

    // The lock file as it is then written, and a field that has its name back: the number is another one.
    let lock = contract.numbers.to_string();
    let again = locked(&with("oldName: String  title: String"), &lock);
    let text = text_of(&again);
    let expected = "message Note {\n  reserved 2, 4, 5;\n  reserved \"mood\", \"text\";\n  optional string id = 1;\n  \
                    optional string old_name = 6;\n  optional string title = 3;\n";
    assert!(text.contains(expected), "{text}");
}
