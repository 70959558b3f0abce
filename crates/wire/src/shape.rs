//! The layout of a reply, compiled once per selection with the names of every wire already rendered.

use contract::Scalar;

/// A record: its fields in the order they are written. The store's plan has one output per field, in this
/// order.
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
    /// Whether it is never null: where it is, a format that promises this ([`crate::Format::Graphql`]) makes the
    /// record around it null instead.
    pub required: bool,
}

impl ShapeField {
    /// A field that may be null.
    pub fn new(name: Name, layout: Layout) -> Self {
        Self { name, layout, required: false }
    }

    /// A field that is never null.
    pub fn required(name: Name, layout: Layout) -> Self {
        Self { name, layout, required: true }
    }
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
    /// `<name>`; empty when the name cannot be one of XML (a renamed field of a REST selection).
    pub xml_open: Box<str>,
    /// `</name>`; empty when the name cannot be one of XML.
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
            xml_open: if is_xml_name(text) { format!("<{text}>").into() } else { "".into() },
            xml_close: if is_xml_name(text) { format!("</{text}>").into() } else { "".into() },
            xml,
        }
    }
}

/// Whether a text may name an element or attribute without a prefix (Namespaces in XML 1.0, section 3,
/// `NCName`).
pub(crate) fn is_xml_name(text: &str) -> bool {
    let starts = |c: char| matches!(c, 'A'..='Z' | 'a'..='z' | '_') || !c.is_ascii() && starts_xml_name(c);
    let follows = |c: char| {
        starts(c)
            || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
    };
    text.starts_with(starts) && text.chars().all(follows)
}

/// `NameStartChar` beyond ASCII (XML 1.0, section 2.3).
fn starts_xml_name(character: char) -> bool {
    matches!(character,
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
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
