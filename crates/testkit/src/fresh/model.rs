//! A random contract in which many fields have one form.

use super::CALLERS;
use crate::case::{Caller, NOBODY, Seed};
use crate::chance::Chance;
use serde_json::{Map, Value, json};

/// Values of texts; two of them are callers' ids.
pub const TEXTS: &[&str] = &["ant", "bee", "cow"];
/// Values of enums.
const COLORS: &[&str] = &["RED", "BLUE", "GREEN"];
/// Keys of nodes.
pub const NODES: &[&str] = &["a", "b", "c", "d"];
/// Keys of leaves.
const LEAVES: &[&str] = &["l1", "l2", "l3", "l4", "l5"];
/// Fields of one form, at the least.
const TWINS_MIN: usize = 2;
/// Fields of one form beyond that, fewer than this.
const TWINS_MORE: usize = 3;

/// What may be asked of a resource.
#[derive(Debug, Default)]
pub struct Fields {
    pub texts: Vec<String>,
    pub numbers: Vec<String>,
    /// Fields with an expression, all of one form.
    pub computed: Vec<String>,
    /// Fields with an expression of another form.
    pub reckoned: Vec<String>,
    pub enums: Vec<String>,
    pub json: Vec<String>,
    pub objects: Vec<String>,
    /// To-one fields, each of a node.
    pub ones: Vec<String>,
    /// To-many fields, each of leaves.
    pub manys: Vec<String>,
}

/// A contract with its rows.
#[derive(Debug)]
pub struct Model {
    pub text: String,
    pub node: Fields,
    pub leaf: Fields,
    pub nodes: Vec<Value>,
    pub leaves: Vec<Value>,
}

/// Forms of expressions.
const FORMS: usize = 8;
/// Members of every stored object.
pub const MEMBERS: &[&str] = &["m0", "m1", "m2"];

impl Fields {
    /// The fields of each form.
    pub fn families(&self) -> [&[String]; 9] {
        let Self { texts, numbers, computed, reckoned, enums, json, objects, ones, manys } = self;
        [texts, numbers, computed, reckoned, enums, json, objects, ones, manys]
    }
}

impl Model {
    pub fn new(chance: &mut Chance) -> Self {
        let node = Fields {
            texts: twins("t", chance),
            numbers: twins("n", chance),
            computed: twins("c", chance),
            reckoned: twins("d", chance),
            enums: twins("e", chance),
            json: twins("j", chance),
            objects: twins("o", chance),
            ones: twins("up", chance),
            manys: twins("leaves", chance),
        };
        let leaf = Fields {
            texts: twins("u", chance),
            numbers: twins("v", chance),
            computed: twins("x", chance),
            reckoned: twins("y", chance),
            ones: (0..node.manys.len()).map(|at| format!("node{at}")).collect(),
            ..Fields::default()
        };
        let text = text(&node, &leaf, chance);
        let nodes = NODES.iter().map(|key| row(key, &node, chance)).collect();
        let leaves = LEAVES.iter().map(|key| row(key, &leaf, chance)).collect();
        Self { text, node, leaf, nodes, leaves }
    }

    pub fn seeds(&self) -> Vec<Seed> {
        let seed =
            |resource: &str, rows: &[Value]| Seed { resource: resource.to_owned(), rows: rows.to_vec() };
        vec![seed("Node", &self.nodes), seed("Leaf", &self.leaves)]
    }

    pub fn callers(&self) -> Vec<Caller> {
        let known = CALLERS.iter().filter(|name| **name != NOBODY);
        let caller =
            |name: &&str| Caller { name: (*name).into(), sub: Some((*name).into()), ..Caller::default() };
        known.map(caller).collect()
    }
}

fn twins(name: &str, chance: &mut Chance) -> Vec<String> {
    (0..TWINS_MIN + chance.below(TWINS_MORE)).map(|at| format!("{name}{at}")).collect()
}

