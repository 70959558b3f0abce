//! The syntax tree: what was written, with the place of every part.

/// A range of bytes of the rule's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub start: usize,
    pub end: usize,
}

impl Place {
    /// From the first byte of this to the last of `other`.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

/// A part of a rule.
#[derive(Debug, Clone)]
pub(super) struct Node<'s> {
    pub form: Form<'s>,
    pub place: Place,
    /// Nodes on the longest way down, this one included; the parser bounds it.
    pub depth: usize,
}

/// A name that is not an expression of its own: what follows a dot, what is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'s> {
    pub text: &'s str,
    pub place: Place,
}

/// What a part of a rule is.
#[derive(Debug, Clone)]
pub(super) enum Form<'s> {
    /// Something that could not be read and has been reported.
    Bad,
    /// Something readable before something that was not.
    Unfinished(Box<Node<'s>>),
    Null,
    Bool(bool),
    Int(i64),
    /// A number with a point or exponent; the digits with their sign, so that decimals stay exact.
    Double(f64, String),
    Text(String),
    List(Vec<Node<'s>>),
    Name(&'s str),
    /// `a.b`
    Select(Box<Node<'s>>, Word<'s>),
    /// `a[b]`
    Index(Box<Node<'s>>, Box<Node<'s>>),
    /// `f(a)`
    Call(Word<'s>, Vec<Node<'s>>),
    /// `a.f(b)`
    Method(Box<Node<'s>>, Word<'s>, Vec<Node<'s>>),
    Not(Box<Node<'s>>),
    Negate(Box<Node<'s>>),
    And(Vec<Node<'s>>),
    Or(Vec<Node<'s>>),
    Binary(Operator, Box<Node<'s>>, Box<Node<'s>>),
    /// `condition ? a : b`
    If(Box<[Node<'s>; 3]>),
}

impl<'s> Form<'s> {
    /// The parts it is made of.
    pub fn children(&self) -> Vec<&Node<'s>> {
        match self {
            Self::Bad
            | Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Double(..)
            | Self::Text(_)
            | Self::Name(_) => Vec::new(),
            Self::List(items) | Self::And(items) | Self::Or(items) | Self::Call(_, items) => {
                items.iter().collect()
            }
            Self::Unfinished(of) | Self::Select(of, _) | Self::Not(of) | Self::Negate(of) => vec![of],
            Self::Index(a, b) | Self::Binary(_, a, b) => vec![a, b],
            Self::Method(of, _, items) => std::iter::once(&**of).chain(items).collect(),
            Self::If(parts) => parts.iter().collect(),
        }
    }
}

/// The operators with two operands, but for `&&` and `||`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(super::Compare),
    In,
    Arithmetic(super::Arithmetic),
}
