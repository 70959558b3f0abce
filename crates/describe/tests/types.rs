//! Types of the contract in the schema: interfaces, objects inside of records, lists, defaults, deprecations.
#![allow(clippy::unwrap_used)]

mod support;

use support::{contract, field, input_field, schema};

const LIBRARY: &str = r#"
"Something with a name."
interface Named { name: String!  owner: Person!  secret: String  city: String! @deprecated(reason: "see address") }
"Nobody can show all of it."
interface Hidden { pin: String! }
union Anything = Person | Book
enum Genre { NOVEL @deprecated(reason: "all are") POEM }

"A person."
type Person implements Named & Hidden @resource
  @access(read: "id == caller.id", create: "true", update: "true", delete: "true") {
  id: ID!
  name: String! @deprecated(reason: "use the key")
  owner: Person!
  secret: String
  city: String! @deprecated(reason: "see \"address\"") @default(value: "Berlin")
  pin: String! @secret
  address: Address!
  earlier: [Address!] @access(read: "'admin' in caller.roles")
  genres: [Genre!]!
  tags: [String!]
  notes: JSON
  balance: Decimal! @decimal(scale: 4)
  age: Int! @computed(expr: "1")
  born: Date @immutable
  seen: DateTime! @assign(from: "now", on: [CREATE, UPDATE])
  books: [Book!]! @relation(by: "author") @access(read: "'admin' in caller.roles")
}

type Book implements Named @resource(id: CLIENT) @access(read: "true") {
  id: ID!
  name: String!
  owner: Person!
  secret: String
  city: String!
  author: Person!
  genre: Genre! @default(value: NOVEL)
}

"Where somebody lives."
type Address { "The street." street: String!  country: Country!  old: Int @deprecated }
type Country { code: String! }

type Log @resource(operations: [GET, CREATE, BATCH]) @access(read: "true", create: "true") {
  id: ID!
  at: DateTime! @assign(from: "now")
}

type Answer { named: Named  person: Person!  people: [Person!]! }
type Nothing { any: Anything  more: Nothing }

input Wish @oneOf { title: String  genre: Genre }
input Search { text: String! = "a \"b\"" @deprecated(reason: "soon")  must: Int! @deprecated  genres: [Genre!] = [POEM]  in: Wish }

type Query {
  answer(search: Search = { text: "x", must: 1 }, limit: Int = -3 @deprecated(reason: "never")): Answer
    @sql(run: "SELECT 1 AS named, 1 AS person, 1 AS people") @access(call: "true")
  nothing: Nothing @sql(run: "SELECT 1 AS any, 2 AS more") @access(call: "true")
  upstream: Int @http(method: GET, url: "https://example.com/") @access(call: "true")
  now: DateTime! @sql(run: "SELECT :_now") @access(call: "true") @deprecated(reason: "look up")
}
"#;

#[test]
fn records_are_null_where_they_may_be_hidden() {
    let schema = schema(&contract(LIBRARY));
    let fields = [
        "name: String!",
        // Who the owner is may be hidden, so one hidden owner must not take the whole list with it.
        "owner: Person",
        "address: Address!",
        "earlier: [Address!]",
        "genres: [Genre!]!",
        "tags: [String!]",
        "notes(path: [String!]): JSON",
        "balance: Decimal!",
        "age: Int!",
        "seen: DateTime!",
        "books(where: BookFilter, orderBy: [BookOrder!], limit: Int, offset: Int): [Book!]",
        "booksCount(where: BookFilter): Int",
    ];
    for expected in fields {
        let name = expected.split(['(', ':']).next().unwrap();
        assert_eq!(field(&schema, "Person", name).as_deref(), Some(expected));
    }
}

#[test]
fn interfaces_promise_what_all_their_types_keep() {
    let schema = schema(&contract(LIBRARY));
    assert_eq!(field(&schema, "Named", "owner").unwrap(), "owner: Person");
    assert_eq!(field(&schema, "Named", "city").unwrap(), "city: String!");
    assert!(schema.get_interface("Hidden").is_none());
    let person = schema.get_object("Person").unwrap();
    let implemented: Vec<&str> = person.implements_interfaces.iter().map(|name| name.as_str()).collect();
    assert_eq!(implemented, ["Node", "Named"]);
    // A field that an interface asks for is not deprecated where the interface says nothing of it.
    assert!(!person.fields["name"].directives.has("deprecated"));
    assert!(person.fields["city"].directives.has("deprecated"));
    assert!(schema.get_union("Anything").is_none());
}

#[test]
fn what_cannot_be_answered_is_left_out() {
    let schema = schema(&contract(LIBRARY));
    assert_eq!(field(&schema, "Answer", "named"), None);
    assert_eq!(field(&schema, "Answer", "person").unwrap(), "person: Person");
    assert_eq!(field(&schema, "Query", "nothing"), None);
    assert_eq!(field(&schema, "Query", "upstream"), None);
    assert!(!schema.types.contains_key("Nothing"));
}

