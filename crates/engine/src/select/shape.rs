//! The shapes of replies, each made of its outline and the contract alone.

use super::outline::{Holds, Outline, OutlineField};
use super::resolve::is_many;
use super::wanted::{MemberWhat, Totals, TotalsItem, TotalsWhat, WantedMember};
use crate::call::Measure;
use contract::names::upper_snake;
use contract::{
    Arity, Base, COUNT_NUMBER, Contract, Field, Object, ObjectId, ResourceId, Scalar, TypeRef,
    VERSION_NUMBER, Xml, count_number,
};
use wire::{Chosen, EnumValue, Items, Layout, MemberOf, Name, Shape, ShapeField};

/// Whether a field of a reply is ever null.
enum Presence {
    Always,
    /// As the contract says of the field.
    AsDeclared,
    /// It may be, whatever the contract says of the field.
    Sometimes,
}

/// The shape of a record.
pub(crate) fn shape(contract: &Contract, outline: &Outline) -> Shape {
    let own = &contract.resource(outline.resource).name;
    let fields = outline.fields.iter().map(|field| shape_field(contract, outline.resource, field));
    Shape { type_name: outline.type_name.as_deref().unwrap_or(own).into(), fields: fields.collect() }
}

fn shape_field(contract: &Contract, id: ResourceId, of: &OutlineField) -> ShapeField {
    let text = || Layout::Scalar(Scalar::String);
    let unnamed = |number, layout| {
        let name = Name::new(of.alias.as_deref().unwrap_or_default(), number, Xml::Element);
        ShapeField::required(name, layout)
    };
    let own = |field: &contract::FieldId| contract.resource(id).field(*field);
    let record = |outline| Box::new(shape(contract, outline));
    let (field, layout, presence) = match &of.holds {
        Holds::TypeName | Holds::Cursor | Holds::Withheld(None) => return unnamed(0, text()),
        Holds::Version => return unnamed(VERSION_NUMBER, Layout::Scalar(Scalar::Long)),
        Holds::Group(outline) => return unnamed(0, Layout::One(record(outline))),
        Holds::Value(field) => (own(field), layout(contract, own(field)), Presence::AsDeclared),
        Holds::JsonPart(field) => (own(field), Layout::Scalar(Scalar::Json), Presence::Sometimes),
        Holds::TextPart(field) => (own(field), text(), Presence::Sometimes),
        Holds::Members(field, members) => {
            (own(field), chosen_layout(contract, own(field), members), Presence::AsDeclared)
        }
        Holds::One(field, outline) => (own(field), Layout::One(record(outline)), Presence::AsDeclared),
        Holds::OneIf(field, outline) => (own(field), Layout::One(record(outline)), Presence::Sometimes),
        Holds::Spread(field, outline) => (own(field), Layout::Spread(record(outline)), Presence::AsDeclared),
        Holds::SpreadIf(field, outline) => (own(field), Layout::Spread(record(outline)), Presence::Sometimes),
        Holds::Many(field, outline) => (own(field), Layout::Many(record(outline)), Presence::Always),
        Holds::Count(field) => (own(field), Layout::Scalar(Scalar::Int), Presence::Always),
        Holds::Withheld(Some(field)) if is_many(own(field)) => (own(field), text(), Presence::Always),
        Holds::Withheld(Some(field)) => (own(field), text(), Presence::AsDeclared),
    };
    let required = match presence {
        Presence::Always => true,
        Presence::AsDeclared => !contract.may_be_null(field),
        Presence::Sometimes => false,
    };
    ShapeField { name: name_of(of, field), layout, required }
}

fn name_of(of: &OutlineField, field: &Field) -> Name {
    match (&of.alias, &of.holds) {
        (None, _) => Name::new(&field.name, field.number, field.xml),
        (Some(alias), Holds::Count(_)) => Name::new(alias, count_number(field.number), field.xml),
        (Some(alias), _) => Name::new(alias, 0, field.xml),
    }
}

/// The shape of what an aggregate answers.
pub(crate) fn shape_of_totals(contract: &Contract, totals: &Totals) -> Shape {
    totals_shape(contract, totals.resource, &totals.items, &totals.type_name)
}

fn totals_shape(contract: &Contract, id: ResourceId, items: &[TotalsItem], type_name: &str) -> Shape {
    let fields = items.iter().map(|item| {
        let name = Name::new(&item.alias, total_number(contract, id, &item.what), Xml::Element);
        let required = match &item.what {
            TotalsWhat::Key(_) => false,
            TotalsWhat::Measure(measure, _) => *measure == Measure::Count,
            TotalsWhat::Count | TotalsWhat::TypeName | TotalsWhat::Group { .. } => true,
        };
        ShapeField { name, layout: total_layout(contract, id, &item.what), required }
    });
    Shape { type_name: type_name.into(), fields: fields.collect() }
}

/// The number of a value's place: that of its field, in the message of its measure.
fn total_number(contract: &Contract, id: ResourceId, what: &TotalsWhat) -> u32 {
    match what {
        TotalsWhat::Key(field) | TotalsWhat::Measure(_, field) => contract.resource(id).field(*field).number,
        TotalsWhat::Count => COUNT_NUMBER,
        TotalsWhat::Group { number, .. } => *number,
        TotalsWhat::TypeName => 0,
    }
}

