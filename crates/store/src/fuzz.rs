//! Bodies for fuzzing what outside input reaches inside the database: texts, patterns, queries and JSON.

use crate::cursor;
use crate::functions::{self, search};
use rusqlite::Connection;

/// A search query in the first half, a text in the second.
pub fn fuzz_search(data: &[u8]) {
    search::fuzz(data);
}

/// A cursor as somebody made it up.
pub fn fuzz_cursor(data: &[u8]) {
    cursor::fuzz(data);
}

/// The first half and the second as the arguments of each function that takes two. An error must be the
/// request's own fault, and nothing else comes of it than a boolean, a number, a text or NULL.
pub fn fuzz_functions(data: &[u8]) {
    thread_local! {
        static CONN: Connection = {
            let conn = Connection::open_in_memory().expect("a database in memory");
            functions::register(&conn).expect("functions of a new connection");
            conn
        };
    }
    let text = String::from_utf8_lossy(data);
    let halves = text.split_at(text.floor_char_boundary(text.len() / 2));
    let names = [
        functions::LIKE,
        functions::LIKE_IGNORING_CASE,
        functions::STARTS_WITH,
        functions::ENDS_WITH,
        functions::MATCHES,
        functions::MATCHES_IGNORING_CASE,
        functions::JSON_CONTAINS,
        functions::JSON_CONTAINED_IN,
        functions::JSON_OVERLAPS,
        functions::JSON_PART,
        functions::JSON_PART_TEXT,
        functions::ADD,
    ];
    CONN.with(|conn| {
        for name in names {
            let mut call = conn.prepare_cached(&format!("SELECT {name}(?1, ?2)")).expect("a known function");
            let outcome = call.query_row(halves, |row| row.get::<_, rusqlite::types::Value>(0));
            if let Err(error) = outcome {
                let text = error.to_string();
                assert!(text.contains(functions::BAD_VALUE), "{text}");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: [&str; 8] = [
        r#"{"a":[1,2,{"b":null}],"c":"x\u00e9"}{"a":[2]}"#,
        "[1,2.5,\"x\"][\"x\",1]",
        "fat & (cat | rat:*) <2> !dogThe fat cats sat on a mat with a dog",
        "'two words' <-> c | d--- two words c",
        "\"a phrase\" or -not x a phrase here",
        "a%b_c\\%aXbYc%",
        "^(a|b)*c+[^d]{2,3}$ababccee",
        "Ünïcode İstanbul ß\u{0}",
    ];

    /// Cursors, and what they stand for.
    const CURSORS: [&[u8]; 5] = [
        b"AQEBAA",
        b"\x01\x01\x7f\x00\x03\x03abc\x04\x02\xff\x00",
        b"\x01\x02\x3f\xf0\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"AQMbMjAyNi0xMS0yMlQxODozMjozNC4wMDAwMDBaAVQ",
        b"\x01\x03\xc8\x01short",
    ];

    /// Changes, doubles or cuts some bytes.
    fn mutated(seed: &[u8], chance: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=chance(4) {
            let at = chance(bytes.len() + 1);
            match chance(4) {
                0 => bytes.insert(at, b"\"\\[]{}()%_*:&|!<->'0a \xc3"[chance(23)]),
                1 => bytes.truncate(at),
                2 if at < bytes.len() => bytes[at] = chance(256) as u8,
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    }

    /// Numbers below a limit that come out the same each time.
    fn chance() -> impl FnMut(usize) -> usize {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        move |limit| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % limit as u64) as usize
        }
    }

    #[test]
    fn mutated_cursors_do_no_harm() {
        let mut chance = chance();
        for _ in 0..20_000 {
            fuzz_cursor(&mutated(CURSORS[chance(CURSORS.len())], &mut chance));
        }
    }

    #[test]
    fn mutated_texts_do_no_harm() {
        let mut chance = chance();
        for _ in 0..20_000 {
            let data = mutated(SEEDS[chance(SEEDS.len())].as_bytes(), &mut chance);
            fuzz_search(&data);
            fuzz_functions(&data);
        }
    }
}
