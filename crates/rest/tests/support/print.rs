//! Calls as one line of text, for tables.
#![allow(dead_code, reason = "each test uses its part")]

use contract::Compare;
use engine::*;
use rest::query::Query;
use wire::Value;

/// What a query string means.
pub fn query(read: &Result<Query, Fault>) -> String {
    match read {
        Ok(read) => {
            let mut parts = Vec::new();
            if !read.arguments.is_empty() {
                parts.push(format!("arguments {:?}", read.arguments));
            }
            parts.extend(read.selection.as_ref().map(|s| format!("select {}", selection(s))));
            parts.extend(list(&read.list));
            if parts.is_empty() { "nothing".to_owned() } else { parts.join(" ") }
        }
        Err(fault) => error(fault),
    }
}

pub fn error(fault: &Fault) -> String {
    let field = &fault.fields[0];
    format!("! {} {}: {}", field.field, field.code, field.message)
}

pub fn selection(selection: &Selection) -> String {
    selection.items.iter().map(item).collect::<Vec<_>>().join(", ")
}

fn item(item: &Item) -> String {
    let named = |alias: &Option<String>| alias.as_ref().map_or(String::new(), |a| format!("{a}="));
    match item {
        Item::All => "*".to_owned(),
        Item::Field { name, alias, json } => format!("{}{name}{}", named(alias), json_path(json)),
        Item::Count { name, alias, filter: only } => {
            let only = only.as_ref().map_or(String::new(), |f| format!(" where {}", filter(f)));
            format!("{}count({name}{only})", named(alias))
        }
        Item::Measure { measure, name, alias } => {
            let of = name.as_deref().unwrap_or("*");
            format!("{alias}={}({of})", format!("{measure:?}").to_lowercase())
        }
        Item::Relation { name, alias, selection: inside, list: rows, inner, spread } => {
            let spread = if *spread { "..." } else { "" };
            let inner = if *inner { "!inner" } else { "" };
            let rows = list(rows).map_or(String::new(), |l| format!(" {l}"));
            format!("{}{spread}{name}{inner}{{{}{rows}}}", named(alias), selection(inside))
        }
        Item::TypeName { .. } | Item::Version { .. } | Item::Cursor { .. } | Item::Group { .. } => {
            format!("{item:?}")
        }
    }
}

fn json_path(path: &JsonPath) -> String {
    let last = path.steps.len().wrapping_sub(1);
    let step = |(at, step): (usize, &JsonStep)| {
        let arrow = if path.as_text && at == last { "->>" } else { "->" };
        match step {
            JsonStep::Member(name) => format!("{arrow}{name:?}"),
            JsonStep::Index(index) => format!("{arrow}{index}"),
        }
    };
    path.steps.iter().enumerate().map(step).collect()
}

pub fn list(list: &ListArgs) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(list.filter.as_ref().map(|f| format!("where {}", filter(f))));
    if !list.order.is_empty() {
        parts.push(format!("order {}", list.order.iter().map(order).collect::<Vec<_>>().join(", ")));
    }
    parts.extend(list.limit.map(|rows| format!("limit {rows}")));
    parts.extend(list.offset.map(|rows| format!("offset {rows}")));
    parts.extend(list.after.as_ref().map(|cursor| format!("after {cursor:?}")));
    parts.extend(list.before.as_ref().map(|cursor| format!("before {cursor:?}")));
    parts.extend(list.end.map(|end| match end {
        End::First => "from the first".to_owned(),
        End::Last => "to the last".to_owned(),
    }));
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn order(term: &OrderTerm) -> String {
    let direction = match term.direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    let nulls = term.nulls.map_or("", |nulls| match nulls {
        Nulls::First => " nulls first",
        Nulls::Last => " nulls last",
    });
    format!("{} {direction}{nulls}", path(&term.path))
}

fn path(path: &Path) -> String {
    format!("{}{}", path.names.join("/"), json_path(&path.json))
}

fn filter(condition: &Filter) -> String {
    let all = |filters: &[Filter]| filters.iter().map(filter).collect::<Vec<_>>().join(", ");
    match condition {
        Filter::And(filters) => format!("and({})", all(filters)),
        Filter::Or(filters) => format!("or({})", all(filters)),
        Filter::Not(inner) => format!("not({})", filter(inner)),
        Filter::Test { path: field, test: what } => format!("{} {}", path(field), test(what)),
        Filter::Related { name, quantifier, filter: inner } => {
            let inner = inner.as_ref().map_or(String::new(), |f| filter(f));
            format!("{} {name}({inner})", format!("{quantifier:?}").to_lowercase())
        }
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::Compare(by, value) => format!("{} {}", compare(*by), text(value)),
        Test::Quantified(each, operator, values) => {
            let operator = match **operator {
                TestOperator::Compare(by) => compare(by).to_owned(),
                TestOperator::Text(by) => format!("{by:?}").to_lowercase(),
            };
            format!("{operator} {} {}", format!("{each:?}").to_lowercase(), texts(values))
        }
        Test::Text(by, value) => format!("{} {}", format!("{by:?}").to_lowercase(), text(value)),
        Test::In(values) => format!("in {}", texts(values)),
        Test::Is(is) => format!("is {}", format!("{is:?}").to_lowercase()),
        Test::Distinct(value) => format!("distinct {}", text(value)),
        Test::Search(mode, words) => format!("search {} {words:?}", format!("{mode:?}").to_lowercase()),
        Test::Json(by, value) => format!("{} {}", format!("{by:?}").to_lowercase(), text(value)),
    }
}

fn compare(by: Compare) -> &'static str {
    match by {
        Compare::Equal => "=",
        Compare::NotEqual => "<>",
        Compare::Less => "<",
        Compare::LessOrEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterOrEqual => ">=",
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        other => panic!("a value of a query string stays text, found {}", other.kind()),
    }
}

fn texts(values: &[Value]) -> String {
    format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", "))
}

/// A value as JSON-like text.
pub fn value(value: &Value) -> String {
    match value {
        Value::Secret(_) => unreachable!("no query has secrets"),
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Number(text) => format!("number:{text}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}:{}", self::value(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}
