//! The shapes of replies.

use super::intention::{Builder, is_left_out};
use super::wanted::{MemberWhat, Totals, TotalsItem, TotalsWhat, Wanted, WantedItem, WantedMember, What};
use crate::call::Measure;
use contract::names::upper_snake;
use contract::{
    Arity, Base, COUNT_NUMBER, Contract, Field, Object, ObjectId, ResourceId, Scalar, TypeRef,
    VERSION_NUMBER, count_number,
};
use wire::{Chosen, EnumValue, Items, Layout, MemberOf, Name, Shape, ShapeField};

impl Builder<'_> {
    /// The shape of the reply that [`Builder::records`] of the same selection fills.
    pub fn shape(&self, wanted: &Wanted) -> Shape {
        let own = &self.contract.resource(wanted.resource).name;
        let type_name = wanted.type_name.as_deref().unwrap_or(own);
        let fields = wanted
            .items
            .iter()
            .filter(|item| !is_left_out(self.contract, self.decisions, wanted.resource, item));
        Shape {
            type_name: type_name.into(),
            fields: fields.map(|item| self.shape_field(wanted.resource, item)).collect(),
        }
    }

    fn shape_field(&self, id: ResourceId, item: &WantedItem) -> ShapeField {
        let own = |layout| {
            let number = match item.what {
                What::Version => VERSION_NUMBER,
                _ => 0,
            };
            let name = Name::new(item.alias.as_deref().unwrap_or_default(), number, contract::Xml::Element);
            ShapeField::required(name, layout)
        };
        let (field_id, layout) = match &item.what {
            What::TypeName => return own(Layout::Scalar(Scalar::String)),
            What::Version => return own(Layout::Scalar(Scalar::Long)),
            What::Cursor => return own(Layout::Scalar(Scalar::String)),
            What::Group { wanted } => return own(Layout::One(Box::new(self.shape(wanted)))),
            What::Field { field, json, as_text } => {
                let layout = match (json.is_empty(), as_text) {
                    (true, _) => layout(self.contract, self.contract.resource(id).field(*field)),
                    (false, true) => Layout::Scalar(Scalar::String),
                    (false, false) => Layout::Scalar(Scalar::Json),
                };
                (field, layout)
            }
            What::Object { field, members } => {
                let own = self.contract.resource(id).field(*field);
                (field, chosen_layout(self.contract, own, members))
            }
            What::One { field, wanted, spread: false, .. } => {
                (field, Layout::One(Box::new(self.shape(wanted))))
            }
            What::One { field, wanted, spread: true, .. } => {
                (field, Layout::Spread(Box::new(self.shape(wanted))))
            }
            What::Many { field, wanted, .. } => (field, Layout::Many(Box::new(self.shape(wanted)))),
            What::Count { field, .. } => (field, Layout::Scalar(Scalar::Int)),
        };
        let field = self.contract.resource(id).field(*field_id);
        let name = match &item.alias {
            None => Name::new(&field.name, field.number, field.xml),
            Some(alias) => {
                let number = match &item.what {
                    What::Count { .. } => count_number(field.number),
                    _ => 0,
                };
                Name::new(alias, number, field.xml)
            }
        };
        let required = match &item.what {
            What::Many { .. } | What::Count { .. } => true,
            What::Field { json, .. } => json.is_empty() && !self.contract.may_be_null(field),
            What::Object { .. } => !self.contract.may_be_null(field),
            What::One { condition, .. } => condition.is_none() && !self.contract.may_be_null(field),
            What::TypeName | What::Version | What::Cursor | What::Group { .. } => true,
        };
        ShapeField { name, layout, required }
    }

    /// The shape of what an aggregate answers.
    pub fn shape_of_totals(&self, totals: &Totals) -> Shape {
        self.totals_shape(totals.resource, &totals.items, &totals.type_name)
    }

    fn totals_shape(&self, id: ResourceId, items: &[TotalsItem], type_name: &str) -> Shape {
        let fields = items.iter().map(|item| {
            let name = Name::new(&item.alias, self.total_number(id, &item.what), contract::Xml::Element);
            let required = match &item.what {
                TotalsWhat::Key(_) => false,
                TotalsWhat::Measure(measure, _) => *measure == Measure::Count,
                TotalsWhat::Count | TotalsWhat::TypeName | TotalsWhat::Group { .. } => true,
            };
            ShapeField { name, layout: self.total_layout(id, &item.what), required }
        });
        Shape { type_name: type_name.into(), fields: fields.collect() }
    }

    /// The number of a value's place: that of its field, in the message of its measure.
    fn total_number(&self, id: ResourceId, what: &TotalsWhat) -> u32 {
        match what {
            TotalsWhat::Key(field) | TotalsWhat::Measure(_, field) => {
                self.contract.resource(id).field(*field).number
            }
            TotalsWhat::Count => COUNT_NUMBER,
            TotalsWhat::Group { number, .. } => *number,
            TotalsWhat::TypeName => 0,
        }
    }

    fn total_layout(&self, id: ResourceId, what: &TotalsWhat) -> Layout {
        match what {
            // A reference is the other record's key here, whatever is asked for.
            TotalsWhat::Key(field) => match self.contract.resource(id).field(*field) {
                Field { ty: TypeRef { base: Base::Resource(target), .. }, .. } => {
                    layout(self.contract, self.contract.resource(*target).key_field())
                }
                field => layout(self.contract, field),
            },
            TotalsWhat::Count | TotalsWhat::Measure(Measure::Count, _) => Layout::Scalar(Scalar::Int),
            TotalsWhat::Measure(Measure::Average, _) => Layout::Scalar(Scalar::Float),
            TotalsWhat::Measure(measure @ (Measure::Sum | Measure::Least | Measure::Greatest), field) => {
                match layout(self.contract, self.contract.resource(id).field(*field)) {
                    // A sum of 32-bit numbers may need more.
                    Layout::Scalar(Scalar::Int) if *measure == Measure::Sum => Layout::Scalar(Scalar::Long),
                    other => other,
                }
            }
            TotalsWhat::TypeName => Layout::Scalar(Scalar::String),
            TotalsWhat::Group { items, type_name, .. } => {
                Layout::One(Box::new(self.totals_shape(id, items, type_name)))
            }
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
    let alias = || Name::new(member.alias.as_deref().unwrap_or_default(), 0, contract::Xml::Element);
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
