//! The form in which a condition means the same in SQL.

use super::compile::{COMPILED_DEPTH_MAX, COMPILED_NODES_MAX};
use super::reduce::{conjunction, disjunction};
use super::{Compare, Expr, FieldPath, Function, Quantifier, Value, ValueKind};
use crate::model::{FieldId, Resource, ResourceId};

impl Expr {
    /// The same condition with negations moved to where nothing else is below them, and what SQL would decide
    /// otherwise than CEL written out; `None` when that has more than [`COMPILED_NODES_MAX`] parts.
    ///
    /// CEL knows true, false, null and error; SQL has one NULL for null and error. In this form the plain
    /// reading in SQL, with `==` as `IS` (`IS NOT DISTINCT FROM`), an error as `NULL`, `exists` as `EXISTS (…
    /// WHERE body)`, `all` as `NOT EXISTS (… WHERE (body) IS NOT TRUE)`, `exists_one` as a count that is 1
    /// and conditionals as `CASE WHEN`, is true exactly where CEL is true:
    ///
    /// - A condition on rows is never under a negation: `!exists(x, c)` is `all(x, !c)`.
    /// - A calculation that may fail is not compared with what may be null, because two NULLs would be the
    ///   same: `a + 1 == b` is `a + 1 != null && a + 1 == b`.
    /// - `!(a in list)` holds for null, too, unless null is in the list. A list that is a field is asked for null as
    ///   for any other item, and a calculation that may fail is not looked for in one.
    /// - A conditional between conditions is `c && a || !c && b`; between values it says what to do when the
    ///   condition is neither true nor false.
    /// - `exists_one` is an error when its condition is an error for some row.
    pub fn normal(&self, resources: &[Resource]) -> Option<Self> {
        let mut writer = Writer { resources, budget: COMPILED_NODES_MAX };
        let written = writer.condition(self, Sign::Plain);
        writer.finish(written)
    }

    /// The same for an expression that is a value: the conditions in it are in that form.
    pub(super) fn normal_value(&self, resources: &[Resource]) -> Option<Self> {
        let mut writer = Writer { resources, budget: COMPILED_NODES_MAX };
        let written = writer.value(self);
        writer.finish(written)
    }
}

/// Whether a condition or its opposite is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Negated,
}

impl Sign {
    fn flipped(self) -> Self {
        match self {
            Self::Plain => Self::Negated,
            Self::Negated => Self::Plain,
        }
    }
}

struct Writer<'r> {
    resources: &'r [Resource],
    /// Parts that may still be written; 0 when there were too many.
    budget: usize,
}

