//! `order=`, `limit=`, `offset=`.

use super::budget::{Budget, EMBED_DEPTH_MAX};
use super::cursor::Cursor;
use super::mistake::{Mistake, found, shown};
use super::name::{json_path, name};
use engine::{Direction, Nulls, OrderTerm, Path};

/// Reads a whole `order`.
pub(crate) fn order(text: &str, budget: &mut Budget) -> Result<Vec<OrderTerm>, Mistake> {
    let mut cursor = Cursor::new(text);
    let mut terms = Vec::new();
    loop {
        cursor.skip_spaces();
        budget.take_nodes(1)?;
        terms.push(term(&mut cursor)?);
        cursor.skip_spaces();
        if !cursor.eat(",") {
            cursor.expect_end()?;
            return Ok(terms);
        }
    }
}

/// `path[.asc|.desc][.nullsfirst|.nullslast]`.
fn term(cursor: &mut Cursor<'_>) -> Result<OrderTerm, Mistake> {
    let mut term = OrderTerm { path: path(cursor)?, direction: Direction::Ascending, nulls: None };
    let mut directed = false;
    while cursor.peek() == Some('.') {
        let start = *cursor;
        cursor.expect(".")?;
        let word = cursor.take_while(|c, _| c.is_ascii_alphabetic());
        match word {
            "asc" | "desc" if !directed && term.nulls.is_none() => {
                directed = true;
                term.direction = if word == "asc" { Direction::Ascending } else { Direction::Descending };
            }
            "nullsfirst" if term.nulls.is_none() => term.nulls = Some(Nulls::First),
            "nullslast" if term.nulls.is_none() => term.nulls = Some(Nulls::Last),
            _ => return Err(unknown_direction(&start, word)),
        }
    }
    Ok(term)
}

fn unknown_direction(start: &Cursor<'_>, word: &str) -> Mistake {
    let text =
        format!("`.{}` cannot stand here: expected `[.asc|.desc][.nullsfirst|.nullslast]`", shown(word));
    start.mistake(text).suggest(word, ["asc", "desc", "nullsfirst", "nullslast"])
}

/// `field`, `field->json`, or `relation(field)` over to-one relations.
fn path(cursor: &mut Cursor<'_>) -> Result<Path, Mistake> {
    let mut names = vec![name(cursor)?.text];
    while cursor.eat("(") {
        if names.len() > EMBED_DEPTH_MAX {
            return Err(cursor.mistake(format!("an order follows more than {EMBED_DEPTH_MAX} relations")));
        }
        names.push(name(cursor)?.text);
    }
    let json = json_path(cursor)?;
    for _ in 1..names.len() {
        cursor.expect(")")?;
    }
    Ok(Path { names, json })
}

/// Reads `limit` or `offset`: a number of rows.
pub(crate) fn rows(text: &str) -> Result<u64, Mistake> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Mistake::new("TYPE", format!("expected a number of rows, {}", found(text))));
    }
    text.parse().map_err(|_| Mistake::new("RANGE", "the number of rows is too large"))
}
