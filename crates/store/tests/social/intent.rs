//! Short ways to write intentions.

use contract::{Arity, Base, Compare, FieldId, Quantifier, ResourceId, Scalar, Xml};
use store::*;
use wire::{Layout, Name, Shape, ShapeField};

/// A field of the innermost row.
pub fn field(resource: ResourceId, field: FieldId) -> Operand {
    Operand::Column(column(resource, &[], field))
}

/// A column reached by hops.
pub fn column(resource: ResourceId, hops: &[FieldId], field: FieldId) -> Column {
    Column { scope: 0, resource, hops: hops.to_vec(), field }
}

/// A field reached by hops.
pub fn hop(resource: ResourceId, hops: &[FieldId], field: FieldId) -> Operand {
    Operand::Column(column(resource, hops, field))
}

/// A field of the row one scope further out.
pub fn outer(resource: ResourceId, field: FieldId) -> Operand {
    Operand::Column(Column { scope: 1, resource, hops: Vec::new(), field })
}

pub fn param(number: Param) -> Operand {
    Operand::Param(number)
}

pub fn equal(left: Operand, right: Operand) -> Predicate {
    Predicate::Compare(Compare::Equal, left, right)
}

pub fn not(of: Predicate) -> Predicate {
    Predicate::Not(Box::new(of))
}

pub fn related(quantifier: Quantifier, over: Column, filter: Predicate) -> Predicate {
    Predicate::Related { quantifier, over, filter: Box::new(filter) }
}

pub fn reached(over: Column, filter: Predicate) -> Predicate {
    Predicate::Reached { over, filter: Box::new(filter) }
}

pub fn order(by: Operand, direction: Direction, nulls: Nulls) -> Order {
    Order { by, direction, nulls }
}

fn shape_field(name: &str, layout: Layout) -> ShapeField {
    ShapeField::new(Name::new(name, 1, Xml::Element), layout)
}

/// An output and its place in the shape.
pub type Item = (Output, ShapeField);

/// A stored field under its own name.
pub fn stored(resource: ResourceId, id: FieldId) -> Item {
    let contract = super::contract();
    let found = contract.resource(resource).field(id);
    let layout = match (found.ty.arity, found.ty.base) {
        (Arity::List { .. }, Base::Scalar(item)) => Layout::List(Box::new(Layout::Scalar(item))),
        (_, Base::Scalar(scalar)) => Layout::Scalar(scalar),
        _ => Layout::Scalar(Scalar::Id),
    };
    (Output::Value(field(resource, id)), shape_field(&found.name, layout))
}

pub fn value(name: &str, operand: Operand, scalar: Scalar) -> Item {
    (Output::Value(operand), shape_field(name, Layout::Scalar(scalar)))
}

pub fn one(name: &str, field: FieldId, (select, shape): (Select, Shape)) -> Item {
    let output = Output::One { field, select: Box::new(select), inner: false };
    (output, shape_field(name, Layout::One(Box::new(shape))))
}

pub fn spread(name: &str, field: FieldId, (select, shape): (Select, Shape)) -> Item {
    let output = Output::One { field, select: Box::new(select), inner: false };
    (output, shape_field(name, Layout::Spread(Box::new(shape))))
}

pub fn many(name: &str, field: FieldId, (select, shape): (Select, Shape)) -> Item {
    let output = Output::Many { field, select: Box::new(select), inner: false };
    (output, shape_field(name, Layout::Many(Box::new(shape))))
}

pub fn count(name: &str, field: FieldId, filter: Predicate) -> Item {
    (Output::Count { field, filter: Box::new(filter) }, shape_field(name, Layout::Scalar(Scalar::Int)))
}

pub fn type_name(name: &str) -> Item {
    (Output::TypeName, shape_field(name, Layout::Scalar(Scalar::String)))
}

/// More of the same row, as a record of this type.
pub fn group(name: &str, type_name: &str, items: Vec<Item>) -> Item {
    let (outputs, fields) = items.into_iter().unzip();
    let shape = Shape { type_name: type_name.into(), fields };
    (Output::Group(outputs), shape_field(name, Layout::One(Box::new(shape))))
}

/// The item, never null where a format promises it.
pub fn required((output, field): Item) -> Item {
    (output, ShapeField { required: true, ..field })
}

/// The relation, leaving out parents without it.
pub fn inner((mut output, field): Item) -> Item {
    match &mut output {
        Output::One { inner, .. } | Output::Many { inner, .. } => *inner = true,
        Output::Value(_)
        | Output::Count { .. }
        | Output::TypeName
        | Output::Reference { .. }
        | Output::Group(_) => {
            panic!("not a relation")
        }
    }
    (output, field)
}

/// All rows with these items.
pub fn all(from: ResourceId, items: Vec<Item>) -> (Select, Shape) {
    let (outputs, fields) = items.into_iter().unzip();
    let filter = Predicate::True;
    let select = Select { from, outputs, filter, order: Vec::new(), limit: None, offset: None, edges: None };
    (select, Shape { type_name: super::contract().resource(from).name.as_str().into(), fields })
}

pub fn filtered((select, shape): (Select, Shape), filter: Predicate) -> (Select, Shape) {
    (Select { filter, ..select }, shape)
}

pub fn ordered((select, shape): (Select, Shape), order: Vec<Order>) -> (Select, Shape) {
    (Select { order, ..select }, shape)
}

pub fn limited((select, shape): (Select, Shape), limit: Param) -> (Select, Shape) {
    (Select { limit: Some(limit), ..select }, shape)
}
