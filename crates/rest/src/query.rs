//! The query grammar, PostgREST's: `select`, filters, `and`/`or`, `order`, `limit`, `offset`, and the same of
//! embedded relations.
//!
//! Names are not looked up here and values stay texts: the engine knows fields and their types.

mod budget;
mod cursor;
mod filter;
mod finish;
mod function;
mod key;
mod level;
mod mistake;
mod name;
mod operator;
mod order;
mod select;
mod value;

use budget::{Budget, PARAMS_MAX};
use contract::Argument;
use engine::{Fault, ListArgs, Paging, Selection};
use http_semantics::{form, invalid};
use key::{Key, WORDS, Word};
use level::{Level, PageBound, Place, Setting, Terms};
use mistake::shown;
use std::borrow::Cow;

pub(crate) use function::is_of_groups;
pub(crate) use mistake::Mistake;

/// What the query string of an operation may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything: which rows, in which order, what of each.
    Rows,
    /// Which rows, nothing else.
    Count,
    /// What of the one record that is answered.
    Record,
    /// Nothing but arguments.
    Arguments,
}

/// A query string, read.
#[derive(Debug, Default, PartialEq)]
pub struct Query {
    /// `select`, when given.
    pub selection: Option<Selection>,
    /// Which rows.
    pub list: ListArgs,
    /// Parameters that are the operation's own arguments, in the order they came.
    pub arguments: Vec<(String, String)>,
}

impl Query {
    /// Whether a page between cursors is asked for: by `after` or `before`.
    pub fn paging(&self) -> Paging {
        if self.list.end.is_some() { Paging::Cursors } else { Paging::Plain }
    }
}

/// Reads a query string. `arguments` are names that the grammar does not get to see.
pub fn read(text: &str, scope: Scope, arguments: &[Argument]) -> Result<Query, Fault> {
    let mut reader = Reader {
        scope,
        arguments,
        budget: Budget::new(),
        root: Level::default(),
        selected: false,
        waiting: Vec::new(),
        found: Vec::new(),
    };
    for (at, (name, value)) in form::split(text).enumerate() {
        reader.param(at, name, value).map_err(|mistake| bad_parameter(&shown_name(name), mistake))?;
    }
    reader.finish()
}

/// `INVALID_INPUT` about a parameter.
fn bad_parameter(name: &str, mistake: Mistake) -> Fault {
    invalid(name, mistake.code, mistake.text())
}

/// A parameter's name for a fault: decoded where it can be, cut and printable.
fn shown_name(name: &str) -> String {
    shown(&form::decode(name).unwrap_or(Cow::Borrowed(name)))
}

struct Reader<'a> {
    scope: Scope,
    arguments: &'a [Argument],
    budget: Budget,
    root: Level,
    selected: bool,
    /// Parameters of embedded relations, for when `select` has been read.
    waiting: Vec<Waiting>,
    found: Vec<(String, String)>,
}

/// A parameter of an embedded relation.
struct Waiting {
    param: String,
    under: Vec<String>,
    setting: Setting,
}

