//! Whatever is intended, the SQL is valid, and a list has as many rows as are counted.
#![allow(clippy::unwrap_used)]

mod social;
mod support;

use contract::{Arithmetic, Compare, Contract, FieldId, KeyKind, Quantifier, ResourceId, Scalar};
use social::intent::{Item, all, count, group, inner, many, one, stored, type_name, value};
use social::*;
use std::sync::Arc;
use store::*;
use support::{block, bounds, text};
use wire::{Layout, Shape, Value};

const ROUNDS: u64 = 4_000;
/// Levels of an expression.
const DEPTH: u32 = 5;

/// The parameters: one of each kind, the third one a list.
fn params() -> Vec<Value> {
    let list = text(r#"[1, "u1", null, 2.5, true, "x"]"#);
    vec![
        Value::Int(2),
        text("u1"),
        list,
        Value::Null,
        Value::Float(0.5),
        Value::Bytes(vec![0, 255]),
        Value::Bool(true),
    ]
}
const LIST: Param = 2;
/// Also the number 1.
const TRUE: Param = 6;

/// Chance that comes out the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

struct Make<'c> {
    contract: &'c Contract,
    chance: Chance,
    /// The resources of the rows in scope, the innermost last.
    scopes: Vec<ResourceId>,
}

impl Make<'_> {
    fn fields(&self, resource: ResourceId, test: impl Fn(&contract::Field) -> bool) -> Vec<FieldId> {
        self.contract.resource(resource).fields().filter(|(_, f)| test(f)).map(|(id, _)| id).collect()
    }

    fn to_one(&self, resource: ResourceId) -> Vec<FieldId> {
        self.fields(resource, |f| f.target().is_some() && f.column().is_some())
    }

    fn to_many(&self, resource: ResourceId) -> Vec<FieldId> {
        self.fields(resource, |f| f.target().is_some() && f.column().is_none())
    }

    fn target(&self, resource: ResourceId, field: FieldId) -> ResourceId {
        self.contract.resource(resource).field(field).target().unwrap()
    }

    /// A path from some row in scope to a resource, with a field of it, if there is one of the kind.
    fn column(&mut self, field: impl Fn(&Self, ResourceId) -> Vec<FieldId>) -> Option<(Column, ResourceId)> {
        let scope = self.chance.below(self.scopes.len());
        let resource = self.scopes[self.scopes.len() - 1 - scope];
        let (mut hops, mut at) = (Vec::new(), resource);
        while self.chance.below(3) == 0 && !self.to_one(at).is_empty() {
            let hop = self.chance.of(&self.to_one(at));
            hops.push(hop);
            at = self.target(at, hop);
        }
        let fields = field(self, at);
        if fields.is_empty() {
            return None;
        }
        let field = self.chance.of(&fields);
        Some((Column { scope: scope as u8, resource, hops, field }, at))
    }

    fn stored(&mut self) -> Operand {
        let column = self.column(|make, at| make.fields(at, |f| f.column().is_some()));
        Operand::Column(column.unwrap().0)
    }

    fn param(&mut self) -> Param {
        self.chance.below(params().len()) as Param
    }

    fn boxed(&mut self, depth: u32) -> Box<Operand> {
        Box::new(self.operand(depth))
    }

    fn operand(&mut self, depth: u32) -> Operand {
        if depth == 0 {
            return if self.chance.yes() { self.stored() } else { Operand::Param(self.param()) };
        }
        let depth = depth - 1;
        match self.chance.below(15) {
            0 => Operand::Null,
            1 => Operand::Bool(self.chance.yes()),
            2 => Operand::Version,
            3 => {
                let (path, as_text) = (vec![self.param(), self.param()], self.chance.yes());
                Operand::Json { of: self.boxed(depth), path, as_text }
            }
            4 => Operand::Masked(Box::new(self.predicate(depth)), self.boxed(depth)),
            5 => Operand::If(Box::new(self.predicate(depth)), self.boxed(depth), self.boxed(depth)),
            6 => Operand::Test(Box::new(self.predicate(depth))),
            7 => {
                use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
                let operator = self.chance.of(&[Add, Divide, Multiply, Remainder, Subtract]);
                Operand::Arithmetic(operator, self.boxed(depth), self.boxed(depth))
            }
            8 => Operand::Concat(self.boxed(depth), self.boxed(depth)),
            9 => Operand::Lower(self.boxed(depth)),
            10 => Operand::Upper(self.boxed(depth)),
            11 => Operand::Size(self.boxed(depth)),
            12 => match self.column(Self::to_many) {
                Some((column, _)) => Operand::Count(column),
                None => Operand::Null,
            },
            13 => Operand::Cursor((0..self.chance.below(3)).map(|_| self.operand(depth)).collect()),
            _ => self.stored(),
        }
    }

    fn predicates(&mut self, depth: u32) -> Vec<Predicate> {
        (0..self.chance.below(4)).map(|_| self.predicate(depth)).collect()
    }

    fn predicate(&mut self, depth: u32) -> Predicate {
        use Compare::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let compares = [Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual];
        if depth == 0 {
            return self.chance.of(&[Predicate::True, Predicate::False, Predicate::Unknown]);
        }
        let depth = depth - 1;
        match self.chance.below(15) {
            0 => Predicate::And(self.predicates(depth)),
            1 => Predicate::Or(self.predicates(depth)),
            2 => Predicate::Not(Box::new(self.predicate(depth))),
            3 => Predicate::Compare(self.chance.of(&compares), self.operand(depth), self.operand(depth)),
            4 => Predicate::SqlCompare(self.chance.of(&compares), self.operand(depth), self.operand(depth)),
            5 => Predicate::IsNull(self.operand(depth)),
            6 => Predicate::IsTrue(self.operand(depth)),
            7 => Predicate::InList(self.operand(depth), LIST),
            8 => {
                let among = (0..self.chance.below(3)).map(|_| self.operand(depth)).collect();
                Predicate::InOperands(self.operand(depth), among)
            }
            9 => {
                use TextTest::*;
                let tests =
                    [Like, LikeIgnoringCase, Matches, MatchesIgnoringCase, StartsWith, EndsWith, Contains];
                Predicate::Text(self.chance.of(&tests), self.operand(depth), self.operand(depth))
            }
            10 => {
                let test = self.chance.of(&[JsonTest::Contains, JsonTest::ContainedIn, JsonTest::Overlaps]);
                Predicate::Json(test, self.operand(depth), self.operand(depth))
            }
            11 => {
                use SearchMode::{Phrase, Plain, Query, Web};
                let mode = self.chance.of(&[Phrase, Plain, Query, Web]);
                Predicate::Search(mode, self.operand(depth), self.operand(depth))
            }
            12 | 13 => match self.column(Self::to_many) {
                Some((over, parent)) => {
                    let filter = self.inside(self.target(parent, over.field), depth);
                    let quantifiers = [Quantifier::Exists, Quantifier::All, Quantifier::ExistsOne];
                    Predicate::Related { quantifier: self.chance.of(&quantifiers), over, filter }
                }
                None => Predicate::True,
            },
            _ => match self.column(Self::to_one) {
                Some((over, parent)) => {
                    let filter = self.inside(self.target(parent, over.field), depth);
                    Predicate::Reached { over, filter }
                }
                None => Predicate::True,
            },
        }
    }

    fn inside(&mut self, resource: ResourceId, depth: u32) -> Box<Predicate> {
        self.scopes.push(resource);
        let filter = self.predicate(depth);
        self.scopes.pop();
        Box::new(filter)
    }

    /// A select with everything in it, as if it were the only one.
    fn select(&mut self, from: ResourceId, levels: u32) -> (Select, Shape) {
        let around = std::mem::replace(&mut self.scopes, vec![from]);
        let more = self.chance.below(4);
        let items = (0..more).map(|at| self.item(from, levels, &format!("f{at}")));
        let items = [stored(from, FieldId(0))].into_iter().chain(items).collect();
        let (select, shape) = all(from, items);
        let order = (0..self.chance.below(3)).map(|_| self.term()).collect();
        let filter = if self.chance.yes() { self.predicate(DEPTH) } else { Predicate::True };
        let limit = self.chance.yes().then_some(0);
        let offset = (self.chance.below(4) == 0).then_some(TRUE);
        self.scopes = around;
        (Select { filter, order, limit, offset, ..select }, shape)
    }

    fn term(&mut self) -> Order {
        Order {
            by: self.operand(2),
            direction: self.chance.of(&[Direction::Ascending, Direction::Descending]),
            nulls: self.chance.of(&[Nulls::First, Nulls::Last]),
        }
    }

    fn item(&mut self, from: ResourceId, levels: u32, name: &str) -> Item {
        let (to_one, to_many) = (self.to_one(from), self.to_many(from));
        let item = match self.chance.below(6) {
            0 if levels > 0 && !to_one.is_empty() => {
                let field = self.chance.of(&to_one);
                one(name, field, self.select(self.target(from, field), levels - 1))
            }
            1 if levels > 0 && !to_many.is_empty() => {
                let field = self.chance.of(&to_many);
                many(name, field, self.select(self.target(from, field), levels - 1))
            }
            2 if !to_many.is_empty() => {
                let field = self.chance.of(&to_many);
                let filter = self.inside(self.target(from, field), 2);
                return count(name, field, *filter);
            }
            3 => return type_name(name),
            4 if levels > 0 => {
                let items = 0..self.chance.below(3);
                let items = items.map(|at| self.item(from, levels - 1, &format!("g{at}"))).collect();
                return group(name, "Group", items);
            }
            // Any operand may have a value of any kind, and this one fits its place.
            _ => {
                let null = Predicate::IsNull(self.operand(2));
                return value(name, Operand::Test(Box::new(null)), Scalar::Boolean);
            }
        };
        if self.chance.below(4) == 0 { inner(item) } else { item }
    }
}