#[test]
fn writes_take_what_can_be_given() {
    let schema = schema(&contract(LIBRARY));
    assert_eq!(
        field(&schema, "Mutation", "createPerson").unwrap(),
        "createPerson(name: String!, owner: ID!, secret: String, city: String, pin: String!, address: AddressInput!, \
         earlier: [AddressInput!], genres: [Genre!]!, tags: [String!], notes: JSON, balance: Decimal!, \
         born: Date): Person!"
    );
    assert_eq!(
        field(&schema, "Mutation", "updatePerson").unwrap(),
        "updatePerson(id: ID!, ifVersion: Long, name: String, owner: ID, secret: String, city: String, pin: String, \
         address: AddressInput, earlier: [AddressInput!], genres: [Genre!], tags: [String!], notes: JSON, \
         balance: Decimal): Person!"
    );
    assert_eq!(input_field(&schema, "AddressInput", "country").unwrap(), "country: CountryInput!");
    assert_eq!(input_field(&schema, "BookCreateInput", "id").unwrap(), "id: ID!");
    // A create that takes nothing has no arguments, and no place in a batch.
    assert_eq!(field(&schema, "Mutation", "createLog").unwrap(), "createLog: Log!");
    assert_eq!(field(&schema, "Mutation", "batchLogs"), None);
    assert!(!schema.types.contains_key("LogBatchOperation"));
}

#[test]
fn filters_fit_what_is_stored() {
    let schema = schema(&contract(LIBRARY));
    let fields = [
        "address: JSONFilter",
        "earlier: JSONFilter",
        "genres: GenreListFilter",
        "tags: StringListFilter",
        "notes: JSONFilter",
        "balance: DecimalFilter",
        "age: IntFilter",
        "owner: PersonFilter",
        "books: BookListFilter",
    ];
    for expected in fields {
        let name = expected.split(':').next().unwrap();
        assert_eq!(input_field(&schema, "PersonFilter", name).as_deref(), Some(expected));
    }
    assert_eq!(input_field(&schema, "StringListFilter", "in").unwrap(), "in: [[String!]!]");
    assert_eq!(input_field(&schema, "JSONFilter", "at").unwrap(), "at: JSONPathFilter");
    assert_eq!(input_field(&schema, "JSONPathFilter", "path").unwrap(), "path: [String!]!");
    assert_eq!(input_field(&schema, "PersonOrder", "address"), None);
    assert_eq!(field(&schema, "PersonSum", "balance").unwrap(), "balance: Decimal");
    assert_eq!(field(&schema, "PersonAvg", "age").unwrap(), "age: Float");
    assert_eq!(field(&schema, "PersonMin", "seen").unwrap(), "seen: DateTime");
    assert_eq!(field(&schema, "PersonGroupKey", "owner").unwrap(), "owner: ID");
}

#[test]
fn inputs_keep_their_defaults_and_deprecations() {
    let printed = describe::graphql::sdl(&contract(LIBRARY));
    let parts = [
        "  text: String! = \"a \\\"b\\\"\" @deprecated(reason: \"soon\")\n",
        // What must be given cannot be deprecated.
        "  must: Int!\n",
        "  genres: [Genre!] = [POEM]\n",
        "input Wish @oneOf {",
        "    search: Search = {text: \"x\", must: 1}\n    limit: Int = -3 @deprecated(reason: \"never\")\n",
        "  now: DateTime! @deprecated(reason: \"look up\")\n",
        "  NOVEL @deprecated(reason: \"all are\")\n",
        "    \"`\\\"Berlin\\\"` when absent.\"\n    city: String @deprecated(reason: \"see \\\"address\\\"\")\n",
        "  old: Int @deprecated(reason: \"No longer supported\")\n",
    ];
    for part in parts {
        assert!(printed.contains(part), "{part}\n{printed}");
    }
}

#[test]
fn a_contract_without_queries_has_a_root() {
    let contract = contract("type Log @resource(operations: [CREATE]) { id: ID!  text: String }");
    let schema = schema(&contract);
    assert_eq!(field(&schema, "Query", "_nothing").unwrap(), "_nothing: Boolean");
    assert_eq!(field(&schema, "Mutation", "createLog").unwrap(), "createLog(text: String): Log!");
    assert_eq!(field(&schema, "Log", "_version").unwrap(), "_version: Long!");
    assert!(schema.get_interface("Node").is_none());
}

#[test]
fn roots_may_have_other_names() {
    let contract = contract(
        r#"
        "What is said of the whole."
        schema { query: Q }
        type Q { one: Int! @sql(run: "SELECT 1") @access(call: "true") }
        type Query @resource @access(read: "true") { id: ID!  text: String }
        "#,
    );
    let schema = schema(&contract);
    assert_eq!(field(&schema, "_Query", "query").unwrap(), "query(id: ID!): Query");
    assert_eq!(schema.schema_definition.query.as_ref().unwrap().name.as_str(), "_Query");
}
