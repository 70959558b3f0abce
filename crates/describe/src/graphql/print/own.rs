//! The contract's own types, and those that are the same in every schema.

use super::Printer;
use crate::graphql::names;
use crate::graphql::offered::Offered;
use crate::graphql::types::Type;
use crate::graphql::writer::{Definition, Member, string};
use crate::order::Direction;
use contract::{Abstract, AbstractId, Base, Contract, EnumId, Field, ObjectId, Scalar, TypeRef};

impl Printer<'_> {
    /// An enum.
    pub(super) fn enum_values(&mut self, id: EnumId) -> Definition {
        let own = &self.contract.enums[id.index()];
        let value = |value: &contract::EnumValue| Member {
            description: value.description.clone(),
            deprecated: value.deprecated.clone(),
            ..Member::value(&value.name)
        };
        Definition {
            description: own.description.clone(),
            head: format!("enum {}", own.name),
            members: own.values.iter().map(value).collect(),
        }
    }

    /// An output object that is not stored. What cannot be answered is left out.
    pub(super) fn object(&mut self, id: ObjectId) -> Definition {
        let object = &self.contract.objects[id.index()];
        let answered: Vec<&Field> =
            object.fields.iter().filter(|field| self.offered.answers(field.ty.base)).collect();
        let members = answered.into_iter().map(|field| Member {
            description: field.description.clone(),
            deprecated: self.deprecated(field, &object.implements),
            ..Member::new(&field.name, self.field_type(field))
        });
        let members = members.collect();
        Definition {
            description: object.description.clone(),
            head: self.object_head(Type::Object(id), None, &object.implements),
            members,
        }
    }

    /// `type User implements Node & Named`.
    pub(super) fn object_head(&mut self, ty: Type, node: Option<Type>, implements: &[AbstractId]) -> String {
        let kept = implements.iter().filter(|id| !self.interfaces[id.index()].is_empty());
        let interfaces: Vec<Type> = node.into_iter().chain(kept.map(|id| Type::Abstract(*id))).collect();
        let named: Vec<String> = interfaces.into_iter().map(|interface| self.name(interface)).collect();
        let own = self.names.get(ty);
        if named.is_empty() {
            format!("type {own}")
        } else {
            format!("type {own} implements {}", named.join(" & "))
        }
    }

    /// An interface.
    pub(super) fn interface(&mut self, id: AbstractId) -> Definition {
        let own = &self.contract.abstracts[id.index()];
        let fields = self.interfaces[id.index()].clone();
        let members = fields.into_iter().map(|(field, ty)| Member {
            description: field.description.clone(),
            deprecated: field.deprecated.clone(),
            ..Member::new(&field.name, self.output(ty))
        });
        let members = members.collect();
        Definition { description: own.description.clone(), head: format!("interface {}", own.name), members }
    }

    /// Why a field is deprecated. One that an interface asks for is so only where the interface says it too.
    pub(super) fn deprecated(&self, field: &Field, implements: &[AbstractId]) -> Option<String> {
        let reason = field.deprecated.clone()?;
        let is_asked_for = implements.iter().any(|id| {
            let mut fields = self.interfaces[id.index()].iter();
            fields.any(|(asked, _)| asked.name == field.name && asked.deprecated.is_none())
        });
        (!is_asked_for).then_some(reason)
    }

    pub(super) fn node(&mut self) -> Definition {
        let id = Member::new("id", self.scalar(Scalar::Id) + "!");
        self.fixed(Type::Node, "interface", "A record that `node` finds by its key.", vec![id])
    }

    pub(super) fn page_info(&mut self) -> Definition {
        let (boolean, text) = (self.scalar(Scalar::Boolean) + "!", self.scalar(Scalar::String));
        let members = vec![
            Member::new(names::HAS_NEXT_PAGE, boolean.as_str()).described("Whether records follow the page."),
            Member::new(names::HAS_PREVIOUS_PAGE, boolean).described("Whether records precede the page."),
            Member::new(names::START_CURSOR, text.as_str())
                .described("The first record's; null without any."),
            Member::new(names::END_CURSOR, text).described("The last record's; null without any."),
        ];
        self.fixed(Type::PageInfo, "type", "Where a page stands among all records that fit.", members)
    }

    pub(super) fn directions(&mut self) -> Definition {
        let value = |direction: Direction| Member::value(direction.name()).described(direction.description());
        let members = Direction::ALL.into_iter().map(value).collect();
        self.fixed(Type::Direction, "enum", "Which way an order goes, and where nulls stand in it.", members)
    }

    fn fixed(&self, ty: Type, keyword: &str, described: &str, members: Vec<Member>) -> Definition {
        let head = format!("{keyword} {}", self.names.get(ty));
        Definition { description: Some(described.to_owned()), head, members }
    }
}

