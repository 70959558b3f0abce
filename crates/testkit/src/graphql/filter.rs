//! The neutral form of conditions and orders as the values of `where` and `orderBy`.

use super::types::is_to_many;
use crate::driver::Failure;
use crate::query::malformed;
use contract::{Contract, Field, ResourceId};
use serde_json::{Value, json};

/// What an order may not have: a place inside a JSON value.
const NO_ORDER_BY_PARTS: &str = "an order by a part of a JSON value (`orderBy` names fields)";

/// A condition. A name that the resource does not have stands as it is, for the server to refuse.
pub fn filter(contract: &Contract, resource: Option<ResourceId>, filter: &Value) -> Result<Value, Failure> {
    let Value::Object(members) = filter else { return Err(malformed("a condition is an object")) };
    let scope = Scope { contract, resource };
    let mut terms = Vec::new();
    for (name, value) in members {
        match name.as_str() {
            "and" | "or" => terms.push(json!({ name: scope.list(value)? })),
            "not" => terms.push(json!({ "not": self::filter(contract, resource, value)? })),
            "some" | "none" => terms.extend(scope.related(name, value)?),
            path => {
                for (operator, operand) in tests(value) {
                    terms.push(scope.test(path, operator, operand)?);
                }
            }
        }
    }
    Ok(all(terms))
}

/// One condition of several that must all hold.
pub fn all(mut terms: Vec<Value>) -> Value {
    match terms.len() {
        0 => json!({}),
        1 => terms.remove(0),
        _ => json!({ "and": terms }),
    }
}

/// An order: `["author.name desc nulls last"]` is `[{author: {name: DESC_NULLS_LAST}}]`.
pub fn order(contract: &Contract, resource: Option<ResourceId>, terms: &[String]) -> Result<Value, Failure> {
    let scope = Scope { contract, resource };
    terms.iter().map(|term| scope.term(term)).collect()
}

/// Names, and what they mean there.
#[derive(Clone, Copy)]
struct Scope<'c> {
    contract: &'c Contract,
    /// Where it is known.
    resource: Option<ResourceId>,
}

impl<'c> Scope<'c> {
    fn field(self, name: &str) -> Option<&'c Field> {
        let resource = self.contract.resource(self.resource?);
        resource.field_named(name).map(|id| resource.field(id))
    }

    fn inside(self, name: &str) -> Self {
        Self { resource: self.field(name).and_then(Field::target), ..self }
    }

    fn list(self, value: &Value) -> Result<Value, Failure> {
        let Value::Array(items) = value else { return Err(malformed("a list of conditions is expected")) };
        items.iter().map(|item| filter(self.contract, self.resource, item)).collect()
    }

    /// `{"comments": {…}}` of `some` and `none`; null is any row at all.
    fn related(self, quantifier: &str, value: &Value) -> Result<Vec<Value>, Failure> {
        let Value::Object(relations) = value else { return Err(malformed("relations are an object")) };
        let term = |(relation, condition): (&String, &Value)| {
            let inside = match condition {
                Value::Null => json!({}),
                condition => filter(self.contract, self.inside(relation).resource, condition)?,
            };
            Ok(json!({ relation: { quantifier: inside } }))
        };
        relations.iter().map(term).collect()
    }

    fn test(self, path: &str, operator: &str, operand: &Value) -> Result<Value, Failure> {
        if let Some(operator) = operator.strip_prefix("not.") {
            return Ok(json!({ "not": self.test(path, operator, operand)? }));
        }
        if let Some((relation, rest)) = path.split_once('.') {
            return Ok(json!({ relation: self.inside(relation).test(rest, operator, operand)? }));
        }
        let (name, operand) = comparison(operator, operand);
        if let Some((field, steps)) = path.split_once("->") {
            let steps: Vec<&str> = steps.split("->").map(|step| step.trim_start_matches('>')).collect();
            return Ok(json!({ field: { "at": { "path": steps, name: operand } } }));
        }
        let test = json!({ name: operand });
        Ok(match self.key(path) {
            Some(key) => json!({ path: { key: test } }),
            None => json!({ path: test }),
        })
    }

    /// The name of the key of the row that a to-one field points to.
    fn key(self, name: &str) -> Option<&'c str> {
        let field = self.field(name).filter(|field| !is_to_many(field))?;
        Some(&self.contract.resource(field.target()?).key_field().name)
    }

    fn term(self, term: &str) -> Result<Value, Failure> {
        let mut words = term.split_whitespace();
        let path = words.next().unwrap_or("");
        if path.contains("->") {
            return Err(unspeakable(NO_ORDER_BY_PARTS));
        }
        let words: Vec<String> = words.map(str::to_ascii_uppercase).collect();
        let direction = match words.first().map(String::as_str) {
            None => "ASC".to_owned(),
            Some("NULLS") => format!("ASC_{}", words.join("_")),
            Some(_) => words.join("_"),
        };
        Ok(self.placed(path, Value::from(direction)))
    }

    fn placed(self, path: &str, direction: Value) -> Value {
        match (path.split_once('.'), self.key(path)) {
            (Some((relation, rest)), _) => json!({ relation: self.inside(relation).placed(rest, direction) }),
            (None, Some(key)) => json!({ path: { key: direction } }),
            (None, None) => json!({ path: direction }),
        }
    }
}

