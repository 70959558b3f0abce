//! Short ways to write values over rows, and to read them.
#![allow(dead_code, clippy::unwrap_used)]

pub mod by_hand;

use crate::social::{Social, USER};
use crate::support::{block, bounds};
use contract::{Scalar, Xml};
use serde_json::Value as Json;
use std::sync::Arc;
use store::{
    Aggregate, AggregateOutput, Error, Measure, Operand, Param, PlanError, Predicate, ReadPlan, Reply, Root,
    Store,
};
use wire::{Format, Layout, Name, Shape, ShapeField, Value};

/// An output and its place in the shape.
pub type Item = (AggregateOutput, ShapeField);

pub fn item(name: &str, output: AggregateOutput, layout: Layout) -> Item {
    (output, ShapeField::new(Name::new(name, 1, Xml::Element), layout))
}

pub fn key(name: &str, operand: Operand, scalar: Scalar) -> Item {
    item(name, AggregateOutput::Key(operand), Layout::Scalar(scalar))
}

pub fn measure(name: &str, measure: Measure, scalar: Scalar) -> Item {
    item(name, AggregateOutput::Measure(measure), Layout::Scalar(scalar))
}

pub fn group(name: &str, items: Vec<Item>) -> Item {
    let (outputs, fields) = items.into_iter().unzip();
    let shape = Shape { type_name: format!("Of{name}").into(), fields };
    item(name, AggregateOutput::Group(outputs), Layout::One(Box::new(shape)))
}

pub fn type_name(name: &str) -> Item {
    item(name, AggregateOutput::TypeName, Layout::Scalar(Scalar::String))
}

pub fn count() -> Item {
    measure("count", Measure::Count, Scalar::Int)
}

/// Of people that satisfy a condition.
pub fn people(filter: Predicate, items: Vec<Item>) -> (Aggregate, Shape) {
    let (outputs, fields) = items.into_iter().unzip();
    let aggregate = Aggregate { from: USER, outputs, filter, limit: None, offset: None };
    (aggregate, Shape { type_name: "UserAggregate".into(), fields })
}

pub fn paged((aggregate, shape): (Aggregate, Shape), limit: Param, offset: Param) -> (Aggregate, Shape) {
    (Aggregate { limit: Some(limit), offset: Some(offset), ..aggregate }, shape)
}

pub fn try_plan(
    store: &Store,
    (aggregate, shape): (Aggregate, Shape),
    root: Root,
) -> Result<ReadPlan, PlanError> {
    store.plan_aggregate(&aggregate, shape, root)
}

pub fn plan(social: &Social, wanted: (Aggregate, Shape), root: Root) -> Arc<ReadPlan> {
    Arc::new(try_plan(&social.store, wanted, root).unwrap())
}

pub fn run(
    social: &Social,
    wanted: (Aggregate, Shape),
    root: Root,
    params: &[Value],
    format: Format,
) -> Result<Reply, Error> {
    block(social.store.read(&plan(social, wanted, root), params.to_vec(), format, bounds()))
}

pub fn read(social: &Social, wanted: (Aggregate, Shape), root: Root, params: &[Value]) -> Json {
    serde_json::from_slice(&run(social, wanted, root, params, Format::Json).unwrap().body).unwrap()
}
