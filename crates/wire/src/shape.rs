//! The layout of a reply, compiled once per selection with the names of every wire already rendered.

use contract::Scalar;

/// A record: its fields in the order they are written. The store's plan has one output per field, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The type's name (XML element of list items, protobuf message, GraphQL `__typename`).
    pub type_name: Box<str>,
    /// The fields.
    pub fields: Vec<ShapeField>,
}

/// One field of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeField {
    /// Its names on every wire.
    pub name: Name,
    /// What stands there.
    pub layout: Layout,
}

/// A field's name, rendered for every wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The plain name.
    pub text: Box<str>,
    /// `"name":`, escaped.
    pub json: Box<str>,
    /// The protobuf field number; 0 where the wire has none (a renamed field of a REST selection).
    pub number: u32,
    /// `<name>`.
    pub xml_open: Box<str>,
    /// `</name>`.
    pub xml_close: Box<str>,
    /// Where the field stands in XML.
    pub xml: contract::Xml,
}

impl Name {
    /// Renders a name.
    pub fn new(text: &str, number: u32, xml: contract::Xml) -> Self {
        let mut json = Vec::with_capacity(text.len() + 3);
        crate::encode::json::string(&mut json, text);
        json.push(b':');
        Self {
            text: text.into(),
            json: String::from_utf8(json).expect("a JSON string is UTF-8").into(),
            number,
            xml_open: format!("<{text}>").into(),
            xml_close: format!("</{text}>").into(),
            xml,
        }
    }
}

/// What stands in a field's place.
#[derive(Debug, Clone, PartialEq)]
pub enum Layout {
    /// A scalar.
    Scalar(Scalar),
    /// An enum's value: `numbers` gives the protobuf number of each name.
    Enum(Vec<(Box<str>, u32)>),
    /// A list of scalars or enums kept as a JSON array in one cell.
    List(Box<Layout>),
    /// An object of the contract kept as JSON in one cell, its members in the order of the shape.
    Object(Box<Shape>),
    /// A nested record.
    One(Box<Shape>),
    /// A nested list of records.
    Many(Box<Shape>),
    /// Fields of a nested record written into this one (a spread).
    Spread(Box<Shape>),
}
