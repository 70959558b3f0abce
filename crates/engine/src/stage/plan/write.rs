//! Plans that change rows, and what they answer.

use super::{Plan, Planner, Read, Secret, Writing, all, key_is, key_predicate, own_column};
use crate::fault::Fault;
use crate::input::{Given, Purpose, assigned};
use crate::plans::ReadKey;
use crate::policy::{FieldSight, Plain};
use crate::select::{Builder, Outline, OutlineField, Params, Wanted, WantedItem, What, and};
use crate::stage::permit::{WriteRules, arguments_of};
use crate::stage::validate::{BatchItem, KeyFilter};
use contract::rule::Reduced;
use contract::{FieldId, KeyKind, ResourceId};
use std::sync::Arc;
use store::{
    AnswerRead, Answering, EmitEvent, Growth, Idempotency, Merge, Mutation, Operand, Output, Param,
    Predicate, Select, Step, Write,
};
use wire::{Format, Value};

/// A write with its parameters.
type Prepared = (Write, Params);

/// The fields that a statement sets, with the parameters of their values.
type Set = Vec<(FieldId, Param)>;

impl Planner<'_> {
    pub(super) fn create(&self, id: ResourceId, given: &Given, wanted: &Wanted) -> Result<Plan, Fault> {
        self.one(id, self.insert(id, given, self.rules()), given, wanted)
    }

    pub(super) fn update(
        &self,
        id: ResourceId,
        key: &KeyFilter,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        self.one(id, self.change(id, key, given, self.rules(), self.seen()), given, wanted)
    }

    pub(super) fn upsert(
        &self,
        id: ResourceId,
        key: &Value,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        self.one(id, self.set(id, key, given, self.rules(), self.seen()), given, wanted)
    }

    /// A delete answers the record as it was, when that is asked for.
    pub(super) fn delete(
        &self,
        id: ResourceId,
        key: &KeyFilter,
        wanted: Option<&Wanted>,
    ) -> Result<Plan, Fault> {
        let (write, params) = self.remove(id, key, self.rules(), self.seen());
        let answer = match wanted {
            None => Answering::Steps,
            Some(wanted) => Answering::Before(self.record(id, wanted)?),
        };
        let step = Step::Write { plan: self.engine.write_plan(write)?, params: params.into_values() };
        let mutation = self.mutation(vec![step], answer);
        Ok(Plan::Write { write: Writing::One(id), mutation: Box::new(mutation), secrets: Vec::new() })
    }

    /// Many writes in one transaction.
    pub(super) fn batch(
        &self,
        id: ResourceId,
        items: &[BatchItem],
        wanted: Option<&Wanted>,
    ) -> Result<Plan, Fault> {
        let (mut steps, mut answers) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        let mut secrets = Vec::new();
        for (at, (item, rules)) in items.iter().zip(&self.permitted.write).enumerate() {
            let ((write, params), given) = match item {
                BatchItem::Create { given } => (self.insert(id, given, rules), Some(given)),
                BatchItem::Update { key, given, version } => {
                    (self.change(id, key, given, rules, *version), Some(given))
                }
                BatchItem::Upsert { key, given, version } => {
                    (self.set(id, key, given, rules, *version), Some(given))
                }
                BatchItem::Delete { key, version } => (self.remove(id, key, rules, *version), None),
            };
            secrets.extend(self.secrets(at, &write));
            let answer = given.zip(wanted).map(|(given, wanted)| self.answer(id, given, rules, wanted));
            answers.push(answer.transpose()?);
            steps.push(Step::Write { plan: self.engine.write_plan(write)?, params: params.into_values() });
        }
        let verbs = items.iter().map(BatchItem::verb).collect();
        let mutation = self.mutation(steps, Answering::Each(answers));
        Ok(Plan::Write { write: Writing::Many(id, verbs), mutation: Box::new(mutation), secrets })
    }

    fn one(
        &self,
        id: ResourceId,
        (write, params): Prepared,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        let secrets = self.secrets(0, &write);
        let answer = Answering::After(self.answer(id, given, self.rules(), wanted)?);
        let step = Step::Write { plan: self.engine.write_plan(write)?, params: params.into_values() };
        Ok(Plan::Write {
            write: Writing::One(id),
            mutation: Box::new(self.mutation(vec![step], answer)),
            secrets,
        })
    }

    fn insert(&self, resource: ResourceId, given: &Given, rules: &WriteRules) -> Prepared {
        self.with_builder(|builder| {
            let check = all(builder, &rules.create);
            let own = own_values(given, rules, &mut builder.params);
            let set = self.new_row(resource, own, given, None, &mut builder.params);
            Write::Insert { resource, set, check }
        })
    }

    fn change(
        &self,
        resource: ResourceId,
        key: &KeyFilter,
        given: &Given,
        rules: &WriteRules,
        version: Option<i64>,
    ) -> Prepared {
        self.with_builder(|builder| {
            let filter = key_predicate(resource, key, &mut builder.params);
            let ChangeRules { visible, before, after, kept } = change_rules(builder, resource, rules);
            let growth = self.growth(resource, given);
            let own = own_values(given, rules, &mut builder.params);
            let (set, merges) = self.changes(resource, own, given, &mut builder.params);
            let version = version.map(|version| builder.params.push(Value::Int(version)));
            Write::Update { resource, filter, visible, before, set, merges, kept, growth, after, version }
        })
    }

    /// A new row with this key, or what is given of the row that has it.
    fn set(
        &self,
        resource: ResourceId,
        key: &Value,
        given: &Given,
        rules: &WriteRules,
        version: Option<i64>,
    ) -> Prepared {
        self.with_builder(|builder| {
            let key = builder.params.push(key.clone());
            let create_check = all(builder, &rules.create);
            let ChangeRules { visible, before, after, kept } = change_rules(builder, resource, rules);
            let growth = self.growth(resource, given);
            let own = own_values(given, rules, &mut builder.params);
            let (fixed, changed): (Set, Set) =
                own.iter().partition(|(field, _)| self.is_fixed(resource, *field));
            let insert = self.new_row(resource, own, given, Some(key), &mut builder.params);
            // Only updates have patches.
            let (update, _) = self.changes(resource, changed, given, &mut builder.params);
            let fixed =
                fixed.into_iter().map(|(field, param)| (field, builder.already(resource, field, param)));
            let fixed = fixed.collect();
            let version = version.map(|version| builder.params.push(Value::Int(version)));
            Write::Upsert {
                resource,
                key,
                insert,
                create_check,
                update,
                growth,
                fixed,
                visible,
                before,
                kept,
                after,
                version,
            }
        })
    }

    fn remove(
        &self,
        resource: ResourceId,
        key: &KeyFilter,
        rules: &WriteRules,
        version: Option<i64>,
    ) -> Prepared {
        self.with_builder(|builder| {
            let filter = key_predicate(resource, key, &mut builder.params);
            let ChangeRules { visible, before, .. } = change_rules(builder, resource, rules);
            let version = version.map(|version| builder.params.push(Value::Int(version)));
            Write::Delete { resource, filter, visible, before, version }
        })
    }

    /// The rules of the only write.
    fn rules(&self) -> &WriteRules {
        self.permitted.write.first().expect("the rules of each write were asked for")
    }

    /// The version that the caller has seen of the only record.
    fn seen(&self) -> Option<i64> {
        self.permitted.context.version
    }

    /// The fields of a new row: given, defaulted, assigned, and the key.
    fn new_row(
        &self,
        id: ResourceId,
        own: Set,
        given: &Given,
        key: Option<Param>,
        params: &mut Params,
    ) -> Set {
        let resource = self.engine.contract.resource(id);
        let purpose = if key.is_some() { Purpose::Upsert } else { Purpose::Create };
        let mut set: Set = Vec::with_capacity(resource.fields.len());
        match (key, resource.key_kind) {
            (Some(key), _) => set.push((resource.key, key)),
            (None, KeyKind::Uuid) => {
                set.push((resource.key, params.push(Value::Text(uuid::Uuid::now_v7().to_string()))));
            }
            (None, KeyKind::Integer | KeyKind::Client) => {}
        }
        set.extend(own);
        set.extend(given.defaults.iter().map(|(field, value)| (*field, params.push(value.clone()))));
        set.extend(
            assigned(resource, purpose)
                .map(|(field, assign)| (field, params.push(self.assigned_value(assign)))),
        );
        set
    }

    /// The fields that a change sets, given and assigned ones, and those that it patches.
    fn changes(&self, id: ResourceId, own: Set, given: &Given, params: &mut Params) -> (Set, Vec<Merge>) {
        let resource = self.engine.contract.resource(id);
        let is_change = !own.is_empty();
        let (mut set, mut merges) = (Set::with_capacity(own.len()), Vec::new());
        for (field, param) in own {
            match given.patched(field) {
                None => set.push((field, param)),
                Some(required) => {
                    let required = params.push(required.clone());
                    merges.push(Merge { field, patch: param, required });
                }
            }
        }
        if is_change {
            let now = assigned(resource, Purpose::Update);
            set.extend(now.map(|(field, assign)| (field, params.push(self.assigned_value(assign)))));
        }
        (set, merges)
    }

    fn is_fixed(&self, id: ResourceId, field: FieldId) -> bool {
        self.engine.contract.resource(id).field(field).column().is_some_and(|column| column.immutable)
    }

    /// Where the caller cannot read all that it sets, the version must not say whether it was there already.
    fn growth(&self, id: ResourceId, given: &Given) -> Growth {
        let Planner { engine, permitted, .. } = self;
        let is_clear = |field| *permitted.decisions.sight(&engine.contract, id, field) == FieldSight::Clear;
        if given.fields().all(is_clear) { Growth::WhenChanged } else { Growth::Always }
    }

    /// What is answered: the record as the caller sees it, else what the caller itself gave and the key.
    fn answer(
        &self,
        id: ResourceId,
        given: &Given,
        rules: &WriteRules,
        wanted: &Wanted,
    ) -> Result<AnswerRead, Fault> {
        let read = self.record(id, wanted)?;
        let otherwise = match self.permitted.decisions.read(id) {
            Reduced::Always => None,
            Reduced::Never | Reduced::Depends(_) => Some(self.own_words(id, given, rules, wanted)?),
        };
        Ok(AnswerRead { otherwise: otherwise.map(|own| (own.plan, own.params)), ..read })
    }

    /// The record that is written, as the caller sees it.
    fn record(&self, id: ResourceId, wanted: &Wanted) -> Result<AnswerRead, Fault> {
        let key_field = self.engine.contract.resource(id).key;
        // The key is the first parameter of every read of an answer, so the store fills it in at one place.
        let ((select, key), params) = self.with_builder(|builder| {
            let key = builder.params.push(Value::Null);
            let mut select = builder.records(wanted);
            select.filter = and(key_is(id, key_field, key), select.filter);
            (select, key)
        });
        let Read { plan, params } = self.read(select, wanted, store::Root::One, params)?;
        Ok(AnswerRead { plan, params, key, otherwise: None })
    }

    /// The part of a selection that the caller gave itself, in its own words: what came with the call, not what the row
    /// holds now. Nothing in it is news. The rest is left out, or null in a format that has a place for everything that
    /// was asked for.
    fn own_words(
        &self,
        id: ResourceId,
        given: &Given,
        rules: &WriteRules,
        wanted: &Wanted,
    ) -> Result<Read, Fault> {
        let facts = self.facts();
        let builder = Builder::new(&self.engine.contract, &facts, &self.permitted.decisions);
        let key = self.engine.contract.resource(id).key;
        let words = OwnWords { id, key, given, rules };
        let mut params = Params::default();
        let filter = key_is(id, key, params.push(Value::Null));
        let (mut outputs, mut fields) = (Vec::new(), Vec::new());
        for item in &wanted.items {
            let (output, field) = match words.said(item, &mut params) {
                Some(output) => (output, builder.outline_field(item)),
                None if self.leaves_out() => continue,
                None => (Output::Value(Operand::Null), OutlineField::withheld(item)),
            };
            outputs.push(output);
            fields.push(field);
        }
        let select =
            Select { from: id, outputs, filter, order: Vec::new(), limit: None, offset: None, edges: None };
        let outline = Outline { resource: id, type_name: None, fields };
        let plan = self.engine.read_plan(ReadKey { select, outline, root: store::Root::One })?;
        Ok(Read { plan, params: params.into_values() })
    }

    /// Whether a field that is not known is left out of an answer, rather than null.
    fn leaves_out(&self) -> bool {
        match self.permitted.format {
            Format::Json
            | Format::Protobuf
            | Format::ProtobufItems(_)
            | Format::ProtoJson
            | Format::ProtoJsonItems(_)
            | Format::Xml => true,
            Format::Graphql => false,
        }
    }

    /// The parameters of fields that are hashed before they are written.
    fn secrets(&self, step: usize, write: &Write) -> Vec<Secret> {
        let of = |resource: ResourceId, set: &[(FieldId, Param)]| -> Vec<Secret> {
            let fields = set.iter();
            let is_secret = |field| self.engine.contract.resource(resource).field(field).is_secret();
            let secret = fields.filter(|(field, _)| is_secret(*field));
            secret.map(|(_, param)| Secret { step, param: *param }).collect()
        };
        match write {
            Write::Insert { resource, set, .. } | Write::Update { resource, set, .. } => of(*resource, set),
            Write::Upsert { resource, insert, update, .. } => {
                let mut secrets = of(*resource, insert);
                secrets.extend(of(*resource, update));
                secrets
            }
            Write::Delete { .. } => Vec::new(),
        }
    }

    pub(super) fn mutation(&self, steps: Vec<Step>, answer: Answering) -> Mutation {
        Mutation {
            steps,
            answer,
            emits: self.emits(),
            idempotency: self.idempotency(),
            format: self.permitted.format,
            bounds: self.bounds.clone(),
            now: self.permitted.now.clone(),
            room: Some(Arc::clone(self.room)),
        }
    }

    fn emits(&self) -> Vec<EmitEvent> {
        let operation = self.operation();
        let arguments = || {
            let given = arguments_of(&self.permitted.wish);
            let members = given.into_iter().flat_map(|given| operation.arguments.iter().zip(&given.sent));
            let members = members.filter_map(|(a, sent)| Some((a.name.clone(), sent.clone()?))).collect();
            Value::Object(members).json_text()
        };
        let event = |emit: &contract::Emit| EmitEvent {
            event: emit.event.clone(),
            on: emit.on,
            arguments_json: arguments(),
        };
        operation.emits.iter().map(event).collect()
    }

    /// What a call says, by a caller with these rights: an answer is not given again to one who has others now, and might
    /// not see all of it any more.
    fn fingerprint(&self) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        digest.update(self.permitted.fingerprint);
        digest.update(self.permitted.caller.rights());
        digest.finalize().into()
    }

    /// Idempotency keys are the caller's own: two callers, or two operations, never share one.
    fn idempotency(&self) -> Option<Idempotency> {
        let context = &self.permitted.context;
        let key = context.idempotency_key.clone()?;
        let who = match self.permitted.caller.id() {
            Some(id) => format!("caller {id}"),
            None => format!("address {}", context.peer),
        };
        Some(Idempotency {
            scope: format!("{}\u{0}{who}", self.operation().name),
            key,
            fingerprint: self.fingerprint(),
            keep_s: self.engine.settings.idempotency_keep_s,
        })
    }
}

