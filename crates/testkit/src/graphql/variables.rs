//! The variables of a document.

use serde_json::{Map, Value};

/// Variables with their types and, where they are given, values.
#[derive(Debug, Default)]
pub struct Variables {
    declared: Vec<(String, String)>,
    /// What is sent beside the document.
    pub values: Map<String, Value>,
}

impl Variables {
    /// Declares a variable and gives it a value. Returns what stands for it in the document.
    pub fn give(&mut self, name: &str, ty: &str, value: Value) -> String {
        let name = self.declare(name, ty);
        let reference = format!("${name}");
        self.values.insert(name, value);
        reference
    }

    /// Declares a variable that gets no value, as a client does that forgets one.
    pub fn forget(&mut self, name: &str, ty: &str) -> String {
        format!("${}", self.declare(name, ty))
    }

    /// Whether a variable has this name.
    pub fn has(&self, name: &str) -> bool {
        self.declared.iter().any(|(known, _)| known == name)
    }

    fn declare(&mut self, wanted: &str, ty: &str) -> String {
        let mut name = wanted.to_owned();
        while self.has(&name) {
            name.push('_');
        }
        self.declared.push((name.clone(), ty.to_owned()));
        name
    }

    /// Names and definitions: `$id: ID!`.
    pub fn definitions(&self) -> impl Iterator<Item = (&str, String)> {
        self.declared.iter().map(|(name, ty)| (name.as_str(), format!("${name}: {ty}")))
    }
}

/// A value as it stands in a document. Names of members are written as they are.
pub fn literal(value: &Value) -> String {
    match value {
        // Texts of JSON are texts of GraphQL, whose escapes are a superset.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{name}: {}", literal(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_unique_and_values_are_literals() {
        let mut variables = Variables::default();
        assert_eq!(variables.give("id", "ID!", json!("u1")), "$id");
        assert_eq!(variables.forget("id", "ID!"), "$id_");
        assert_eq!(Value::from(variables.values.clone()), json!({"id": "u1"}));
        assert_eq!(variables.definitions().last(), Some(("id_", "$id_: ID!".to_owned())));
        assert_eq!(
            literal(&json!({"a": [1, "x\n\"", null, {"b": true}]})),
            r#"{a: [1, "x\n\"", null, {b: true}]}"#
        );
    }
}