impl Reader<'_> {
    fn param(&mut self, at: usize, name: &str, value: &str) -> Result<(), Mistake> {
        if at == PARAMS_MAX {
            return Err(Mistake::new("LENGTH", format!("there are more than {PARAMS_MAX} parameters")));
        }
        let (name, value) = (form::decode(name)?, form::decode(value)?);
        if self.arguments.iter().any(|a| a.name == name) {
            self.found.push((name.into_owned(), value.into_owned()));
            return Ok(());
        }
        let key = Key::read(&name)?;
        self.allow(&name, &key)?;
        let Key { under, word } = key;
        let Some(setting) = self.setting(&name, &under, word, &value)? else {
            return Ok(());
        };
        if under.is_empty() {
            return self.root.terms.set(setting);
        }
        self.waiting.push(Waiting { param: shown(&name), under, setting });
        Ok(())
    }

    /// Refuses what the operation does not take.
    fn allow(&self, name: &str, key: &Key) -> Result<(), Mistake> {
        let unsupported = ["columns", "on_conflict"].contains(&name);
        let cursors = ["after", "before"];
        // An own operation may have such an argument. Beside it the grammar's word would only confuse.
        let is_argument = key.word.is_cursor() && self.arguments.iter().any(|a| cursors.contains(&&*a.name));
        let allowed = match self.scope {
            Scope::Rows => !unsupported && !is_argument,
            Scope::Count => !unsupported && key.under.is_empty() && key.word.is_condition(),
            Scope::Record => key.word == Word::Select || !key.under.is_empty(),
            Scope::Arguments => false,
        };
        if allowed {
            return Ok(());
        }
        let known = argument_names(self.arguments).chain(self.scope.words().iter().copied());
        Err(Mistake::new("UNKNOWN", "the operation has no such parameter").suggest(name, known))
    }

    /// Reads a parameter's value; `select` is kept here, everything else is for its level.
    fn setting(
        &mut self,
        name: &str,
        under: &[String],
        word: Word,
        value: &str,
    ) -> Result<Option<Setting>, Mistake> {
        let budget = &mut self.budget;
        Ok(Some(match word {
            Word::Select => return self.select(under, value).map(|()| None),
            Word::Order => Setting::Order(order::order(value, budget)?),
            Word::Limit => Setting::Limit(order::rows(value)?),
            Word::Offset => Setting::Offset(order::rows(value)?),
            Word::After | Word::Before if !under.is_empty() => {
                let text = "a list inside of a record has no cursors: take `limit` and `offset`";
                return Err(Mistake::new("UNSUPPORTED", text));
            }
            Word::After => Setting::Cursor(PageBound::After(value.to_owned())),
            Word::Before => Setting::Cursor(PageBound::Before(value.to_owned())),
            Word::Group(logic, sense) => {
                Setting::Filter(filter::negate_if(sense, filter::group(logic, value, budget)?))
            }
            Word::Field(path) => {
                let known = argument_names(self.arguments).chain(WORDS.iter().copied());
                Setting::Filter(filter::field(path, value, budget).map_err(|m| m.suggest(name, known))?)
            }
        }))
    }

    fn select(&mut self, under: &[String], value: &str) -> Result<(), Mistake> {
        if !under.is_empty() {
            return Err(Mistake::new(
                "UNKNOWN",
                "what is wanted of a relation stands in the brackets in `select`",
            ));
        }
        if self.selected {
            return Err(Mistake::repeated());
        }
        self.selected = true;
        self.root.nodes = select::select(value, &mut self.budget)?;
        Ok(())
    }

    fn finish(mut self) -> Result<Query, Fault> {
        for waiting in std::mem::take(&mut self.waiting) {
            let Waiting { param, under, setting } = waiting;
            embedded(&mut self.root, &under, &setting)
                .and_then(|terms| terms.set(setting))
                .map_err(|mistake| bad_parameter(&param, mistake))?;
        }
        let cursor = self.root.terms.cursor.as_ref().map(PageBound::name);
        let (selection, list) = finish::finish(self.root, &mut self.budget)
            .map_err(|mistake| bad_parameter("select", mistake))?;
        check(self.scope, &selection, &list, cursor)?;
        if self.selected && selection.items.is_empty() {
            return Err(bad_parameter(
                "select",
                Mistake::new("REQUIRED", "nothing is wanted of the record itself"),
            ));
        }
        Ok(Query { selection: self.selected.then_some(selection), list, arguments: self.found })
    }
}

fn argument_names(arguments: &[Argument]) -> impl Iterator<Item = &str> {
    arguments.iter().map(|argument| argument.name.as_str())
}

/// Refuses what makes no sense together. `cursor` is the parameter that says where a page begins or ends.
fn check(scope: Scope, selection: &Selection, list: &ListArgs, cursor: Option<&str>) -> Result<(), Fault> {
    function::check_groups(selection).map_err(|mistake| bad_parameter("select", mistake))?;
    let is_of_groups = is_of_groups(selection);
    let refused = |name, text| Err(bad_parameter(name, Mistake::new("UNSUPPORTED", text)));
    match cursor {
        _ if is_of_groups && scope != Scope::Rows => {
            refused("select", "functions are for the list of a resource, not for this")
        }
        Some(cursor) if is_of_groups => refused(cursor, "groups have no cursors: take `limit` and `offset`"),
        Some(cursor) if list.offset.is_some() => {
            let text = format!("cannot stand beside `{cursor}`, which says where the page begins or ends");
            Err(bad_parameter("offset", Mistake::new("CONFLICT", text)))
        }
        Some(_) | None => Ok(()),
    }
}

/// The terms of the embedded relation at a path, if it takes this one.
fn embedded<'a>(root: &'a mut Level, under: &[String], setting: &Setting) -> Result<&'a mut Terms, Mistake> {
    let mut level = root;
    for name in under {
        let embed = level.embed_named(name).ok_or_else(|| {
            let text = format!("`{0}` is not embedded here: add `{0}(…)` to `select`", shown(name));
            Mistake::new("UNKNOWN", text)
        })?;
        if embed.place == Place::Count && !matches!(setting, Setting::Filter(_)) {
            let text = format!("`{}` is counted: a count cannot be ordered or cut", shown(name));
            return Err(Mistake::new("UNSUPPORTED", text));
        }
        level = &mut embed.level;
    }
    Ok(&mut level.terms)
}

impl Word {
    fn is_condition(&self) -> bool {
        match self {
            Word::Group(..) | Word::Field(_) => true,
            Word::Select | Word::Order | Word::Limit | Word::Offset | Word::After | Word::Before => false,
        }
    }

    fn is_cursor(&self) -> bool {
        match self {
            Word::After | Word::Before => true,
            Word::Select | Word::Order | Word::Limit | Word::Offset | Word::Group(..) | Word::Field(_) => {
                false
            }
        }
    }
}

impl Scope {
    /// The words of the grammar it takes.
    fn words(self) -> &'static [&'static str] {
        match self {
            Scope::Rows => WORDS,
            Scope::Count => &["and", "or"],
            Scope::Record => &["select"],
            Scope::Arguments => &[],
        }
    }
}
