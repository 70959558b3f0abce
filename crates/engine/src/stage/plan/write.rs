//! Plans that change rows, and what they answer.

use super::{Plan, Planner, Read, Secret, Writing, all, key_is, key_predicate, own_column};
use crate::fault::Fault;
use crate::input::{Given, Purpose, assigned};
use crate::plans::ReadKey;
use crate::policy::Plain;
use crate::select::{Builder, Outline, OutlineField, Params, Wanted, What, and};
use crate::stage::permit::{WriteRules, arguments_of};
use crate::stage::validate::{BatchItem, KeyFilter};
use contract::rule::Reduced;
use contract::{Assign, FieldId, KeyKind, ResourceId};
use std::sync::Arc;
use store::{
    AnswerRead, Answering, EmitEvent, Idempotency, Merge, Mutation, Operand, Output, Param, Predicate,
    Select, Step, Write,
};
use wire::{Format, Value};

/// A write with its parameters.
type Prepared = (Write, Params);

impl Planner<'_> {
    pub(super) fn create(&self, id: ResourceId, given: &Given, wanted: &Wanted) -> Result<Plan, Fault> {
        self.one(id, self.insert(id, given, self.rules()), Some((given, wanted)))
    }

    pub(super) fn update(
        &self,
        id: ResourceId,
        key: &KeyFilter,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        self.one(id, self.change(id, key, given, self.rules(), self.seen()), Some((given, wanted)))
    }

    pub(super) fn upsert(
        &self,
        id: ResourceId,
        key: &Value,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        self.one(id, self.replace(id, key, given, self.rules(), self.seen()), Some((given, wanted)))
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
                    (self.replace(id, key, given, rules, *version), Some(given))
                }
                BatchItem::Delete { key, version } => (self.remove(id, key, rules, *version), None),
            };
            secrets.extend(self.secrets(at, &write));
            answers.push(given.zip(wanted).map(|(given, w)| self.answer(id, given, w)).transpose()?);
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
        answer: Option<(&Given, &Wanted)>,
    ) -> Result<Plan, Fault> {
        let secrets = self.secrets(0, &write);
        let answer = match answer {
            None => Answering::Steps,
            Some((given, wanted)) => Answering::After(self.answer(id, given, wanted)?),
        };
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
            let set = self.new_row(resource, given, None, &mut builder.params);
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
            let (set, merges) = self.changes(resource, given, &mut builder.params);
            let version = version.map(|version| builder.params.push(Value::Int(version)));
            Write::Update { resource, filter, visible, before, set, merges, kept, after, version }
        })
    }

    fn replace(
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
            let insert = self.new_row(resource, given, Some(key), &mut builder.params);
            let update = self.replaced(resource, given, &mut builder.params);
            let version = version.map(|version| builder.params.push(Value::Int(version)));
            Write::Upsert {
                resource,
                key,
                insert,
                create_check,
                update,
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
        given: &Given,
        key: Option<Param>,
        params: &mut Params,
    ) -> Vec<(FieldId, Param)> {
        let resource = self.engine.contract.resource(id);
        let purpose = if key.is_some() { Purpose::Upsert } else { Purpose::Create };
        let mut set: Vec<(FieldId, Param)> = Vec::with_capacity(resource.fields.len());
        match (key, resource.key_kind) {
            (Some(key), _) => set.push((resource.key, key)),
            (None, KeyKind::Uuid) => {
                set.push((resource.key, params.push(Value::Text(uuid::Uuid::now_v7().to_string()))));
            }
            (None, KeyKind::Integer | KeyKind::Client) => {}
        }
        let values = given.values.iter().chain(&given.defaults);
        set.extend(values.map(|(field, value)| (*field, params.push(value.clone()))));
        set.extend(
            assigned(resource, purpose)
                .map(|(field, assign)| (field, params.push(self.assigned_value(assign)))),
        );
        set
    }

    /// The fields that an update sets, given and assigned ones, and those that it patches.
    fn changes(
        &self,
        id: ResourceId,
        given: &Given,
        params: &mut Params,
    ) -> (Vec<(FieldId, Param)>, Vec<Merge>) {
        let resource = self.engine.contract.resource(id);
        let (mut set, mut merges) = (Vec::with_capacity(given.values.len()), Vec::new());
        for (field, value) in &given.values {
            let param = params.push(value.clone());
            match given.patches.iter().find(|(patched, _)| patched == field) {
                None => set.push((*field, param)),
                Some((_, required)) => {
                    let required = params.push(required.clone());
                    merges.push(Merge { field: *field, patch: param, required });
                }
            }
        }
        if !given.values.is_empty() {
            let now = assigned(resource, Purpose::Update);
            set.extend(now.map(|(field, assign)| (field, params.push(self.assigned_value(assign)))));
        }
        (set, merges)
    }

    /// The fields that an upsert of a row that is there sets: everything that may change; what is not given goes
    /// back to its default or to null (RFC 9110 section 9.3.4: PUT replaces).
    fn replaced(&self, id: ResourceId, given: &Given, params: &mut Params) -> Vec<(FieldId, Param)> {
        let resource = self.engine.contract.resource(id);
        let mut set = Vec::new();
        for (field_id, field) in resource.fields() {
            let Some(column) = field.column() else { continue };
            let stays = field_id == resource.key || column.immutable || column.secret;
            let value = given.values.iter().chain(&given.defaults).find(|(known, _)| *known == field_id);
            match (column.assign, value) {
                (Some(Assign::NowOnChange), _) => {
                    set.push((field_id, params.push(self.assigned_value(Assign::NowOnChange))));
                }
                (Some(Assign::CallerId | Assign::Now), _) => {}
                (None, Some((_, value))) if !stays || column.secret => {
                    set.push((field_id, params.push(value.clone())));
                }
                (None, None) if !stays => set.push((field_id, params.push(Value::Null))),
                (None, _) => {}
            }
        }
        set
    }

    /// What is answered: the record as the caller sees it, else what the caller itself gave and the key.
    fn answer(&self, id: ResourceId, given: &Given, wanted: &Wanted) -> Result<AnswerRead, Fault> {
        let read = self.record(id, wanted)?;
        let otherwise = match self.permitted.decisions.read(id) {
            Reduced::Always => None,
            Reduced::Never | Reduced::Depends(_) => Some(self.own_words(id, given, wanted)?),
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

    /// The part of a selection that the caller gave itself: nothing in it is news. The rest is left out, or null in a
    /// format that has a place for everything that was asked for.
    fn own_words(&self, resource: ResourceId, given: &Given, wanted: &Wanted) -> Result<Read, Fault> {
        let key_field = self.engine.contract.resource(resource).key;
        let leaves_out = match self.permitted.format {
            Format::Json
            | Format::Protobuf
            | Format::ProtobufItems(_)
            | Format::ProtoJson
            | Format::ProtoJsonItems(_)
            | Format::Xml => true,
            Format::Graphql => false,
        };
        let is_own =
            |field: FieldId| field == key_field || given.values.iter().any(|(known, _)| *known == field);
        // The result of a patch is more than the caller gave.
        let is_own = |field| is_own(field) && !given.patches.iter().any(|(patched, _)| *patched == field);
        let facts = self.facts();
        let builder = Builder::new(&self.engine.contract, &facts, &self.permitted.decisions);
        let (mut outputs, mut fields) = (Vec::new(), Vec::new());
        for item in &wanted.items {
            let (output, field) = match &item.what {
                What::Field { field, json, .. } if is_own(*field) && json.is_empty() => {
                    let own = Output::Value(Operand::Column(own_column(resource, *field)));
                    (own, builder.outline_field(item))
                }
                What::Object { field, .. } if is_own(*field) => {
                    let own = Output::Value(Operand::Column(own_column(resource, *field)));
                    (own, builder.outline_field(item))
                }
                What::TypeName => (Output::TypeName, builder.outline_field(item)),
                What::Version => (Output::Value(Operand::Version), builder.outline_field(item)),
                _ if leaves_out => continue,
                _ => (Output::Value(Operand::Null), OutlineField::withheld(item)),
            };
            outputs.push(output);
            fields.push(field);
        }
        let select = Select {
            from: resource,
            outputs,
            filter: key_is(resource, key_field, 0),
            order: Vec::new(),
            limit: None,
            offset: None,
            edges: None,
        };
        let outline = Outline { resource, type_name: None, fields };
        let plan = self.engine.read_plan(ReadKey { select, outline, root: store::Root::One })?;
        Ok(Read { plan, params: vec![Value::Null] })
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
            fingerprint: self.permitted.fingerprint,
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
