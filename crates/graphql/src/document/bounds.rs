//! How large a document may be, whatever it says.

/// Bounds of a document. Fragments count wherever they are spread, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentBounds {
    /// Bytes of the text.
    pub bytes_max: usize,
    /// Tokens of the text; white space, commas and comments count.
    pub tokens_max: usize,
    /// Fields inside fields.
    pub depth_max: usize,
    /// Fields of one selection set, each as often as it is named.
    pub breadth_max: usize,
    /// Fields of an operation, at all levels.
    pub fields_max: usize,
    /// Fields at the root of an operation.
    pub root_fields_max: usize,
    /// Aliases in the text.
    pub aliases_max: usize,
    /// Directives in the text.
    pub directives_max: usize,
    /// Fragments in the text.
    pub fragments_max: usize,
}

impl Default for DocumentBounds {
    fn default() -> Self {
        Self {
            bytes_max: 128 << 10,
            tokens_max: 20_000,
            depth_max: 20,
            breadth_max: 256,
            fields_max: 2_000,
            root_fields_max: 20,
            aliases_max: 64,
            directives_max: 64,
            fragments_max: 128,
        }
    }
}

/// Levels that the grammar may nest: selection sets, lists and objects in values, list types. The parser, the
/// conversion and the checks recurse this deep.
pub(crate) const SYNTAX_DEPTH_MAX: usize = 200;
/// Selection sets inside selection sets of any kind: fields, inline fragments and spread fragments.
pub(crate) const NESTING_MAX: usize = 200;
/// Directives at one place.
pub(crate) const DIRECTIVES_AT_ONCE_MAX: usize = 4;
