//! The lock file of numbers: what is kept, what is given, and what is said of it.
#![allow(clippy::unwrap_used)]

use contract::{Contract, Loaded, Numbered, Severity, Sources, compile};

/// Compiles a text with a header on its first line, and a lock file.
fn load(text: &str, lock: Option<&str>) -> Result<Loaded, String> {
    let mut sources = Sources::default();
    sources.add("a.graphql", format!("extend schema @contract(name: \"a\", version: \"1.0.0\")\n{text}"));
    if let Some(lock) = lock {
        sources.add_lock("numbers.lock", lock);
    }
    compile(sources, &|_| Err("none".to_owned())).map_err(|diagnostics| diagnostics.to_string())
}

fn loaded(text: &str, lock: Option<&str>) -> Loaded {
    load(text, lock).unwrap_or_else(|said| panic!("{said}"))
}

/// Each finding as `file:line:column message`.
fn drift(loaded: &Loaded) -> Vec<String> {
    let sources = &loaded.contract.sources;
    let one = |found: &contract::Diagnostic| {
        let (line, column) = sources.position(found.span.file, found.span.start);
        assert_eq!((found.severity, found.code.as_str()), (Severity::Warning, "DRIFT"));
        assert!(found.help.as_ref().unwrap().contains("septet lock DIR"));
        format!("{}:{line}:{column} {}", sources.path(found.span.file).display(), found.message)
    };
    loaded.drift.iter().map(one).collect()
}

/// The fields of the first resource with their numbers.
fn fields(contract: &Contract) -> Vec<(&str, u32)> {
    contract.resources[0].fields.iter().map(|field| (field.name.as_str(), field.number)).collect()
}

const ALL: &str = r#"
type User @resource @access(read: "true") { id: ID!  name: String!  mood: Mood  home: Home }
type Home { street: String  number: Int }
type Say @channel(path: "say") @access(publish: "true", subscribe: "true") { text: String!  at: DateTime! @assign(from: "now") }
enum Mood { GOOD BAD }
input Many { one: Int  two: Int }
type Query { one(a: Int, many: Many): Int @sql(run: "SELECT 1") @access(call: "true") }
"#;

/// What `ALL` has without a lock file.
const LOCK: &str = "\
# The protobuf numbers of this contract, written by `septet lock`. They never change, and no number is used
# again; so keep this file with the contract.

enum Mood
  1 GOOD
  2 BAD

operation one
  1 a
  2 many

type Home
  1 street
  2 number

type Many
  1 one
  2 two

type Say
  1 text
  2 at

type User
  1 id
  2 name
  3 mood
  4 home
";

#[test]
fn without_a_file_numbers_are_by_order() {
    let Loaded { contract, drift, .. } = loaded(ALL, None);
    assert!(drift.is_empty() && contract.sources.lock().is_none());
    assert_eq!(contract.numbers.to_string(), LOCK);
    assert_eq!(fields(&contract), [("id", 1), ("name", 2), ("mood", 3), ("home", 4)]);
}

#[test]
fn what_is_written_is_read_back() {
    let again = loaded(ALL, Some(LOCK));
    assert!(again.drift.is_empty(), "{:?}", drift(&again));
    assert_eq!(again.contract.numbers.to_string(), LOCK);
    let crlf = loaded(ALL, Some(&LOCK.replace('\n', "\r\n")));
    assert_eq!(crlf.contract.numbers.to_string(), LOCK);
}

#[test]
fn numbers_of_the_file_hold() {
    let lock = LOCK.replace("4 home", "40 home").replace("2 BAD", "7 BAD").replace("2 many", "9 many");
    let lock = lock.replace("2 at", "5 at").replace("2 two", "8 two").replace("2 number", "6 number");
    let Loaded { contract, drift, .. } = loaded(ALL, Some(&lock));
    assert!(drift.is_empty());
    assert_eq!(fields(&contract), [("id", 1), ("name", 2), ("mood", 3), ("home", 40)]);
    assert_eq!(contract.enums[0].values[1].number, 7);
    assert_eq!(contract.channels[0].fields[1].number, 5);
    let object = |name: &str| contract.objects.iter().find(|object| object.name == name).unwrap();
    assert_eq!((object("Say").fields[1].number, object("Home").fields[1].number), (5, 6));
    assert_eq!(contract.inputs[0].fields[1].number, 8);
    let one = contract.operation(contract.operation_named("one").unwrap());
    assert_eq!(one.arguments[1].number, 9);
}

const USER: &str = "type User @resource @access(read: \"true\") { id: ID!  FIELDS }";

#[test]
fn numbers_are_never_used_again() {
    let user = |fields: &str| USER.replace("FIELDS", fields);
    let lock = loaded(&user("name: String  mail: String"), None).contract.numbers.to_string();

    // One less: its number stays reserved.
    let less = loaded(&user("name: String"), Some(&lock));
    assert_eq!(drift(&less), ["numbers.lock:7:5 the type `User` has no `mail`"]);
    let lock = less.contract.numbers.to_string();
    assert!(lock.ends_with("type User\n  1 id\n  2 name\n  3 reserved mail\n"), "{lock}");
    let gone: Vec<_> = less.contract.numbers.gone(Numbered::Type, "User").collect();
    assert_eq!(gone, [(3, "mail")]);

    // One more: above all that ever was, though it has the old name, and wherever it stands.
    let more = loaded(&user("mail: String  name: String"), Some(&lock));
    assert_eq!(fields(&more.contract), [("id", 1), ("mail", 4), ("name", 2)]);
    assert_eq!(drift(&more), ["a.graphql:2:54 `mail` of the type `User` has no number in numbers.lock"]);
    let lock = more.contract.numbers.to_string();
    assert!(lock.ends_with("  2 name\n  3 reserved mail\n  4 mail\n"), "{lock}");

    // Another name is another field.
    let renamed = loaded(&user("mail: String  fullName: String"), Some(&lock));
    let lock = renamed.contract.numbers.to_string();
    assert!(lock.ends_with("  2 reserved name\n  3 reserved mail\n  4 mail\n  5 fullName\n"), "{lock}");
    assert_eq!(drift(&renamed).len(), 2);
    let settled = loaded(&user("fullName: String  mail: String"), Some(&lock));
    assert!(settled.drift.is_empty());
}