/// Of each interface the fields that all its types can answer; null where one of them may answer null.
pub(super) fn interfaces<'a>(contract: &'a Contract, offered: &Offered) -> Vec<Vec<(&'a Field, TypeRef)>> {
    let field = |interface: &Abstract, field: &'a Field| {
        let mut required = !contract.may_be_null(field);
        for member in &interface.members {
            let implemented = implemented(contract, *member, &field.name);
            let answered = implemented.filter(|f| !f.is_secret() && offered.answers(f.ty.base))?;
            required &= !contract.may_be_null(answered);
        }
        Some((field, TypeRef { required, ..field.ty }))
    };
    let fields = |interface: &'a Abstract| {
        let answered = interface.fields.iter().filter(|field| offered.answers(field.ty.base));
        answered.filter_map(|own| field(interface, own)).collect()
    };
    contract.abstracts.iter().map(fields).collect()
}

/// The field of this name of a type that implements an interface.
fn implemented<'a>(contract: &'a Contract, member: Base, name: &str) -> Option<&'a Field> {
    let fields = match member {
        Base::Resource(id) => &contract.resource(id).fields,
        Base::Object(id) => &contract.objects[id.index()].fields,
        Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => return None,
    };
    fields.iter().find(|field| field.name == name)
}

/// A scalar that GraphQL does not define, with what defines the texts of its values.
pub(super) fn scalar(scalar: Scalar) -> Option<Definition> {
    let (described, url) = match scalar {
        Scalar::Id | Scalar::String | Scalar::Int | Scalar::Float | Scalar::Boolean => return None,
        Scalar::Long => (
            "A 64-bit signed integer. Answered as a text, because JSON readers lose digits above 2^53; given as a \
             text or a number.",
            "https://www.w3.org/TR/xmlschema11-2/#long",
        ),
        Scalar::Decimal { .. } => (
            "An exact decimal number. Answered as a text that has all its digits; given as a text or a number.",
            "https://www.w3.org/TR/xmlschema11-2/#decimal",
        ),
        Scalar::DateTime => (
            "An instant with its offset: `2026-11-22T18:32:34Z`. Answered in UTC with microseconds.",
            "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        ),
        Scalar::Date => ("A date: `2026-11-22`.", "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"),
        Scalar::Time => (
            "A time of day, `18:32:34`, with up to microseconds.",
            "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        ),
        Scalar::Duration => (
            "A length of time in hours and smaller: `PT1H30M`.",
            "https://www.rfc-editor.org/rfc/rfc3339#appendix-A",
        ),
        Scalar::Uuid => {
            ("A UUID, lower case with hyphens.", "https://www.rfc-editor.org/rfc/rfc9562#section-4")
        }
        Scalar::Json => ("Any JSON value.", "https://www.rfc-editor.org/rfc/rfc8259"),
        Scalar::Bytes => ("Bytes, in base64.", "https://www.rfc-editor.org/rfc/rfc4648#section-4"),
        Scalar::Url => ("An absolute URL.", "https://www.rfc-editor.org/rfc/rfc3986"),
        Scalar::Email => ("An e-mail address.", "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2"),
    };
    Some(Definition {
        description: Some(described.to_owned()),
        head: format!("scalar {} @specifiedBy(url: {})", scalar.name(), string(url)),
        members: Vec::new(),
    })
}
