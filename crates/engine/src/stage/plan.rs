//! Intentions with the rules' conditions and-ed in, compiled once and cached.

use super::Slot;
use super::permit::{Permitted, WriteRules, arguments_of};
use super::validate::{KeyFilter, Parent, ResultWanted, SqlWanted, Wish};
use crate::call::{Budget, Total};
use crate::engine::{Engine, ReadKey};
use crate::fault::Fault;
use crate::identity::Caller;
use crate::input::{Arguments, Given, Purpose, assigned};
use crate::policy::FieldSight;
use crate::select::{Builder, Page, Params, Wanted, WantedItem, What, and, layout, reference_layout};
use contract::rule::{Facts, Reduced};
use contract::{
    Arity, Assign, Base, Binding, Compare, FieldId, KeyKind, Operation, OperationId, ResourceId, Root, Source,
};
use std::sync::Arc;
use store::{
    AnswerRead, Answering, Bounds, Column, EmitEvent, Idempotency, Mutation, Operand, Output, Param,
    Predicate, ReadPlan, Select, SqlAnswer, SqlField, SqlParameter, SqlPlan, Step, Write,
};
use wire::{Layout, Name, Shape, ShapeField, Value};

/// A call that only needs to be run.
pub(crate) struct Planned {
    pub(super) operation: OperationId,
    pub(super) plan: Plan,
    pub(super) format: wire::Format,
    pub(super) bounds: Bounds,
    pub(super) caller: Arc<Caller>,
    pub(super) budget: Option<Budget>,
    pub(super) slot: Slot,
}

/// Compiled intentions with their parameters.
pub(crate) enum Plan {
    Get { resource: ResourceId, read: Read },
    List { parent: Option<(ResourceId, Read)>, read: Read, count: Option<Read>, offset: u64 },
    Count { count: Read },
    Write { resource: Option<ResourceId>, mutation: Mutation, secrets: Vec<Param> },
    ReadSql { plan: Arc<SqlPlan>, run: Vec<Value>, answer_params: Vec<Value> },
}

/// A compiled read with its parameters.
pub(crate) struct Read {
    pub plan: Arc<ReadPlan>,
    pub params: Vec<Value>,
}

impl Engine {
    pub(crate) fn plan(&self, permitted: Permitted) -> Result<Planned, Fault> {
        let bounds = Bounds { deadline: permitted.deadline, reply_bytes_max: self.settings.reply_bytes_max };
        let plan = Planner { engine: self, permitted: &permitted, bounds }.plan()?;
        let Permitted { operation, format, caller, budget, slot, .. } = permitted;
        Ok(Planned { operation, plan, format, bounds, caller, budget, slot })
    }
}

/// Makes the plan of one permitted call.
struct Planner<'a> {
    engine: &'a Engine,
    permitted: &'a Permitted,
    bounds: Bounds,
}

impl<'a> Planner<'a> {
    fn plan(&self) -> Result<Plan, Fault> {
        let operation = self.operation();
        match &self.permitted.wish {
            Wish::Get { resource, key, wanted } => {
                Ok(Plan::Get { resource: *resource, read: self.get(*resource, key, wanted)? })
            }
            Wish::List { parent, wanted, page, total, .. } => {
                self.list(parent.as_ref(), wanted, page, *total)
            }
            Wish::Count { resource, page } => {
                let nothing = Wanted { resource: *resource, items: Vec::new() };
                Ok(Plan::Count { count: self.count(&nothing, None, page)? })
            }
            Wish::Create { resource, given, wanted, .. } => self.create(*resource, given, wanted),
            Wish::Update { resource, key, given, wanted, .. } => self.update(*resource, key, given, wanted),
            Wish::Upsert { resource, key, given, wanted } => self.upsert(*resource, key, given, wanted),
            Wish::Delete { resource, key, .. } => self.delete(*resource, key),
            Wish::Sql { wanted, arguments } => self.sql(operation, wanted, arguments),
        }
    }