/// The tests of a field; a plain value is a test for equality.
fn tests(value: &Value) -> Vec<(&str, &Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        plain => vec![("eq", plain)],
    }
}

/// The name of a comparison in the schema, and what is compared with. A comparison that is not known stands as it is.
fn comparison(operator: &str, operand: &Value) -> (String, Value) {
    if operator == "is" {
        let (name, value) = is(operand);
        return (name.to_owned(), Value::Bool(value));
    }
    let (plain, quantifier) = match operator.split_once('(') {
        Some((plain, "any)")) => (plain, "Any"),
        Some((plain, "all)")) => (plain, "All"),
        Some(_) | None => (operator, ""),
    };
    let operand = match operand {
        Value::Object(members) if plain == "in" => members.get("list").unwrap_or(operand).clone(),
        operand => operand.clone(),
    };
    (format!("{}{quantifier}", named(plain)), operand)
}

fn named(operator: &str) -> &str {
    match operator {
        "match" => "matches",
        "imatch" => "imatches",
        "isdistinct" => "distinctFrom",
        "fts" => "search",
        "plfts" => "searchPlain",
        "phfts" => "searchPhrase",
        "wfts" => "searchWeb",
        "cs" => "contains",
        "cd" => "containedIn",
        "ov" => "overlaps",
        same => same,
    }
}

/// The comparisons that PostgREST's `is` stands for.
fn is(operand: &Value) -> (&'static str, bool) {
    match (operand, operand.as_str()) {
        (Value::Bool(true), _) | (_, Some("true")) => ("isTrue", true),
        (Value::Bool(false), _) | (_, Some("false")) => ("isFalse", true),
        (_, Some("not_null")) => ("isNull", false),
        // A truth value that is unknown is null.
        (_, _) => ("isNull", true),
    }
}

/// No way to say it.
pub fn unspeakable(what: &str) -> Failure {
    Failure::Unspeakable(what.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::graphql::tour;

    /// Resource, neutral condition, `where`.
    fn table() -> Vec<(&'static str, Value, Value)> {
        vec![
            ("Post", json!({"title": "x"}), json!({"title": {"eq": "x"}})),
            ("Post", json!({"author": "u1"}), json!({"author": {"id": {"eq": "u1"}}})),
            ("Post", json!({"author.name": {"like": "A%"}}), json!({"author": {"name": {"like": "A%"}}})),
            (
                "Post",
                json!({"id": {"in": {"list": ["a"]}}, "title": {"like(any)": ["A%"], "not.is": null}}),
                json!({"and": [{"id": {"in": ["a"]}}, {"title": {"likeAny": ["A%"]}},
                    {"not": {"title": {"isNull": true}}}]}),
            ),
            (
                "User",
                json!({"none": {"posts": null}, "some": {"comments": {"post": "p"}}}),
                json!({"and": [{"posts": {"none": {}}}, {"comments": {"some": {"post": {"id": {"eq": "p"}}}}}]}),
            ),
            (
                "User",
                json!({"or": [{"id": {"is": "not_null"}}, {"not": {"data->a->>0": "x"}}]}),
                json!({"or": [{"id": {"isNull": false}},
                    {"not": {"data": {"at": {"path": ["a", "0"], "eq": "x"}}}}]}),
            ),
            ("User", json!({"1=1 --": {"near": 1}}), json!({"1=1 --": {"near": 1}})),
        ]
    }

    #[test]
    fn conditions_are_where() {
        let contract = tour();
        for (resource, neutral, expected) in table() {
            let found = filter(&contract, contract.resource_named(resource), &neutral).unwrap();
            assert_eq!(found, expected, "{neutral}");
        }
    }

    #[test]
    fn orders_are_order_by() {
        let contract = tour();
        let post = contract.resource_named("Post");
        let terms = ["title", "author desc", "author.name nulls first", "x asc nulls last"];
        let found = order(&contract, post, &terms.map(str::to_owned)).unwrap();
        let expected = json!([{"title": "ASC"}, {"author": {"id": "DESC"}},
            {"author": {"name": "ASC_NULLS_FIRST"}}, {"x": "ASC_NULLS_LAST"}]);
        assert_eq!(found, expected);
        assert!(order(&contract, post, &["title->a".to_owned()]).is_err());
    }
}