#[test]
fn every_intention_has_valid_sql() {
    let social = Social::new();
    let contract = contract();
    let mut refused = 0;
    for round in 1..=ROUNDS {
        let chance = Chance(round.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut make = Make { contract: &contract, chance, scopes: Vec::new() };
        let (mut select, shape) = make.select(USER, 3);
        (select.limit, select.offset) = (None, None);
        let rows = read(&social, &select, shape);
        let plan = Arc::new(social.store.plan_count(&select).unwrap());
        let counted = block(social.store.count(&plan, params(), bounds()));
        match (rows, counted) {
            (Ok(reply), Ok(count)) => assert_eq!(reply.rows, count, "round {round}: {select:?}"),
            (Ok(_), Err(Error::BadValue(_))) | (Err(Error::BadValue(_)), _) => refused += 1,
            (rows, counted) => panic!("round {round}: {rows:?} {counted:?} {select:?}"),
        }
    }
    assert!(refused < ROUNDS / 4, "{refused}");
}

fn read(social: &Social, select: &Select, shape: Shape) -> Result<Reply, Error> {
    let plan = Arc::new(social.store.plan_read(select, shape, Root::List).unwrap());
    block(social.store.read(&plan, params(), wire::Format::Json, bounds()))
}

/// Where the key of a parent is given.
const PARENT: Param = 7;

/// Whatever filter, order, limit and offset the rows of a relation have, at whatever depth and beside whatever else,
/// they are those that a read of their own gives.
#[test]
fn a_nested_list_is_the_list_of_its_rows() {
    let social = Social::new();
    let contract = contract();
    let mut lists = 0;
    for round in 1..=ROUNDS / 2 {
        let chance = Chance(round.wrapping_mul(0xD134_2543_DE82_EF95));
        let mut make = Make { contract: &contract, chance, scopes: Vec::new() };
        let (mut select, shape) = make.select(USER, 3);
        (select.limit, select.offset, select.filter) = (None, None, Predicate::True);
        let mut compare = Compared { social: &social, contract: &contract, lists: 0 };
        match list(&social, &select, &shape, params()) {
            Some(rows) => compare.rows(&select, &shape, &rows),
            None => continue,
        }
        lists += compare.lists;
    }
    assert!(lists > 500, "{lists} with rows");
}

/// A list as JSON; nothing where a random text is no pattern, or a branch that is no list is asked for its size, which
/// rules are too well typed for.
fn list(social: &Social, select: &Select, shape: &Shape, params: Vec<Value>) -> Option<serde_json::Value> {
    let plan = Arc::new(social.store.plan_read(select, shape.clone(), Root::List).unwrap());
    match block(social.store.read(&plan, params, wire::Format::Json, bounds())) {
        Ok(reply) => Some(serde_json::from_slice(&reply.body).unwrap()),
        Err(Error::BadValue(_)) => None,
        Err(Error::Internal(what)) if what == "malformed JSON" => None,
        Err(error) => panic!("{error:?} {select:?}"),
    }
}

struct Compared<'s> {
    social: &'s Social,
    contract: &'s Contract,
    /// Lists compared that had rows.
    lists: usize,
}

