//! Values of conditions, which stay texts: the engine reads them by the field's type.

use super::budget::Budget;
use super::cursor::Cursor;
use super::mistake::Mistake;
use super::name::quoted;

/// How far a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// To the end of the parameter, verbatim: quotes are part of it.
    Whole,
    /// To the next `,` or `)`, unless quoted or in braces.
    Element,
}

/// One value.
pub(crate) fn text(cursor: &mut Cursor<'_>, extent: Extent) -> Result<String, Mistake> {
    match extent {
        Extent::Whole => Ok(cursor.take_rest().to_owned()),
        Extent::Element => quoted_or(cursor, braces_or_plain),
    }
}

/// `(1,"a,b",3)`; an empty list has no values.
pub(crate) fn list(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Vec<String>, Mistake> {
    cursor.expect("(")?;
    items(cursor, ")", |cursor| quoted_or(cursor, plain), budget)
}

/// `{a,"b c",d}`; an empty one has no values.
pub(crate) fn array(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Vec<String>, Mistake> {
    cursor.expect("{")?;
    items(cursor, "}", array_item, budget)
}

fn items(
    cursor: &mut Cursor<'_>,
    close: &str,
    item: fn(&mut Cursor<'_>) -> Result<String, Mistake>,
    budget: &mut Budget,
) -> Result<Vec<String>, Mistake> {
    let mut values = Vec::new();
    if cursor.eat(close) {
        return Ok(values);
    }
    loop {
        budget.take_values(1)?;
        values.push(item(cursor)?);
        if !cursor.eat(",") {
            cursor.expect(close)?;
            return Ok(values);
        }
    }
}

/// A quoted value, or what `otherwise` reads; a quoted text that goes on after its end is not a quoted value.
fn quoted_or(cursor: &mut Cursor<'_>, otherwise: fn(&mut Cursor<'_>) -> String) -> Result<String, Mistake> {
    let mut ahead = *cursor;
    ahead.skip_spaces();
    if ahead.peek() == Some('"') {
        let value = quoted(&mut ahead)?;
        if matches!(ahead.peek(), Some(',' | ')') | None) {
            *cursor = ahead;
            return Ok(value);
        }
    }
    Ok(otherwise(cursor))
}

fn plain(cursor: &mut Cursor<'_>) -> String {
    cursor.take_while(|c, _| c != ',' && c != ')').to_owned()
}

/// A single value in a group may be an array or an object in braces.
fn braces_or_plain(cursor: &mut Cursor<'_>) -> String {
    let mut value = braces(cursor).to_owned();
    value.push_str(&plain(cursor));
    value
}

/// A balanced `{…}` if one comes next, with commas, brackets and quoted texts inside.
fn braces<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let text = cursor.rest();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let end = if i == 0 { 0 } else { i + c.len_utf8() };
            cursor.eat(&text[..end]);
            return &text[..end];
        }
    }
    ""
}

/// An item of an array: quoted, or plain without the spaces around it, as in PostgreSQL.
fn array_item(cursor: &mut Cursor<'_>) -> Result<String, Mistake> {
    cursor.skip_spaces();
    if cursor.peek() == Some('"') {
        let value = quoted(cursor)?;
        cursor.skip_spaces();
        return Ok(value);
    }
    let value = cursor.take_while(|c, _| c != ',' && c != '}' && c != '{').trim_end_matches(' ');
    if value.is_empty() {
        return Err(cursor.unexpected("a value"));
    }
    Ok(value.to_owned())
}
