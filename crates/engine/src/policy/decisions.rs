//! What the rules say to one caller, found once per call for everything the call names.

use super::translate::Translate;
use crate::fault::{Fault, Kind, codes};
use crate::identity::Caller;
use crate::select::{
    Asked, Condition, Page, Params, Target, TotalsItem, TotalsWhat, Wanted, What, denied_field,
};
use contract::rule::{Facts, Reduced, Rule};
use contract::{Binding, Contract, FieldId, ObjectId, Operation, Relation, ResourceId, Source};
use store::Predicate;

/// What a rule of a resource is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Read,
    Create,
    Update,
    Delete,
}

/// What a caller sees of a field, in a row it sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldSight {
    /// Always its value.
    Clear,
    /// Never its value.
    Hidden,
    /// Its value where the rule holds, null elsewhere.
    Masked(contract::Expr),
}

/// The rules' answers for one call. Made by walking everything the call names: what was not asked for here cannot be
/// planned later.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    read: Vec<(ResourceId, Reduced)>,
    fields: Vec<((ResourceId, FieldId), FieldSight)>,
    results: Vec<((ObjectId, FieldId), FieldSight)>,
}

/// Asks the rules on behalf of one caller.
pub(crate) struct Asking<'a> {
    pub contract: &'a Contract,
    pub caller: &'a Caller,
    pub facts: &'a Facts<'a>,
}

impl Asking<'_> {
    /// A rule's answer; a rule that is not there is closed.
    pub fn rule(&self, rule: Option<&Rule>) -> Reduced {
        rule.map_or(Reduced::Never, |rule| rule.expr.reduce(self.facts))
    }

    /// The rule of a resource for an action.
    pub fn resource(&self, id: ResourceId, action: Action) -> Reduced {
        let access = &self.contract.resource(id).access;
        self.rule(match action {
            Action::Read => access.read.as_ref(),
            Action::Create => access.create.as_ref(),
            Action::Update => access.update.as_ref(),
            Action::Delete => access.delete.as_ref(),
        })
    }

    /// The same, refused when it can never hold for this caller.
    pub fn possible(&self, id: ResourceId, action: Action) -> Result<Reduced, Fault> {
        match self.resource(id, action) {
            Reduced::Never => Err(denied(self.caller)),
            depends @ Reduced::Depends(_) if self.caller.is_anonymous() && self.cannot_hold(&depends) => {
                Err(denied(self.caller))
            }
            possible => Ok(possible),
        }
    }

    /// Whether an operation is closed to this caller whatever it sends.
    pub fn is_closed(&self, operation: &Operation) -> bool {
        let has_rule = match &operation.rule {
            Some(rule) => !rule.expr.depends_on_arguments() && self.rule(Some(rule)) == Reduced::Never,
            None => matches!(operation.binding, Binding::Sql(_)),
        };
        let is_impossible = |id, action| self.possible(id, action).is_err();
        has_rule
            || match operation.binding {
                Binding::Get(id) | Binding::List(id) | Binding::Count(id) | Binding::Aggregate(id) => {
                    is_impossible(id, Action::Read)
                }
                Binding::Create(id) => is_impossible(id, Action::Create),
                Binding::Update(id) => is_impossible(id, Action::Update),
                Binding::Delete(id) => is_impossible(id, Action::Delete),
                Binding::Upsert(id) => is_impossible(id, Action::Create) && is_impossible(id, Action::Update),
                Binding::Batch(id) => {
                    [Action::Create, Action::Update, Action::Delete].map(|action| is_impossible(id, action))
                        == [true; 3]
                }
                Binding::Related { parent, .. } => is_impossible(parent, Action::Read),
                Binding::Sql(_) | Binding::Channel(_) => false,
                Binding::Http(_) | Binding::Grpc(_) | Binding::Event(_) => false,
            }
    }

    /// `caller.id == author` cannot hold for a caller without id where `author` is never null. Asked for anonymous
    /// callers only: they are then told to say who they are, rather than that nothing was found.
    fn cannot_hold(&self, reduced: &Reduced) -> bool {
        let mut params = Params::default();
        Translate { contract: self.contract, params: &mut params }.reduced(reduced) == Predicate::False
    }
}

/// The refusal of a rule: somebody unknown is asked who it is first.
pub(crate) fn denied(caller: &Caller) -> Fault {
    if caller.is_anonymous() {
        Fault::new(Kind::Unauthenticated, codes::UNAUTHENTICATED, "this needs a caller who is known")
    } else {
        Fault::new(Kind::Denied, codes::ACCESS_DENIED, "the rules do not allow this to the caller")
    }
}

impl Decisions {
    /// The caller's condition on rows of a resource that the call reads.
    pub fn read(&self, id: ResourceId) -> &Reduced {
        let found = self.read.iter().find(|(known, _)| *known == id);
        found.map_or(&Reduced::Never, |(_, reduced)| reduced)
    }

