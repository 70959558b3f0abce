//! A value that is for the hash alone.

use crate::Value;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What came for a `@secret` field or argument. It cannot be printed, compared, encoded or bound to a statement; its
/// memory is wiped when it is dropped. [`Secret::expose`] is the only way to what it holds, and the hash the only user
/// that keeps anything of it.
#[derive(Clone)]
pub struct Secret(Content);

#[derive(Clone)]
enum Content {
    Text(SecretString),
    /// Something that is no text, which nobody has a use for but to say what it was.
    Other(&'static str),
}

impl Secret {
    /// The secret itself, for its checks and its hash; `None` when what came was no text.
    pub fn expose(&self) -> Option<&str> {
        match &self.0 {
            Content::Text(text) => Some(text.expose_secret()),
            Content::Other(_) => None,
        }
    }

    /// What came, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Content::Text(_) => "text",
            Content::Other(kind) => kind,
        }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Content::Text(SecretString::from(text)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Two secrets are never the same: whether they are is for the hash to say.
impl PartialEq for Secret {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Value {
    /// The value as a secret. Null stays null: that there is none is no secret.
    #[must_use]
    pub fn sealed(self) -> Self {
        match self {
            Value::Null => Value::Null,
            Value::Secret(secret) => Value::Secret(secret),
            Value::Text(text) => Value::Secret(Secret::from(text)),
            other => Value::Secret(Secret(Content::Other(other.kind()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Value {
        Value::Text(text.to_owned()).sealed()
    }

    #[test]
    fn nothing_shows_what_it_holds() {
        let members =
            vec![("name".to_owned(), Value::Text("ada".to_owned())), ("pin".to_owned(), secret("4711"))];
        let value = Value::Object(vec![(
            "data".to_owned(),
            Value::List(vec![Value::Object(members), secret("4711")]),
        )]);
        assert!(!format!("{value:?} {value:#?}").contains("4711"));
        assert_eq!(value.json_text(), r#"{"data":[{"name":"ada"},null]}"#);
        assert_eq!(Value::Object(vec![("pin".to_owned(), secret("4711"))]).json_text(), "{}");
    }

    #[test]
    fn nothing_is_found_out_by_comparing() {
        let one = secret("4711");
        assert_ne!(one, one.clone());
        assert_ne!(one, Value::Text("4711".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_forgotten() {
        assert_eq!(Value::Null.sealed(), Value::Null);
        let Value::Secret(secret) = Value::List(vec![Value::Int(4711)]).sealed() else {
            panic!("not sealed")
        };
        assert_eq!((secret.expose(), secret.kind()), (None, "a list"));
    }
}
