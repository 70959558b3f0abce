//! The regular expressions of one call: valid, each counted once, and bounded together.

use crate::fault::Fault;
use std::collections::HashSet;
use store::{REGEXES_BYTES_MAX, TextTest, regex_bytes};

/// Those of a call so far.
#[derive(Debug, Default)]
pub(super) struct Regexes {
    known: HashSet<(TextTest, Box<str>)>,
    bytes: usize,
}

impl Regexes {
    /// Takes one more. It is not compiled here: that is part of the read, which may take long.
    pub fn add(&mut self, test: TextTest, pattern: &str, place: &str) -> Result<(), Fault> {
        let key = (test, Box::from(pattern));
        if self.known.contains(&key) {
            return Ok(());
        }
        let Some(bytes) = regex_bytes(pattern) else {
            let message = "is not a regular expression, or too large a one".to_owned();
            return Err(Fault::invalid_field(place, "PATTERN", message));
        };
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > REGEXES_BYTES_MAX {
            let message =
                "has too many regular expressions, or too large ones, with those of the rest of the call";
            return Err(Fault::invalid_field(place, "SIZE", message.to_owned()));
        }
        self.known.insert(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_bounded_together() {
        let mut regexes = Regexes::default();
        let add =
            |regexes: &mut Regexes, n: usize| regexes.add(TextTest::Matches, &format!("^{n}$"), "title");
        let added = (0..1000).take_while(|n| add(&mut regexes, *n).is_ok()).count();
        assert!((100..200).contains(&added), "{added}");
        assert!(add(&mut regexes, 0).is_ok(), "it is one of them");
        let fault = add(&mut regexes, 1000).expect_err("one too many");
        assert_eq!(fault.fields[0].field, "title");
    }
}