    /// What the caller sees of a field that the call names. One without a rule of its own shows with its row.
    pub fn sight(&self, contract: &Contract, id: ResourceId, field: FieldId) -> &FieldSight {
        if contract.resource(id).field(field).read.is_none() {
            return &FieldSight::Clear;
        }
        let found = self.fields.iter().find(|(known, _)| *known == (id, field));
        found.map_or(&FieldSight::Hidden, |(_, sight)| sight)
    }

    /// Whether the rules leave everything that was asked for as it is: no row and no field is kept from the caller.
    pub fn are_open(&self) -> bool {
        self.read.iter().all(|(_, reduced)| *reduced == Reduced::Always)
            && self.fields.iter().all(|(_, sight)| *sight == FieldSight::Clear)
    }

    /// Asks for the rows of a resource; refused when the caller can see none of them ever.
    pub fn need_rows(&mut self, asking: &Asking<'_>, id: ResourceId) -> Result<(), Fault> {
        if !self.read.iter().any(|(known, _)| *known == id) {
            self.read.push((id, asking.possible(id, Action::Read)?));
        }
        Ok(())
    }

    /// Asks for the rows of a resource whose absence is an answer too.
    pub fn want_rows(&mut self, asking: &Asking<'_>, id: ResourceId) {
        if !self.read.iter().any(|(known, _)| *known == id) {
            self.read.push((id, asking.resource(id, Action::Read)));
        }
    }

    /// What the caller sees of a field of an output object that the call names.
    pub fn result_sight(&self, id: ObjectId, field: FieldId) -> &FieldSight {
        let found = self.results.iter().find(|(known, _)| *known == (id, field));
        found.map_or(&FieldSight::Hidden, |(_, sight)| sight)
    }

    /// Asks for a field of an output object. Its rule can only be about the caller: there is no row to look at.
    pub fn result_field(&mut self, asking: &Asking<'_>, id: ObjectId, field: FieldId) {
        let rule = asking.contract.objects[id.index()].fields[field.index()].read.as_ref();
        let sight = match rule.map(|rule| rule.expr.reduce(asking.facts)) {
            None | Some(Reduced::Always) => FieldSight::Clear,
            Some(Reduced::Never | Reduced::Depends(_)) => FieldSight::Hidden,
        };
        self.results.push(((id, field), sight));
    }

    /// Asks to follow a relation. A relation that shows in some rows only cannot be followed from any: which rows
    /// have it would tell what the rule hides. What it is made of is asked for, too: a to-many relation tells what
    /// the fields say that point back, and which rows a join has.
    pub fn relation(&mut self, asking: &Asking<'_>, id: ResourceId, field: FieldId) -> Result<(), Fault> {
        let relation = asking.contract.resource(id).field(field);
        let refused = || denied_field(&relation.name, &relation.name);
        match self.field(asking, id, field) {
            FieldSight::Clear => {}
            FieldSight::Hidden | FieldSight::Masked(_) => return Err(refused()),
        }
        let (made_of, fields) = match (&relation.source, relation.target()) {
            (Source::Relation(Relation::By { field }), Some(target)) => (target, vec![*field]),
            (Source::Relation(Relation::Through { join, from, to }), _) => {
                self.need_rows(asking, *join)?;
                (*join, vec![*from, *to])
            }
            (Source::Relation(_) | Source::Column(_) | Source::Computed(_) | Source::Result, _) => {
                return Ok(());
            }
        };
        let hidden = |field| *self.field(asking, made_of, field) == FieldSight::Hidden;
        if fields.into_iter().any(hidden) { Err(refused()) } else { Ok(()) }
    }

    fn field(&mut self, asking: &Asking<'_>, id: ResourceId, field: FieldId) -> &FieldSight {
        if asking.contract.resource(id).field(field).read.is_none() {
            return &FieldSight::Clear;
        }
        let at = match self.fields.iter().position(|(known, _)| *known == (id, field)) {
            Some(at) => at,
            None => {
                let rule = asking.contract.resource(id).field(field).read.as_ref();
                let sight = match rule.map(|rule| rule.expr.reduce(asking.facts)) {
                    None | Some(Reduced::Always) => FieldSight::Clear,
                    Some(Reduced::Never) => FieldSight::Hidden,
                    Some(Reduced::Depends(expr)) => FieldSight::Masked(expr),
                };
                self.fields.push(((id, field), sight));
                self.fields.len() - 1
            }
        };
        &self.fields[at].1
    }

    fn need_field(
        &mut self,
        asking: &Asking<'_>,
        id: ResourceId,
        field: FieldId,
        place: &str,
    ) -> Result<(), Fault> {
        match self.field(asking, id, field) {
            FieldSight::Clear | FieldSight::Masked(_) => Ok(()),
            FieldSight::Hidden => Err(denied_field(&asking.contract.resource(id).field(field).name, place)),
        }
    }

