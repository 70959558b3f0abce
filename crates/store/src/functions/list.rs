//! Membership in a list that is kept as JSON text.

use super::work::spend;
use super::{LIST_HAS, pure, text};
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// As many arguments as are given.
const ANY_NUMBER: i32 = -1;

/// What a byte of a list is counted as: an item is read of it, and compared.
const UNITS_A_BYTE: usize = 2;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, LIST_HAS, ANY_NUMBER, list_has)
}

/// What is not a list has no items, and whether something is one is not known.
fn list_has(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    if !(2..=3).contains(&context.len()) {
        return Ok(None);
    }
    let Some(list) = text(context, 0)? else { return Ok(None) };
    spend(list.len().saturating_mul(UNITS_A_BYTE))?;
    let Some(wanted) = Wanted::of(context) else { return Ok(Some(false)) };
    let mut json = serde_json::Deserializer::from_str(list);
    Ok(Has(&wanted).deserialize(&mut json).ok())
}

/// A value as items of the list are compared with it.
#[derive(Debug)]
enum Wanted<'a> {
    Null,
    /// An integer or a boolean; in lists of 64-bit integers a text.
    Integer(i64),
    Double(f64),
    Text(Cow<'a, str>),
}

impl<'a> Wanted<'a> {
    /// Decimals and durations are texts in lists, and integers elsewhere.
    fn of(context: &'a Context<'_>) -> Option<Self> {
        let kept = (context.len() > 2).then(|| context.get_raw(2));
        Some(match (context.get_raw(1), kept) {
            (ValueRef::Null, _) => Self::Null,
            (ValueRef::Integer(units), Some(ValueRef::Integer(scale))) => {
                Self::Text(Cow::Owned(wire::decimal_text(units, u8::try_from(scale).ok()?)))
            }
            (ValueRef::Integer(micros), Some(_)) => Self::Text(Cow::Owned(wire::duration_text(micros))),
            (ValueRef::Integer(number), None) => Self::Integer(number),
            (ValueRef::Real(number), _) => Self::Double(number),
            (ValueRef::Text(text), _) => Self::Text(Cow::Borrowed(std::str::from_utf8(text).ok()?)),
            (ValueRef::Blob(_), _) => return None,
        })
    }

    fn is_text(&self, item: &str) -> bool {
        match self {
            Self::Text(text) => **text == *item,
            Self::Integer(number) => item.parse() == Ok(*number),
            Self::Double(number) => item.parse().is_ok_and(|item| is_same_number(item, *number)),
            Self::Null => false,
        }
    }

    fn is_integer(&self, item: i64) -> bool {
        match self {
            Self::Integer(number) => *number == item,
            Self::Double(number) => is_same_number(item, *number),
            Self::Null | Self::Text(_) => false,
        }
    }

    fn is_double(&self, item: f64) -> bool {
        match self {
            Self::Integer(number) => is_same_number(*number, item),
            Self::Double(number) => *number == item,
            Self::Null | Self::Text(_) => false,
        }
    }
}

/// Exactly, where converting the integer would round.
fn is_same_number(integer: i64, double: f64) -> bool {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&double) && double.fract() == 0.0 && double as i64 == integer
}

/// Whether a list has an item.
struct Has<'w, 'a>(&'w Wanted<'a>);

impl<'de> DeserializeSeed<'de> for Has<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Has<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        while let Some(is_wanted) = items.next_element_seed(Is(self.0))? {
            if is_wanted {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether an item is the one that is wanted.
struct Is<'w, 'a>(&'w Wanted<'a>);

impl<'de> DeserializeSeed<'de> for Is<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Is<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(matches!(self.0, Wanted::Null))
    }

    fn visit_bool<E: Error>(self, item: bool) -> Result<bool, E> {
        Ok(self.0.is_integer(item.into()))
    }

    fn visit_i64<E: Error>(self, item: i64) -> Result<bool, E> {
        Ok(self.0.is_integer(item))
    }

    fn visit_u64<E: Error>(self, item: u64) -> Result<bool, E> {
        Ok(match i64::try_from(item) {
            Ok(item) => self.0.is_integer(item),
            Err(_) => self.0.is_double(item as f64),
        })
    }

    fn visit_f64<E: Error>(self, item: f64) -> Result<bool, E> {
        Ok(self.0.is_double(item))
    }

    fn visit_str<E: Error>(self, item: &str) -> Result<bool, E> {
        Ok(self.0.is_text(item))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn items_are_found_in_the_form_they_are_kept_in() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let cases = [
            ("'[\"a\",\"b\"]', 'b'", Some(true)),
            ("'[\"a\"]', 'b'", Some(false)),
            ("'[\"\\u0061\"]', 'a'", Some(true)),
            ("'[]', 'a'", Some(false)),
            ("'[]', NULL", Some(false)),
            ("'[\"a\",null]', NULL", Some(true)),
            ("'[\"a\"]', NULL", Some(false)),
            ("NULL, 'a'", None),
            ("'{}', 'a'", None),
            ("'[\"a\"', 'a'", None),
            ("'[1,2.5]', 1", Some(true)),
            ("'[1,2.5]', 2.5", Some(true)),
            ("'[1.0]', 1", Some(true)),
            ("'[9007199254740992]', 9007199254740993", Some(false)),
            ("'[9007199254740992.0]', 9007199254740993", Some(false)),
            ("'[true]', 1", Some(true)),
            ("'[true]', 0", Some(false)),
            ("'[\"9223372036854775807\"]', 9223372036854775807", Some(true)),
            ("'[\"1.50\"]', 150, 2", Some(true)),
            ("'[\"-0.05\"]', -5, 2", Some(true)),
            ("'[\"1.50\"]', 15, 2", Some(false)),
            ("'[\"PT1H30M\"]', 5400000000, 'duration'", Some(true)),
            ("'[[1],{\"a\":1},1]', 1", Some(true)),
            ("'[\"1\"]', x'31'", Some(false)),
        ];
        for (arguments, wanted) in cases {
            let sql = format!("SELECT {LIST_HAS}({arguments})");
            let found: Option<bool> = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, wanted, "{arguments}");
        }
    }
}
