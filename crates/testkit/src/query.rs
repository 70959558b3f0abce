//! The neutral form of select, filter and order in PostgREST's query grammar.

use crate::case::List;
use crate::driver::Failure;
use serde_json::{Map, Value};

/// Query parameters before they are percent-encoded.
pub type Parameters = Vec<(String, String)>;

/// The parameters of a list and of what is wanted of each row.
pub fn parameters(list: &List, select: Option<&Value>) -> Result<Parameters, Failure> {
    let mut query = Query::default();
    if let Some(select) = select {
        query.select = items(select)?.iter().map(|item| query.item("", item)).collect::<Result<_, _>>()?;
        query.star = false;
    }
    query.list("", list)?;
    Ok(query.finish())
}

/// The parameters of a list whose selection is written in the grammar already.
pub fn parameters_of(list: &List, select: Vec<String>) -> Result<Parameters, Failure> {
    let mut query = Query { select, star: false, rest: Vec::new() };
    query.list("", list)?;
    Ok(query.finish())
}

#[derive(Debug)]
struct Query {
    /// The items of the root's selection.
    select: Vec<String>,
    /// Nothing was selected, so whatever has to be embedded is added to everything.
    star: bool,
    rest: Parameters,
}

impl Default for Query {
    fn default() -> Self {
        Self { select: Vec::new(), star: true, rest: Vec::new() }
    }
}

impl Query {
    fn finish(self) -> Parameters {
        let mut select = self.select;
        if self.star && !select.is_empty() {
            select.insert(0, "*".to_owned());
        }
        let selected = (!select.is_empty()).then(|| ("select".to_owned(), select.join(",")));
        selected.into_iter().chain(self.rest).collect()
    }