/// What is asked of a row that is changed.
struct ChangeRules {
    /// That the caller sees it.
    visible: Predicate,
    /// That it may be changed.
    before: Predicate,
    /// That it may be what it has become.
    after: Predicate,
    /// What is kept of the row as it was, for the rules that are asked afterwards.
    kept: Vec<(Operand, Param)>,
}

fn change_rules(builder: &mut Builder<'_>, id: ResourceId, rules: &WriteRules) -> ChangeRules {
    let visible = builder.visible(id);
    let names_states = |rule: &Reduced| matches!(rule, Reduced::Depends(expr) if expr.names_states());
    if !rules.change.iter().any(names_states) {
        let before = all(builder, &rules.change);
        return ChangeRules { visible, after: before.clone(), before, kept: Vec::new() };
    }
    let (mut before, mut after) = (Predicate::True, Predicate::True);
    let mut translate = builder.translate();
    for rule in &rules.change {
        match rule {
            Reduced::Depends(expr) => {
                before = and(before, translate.predicate(&expr.asked_before()));
                after = and(after, translate.after_change(expr, Plain::AsItIs));
                if expr.names_new() {
                    after = and(after, translate.after_change(expr, Plain::AsItWas));
                }
            }
            Reduced::Always => {}
            Reduced::Never => before = Predicate::False,
        }
    }
    ChangeRules { visible, before, after, kept: builder.params.take_kept() }
}

