//! Full-text search: the words of a text are its runs of letters and digits, in lower case. Queries are
//! written as for PostgreSQL's four functions; there are no stop words and no stems.

mod parse;
mod query;

use super::{SEARCH_PHRASE, SEARCH_PLAIN, SEARCH_QUERY, SEARCH_WEB, bad_value, pure, texts};
use query::Query;
use rusqlite::Connection;
use rusqlite::functions::Context;

/// Bytes of a query at the most.
const QUERY_BYTES_MAX: usize = 2_000;
/// Levels of a query at the most.
const QUERY_DEPTH_MAX: u32 = 32;

/// Reads a query; `None` when there is no word in it, which matches nothing. The error says what is wrong.
type Parser = fn(&str) -> Result<Option<Query>, &'static str>;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    let modes: [(&str, Parser); 4] = [
        (SEARCH_QUERY, parse::operators),
        (SEARCH_PLAIN, parse::plain),
        (SEARCH_PHRASE, parse::phrase),
        (SEARCH_WEB, parse::web),
    ];
    for (name, parser) in modes {
        pure(conn, name, 2, move |context| search(context, parser))?;
    }
    Ok(())
}

fn search(context: &Context<'_>, parser: Parser) -> rusqlite::Result<Option<bool>> {
    let Some((text, query)) = texts(context)? else { return Ok(None) };
    // Kept by SQLite from row to row while the query is the same.
    let query = match context.get_aux::<Option<Query>>(1)? {
        Some(query) => query,
        None => context.set_aux(1, bounded(query, parser).map_err(bad_value)?)?,
    };
    query.as_ref().as_ref().map_or(Ok(false), |query| query.matches(text)).map(Some)
}

fn bounded(query: &str, parser: Parser) -> Result<Option<Query>, &'static str> {
    match query.len() > QUERY_BYTES_MAX {
        true => Err("a search query is too long"),
        false => parser(query),
    }
}

/// The words of a text in lower case.
fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Reads a query in each of the ways and asks a text about it: for fuzzing.
pub(crate) fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (query, text) = text.split_at(text.floor_char_boundary(text.len() / 2));
    for parser in [parse::operators, parse::plain, parse::phrase, parse::web] {
        if let Ok(Some(query)) = bounded(query, parser) {
            // That it takes too much is an answer, too.
            let _ = query.matches(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parser: Parser, query: &str, text: &str) -> Result<bool, &'static str> {
        bounded(query, parser)?.map_or(Ok(false), |query| query.matches(text).map_err(|_| "too much"))
    }

    const TEXT: &str = "The fat CATS sat on a mat; Ünicode x-ray";

    #[test]
    fn the_four_ways_to_write_a_query() {
        let cases: [(Parser, &str, bool); 37] = [
            (parse::operators, "fat & cats", true),
            (parse::operators, "fat & rat", false),
            (parse::operators, "fat & (rat | cats)", true),
            (parse::operators, "!rat", true),
            (parse::operators, "!!fat", true),
            (parse::operators, "!(fat & cats)", false),
            (parse::operators, "rat | fat & cats", true),
            (parse::operators, "fat <-> cats", true),
            (parse::operators, "fat <-> sat", false),
            (parse::operators, "fat <2> sat", true),
            (parse::operators, "fat <-> (dogs | cats) <-> sat", true),
            (parse::operators, "fat <-> (cats <-> sat)", true),
            (parse::operators, "ca:*", true),
            (parse::operators, "ca", false),
            (parse::operators, "ca:*AB & fat:A", true),
            (parse::operators, "'fat cats'", true),
            (parse::operators, "'cats fat'", false),
            (parse::operators, "x-ray", true),
            (parse::operators, "ünicode", true),
            (parse::operators, "", false),
            (parse::operators, "--- & fat", true),
            (parse::plain, "cats fat", true),
            (parse::plain, "cats & !fat", true),
            (parse::plain, "cats dog", false),
            (parse::plain, "", false),
            (parse::phrase, "fat cats", true),
            (parse::phrase, "cats fat", false),
            (parse::phrase, "x ray", true),
            (parse::web, "fat cats", true),
            (parse::web, "\"fat cats\" mat", true),
            (parse::web, "\"cats fat\"", false),
            (parse::web, "dog or mat", true),
            (parse::web, "dog OR cow", false),
            (parse::web, "fat -cats", false),
            (parse::web, "fat -dog", true),
            (parse::web, "-\"cats fat\"", true),
            (parse::web, "\"unclosed fat", false),
        ];
        for (at, (parser, query, wanted)) in cases.into_iter().enumerate() {
            assert_eq!(found(parser, query, TEXT), Ok(wanted), "case {at}: {query}");
        }
    }

    #[test]
    fn what_is_no_query_is_an_error() {
        let deep = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        let nots = format!("{}a", "!".repeat(100));
        for query in ["a b", "a &", "& a", "(a", "a)", "a <x> b", "a <-> !b", "'a", "a:x", "()", &deep, &nots]
        {
            assert!(found(parse::operators, query, TEXT).is_err(), "{query}");
        }
        assert!(found(parse::plain, &"a ".repeat(QUERY_BYTES_MAX), TEXT).is_err());
    }

    /// Each term doubles how far the places reach from where they begin.
    #[test]
    fn the_places_that_are_found_are_bounded() {
        let terms: Vec<String> = (0..13).map(|n| format!("(a|a<{}>a)", 1 << n)).collect();
        let text = "a ".repeat(10_000);
        assert_eq!(found(parse::operators, &terms.join("<1>"), &text), Err("too much"));
        assert_eq!(found(parse::operators, &terms[..3].join("<1>"), &text), Ok(true));
    }
}
