//! Random questions about the random contract.

use super::CALLERS;
use super::model::{Fields, MEMBERS, Model, NODES};
use crate::case::{Action, Function, Input, List, Measure, Of, Verb, Window};
use crate::chance::Chance;
use crate::driver::Total;
use serde_json::{Map, Value, json};
use std::fmt;

/// Levels of a selection.
const DEPTH: usize = 2;
/// Things selected at one level, at the most.
const ITEMS_MAX: usize = 4;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub caller: &'static str,
    pub action: Action,
    pub input: Input,
    pub total: Total,
    /// What takes back what it does.
    pub undo: Option<(Action, Input)>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {:?}", self.caller, self.action, self.input)
    }
}

impl Question {
    pub fn random(model: &Model, chance: &mut Chance) -> Self {
        let node = |verb| Action::Standard { verb, resource: "Node".to_owned() };
        let mut ask = Asking { model, chance, depth: DEPTH };
        let key = Some((*ask.chance.pick(NODES)).to_owned());
        let mut question = Self {
            caller: CALLERS[ask.chance.below(CALLERS.len())],
            action: node(Verb::List),
            input: Input::default(),
            total: Total::Unwanted,
            undo: None,
        };
        let records = |ask: &mut Asking<'_>| Some(ask.selection(&model.node));
        (question.action, question.input) = match ask.chance.below(9) {
            0 => (node(Verb::Get), Input { key, select: records(&mut ask), ..Input::default() }),
            1 => {
                question.total = if ask.chance.one_in(3) { Total::Wanted } else { Total::Unwanted };
                (node(Verb::List), Input { select: records(&mut ask), list: ask.list(), ..Input::default() })
            }
            2 => {
                let window = Window { first: Some(1 + ask.chance.below(3) as u64), ..Window::default() };
                let page = Action::Page { resource: "Node".to_owned() };
                (page, Input { select: records(&mut ask), window, ..Input::default() })
            }
            3 => {
                let field = ask.chance.pick(&model.node.manys).clone();
                let select = Some(ask.selection(&model.leaf));
                let related = Action::Related { parent: "Node".to_owned(), field };
                (related, Input { key, select, ..Input::default() })
            }
            4 => (Action::Aggregate { resource: "Node".to_owned() }, ask.totals()),
            5 => {
                let action = node(Verb::Update);
                (
                    action,
                    Input { key, data: Some(ask.change()), select: records(&mut ask), ..Input::default() },
                )
            }
            6 => return ask.creation(question),
            7 => {
                let action = Action::Own { operation: "everyNode".to_owned() };
                (action, Input { select: records(&mut ask), ..Input::default() })
            }
            _ => {
                let action = Action::Own { operation: "infos".to_owned() };
                (action, Input { select: Some(ask.info()), ..Input::default() })
            }
        };
        if question.action == node(Verb::Update) {
            // Everybody's change of a value into what it is: it changes nothing.
            let stored = model.nodes.iter().find(|row| row["id"].as_str() == question.input.key.as_deref());
            let members = question.input.data.as_ref().and_then(Value::as_object).into_iter().flatten();
            let data =
                members.map(|(name, _)| (name.clone(), stored.map_or(Value::Null, |row| row[name].clone())));
            question.input.data = Some(Value::Object(data.collect()));
        }
        question
    }
}

impl Question {
    /// The same question about other fields of the same forms.
    pub fn sibling(&self, model: &Model, chance: &mut Chance) -> Self {
        let mut names = Vec::new();
        for family in model.node.families().into_iter().chain(model.leaf.families()) {
            let shift = chance.below(family.len().max(1));
            let others = family.iter().cycle().skip(shift);
            names.extend(family.iter().cloned().zip(others.cloned()));
        }
        let mut sibling = self.clone();
        sibling.input.select = self.input.select.as_ref().map(|select| renamed(select, &names));
        sibling
    }
}

