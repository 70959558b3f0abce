//! `field.sum()`, `count()`: functions over the rows of groups, and what can stand beside them.

use super::cursor::Cursor;
use super::mistake::{Mistake, found, shown};
use super::name::Name;
use engine::{Item, Measure, Selection};

/// The functions by their names, which are also what they are called in answers.
const FUNCTIONS: &[(&str, Measure)] = &[
    ("avg", Measure::Average),
    ("count", Measure::Count),
    ("max", Measure::Greatest),
    ("min", Measure::Least),
    ("sum", Measure::Sum),
];

/// Reads what follows a field: `.sum()`.
pub(crate) fn function(
    cursor: &mut Cursor<'_>,
    field: String,
    alias: Option<String>,
) -> Result<Item, Mistake> {
    cursor.expect(".")?;
    let start = *cursor;
    let word = cursor.take_while(|c, _| c.is_ascii_alphanumeric() || c == '_');
    let Some((name, measure)) = named(word) else {
        let known = FUNCTIONS.iter().map(|(name, _)| *name);
        let text = format!("expected avg, count, max, min or sum, {}", found(word));
        return Err(start.mistake(text).suggest(word, known));
    };
    cursor.expect("()")?;
    let alias = alias.unwrap_or_else(|| (*name).to_owned());
    Ok(Item::Measure { measure: *measure, name: Some(field), alias })
}

fn named(word: &str) -> Option<&'static (&'static str, Measure)> {
    FUNCTIONS.iter().find(|(name, _)| *name == word)
}

/// Refuses `sum()`: only `count()` is of no field.
pub(crate) fn refuse_bare(cursor: &Cursor<'_>, name: &Name) -> Result<(), Mistake> {
    match named(&name.text).filter(|_| !name.quoted && cursor.rest().starts_with("()")) {
        None => Ok(()),
        Some((function, _)) => {
            Err(cursor.mistake(format!("`{function}` is of a field, `field.{function}()`,")))
        }
    }
}

/// The number of rows, `count()`.
pub(crate) fn count(alias: Option<String>) -> Item {
    let alias = alias.unwrap_or_else(|| "count".to_owned());
    Item::Measure { measure: Measure::Count, name: None, alias }
}

/// Whether a selection is of groups of rows: one function in it makes it so.
pub(crate) fn is_of_groups(selection: &Selection) -> bool {
    selection.items.iter().any(|item| match item {
        Item::Measure { .. } => true,
        Item::All | Item::Field { .. } | Item::Relation { .. } | Item::Count { .. } => false,
        Item::TypeName { .. } | Item::Version { .. } | Item::Cursor { .. } | Item::Group { .. } => false,
    })
}

/// Refuses relations beside functions: groups are of the fields of the records themselves.
pub(crate) fn check_groups(selection: &Selection) -> Result<(), Mistake> {
    let relation = selection.items.iter().find_map(|item| match item {
        Item::Relation { name, .. } | Item::Count { name, .. } => Some(name),
        Item::All | Item::Field { .. } | Item::Measure { .. } => None,
        Item::TypeName { .. } | Item::Version { .. } | Item::Cursor { .. } | Item::Group { .. } => None,
    });
    match relation.filter(|_| is_of_groups(selection)) {
        None => Ok(()),
        Some(name) => {
            let name = shown(name);
            let hint = format!("groups are by a relation's key, `{name}`, and `{name}()` only filters");
            let text = format!("`{name}` cannot have brackets with fields beside a function: {hint}");
            Err(Mistake::new("UNSUPPORTED", text))
        }
    }
}
