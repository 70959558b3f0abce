//! Checked selections and the caller's decisions become an intention with its parameters, and the shape of the reply.

use super::wanted::{
    Asked, Check, Condition, JsonStepValue, OrderBy, Page, Target, Wanted, WantedItem, What,
};
use crate::call::{Is, Related, Scalarwise, TestOperator};
use crate::policy::{Decisions, FieldSight, Translate};
use contract::rule::Facts;
use contract::{
    Arity, Base, Compare, Contract, Field, FieldId, Quantifier, Relation, ResourceId, Scalar, Source,
};
use store::{Column, Operand, Order, Output, Param, Predicate, Select};
use wire::{Layout, Name, Shape, ShapeField, Value};

/// The parameters of a plan's run, numbered in the order they were given.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<Value>);

impl Params {
    /// Adds a value.
    pub fn push(&mut self, value: Value) -> Param {
        self.0.push(value);
        // Bounded far below by the limits on selections and filters; a plan with more is refused by the database.
        Param::try_from(self.0.len() - 1).unwrap_or(Param::MAX)
    }

    /// The values in order.
    pub fn into_values(self) -> Vec<Value> {
        self.0
    }
}

/// Builds intentions for one call.
pub(crate) struct Builder<'a> {
    pub contract: &'a Contract,
    pub facts: &'a Facts<'a>,
    pub decisions: &'a Decisions,
    pub params: Params,
}

impl<'a> Builder<'a> {
    pub fn new(contract: &'a Contract, facts: &'a Facts<'a>, decisions: &'a Decisions) -> Self {
        Self { contract, facts, decisions, params: Params::default() }
    }