impl Writer<'_> {
    fn finish(self, written: Expr) -> Option<Expr> {
        (self.budget > 0 && written.depth() <= COMPILED_DEPTH_MAX).then_some(written)
    }

    /// Takes parts from the budget; whether there were enough.
    fn spend(&mut self, parts: usize) -> bool {
        self.budget = self.budget.saturating_sub(parts);
        self.budget > 0
    }

    fn condition(&mut self, expr: &Expr, sign: Sign) -> Expr {
        let on_record = expr.depends_on_record();
        if !self.spend(if on_record { 1 } else { expr.size() }) {
            return Expr::Error;
        }
        if !on_record {
            return signed(expr.clone(), sign);
        }
        match (expr, sign) {
            (Expr::Not(of), _) => self.condition(of, sign.flipped()),
            (Expr::And(items), Sign::Plain) | (Expr::Or(items), Sign::Negated) => {
                conjunction(items.iter().map(|item| self.condition(item, sign)))
            }
            (Expr::Or(items), Sign::Plain) | (Expr::And(items), Sign::Negated) => {
                disjunction(items.iter().map(|item| self.condition(item, sign)))
            }
            (Expr::Compare(operator, a, b), _) => self.comparison(*operator, a, b, sign),
            (Expr::In(of, list), _) => self.membership(of, list, sign),
            (Expr::If(condition, a, b), _) => {
                let yes = [self.condition(condition, Sign::Plain), self.condition(a, sign)];
                let no = [self.condition(condition, Sign::Negated), self.condition(b, sign)];
                disjunction([conjunction(yes.into_iter()), conjunction(no.into_iter())].into_iter())
            }
            (Expr::Quantified { quantifier, over, target, body }, _) => {
                self.quantified(*quantifier, (over, *target), body, sign)
            }
            (Expr::Each { quantifier, list, body }, _) => self.each(*quantifier, list, body, sign),
            // A test of texts, or a field that is a boolean.
            _ => signed(expr.map(&mut |part| self.value(part)), sign),
        }
    }

    /// An expression that is not a condition but a value.
    fn value(&mut self, expr: &Expr) -> Expr {
        let on_record = expr.depends_on_record();
        if !self.spend(if on_record { 1 } else { expr.size() }) {
            return Expr::Error;
        }
        if !on_record {
            return expr.clone();
        }
        if is_condition(expr) {
            return self.condition(expr, Sign::Plain);
        }
        match expr {
            Expr::If(condition, a, b) => {
                let yes = self.condition(condition, Sign::Plain);
                let mut otherwise = self.value(b);
                if self.undecided(condition) {
                    let no = self.condition(condition, Sign::Negated);
                    otherwise = Expr::If(Box::new(no), Box::new(otherwise), Box::new(Expr::Error));
                }
                Expr::If(Box::new(yes), Box::new(self.value(a)), Box::new(otherwise))
            }
            Expr::Call(Function::Size, operands) => match operands.as_slice() {
                [Expr::If(condition, a, b)] => {
                    let size = |list: &Expr| Box::new(Expr::Call(Function::Size, vec![list.clone()]));
                    self.value(&Expr::If(condition.clone(), size(a), size(b)))
                }
                _ => expr.map(&mut |part| self.value(part)),
            },
            _ => expr.map(&mut |part| self.value(part)),
        }
    }

    fn comparison(&mut self, operator: Compare, a: &Expr, b: &Expr, sign: Sign) -> Expr {
        let compare = |a: &Expr, b: &Expr| Expr::Compare(operator, Box::new(a.clone()), Box::new(b.clone()));
        let cases_of_a = cases(a, |a| compare(&no_literal(a, b), b));
        if let Some(cases) = cases_of_a.or_else(|| cases(b, |b| compare(a, &no_literal(b, a)))) {
            return self.condition(&cases, sign);
        }
        let operator = if sign == Sign::Plain { operator } else { operator.inverse() };
        let mut parts: Vec<Expr> = Vec::new();
        if matches!(operator, Compare::Equal | Compare::NotEqual) {
            for (side, other) in [(a, b), (b, a)] {
                if self.may_hide_an_error(operator, side, other) {
                    let null = Box::new(Expr::Value(Value::Null));
                    parts.push(Expr::Compare(Compare::NotEqual, Box::new(self.value(side)), null));
                }
            }
        }
        parts.push(Expr::Compare(operator, Box::new(self.value(a)), Box::new(self.value(b))));
        conjunction(parts.into_iter())
    }

    /// Whether an error of `side` would look like a null that equals `other`, or differs from it.
    fn may_hide_an_error(&self, operator: Compare, side: &Expr, other: &Expr) -> bool {
        let fails = side.depends_on_record() && self.fails(side);
        let null = matches!(other, Expr::Value(Value::Null));
        fails && if operator == Compare::Equal { self.undecided(other) } else { !null }
    }

    fn membership(&mut self, of: &Expr, list: &Expr, sign: Sign) -> Expr {
        if let Some(cases) = cases(of, |of| Expr::In(Box::new(of.clone()), Box::new(list.clone()))) {
            return self.condition(&cases, sign);
        }
        if let Some(cases) = cases(list, |list| Expr::In(Box::new(of.clone()), Box::new(list.clone()))) {
            return self.condition(&cases, sign);
        }
        if matches!(list, Expr::Field(_)) {
            return self.membership_of_field(of, list, sign);
        }
        if let (Expr::List(items), true) = (list, list.depends_on_record()) {
            return self.membership_of_items(of, items, sign);
        }
        let found = signed(Expr::In(Box::new(self.value(of)), Box::new(self.value(list))), sign);
        let null_matters =
            matches!(of, Expr::Field(path) if self.nullable_path(path)) && !list.depends_on_record();
        if sign == Sign::Plain || !null_matters {
            return found;
        }
        let null = Expr::Value(Value::Null);
        let is_null = Expr::Compare(Compare::Equal, Box::new(of.clone()), Box::new(null.clone()));
        let null_is_outside = Expr::Not(Box::new(Expr::In(Box::new(null), Box::new(self.value(list)))));
        Expr::Or(vec![Expr::And(vec![is_null, null_is_outside]), found])
    }

    /// Membership in a list that is a field: of null, too, which may be an item; of an error it is one.
    fn membership_of_field(&mut self, of: &Expr, list: &Expr, sign: Sign) -> Expr {
        let found = signed(Expr::In(Box::new(self.value(of)), Box::new(list.clone())), sign);
        if !(of.depends_on_record() && self.fails(of)) {
            return found;
        }
        let null = Box::new(Expr::Value(Value::Null));
        let known = Expr::Compare(Compare::NotEqual, Box::new(self.value(of)), null);
        Expr::And(vec![known, found])
    }

    /// Membership in a list that the record has a part in: one comparison for each item, none of which may be
    /// an error.
    fn membership_of_items(&mut self, of: &Expr, items: &[Expr], sign: Sign) -> Expr {
        let equal =
            |a: &Expr, b: &Expr| Expr::Compare(Compare::Equal, Box::new(a.clone()), Box::new(b.clone()));
        let null = Expr::Value(Value::Null);
        let mut parts = Vec::new();
        for item in items {
            if self.fails(item) {
                let is_null = equal(item, &null);
                let known = Expr::Or(vec![is_null.clone(), Expr::Not(Box::new(is_null))]);
                parts.push(self.condition(&known, Sign::Plain));
            }
        }
        let each = items.iter().map(|item| equal(&no_literal(of, item), &no_literal(item, of)));
        let each: Vec<Expr> = each.map(|equal| self.condition(&equal, sign)).collect();
        parts.push(if sign == Sign::Plain {
            disjunction(each.into_iter())
        } else {
            conjunction(each.into_iter())
        });
        conjunction(parts.into_iter())
    }

    fn quantified(
        &mut self,
        quantifier: Quantifier,
        rows: (&FieldPath, ResourceId),
        body: &Expr,
        sign: Sign,
    ) -> Expr {
        let of_rows = |quantifier: Quantifier, body: Expr| {
            let (over, target) = (rows.0.clone(), rows.1);
            Expr::Quantified { quantifier, over, target, body: Box::new(body) }
        };
        let quantifier = match (quantifier, sign) {
            (Quantifier::ExistsOne, _) => {
                let one = signed(of_rows(quantifier, self.condition(body, Sign::Plain)), sign);
                if !self.undecided(body) {
                    return one;
                }
                let decided = [self.condition(body, Sign::Plain), self.condition(body, Sign::Negated)];
                return Expr::And(vec![one, of_rows(Quantifier::All, disjunction(decided.into_iter()))]);
            }
            (quantifier, Sign::Plain) => quantifier,
            (Quantifier::Exists, Sign::Negated) => Quantifier::All,
            (Quantifier::All, Sign::Negated) => Quantifier::Exists,
        };
        of_rows(quantifier, self.condition(body, sign))
    }

    fn each(&mut self, quantifier: Quantifier, list: &Expr, body: &Expr, sign: Sign) -> Expr {
        let list = Box::new(self.value(list));
        let (quantifier, within, around) = match (quantifier, sign) {
            (Quantifier::Exists, Sign::Negated) => (Quantifier::All, sign, Sign::Plain),
            (Quantifier::All, Sign::Negated) => (Quantifier::Exists, sign, Sign::Plain),
            (quantifier, _) => (quantifier, Sign::Plain, sign),
        };
        signed(Expr::Each { quantifier, list, body: Box::new(self.condition(body, within)) }, around)
    }

    /// Whether evaluation may end in an error; "yes" where that is not known.
    fn fails(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(_) | Expr::Now | Expr::Count(_) | Expr::Pattern(_) => false,
            Expr::Caller(super::CallerPart::Claim(_)) | Expr::Error => true,
            Expr::Caller(_) => false,
            Expr::Held(..) => true,
            Expr::Argument(..) | Expr::Message(_) | Expr::Item(..) | Expr::As(..) | Expr::Arithmetic(..) => {
                true
            }
            Expr::Field(_) => false,
            Expr::Not(of) => self.undecided(of),
            Expr::And(items) | Expr::Or(items) => items.iter().any(|item| self.undecided(item)),
            Expr::Compare(Compare::Equal | Compare::NotEqual, a, b) => self.fails(a) || self.fails(b),
            Expr::Compare(_, a, b) => [a, b].into_iter().any(|side| self.fails(side) || self.nullable(side)),
            Expr::In(of, list) => self.fails(of) || self.fails(list) || self.nullable(list),
            Expr::List(items) => items.iter().any(|item| self.fails(item)),
            Expr::If(condition, a, b) => self.undecided(condition) || self.fails(a) || self.fails(b),
            Expr::Call(_, operands) => {
                operands.iter().any(|operand| self.fails(operand) || self.nullable(operand))
                    || conversion(expr)
            }
            Expr::Quantified { body, .. } => self.undecided(body),
            Expr::Each { .. } => true,
        }
    }

    /// Whether a condition may be neither true nor false.
    fn undecided(&self, condition: &Expr) -> bool {
        self.fails(condition) || self.nullable(condition)
    }

    /// Whether a value may be null; "yes" where that is not known.
    fn nullable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => *value == Value::Null,
            Expr::Field(path) => self.nullable_path(path),
            Expr::If(_, a, b) => self.nullable(a) || self.nullable(b),
            Expr::Caller(super::CallerPart::Id | super::CallerPart::Claim(_)) => true,
            Expr::Argument(..) | Expr::Message(_) | Expr::Item(..) | Expr::As(..) => true,
            // Of the record it is an error instead.
            Expr::Held(_, of) => !of.depends_on_record() && self.nullable(of),
            Expr::Caller(_) | Expr::Now | Expr::Pattern(_) | Expr::Count(_) | Expr::List(_) | Expr::Error => {
                false
            }
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(..) | Expr::In(..) => false,
            Expr::Arithmetic(..) | Expr::Call(..) | Expr::Quantified { .. } | Expr::Each { .. } => false,
        }
    }

    fn nullable_path(&self, path: &FieldPath) -> bool {
        let mut resource = path.resource;
        let mut nullable = |id: FieldId| {
            let field = self.resources[resource.index()].field(id);
            resource = field.target().unwrap_or(resource);
            !field.ty.required
        };
        path.hops.iter().chain([&path.field]).any(|id| nullable(*id))
    }
}

