//! Checked selections and the caller's decisions become an intention with its parameters, and the shape of the reply.

use super::predicate::and;
use super::wanted::{Asked, Keyset, Page, Target, Totals, TotalsItem, TotalsWhat, Wanted, WantedItem, What};
use crate::call::{Measure, Paging, Related};
use crate::policy::{Decisions, FieldSight, Translate};
use contract::rule::Facts;
use contract::{Base, Compare, Contract, FieldId, Relation, ResourceId, Scalar, Source};
use store::{
    Aggregate, AggregateOutput, Column, Edges, OfReference, Operand, Output, Param, Predicate, Select,
};
use wire::Value;

/// The parameters of a plan's run, numbered in the order they were given.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: Vec<Value>,
    /// What a write keeps of its row before it changes it, and the parameters that take it.
    kept: Vec<(Operand, Param)>,
}

impl Params {
    /// Adds a value.
    pub fn push(&mut self, value: Value) -> Param {
        self.values.push(value);
        // Bounded far below by the limits on selections and filters; a plan with more is refused by the database.
        Param::try_from(self.values.len() - 1).unwrap_or(Param::MAX)
    }

    /// A parameter that has, after a change, what this was before it.
    pub fn keep(&mut self, of: Operand) -> Param {
        if let Some((_, param)) = self.kept.iter().find(|(known, _)| *known == of) {
            return *param;
        }
        let param = self.push(Value::Null);
        self.kept.push((of, param));
        param
    }

    /// What is kept of the row.
    pub fn take_kept(&mut self) -> Vec<(Operand, Param)> {
        std::mem::take(&mut self.kept)
    }

    /// The values in order.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Builds intentions for one call.
pub(crate) struct Builder<'a> {
    pub contract: &'a Contract,
    pub facts: &'a Facts<'a>,
    pub decisions: &'a Decisions,
    pub params: Params,
    /// What the cursors of the list being built are made of.
    cursor: Option<Operand>,
}

