//! The layout of a reply, compiled once per selection with the names of every wire already rendered.

use contract::Scalar;

/// A record: its fields in the order they are written. The store's plan has one output per field, in this
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The type's name (XML element of list items, protobuf message, GraphQL `__typename`).
    pub type_name: Box<str>,
    /// The fields.
    pub fields: Vec<ShapeField>,
}

/// One field of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

/// A value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumValue {
    /// What the contract calls it. Empty for the one of number 0 that stands for no value
    /// (`ORDER_STATUS_UNSPECIFIED`), which only requests may hold.
    pub name: Box<str>,
    /// Its number in protocol buffers.
    pub number: u32,
    /// Its name in protocol buffers, `ORDER_STATUS_OPEN`, which is its form in ProtoJSON.
    pub proto: Box<str>,
}

impl EnumValue {
    /// A value; `proto` is its name in protocol buffers.
    pub fn new(name: &str, number: u32, proto: &str) -> Self {
        Self { name: name.into(), number, proto: proto.into() }
    }
}

/// What stands in a field's place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Layout {
    /// A scalar.
    Scalar(Scalar),
    /// The key of another record: the bare key, and in protocol buffers a message that holds nothing but the field of
    /// this name.
    Reference(Box<Name>),
    /// One of an enum's values.
    Enum(Vec<EnumValue>),
    /// A list of scalars or enums kept as a JSON array in one cell.
    List(Box<Layout>),
    /// An object of the contract kept as JSON in one cell, its members in the order of the shape.
    Object(Box<Shape>),
    /// Members chosen of such an object, or of each one of a list that is kept in one cell.
    Chosen(Box<Chosen>),
    /// A nested record.
    One(Box<Shape>),
    /// A nested list of records.
    Many(Box<Shape>),
    /// Fields of a nested record written into this one (a spread).
    Spread(Box<Shape>),
}

/// What is chosen of stored objects: each member in the order of the answer, and under its name there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chosen {
    shape: Shape,
    from: Vec<Origin>,
    /// The members that are taken out of the stored text, each once.
    stored: Vec<Box<str>>,
    /// The name of the type as JSON.
    type_name: Box<str>,
    items: Items,
}

/// Whether one object is stored or a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Items {
    /// One object.
    None,
    /// A list whose items may be null.
    Nullable,
    /// A list whose items are never null.
    Required,
}

/// Where a chosen member comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOf<'a> {
    /// The stored member of this name.
    Stored(&'a str),
    /// The name of the object's type.
    TypeName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    /// One of the stored members.
    Stored(usize),
    TypeName,
}

impl Chosen {
    /// These members of objects of a type.
    pub fn new(type_name: &str, items: Items, members: Vec<(MemberOf<'_>, ShapeField)>) -> Self {
        let mut stored: Vec<Box<str>> = Vec::new();
        let (mut from, mut fields) = (Vec::with_capacity(members.len()), Vec::with_capacity(members.len()));
        for (member, field) in members {
            from.push(match member {
                MemberOf::TypeName => Origin::TypeName,
                MemberOf::Stored(name) => Origin::Stored(position(&mut stored, name)),
            });
            fields.push(field);
        }
        let mut json = Vec::new();
        crate::encode::json::string(&mut json, type_name);
        let shape = Shape { type_name: type_name.into(), fields };
        let type_name = String::from_utf8(json).expect("a JSON string is UTF-8").into();
        Self { shape, from, stored, type_name, items }
    }

    /// Each object as it is answered.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether one object is stored or a list of them.
    pub fn items(&self) -> Items {
        self.items
    }

    /// The names of the members to take out of the stored text.
    pub(crate) fn stored(&self) -> &[Box<str>] {
        &self.stored
    }

    /// What was taken out, by the fields of the answer.
    pub(crate) fn answered<'a>(&'a self, taken: &[Option<&'a str>]) -> Vec<Option<&'a str>> {
        let text = |from: &Origin| match from {
            Origin::Stored(at) => taken.get(*at).copied().flatten(),
            Origin::TypeName => Some(&*self.type_name),
        };
        self.from.iter().map(text).collect()
    }
}

fn position(names: &mut Vec<Box<str>>, name: &str) -> usize {
    names.iter().position(|known| **known == *name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    })
}