/// A null that has come to stand beside `other` without having been written there: only beside the literal
/// `null` is a caller who is not signed in null ([`Value::Nobody`]). A field is never nobody.
fn no_literal(expr: &Expr, other: &Expr) -> Expr {
    match (expr, other) {
        (Expr::Value(Value::Null), Expr::Field(_)) => expr.clone(),
        (Expr::Value(Value::Null), _) => Expr::As(ValueKind::Text, Box::new(expr.clone())),
        (expr, _) => expr.clone(),
    }
}

fn signed(expr: Expr, sign: Sign) -> Expr {
    match (sign, expr) {
        (Sign::Plain, expr) => expr,
        (Sign::Negated, Expr::Value(Value::Bool(value))) => Expr::from(!value),
        (Sign::Negated, Expr::Not(of)) => *of,
        (Sign::Negated, expr) => Expr::Not(Box::new(expr)),
    }
}

fn conversion(expr: &Expr) -> bool {
    use Function::{Double, Duration, Int, String, Timestamp};
    matches!(expr, Expr::Call(Timestamp | Duration | Int | Double | String, _))
}

/// What is made of an operand that is a conditional, or a condition on the record, with each value it may
/// have: a conditional between conditions, so that no condition is left inside an operand.
fn cases(operand: &Expr, with: impl Fn(&Expr) -> Expr) -> Option<Expr> {
    match operand {
        Expr::If(condition, a, b) if operand.depends_on_record() => {
            Some(Expr::If(condition.clone(), Box::new(with(a)), Box::new(with(b))))
        }
        _ if is_condition(operand) && operand.depends_on_record() => Some(Expr::If(
            Box::new(operand.clone()),
            Box::new(with(&true.into())),
            Box::new(with(&false.into())),
        )),
        _ => None,
    }
}

/// Whether an expression is a condition by its form. A field that is a boolean is a value.
fn is_condition(expr: &Expr) -> bool {
    use Function::{Contains, EndsWith, Matches, StartsWith};
    match expr {
        Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(..) | Expr::In(..) => true,
        Expr::Quantified { .. } | Expr::Each { .. } => true,
        Expr::Call(StartsWith | EndsWith | Contains | Matches, _) => true,
        Expr::If(_, a, b) => is_condition(a) || is_condition(b),
        _ => false,
    }
}
