//! What is wrong with a parameter, and where.

use contract::diagnostic::closest;
use http_semantics::form::FormError;

/// Characters of foreign text quoted in a message at the most.
const SHOWN_CHARS_MAX: usize = 40;

/// A mistake in one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// A stable code for the field fault.
    pub(crate) code: &'static str,
    /// What was found and what was expected, with the column.
    message: String,
    /// What may have been meant.
    meant: Option<String>,
}

impl Mistake {
    /// A mistake of the parameter as a whole.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), meant: None }
    }

    /// A syntax mistake at a column (characters, from 1).
    pub(crate) fn at(column: usize, message: impl Into<String>) -> Self {
        Self::new("SYNTAX", format!("{} at column {column}", message.into()))
    }

    /// A parameter that may stand once stands twice.
    pub(crate) fn repeated() -> Self {
        Self::new("REPEATED", "it is given twice")
    }

    /// The same mistake about something that makes sense elsewhere.
    pub(crate) fn unsupported(self) -> Self {
        Self { code: "UNSUPPORTED", ..self }
    }

    /// The same mistake with "did you mean …?" when one of `known` is near and nothing was suggested yet.
    pub(crate) fn suggest<'a>(mut self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        if self.meant.is_none() && given.len() <= SHOWN_CHARS_MAX {
            self.meant = closest(given, known).filter(|name| *name != given).map(str::to_owned);
        }
        self
    }

    /// The message with the suggestion.
    pub(crate) fn text(&self) -> String {
        match &self.meant {
            Some(name) => format!("{}; did you mean `{name}`?", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<FormError> for Mistake {
    fn from(error: FormError) -> Self {
        Self::new("SYNTAX", error.to_string())
    }
}

/// Foreign text as it is told to have been found.
pub(crate) fn found(text: &str) -> String {
    if text.is_empty() { "found nothing".to_owned() } else { format!("found `{}`", shown(text)) }
}

/// Foreign text as it is quoted in a message: cut, and with nothing unprintable.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}