fn total_layout(contract: &Contract, id: ResourceId, what: &TotalsWhat) -> Layout {
    match what {
        // A reference is the other record's key here, whatever is asked for.
        TotalsWhat::Key(field) => match contract.resource(id).field(*field) {
            Field { ty: TypeRef { base: Base::Resource(target), .. }, .. } => {
                layout(contract, contract.resource(*target).key_field())
            }
            field => layout(contract, field),
        },
        TotalsWhat::Count | TotalsWhat::Measure(Measure::Count, _) => Layout::Scalar(Scalar::Int),
        TotalsWhat::Measure(Measure::Average, _) => Layout::Scalar(Scalar::Float),
        TotalsWhat::Measure(measure @ (Measure::Sum | Measure::Least | Measure::Greatest), field) => {
            match layout(contract, contract.resource(id).field(*field)) {
                // A sum of 32-bit numbers may need more.
                Layout::Scalar(Scalar::Int) if *measure == Measure::Sum => Layout::Scalar(Scalar::Long),
                other => other,
            }
        }
        TotalsWhat::TypeName => Layout::Scalar(Scalar::String),
        TotalsWhat::Group { items, type_name, .. } => {
            Layout::One(Box::new(totals_shape(contract, id, items, type_name)))
        }
    }
}

/// How a field's own value is laid out.
pub(crate) fn layout(contract: &Contract, field: &Field) -> Layout {
    layout_within(contract, field, &mut Vec::new())
}

/// The same, within objects of these types. What holds a type within itself has no end: there it is any JSON.
fn layout_within(contract: &Contract, field: &Field, around: &mut Vec<ObjectId>) -> Layout {
    let one = match field.ty.base {
        Base::Scalar(scalar) => Layout::Scalar(scalar),
        Base::Enum(id) => {
            let own = &contract.enums[id.index()];
            let prefix = upper_snake(&own.name);
            let value = |value: &contract::EnumValue| {
                let proto = format!("{prefix}_{}", upper_snake(&value.name));
                EnumValue::new(&value.name, value.number, &proto)
            };
            Layout::Enum(own.values.iter().map(value).collect())
        }
        // A to-one field without a selection of its own is the other record's key.
        Base::Resource(id) => reference_layout(contract, id),
        Base::Object(id) if around.contains(&id) => Layout::Scalar(Scalar::Json),
        Base::Object(id) => {
            let object = &contract.objects[id.index()];
            around.push(id);
            let fields = object.fields.iter().map(|f| {
                let name = Name::new(&f.name, f.number, f.xml);
                ShapeField { name, layout: layout_within(contract, f, around), required: f.ty.required }
            });
            let shape = Shape { type_name: object.name.as_str().into(), fields: fields.collect() };
            around.pop();
            Layout::Object(Box::new(shape))
        }
        Base::Input(_) | Base::Abstract(_) => Layout::Scalar(Scalar::Json),
    };
    match field.ty.arity {
        Arity::One => one,
        Arity::List { .. } => Layout::List(Box::new(one)),
    }
}

/// How the members that are wanted of the object in a field are laid out.
pub(crate) fn chosen_layout(contract: &Contract, field: &Field, members: &[WantedMember]) -> Layout {
    let Base::Object(id) = field.ty.base else { return layout(contract, field) };
    let object = &contract.objects[id.index()];
    let items = match field.ty.arity {
        Arity::One => Items::None,
        Arity::List { item_required: false } => Items::Nullable,
        Arity::List { item_required: true } => Items::Required,
    };
    let members = members.iter().map(|member| chosen_member(contract, object, member)).collect();
    Layout::Chosen(Box::new(Chosen::new(&object.name, items, members)))
}

fn chosen_member<'a>(
    contract: &Contract,
    object: &'a Object,
    member: &WantedMember,
) -> (MemberOf<'a>, ShapeField) {
    let alias = || Name::new(member.alias.as_deref().unwrap_or_default(), 0, Xml::Element);
    let (field, layout) = match &member.what {
        MemberWhat::TypeName => {
            return (MemberOf::TypeName, ShapeField::required(alias(), Layout::Scalar(Scalar::String)));
        }
        MemberWhat::Whole(id) => {
            let field = &object.fields[id.index()];
            (field, layout(contract, field))
        }
        MemberWhat::Object(id, members) => {
            let field = &object.fields[id.index()];
            (field, chosen_layout(contract, field, members))
        }
    };
    let name = match &member.alias {
        None => Name::new(&field.name, field.number, field.xml),
        Some(alias) => Name::new(alias, 0, field.xml),
    };
    (MemberOf::Stored(&field.name), ShapeField { name, layout, required: field.ty.required })
}

/// A key of another record.
pub(crate) fn reference_layout(contract: &Contract, resource: ResourceId) -> Layout {
    let key = contract.resource(resource).key_field();
    Layout::Reference(Box::new(Name::new(&key.name, key.number, key.xml)))
}