impl<'a> Builder<'a> {
    pub fn new(contract: &'a Contract, facts: &'a Facts<'a>, decisions: &'a Decisions) -> Self {
        Self { contract, facts, decisions, params: Params::default(), cursor: None }
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
    pub(super) fn linked(&mut self, id: ResourceId, field: FieldId) -> Predicate {
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

    /// Where the row may be taken to hold a value already that is given for a field that cannot change: it does, and the
    /// caller may read it. Elsewhere that it is the same would be news.
    pub fn already(&mut self, id: ResourceId, field: FieldId, value: Param) -> Predicate {
        if self.contract.resource(id).field(field).is_secret() {
            return Predicate::False;
        }
        let column = Column { scope: 0, resource: id, hops: Vec::new(), field };
        let same = Predicate::Compare(Compare::Equal, Operand::Column(column), Operand::Param(value));
        and(self.shown(id, field), same)
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
        let cursor = page.keyset.as_ref().map(|keyset| self.cursor(wanted.resource, page, keyset));
        let around = std::mem::replace(&mut self.cursor, cursor);
        let mut select = self.records(wanted);
        let cursor = std::mem::replace(&mut self.cursor, around);
        let condition = self.condition_of(wanted.resource, page.condition.as_ref());
        select.filter = and(condition, select.filter);
        if let Some(keyset) = &page.keyset {
            select.filter = and(self.between(wanted.resource, &page.order, keyset), select.filter);
            let end = keyset.end;
            select.edges =
                cursor.filter(|_| keyset.paging == Paging::Cursors).map(|cursor| Edges { cursor, end });
        }
        self.order_and_page(&mut select, page);
        select
    }

    /// A cursor tells which order it is of, and the values there.
    fn cursor(&mut self, id: ResourceId, page: &Page, keyset: &Keyset) -> Operand {
        let tag = self.params.push(Value::Text(keyset.tag.clone()));
        let terms = page.order.iter().map(|by| self.ordered(id, &by.target));
        Operand::Cursor([Operand::Param(tag)].into_iter().chain(terms).collect())
    }

    /// Values over the rows of a list, or of groups of them.
    pub fn aggregate(&mut self, totals: &Totals, page: &Page) -> Aggregate {
        let id = totals.resource;
        let outputs = self.totals(id, &totals.items);
        let condition = self.condition_of(id, page.condition.as_ref());
        let filter = and(condition, self.visible(id));
        let limit = Some(self.params.push(Value::Int(i64::from(page.limit))));
        let offset = (page.offset > 0).then(|| self.params.push(offset_value(page)));
        Aggregate { from: id, outputs, filter, limit, offset }
    }

    fn totals(&mut self, id: ResourceId, items: &[TotalsItem]) -> Vec<AggregateOutput> {
        items.iter().map(|item| self.total(id, &item.what)).collect()
    }

    fn total(&mut self, id: ResourceId, what: &TotalsWhat) -> AggregateOutput {
        match what {
            TotalsWhat::Key(field) => AggregateOutput::Key(self.own(id, *field)),
            TotalsWhat::Count => AggregateOutput::Measure(store::Measure::Count),
            TotalsWhat::Measure(measure, field) => {
                let of = self.own(id, *field);
                AggregateOutput::Measure(match measure {
                    Measure::Count => store::Measure::CountOf(of),
                    Measure::Sum => store::Measure::Sum(of),
                    Measure::Average => store::Measure::Average { of, scale: self.scale(id, *field) },
                    Measure::Least => store::Measure::Least(of),
                    Measure::Greatest => store::Measure::Greatest(of),
                })
            }
            TotalsWhat::TypeName => AggregateOutput::TypeName,
            TotalsWhat::Group { items, .. } => AggregateOutput::Group(self.totals(id, items)),
        }
    }

    /// A field of the record itself, as the caller sees it.
    fn own(&mut self, id: ResourceId, field: FieldId) -> Operand {
        self.operand(id, &Target { hops: Vec::new(), resource: id, field, json: Vec::new(), as_text: false })
    }

    /// Digits after the point that a field's stored units have.
    fn scale(&self, id: ResourceId, field: FieldId) -> u8 {
        match self.contract.resource(id).field(field).ty.base {
            Base::Scalar(Scalar::Decimal { scale }) => scale,
            _ => 0,
        }
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
            select.offset = Some(self.params.push(offset_value(page)));
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
            What::One { field, wanted, condition: None, inner: false, spread: false }
                if wanted.names_only_key(self.contract)
                    && matches!(self.decisions.sight(self.contract, id, *field), FieldSight::Masked(_)) =>
            {
                let of = |item: &WantedItem| match item.what {
                    What::TypeName => OfReference::TypeName,
                    _ => OfReference::Key,
                };
                let outputs = wanted.items.iter().map(of).collect();
                Output::Reference { key: self.own(id, *field), outputs }
            }
            What::Object { field, .. } => Output::Value(self.own(id, *field)),
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
            What::Count { field, condition } => {
                let target = self.contract.resource(id).field(*field).target();
                let filter = target.map_or(Predicate::False, |target| {
                    and(self.condition_of(target, condition.as_ref()), self.visible(target))
                });
                let filter = and(self.linked(id, *field), filter);
                Output::Count { field: *field, filter: Box::new(filter) }
            }
            What::TypeName => Output::TypeName,
            What::Version => Output::Value(Operand::Version),
            What::Cursor => Output::Value(self.cursor.clone().unwrap_or(Operand::Null)),
            What::Group { wanted, .. } => {
                let outputs = wanted.items.iter().filter_map(|item| self.output(id, item));
                Output::Group(outputs.collect())
            }
        })
    }

    /// That a record has what its inner relations ask for, as a condition.
    pub fn inner_relations(&mut self, wanted: &Wanted) -> Predicate {
        wanted.items.iter().fold(Predicate::True, |so_far, item| {
            let (field, nested, condition, to_many) = match &item.what {
                What::One { field, wanted, condition, inner: true, .. } => (*field, wanted, condition, false),
                What::Many { field, wanted, page, inner: true } => (*field, wanted, &page.condition, true),
                What::Field { .. }
                | What::Object { .. }
                | What::One { .. }
                | What::Many { .. }
                | What::Count { .. }
                | What::TypeName
                | What::Version
                | What::Cursor
                | What::Group { .. } => return so_far,
            };
            let inner = self.inner_relations(nested);
            let condition = self.condition_of(nested.resource, condition.as_ref());
            let filter = and(condition, inner);
            let has = self.related(wanted.resource, field, to_many, nested.resource, Related::Some, filter);
            and(so_far, has)
        })
    }
}

/// Whether `*` names a field that the caller never sees.
pub(super) fn is_left_out(
    contract: &Contract,
    decisions: &Decisions,
    id: ResourceId,
    item: &WantedItem,
) -> bool {
    match (&item.what, item.asked) {
        (What::Field { field, .. }, Asked::ByStar) => {
            *decisions.sight(contract, id, *field) == FieldSight::Hidden
        }
        _ => false,
    }
}

fn offset_value(page: &Page) -> Value {
    Value::Int(i64::try_from(page.offset).unwrap_or(i64::MAX))
}