#[test]
fn types_go_and_come_back() {
    let with =
        "type User @resource @access(read: \"true\") { id: ID!  home: Home }\ntype Home { b: Int  a: Int }";
    let without = "type User @resource @access(read: \"true\") { id: ID!  home: Int }";
    let lock = loaded(with, None).contract.numbers.to_string();
    let gone = loaded(without, Some(&lock));
    assert_eq!(drift(&gone), ["numbers.lock:4:6 the contract has no type `Home`"]);
    let lock = gone.contract.numbers.to_string();
    assert!(lock.contains("\nreserved type Home\n  1 b\n  2 a\n"), "{lock}");
    assert!(loaded(without, Some(&lock)).drift.is_empty());
    let back = loaded(&with.replace("b: Int", "c: Int"), Some(&lock));
    let expected = [
        "a.graphql:3:6 the type `Home` is gone in numbers.lock",
        "a.graphql:3:13 `c` of the type `Home` has no number in numbers.lock",
    ];
    assert_eq!(drift(&back), expected);
    let lock = back.contract.numbers.to_string();
    assert!(lock.contains("\ntype Home\n  1 reserved b\n  2 a\n  3 c\n"), "{lock}");
}

#[test]
fn a_new_type_is_told_once() {
    let lock = loaded(&USER.replace("FIELDS", ""), None).contract.numbers.to_string();
    let grown = USER.replace("FIELDS", "") + "\nenum New { A B }";
    let new = loaded(&grown, Some(&lock));
    assert_eq!(drift(&new), ["a.graphql:3:6 the enum `New` has no numbers in numbers.lock"]);
    assert!(new.contract.numbers.to_string().contains("\nenum New\n  1 A\n  2 B\n"));
    let bare = "type Query { one(a: Int): Int @sql(run: \"SELECT 1\") @access(call: \"true\") }";
    let lock = loaded(bare, None).contract.numbers.to_string();
    let without = loaded(&bare.replace("(a: Int)", ""), Some(&lock));
    assert_eq!(drift(&without), ["numbers.lock:5:5 the operation `one` has no `a`"]);
}

/// Each with the line and column of its one finding and the end of what is said.
#[test]
fn a_broken_file_is_refused_with_the_place() {
    let id = "type User\n  1 id\n";
    let cases = [
        ("table User\n", "1:1", "expected `type`, `enum` or `operation` and a name"),
        ("type\n", "1:1", "expected `type`, `enum` or `operation` and a name"),
        ("type 1User\n", "1:1", "expected `type`, `enum` or `operation` and a name"),
        ("gone type User\n", "1:1", "expected `type`, `enum` or `operation` and a name"),
        ("  1 id\n", "1:3", "expected `type`, `enum` or `operation` and a name"),
        ("# ä\ntype User\n<<<<<<< HEAD\n", "3:1", "expected `type`, `enum` or `operation` and a name"),
        ("type User\n  1 gone id\n", "2:3", "expected `type`, `enum` or `operation` and a name"),
        ("type User\n  0 id\n", "2:3", "expected a number from 1 to 9998"),
        ("type User\n  01 id\n", "2:3", "expected a number from 1 to 9998"),
        ("type User\n  +1 id\n", "2:3", "expected a number from 1 to 9998"),
        ("type User\n  9999 id\n", "2:3", "expected a number from 1 to 9998"),
        ("type User\n  99999999999999999999 id\n", "2:3", "expected a number from 1 to 9998"),
        ("operation one\n  1001 a\n", "2:3", "expected a number from 1 to 1000"),
        ("enum Mood\n  1000001 A\n", "2:3", "expected a number from 1 to 1000000"),
        (&format!("{id}  1 name\n"), "3:3", "1 is the number of `id` already"),
        (&format!("{id}  1 reserved name\n"), "3:3", "1 is the number of `id` already"),
        (&format!("{id}  2 id\n"), "3:5", "`id` has a number already"),
        (&format!("{id}\n{id}"), "4:6", "the type `User` stands here twice"),
    ];
    for (lock, place, message) in cases {
        let said = load(&USER.replace("FIELDS", ""), Some(lock)).unwrap_err();
        assert!(said.contains(&format!("--> numbers.lock:{place}\n")), "{lock}\n{said}");
        assert!(said.starts_with(&format!("error[NUMBER]: {message}")), "{lock}\n{said}");
    }
}

#[test]
fn numbers_end() {
    let user = USER.replace("FIELDS", "name: String");
    let said = load(&user, Some("type User\n  1 id\n  9998 reserved last\n")).unwrap_err();
    assert!(said.contains("`name` would have number 9999: 9998 is the last"), "{said}");
}