    /// Asks what the caller sees of fields that it sets: how a change is judged and told must not show the rest.
    pub fn given(&mut self, asking: &Asking<'_>, id: ResourceId, fields: impl Iterator<Item = FieldId>) {
        for field in fields {
            self.field(asking, id, field);
        }
    }

    /// Asks for everything that a selection names.
    pub fn selection(&mut self, asking: &Asking<'_>, wanted: &Wanted) -> Result<(), Fault> {
        let id = wanted.resource;
        for item in &wanted.items {
            match (&item.what, item.asked) {
                (What::Field { field, .. }, Asked::ByStar) => {
                    self.field(asking, id, *field);
                }
                (What::Field { field, .. }, Asked::ByName) | (What::Object { field, .. }, _) => {
                    self.need_field(asking, id, *field, "select")?
                }
                (What::One { field, .. }, _) if self.is_reference(asking, id, &item.what) => {
                    self.need_field(asking, id, *field, "select")?;
                }
                (What::One { field, wanted, condition, .. }, _) => {
                    self.relation(asking, id, *field)?;
                    self.need_rows(asking, wanted.resource)?;
                    self.condition(asking, wanted.resource, condition.as_ref())?;
                    self.selection(asking, wanted)?;
                }
                (What::Many { field, wanted, page, .. }, _) => {
                    self.relation(asking, id, *field)?;
                    self.need_rows(asking, wanted.resource)?;
                    self.page(asking, wanted.resource, page)?;
                    self.selection(asking, wanted)?;
                }
                (What::Count { field, condition }, _) => {
                    self.relation(asking, id, *field)?;
                    if let Some(target) = asking.contract.resource(id).field(*field).target() {
                        self.need_rows(asking, target)?;
                        self.condition(asking, target, condition.as_ref())?;
                    }
                }
                (What::Group { wanted, .. }, _) => self.selection(asking, wanted)?,
                (What::TypeName | What::Version | What::Cursor, _) => {}
            }
        }
        Ok(())
    }

    /// Whether a to-one field that shows in some rows only is asked for its key alone: then it is a value like others.
    fn is_reference(&mut self, asking: &Asking<'_>, id: ResourceId, what: &What) -> bool {
        match what {
            What::One { field, wanted, condition: None, inner: false, spread: false } => {
                wanted.names_only_key(asking.contract)
                    && matches!(self.field(asking, id, *field), FieldSight::Masked(_))
            }
            _ => false,
        }
    }

    /// Asks for everything that an aggregate names.
    pub fn totals(&mut self, asking: &Asking<'_>, id: ResourceId, items: &[TotalsItem]) -> Result<(), Fault> {
        items.iter().try_for_each(|item| match &item.what {
            TotalsWhat::Key(field) | TotalsWhat::Measure(_, field) => {
                self.need_field(asking, id, *field, "select")
            }
            TotalsWhat::Count | TotalsWhat::TypeName => Ok(()),
            TotalsWhat::Group { items, .. } => self.totals(asking, id, items),
        })
    }

    /// Asks for everything that a page's condition and order name.
    pub fn page(&mut self, asking: &Asking<'_>, id: ResourceId, page: &Page) -> Result<(), Fault> {
        self.condition(asking, id, page.condition.as_ref())?;
        page.order.iter().try_for_each(|by| self.target(asking, id, &by.target, "order"))
    }

    /// Asks for everything that a condition names.
    pub fn condition(
        &mut self,
        asking: &Asking<'_>,
        id: ResourceId,
        condition: Option<&Condition>,
    ) -> Result<(), Fault> {
        match condition {
            None => Ok(()),
            Some(Condition::And(all) | Condition::Or(all)) => {
                all.iter().try_for_each(|inner| self.condition(asking, id, Some(inner)))
            }
            Some(Condition::Not(inner)) => self.condition(asking, id, Some(inner)),
            Some(Condition::Test { target, .. }) => self.target(asking, id, target, "filter"),
            Some(Condition::Related { field, resource, condition, .. }) => {
                self.relation(asking, id, *field)?;
                self.need_rows(asking, *resource)?;
                self.condition(asking, *resource, condition.as_deref())
            }
        }
    }

    fn target(
        &mut self,
        asking: &Asking<'_>,
        id: ResourceId,
        target: &Target,
        place: &str,
    ) -> Result<(), Fault> {
        let mut at = id;
        for hop in &target.hops {
            self.relation(asking, at, *hop)?;
            at = asking.contract.resource(at).field(*hop).target().unwrap_or(target.resource);
            self.need_rows(asking, at)?;
        }
        self.need_field(asking, target.resource, target.field, place)
    }
}
