//! Random expressions of right types, in any form, not only the one that compiling makes.

use super::world::{Choices, TEXTS};
use contract::rule::sample::{COMMENT, POST, Sample, USER};
use contract::rule::{CallerPart, Held, State, Value, ValueKind};
use contract::{
    Arithmetic, Arity, Base, Compare, Expr, FieldId, FieldPath, Function, Quantifier, ResourceId, Scalar,
    Source,
};

/// The types that random values have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Decimal,
    Text,
}

pub struct Random<'a> {
    pub sample: &'a Sample,
    pub choices: &'a mut Choices,
    /// The resources of the records in scope, outermost first.
    pub scopes: Vec<ResourceId>,
    /// How many macros over lists are around.
    pub items: u8,
}

const EQUALITY: [Compare; 2] = [Compare::Equal, Compare::NotEqual];
const ORDER: [Compare; 4] = [Compare::Less, Compare::LessOrEqual, Compare::Greater, Compare::GreaterOrEqual];

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

impl Random<'_> {
    pub fn condition(&mut self, depth: usize) -> Expr {
        let choice =
            if depth == 0 || self.choices.used_up() { self.choices.below(5) } else { self.choices.below(18) };
        match choice {
            0 => Expr::Value(Value::Bool(true)),
            1 => Expr::Value(Value::Bool(false)),
            2 | 3 => self.field(Type::Bool).unwrap_or(Expr::Error),
            4 => Expr::As(ValueKind::Bool, boxed(Expr::Caller(CallerPart::Claim(vec!["b".to_owned()])))),
            5 | 6 => Expr::Not(boxed(self.condition(depth - 1))),
            7 => Expr::And((0..3).map(|_| self.condition(depth - 1)).collect()),
            8 => Expr::Or((0..3).map(|_| self.condition(depth - 1)).collect()),
            9 | 10 => self.equality(depth - 1),
            11 => self.order(depth - 1),
            12 => self.membership(depth - 1),
            13 => Expr::If(
                boxed(self.condition(depth - 1)),
                boxed(self.condition(depth - 1)),
                boxed(self.condition(depth - 1)),
            ),
            14 | 15 => self.quantified(depth - 1),
            16 => self.each(depth - 1),
            _ => self.text_test(depth - 1),
        }
    }

    fn equality(&mut self, depth: usize) -> Expr {
        let operator = *self.choices.pick(&EQUALITY);
        let ty = *self.choices.pick(&[Type::Bool, Type::Int, Type::Text, Type::Decimal]);
        let a = self.value(ty, depth);
        let b = if self.choices.below(5) == 0 { Expr::Value(Value::Null) } else { self.value(ty, depth) };
        Expr::Compare(operator, boxed(a), boxed(b))
    }

    fn order(&mut self, depth: usize) -> Expr {
        let operator = *self.choices.pick(&ORDER);
        let ty = *self.choices.pick(&[Type::Int, Type::Text, Type::Decimal]);
        Expr::Compare(operator, boxed(self.value(ty, depth)), boxed(self.value(ty, depth)))
    }

    fn membership(&mut self, depth: usize) -> Expr {
        let ty = *self.choices.pick(&[Type::Text, Type::Int, Type::Bool]);
        let of = self.value(ty, depth);
        let list = match (ty, self.choices.below(6)) {
            (Type::Text, 0) => Expr::Caller(CallerPart::Roles),
            (Type::Text, 1) => Expr::Argument(2, Vec::new()),
            (Type::Text, 2) => {
                Expr::As(ValueKind::Text, boxed(Expr::Caller(CallerPart::Claim(vec!["l".to_owned()]))))
            }
            (Type::Text, 3) => self.list_field(),
            _ => Expr::List((0..self.choices.below(4)).map(|_| self.value_or_null(ty, depth)).collect()),
        };
        Expr::In(boxed(of), boxed(list))
    }

    /// A list of the record, which may be null where the record is reached over another, or be chosen by the record.
    fn list_field(&mut self) -> Expr {
        let scope = self.choices.below(self.scopes.len());
        let resource = self.scopes[self.scopes.len() - 1 - scope];
        let (hops, other): (&[&str], &[&str]) = match resource {
            POST => (&["author"], &["editor"]),
            USER => (&[], &["manager"]),
            _ => (&["author"], &["author", "manager"]),
        };
        let [a, b] = [hops, other].map(|hops| Expr::Field(self.path(scope as u8, resource, hops, "tags")));
        match (self.choices.below(3), self.field(Type::Bool)) {
            (0, Some(condition)) => Expr::If(boxed(condition), boxed(a), boxed(b)),
            (1, _) => b,
            _ => a,
        }
    }

    fn value_or_null(&mut self, ty: Type, depth: usize) -> Expr {
        if self.choices.below(6) == 0 { Expr::Value(Value::Null) } else { self.value(ty, depth) }
    }

    fn quantified(&mut self, depth: usize) -> Expr {
        let scope = self.choices.below(self.scopes.len());
        let resource = self.scopes[self.scopes.len() - 1 - scope];
        let (hops, name, target) = match (resource, self.choices.below(3)) {
            (POST, 0) => (vec!["author"], "followers", USER),
            (POST, 1) => (vec!["editor"], "posts", POST),
            (POST, _) => (vec![], "comments", COMMENT),
            (USER, 0) => (vec![], "followers", USER),
            (USER, _) => (vec!["manager"], "posts", POST),
            (_, _) => (vec!["post"], "comments", COMMENT),
        };
        let over = self.path(scope as u8, resource, &hops, name);
        let quantifier = *self.choices.pick(&[Quantifier::Exists, Quantifier::All, Quantifier::ExistsOne]);
        if self.scopes.len() > 2 {
            return Expr::Compare(
                Compare::Greater,
                boxed(Expr::Count(over)),
                boxed(Expr::Value(Value::Int(0))),
            );
        }
        self.scopes.push(target);
        let body = boxed(self.condition(depth));
        self.scopes.pop();
        Expr::Quantified { quantifier, over, target, body }
    }

    fn path(&self, scope: u8, resource: ResourceId, hops: &[&str], name: &str) -> FieldPath {
        let mut at = resource;
        let mut ids = Vec::new();
        for hop in hops {
            let id = self.sample.resources[at.index()].field_named(hop).unwrap();
            at = self.sample.resources[at.index()].field(id).target().unwrap();
            ids.push(id);
        }
        let field = self.sample.resources[at.index()].field_named(name).unwrap();
        FieldPath { scope, resource, state: State::Asked, hops: ids, field }
    }

    fn each(&mut self, depth: usize) -> Expr {
        let list = match self.choices.below(4) {
            0 => Expr::Caller(CallerPart::Roles),
            1 => Expr::Argument(2, Vec::new()),
            2 => Expr::List(vec![Expr::Caller(CallerPart::Id), Expr::Value(Value::Null)]),
            _ => Expr::As(ValueKind::Text, boxed(Expr::Caller(CallerPart::Claim(vec!["l".to_owned()])))),
        };
        let quantifier = *self.choices.pick(&[Quantifier::Exists, Quantifier::All]);
        if self.items > 1 {
            return Expr::In(boxed(self.value(Type::Text, 0)), boxed(list));
        }
        self.items += 1;
        let body = boxed(self.condition(depth));
        self.items -= 1;
        Expr::Each { quantifier, list: boxed(list), body }
    }

    fn text_test(&mut self, depth: usize) -> Expr {
        let function = *self.choices.pick(&[Function::StartsWith, Function::EndsWith, Function::Contains]);
        Expr::Call(function, vec![self.value(Type::Text, depth), self.value(Type::Text, depth)])
    }

    fn value(&mut self, ty: Type, depth: usize) -> Expr {
        let deep = depth > 0 && !self.choices.used_up();
        let choice = self.choices.below(if deep { 12 } else { 7 });
        let claim =
            |name: &str, kind| Expr::As(kind, boxed(Expr::Caller(CallerPart::Claim(vec![name.to_owned()]))));
        match (ty, choice) {
            (_, 0..=3) => self.field(ty).unwrap_or(Expr::Value(Value::Null)),
            (_, 11) => {
                let condition = boxed(self.condition(depth - 1));
                Expr::If(condition, boxed(self.value(ty, depth - 1)), boxed(self.value(ty, depth - 1)))
            }
            (Type::Bool, 4 | 5) => claim("b", ValueKind::Bool),
            (Type::Bool, 6) => Expr::Value(Value::Bool(true)),
            (Type::Bool, _) => self.condition(depth - 1),
            (Type::Int, 4) => claim("n", ValueKind::Int),
            (Type::Int, 5) => Expr::Argument(0, Vec::new()),
            (Type::Int, 6) => Expr::Value(Value::Int(self.choices.below(3) as i64)),
            (Type::Int, 8) => Expr::Held(
                Held::Int,
                boxed(Expr::Arithmetic(
                    Arithmetic::Multiply,
                    boxed(self.value(ty, depth - 1)),
                    boxed(self.value(ty, depth - 1)),
                )),
            ),
            (Type::Int, 7) => Expr::Call(Function::Size, vec![self.value(Type::Text, depth - 1)]),
            (Type::Int, _) => {
                let operator = *self.choices.pick(&[
                    Arithmetic::Add,
                    Arithmetic::Subtract,
                    Arithmetic::Multiply,
                    Arithmetic::Divide,
                    Arithmetic::Remainder,
                ]);
                Expr::Arithmetic(operator, boxed(self.value(ty, depth - 1)), boxed(self.value(ty, depth - 1)))
            }
            (Type::Decimal, 4) => claim("n", ValueKind::Decimal { scale: 2 }),
            (Type::Decimal, 5 | 6) => {
                Expr::Value(Value::Decimal { units: self.choices.below(3) as i64, scale: 2 })
            }
            (Type::Decimal, 7) => Expr::Arithmetic(
                Arithmetic::Multiply,
                boxed(self.value(ty, depth - 1)),
                boxed(self.value(Type::Int, depth - 1)),
            ),
            (Type::Decimal, _) => {
                let operator = *self.choices.pick(&[Arithmetic::Add, Arithmetic::Subtract]);
                Expr::Arithmetic(operator, boxed(self.value(ty, depth - 1)), boxed(self.value(ty, depth - 1)))
            }
            (Type::Text, 4) if self.items > 0 => {
                Expr::Item(self.choices.below(self.items.into()) as u8, Vec::new())
            }
            (Type::Text, 4) => claim("t", ValueKind::Text),
            (Type::Text, 5) => Expr::Caller(CallerPart::Id),
            (Type::Text, 6) => Expr::Value(Value::Text((*self.choices.pick(&TEXTS)).to_owned())),
            (Type::Text, 7) => Expr::Argument(1, Vec::new()),
            (Type::Text, 8) => Expr::Call(Function::LowerAscii, vec![self.value(ty, depth - 1)]),
            (Type::Text, _) => {
                Expr::Call(Function::Concat, vec![self.value(ty, depth - 1), self.value(ty, depth - 1)])
            }
        }
    }

    /// A field of this type, of any record in scope or one hop from it.
    fn field(&mut self, wanted: Type) -> Option<Expr> {
        let scope = self.choices.below(self.scopes.len());
        let resource = self.scopes[self.scopes.len() - 1 - scope];
        let mut paths = Vec::new();
        let own = &self.sample.resources[resource.index()];
        for (id, field) in own.fields() {
            let hop = matches!(field.source, Source::Column(_)).then(|| field.target()).flatten();
            let beyond = hop.map(|target| &self.sample.resources[target.index()]);
            for (next, field) in beyond.iter().flat_map(|target| target.fields()) {
                paths.extend(is(field, wanted).then(|| (vec![id], next)));
            }
            paths.extend(is(field, wanted).then(|| (Vec::<FieldId>::new(), id)));
        }
        if paths.is_empty() {
            return None;
        }
        let (hops, field) = self.choices.pick(&paths).clone();
        Some(Expr::Field(FieldPath { scope: scope as u8, resource, state: State::Asked, hops, field }))
    }
}

fn is(field: &contract::Field, wanted: Type) -> bool {
    let found = match field.ty.base {
        Base::Scalar(Scalar::Boolean) => Type::Bool,
        Base::Scalar(Scalar::Int | Scalar::Long) => Type::Int,
        Base::Scalar(Scalar::Decimal { scale: 2 }) => Type::Decimal,
        Base::Scalar(Scalar::Id | Scalar::String | Scalar::Email) | Base::Resource(_) => Type::Text,
        _ => return false,
    };
    found == wanted
        && field.ty.arity == Arity::One
        && matches!(field.source, Source::Column(_))
        && !field.is_secret()
}
