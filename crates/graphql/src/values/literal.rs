//! Values as a document writes them.

use super::Variables;
use apollo_compiler::ast;
use wire::Value;

/// The value that a document writes, with the variables in their places; nothing where it is a variable that has no
/// value. Recursive, as deep as the parser lets values be.
pub(crate) fn raw(value: &ast::Value, variables: &Variables) -> Option<Value> {
    Some(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Boolean(value) => Value::Bool(*value),
        ast::Value::Int(number) => match number.as_str().parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Number(number.as_str().into()),
        },
        ast::Value::Float(number) => Value::Number(number.as_str().into()),
        ast::Value::String(text) => Value::Text(text.clone()),
        ast::Value::Enum(name) => Value::Text(name.as_str().to_owned()),
        ast::Value::Variable(name) => return variables.get(name).cloned(),
        // An item without a value is null (GraphQL, section 3.11).
        ast::Value::List(items) => {
            Value::List(items.iter().map(|item| raw(item, variables).unwrap_or(Value::Null)).collect())
        }
        // A field without a value is not there (GraphQL, section 3.10).
        ast::Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter_map(|(name, value)| Some((name.as_str().to_owned(), raw(value, variables)?)))
                .collect(),
        ),
    })
}