    pub fn translate(&mut self) -> Translate<'_> {
        Translate { contract: self.contract, params: &mut self.params }
    }

    /// The condition under which the caller sees rows of a resource.
    pub fn visible(&mut self, id: ResourceId) -> Predicate {
        let decisions = self.decisions;
        self.translate().reduced(decisions.read(id))
    }

    /// The condition under which a row that a relation leads to is one that the caller may know to be related: the
    /// fields that make the relation show, and so does the row of the join, if there is one.
    fn linked(&mut self, id: ResourceId, field: FieldId) -> Predicate {
        match &self.contract.resource(id).field(field).source {
            Source::Relation(Relation::By { .. }) => self.link(id, field),
            Source::Relation(Relation::Through { .. }) => match self.link(id, field) {
                Predicate::True => Predicate::True,
                link => Predicate::Linked(Box::new(link)),
            },
            Source::Column(_) | Source::Computed(_) | Source::Result => Predicate::True,
        }
    }

    /// The same, as a condition on the row that makes the relation: the related one, or the row of the join.
    fn link(&mut self, id: ResourceId, field: FieldId) -> Predicate {
        let contract = self.contract;
        let relation = contract.resource(id).field(field);
        match (&relation.source, relation.target()) {
            (Source::Relation(Relation::By { field }), Some(target)) => self.shown(target, *field),
            (Source::Relation(Relation::Through { join, from, to }), _) => {
                let ends = and(self.shown(*join, *from), self.shown(*join, *to));
                and(self.visible(*join), ends)
            }
            (Source::Relation(_) | Source::Column(_) | Source::Computed(_) | Source::Result, _) => {
                Predicate::True
            }
        }
    }

    /// Where a field of a row shows.
    fn shown(&mut self, id: ResourceId, field: FieldId) -> Predicate {
        match self.decisions.sight(self.contract, id, field) {
            FieldSight::Clear => Predicate::True,
            FieldSight::Hidden => Predicate::False,
            FieldSight::Masked(expr) => self.translate().predicate(expr),
        }
    }

    /// That a row is among those of a relation of the record with this key.
    pub fn related_to(&mut self, parent: ResourceId, field: FieldId, key: Value) -> Predicate {
        let key = self.params.push(key);
        let link = self.link(parent, field);
        match &self.contract.resource(parent).field(field).source {
            Source::Relation(Relation::By { .. }) => {
                and(Predicate::RelatedTo { parent, field, key, link: Box::new(Predicate::True) }, link)
            }
            _ => Predicate::RelatedTo { parent, field, key, link: Box::new(link) },
        }
    }

    /// A list of records.
    pub fn list(&mut self, wanted: &Wanted, page: &Page) -> Select {
        let mut select = self.records(wanted);
        let condition = self.condition_of(wanted.resource, page.condition.as_ref());
        select.filter = and(condition, select.filter);
        self.order_and_page(&mut select, page);
        select
    }

    /// Records of a resource that the caller sees, with nothing said of which.
    pub fn records(&mut self, wanted: &Wanted) -> Select {
        let outputs = wanted.items.iter().filter_map(|item| self.output(wanted.resource, item)).collect();
        let filter = self.visible(wanted.resource);
        Select {
            from: wanted.resource,
            outputs,
            filter,
            order: Vec::new(),
            limit: None,
            offset: None,
            edges: None,
        }
    }

    fn order_and_page(&mut self, select: &mut Select, page: &Page) {
        select.order = page.order.iter().map(|by| self.order(select.from, by)).collect();
        select.limit = Some(self.params.push(Value::Int(i64::from(page.limit))));
        if page.offset > 0 {
            let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
            select.offset = Some(self.params.push(Value::Int(offset)));
        }
    }

    /// The output of an item; nothing for what `*` leaves out.
    fn output(&mut self, id: ResourceId, item: &WantedItem) -> Option<Output> {
        Some(match &item.what {
            What::Field { field, json, as_text } => {
                if is_left_out(self.contract, self.decisions, id, item) {
                    return None;
                }
                let target = Target {
                    hops: Vec::new(),
                    resource: id,
                    field: *field,
                    json: json.clone(),
                    as_text: *as_text,
                };
                Output::Value(self.operand(id, &target))
            }
            What::One { field, wanted, condition, inner, .. } => {
                let mut select = self.records(wanted);
                let condition = self.condition_of(wanted.resource, condition.as_ref());
                select.filter = and(condition, select.filter);
                Output::One { field: *field, select: Box::new(select), inner: *inner }
            }
            What::Many { field, wanted, page, inner } => {
                let mut select = self.list(wanted, page);
                select.filter = and(self.linked(id, *field), select.filter);
                Output::Many { field: *field, select: Box::new(select), inner: *inner }
            }
            What::Count { field } => {
                let target = self.contract.resource(id).field(*field).target();
                let filter = target.map_or(Predicate::False, |target| self.visible(target));
                let filter = and(self.linked(id, *field), filter);
                Output::Count { field: *field, filter: Box::new(filter) }
            }
        })
    }

    /// That a record has what its inner relations ask for, as a condition.
    pub fn inner_relations(&mut self, wanted: &Wanted) -> Predicate {
        wanted.items.iter().fold(Predicate::True, |so_far, item| {
            let (field, nested, condition, to_many) = match &item.what {
                What::One { field, wanted, condition, inner: true, .. } => (*field, wanted, condition, false),
                What::Many { field, wanted, page, inner: true } => (*field, wanted, &page.condition, true),
                What::Field { .. } | What::One { .. } | What::Many { .. } | What::Count { .. } => {
                    return so_far;
                }
            };
            let inner = self.inner_relations(nested);
            let condition = self.condition_of(nested.resource, condition.as_ref());
            let filter = and(condition, inner);
            let has = self.related(wanted.resource, field, to_many, nested.resource, Related::Some, filter);
            and(so_far, has)
        })
    }

    fn order(&mut self, id: ResourceId, by: &OrderBy) -> Order {
        Order { by: self.operand(id, &by.target), direction: by.direction, nulls: by.nulls }
    }

    /// A field as the caller sees it: masked by its own rule, and by the rules of the records on the way.
    fn operand(&mut self, root: ResourceId, target: &Target) -> Operand {
        let contract = self.contract;
        let field = contract.resource(target.resource).field(target.field);
        let mut operand = match &field.source {
            Source::Column(_) => Operand::Column(Column {
                scope: 0,
                resource: root,
                hops: target.hops.clone(),
                field: target.field,
            }),
            Source::Computed(rule) if target.hops.is_empty() => {
                let facts = self.facts;
                self.translate().computed(rule, facts)
            }
            Source::Computed(_) | Source::Relation(_) | Source::Result => Operand::Null,
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

    fn condition_of(&mut self, id: ResourceId, condition: Option<&Condition>) -> Predicate {
        condition.map_or(Predicate::True, |condition| self.condition(id, condition))
    }

    fn condition(&mut self, id: ResourceId, condition: &Condition) -> Predicate {
        match condition {
            Condition::And(all) => Predicate::And(all.iter().map(|c| self.condition(id, c)).collect()),
            Condition::Or(all) => Predicate::Or(all.iter().map(|c| self.condition(id, c)).collect()),
            Condition::Not(inner) => Predicate::Not(Box::new(self.condition(id, inner))),
            Condition::Test { target, check } => {
                let operand = self.operand(id, target);
                self.check(operand, check)
            }
            Condition::Related { field, to_many, resource, quantifier, condition } => {
                let inner = self.condition_of(*resource, condition.as_deref());
                self.related(id, *field, *to_many, *resource, *quantifier, inner)
            }
        }
    }

    fn related(
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

    fn check(&mut self, operand: Operand, check: &Check) -> Predicate {
        let mut param = |value: &Value| Operand::Param(self.params.push(value.clone()));
        match check {
            Check::Compare(operator, value) => Predicate::SqlCompare(*operator, operand, param(value)),
            Check::Text(test, value) => Predicate::Text(*test, operand, param(value)),
            Check::In(json) => Predicate::InList(operand, self.params.push(Value::Text(json.clone()))),
            Check::Is(Is::Null | Is::Unknown) => Predicate::IsNull(operand),
            Check::Is(Is::NotNull) => Predicate::Not(Box::new(Predicate::IsNull(operand))),
            Check::Is(Is::True) => Predicate::Compare(Compare::Equal, operand, Operand::Bool(true)),
            Check::Is(Is::False) => Predicate::Compare(Compare::Equal, operand, Operand::Bool(false)),
            Check::Distinct(value) => Predicate::Compare(Compare::NotEqual, operand, param(value)),
            Check::Search(mode, query) => {
                Predicate::Search(*mode, operand, param(&Value::Text(query.clone())))
            }
            Check::Json(test, value) => Predicate::Json(*test, operand, param(value)),
            Check::Quantified(how, operator, values) => {
                let each = values.iter().map(|value| match operator {
                    TestOperator::Compare(operator) => {
                        Predicate::SqlCompare(*operator, operand.clone(), param(value))
                    }
                    TestOperator::Text(test) => Predicate::Text(*test, operand.clone(), param(value)),
                });
                let each = each.collect();
                match how {
                    Scalarwise::Any => Predicate::Or(each),
                    Scalarwise::All => Predicate::And(each),
                }
            }
        }
    }

    /// The shape of the reply that [`Builder::records`] of the same selection fills.
    pub fn shape(&self, wanted: &Wanted) -> Shape {
        let resource = self.contract.resource(wanted.resource);
        let fields = wanted
            .items
            .iter()
            .filter(|item| !is_left_out(self.contract, self.decisions, wanted.resource, item));
        Shape {
            type_name: resource.name.as_str().into(),
            fields: fields.map(|item| self.shape_field(wanted.resource, item)).collect(),
        }
    }

    fn shape_field(&self, id: ResourceId, item: &WantedItem) -> ShapeField {
        let (field_id, layout) = match &item.what {
            What::Field { field, json, as_text } => {
                let layout = match (json.is_empty(), as_text) {
                    (true, _) => layout(self.contract, self.contract.resource(id).field(*field)),
                    (false, true) => Layout::Scalar(Scalar::String),
                    (false, false) => Layout::Scalar(Scalar::Json),
                };
                (field, layout)
            }
            What::One { field, wanted, spread: false, .. } => {
                (field, Layout::One(Box::new(self.shape(wanted))))
            }
            What::One { field, wanted, spread: true, .. } => {
                (field, Layout::Spread(Box::new(self.shape(wanted))))
            }
            What::Many { field, wanted, .. } => (field, Layout::Many(Box::new(self.shape(wanted)))),
            What::Count { field } => (field, Layout::Scalar(Scalar::Int)),
        };
        let field = self.contract.resource(id).field(*field_id);
        let name = match &item.alias {
            None => Name::new(&field.name, field.number, field.xml),
            Some(alias) => Name::new(alias, 0, field.xml),
        };
        ShapeField::new(name, layout)
    }
}

/// Whether `*` names a field that the caller never sees.
fn is_left_out(contract: &Contract, decisions: &Decisions, id: ResourceId, item: &WantedItem) -> bool {
    match (&item.what, item.asked) {
        (What::Field { field, .. }, Asked::ByStar) => {
            *decisions.sight(contract, id, *field) == FieldSight::Hidden
        }
        _ => false,
    }
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

/// How a field's own value is laid out.
pub(crate) fn layout(contract: &Contract, field: &Field) -> Layout {
    let one = match field.ty.base {
        Base::Scalar(scalar) => Layout::Scalar(scalar),
        Base::Enum(id) => {
            let values = contract.enums[id.index()].values.iter();
            Layout::Enum(
                values.zip(1..).map(|(value, number)| (value.name.as_str().into(), number)).collect(),
            )
        }
        // A to-one field without a selection of its own is the other record's key.
        Base::Resource(_) => reference_layout(),
        Base::Object(id) => {
            let object = &contract.objects[id.index()];
            let fields = object.fields.iter().map(|f| {
                let name = Name::new(&f.name, f.number, f.xml);
                ShapeField { name, layout: layout(contract, f), required: f.ty.required }
            });
            Layout::Object(Box::new(Shape {
                type_name: object.name.as_str().into(),
                fields: fields.collect(),
            }))
        }
        Base::Input(_) | Base::Abstract(_) => Layout::Scalar(Scalar::Json),
    };
    match field.ty.arity {
        Arity::One => one,
        Arity::List { .. } => Layout::List(Box::new(one)),
    }
}

/// A key of another record.
pub(crate) fn reference_layout() -> Layout {
    Layout::Scalar(Scalar::Id)
}
