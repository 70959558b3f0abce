#![allow(clippy::unwrap_used)]

use super::*;
use crate::case::{Action, Expect};
use crate::driver::Total;
use crate::parse;
use std::path::Path;

/// A step of the tour as a document.
fn document(step: &str, total: Total) -> Result<Request, Failure> {
    let text = format!("contract x\ncase a\n  nobody: {step}\n    ok");
    let file = parse::case_file(Path::new("x"), Path::new("."), &text).unwrap_or_else(|e| panic!("{e:?}"));
    let step = &file.cases[0].steps[0];
    assert_eq!(step.expect, Expect::Done);
    let call = Call { token: None, action: &step.action, input: &step.input, total };
    document::request(&tour(), &call, &BTreeSet::new())
}

/// Steps, and their documents on one line with their variables.
const TABLE: &[(&str, &str)] = &[
    (
        "get User u1",
        "query ($id: ID! ) { result: user (id: $id ) { id name email _version } } {\"id\":\"u1\"}",
    ),
    (
        "get Post p\n select [\"id\", {\"field\": \"title\", \"as\": \"t\"}, {\"count\": \"comments\"}, \"author\"]",
        "query ($id: ID! ) { result: post (id: $id ) { id t: title commentsCount author { id } _version } } \
         {\"id\":\"p\"}",
    ),
    (
        "list Post\n where {\"author\": \"u1\"}\n order [\"title desc\"]\n limit 2\n select [\"id\"]",
        "query ($where: PostFilter $orderBy: [PostOrder!] $limit: Int ) { result: posts (where: $where \
         orderBy: $orderBy limit: $limit ) { id } } {\"limit\":2,\"orderBy\":[{\"title\":\"DESC\"}],\
         \"where\":{\"author\":{\"id\":{\"eq\":\"u1\"}}}}",
    ),
    (
        "list User\n select [{\"relation\": \"posts\", \"select\": [\"id\"], \"inner\": true, \"where\": {\"id\": 1}}]",
        "query ($posts_where: PostFilter $where: UserFilter ) { result: users (where: $where ) \
         { posts(where: $posts_where) { id } } } {\"posts_where\":{\"id\":{\"eq\":1}},\
         \"where\":{\"posts\":{\"some\":{\"id\":{\"eq\":1}}}}}",
    ),
    (
        "create Product {\"name\": \"x\", \"colour\": {\"a\": [1]}}",
        "mutation ($id: ID! $name: String! $price: Float! ) { result: createProduct (id: $id name: $name \
         price: $price colour: {a: [1]} ) { id name price inventory _version } } {\"name\":\"x\"}",
    ),
    (
        "update User u1 {\"id\": \"u2\", \"name\": null}\n version 7",
        "mutation ($id: ID! $name: String $ifVersion: Long ) { result: updateUser (id: $id name: $name \
         ifVersion: $ifVersion id: \"u2\" ) { id name email _version } } \
         {\"id\":\"u1\",\"ifVersion\":\"7\",\"name\":null}",
    ),
    ("delete Post p1", "mutation ($id: ID! ) { result: deletePost (id: $id ) { id } } {\"id\":\"p1\"}"),
    (
        "related User.posts u1\n limit 1\n select [\"id\"]",
        "query ($limit: Int $id: ID! ) { parent: user (id: $id ) { result: posts(limit: $limit) { id } }} \
         {\"id\":\"u1\",\"limit\":1}",
    ),
    (
        "page Post\n first 2\n after c\n select [\"id\"]",
        "query ($first: Int $after: String ) { result: postsConnection (first: $first after: $after ) { edges \
         { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } \
         {\"after\":\"c\",\"first\":2}",
    ),
    (
        "aggregate OrderItem\n by [\"order\"]\n measures {\"n\": \"count\", \"s\": \"sum price\"}",
        "query { result: orderItemsGroups { key { order } count sum { price } } } {}",
    ),
    ("aggregate Post\n measures {\"n\": \"count\"}", "query { result: postsAggregate { count } } {}"),
    (
        "batch Product [{\"delete\": {\"id\": \"p\"}}]\n select [\"id\"]",
        "mutation ($operations: [ProductBatchOperation!]! ) { result: batchProducts (operations: $operations ) \
         { id } } {\"operations\":[{\"delete\":{\"id\":\"p\"}}]}",
    ),
    (
        "call transferFunds {\"fromAccount\": \"a\"}\n select [\"id\"]",
        "mutation ($fromAccount: ID! $toAccount: ID! $amount: Decimal! ) { result: transferFunds \
         (fromAccount: $fromAccount toAccount: $toAccount amount: $amount ) { id } } {\"fromAccount\":\"a\"}",
    ),
];

#[test]
fn steps_are_documents() {
    for (step, expected) in TABLE {
        let request = document(step, Total::Unwanted).unwrap();
        let words: Vec<&str> = request.document.split_whitespace().collect();
        let (document, variables) = expected.rsplit_once("} {").expect("variables come last");
        let variables: serde_json::Value = serde_json::from_str(&format!("{{{variables}")).unwrap();
        assert_eq!(words.join(" "), format!("{document}}}"), "{step}");
        // Which of them comes first is of no account.
        assert_eq!(serde_json::Value::Object(request.variables), variables, "{step}");
    }
}

#[test]
fn a_total_is_asked_for_beside_the_rows() {
    let request = document("list Post\n where {\"id\": \"x\"}\n select [\"id\"]", Total::Wanted).unwrap();
    assert!(request.document.contains("total: postsCount(where: $where)"), "{}", request.document);
}

/// The line that an error points to says which argument it is about, and why the schema has none.
#[test]
fn lines_are_places() {
    let request = document("update Post p {\"author\": \"u2\", \"shoe\": 43}", Total::Unwanted).unwrap();
    for place in &request.places {
        let line = request.document.lines().nth(place.line - 1).unwrap();
        assert!(line.contains(&place.name), "{place:?}: {line}");
    }
    let why: Vec<_> = request.places.iter().filter_map(|p| Some((p.name.as_str(), p.why_not?))).collect();
    assert_eq!(why, [("author", "READ_ONLY"), ("shoe", "UNKNOWN")]);
}

#[test]
fn what_graphql_cannot_say_has_a_reason() {
    let steps = [
        "list Post\n select [{\"relation\": \"author\", \"spread\": true, \"select\": [\"name\"]}]",
        "get User u\n select [{\"relation\": \"posts\", \"inner\": true, \"select\": [\"id\"]}]",
        "list Post\n order [\"title->a\"]",
    ];
    for step in steps {
        assert!(matches!(document(step, Total::Unwanted), Err(Failure::Unspeakable(_))), "{step}");
    }
    assert!(matches!(
        document("get Nobody u", Total::Unwanted),
        Err(Failure::Broken(how)) if how.contains("Nobody")
    ));
}

/// Everything is what the schema has, but for what the server has refused.
#[test]
fn everything_is_named() {
    let action = Action::Standard { verb: crate::case::Verb::Get, resource: "Comment".into() };
    let input = crate::case::Input { key: Some("c1".into()), ..Default::default() };
    let call = Call { token: None, action: &action, input: &input, total: Total::Unwanted };
    let left_out = BTreeSet::from(["text".to_owned()]);
    let request = document::request(&tour(), &call, &left_out).unwrap();
    assert!(request.document.contains("{ id author { id } post { id } createdAt _version }"));
    assert!(request.everything.contains("text"));
}
