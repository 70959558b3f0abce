//! Plans of operations that run SQL of the contract's own.

use super::{Plan, Planner, Writing, key_is};
use crate::fault::Fault;
use crate::input::Arguments;
use crate::policy::FieldSight;
use crate::select::{Builder, Params, Wanted, and, chosen_layout, layout, reference_layout, shape};
use crate::stage::validate::{ResultField, ResultPart, ResultWanted, SqlWanted};
use contract::{Argument, Arity, Atomicity, Base, Binding, Operation, Root, TypeRef};
use std::cell::LazyCell;
use std::sync::{Arc, OnceLock};
use store::{Answering, Param, Select, SqlAnswer, SqlField, SqlParameter, SqlPlan, Step};
use wire::{Layout, Name, Shape, ShapeField, Value};

/// The list whose items are applied each by itself.
pub(crate) fn applied_apart(operation: &Operation) -> Option<usize> {
    match &operation.binding {
        Binding::Sql(contract::SqlBinding { each: Some(each), .. }) => {
            (each.atomicity == Atomicity::EachItem).then_some(each.argument)
        }
        _ => None,
    }
}

/// Where a parameter of an item's statements comes from.
enum EachFrom<'n> {
    /// It is the item.
    Item(TypeRef),
    /// It is a member of the item.
    Member(TypeRef, &'n str),
    /// It is the same for all items.
    Call(Value),
}

/// A key that is made where it is asked for: chance costs something.
type NewId = LazyCell<Value>;