    /// One selected thing; `prefix` is the path of the relations around it, with a dot at the end.
    fn item(&mut self, prefix: &str, item: &Value) -> Result<String, Failure> {
        match item {
            Value::String(name) => Ok(name.clone()),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str);
                match (text("field"), text("count")) {
                    (Some(field), _) => Ok(format!("{}{field}", alias(members))),
                    (None, Some(relation)) => Ok(format!("{}{relation}(count)", alias(members))),
                    (None, None) => self.relation(prefix, members),
                }
            }
            _ => Err(malformed("a selection item is a name or an object")),
        }
    }

    /// `{"author": ["name"]}`, or the long form with `relation` and `select`.
    fn relation(&mut self, prefix: &str, members: &Map<String, Value>) -> Result<String, Failure> {
        let (name, selection) = match (members.get("relation").and_then(Value::as_str), members.iter().next())
        {
            (Some(name), _) => (name, members.get("select")),
            (None, Some((name, selection))) => (name.as_str(), Some(selection)),
            (None, None) => return Err(malformed("a selection item is empty")),
        };
        let shown = members.get("as").and_then(Value::as_str).unwrap_or(name);
        let path = format!("{prefix}{shown}.");
        let inside = match selection {
            Some(selection) => items(selection)?
                .iter()
                .map(|item| self.item(&path, item))
                .collect::<Result<Vec<_>, _>>()?
                .join(","),
            None => "*".to_owned(),
        };
        self.list(&path, &embedded_list(members)?)?;
        let spread = if is_true(members, "spread") { "..." } else { "" };
        let inner = if is_true(members, "inner") { "!inner" } else { "" };
        Ok(format!("{spread}{}{name}{inner}({inside})", alias(members)))
    }

    fn list(&mut self, prefix: &str, list: &List) -> Result<(), Failure> {
        if let Some(filter) = &list.filter {
            self.filter(prefix, filter)?;
        }
        if !list.order.is_empty() {
            let terms: Vec<String> = list.order.iter().map(|term| order_term(term)).collect();
            self.push(format!("{prefix}order"), terms.join(","));
        }
        for (name, count) in [("limit", list.limit), ("offset", list.offset)] {
            if let Some(count) = count {
                self.push(format!("{prefix}{name}"), count.to_string());
            }
        }
        Ok(())
    }

    fn push(&mut self, name: String, value: String) {
        self.rest.push((name, value));
    }

    /// A condition outside of `and` and `or`: parameters that must all hold.
    fn filter(&mut self, prefix: &str, filter: &Value) -> Result<(), Failure> {
        for (name, value) in object(filter)? {
            match name.as_str() {
                "and" | "or" => self.push(format!("{prefix}{name}"), format!("({})", logic_list(value)?)),
                "not" => self.push(format!("{prefix}not.and"), format!("({})", logic(value)?)),
                "some" => self.related(prefix, value, Has::Some)?,
                "none" => self.related(prefix, value, Has::None)?,
                field => self.tests(prefix, field, value)?,
            }
        }
        Ok(())
    }

    /// `{"title": {"like": "A%"}}`; a name with a dot goes through a to-one relation.
    fn tests(&mut self, prefix: &str, field: &str, value: &Value) -> Result<(), Failure> {
        if let Some((relation, _)) = field.rsplit_once('.') {
            self.embed(prefix, &format!("{relation}!inner()"))?;
        }
        for (operator, operand) in tests(value) {
            self.push(format!("{prefix}{field}"), format!("{operator}.{}", operand_text(operand)?));
        }
        Ok(())
    }

    /// `{"some": {"comments": {…}}}`: an empty embedding that keeps, or leaves out, rows that have one.
    fn related(&mut self, prefix: &str, value: &Value, has: Has) -> Result<(), Failure> {
        for (relation, filter) in object(value)? {
            match has {
                Has::Some => self.embed(prefix, &format!("{relation}!inner()"))?,
                Has::None => {
                    self.embed(prefix, &format!("{relation}()"))?;
                    self.push(format!("{prefix}{relation}"), "is.null".to_owned());
                }
            }
            if !filter.is_null() {
                self.filter(&format!("{prefix}{relation}."), filter)?;
            }
        }
        Ok(())
    }

    fn embed(&mut self, prefix: &str, embedding: &str) -> Result<(), Failure> {
        if !prefix.is_empty() {
            return Err(unspeakable("a condition on a relation's relation"));
        }
        self.select.push(embedding.to_owned());
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Has {
    Some,
    None,
}

/// Which of the related rows, as the long form of a relation says.
pub fn embedded_list(members: &Map<String, Value>) -> Result<List, Failure> {
    let order = match members.get("order") {
        Some(order) => items(order)?.iter().filter_map(|term| term.as_str().map(str::to_owned)).collect(),
        None => Vec::new(),
    };
    let count = |name: &str| members.get(name).and_then(Value::as_u64);
    Ok(List { filter: members.get("where").cloned(), order, limit: count("limit"), offset: count("offset") })
}

fn alias(members: &Map<String, Value>) -> String {
    members.get("as").and_then(Value::as_str).map(|name| format!("{name}:")).unwrap_or_default()
}

/// Whether a member is true.
pub fn is_true(members: &Map<String, Value>, name: &str) -> bool {
    members.get(name) == Some(&Value::Bool(true))
}

/// `author.name desc nulls first` is `author(name).desc.nullsfirst`.
fn order_term(term: &str) -> String {
    let mut words = term.split_whitespace();
    let path = words.next().unwrap_or("");
    let field = match path.rsplit_once('.') {
        Some((relation, field)) => format!("{relation}({field})"),
        None => path.to_owned(),
    };
    let mut out = field;
    let mut nulls = false;
    for word in words {
        match (nulls, word) {
            (true, place) => out.push_str(&format!(".nulls{place}")),
            (false, "nulls") => nulls = true,
            (false, direction) => out.push_str(&format!(".{direction}")),
        }
    }
    out
}

/// What is inside the parentheses of `and` and `or`.
fn logic_list(value: &Value) -> Result<String, Failure> {
    Ok(items(value)?.iter().map(logic).collect::<Result<Vec<_>, _>>()?.join(","))
}

/// A condition inside of `and` and `or`.
fn logic(filter: &Value) -> Result<String, Failure> {
    let mut terms = Vec::new();
    for (name, value) in object(filter)? {
        match name.as_str() {
            "and" | "or" => terms.push(format!("{name}({})", logic_list(value)?)),
            "not" => terms.push(format!("not.and({})", logic(value)?)),
            "some" | "none" => return Err(unspeakable("a condition on a relation inside and, or, not")),
            field => {
                for (operator, operand) in tests(value) {
                    terms.push(format!("{field}.{operator}.{}", quoted(&operand_text(operand)?)));
                }
            }
        }
    }
    match terms.len() {
        1 => Ok(terms.remove(0)),
        _ => Ok(format!("and({})", terms.join(","))),
    }
}

/// The tests of a field; a plain value is a test for equality.
fn tests(value: &Value) -> Vec<(&str, &Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        plain => vec![("eq", plain)],
    }
}