/// A selection with each field in the place of another one.
fn renamed(select: &Value, names: &[(String, String)]) -> Value {
    let name = |text: &str| {
        let (field, path) = text.split_at(text.find("->").unwrap_or(text.len()));
        let other = names.iter().find(|(known, _)| known == field).map_or(field, |(_, other)| other);
        format!("{other}{path}")
    };
    match select {
        Value::String(text) => name(text).into(),
        Value::Array(items) => items.iter().map(|item| renamed(item, names)).collect(),
        // What is shown under a name of its own keeps it.
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| match key.as_str() {
                    "as" | "order" => (key.clone(), value.clone()),
                    _ => (name(key), renamed(value, names)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Makes one question.
struct Asking<'a> {
    model: &'a Model,
    chance: &'a mut Chance,
    depth: usize,
}

impl Asking<'_> {
    fn list(&mut self) -> List {
        let mut list = List::default();
        if self.chance.one_in(2) {
            let (field, value) =
                (self.chance.pick(&self.model.node.texts).clone(), *self.chance.pick(super::model::TEXTS));
            list.filter = Some(json!({field: {"neq": value}}));
        }
        if self.chance.one_in(2) {
            list.order = vec![self.chance.pick(&self.model.node.numbers).clone(), "id".to_owned()];
        }
        if self.chance.one_in(2) {
            list.limit = Some(1 + self.chance.below(4) as u64);
        }
        list
    }

    /// A selection of records, in which every name stands once.
    fn selection(&mut self, of: &Fields) -> Value {
        let mut items = Vec::new();
        let mut shown: Vec<String> = Vec::new();
        for _ in 0..1 + self.chance.below(ITEMS_MAX) {
            let (name, item) = self.item(of);
            if !shown.contains(&name) {
                shown.push(name);
                items.push(item);
            }
        }
        Value::Array(items)
    }

    fn item(&mut self, of: &Fields) -> (String, Value) {
        match self.chance.below(8) {
            0 if !of.objects.is_empty() => {
                let name = self.chance.pick(&of.objects).clone();
                let member = *self.chance.pick(MEMBERS);
                (name.clone(), json!({name: [member]}))
            }
            1 if !of.json.is_empty() => {
                let field = self.chance.pick(&of.json).clone();
                let path = *self.chance.pick(&["->a", "->b", "->>a", "->b->a"]);
                let shown = self.name(of);
                (shown.clone(), json!({"field": format!("{field}{path}"), "as": shown}))
            }
            2 if self.depth > 0 => {
                let name = self.chance.pick(&of.ones).clone();
                let inside = self.nested(&self.model.node);
                (name.clone(), json!({name: inside}))
            }
            3 if self.depth > 0 && !of.manys.is_empty() => {
                let name = self.chance.pick(&of.manys).clone();
                let inside = self.nested(&self.model.leaf);
                let limit = 1 + self.chance.below(5);
                (name.clone(), json!({"relation": name, "select": inside, "order": ["id"], "limit": limit}))
            }
            4 if !of.manys.is_empty() => {
                let name = self.chance.pick(&of.manys).clone();
                (format!("{name}Count"), json!({"count": name}))
            }
            5 => {
                // Under the name of another field.
                let (field, shown) = (self.scalar(of), self.name(of));
                (shown.clone(), json!({"field": field, "as": shown}))
            }
            _ => {
                let name = self.scalar(of);
                (name.clone(), Value::String(name))
            }
        }
    }

    fn nested(&mut self, of: &Fields) -> Value {
        self.depth -= 1;
        let inside = self.selection(of);
        self.depth += 1;
        inside
    }

    fn scalar(&mut self, of: &Fields) -> String {
        let kinds = [&of.computed, &of.reckoned, &of.texts, &of.numbers, &of.enums];
        let kinds: Vec<&Vec<String>> = kinds.into_iter().filter(|fields| !fields.is_empty()).collect();
        let kind = kinds[self.chance.below(kinds.len())];
        self.chance.pick(kind).clone()
    }

    /// A name in an answer: that of a field, more often than not of another one.
    fn name(&mut self, of: &Fields) -> String {
        if self.chance.one_in(4) { "other".to_owned() } else { self.scalar(of) }
    }

    fn totals(&mut self) -> Input {
        let of = &self.model.node;
        let functions = [Function::Sum, Function::Avg, Function::Min, Function::Max];
        let mut measures = Vec::new();
        for at in 0..1 + self.chance.below(3) {
            let field = self.chance.pick(&of.numbers).clone();
            let function = *self.chance.pick(&functions);
            let of = if self.chance.one_in(4) { Of::Rows } else { Of::Field(function, field) };
            measures.push(Measure { shown: format!("m{at}"), of });
        }
        let by = match self.chance.below(3) {
            0 => Vec::new(),
            1 => vec![self.chance.pick(&of.enums).clone()],
            _ => vec![self.scalar(of)],
        };
        Input { measures, by, ..Input::default() }
    }

    /// Fields to set; what to is said later.
    fn change(&mut self) -> Value {
        let name = self.chance.pick(&self.model.node.numbers).clone();
        json!({name: null})
    }

    /// A new leaf, which is taken away again.
    fn creation(&mut self, question: Question) -> Question {
        let leaf = |verb| Action::Standard { verb, resource: "Leaf".to_owned() };
        let mut data = Map::new();
        data.insert("id".into(), "new".into());
        for field in &self.model.leaf.texts {
            if self.chance.one_in(2) {
                data.insert(field.clone(), (*self.chance.pick(super::model::TEXTS)).into());
            }
        }
        for field in &self.model.leaf.ones {
            data.insert(field.clone(), (*self.chance.pick(NODES)).into());
        }
        let select = Some(self.selection(&self.model.leaf));
        let input = Input { data: Some(Value::Object(data)), select, ..Input::default() };
        let undo = Input { key: Some("new".to_owned()), ..Input::default() };
        Question { action: leaf(Verb::Create), input, undo: Some((leaf(Verb::Delete), undo)), ..question }
    }

    /// A selection of an operation's own object.
    fn info(&mut self) -> Value {
        let mut items: Vec<Value> = Vec::new();
        for name in ["first", "second", "third"] {
            if self.chance.one_in(2) {
                items.push(name.into());
            }
        }
        let of = *self.chance.pick(&["node", "other"]);
        let inside = self.nested(&self.model.node);
        items.push(json!({of: inside}));
        Value::Array(items)
    }
}