impl Planner<'_> {
    pub(super) fn sql(
        &self,
        operation: &Operation,
        wanted: &SqlWanted,
        arguments: &Arguments,
    ) -> Result<Plan, Fault> {
        let root = match operation.result.arity {
            Arity::One => store::Root::One,
            Arity::List { .. } => store::Root::List,
        };
        let (plan, answer_params) = self.sql_plan(operation, wanted, root)?;
        let new_id: NewId = LazyCell::new(|| Value::Text(uuid::Uuid::now_v7().to_string()));
        let run =
            plan.parameters().iter().map(|p| self.sql_parameter(operation, arguments, p, &new_id)).collect();
        match operation.root {
            Root::Query => Ok(Plan::ReadSql { plan, run, answer_params }),
            Root::Mutation | Root::Subscription => {
                let each = self.sql_each(operation, arguments, &plan, &new_id)?;
                if let Some(argument) = applied_apart(operation) {
                    let items = Step::Items { plan: Arc::clone(&plan), each };
                    let answer = Step::Sql { plan, each: Vec::new(), run, answer_params, changes: 0 };
                    return self.items(items, answer, argument);
                }
                let step = Step::Sql { plan, each, run, answer_params, changes: 0 };
                let mutation = self.mutation(vec![step], Answering::Steps);
                Ok(Plan::Write { write: Writing::Sql, mutation: Box::new(mutation), secrets: Vec::new() })
            }
        }
    }

    /// An answer that is remembered by a key would stand for items that are applied again.
    fn items(&self, items: Step, answer: Step, argument: usize) -> Result<Plan, Fault> {
        if self.permitted.context.idempotency_key.is_some() {
            let message = "is not for an operation that applies items one by one";
            return Err(Fault::invalid_field("Idempotency-Key", "UNSUPPORTED", message));
        }
        let answer = Box::new(self.mutation(vec![answer], Answering::Steps));
        let items = self.mutation(vec![items], Answering::Steps);
        // Events are of the operation, not of its items.
        let items = Box::new(store::Mutation { emits: Vec::new(), ..items });
        Ok(Plan::Items { items, answer, argument })
    }

    /// The plan, with the parameters of its answer's reads. Where whole records are answered and no rule keeps anything
    /// from the caller, it is everybody's.
    fn sql_plan(
        &self,
        operation: &Operation,
        wanted: &SqlWanted,
        root: store::Root,
    ) -> Result<(Arc<SqlPlan>, Vec<Value>), Fault> {
        let engine = self.engine;
        let id = self.permitted.operation;
        let is_everybodys = match wanted {
            SqlWanted::Records(wanted) => {
                let star = wanted.resource.index();
                Arc::ptr_eq(wanted, &engine.stars[star]) && engine.whole_records[star].is_some()
            }
            SqlWanted::Nothing | SqlWanted::Scalar | SqlWanted::Object { .. } => false,
        };
        let slot =
            (is_everybodys && self.permitted.decisions.are_open()).then(|| &engine.whole_results[id.index()]);
        if let Some((plan, params)) = slot.and_then(OnceLock::get) {
            return Ok((Arc::clone(plan), params.clone()));
        }
        let ((answer, shape), params) = self.sql_answer(operation, wanted);
        let plan = engine.sql_plan(id, answer, shape, root)?;
        let params = params.into_values();
        if let Some(slot) = slot {
            let _ = slot.set((Arc::clone(&plan), params.clone()));
        }
        Ok((plan, params))
    }

    fn sql_parameter(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        parameter: &SqlParameter,
        new_id: &NewId,
    ) -> Value {
        match parameter {
            SqlParameter::Argument(name) => {
                let at = operation.arguments.iter().position(|a| a.name == *name);
                at.and_then(|at| self.sql_argument(operation, arguments, at)).unwrap_or(Value::Null)
            }
            SqlParameter::CallerId => self.caller_id(),
            SqlParameter::Now => Value::Text(self.permitted.now.clone()),
            SqlParameter::NewId => Value::clone(new_id),
            SqlParameter::Changes => Value::Null,
        }
    }

    /// An argument in stored form. Of one that arrived item by item that is worked out only where it is used.
    fn sql_argument(&self, operation: &Operation, arguments: &Arguments, at: usize) -> Option<Value> {
        let ty = operation.arguments[at].ty;
        match (&arguments.stored[at], &arguments.sent[at]) {
            (None, Some(sent)) => crate::input::stored::for_column(&self.engine.contract, ty, sent).ok(),
            (stored, _) => stored.clone(),
        }
    }

    /// The parameters of the statements that run once per item.
    fn sql_each(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        plan: &SqlPlan,
        new_id: &NewId,
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let Binding::Sql(contract::SqlBinding { each: Some(each), .. }) = &operation.binding else {
            return Ok(Vec::new());
        };
        let argument = &operation.arguments[each.argument];
        let Some(Value::List(items)) = arguments.sent[each.argument].as_ref() else {
            return Ok(Vec::new());
        };
        let contract = &self.engine.contract;
        let from = |parameter| self.each_from(operation, arguments, argument, parameter, new_id);
        let from: Vec<EachFrom<'_>> = plan.each_parameters().iter().map(from).collect();
        let of_item = |item: &Value, from: &EachFrom<'_>| {
            let (ty, value) = match from {
                EachFrom::Call(value) => return Ok(value.clone()),
                EachFrom::Item(ty) => (*ty, Some(item)),
                EachFrom::Member(ty, name) => (*ty, item.get(name)),
            };
            let stored = value.map(|value| crate::input::stored::for_column(contract, ty, value));
            stored
                .unwrap_or(Ok(Value::Null))
                .map_err(|p| Fault::invalid_field(argument.name.clone(), p.code, p.message))
        };
        items.iter().map(|item| from.iter().map(|from| of_item(item, from)).collect()).collect()
    }

    /// Where a parameter of the statements that run once per item comes from.
    fn each_from<'n>(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        argument: &Argument,
        parameter: &'n SqlParameter,
        new_id: &NewId,
    ) -> EachFrom<'n> {
        let own = match (parameter, argument.ty.base) {
            (SqlParameter::Argument(name), Base::Input(id)) => {
                let members = &self.engine.contract.inputs[id.index()].fields;
                let member = members.iter().find(|member| member.name == *name);
                member.map(|member| EachFrom::Member(member.ty, name))
            }
            (SqlParameter::Argument(name), _) if name == "item" => {
                Some(EachFrom::Item(TypeRef { arity: Arity::One, ..argument.ty }))
            }
            _ => None,
        };
        own.unwrap_or_else(|| EachFrom::Call(self.sql_parameter(operation, arguments, parameter, new_id)))
    }

    fn sql_answer(&self, operation: &Operation, wanted: &SqlWanted) -> ((SqlAnswer, Option<Shape>), Params) {
        self.with_builder(|builder| match wanted {
            SqlWanted::Nothing => (SqlAnswer::Nothing, None),
            SqlWanted::Scalar => (SqlAnswer::Scalar, Some(self.scalar_shape(operation))),
            SqlWanted::Records(wanted) => {
                let (select, key) = self.by_key(builder, wanted);
                let key_field = self.engine.contract.resource(wanted.resource).key_field();
                let column = key_field.name.clone();
                (
                    SqlAnswer::Records { select: Box::new(select), key, column },
                    Some(self.shape(builder, wanted)),
                )
            }
            SqlWanted::Object { object, items } => {
                let (fields, shape): (Vec<SqlField>, Vec<ShapeField>) =
                    items.iter().map(|item| self.result_item(builder, *object, item)).unzip();
                let type_name = self.engine.contract.objects[object.index()].name.as_str().into();
                (SqlAnswer::Object(fields), Some(Shape { type_name, fields: shape }))
            }
        })
    }

    fn shape(&self, builder: &Builder<'_>, wanted: &Wanted) -> Shape {
        shape(&self.engine.contract, &builder.outline(wanted))
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

    pub(super) fn result_item(
        &self,
        builder: &mut Builder<'_>,
        object: contract::ObjectId,
        item: &ResultWanted,
    ) -> (SqlField, ShapeField) {
        match item {
            ResultWanted::Field(field) => self.result_field(builder, object, field),
            ResultWanted::TypeName(alias) => {
                let name = Name::new(alias, 0, contract::Xml::Element);
                let layout = Layout::Scalar(contract::Scalar::String);
                (SqlField::TypeName, ShapeField::required(name, layout))
            }
        }
    }

    fn result_field(
        &self,
        builder: &mut Builder<'_>,
        object: contract::ObjectId,
        item: &ResultField,
    ) -> (SqlField, ShapeField) {
        let field = &self.engine.contract.objects[object.index()].fields[item.field.index()];
        let name = match &item.alias {
            None => Name::new(&field.name, field.number, field.xml),
            Some(alias) => Name::new(alias, 0, field.xml),
        };
        let hidden = *self.permitted.decisions.result_sight(object, item.field) == FieldSight::Hidden;
        let required = !self.engine.contract.may_be_null(field);
        match &item.part {
            _ if hidden => (SqlField::Hidden, ShapeField::new(name, layout(&self.engine.contract, field))),
            ResultPart::Whole => {
                let layout = match field.ty.base {
                    Base::Resource(id) => reference_layout(&self.engine.contract, id),
                    _ => layout(&self.engine.contract, field),
                };
                (SqlField::Column(field.name.clone()), ShapeField { name, layout, required })
            }
            ResultPart::Members(members) => {
                let layout = chosen_layout(&self.engine.contract, field, members);
                (SqlField::Column(field.name.clone()), ShapeField { name, layout, required })
            }
            ResultPart::Record(wanted) => {
                let (select, key) = self.by_key(builder, wanted);
                let record = SqlField::Record { column: field.name.clone(), select: Box::new(select), key };
                (
                    record,
                    ShapeField { name, layout: Layout::One(Box::new(self.shape(builder, wanted))), required },
                )
            }
        }
    }
}