/// An operand as it stands after the operator's dot. A text that begins with `(` or `{` and a list look the same
/// here; which it is follows from the operator.
fn operand_text(value: &Value) -> Result<String, Failure> {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Object(members) => match members.get("list") {
            // `{"in": {"list": […]}}`: the one operator that takes round brackets.
            Some(list) => Ok(format!("({})", quoted_items(list)?)),
            None => Ok(value.to_string()),
        },
        Value::Array(_) => Ok(format!("{{{}}}", quoted_items(value)?)),
    }
}

fn quoted_items(value: &Value) -> Result<String, Failure> {
    let texts: Result<Vec<String>, Failure> =
        items(value)?.iter().map(|item| operand_text(item).map(|text| quoted_item(&text))).collect();
    Ok(texts?.join(","))
}

fn quoted_item(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !",.:()\"\\{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { in_quotes(text) }
}

/// Inside `and` and `or` a text with a character of the grammar stands in double quotes, a list does not.
fn quoted(text: &str) -> String {
    let is_list =
        text.starts_with('(') && text.ends_with(')') || text.starts_with('{') && text.ends_with('}');
    if is_list { text.to_owned() } else { quoted_item(text) }
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The items of a list.
pub fn items(value: &Value) -> Result<&[Value], Failure> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| malformed("a list is expected"))
}

fn object(value: &Value) -> Result<&Map<String, Value>, Failure> {
    value.as_object().ok_or_else(|| malformed("a condition is an object"))
}

/// A mistake in the case itself.
pub fn malformed(what: &str) -> Failure {
    Failure::Broken(what.to_owned())
}

fn unspeakable(what: &str) -> Failure {
    Failure::Unspeakable(what.to_owned())
}

/// Percent-encodes what is not unreserved (RFC 3986, 2.3).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    /// Select, where, and the query they make.
    fn table() -> Vec<(Value, Value, &'static str)> {
        vec![
            (json!(null), json!({"name": "Ada"}), "name=eq.Ada"),
            (json!(["id", {"field": "name", "as": "n"}]), json!({}), "select=id,n:name"),
            (json!(["id", {"author": ["name"]}]), json!({}), "select=id,author(name)"),
            (json!([{"count": "posts", "as": "n"}]), json!({}), "select=n:posts(count)"),
            (
                json!([{"relation": "comments", "as": "last", "select": ["text"], "order": ["createdAt desc"],
                    "limit": 3, "inner": true, "where": {"text": {"like": "a%"}}}]),
                json!({}),
                "select=last:comments!inner(text)&last.text=like.a%&last.order=createdAt.desc&last.limit=3",
            ),
            (
                json!([{"relation": "author", "spread": true, "select": ["name"]}]),
                json!({}),
                "select=...author(name)",
            ),
            (json!(null), json!({"id": {"in": {"list": ["a", "b,c"]}}}), "id=in.(a,\"b,c\")"),
            (json!(null), json!({"id": {"eq(any)": ["a", "b"]}}), "id=eq(any).{a,b}"),
            (json!(null), json!({"x": {"is": null, "not.eq": 1}}), "x=is.null&x=not.eq.1"),
            (
                json!(null),
                json!({"or": [{"a": 1}, {"b": {"gt": 2}, "c": "x.y"}]}),
                "or=(a.eq.1,and(b.gt.2,c.eq.\"x.y\"))",
            ),
            (json!(null), json!({"not": {"or": [{"a": 1}, {"b": 2}]}}), "not.and=(or(a.eq.1,b.eq.2))"),
            (
                json!(["id"]),
                json!({"some": {"comments": {"text": "x"}}}),
                "select=id,comments!inner()&comments.text=eq.x",
            ),
            (json!(null), json!({"none": {"posts": null}}), "select=*,posts()&posts=is.null"),
            (json!(null), json!({"author.name": "A"}), "select=*,author!inner()&author.name=eq.A"),
        ]
    }

    #[test]
    fn selections_and_conditions_are_queries() {
        for (select, filter, expected) in table() {
            let list = List { filter: Some(filter), ..List::default() };
            let select = (!select.is_null()).then_some(&select);
            let parameters = parameters(&list, select).unwrap();
            let query: Vec<String> =
                parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(query.join("&"), expected);
        }
    }

    #[test]
    fn orders_are_terms() {
        assert_eq!(order_term("price"), "price");
        assert_eq!(order_term("price desc nulls first"), "price.desc.nullsfirst");
        assert_eq!(order_term("author.name asc"), "author(name).asc");
    }

    #[test]
    fn what_is_not_unreserved_is_encoded() {
        assert_eq!(encode("a b&c=ü~"), "a%20b%26c%3D%C3%BC~");
    }
}
