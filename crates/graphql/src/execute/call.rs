//! Root fields as calls.

use super::Request;
use super::answer::Part;
use crate::error::Problem;
use crate::plan::{Arguments, RootField};
use apollo_compiler::executable::SelectionSet;
use contract::{Binding, OperationId, ResourceId};
use describe::graphql::{RootField as Asked, Standard, list_arguments_beside, names};
use engine::{Answer, Call, Fault, Grouping, Input, Kind, ListArgs, Selected, Selection};
use wire::{Format, Value};

impl<'a> Request<'a> {
    /// Answers a field of the root.
    pub(super) async fn field(&self, field: &'a RootField, asked: Asked) -> Part {
        let done = match asked {
            Asked::Node => Box::pin(self.node(field)).await,
            Asked::Standard { does, resource, operation } => {
                self.standard(field, does, resource, operation).await
            }
            Asked::Own(operation) => self.own(field, operation).await,
            Asked::Nothing => Ok(Part::json(b"null".to_vec())),
        };
        done.unwrap_or_else(|problem| Part::refused(self.identity_first(field, problem)))
    }

    /// Who calls comes before what was sent.
    fn identity_first(&self, field: &RootField, problem: Problem) -> Problem {
        if problem.kind != Kind::Invalid {
            return problem;
        }
        let unknown = self.engine.identity_first(field.target.operation(), &self.context.credentials);
        unknown.map_or(problem, Problem::from)
    }

    async fn standard(
        &self,
        field: &'a RootField,
        does: Standard,
        id: ResourceId,
        operation: OperationId,
    ) -> Result<Part, Problem> {
        let arguments = self.arguments(field)?;
        let key = self.translate.face.contract.resource(id).key_field().name.as_str();
        let input = match does {
            Standard::Connection => return Box::pin(self.connection(field, id, operation, arguments)).await,
            Standard::Get => Input { key: arguments.text(key), ..Input::default() },
            Standard::List => Input { list: self.translate.list(id, &arguments)?, ..Input::default() },
            Standard::Count | Standard::Aggregate => {
                Input { list: self.rows(id, &arguments)?, ..Input::default() }
            }
            Standard::Groups => Input {
                list: self.translate.list(id, &arguments)?,
                grouping: Grouping::ByFields,
                ..Input::default()
            },
            Standard::Create => Input { data: Some(arguments.without(&[])), ..Input::default() },
            Standard::Update | Standard::Upsert | Standard::Delete => {
                return self.change(field, does, id, operation, arguments).await;
            }
            Standard::Batch => Input { data: arguments.get(names::OPERATIONS).cloned(), ..Input::default() },
        };
        let selected = self.selected(field, operation, |sets| match does {
            Standard::Aggregate | Standard::Groups => self.translate.totals(sets).map(Some),
            Standard::Count => Ok(None),
            _ => self.translate.records(id, sets).map(Some),
        })?;
        let answer = self.call(field, operation, input, selected, None).await;
        Ok(match (does, answer) {
            (Standard::Get, Err(fault)) if fault.kind == Kind::NotFound => absent(),
            (_, answer) => part(answer),
        })
    }

    /// A write of the record with a key.
    async fn change(
        &self,
        field: &'a RootField,
        does: Standard,
        id: ResourceId,
        operation: OperationId,
        arguments: Arguments,
    ) -> Result<Part, Problem> {
        let resource = self.translate.face.contract.resource(id);
        let key_name = resource.key_field().name.as_str();
        let is_field = resource.field_named(names::IF_VERSION).is_some();
        let version = match arguments.get(names::IF_VERSION).filter(|_| !is_field) {
            None => None,
            Some(value) => Some(version(value)?),
        };
        let key = arguments.text(key_name);
        let given: &[&str] = if is_field { &[key_name] } else { &[key_name, names::IF_VERSION] };
        let data = (does != Standard::Delete).then(|| arguments.without(given));
        let selected = self.selected(field, operation, |sets| self.translate.records(id, sets).map(Some))?;
        let input = Input { key, data, ..Input::default() };
        Ok(part(self.call(field, operation, input, selected, version).await))
    }

    /// An operation of the contract's own.
    async fn own(&self, field: &'a RootField, id: OperationId) -> Result<Part, Problem> {
        let operation = self.translate.face.contract.operation(id);
        let arguments = self.arguments(field)?;
        let beside: Vec<&str> = list_arguments_beside(operation).collect();
        let list = match operation.binding {
            Binding::List(resource) => self.translate.list_beside(resource, &arguments, &beside)?,
            _ => ListArgs::default(),
        };
        let data = Some(arguments.without(&beside));
        let base = operation.result.base;
        let selected = self.selected(field, id, |sets| self.translate.result(base, sets))?;
        let input = Input { data, list, ..Input::default() };
        let answer = self.call(field, id, input, selected, None).await;
        let may_be_absent = matches!(operation.binding, Binding::Get(_)) && !operation.result.required;
        Ok(match answer {
            Err(fault) if fault.kind == Kind::NotFound && may_be_absent => absent(),
            answer => part(answer),
        })
    }

    fn rows(&self, id: ResourceId, arguments: &Arguments) -> Result<ListArgs, Problem> {
        Ok(ListArgs { filter: self.translate.condition(id, arguments)?, ..ListArgs::default() })
    }

    pub(super) fn arguments(&self, field: &RootField) -> Result<Arguments, Problem> {
        match field.nodes.first() {
            Some(node) => {
                let Self { translate, .. } = self;
                Arguments::new(translate.face, translate.document, node, translate.variables)
            }
            None => Ok(Arguments::default()),
        }
    }

    /// The selection of a field, from what is kept of it or made anew.
    pub(super) fn selected(
        &self,
        field: &'a RootField,
        operation: OperationId,
        translate: impl FnOnce(&[&'a SelectionSet]) -> Result<Option<Selection>, Problem>,
    ) -> Result<Selected, Problem> {
        let sets: Vec<&SelectionSet> = field.nodes.iter().map(|node| &node.selection_set).collect();
        let is_leaf = sets.iter().all(|set| set.is_empty());
        if is_leaf {
            return Ok(Selected::Default);
        }
        field.selected(self.translate.face, self.engine, operation, self.translate.variables, || {
            Ok(translate(&sets)?.unwrap_or_default())
        })
    }

    pub(super) async fn call(
        &self,
        field: &RootField,
        operation: OperationId,
        input: Input,
        selection: Selected,
        version: Option<i64>,
    ) -> Result<Answer, Fault> {
        let mut context = self.context.clone();
        context.version = version;
        // One key of the client's stands for one write.
        if let Some(key) = &mut context.idempotency_key
            && self.mutations > 1
        {
            *key = format!("{key}/{}", field.key);
        }
        if let Some(timeout) = &mut context.timeout {
            *timeout = timeout.saturating_sub(self.begun.elapsed());
        }
        context.reply_bytes_max = Some(self.bytes_left());
        let call = Call { operation, input, selection, format: Format::Graphql, context };
        let answer = self.engine.call(call).await;
        self.spend(answer.as_ref().map_or(0, |answer| answer.body.len()));
        answer
    }
}

pub(super) fn part(answer: Result<Answer, Fault>) -> Part {
    match answer {
        Ok(answer) => Part::of(answer),
        Err(fault) => fault.into(),
    }
}

/// A record that is not there, which is an answer.
pub(super) fn absent() -> Part {
    Part::json(b"null".to_vec())
}

/// A version as a number, or as the text that answers hold.
fn version(value: &Value) -> Result<i64, Problem> {
    let number = match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| crate::plan::misfit(names::IF_VERSION, "TYPE", "is a whole number"))
}