/// What a caller said of a record, as an answer repeats it.
struct OwnWords<'a> {
    id: ResourceId,
    key: FieldId,
    given: &'a Given,
    rules: &'a WriteRules,
}

impl OwnWords<'_> {
    /// What the caller said of it itself: a value that it gave, or the key, by which it can ask again.
    fn said(&self, item: &WantedItem, params: &mut Params) -> Option<Output> {
        match &item.what {
            What::Field { field, json, .. } if json.is_empty() => self.value(*field, params),
            What::Object { field, .. } => self.value(*field, params),
            What::TypeName => Some(Output::TypeName),
            What::Field { .. } | What::One { .. } | What::Many { .. } | What::Count { .. } => None,
            // Asked for by name only where it is never null. It is no news: the caller could read it in the row as it was.
            What::Version => Some(Output::Value(Operand::Version)),
            What::Cursor | What::Group { .. } => None,
        }
    }

    fn value(&self, field: FieldId, params: &mut Params) -> Option<Output> {
        if field == self.key {
            return Some(Output::Value(Operand::Column(own_column(self.id, field))));
        }
        // The result of a patch is more than the caller gave.
        if self.given.patched(field).is_some() {
            return None;
        }
        let mut own = self.given.allowed(&self.rules.settable);
        let (_, value) = own.find(|(known, _)| *known == field)?;
        Some(Output::Value(Operand::Param(params.push(value.clone()))))
    }
}

/// What the caller gives, as far as its rules were asked, with a parameter for each value.
fn own_values(given: &Given, rules: &WriteRules, params: &mut Params) -> Set {
    given.allowed(&rules.settable).map(|(field, value)| (*field, params.push(value.clone()))).collect()
}
