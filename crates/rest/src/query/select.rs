//! `select=`: fields, renamings, steps into JSON values, functions, embedded relations.

use super::budget::{Budget, EMBED_DEPTH_MAX};
use super::cursor::Cursor;
use super::function::{count, function, refuse_bare};
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

impl<'a> Reader<'a, '_> {
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
        self.refuse_cast()?;
        match self.cursor.peek() {
            Some('(') if field.is("count") && self.cursor.rest().starts_with("()") => {
                self.refuse_function_below()?;
                self.cursor.expect("()")?;
                self.measured(count(alias))
            }
            Some('.') if json.steps.is_empty() => {
                self.refuse_function_below()?;
                let item = function(&mut self.cursor, field.text, alias)?;
                self.measured(item)
            }
            Some('.') => Err(self.cursor.mistake("a part of a JSON value has no functions").unsupported()),
            Some('!' | '(') if json.steps.is_empty() => {
                refuse_bare(&self.cursor, &field)?;
                self.embed(alias, field, Place::Nested)
            }
            Some('!' | '(') => Err(self.cursor.mistake("a part of a JSON value cannot be embedded")),
            Some(_) | None => Ok(Node::Item(Item::Field { name: field.text, alias, json })),
        }
    }

    fn measured(&self, item: Item) -> Result<Node, Mistake> {
        self.refuse_cast()?;
        Ok(Node::Item(item))
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

    fn refuse_cast(&self) -> Result<(), Mistake> {
        if self.cursor.rest().starts_with("::") {
            let reason = "casts (`::`) are not supported: a value has the type of its field";
            return Err(self.cursor.mistake(reason));
        }
        Ok(())
    }

    /// Functions are of the records that are listed. Groups inside of each of them would multiply what a page may cost.
    fn refuse_function_below(&self) -> Result<(), Mistake> {
        if self.depth == 0 {
            return Ok(());
        }
        let reason =
            "related records can only be counted, by `relation(count)`; functions stand outside of brackets";
        Err(self.cursor.mistake(reason).unsupported())
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
        match self.counted() {
            Some(end) if place == Place::Nested => {
                self.cursor = end;
                Ok((Place::Count, Vec::new()))
            }
            Some(_) | None => Ok((place, self.items()?)),
        }
    }

    /// The place after `count` or `count()`, where nothing else stands between the brackets.
    fn counted(&self) -> Option<Cursor<'a>> {
        let mut ahead = self.cursor;
        if !ahead.eat("count") {
            return None;
        }
        ahead.eat("()");
        ahead.skip_spaces();
        (ahead.peek() == Some(')')).then_some(ahead)
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
