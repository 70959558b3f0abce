//! Selections inside objects that are kept in a field, and inside those of own operations' results.
#![allow(clippy::unwrap_used)]

mod support;

use support::{json, post, service_of_text};

const CONTRACT: &str = r#"
extend schema @contract(name: "shops", version: "1.0.0")
type Address { city: String! postcode: String geo: Geo marks: [Int!] }
type Geo { lat: Float! height: Decimal @decimal(scale: 1) }
type Tree { name: String! children: [Tree!] }
type Shop @resource(id: CLIENT) @access(read: "true", create: "true", update: "true") {
  id: ID!
  address: Address!
  past: [Address!]!
  secret: Address @access(read: "caller.id != null")
  tree: Tree
}
type Note @resource(id: CLIENT) @access(read: "text == 'open'", create: "true") {
  id: ID!
  text: String!
  address: Address!
}
type Report { count: Int! address: Address addresses: [Address!] loose: [Address] shop: Shop }
type Query {
  report(address: JSON, addresses: JSON): Report
    @sql(run: "SELECT 1 AS count, :address AS address, :addresses AS addresses, :addresses AS loose, 's1' AS shop")
    @access(call: "true")
}
"#;

const CREATE: &str = r#"mutation {
  createShop(id: "s1",
    address: { city: "Lyon", postcode: "69001", geo: { lat: 45.76, height: "173.0" }, marks: [1, 2] },
    past: [{ city: "Paris" }, { postcode: "13001", city: "Marseille", geo: { lat: 43.3 } }],
    secret: { city: "Nowhere" },
    tree: { name: "a", children: [{ name: "b", children: [{ name: "c" }] }] }
  ) { address { town: city } past { __typename city } }
}"#;

/// Documents and their answers, one after another.
const ROWS: [(&str, &str); 14] = [
    (
        CREATE,
        r#"{"data":{"createShop":{"address":{"town":"Lyon"},"past":[{"__typename":"Address","city":"Paris"},{"__typename":"Address","city":"Marseille"}]}}}"#,
    ),
    (
        r#"{ shops { place: address { zip: postcode __typename city town: city } } }"#,
        r#"{"data":{"shops":[{"place":{"zip":"69001","__typename":"Address","city":"Lyon","town":"Lyon"}}]}}"#,
    ),
    // The same names of other members are another plan.
    (
        r#"{ shops { place: address { zip: city __typename city: postcode town: postcode } } }"#,
        r#"{"data":{"shops":[{"place":{"zip":"Lyon","__typename":"Address","city":"69001","town":"69001"}}]}}"#,
    ),
    (
        r#"{ shops { address { marks geo { height lat } } } }"#,
        r#"{"data":{"shops":[{"address":{"marks":[1,2],"geo":{"height":"173.0","lat":45.76}}}]}}"#,
    ),
    (
        r#"{ shop(id: "s1") { past { geo { lat } postcode } past { city } } }"#,
        r#"{"data":{"shop":{"past":[{"geo":null,"postcode":null,"city":"Paris"},{"geo":{"lat":43.3},"postcode":"13001","city":"Marseille"}]}}}"#,
    ),
    (
        r#"query($geo: Boolean = false) { shops { address { ...a geo @include(if: $geo) { lat } } } } fragment a on Address { city }"#,
        r#"{"data":{"shops":[{"address":{"city":"Lyon"}}]}}"#,
    ),
    (
        r#"{ shops { tree { children { name children { children { name } name } } } } }"#,
        r#"{"data":{"shops":[{"tree":{"children":[{"name":"b","children":[{"children":null,"name":"c"}]}]}}]}}"#,
    ),
    // A record that its creator may not read: what was given is no news.
    (
        r#"mutation { createNote(id: "n1", text: "shut", address: { city: "Rome", postcode: "1" }) { address { city } } }"#,
        r#"{"data":{"createNote":{"address":{"city":"Rome"}}}}"#,
    ),
    (
        r#"mutation { createNote(id: "n2", text: "shut", address: { city: "Rome", postcode: "1" }) { address { postcode } } }"#,
        r#"{"data":{"createNote":{"address":{"postcode":"1"}}}}"#,
    ),
    (
        r#"{ report(address: {city: "Oslo", geo: {lat: 1}}, addresses: [{city: "Bern"}]) { count address { geo { __typename lat } } addresses { name: city } shop { past { city } } } }"#,
        r#"{"data":{"report":{"count":1,"address":{"geo":{"__typename":"Geo","lat":1}},"addresses":[{"name":"Bern"}],"shop":{"past":[{"city":"Paris"},{"city":"Marseille"}]}}}}"#,
    ),
    (
        r#"{ report(address: {city: "Oslo", geo: {lat: 1}}) { shop { old: past { name: city } } } }"#,
        r#"{"data":{"report":{"shop":{"old":[{"name":"Paris"},{"name":"Marseille"}]}}}}"#,
    ),
    (
        r#"{ report(address: {city: "Oslo", geo: {lat: 1}}) { shop { old: past { title: city } } } }"#,
        r#"{"data":{"report":{"shop":{"old":[{"title":"Paris"},{"title":"Marseille"}]}}}}"#,
    ),
    // Nulls bubble to the nearest place that may be null, inside of the value.
    (
        r#"{ report(address: {geo: {}, city: "a"}, addresses: [{city: "a"}, {}, null]) { at: address { city geo { lat } } loose { city } addresses { city } } }"#,
        r#"{"data":{"report":{"at":{"city":"a","geo":null},"loose":[{"city":"a"},null,null],"addresses":null}}} at/geo/lat loose/1/city addresses/1/city"#,
    ),
    (r#"{ shops { secret { city } } }"#, r#"{"data":null} FIELD_DENIED"#),
];

/// The body, and of errors only where and what they are.
fn short(body: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap();
    let Some(errors) = answer.get("errors").and_then(|errors| errors.as_array()) else {
        return body.to_owned();
    };
    let data = body.find("\"data\":").map(|at| &body[at..]).unwrap_or_default();
    let shown = errors.iter().map(|error| {
        let path = error["path"].as_array().unwrap().iter().skip(1);
        let path: Vec<String> = path.map(|part| part.to_string().replace('"', "")).collect();
        let code = error["extensions"]["code"].as_str().unwrap();
        if path.is_empty() { code.to_owned() } else { path.join("/") }
    });
    format!("{{{data} {}", shown.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn members_of_objects_are_answered_as_they_are_selected() {
    let service = service_of_text(CONTRACT);
    for (document, wanted) in ROWS {
        let (_, body) = post(&service, &format!("{{\"query\":{}}}", json(document))).await;
        assert_eq!(short(&body), wanted, "{document}\n{body}");
    }
}
