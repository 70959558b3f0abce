//! What is asked of the rows of one level: the root, or an embedded relation.

use engine::{Filter, Item, OrderTerm};

/// One level, as it is collected from `select` and the parameters that name it.
#[derive(Debug, Default)]
pub(crate) struct Level {
    pub(crate) nodes: Vec<Node>,
    pub(crate) terms: Terms,
}

/// Which rows of a level.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub(crate) filters: Vec<Filter>,
    pub(crate) order: Option<Vec<OrderTerm>>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
}

/// One item of `select`.
#[derive(Debug)]
pub(crate) enum Node {
    /// `*` or a field.
    Item(Item),
    /// `relation(…)`.
    Embed(Embed),
}

/// An embedded relation.
#[derive(Debug)]
pub(crate) struct Embed {
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) join: Join,
    pub(crate) place: Place,
    pub(crate) level: Level,
}

/// Whether records without related rows stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// They stay.
    Left,
    /// They are left out (`!inner`).
    Inner,
}

/// What is written of an embedded relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A nested record or list.
    Nested,
    /// Its fields, into the record itself (`...`).
    Spread,
    /// The number of its rows (`relation(count)`).
    Count,
    /// Nothing: it is there to be filtered by (`relation()`, or with only such in it).
    Nowhere,
}

impl Embed {
    /// The name that other parameters use for it.
    pub(crate) fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

impl Level {
    /// The embedded relation that a parameter names: by its label, or by its name where only one has it.
    pub(crate) fn embed_named(&mut self, name: &str) -> Option<&mut Embed> {
        let labelled = self.embeds().position(|e| e.label() == name);
        let at = labelled.or_else(|| {
            let mut named = self.embeds().enumerate().filter(|(_, e)| e.name == name).map(|(i, _)| i);
            named.next().filter(|_| named.next().is_none())
        })?;
        self.nodes.iter_mut().filter_map(Node::embed_mut).nth(at)
    }

    fn embeds(&self) -> impl Iterator<Item = &Embed> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Embed(embed) => Some(embed),
            Node::Item(_) => None,
        })
    }
}

impl Node {
    fn embed_mut(&mut self) -> Option<&mut Embed> {
        match self {
            Node::Embed(embed) => Some(embed),
            Node::Item(_) => None,
        }
    }
}