fn text(node: &Fields, leaf: &Fields, chance: &mut Chance) -> String {
    let mut text = format!(
        "extend schema @contract(name: \"fresh\", version: \"1.0.0\")\n\
         enum Color {{ {} }}\n\
         type Part {{ {} }}\n\
         type Info {{ first: String second: String third: Int node: Node other: Node }}\n",
        COLORS.join(" "),
        MEMBERS.iter().map(|member| format!("{member}: String")).collect::<Vec<_>>().join(" "),
    );
    let manys = |at: usize, name: &String| format!("  {name}: [Leaf!]! @relation(by: \"node{at}\")\n");
    let lists: String = node.manys.iter().enumerate().map(|(at, name)| manys(at, name)).collect();
    text += &resource("Node", node, &lists, chance);
    text += &resource("Leaf", leaf, "", chance);
    let (t, n, up) = (&node.texts, &node.numbers, &node.ones);
    text += &format!(
        "type Query {{\n\
         everyNode: [Node!]! @access(call: \"true\") @sql(run: \"SELECT id FROM node ORDER BY id\")\n\
         infos: [Info!]! @access(call: \"true\") @sql(run: \"SELECT {} AS first, {} AS second, {} AS third, id AS node, \
         {} AS other FROM node ORDER BY id\")\n}}\n",
        chance.pick(t),
        chance.pick(t),
        chance.pick(n),
        chance.pick(up),
    );
    text
}

fn resource(name: &str, fields: &Fields, more: &str, chance: &mut Chance) -> String {
    let mut text = format!("type {name} @resource(id: CLIENT) @access(read: ");
    text += if chance.one_in(2) { "\"true\"" } else { "\"caller.id == null || caller.id != 'x'\"" };
    text += ", create: \"true\", update: \"true\", delete: \"true\") {\n  id: ID!\n";
    for field in &fields.texts {
        let rule =
            if chance.one_in(4) { " @access(read: \"caller.id == id || caller.id == 'ant'\")" } else { "" };
        text += &format!("  {field}: String{rule}\n");
    }
    for (fields, ty) in [
        (&fields.numbers, "Int"),
        (&fields.enums, "Color"),
        (&fields.json, "JSON"),
        (&fields.objects, "Part"),
    ] {
        text.extend(fields.iter().map(|field| format!("  {field}: {ty}\n")));
    }
    text.extend(fields.ones.iter().map(|field| format!("  {field}: Node\n")));
    for twins in [&fields.computed, &fields.reckoned] {
        let form = chance.below(FORMS);
        text.extend(twins.iter().map(|field| computed(field, form, fields, chance)));
    }
    text + more + "}\n"
}

/// A field with an expression of this form.
fn computed(name: &str, form: usize, of: &Fields, chance: &mut Chance) -> String {
    let (text, number) = (chance.pick(&of.texts).clone(), chance.pick(&of.numbers).clone());
    let (value, least) = (*chance.pick(TEXTS), chance.below(3));
    let (ty, expr) = match form {
        0 => ("String", text),
        1 => ("String", format!("{text} + '{value}'")),
        2 => ("Int", number),
        3 => ("Int", format!("{number} + {least}")),
        4 => ("Boolean", format!("{number} > {least}")),
        5 => ("Boolean", format!("{text} == '{value}'")),
        6 => ("Boolean", format!("caller.id == {text}")),
        _ => match of.enums.is_empty() {
            true => ("Boolean", format!("{text} != '{value}'")),
            false => {
                let (field, color) = (chance.pick(&of.enums).clone(), *chance.pick(COLORS));
                ("Boolean", format!("{field} == '{color}'"))
            }
        },
    };
    format!("  {name}: {ty} @computed(expr: \"{expr}\")\n")
}

fn row(key: &str, fields: &Fields, chance: &mut Chance) -> Value {
    let mut row = Map::new();
    row.insert("id".into(), key.into());
    let texts = |chance: &mut Chance| Value::from(*chance.pick(TEXTS));
    for field in &fields.texts {
        row.insert(field.clone(), texts(chance));
    }
    for field in &fields.numbers {
        row.insert(field.clone(), chance.below(5).into());
    }
    for field in &fields.enums {
        row.insert(field.clone(), (*chance.pick(COLORS)).into());
    }
    for field in fields.json.iter() {
        row.insert(field.clone(), json!({"a": texts(chance), "b": {"a": chance.below(9)}}));
    }
    for field in &fields.objects {
        let members = MEMBERS.iter().map(|member| ((*member).to_owned(), texts(chance)));
        row.insert(field.clone(), Value::Object(members.collect()));
    }
    for field in &fields.ones {
        row.insert(field.clone(), (*chance.pick(NODES)).into());
    }
    Value::Object(row)
}
