//! `select=`: fields, renamings, steps into JSON values, embedded relations.

use super::budget::{Budget, EMBED_DEPTH_MAX};
use super::cursor::Cursor;
use super::level::{Embed, Join, Level, Node, Place};
use super::mistake::{Mistake, shown};
use super::name::{Name, json_path, name};
use engine::Item;

/// Reads a whole `select`.
pub(crate) fn select(text: &str, budget: &mut Budget) -> Result<Vec<Node>, Mistake> {
    let mut reader = Reader { cursor: Cursor::new(text), budget, depth: 0 };
    let nodes = reader.items()?;
    reader.cursor.expect_end()?;
    Ok(nodes)
}

struct Reader<'a, 'b> {
    cursor: Cursor<'a>,
    budget: &'b mut Budget,
    depth: usize,
}

impl Reader<'_, '_> {
    fn items(&mut self) -> Result<Vec<Node>, Mistake> {
        let mut nodes = Vec::new();
        loop {
            self.cursor.skip_spaces();
            self.budget.take_nodes(1)?;
            nodes.push(self.item()?);
            self.cursor.skip_spaces();
            if !self.cursor.eat(",") {
                return Ok(nodes);
            }
        }
    }

    fn item(&mut self) -> Result<Node, Mistake> {
        if self.cursor.eat("*") {
            return Ok(Node::Item(Item::All));
        }
        if self.cursor.eat("...") {
            return self.spread();
        }
        let (alias, field) = self.alias_and_name()?;
        let json = json_path(&mut self.cursor)?;
        self.refuse_unsupported(&field)?;
        match self.cursor.peek() {
            Some('!' | '(') if json.steps.is_empty() => self.embed(alias, field, Place::Nested),
            Some('!' | '(') => Err(self.cursor.mistake("a part of a JSON value cannot be embedded")),
            Some(_) | None => Ok(Node::Item(Item::Field { name: field.text, alias, json })),
        }
    }

    fn spread(&mut self) -> Result<Node, Mistake> {
        let (alias, field) = self.alias_and_name()?;
        if alias.is_some() {
            return Err(self.cursor.mistake("a spread relation has no name of its own to change"));
        }
        self.embed(None, field, Place::Spread)
    }

    fn alias_and_name(&mut self) -> Result<(Option<String>, Name), Mistake> {
        let first = name(&mut self.cursor)?;
        let rest = self.cursor.rest();
        if !rest.starts_with(':') || rest.starts_with("::") {
            return Ok((None, first));
        }
        self.cursor.expect(":")?;
        Ok((Some(first.text), name(&mut self.cursor)?))
    }

    /// Says what PostgREST has and this server has not.
    fn refuse_unsupported(&self, field: &Name) -> Result<(), Mistake> {
        let rest = self.cursor.rest();
        let aggregate = field.is("count") && rest.starts_with("()");
        let reason = if rest.starts_with("::") {
            "casts (`::`) are not supported: a value has the type of its field"
        } else if aggregate || rest.starts_with('.') {
            "aggregates are not supported; `relation(count)` counts related rows"
        } else {
            return Ok(());
        };
        Err(self.cursor.mistake(reason))
    }

    fn embed(&mut self, alias: Option<String>, field: Name, place: Place) -> Result<Node, Mistake> {
        let join = self.join()?;
        self.cursor.expect("(")?;
        if self.depth == EMBED_DEPTH_MAX {
            return Err(self.cursor.mistake(format!("relations are nested deeper than {EMBED_DEPTH_MAX}")));
        }
        self.depth += 1;
        let (place, nodes) = self.embedded(place)?;
        self.depth -= 1;
        self.cursor.expect(")")?;
        let level = Level { nodes, terms: Default::default() };
        Ok(Node::Embed(Embed { name: field.text, alias, join, place, level }))
    }

    /// What stands between the brackets.
    fn embedded(&mut self, place: Place) -> Result<(Place, Vec<Node>), Mistake> {
        self.cursor.skip_spaces();
        if self.cursor.peek() == Some(')') {
            return Ok((Place::Nowhere, Vec::new()));
        }
        let counts =
            self.cursor.rest().strip_prefix("count").is_some_and(|r| r.trim_start().starts_with(')'));
        if counts && place == Place::Nested {
            self.cursor.expect("count")?;
            self.cursor.skip_spaces();
            return Ok((Place::Count, Vec::new()));
        }
        Ok((place, self.items()?))
    }

    /// `!inner`, `!left`, or nothing.
    fn join(&mut self) -> Result<Join, Mistake> {
        let mut join = Join::Left;
        while self.cursor.peek() == Some('!') {
            let start = self.cursor;
            self.cursor.expect("!")?;
            let word = name(&mut self.cursor)?;
            join = match word.text.as_str() {
                "inner" => Join::Inner,
                "left" => Join::Left,
                other => {
                    let text = "hints are not supported, a relation's name is never ambiguous";
                    return Err(start.mistake(format!("{text}: found `!{}`", shown(other))));
                }
            };
        }
        Ok(join)
    }
}
