//! What is asked of the rows of one level: the root, or an embedded relation.

use super::mistake::Mistake;
use engine::{End, Filter, Item, ListArgs, OrderTerm};

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
    pub(crate) cursor: Option<PageBound>,
}

/// What a parameter sets on a level.
#[derive(Debug)]
pub(crate) enum Setting {
    Filter(Filter),
    Order(Vec<OrderTerm>),
    Limit(u64),
    Offset(u64),
    Cursor(PageBound),
}

impl Terms {
    /// Adds a filter, or sets what may be set once.
    pub(crate) fn set(&mut self, setting: Setting) -> Result<(), Mistake> {
        let is_first = match setting {
            Setting::Filter(filter) => {
                self.filters.push(filter);
                true
            }
            Setting::Order(order) => self.order.replace(order).is_none(),
            Setting::Limit(rows) => self.limit.replace(rows).is_none(),
            Setting::Offset(rows) => self.offset.replace(rows).is_none(),
            Setting::Cursor(bound) => match self.cursor.replace(bound) {
                None => true,
                Some(_) => {
                    return Err(Mistake::new("CONFLICT", "a page has one cursor: `after` or `before`, once"));
                }
            },
        };
        if is_first { Ok(()) } else { Err(Mistake::repeated()) }
    }
}

/// One end of a page, where a cursor says it; an empty cursor is the end of all rows.
#[derive(Debug)]
pub(crate) enum PageBound {
    /// The page begins behind it (`after`).
    After(String),
    /// The page ends before it (`before`).
    Before(String),
}

impl PageBound {
    /// The parameter's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            PageBound::After(_) => "after",
            PageBound::Before(_) => "before",
        }
    }

    /// Bounds a list.
    pub(crate) fn apply(self, list: &mut ListArgs) {
        let cursor = |text: String| Some(text).filter(|text| !text.is_empty());
        match self {
            PageBound::After(text) => (list.after, list.end) = (cursor(text), Some(End::First)),
            PageBound::Before(text) => (list.before, list.end) = (cursor(text), Some(End::Last)),
        }
    }
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