    fn operation(&self) -> &'a Operation {
        self.engine.contract.operation(self.permitted.operation)
    }

    fn facts(&self) -> Facts<'a> {
        self.permitted.caller.facts(&self.permitted.now, &self.permitted.rule_arguments)
    }

    fn with_builder<T>(&self, build: impl FnOnce(&mut Builder<'_>) -> T) -> (T, Params) {
        let facts = self.facts();
        let mut builder = Builder::new(&self.engine.contract, &facts, &self.permitted.decisions);
        let built = build(&mut builder);
        (built, builder.params)
    }

    fn read(
        &self,
        select: Select,
        wanted: &Wanted,
        root: store::Root,
        params: Params,
    ) -> Result<Read, Fault> {
        let key = ReadKey::new(select, wanted, root);
        let plan = self.engine.read_plan(key, || self.shape(wanted))?;
        Ok(Read { plan, params: params.into_values() })
    }

    fn shape(&self, wanted: &Wanted) -> Shape {
        let facts = self.facts();
        Builder::new(&self.engine.contract, &facts, &self.permitted.decisions).shape(wanted)
    }

    /// The commonest read of all, a whole record by its key with no rule in the way, has one plan per resource that
    /// need not be looked up by its intention.
    fn get(&self, resource: ResourceId, key: &KeyFilter, wanted: &Wanted) -> Result<Read, Fault> {
        let fields = &self.engine.contract.resource(resource).fields;
        let has_computed = fields.iter().any(|f| matches!(f.source, Source::Computed(_)));
        let is_star =
            !has_computed && std::ptr::eq(wanted, Arc::as_ptr(&self.engine.stars[resource.index()]));
        let by_key = match key.as_slice() {
            [(field, value)] if *field == self.engine.contract.resource(resource).key => Some(value),
            _ => None,
        };
        let Some(value) = by_key.filter(|_| is_star && self.permitted.decisions.are_open()) else {
            return self.get_as_planned(resource, key, wanted);
        };
        let slot = &self.engine.whole_records[resource.index()];
        if let Some(plan) = slot.get() {
            return Ok(Read { plan: Arc::clone(plan), params: vec![value.clone()] });
        }
        let read = self.get_as_planned(resource, key, wanted)?;
        let _ = slot.set(Arc::clone(&read.plan));
        Ok(read)
    }

    fn get_as_planned(&self, resource: ResourceId, key: &KeyFilter, wanted: &Wanted) -> Result<Read, Fault> {
        let (select, params) = self.with_builder(|builder| {
            let mut select = builder.records(wanted);
            select.filter = and(key_predicate(resource, key, &mut builder.params), select.filter);
            select
        });
        self.read(select, wanted, store::Root::One, params)
    }

    fn list(
        &self,
        parent: Option<&Parent>,
        wanted: &Wanted,
        page: &Page,
        total: Total,
    ) -> Result<Plan, Fault> {
        let (select, params) = self.with_builder(|builder| {
            let mut select = builder.list(wanted, page);
            if let Some(parent) = parent {
                select.filter = and(related_to(parent, builder), select.filter);
            }
            select
        });
        let read = self.read(select, wanted, store::Root::List, params)?;
        let count = match total {
            Total::Unwanted => None,
            Total::Exact => Some(self.count(wanted, parent, page)?),
        };
        let parent = parent.map(|parent| Ok((parent.resource, self.parent(parent)?))).transpose()?;
        Ok(Plan::List { parent, read, count, offset: page.offset })
    }

    /// Whether the row whose relation is listed is there and seen.
    fn parent(&self, parent: &Parent) -> Result<Read, Fault> {
        let nothing = Wanted { resource: parent.resource, items: Vec::new() };
        let key = vec![(self.engine.contract.resource(parent.resource).key, parent.key.clone())];
        self.get(parent.resource, &key, &nothing)
    }

    /// How many rows a list has in all: its condition and its inner relations count, its page does not.
    fn count(&self, wanted: &Wanted, parent: Option<&Parent>, page: &Page) -> Result<Read, Fault> {
        let nothing = Wanted { resource: wanted.resource, items: Vec::new() };
        let everything = Page { condition: page.condition.clone(), ..Page::default() };
        let (mut select, params) = self.with_builder(|builder| {
            let mut select = builder.list(&nothing, &everything);
            select.filter = and(builder.inner_relations(wanted), select.filter);
            if let Some(parent) = parent {
                select.filter = and(related_to(parent, builder), select.filter);
            }
            select
        });
        select.limit = None;
        let plan = self.engine.count_plan(select)?;
        Ok(Read { plan, params: params.into_values() })
    }

    fn create(&self, resource: ResourceId, given: &Given, wanted: &Wanted) -> Result<Plan, Fault> {
        let (write, params) = self.with_builder(|builder| {
            let check = all(builder, &self.write_rules().create);
            let set = self.new_row(resource, given, None, &mut builder.params);
            Write::Insert { resource, set, check }
        });
        self.write(resource, write, params, Some((given, wanted)))
    }

    fn update(
        &self,
        resource: ResourceId,
        key: &KeyFilter,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        let (write, params) = self.with_builder(|builder| {
            let filter = key_predicate(resource, key, &mut builder.params);
            let (visible, before) = self.change_rules(builder, resource);
            let after = before.clone();
            let set = self.changes(resource, given, &mut builder.params);
            let version = self.version(&mut builder.params);
            Write::Update { resource, filter, visible, before, set, after, version }
        });
        self.write(resource, write, params, Some((given, wanted)))
    }

    fn upsert(
        &self,
        resource: ResourceId,
        key: &Value,
        given: &Given,
        wanted: &Wanted,
    ) -> Result<Plan, Fault> {
        let (write, params) = self.with_builder(|builder| {
            let key_param = builder.params.push(key.clone());
            let create_check = all(builder, &self.write_rules().create);
            let (visible, before) = self.change_rules(builder, resource);
            let after = before.clone();
            let insert = self.new_row(resource, given, Some(key_param), &mut builder.params);
            let update = self.replaced(resource, given, &mut builder.params);
            let version = self.version(&mut builder.params);
            Write::Upsert {
                resource,
                key: key_param,
                insert,
                create_check,
                update,
                visible,
                before,
                after,
                version,
            }
        });
        self.write(resource, write, params, Some((given, wanted)))
    }

    fn delete(&self, resource: ResourceId, key: &KeyFilter) -> Result<Plan, Fault> {
        let (write, params) = self.with_builder(|builder| {
            let filter = key_predicate(resource, key, &mut builder.params);
            let (visible, before) = self.change_rules(builder, resource);
            let version = self.version(&mut builder.params);
            Write::Delete { resource, filter, visible, before, version }
        });
        self.write(resource, write, params, None)
    }

    fn write_rules(&self) -> &'a WriteRules {
        &self.permitted.write
    }

    /// Rows the caller sees, and of them those it may change.
    fn change_rules(&self, builder: &mut Builder<'_>, resource: ResourceId) -> (Predicate, Predicate) {
        (builder.visible(resource), all(builder, &self.write_rules().change))
    }

    fn version(&self, params: &mut Params) -> Option<Param> {
        self.permitted.context.version.map(|version| params.push(Value::Int(version)))
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

    /// The fields that an update sets: given and assigned ones.
    fn changes(&self, id: ResourceId, given: &Given, params: &mut Params) -> Vec<(FieldId, Param)> {
        let resource = self.engine.contract.resource(id);
        let mut set: Vec<(FieldId, Param)> =
            given.values.iter().map(|(field, value)| (*field, params.push(value.clone()))).collect();
        if !set.is_empty() {
            let now = assigned(resource, Purpose::Update);
            set.extend(now.map(|(field, assign)| (field, params.push(self.assigned_value(assign)))));
        }
        set
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

    fn assigned_value(&self, assign: Assign) -> Value {
        match assign {
            Assign::CallerId => self.caller_id(),
            Assign::Now | Assign::NowOnChange => Value::Text(self.permitted.now.clone()),
        }
    }

    fn caller_id(&self) -> Value {
        self.permitted.caller.id().map_or(Value::Null, |id| Value::Text(id.to_owned()))
    }

    fn write(
        &self,
        resource: ResourceId,
        write: Write,
        params: Params,
        answer: Option<(&Given, &Wanted)>,
    ) -> Result<Plan, Fault> {
        let secrets = secret_params(self.engine, &write);
        let answer = match answer {
            None => Answering::Steps,
            Some((given, wanted)) => Answering::After(self.answer(resource, given, wanted)?),
        };
        let plan = self.engine.write_plan(write)?;
        let step = Step::Write { plan, params: params.into_values() };
        Ok(Plan::Write { resource: Some(resource), mutation: self.mutation(vec![step], answer), secrets })
    }

    /// What is answered: the record as the caller sees it, else what the caller itself gave and the key.
    fn answer(&self, resource: ResourceId, given: &Given, wanted: &Wanted) -> Result<AnswerRead, Fault> {
        let key_field = self.engine.contract.resource(resource).key;
        // The key is the first parameter of both reads, so the store fills it in at one place for either.
        let ((select, key), params) = self.with_builder(|builder| {
            let key = builder.params.push(Value::Null);
            let mut select = builder.records(wanted);
            select.filter = and(key_is(resource, key_field, key), select.filter);
            (select, key)
        });
        let otherwise = match self.permitted.decisions.read(resource) {
            Reduced::Always => None,
            Reduced::Never | Reduced::Depends(_) => Some(self.own_words(resource, given, wanted)?),
        };
        let read = self.read(select, wanted, store::Root::One, params)?;
        let otherwise = otherwise.map(|own| (own.plan, own.params));
        Ok(AnswerRead { plan: read.plan, params: read.params, key, otherwise })
    }

    /// The part of a selection that the caller gave itself: nothing in it is news.
    fn own_words(&self, resource: ResourceId, given: &Given, wanted: &Wanted) -> Result<Read, Fault> {
        let key_field = self.engine.contract.resource(resource).key;
        let is_own =
            |field: FieldId| field == key_field || given.values.iter().any(|(known, _)| *known == field);
        let items: Vec<WantedItem> = wanted
            .items
            .iter()
            .filter(|item| matches!(&item.what, What::Field { field, json, .. } if is_own(*field) && json.is_empty()))
            .cloned()
            .collect();
        let outputs = items.iter().filter_map(|item| match &item.what {
            What::Field { field, .. } => Some(Output::Value(Operand::Column(own_column(resource, *field)))),
            What::One { .. } | What::Many { .. } | What::Count { .. } => None,
        });
        let select = Select {
            from: resource,
            outputs: outputs.collect(),
            filter: key_is(resource, key_field, 0),
            order: Vec::new(),
            limit: None,
            offset: None,
            edges: None,
        };
        let wanted = Wanted { resource, items };
        let key = ReadKey::new(select, &wanted, store::Root::One);
        let plan = self.engine.read_plan(key, || self.plain_shape(&wanted))?;
        Ok(Read { plan, params: vec![Value::Null] })
    }

    /// A shape of plain fields, whatever the caller sees of them in other rows.
    fn plain_shape(&self, wanted: &Wanted) -> Shape {
        let resource = self.engine.contract.resource(wanted.resource);
        let fields = wanted.items.iter().filter_map(|item| {
            let What::Field { field, .. } = &item.what else { return None };
            let field = resource.field(*field);
            let name = match &item.alias {
                None => Name::new(&field.name, field.number, field.xml),
                Some(alias) => Name::new(alias, 0, field.xml),
            };
            Some(ShapeField::new(name, layout(&self.engine.contract, field)))
        });
        Shape { type_name: resource.name.as_str().into(), fields: fields.collect() }
    }

    fn mutation(&self, steps: Vec<Step>, answer: Answering) -> Mutation {
        Mutation {
            steps,
            answer,
            emits: self.emits(),
            idempotency: self.idempotency(),
            format: self.permitted.format,
            bounds: self.bounds,
            now: self.permitted.now.clone(),
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

    fn sql(&self, operation: &Operation, wanted: &SqlWanted, arguments: &Arguments) -> Result<Plan, Fault> {
        let root = match operation.result.arity {
            Arity::One => store::Root::One,
            Arity::List { .. } => store::Root::List,
        };
        let ((answer, shape), params) = self.sql_answer(operation, wanted);
        let plan = self.engine.sql_plan(self.permitted.operation, answer, shape, root)?;
        let new_id = Value::Text(uuid::Uuid::now_v7().to_string());
        let run =
            plan.parameters().iter().map(|p| self.sql_parameter(operation, arguments, p, &new_id)).collect();
        let answer_params = params.into_values();
        match operation.root {
            Root::Query => Ok(Plan::ReadSql { plan, run, answer_params }),
            Root::Mutation | Root::Subscription => {
                let each = self.sql_each(operation, arguments, &plan, &new_id)?;
                let step = Step::Sql { plan, each, run, answer_params };
                let mutation = self.mutation(vec![step], Answering::Steps);
                Ok(Plan::Write { resource: None, mutation, secrets: Vec::new() })
            }
        }
    }

    fn sql_parameter(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        parameter: &SqlParameter,
        new_id: &Value,
    ) -> Value {
        match parameter {
            SqlParameter::Argument(name) => {
                let at = operation.arguments.iter().position(|a| a.name == *name);
                at.and_then(|at| arguments.stored[at].clone()).unwrap_or(Value::Null)
            }
            SqlParameter::CallerId => self.caller_id(),
            SqlParameter::Now => Value::Text(self.permitted.now.clone()),
            SqlParameter::NewId => new_id.clone(),
            SqlParameter::Changes => Value::Null,
        }
    }

    /// The parameters of the statements that run once per item.
    fn sql_each(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        plan: &SqlPlan,
        new_id: &Value,
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let Binding::Sql(contract::SqlBinding { each: Some(each), .. }) = &operation.binding else {
            return Ok(Vec::new());
        };
        let argument = &operation.arguments[each.argument];
        let Some(Value::List(items)) = arguments.sent[each.argument].as_ref() else {
            return Ok(Vec::new());
        };
        let contract = &self.engine.contract;
        let of_item = |item: &Value, parameter: &SqlParameter| {
            let SqlParameter::Argument(name) = parameter else {
                return Ok(self.sql_parameter(operation, arguments, parameter, new_id));
            };
            let (ty, value) = match argument.ty.base {
                Base::Input(id) => {
                    let member = contract.inputs[id.index()].fields.iter().find(|m| m.name == *name);
                    (member.map(|m| m.ty), item.get(name))
                }
                _ if name == "item" => {
                    (Some(contract::TypeRef { arity: Arity::One, ..argument.ty }), Some(item))
                }
                _ => (None, None),
            };
            match (ty, value) {
                (Some(ty), Some(value)) => crate::input::stored::for_column(contract, ty, value)
                    .map_err(|p| Fault::invalid_field(argument.name.clone(), p.code, p.message)),
                (Some(_), None) => Ok(Value::Null),
                (None, _) => Ok(self.sql_parameter(operation, arguments, parameter, new_id)),
            }
        };
        let parameters = plan.each_parameters();
        items.iter().map(|item| parameters.iter().map(|p| of_item(item, p)).collect()).collect()
    }

    fn sql_answer(&self, operation: &Operation, wanted: &SqlWanted) -> ((SqlAnswer, Option<Shape>), Params) {
        self.with_builder(|builder| match wanted {
            SqlWanted::Nothing => (SqlAnswer::Nothing, None),
            SqlWanted::Scalar => (SqlAnswer::Scalar, Some(self.scalar_shape(operation))),
            SqlWanted::Records(wanted) => {
                let (select, key) = self.by_key(builder, wanted);
                let key_field = self.engine.contract.resource(wanted.resource).key_field();
                let column = key_field.name.clone();
                (SqlAnswer::Records { select: Box::new(select), key, column }, Some(builder.shape(wanted)))
            }
            SqlWanted::Object { object, items } => {
                let (fields, shape): (Vec<SqlField>, Vec<ShapeField>) =
                    items.iter().map(|item| self.result_field(builder, *object, item)).unzip();
                let type_name = self.engine.contract.objects[object.index()].name.as_str().into();
                (SqlAnswer::Object(fields), Some(Shape { type_name, fields: shape }))
            }
        })
    }

    fn scalar_shape(&self, operation: &Operation) -> Shape {
        let layout = match operation.result.base {
            Base::Scalar(scalar) => Layout::Scalar(scalar),
            _ => Layout::Scalar(contract::Scalar::String),
        };
        let name = Name::new("value", 1, contract::Xml::Element);
        Shape { type_name: operation.name.as_str().into(), fields: vec![ShapeField::new(name, layout)] }
    }

    /// Records of a selection that the caller sees, by a key that the statement's own rows give.
    fn by_key(&self, builder: &mut Builder<'_>, wanted: &Wanted) -> (Select, Param) {
        let key_field = self.engine.contract.resource(wanted.resource).key;
        let mut select = builder.records(wanted);
        let key = builder.params.push(Value::Null);
        select.filter = and(key_is(wanted.resource, key_field, key), select.filter);
        (select, key)
    }

    fn result_field(
        &self,
        builder: &mut Builder<'_>,
        object: contract::ObjectId,
        item: &ResultWanted,
    ) -> (SqlField, ShapeField) {
        let field = &self.engine.contract.objects[object.index()].fields[item.field.index()];
        let name = match &item.alias {
            None => Name::new(&field.name, field.number, field.xml),
            Some(alias) => Name::new(alias, 0, field.xml),
        };
        let hidden = *self.permitted.decisions.result_sight(object, item.field) == FieldSight::Hidden;
        match &item.record {
            _ if hidden => (SqlField::Hidden, ShapeField::new(name, layout(&self.engine.contract, field))),
            None => {
                let own = match field.ty.base {
                    Base::Resource(_) => reference_layout(),
                    _ => layout(&self.engine.contract, field),
                };
                (SqlField::Column(field.name.clone()), ShapeField::new(name, own))
            }
            Some(wanted) => {
                let (select, key) = self.by_key(builder, wanted);
                let record = SqlField::Record { column: field.name.clone(), select: Box::new(select), key };
                (record, ShapeField::new(name, Layout::One(Box::new(builder.shape(wanted)))))
            }
        }
    }
}

fn all(builder: &mut Builder<'_>, rules: &[Reduced]) -> Predicate {
    rules.iter().fold(Predicate::True, |so_far, rule| {
        let next = builder.translate().reduced(rule);
        and(so_far, next)
    })
}

fn own_column(resource: ResourceId, field: FieldId) -> Column {
    Column { scope: 0, resource, hops: Vec::new(), field }
}

fn key_is(resource: ResourceId, field: FieldId, param: Param) -> Predicate {
    Predicate::SqlCompare(Compare::Equal, Operand::Column(own_column(resource, field)), Operand::Param(param))
}

fn key_predicate(resource: ResourceId, key: &KeyFilter, params: &mut Params) -> Predicate {
    key.iter().fold(Predicate::True, |so_far, (field, value)| {
        let param = params.push(value.clone());
        and(so_far, key_is(resource, *field, param))
    })
}

fn related_to(parent: &Parent, builder: &mut Builder<'_>) -> Predicate {
    builder.related_to(parent.resource, parent.field, parent.key.clone())
}

/// The parameters of fields that are hashed before they are written.
fn secret_params(engine: &Engine, write: &Write) -> Vec<Param> {
    let secret = |resource: ResourceId, set: &[(FieldId, Param)]| -> Vec<Param> {
        let is_secret = |field: &FieldId| engine.contract.resource(resource).field(*field).is_secret();
        set.iter().filter(|(field, _)| is_secret(field)).map(|(_, param)| *param).collect()
    };
    match write {
        Write::Insert { resource, set, .. } | Write::Update { resource, set, .. } => secret(*resource, set),
        Write::Upsert { resource, insert, update, .. } => {
            let mut params = secret(*resource, insert);
            params.extend(secret(*resource, update));
            params
        }
        Write::Delete { .. } => Vec::new(),
    }
}
