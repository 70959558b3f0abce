//! Checked conditions and orders as predicates and operands, as the caller sees what they name.

use super::intention::Builder;
use super::wanted::{Check, Condition, Form, JsonStepValue, Keyset, OrderBy, Target};
use crate::call::{Is, Related, Scalarwise, TestOperator};
use crate::policy::FieldSight;
use contract::{Compare, FieldId, Quantifier, ResourceId, Source};
use store::{Column, Direction, Nulls, Operand, Order, Predicate};
use wire::Value;

impl Builder<'_> {
    pub(super) fn order(&mut self, id: ResourceId, by: &OrderBy) -> Order {
        Order { by: self.ordered(id, &by.target), direction: by.direction, nulls: by.nulls }
    }

    /// What rows are ordered by: JSON by its meaning.
    pub(super) fn ordered(&mut self, root: ResourceId, target: &Target) -> Operand {
        let operand = self.operand(root, target);
        match target.form(self.contract) {
            Form::Json => Operand::JsonOrder(Box::new(operand)),
            Form::IntegerKey | Form::Plain => operand,
        }
    }

    /// A field as the caller sees it: masked by its own rule, and by the rules of the records on the way.
    pub(super) fn operand(&mut self, root: ResourceId, target: &Target) -> Operand {
        let contract = self.contract;
        let field = contract.resource(target.resource).field(target.field);
        let mut operand = match &field.source {
            Source::Column(_) => Operand::Column(Column {
                scope: 0,
                resource: root,
                hops: target.hops.clone(),
                field: target.field,
            }),
            Source::Computed(rule) => {
                let facts = self.facts;
                match target.hops.is_empty() {
                    true => self.translate().computed(&rule.expr, facts),
                    false => self.translate().computed(&rule.expr.reached_from(root, &target.hops), facts),
                }
            }
            Source::Relation(_) | Source::Result => Operand::Null,
        };
        if !target.json.is_empty() {
            let path = target.json.iter().map(|step| self.params.push(step_value(step))).collect();
            operand = Operand::Json { of: Box::new(operand), path, as_text: target.as_text };
        }
        if let FieldSight::Masked(expr) =
            self.decisions.sight(self.contract, target.resource, target.field).clone()
            && target.hops.is_empty()
        {
            let mask = self.translate().predicate(&expr);
            operand = Operand::Masked(Box::new(mask), Box::new(operand));
        }
        self.masked_by_hops(root, target, operand)
    }

    /// A value of another record shows only where that record does.
    fn masked_by_hops(&mut self, root: ResourceId, target: &Target, operand: Operand) -> Operand {
        let Some((first, _)) = target.hops.split_first() else {
            return operand;
        };
        let sight = match self.decisions.sight(self.contract, target.resource, target.field).clone() {
            FieldSight::Clear => Predicate::True,
            FieldSight::Hidden => Predicate::False,
            FieldSight::Masked(expr) => self.translate().predicate(&expr),
        };
        let mask = self.reached(root, *first, &target.hops[1..], sight);
        if mask == Predicate::True { operand } else { Operand::Masked(Box::new(mask), Box::new(operand)) }
    }

    /// That a row stands between the cursors of a page.
    pub(super) fn between(&mut self, id: ResourceId, order: &[OrderBy], keyset: &Keyset) -> Predicate {
        let after = keyset.after.as_ref().map(|values| self.beyond(id, order, values, Side::After));
        let before = keyset.before.as_ref().map(|values| self.beyond(id, order, values, Side::Before));
        and(after.unwrap_or(Predicate::True), before.unwrap_or(Predicate::True))
    }

    /// That a row stands on one side of a place: some term is beyond it there, and all terms before that term are the
    /// same.
    fn beyond(&mut self, id: ResourceId, order: &[OrderBy], values: &[Value], side: Side) -> Predicate {
        let mut same = Vec::new();
        let mut ways = Vec::new();
        for (by, value) in order.iter().zip(values) {
            let operand = self.ordered(id, &by.target);
            let param = Operand::Param(self.params.push(value.clone()));
            let is_null = *value == Value::Null;
            let beyond = self.term_beyond(id, by, operand.clone(), param.clone(), (is_null, side));
            if beyond != Predicate::False {
                ways.push(same.iter().cloned().fold(beyond, |so_far, same| and(same, so_far)));
            }
            same.push(match is_null {
                true => Predicate::IsNull(operand),
                false => Predicate::SqlCompare(Compare::Equal, operand, param),
            });
        }
        match ways.len() {
            0 => Predicate::False,
            1 => ways.remove(0),
            _ => and(self.not_before(id, order, values, side), Predicate::Or(ways)),
        }
    }

    /// What follows from standing beyond a place: the first term is not before it. Said by itself it lets the database
    /// begin there in an index, which it does not find in alternatives.
    fn not_before(&mut self, id: ResourceId, order: &[OrderBy], values: &[Value], side: Side) -> Predicate {
        let (Some(by), Some(value)) = (order.first(), values.first()) else { return Predicate::True };
        if *value == Value::Null || self.may_be_null(id, &by.target) {
            return Predicate::True;
        }
        let towards_greater = (by.direction == Direction::Ascending) == (side == Side::After);
        let compare = if towards_greater { Compare::GreaterOrEqual } else { Compare::LessOrEqual };
        let operand = self.ordered(id, &by.target);
        Predicate::SqlCompare(compare, operand, Operand::Param(self.params.push(value.clone())))
    }

    fn term_beyond(
        &mut self,
        id: ResourceId,
        by: &OrderBy,
        operand: Operand,
        value: Operand,
        (is_null, side): (bool, Side),
    ) -> Predicate {
        let towards_greater = (by.direction == Direction::Ascending) == (side == Side::After);
        let towards_nulls = (by.nulls == Nulls::Last) == (side == Side::After);
        match (is_null, towards_nulls) {
            (true, true) => Predicate::False,
            (true, false) => Predicate::Not(Box::new(Predicate::IsNull(operand))),
            (false, _) => {
                let compare = if towards_greater { Compare::Greater } else { Compare::Less };
                let beyond = Predicate::SqlCompare(compare, operand.clone(), value);
                match towards_nulls && self.may_be_null(id, &by.target) {
                    true => Predicate::Or(vec![beyond, Predicate::IsNull(operand)]),
                    false => beyond,
                }
            }
        }
    }

    fn may_be_null(&self, id: ResourceId, target: &Target) -> bool {
        let field = self.contract.resource(id).field(target.field);
        !target.hops.is_empty() || !target.json.is_empty() || !field.ty.required || field.read.is_some()
    }

    /// The record behind `hop` (and the further hops from it) exists, is seen, and satisfies `inner`.
    fn reached(
        &mut self,
        from: ResourceId,
        hop: FieldId,
        further: &[FieldId],
        inner: Predicate,
    ) -> Predicate {
        let target = self.contract.resource(from).field(hop).target().unwrap_or(from);
        let inner = match further.split_first() {
            None => inner,
            Some((next, rest)) => self.reached(target, *next, rest, inner),
        };
        let filter = and(self.visible(target), inner);
        let over = Column { scope: 0, resource: from, hops: Vec::new(), field: hop };
        Predicate::Reached { over, filter: Box::new(filter) }
    }

    pub(crate) fn condition_of(&mut self, id: ResourceId, condition: Option<&Condition>) -> Predicate {
        condition.map_or(Predicate::True, |condition| self.condition(id, condition))
    }

    fn condition(&mut self, id: ResourceId, condition: &Condition) -> Predicate {
        match condition {
            Condition::And(all) => Predicate::And(all.iter().map(|c| self.condition(id, c)).collect()),
            Condition::Or(all) => Predicate::Or(all.iter().map(|c| self.condition(id, c)).collect()),
            Condition::Not(inner) => Predicate::Not(Box::new(self.condition(id, inner))),
            Condition::Test { target, check } => {
                let operand = self.operand(id, target);
                self.check(operand, target.form(self.contract), check)
            }
            Condition::Related { field, to_many, resource, quantifier, condition } => {
                let inner = self.condition_of(*resource, condition.as_deref());
                self.related(id, *field, *to_many, *resource, *quantifier, inner)
            }
        }
    }

    pub(super) fn related(
        &mut self,
        id: ResourceId,
        field: FieldId,
        to_many: bool,
        resource: ResourceId,
        quantifier: Related,
        inner: Predicate,
    ) -> Predicate {
        let over = Column { scope: 0, resource: id, hops: Vec::new(), field };
        let visible = and(self.linked(id, field), self.visible(resource));
        let some = |filter: Predicate| match to_many {
            true => Predicate::Related { quantifier: Quantifier::Exists, over, filter: Box::new(filter) },
            false => Predicate::Reached { over, filter: Box::new(filter) },
        };
        match quantifier {
            Related::Some => some(and(inner, visible)),
            Related::None => Predicate::Not(Box::new(some(and(inner, visible)))),
            // Of the rows the caller sees none fails it.
            Related::Every => {
                let failing = Predicate::Not(Box::new(inner));
                Predicate::Not(Box::new(some(and(failing, visible))))
            }
        }
    }

    fn check(&mut self, operand: Operand, form: Form, check: &Check) -> Predicate {
        let mut param = |value: &Value| Operand::Param(self.params.push(value.clone()));
        // JSON is compared by its meaning, and a key is a text whatever it is kept as.
        let compared = |operand: Operand| match form {
            Form::Json => Operand::JsonOrder(Box::new(operand)),
            Form::IntegerKey | Form::Plain => operand,
        };
        let text = |operand: Operand| match form {
            Form::IntegerKey => Operand::KeyText(Box::new(operand)),
            Form::Json | Form::Plain => operand,
        };
        match check {
            Check::Compare(operator, value) => {
                Predicate::SqlCompare(*operator, compared(operand), compared(param(value)))
            }
            Check::Text(test, value) => Predicate::Text(*test, text(operand), param(value)),
            Check::In(json) => {
                Predicate::InList(compared(operand), self.params.push(Value::Text(json.clone())))
            }
            Check::Among(values) => Predicate::InOperands(operand, values.iter().map(param).collect()),
            Check::Is(Is::Null | Is::Unknown) => Predicate::IsNull(operand),
            Check::Is(Is::NotNull) => Predicate::Not(Box::new(Predicate::IsNull(operand))),
            Check::Is(Is::True) => Predicate::Compare(Compare::Equal, operand, Operand::Bool(true)),
            Check::Is(Is::False) => Predicate::Compare(Compare::Equal, operand, Operand::Bool(false)),
            Check::Distinct(value) => {
                Predicate::Compare(Compare::NotEqual, compared(operand), compared(param(value)))
            }
            Check::Search(mode, query) => {
                Predicate::Search(*mode, text(operand), param(&Value::Text(query.clone())))
            }
            Check::Json(test, value) => Predicate::Json(*test, operand, param(value)),
            Check::Quantified(how, operator, values) => {
                let each = values.iter().map(|value| match operator {
                    TestOperator::Compare(operator) => {
                        Predicate::SqlCompare(*operator, compared(operand.clone()), compared(param(value)))
                    }
                    TestOperator::Text(test) => Predicate::Text(*test, text(operand.clone()), param(value)),
                });
                let each = each.collect();
                match how {
                    Scalarwise::Any => Predicate::Or(each),
                    Scalarwise::All => Predicate::And(each),
                }
            }
        }
    }
}

/// Which side of a place in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    After,
    Before,
}

fn step_value(step: &JsonStepValue) -> Value {
    match step {
        JsonStepValue::Member(name) => Value::Text(name.clone()),
        JsonStepValue::Index(index) => Value::Int(*index),
    }
}

/// Both hold, without needless nesting.
pub(crate) fn and(a: Predicate, b: Predicate) -> Predicate {
    match (a, b) {
        (Predicate::True, other) | (other, Predicate::True) => other,
        (Predicate::False, _) | (_, Predicate::False) => Predicate::False,
        (Predicate::And(mut all), Predicate::And(more)) => {
            all.extend(more);
            Predicate::And(all)
        }
        (Predicate::And(mut all), other) => {
            all.push(other);
            Predicate::And(all)
        }
        (a, b) => Predicate::And(vec![a, b]),
    }
}