impl Compared<'_> {
    fn rows(&mut self, select: &Select, shape: &Shape, rows: &serde_json::Value) {
        for row in rows.as_array().unwrap() {
            self.record(select.from, &select.outputs, shape, &row["id"], row);
        }
    }

    fn record(
        &mut self,
        from: ResourceId,
        outputs: &[Output],
        shape: &Shape,
        id: &serde_json::Value,
        row: &serde_json::Value,
    ) {
        for (output, field) in outputs.iter().zip(&shape.fields) {
            let (Layout::One(shape) | Layout::Many(shape)) = &field.layout else { continue };
            let nested = &row[&*field.name.text];
            match output {
                Output::Many { field, select, .. } => self.list(from, *field, id, (select, shape), nested),
                Output::Group(outputs) => self.record(from, outputs, shape, id, nested),
                Output::One { select, .. } if !nested.is_null() => {
                    self.record(select.from, &select.outputs, shape, &nested["id"], nested);
                }
                Output::One { .. } | Output::Reference { .. } => {}
                Output::Value(_) | Output::Count { .. } | Output::TypeName => {}
            }
        }
    }

    fn list(
        &mut self,
        parent: ResourceId,
        field: FieldId,
        id: &serde_json::Value,
        (select, shape): (&Select, &Shape),
        nested: &serde_json::Value,
    ) {
        let of_parent = Predicate::RelatedTo { parent, field, key: PARENT, link: Box::new(Predicate::True) };
        let filter = Predicate::And(vec![of_parent, select.filter.clone()]);
        let alone = Select { filter, ..select.clone() };
        let id = id.as_str().unwrap();
        let key = match self.contract.resource(parent).key_kind {
            KeyKind::Integer => Value::Int(id.parse().unwrap()),
            KeyKind::Client | KeyKind::Uuid => text(id),
        };
        let params = [params(), vec![key]].concat();
        let Some(rows) = list(self.social, &alone, shape, params) else { return };
        assert_eq!(*nested, rows, "{parent:?} {id} {field:?}: {select:?}");
        self.lists += usize::from(nested.as_array().is_some_and(|rows| !rows.is_empty()));
        self.rows(select, shape, nested);
    }
}
