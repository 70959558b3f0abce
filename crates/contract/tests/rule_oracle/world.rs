//! Records in memory, and facts of a call, made of random choices.

use contract::rule::sample::{COMMENT, FOLLOW, POST, Sample, USER};
use contract::rule::{Facts, Value};
use contract::{Arity, Base, FieldId, Relation, ResourceId, Scalar, Source};

/// Random choices; when they are used up every choice is the first one.
pub struct Choices {
    bytes: Vec<u8>,
    at: usize,
}

impl Choices {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % count
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn used_up(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

/// A record of a resource.
pub type Row = Vec<Value>;

/// All records by resource, the first of [`POST`] being the one that is judged.
pub struct World {
    tables: Vec<Vec<Row>>,
}

pub const TEXTS: [&str; 5] = ["a", "admin", "Ab", "", "u1"];
const INTS: [i64; 6] = [0, 1, 2, -3, i64::MAX, i64::MIN];

impl World {
    pub fn new(sample: &Sample, choices: &mut Choices) -> Self {
        let counts = [(USER, 3), (POST, 2), (COMMENT, choices.below(4)), (FOLLOW, choices.below(4))];
        let mut tables = vec![Vec::new(); sample.resources.len()];
        for (resource, count) in counts {
            tables[resource.index()] = (0..count).map(|at| row(sample, resource, at, choices)).collect();
        }
        Self { tables }
    }

    pub fn judged(&self) -> &Row {
        &self.tables[POST.index()][0]
    }

    fn by_key(&self, resource: ResourceId, key: &Value) -> Option<&Row> {
        self.tables[resource.index()].iter().find(|row| row[0] == *key)
    }

    /// The record that is reached through to-one fields, and its resource.
    pub fn follow<'w>(
        &'w self,
        sample: &Sample,
        resource: ResourceId,
        row: &'w Row,
        hops: &[FieldId],
    ) -> Option<(ResourceId, &'w Row)> {
        hops.iter().try_fold((resource, row), |(resource, row), hop| {
            let target = sample.resources[resource.index()].field(*hop).target()?;
            Some((target, self.by_key(target, &row[hop.index()])?))
        })
    }

    /// The rows of a to-many field.
    pub fn related(&self, sample: &Sample, resource: ResourceId, row: &Row, field: FieldId) -> Vec<&Row> {
        let field = sample.resources[resource.index()].field(field);
        let target = field.target().unwrap();
        match field.source {
            Source::Relation(Relation::By { field }) => {
                self.tables[target.index()].iter().filter(|other| other[field.index()] == row[0]).collect()
            }
            Source::Relation(Relation::Through { join, from, to }) => {
                let joins = self.tables[join.index()].iter().filter(|join| join[from.index()] == row[0]);
                joins.filter_map(|join| self.by_key(target, &join[to.index()])).collect()
            }
            Source::Column(_) | Source::Computed(_) | Source::Result => {
                unreachable!("to-many fields are relations")
            }
        }
    }
}

fn row(sample: &Sample, resource: ResourceId, at: usize, choices: &mut Choices) -> Row {
    let fields = &sample.resources[resource.index()].fields;
    let key = |resource: ResourceId, at: usize| {
        Value::Text(format!("{}{at}", ["u", "p", "c", "f", "x"][resource.index()]))
    };
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            if index == 0 {
                return key(resource, at);
            }
            if !field.ty.required && choices.below(3) == 0 {
                return Value::Null;
            }
            if matches!((field.ty.base, field.ty.arity), (Base::Scalar(_), Arity::List { .. })) {
                return texts(choices);
            }
            match field.ty.base {
                Base::Resource(target) => key(target, choices.below(2)),
                Base::Scalar(Scalar::Boolean) => Value::Bool(choices.below(2) == 0),
                Base::Scalar(Scalar::Int | Scalar::Long) => Value::Int(*choices.pick(&INTS)),
                Base::Scalar(Scalar::Decimal { scale }) => {
                    Value::Decimal { units: *choices.pick(&INTS), scale }
                }
                Base::Scalar(_) | Base::Enum(_) => Value::Text((*choices.pick(&TEXTS)).to_owned()),
                Base::Object(_) | Base::Input(_) | Base::Abstract(_) => Value::Null,
            }
        })
        .collect()
}

/// What a call knows, owned.
pub struct OwnedFacts {
    caller_id: Option<String>,
    roles: Vec<String>,
    claims: Value,
    arguments: Vec<Value>,
}

impl OwnedFacts {
    pub fn new(choices: &mut Choices) -> Self {
        let caller_id = (choices.below(3) > 0).then(|| format!("u{}", choices.below(3)));
        let roles = (0..choices.below(3)).map(|_| (*choices.pick(&TEXTS)).to_owned()).collect();
        let mut members = Vec::new();
        for name in ["n", "t", "b", "l"] {
            let text = || Value::Text("admin".to_owned());
            let value = match (choices.below(4), name) {
                (0, _) => continue,
                (1, _) => Value::Null,
                (2, "n") => Value::Int(*choices.pick(&INTS)),
                (2, "b") => Value::Bool(choices.below(2) == 0),
                (2, "l") => texts(choices),
                _ => text(),
            };
            members.push((name.to_owned(), value));
        }
        let int = if choices.below(3) == 0 { Value::Null } else { Value::Int(*choices.pick(&INTS)) };
        let text =
            if choices.below(3) == 0 { Value::Null } else { Value::Text((*choices.pick(&TEXTS)).to_owned()) };
        Self { caller_id, roles, claims: Value::Map(members), arguments: vec![int, text, texts(choices)] }
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            caller_id: self.caller_id.as_deref(),
            roles: &self.roles,
            scopes: &[],
            claims: &self.claims,
            now: "2026-11-22T18:32:34.000000Z",
            arguments: &self.arguments,
            message: None,
        }
    }
}

fn texts(choices: &mut Choices) -> Value {
    let text = |choices: &mut Choices| match choices.below(5) {
        0 => Value::Null,
        _ => Value::Text((*choices.pick(&TEXTS)).to_owned()),
    };
    Value::List((0..choices.below(4)).map(|_| text(choices)).collect())
}
